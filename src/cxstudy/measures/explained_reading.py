"""What the share explained amounts to: message keys with their values, no sentences."""

import numpy as np
import pandas as pd

from cxstudy.findings import Reading
from cxstudy.measures.explained import ANSWERS, FEWEST_UNITS, LOYALTY
from cxstudy.measures.pairing import left_out_list, questions
from cxstudy.measures.percent import looks_like_ratio
from cxstudy.schema import TABLES

# of the company bootstrap, 95 % BCa, 100 companies: true R² → how often the interval held it
BCA_COVERAGE = {0.0: 0.00, 0.01: 0.83, 0.03: 0.86, 0.20: 0.95}
SMALL_P = 0.001


def common_values(found):
    """Gaps that every sentence may use; ``found`` is a `measures.explained.Explained`."""
    plural = found.kind.replace(" ", "_").replace("-", "_")
    known = {c.name: c for c in TABLES["financials"].columns}.get(found.outcome)
    percent = known is not None and known.unit == "%"
    return {
        "percent": ", %" if percent else "", "n": found.n, "n_units": found.n_units,
        "firms": f"@nps_margin.units.{found.study.unit}", "units": f"@nps_margin.units.{plural}",
        "level": 100 * found.confidence,
        "synthetic": "@nps_margin.synthetic" if found.study.synthetic else "", "least": FEWEST_UNITS,
        "outcome": f"@nps_margin.outcome.{found.outcome}" if known else found.outcome,
        "points": f"@nps_margin.points.{found.outcome}" if known else found.outcome,
    }  # fmt: skip


def headline(shares, slopes, common):
    """Share of the differences that goes together with the promoter share; the variant follows the slope's interval."""
    if shares.empty:
        return Reading("loyalty_share.few", common)
    slope = slopes.set_index("loyalty").loc[LOYALTY[0]]
    word = "supported" if slope["ci_low"] > 0 else "contrary" if slope["ci_high"] < 0 else "undecided"
    share, corrected = (_primary(shares, LOYALTY[0], kind) for kind in ("r2", "corrected"))
    if np.isnan(share["ci_low"]):
        return Reading("loyalty_share.no_interval", common | _percent("share", share))
    key = f"loyalty_share.{word}" + ("_corrected" if word != "undecided" and corrected["ci_low"] >= 0 else "")
    return Reading(key, common | _percent("share", share) | _percent("corrected", corrected))


def notes(found, tables, common, best):
    """One Reading under each doubt, keys ``loyalty_share.note.…``; what cannot be examined ends in ``.none``.

    ``best`` is the `measures.indicators.Panels` behind the tables indicators and indicator_gaps.
    """
    shares = tables["shares"]
    yield _left_out(tables["left_out"], common)
    yield from (_sign(row, common) for row in tables["slopes"].itertuples() if row.loyalty == LOYALTY[0])
    if shares.empty:
        names = ("methods", "bootstrap", "nps", "adjusted", "corrected", "simex", "dilution", "larger_model")
        why = {"why": "@loyalty_share.reason.few"}
        yield from (Reading(f"loyalty_share.note.{name}.none", common | why) for name in names)
    else:
        yield from _share_notes(found, tables, common)
    yield _best(tables, common, best)
    if found.outcome != "operating_margin" and _small_percent(found):
        yield Reading("loyalty_share.note.ratio", common)
    asked, known = questions(found.study).values(), found.study.customers.stands_for
    stands = {q: known[q] for q in dict.fromkeys(asked) if q in known}
    if stands:
        listed = "; ".join(f"{q}: {word}" for q, word in stands.items())
        yield Reading("loyalty_share.note.stands_for", {"list": listed})


def _share_notes(found, tables, common):
    shares, first = tables["shares"], LOYALTY[0]
    yield _methods(shares, common, found.years)
    coverage = {f"at_{100 * r2:.0f}": held for r2, held in BCA_COVERAGE.items()}
    yield Reading("loyalty_share.note.bootstrap", common | coverage)
    values = common | _percent("share", _primary(shares, first, "r2"))
    yield Reading("loyalty_share.note.nps", values | _percent("other", _primary(shares, "nps", "r2")))
    adjusted, crossed = (_primary(shares, first, kind) for kind in ("adjusted", "cross_validated"))
    key = "loyalty_share.note.adjusted" + (".years" if found.years else "")
    yield Reading(key, values | _percent("adjusted", adjusted) | _percent("crossed", crossed))
    corrected = _primary(shares, first, "corrected")
    if np.isnan(corrected["estimate"]):
        why = {"why": f"@{corrected['reason']}"}
        names = ("corrected", "simex", "dilution")
        yield from (Reading(f"loyalty_share.note.{name}.none", common | why) for name in names)
    else:
        reliability = 1 - found.error_variance(first).mean() / found.units[first].var()
        values |= _percent("corrected", corrected)
        yield Reading("loyalty_share.note.corrected", values | {"reliability": reliability})
        curve = tables["simex"]
        end = curve.loc[(curve["loyalty"] == first) & (curve["extra_error"] == -1), "r2"].iloc[0]
        yield Reading("loyalty_share.note.simex", values | {"simex": 100 * end})
        yield _dilution(tables["dilution"], values)
    yield _larger_model(found, tables["larger_model"], values)


def _methods(shares, common, years):
    rows = shares[(shares["loyalty"] == LOYALTY[0]) & (shares["share"] == "r2")].set_index("method")
    if years:
        return Reading("loyalty_share.note.methods.years", common)
    values = {}
    for name, method in {"random": "random", "fixed": "fixed", "olkin": "olkin-finn"}.items():
        values |= _percent(name, rows.loc[method])
    return Reading("loyalty_share.note.methods", common | values | _percent("boot", rows.iloc[-1]))


def _dilution(table, values):
    rows = table[table["loyalty"] == LOYALTY[0]]
    points = rows[rows["kind"] == "point"].set_index("n_answers_each")["estimate"]
    values = values | {f"at_{n}": 100 * points.loc[n] for n in ANSWERS}
    data = rows[rows["kind"] == "data"].iloc[0]
    return Reading("loyalty_share.note.dilution", values | {"answers": data["n_answers_each"]})


def _larger_model(found, table, values):
    if table.empty:
        return Reading("loyalty_share.note.larger_model.none", values | {"why": f"@{found.model_reason}"})
    rows = table[(table["loyalty"] == LOYALTY[0]) & (table["predictor"] == LOYALTY[0])].set_index("measure")
    parts = _percent("lmg", rows.loc["lmg"]) | _percent("last", rows.loc["semi_partial"])
    model = {"model": 100 * rows["model_r2"].iloc[0], "controls": ", ".join(found.controls)}
    return Reading("loyalty_share.note.larger_model", values | parts | model)


def _best(tables, common, best):
    if "indicators" not in tables:
        why = best.lacking
        return Reading("loyalty_share.note.best_indicator.none", common | why.values | {"why": f"@{why.key}"})
    rows = tables["indicators"]
    first = rows.iloc[0]
    plain = {row.predictor: row.predictor.replace("_", " ") for row in rows.itertuples()}
    tied = [plain[row.predictor] for row in rows.iloc[1:].itertuples() if row.rank_low == 1]
    listed = ", ".join(f"{plain[row.predictor]} {100 * row.estimate:.0f}" for row in rows.itertuples())
    both = "both" if len(best.panels) > 1 else next(iter(best.panels))
    values = {"first": plain[first["predictor"]], "list": listed, "tied": ", ".join(tied), "rows": int(first["n"])}
    values |= {"outcomes": f"@loyalty_share.outcomes.{both}", "firms_n": int(first["units"])}
    key = "loyalty_share.note.best_indicator"
    return Reading(key if first["rank_high"] == 1 else f"{key}.tied", common | values)


def _left_out(left_out, common):
    if not len(left_out):
        return Reading("loyalty_share.note.left_out", common | {"list": "@loyalty_share.nobody"})
    return Reading("loyalty_share.note.left_out", common | {"list": left_out_list(left_out)})


def _sign(row, common):
    if pd.isna(row.p_value):
        return Reading("loyalty_share.note.sign.none", common)
    values = {"slope": row.estimate, "slope_low": row.ci_low, "slope_high": row.ci_high, "p_value": row.p_value}
    values["p"] = "@nps_margin.p_small" if row.p_value < SMALL_P else "@nps_margin.p"
    return Reading("loyalty_share.note.sign", common | values)


def _small_percent(found):
    known = {c.name: c for c in TABLES["financials"].columns}.get(found.outcome)
    return known is not None and known.unit == "%" and looks_like_ratio(found.units["outcome"])


def _primary(shares, loyalty, kind):
    return shares[(shares["loyalty"] == loyalty) & (shares["share"] == kind) & shares["primary"]].iloc[0]


def _percent(name, row):
    return {name: 100 * row["estimate"], f"{name}_low": 100 * row["ci_low"], f"{name}_high": 100 * row["ci_high"]}
