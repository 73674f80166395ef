"""What the NPS of each unit says: its interval, whether it differs from the others, and how much is sampling error."""

import numpy as np
import pandas as pd
import scipy

from cxstudy.measures.comparing_groups import compare_groups
from cxstudy.measures.nps import nps
from cxstudy.stats import multiple

LEAST_UNITS = 3
UNITS = [
    "unit", "name", "n_answers", "n_missing", "promoters", "passives", "detractors", "estimate", "std_error",
    "ci_low", "ci_high", "holds_average", "difference", "p_value", "p_adjusted", "p_bh", "differs", "confidence",
    "method", "reason",
]  # fmt: skip
SPREAD = [
    "part", "n", "n_unit", "sd", "variance", "estimate", "ci_low", "ci_high", "statistic", "df", "p_value",
    "confidence", "unit", "method", "reason",
]  # fmt: skip


def units_table(study, question, average, *, confidence=0.95):
    """NPS of every unit with its adjusted-Wald interval, and its difference from the answers of all other units.

    ``average``: the NPS of the whole study. Columns: `UNITS`; ``n_answers`` answers, the classes in percent,
    ``holds_average`` (1 where the interval holds ``average``), ``difference`` from all others in NPS points with its
    p-value, adjusted by Holm (``p_adjusted``) and by Benjamini and Hochberg (``p_bh``), and ``differs`` (1 where
    p_adjusted is below 1 − confidence). Sorted by unit: an order by NPS would be a ranking, which it is not.
    """
    table = study.customers
    found = nps(table, question, by="unit", confidence=confidence).rename(columns={"n": "n_answers"})
    found = found[found["unit"].notna()].reset_index(drop=True)
    if not len(found):
        return pd.DataFrame(columns=UNITS)
    found["holds_average"] = ((found["ci_low"] <= average) & (average <= found["ci_high"])).astype(float)
    if len(found) > 1:
        rest = compare_groups(table, question, by="unit", against="rest", adjust="holm", confidence=confidence)
        rest = rest.set_index("group_b").reindex(found["unit"])
        for column, own in {"difference": "estimate", "p_value": "p_value", "p_adjusted": "p_adjusted"}.items():
            found[column] = rest[own].to_numpy()
        found["p_bh"] = multiple.adjusted(found["p_value"], "bh")
        found["differs"] = (found["p_adjusted"] < 1 - confidence).astype(float)
    return found.assign(name=_names(study, found["unit"]), reason=found["reason"].astype(object)).reindex(columns=UNITS)


def spread_table(units, kind, *, confidence=0.95, replicates=1000, seed=1):
    """How the units' NPS differ, and how much of that is sampling error; columns `SPREAD`.

    ``units``: rows of `units_table` with at least 2 answers each; ``kind``: what they are called. Rows by ``part``:
    observed (variance of the units' NPS), sampling_error (mean of the squared standard errors, n / (n − 1) each),
    between (what is left). ``sd`` in NPS points, ``estimate`` the share of the observed variance in percent, at most
    100, with a percentile interval from ``replicates`` resamples of whole units (``seed``). ``statistic`` of observed
    is Cochran's Q of equal units, Σ (d − mean)² / variance with inverse-variance weights, units − 1 ``df``. Fewer than
    3 units have no row.
    """
    used = units[units["estimate"].notna() & (units["n_answers"] >= 2)]
    d, n = used["estimate"].to_numpy(float), used["n_answers"].to_numpy(float)
    if len(d) < LEAST_UNITS:
        return pd.DataFrame(columns=SPREAD)
    noise = used["std_error"].to_numpy(float) ** 2 * n / (n - 1)
    observed, error = d.var(ddof=1), noise.mean()
    draws = np.random.default_rng(seed).integers(len(d), size=(replicates, len(d)))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.minimum(100 * noise[draws].mean(axis=1) / d[draws].var(axis=1, ddof=1), 100)
    ends = np.nanquantile(shares, [(1 - confidence) / 2, (1 + confidence) / 2])
    share = min(100 * error / observed, 100.0) if observed > 0 else 100.0
    common = {"n": len(d), "n_unit": kind, "confidence": confidence, "unit": "% of the variance"}
    rows = [
        {"part": "observed", "variance": observed, "estimate": 100.0, "method": "variance between units"}
        | _equal(d, noise),
        {"part": "sampling_error", "variance": error, "estimate": share, "ci_low": ends[0], "ci_high": ends[1]},
        {"part": "between", "variance": max(observed - error, 0.0), "estimate": 100 - share}
        | {"ci_low": 100 - ends[1], "ci_high": 100 - ends[0]},
    ]
    method = "mean squared standard error; units drawn again"
    frame = pd.DataFrame([{"method": method} | row | common | {"sd": row["variance"] ** 0.5} for row in rows])
    return frame.assign(reason=None).reindex(columns=SPREAD)


def _equal(d, noise):
    """Cochran's Q that all units are equal; units without an error, whose answers are of one class, are left out."""
    there = noise > 0
    if there.sum() < 2:
        return {}
    weight = 1 / noise[there]
    q = float(weight @ (d[there] - weight @ d[there] / weight.sum()) ** 2)
    df = int(there.sum()) - 1
    return {"statistic": q, "df": df, "p_value": float(scipy.stats.chi2.sf(q, df))}


def _names(study, units):
    """The names of the units where table companies has them, else their keys."""
    if study.unit != "company" or not study.has("companies", "name"):
        return units
    frame = study.companies.frame().set_index("company")["name"]
    return units.map(frame).fillna(units)
