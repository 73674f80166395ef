"""What makes good customer service? What customers name, what goes with their satisfaction, and where the two part."""

import math

import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Reading, Result
from cxstudy.language import say
from cxstudy.measures.driver_findings import driver_findings
from cxstudy.measures.driver_parts import SENSITIVITY, DriverParts, DriverSettings
from cxstudy.measures.drivers_asked import driver_data
from cxstudy.measures.drivers_reading import common_values, headline, notes
from cxstudy.measures.handling_time import COLUMNS, handling_time
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, critical
from cxstudy.stats.robustness import smallest_slope

NAME = "drivers"
STRONG = math.sqrt(0.10)
INTERVAL = ["estimate", "std_error", "ci_low", "ci_high"]
RANKS = ["p_rank_1", "rank_low", "rank_high"]
# the columns of a table that a study cannot fill
EMPTY = {
    "stated": ["driver", "n_answers", "n_missing", *INTERVAL, *RANKS, "tied_with"],
    "stated_pairs": ["driver_a", "driver_b", *INTERVAL, "p_adjusted", "p_equivalent", "equivalent"],
    "stated_by_segment": ["by", "segment", "question", "n_answers", *INTERVAL, "rank_low", "rank_high"],
    "importance": ["driver", *INTERVAL, *RANKS, "n", "n_missing", "reason"],
    "pairs": ["driver_a", "driver_b", *INTERVAL, "p_greater"],
    "sensitivity": SENSITIVITY,
    "correlations": ["driver", "n", "estimate", "ci_low", "ci_high", "with_others", "suspected", "method"],
    "map": [
        "driver", "n", "n_missing", "importance", "importance_low", "importance_high", "performance", "performance_low",
        "performance_high", "importance_is", "performance_is", "importance_mean", "performance_mean", "priority",
        "rank", "rank_low", "rank_high", "reason",
    ],
    "stated_and_derived": [
        "driver", "n_answers", "stated", "stated_low", "stated_high", "derived", "derived_low", "derived_high",
        "stated_is", "derived_is", "flag",
    ],
    "chain": COLUMNS,
    "chain_r2": ["outcome", "predictors", "n", *INTERVAL],
}  # fmt: skip


def drivers(
    study, *, outcome=None, drivers=None, method="lmg", outcome_kind="numeric", missing="listwise",
    segment="touchpoint", weights="weight", same=None, margin=2.0, interval="goodman", confidence=0.95,
    minimum_customers=None, minimum_employees=None, seed=1, replicates=None,
) -> Result:  # fmt: skip
    """Stated importance, derived importance, both beside each other, and where to start.

    - ``outcome``: a column; None: satisfaction, else the NPS question as the NPS class. ``drivers``: columns of
      numbers; None: the items of the CX index, else all questions but recommendation, satisfaction and effort.
    - ``method``, ``outcome_kind``, ``missing``, ``replicates``: as in `measures.importance.importance`. All five
      methods, and the NPS class as outcome, stand in the table sensitivity.
    - ``segment``: column by which stated importance is shown, None for none. ``weights``: column of weights, used where
      the study has it; None: none. ``same``: {answer: driver} where an answer to stated_driver is a question of another
      name. ``margin``: largest difference of two stated shares that does not matter, in percentage points;
      ``interval``: goodman or sison-glaz. Units are resampled whole where there are 10 or more.
    - ``minimum_customers``, ``minimum_employees``: fewest answers of a work group in the chain from time pressure and
      authority to satisfaction; None: the study's thresholds.

    Findings (``drivers.…``): stated_<answer> (% of those who name one), stated_rank_<answer> (interval: simultaneous
    rank set), stated_resolution_minus_engagement; importance_<driver> (share of the outcome's variance),
    importance_rank_<driver>, performance_<driver> (0–100), r_squared; indirect_time_pressure and indirect_authority
    (standardised, on satisfaction by way of resolution). With an outcome of one's own these of the derived kind are
    named ``drivers.<outcome>.…``.

    Tables: stated, stated_pairs, stated_by_segment, importance, pairs, sensitivity, correlations, map,
    stated_and_derived, chain, chain_r2, left_out; see `measures.stated_drivers`, `measures.importance`,
    `measures.driver_map`, `measures.handling_time`. A counted table has no answers: then units are compared, by the
    means of their questions, which says nothing of single customers. All describe association, not effect.

    Raises NotTestable when nothing was stated and nothing can be derived; DataError for text among a driver's numbers;
    ValueError for unknown names and settings that make no sense.
    """
    check_confidence(confidence)
    settings = DriverSettings(
        outcome, None if drivers is None else tuple([drivers] if isinstance(drivers, str) else drivers), method,
        outcome_kind, missing, segment, weights, dict(same or {}), margin, interval, confidence, replicates,
        check_count("seed", seed, 0),
    )  # fmt: skip
    if not study.has("customers"):
        raise NotTestable(say(Reading("drivers.no_customers"), study.language), ("customers",))
    parts = DriverParts(study, settings)
    if parts.stated.empty and parts.importance is None:
        said = " ".join(say(why, study.language) for why in (parts.stated_why, parts.derived_why))
        raise NotTestable(said, ("customers.stated_driver", "customers.satisfaction"))
    chain, lacking = handling_time(
        study, confidence=confidence, replicates=max(replicates or 2000, 100), seed=seed,
        minimum_customers=minimum_customers, minimum_employees=minimum_employees,
    )  # fmt: skip
    tables = _tables(parts, chain)
    common = common_values(parts)
    chain_why = lacking[0] if lacking else None
    return Result(
        NAME, tuple(driver_findings(parts, tables, chain, chain_why)), tables, headline(parts, common),
        _settings(parts), notes=tuple(notes(parts, tables, chain, chain_why, common)), synthetic=study.synthetic,
        language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: by the derived importance where it has answers, else by the stated one.

    The smallest effect is a correlation with the outcome, or a difference of two stated shares of a fifth each in
    percentage points (80 % power, two-sided 5 %).
    """
    found, lacking = driver_data(study)
    stated = study.has("customers", "stated_driver")
    if lacking and not stated:
        return Answer(NAME, "no", lacking[0])
    if lacking:
        n = study.customers.n
        smallest = 100 * (critical(0.95) + critical(0.6)) * math.sqrt(0.4 / n) if n else math.nan
        return Answer(NAME, "yes", Reading(f"{NAME}.enough_stated", {"n": n}), smallest, "percentage points")
    n = len(found.data) if found.between else found.data.n
    if n < len(found.drivers) + 3:
        values = {"n": n, "least": len(found.drivers) + 3, "list": ", ".join(found.drivers)}
        return Answer(NAME, "no", Reading(f"{NAME}.few_answers", values))
    r, _ = smallest_slope(n, 1.0, 1.0)
    key = f"{NAME}.enough{'_units' if found.between else ''}{'_both' if stated else ''}"
    values = {"n": n, "list": ", ".join(found.drivers), "outcome": found.outcome.name}
    return Answer(NAME, "yes" if r <= STRONG else "strong-only", Reading(key, values), r, "correlation")


def _settings(parts):
    one, found = parts.settings, parts.found
    kept = ("method", "missing", "confidence", "margin", "interval", "segment", "seed", "replicates")
    said = {name: getattr(one, name) for name in kept} | {"cluster": parts.cluster, "drivers": [], "between": False}
    if found is None:
        return said | dict.fromkeys(("weights", "outcome", "outcome_kind", "shown"))
    said |= {"weights": found.weights, "drivers": list(found.drivers), "between": found.between}
    return said | {"outcome": found.outcome.name, "outcome_kind": found.outcome.kind, "shown": found.outcome.shown}


def _tables(parts, chain):
    there = parts.importance is not None
    tables = {
        "stated": parts.stated, "stated_pairs": parts.stated_pairs, "stated_by_segment": parts.by_segment(),
        "importance": parts.importance, "pairs": parts.pairs,
        "sensitivity": parts.sensitivity() if there else None, "correlations": parts.correlations() if there else None,
        "map": parts.map() if there else None, "stated_and_derived": parts.together(),
        "chain": chain.chain if chain else None, "chain_r2": chain.equations if chain else None,
    }  # fmt: skip
    lacking = {name for name, table in tables.items() if table is None or table.empty}
    tables = {name: pd.DataFrame(columns=EMPTY[name]) if name in lacking else t for name, t in tables.items()}
    return tables | {"left_out": pd.DataFrame(parts.left_out, columns=["reason", "what", "n", "n_unit"])}
