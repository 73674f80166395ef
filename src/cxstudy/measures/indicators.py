"""What could foretell next year's results: NPS, promoter share, satisfaction, effort and indices, by unit and year."""

from typing import NamedTuple

import pandas as pd

from cxstudy.findings import Reading
from cxstudy.measures.pairing import MARGIN, financial_year, lacking, paired
from cxstudy.opening.config import Lag
from cxstudy.stats.resampling import FEWEST_UNITS

OUTCOMES = (MARGIN, "organic_growth")
LOYALTY = ("nps", "promoter_share")
QUESTIONS = ("satisfaction", "effort")
NEXT_YEAR = Lag(lag=1)
FEWEST = 10


class Panels(NamedTuple):
    """``panels``: outcome → frame of complete rows (unit, year of the outcome, outcome, n_answers, each indicator).

    ``indicators``: their names; ``n_missing``: rows left out because an indicator is missing; ``lacking``: a Reading
    that says why there are no panels, or None.
    """

    panels: dict
    indicators: list
    n_missing: int
    lacking: Reading | None


def next_year_panels(study, minimum_answers=None):
    """Indicators of one year with the operating margin, and the organic growth, of the next.

    Indicators are nps, promoter_share, and the means that the customers table has answers (or published means) for:
    satisfaction, effort, and each index that study.yaml declares under ``items``: the mean of its items, each on 0–100
    of its scale with the good end at 100. All indicators are taken from the same rows.
    """
    outcomes = [o for o in OUTCOMES if o == MARGIN or study.has("financials", o)]
    reasons = [lacking(study, o, NEXT_YEAR) for o in outcomes]
    outcomes = [o for o, reason in zip(outcomes, reasons, strict=True) if reason is None]
    if not outcomes:
        undated = reasons[0][0].key == "nps_margin.no_date"
        return Panels({}, [], 0, Reading("loyalty_share.no_date") if undated else reasons[0][0])
    means = _means(study)
    indicators = [*LOYALTY, *(c for c in means if c not in ("unit", "year"))]
    panels, n_missing = {}, 0
    for outcome in outcomes:
        frame = paired(study, outcome, minimum_answers, pairing=NEXT_YEAR).units
        if len(means):
            earlier = means.assign(year=means["year"] + 1)
            frame = frame.merge(earlier, on=["unit", "year"], how="left")
        whole = frame[indicators].notna().all(axis=1)
        n_missing += int((~whole).sum())
        frame = frame.loc[whole, ["unit", "year", "outcome", "n_answers", *indicators]]
        if frame["unit"].nunique() >= max(FEWEST, FEWEST_UNITS) and frame["outcome"].nunique() > 1:
            panels[outcome] = frame.reset_index(drop=True)
    if not panels:
        return Panels({}, indicators, n_missing, Reading("loyalty_share.one_year", {"least": FEWEST}))
    varying = [i for i in indicators if all(frame[i].nunique() > 1 for frame in panels.values())]
    if len(varying) < 2:
        return Panels({}, varying, n_missing, Reading("loyalty_share.one_indicator"))
    return Panels(panels, varying, n_missing, None)


def _means(study):
    """unit, year and the mean of each question or index that can be had; no columns but keys where there is none."""
    table = study.customers
    held = table.means if table.rows == "counted" else table.questions
    wanted = {q: [q] for q in QUESTIONS if q in held}
    wanted |= {name: items for name, items in study.config.items.items() if set(items) <= set(held)}
    keys = ["unit", "year"]
    if not wanted:
        return pd.DataFrame(columns=keys)
    from cxstudy.tally import moments_of_each

    data = table
    if table.rows != "counted":
        data = table.expr.mutate(year=financial_year(table.expr["date"], study.config.year_end))
    asked = dict.fromkeys(q for group in wanted.values() for q in group)
    parts = [_mean(study, m, q, keys) for q, m in moments_of_each(data, list(asked), by=keys).items()]
    found = pd.concat([p.set_index(keys) for p in parts], axis=1).reset_index()
    scores = {name: found[group].mean(axis=1, skipna=False) for name, group in wanted.items()}
    return found[keys].assign(**scores).astype({"year": int})


def _mean(study, sums, question, keys):
    mean = pd.Series(sums.total[:, 0]).div(pd.Series(sums.w).where(sums.w > 0))
    scale = study.config.scales.get(question)
    if scale is not None:
        mean = 100 * (mean - scale.low) / (scale.high - scale.low)
        mean = 100 - mean if scale.better == "low" else mean
    frame = sums.keys[keys].assign(**{question: mean.to_numpy()})
    return frame[frame[keys].notna().all(axis=1)]
