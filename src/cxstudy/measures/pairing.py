"""Which answers meet which results: one row a unit, or a unit and year, with loyalty, outcome and controls."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from cxstudy.faults import DataError, NotTestable, unknown_name
from cxstudy.findings import Reading
from cxstudy.held import held
from cxstudy.language import say
from cxstudy.measures.percent import ratio_fault

CONTROLS = ("industry", "size", "ownership", "country")
MARGIN = "operating_margin"
NOT_OUTCOMES = ("year", "company", "branch", "unit")


class Paired(NamedTuple):
    """``units``: the paired frame, see `paired`. ``left_out``: columns reason, n, n_unit."""

    units: pd.DataFrame
    left_out: pd.DataFrame


def paired(study, outcome=MARGIN, minimum_answers=None, *, pairing=None):
    """Loyalty and outcome of every unit that has both.

    ``outcome`` is a numeric column of financials; operating_margin, in %, is as given or
    100 · operating_profit / revenue (revenue above 0). ``minimum_answers``: fewest answers of a unit
    (and year), at least the study's anonymity threshold (None), so that no figure rests on fewer answers
    than may be shown. ``pairing`` (None: the study's own) is

    - ``pooled``: one row a unit; the answers of all years together, the mean of the outcome over its years;
    - ``same_year``: one row a unit and financial year (``year_end`` of the study), by the date of the answer, or
    without dates by its wave where waves are named by years;
    - ``{lag: k}``, from study.yaml only: answers of one year with the outcome k years later; ``year`` is that of the
    outcome.

    Returns `Paired`. ``units`` has the columns unit, [year], n_answers, nps, nps_se (NPS points),
    promoter_share, promoter_share_se (%), outcome, n_years (of the outcome), profit and revenue (sums, when the
    margin has them), and the
    controls industry, size, ownership, country as far as the companies table has them with two or
    more levels. ``left_out`` counts who is missing: no-answers, no-outcome, too-few-answers,
    answers-without-date, revenue-not-positive.

    Raises NotTestable when the study lacks a table or column, DataError for a margin written as a ratio, ValueError
    for an unknown outcome.
    """
    fault = ratio_fault(study, outcome) if outcome == MARGIN else None
    if fault:
        raise DataError([fault])
    missing = lacking(study, outcome, pairing)
    if missing:
        reading, needs = missing
        raise NotTestable(say(reading, study.language), needs)
    minimum_answers = at_least_threshold("minimum_answers", minimum_answers, study.thresholds["customers"])
    lag = lag_of(study, pairing)
    keys = ["unit"] if lag is None else ["unit", "year"]
    results, unusable = results_of(study, outcome, keys)
    # the same for every outcome
    loyalty, undated = held(study, ("loyalty", *keys), lambda: _loyalty(study, keys))
    if lag:
        loyalty = loyalty.assign(year=loyalty["year"] + lag)
    both = loyalty.merge(results, on=keys, how="outer", indicator=True)
    known = both["_merge"].eq("both")
    enough = known & (both["n_answers"] >= minimum_answers)
    units = both[enough].drop(columns="_merge").merge(_controls(study), on="unit", how="left")
    kind = row_kind(study.unit, lag is not None)
    counted = [
        ("no-answers", both["_merge"].eq("right_only").sum(), kind),
        ("no-outcome", both["_merge"].eq("left_only").sum(), kind),
        ("too-few-answers", (known & ~enough).sum(), kind),
        ("answers-without-date", undated, "answers"),
        ("revenue-not-positive", unusable, "results"),
    ]
    left_out = pd.DataFrame([c for c in counted if c[1]], columns=["reason", "n", "n_unit"])
    return Paired(units.astype({"n_answers": int}).sort_values(keys, ignore_index=True), left_out.astype({"n": int}))


def usual_pairs(study):
    """`paired` as the study itself says, made once; not to be changed."""
    return held(study, "pairs", lambda: paired(study))


def left_out_list(left_out):
    """Who was left out, as a tuple of Readings ``left_out.<reason>``, from a frame of reason, n and n_unit."""
    return tuple(
        Reading(f"left_out.{row.reason}", {"n": int(row.n), "units": f"@nps_margin.units.{_key(row.n_unit)}"})
        if _key(row.n_unit) not in ("answers", "results", "employees")
        else Reading(f"left_out.{row.reason}", {"n": int(row.n)})
        for row in left_out.itertuples()
    )


def _key(kind):
    return kind.replace(" ", "_").replace("-", "_")


def at_least_threshold(name, value, least):
    """A fewest number of answers: ``value``, or the anonymity threshold ``least`` for None; ValueError below it."""
    if value is None:
        return least
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(
            f"{name} must be a whole number of at least {least}, the study's anonymity threshold; got {value!r}. "
            "Raise it, or leave it out."
        )
    return int(value)


def lacking(study, outcome=MARGIN, pairing=None):
    """Why these tables cannot be paired, as (Reading, needs), or None; ValueError for an unknown outcome."""
    if not study.has("customers"):
        return Reading("nps_margin.no_customers"), ("customers",)
    absent = [q for q in dict.fromkeys(questions(study).values()) if not study.has("customers", q)]
    if absent:
        needs = tuple(f"customers.{q}" for q in absent)
        return Reading("nps_margin.no_question", {"question": ", ".join(absent)}), needs
    unfit = [q for q in questions(study).values() if not _splits(study.customers, q)]
    if unfit:
        return Reading("nps_margin.no_split", {"question": unfit[0]}), (f"customers.{unfit[0]}",)
    if not study.has("financials"):
        return Reading("nps_margin.no_financials"), ("financials",)
    derived = study.has("financials", "revenue") and study.has("financials", "operating_profit")
    if outcome != MARGIN:
        frame = _results(study)
        numeric = [c for c in frame.select_dtypes("number") if c not in NOT_OUTCOMES]
        if outcome not in numeric:
            raise ValueError(unknown_name("outcome", outcome, {*numeric, MARGIN}))
    elif not derived and not study.has("financials", MARGIN):
        there = (*study.financials.columns, *study.ignored_columns.get("financials", ()))
        return Reading("nps_margin.no_margin", {"there": ", ".join(there)}), ("financials.operating_margin",)
    elif fault := ratio_fault(study, outcome):
        values = {"found": fault.found, "remedy": fault.remedy}
        return Reading("nps_margin.ratio", values), ("financials.operating_margin",)
    dated = "year" if study.customers.rows == "counted" else "date"
    if lag_of(study, pairing) is not None and not study.has("customers", dated) and not waves_are_years(study):
        return Reading("nps_margin.no_date", {"column": dated}), (f"customers.{dated}",)
    return None


def waves_are_years(study):
    """Whether each wave of the customers' answers is named by its year, so that it can stand for their dates."""
    if study.customers.rows != "answers" or not study.has("customers", "wave"):
        return False
    waves = study.customers.expr.select("wave").distinct().to_pyarrow()["wave"].to_pylist()
    return all(wave is not None and re.fullmatch(r"(19|20)\d\d", wave) for wave in waves)


def _splits(table, question):
    """Whether a question splits into promoters, passives and detractors: shares, or answers from 0 to 10."""
    if table.rows == "counted":
        return question in table.shares
    return (table.column(question).low, table.column(question).high) == (0, 10)


def questions(study):
    """The question behind each measure of loyalty: {"promoter_share": …, "nps": …}."""
    return {role: study.customers.question_for(role) for role in ("promoter_share", "nps")}


def row_kind(unit, years):
    """What one row of a paired frame is: companies, or company-years."""
    plural = {"company": "companies", "branch": "branches", "work_group": "work groups"}
    return f"{unit}-years" if years else plural[unit]


def lag_of(study, pairing=None):
    """Years from answers to outcome: None pooled, 0 same year, k with ``{lag: k}``; ``pairing`` as in `paired`."""
    declared = pairing or study.config.pairing
    return {"pooled": None, "same_year": 0}[declared] if isinstance(declared, str) else declared.lag


def _loyalty(study, keys):
    from cxstudy.measures.nps import nps, promoter_share, promoter_share_from_counts

    data, asked = study.customers, questions(study)
    if "year" in keys and data.rows == "answers":
        dated = study.has("customers", "date")
        expr = data.expr
        year = financial_year(expr["date"], study.config.year_end) if dated else expr["wave"].cast("int64")
        data = expr.mutate(year=year)
    score = nps(data, asked["nps"], by=keys)
    if asked["promoter_share"] == asked["nps"]:
        # the tally of the NPS holds it
        promoters = promoter_share_from_counts(score["promoters"].fillna(0) * score["n"] / 100, score["n"])
        share = score[keys].assign(estimate=score["promoters"], std_error=promoters["std_error"])
    else:
        share = promoter_share(data, asked["promoter_share"], by=keys)
    score = score.rename(columns={"n": "n_answers", "estimate": "nps", "std_error": "nps_se"})
    share = share.rename(columns={"estimate": "promoter_share", "std_error": "promoter_share_se"})
    share = share[[*keys, "promoter_share", "promoter_share_se"]]
    found = score[[*keys, "n_answers", "nps", "nps_se"]].merge(share, on=keys)
    undated = int(found.loc[found[keys].isna().any(axis=1), "n_answers"].sum()) if "year" in keys else 0
    found = found[found["nps"].notna() & found["promoter_share"].notna() & found[keys].notna().all(axis=1)]
    return found.astype({"year": int}) if "year" in keys else found, undated


def financial_year(date, year_end):
    """The year in which the financial year of an Ibis date ends; ``year_end`` is month-day, ``06-30``."""
    month, day = (int(part) for part in year_end.split("-"))
    # the end of February is meant in leap years too
    day = 29 if (month, day) == (2, 28) else day
    later = (date.month() > month) | ((date.month() == month) & (date.day() > day))
    return date.year().cast("int64") + later.cast("int64")


def results_of(study, outcome, keys):
    """``(frame, unusable)``: the mean ``outcome`` over the years of each of ``keys``, n_years, and profit and revenue.

    ``unusable`` counts results without an outcome because revenue is not above 0.
    """
    frame = _results(study).copy()
    have = set(frame.columns)
    bad = 0
    if outcome == MARGIN and {"revenue", "operating_profit"} <= have:
        sold = frame["revenue"].where(frame["revenue"] > 0)
        frame["profit"], frame["sold"] = frame["operating_profit"], sold
        margin = 100 * frame["operating_profit"] / sold
        frame["outcome"] = frame[MARGIN].fillna(margin) if MARGIN in have else margin
        bad = int((frame["outcome"].isna() & (frame["revenue"] <= 0)).sum())
    else:
        frame["outcome"] = frame[outcome]
        frame["sold"] = frame["revenue"].where(frame["revenue"] > 0) if "revenue" in have else np.nan
        frame["profit"] = frame["outcome"] * frame["sold"] / 100 if outcome == MARGIN else np.nan
    frame = frame[frame["outcome"].notna() & frame["unit"].notna()]
    # a year counts in the ratio of sums only with both of its terms
    complete = frame["profit"].notna() & frame["sold"].notna()
    frame = frame.assign(profit=frame["profit"].where(complete), sold=frame["sold"].where(complete))
    total = {"outcome": ("outcome", "mean"), "n_years": ("outcome", "size")}
    found = frame.groupby(keys, as_index=False).agg(**total)
    if frame["sold"].notna().any():
        sums = frame.groupby(keys, as_index=False)[["profit", "sold"]].sum(min_count=1)
        found = found.merge(sums.rename(columns={"sold": "revenue"}), on=keys)
    return found, bad


def _results(study):
    return held(study, "financials", study.financials.frame)


def _controls(study):
    if not study.has("companies"):
        return pd.DataFrame({"unit": pd.Series(dtype=str)})
    frame = study.companies.frame()
    kept = [c for c in CONTROLS if c in frame and frame[c].nunique() > 1]
    return frame.loc[frame["unit"].notna(), ["unit", *kept]].drop_duplicates("unit")
