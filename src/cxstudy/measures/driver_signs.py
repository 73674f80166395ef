"""Coefficients whose sign turns beside the other drivers: correlation, coefficient and LMG share by outcome."""

import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table
from cxstudy.measures.driver_parts import DriverParts, DriverSettings
from cxstudy.tally import rows

COLUMNS = [
    "study",
    "outcome",
    "driver",
    "n",
    "correlation",
    "beta",
    "beta_low",
    "beta_high",
    "lmg",
    "lmg_low",
    "lmg_high",
]


def signs_by_outcome(*studies, confidence=0.95, seed=1):
    """Correlation, standardised coefficient and LMG share of every driver, for each outcome of each study.

    Outcomes: satisfaction, and the questions of the promoter share and the NPS, as far as they are there. Columns:
    study (its title), outcome, driver, n, correlation, beta, beta_low, beta_high, lmg, lmg_low, lmg_high, and turned
    (the coefficient's whole interval below 0 while the correlation's lies above). Empty without studies.
    """
    parts = [part for study in studies for part in _of_study(study, confidence, seed)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS, "turned"])


def driver_rows(study, **settings):
    """``(rows, weight)``: complete answers (or units) to the drivers and, last, the outcome; and their weights.

    ``settings`` as `driver_parts.DriverSettings`. What a reader needs to fit a model of his own; empty where no
    importance can be derived. Weights are 1 where the study has none.
    """
    parts = DriverParts(study, DriverSettings(**settings))
    if parts.lacking:
        return pd.DataFrame(), pd.Series(dtype=float)
    found = parts.found
    wanted = [*found.drivers, found.outcome.name]
    data = found.data
    if not found.between:
        data = rows(
            as_table(data, data.columns), list(dict.fromkeys([*wanted, *([found.weights] if found.weights else [])]))
        )
    data = data.dropna(subset=wanted).reset_index(drop=True)
    weight = data[found.weights].astype(float) if found.weights else pd.Series(1.0, index=data.index)
    data = data[wanted].astype(float)
    if found.outcome.kind == "classes":
        score = data[found.outcome.name]
        data = data.assign(**{found.outcome.name: (score >= 9).astype(float) - (score <= 6).astype(float)})
    return data, weight


def _of_study(study, confidence, seed):
    table = study.tables.get("customers")
    if table is None:
        return
    held = {*table.questions, *table.columns} if is_counted(table) else {*table.columns}
    names = ["satisfaction", table.question_for("promoter_share"), table.question_for("nps")]
    for outcome in (q for q in dict.fromkeys(names) if q in held):
        kind = "classes" if outcome == table.question_for("nps") and not is_counted(table) else "numeric"
        settings = DriverSettings(outcome=outcome, outcome_kind=kind, segment=None, confidence=confidence, seed=seed)
        parts = DriverParts(study, settings)
        if parts.lacking:
            continue
        lmg = parts.of_method("lmg").set_index("driver")
        if lmg["estimate"].isna().all():
            continue
        one, beta = parts.correlations().set_index("driver"), parts.of_method("beta").set_index("driver")
        frame = pd.DataFrame({
            "study": study.config.title or study.name, "outcome": outcome, "driver": list(one.index),
            "n": one["n"].to_numpy(),
            "correlation": one["estimate"].to_numpy(),
            **{c: beta[e].to_numpy() for c, e in zip(COLUMNS[5:8], ("estimate", "ci_low", "ci_high"), strict=True)},
            **{c: lmg[e].to_numpy() for c, e in zip(COLUMNS[8:], ("estimate", "ci_low", "ci_high"), strict=True)},
        })  # fmt: skip
        yield frame.assign(turned=(beta["ci_high"].to_numpy(float) < 0) & (one["ci_low"].to_numpy() > 0))
