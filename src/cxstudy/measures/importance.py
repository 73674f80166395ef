"""Derived importance: how the outcome's R² divides among drivers, with intervals, ranks and P(A > B).

From answers (`importance`) or from a published correlation matrix (`importance_from_correlation`). What is divided is
association: a driver with a large share goes together with the outcome, and need not move it.
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import DataError, Fault, NotTestable, unknown_name
from cxstudy.measures.importance_sample import MACHINES, sample_of
from cxstudy.stats import relative_weights
from cxstudy.stats.all_subsets import COLLINEAR, MOST_PREDICTORS, lmg_of
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.rank_sets import pairs_greater, rank_sets
from cxstudy.stats.resampled_correlation import correlation, possible, resampled, whole_of
from cxstudy.stats.resampling import FEWEST_REPLICATES, LARGEST_SHARE_LOST, percentile

METHODS = {
    "lmg": lmg_of,
    "johnson": relative_weights.johnson,
    "first": relative_weights.first,
    "last": relative_weights.last,
    "beta": relative_weights.beta,
}
OUTCOMES = ("numeric", "classes", "ordinal")
REPLICATES, FEW_CLUSTERS = 1000, 20
# R² of subsets drawn in about ten seconds; more drivers get fewer replicates
MOST_SUBSETS = 160 << 20
ROUNDING = 1e-8
ESTIMATES = ("std_error", "ci_low", "ci_high", "p_rank_1", "rank_low", "rank_high")


def importance(
    data, *, outcome, drivers, method="lmg", outcome_kind="numeric", weights=None, cluster=None, missing="listwise",
    groups=None, confidence=0.95, replicates=None, seed=1, pairs=False,
):  # fmt: skip
    """Importance of each driver for the outcome: its share of R², with a bootstrap interval and the ranks it may have.

    - ``data``: pandas frame, path (.csv, .csv.gz, .parquet), Ibis table, study table, or a study (its customers).
      ``outcome``: a column; ``drivers``: columns of numbers (a category as columns of 0 and 1).
    - ``method``: ``lmg`` (R² averaged over all orders of entry, to 25 drivers), ``johnson`` (relative weights, any
      number), both of which sum to R²; ``first`` (R² alone), ``last`` (what it adds to all others); ``beta``
      (standardised coefficient with its sign, ranked by size).
    - ``outcome_kind``: ``numeric``; ``classes``, detractor −1, passive 0, promoter +1, whose mean is the NPS, from
      scores 0–10 or these words: R² is that of the straight line through the three; ``ordinal``, an ordered categorical
      or at most 20 levels: R² of the normal variable behind them, by polyserial correlations.
    - ``weights``: column of weights ≥ 0. ``missing``: ``listwise`` (complete rows), ``pairwise`` (each correlation from
      the rows that have both), ``em`` (maximum likelihood under a normal, valid where answers are missing at random;
      seconds for a few hundred patterns of missing answers, minutes for thousands).
    - What is resampled: clusters of the column ``cluster``; else answers; above 20,000 answers 500 random groups, whose
      standard errors are the same; ``groups`` sets their number. ``replicates``: at least 100, or 0 for no intervals;
      None: 1,000, fewer above 17 drivers, none above 20, where each takes a second. ``confidence``: 0…1.

    Returns a frame of a row a driver, in the order given: ``driver``; ``estimate`` (share of the outcome's variance,
    0…1, so that those of lmg and johnson sum to ``r_squared``); ``std_error``, ``ci_low``, ``ci_high`` (percentiles);
    ``p_rank_1`` (share of replicates in which it is first); ``rank_low``, ``rank_high`` (which hold for all drivers
    together, `scipy.stats.rank_sets`); ``n`` (rows with all columns; pairwise and em: with driver and outcome), ``n_missing``
    (the others); ``r_squared``, ``missing``, ``resampled``, ``n_resampled`` (units), ``replicates`` (used),
    ``confidence``, ``unit``, ``method``, ``reason`` (why there is no interval), ``remark`` (drivers that determine one
    another and divide what they say; few clusters). With ``pairs=True`` two frames, the second of a row a pair: see
    `scipy.stats.rank_sets.pairs_greater`, ``p_greater`` = P(A > B).

    Raises DataError for text among numbers (all columns at once) and scores off the scale; ValueError for unknown
    names, a driver that is the outcome, more than 25 drivers (lmg); NotTestable for a constant driver, an outcome in
    one class, fewer than drivers + 3 answers, correlations that do not fit together, beta of collinear drivers.

    A share cannot be negative, so near 0 the interval lies too high and does not hold a true 0
    (benchmarks/importance.md has its coverage). Lindeman, Merenda & Gold (1980); Johnson (2000).

    >>> x = np.random.default_rng(1).normal(size=(60, 3)); x[:, 2] += x[:, 0]
    >>> data = pd.DataFrame(x, columns=["speed", "tone", "score"])
    >>> found = importance(data, outcome="score", drivers=["speed", "tone"])
    >>> found.driver[found.rank_high == 1].tolist(), bool(np.isclose(found.estimate.sum(), found.r_squared[0]))
    (['speed'], True)
    """
    drivers = _named(drivers, outcome, method)
    confidence, replicates = check_confidence(confidence), _replicates(replicates, len(drivers), method)
    _one_of("outcome_kind", outcome_kind, OUTCOMES)
    _one_of("missing", missing, MACHINES)
    if cluster and groups is not None:
        raise ValueError("groups are made of answers, cluster resamples clusters; got both. Leave one of them out.")
    groups = None if groups is None else check_count("groups", groups, 3)
    rng = np.random.default_rng(check_count("seed", seed, 0))
    sample = sample_of(data, outcome, drivers, outcome_kind, weights, cluster, missing, groups, rng)
    whole = whole_of(sample.machine, sample.units)
    _divisible(whole, drivers, outcome, outcome_kind, missing)
    count = replicates if sample.units > 2 else 0
    drawn = resampled(sample.machine, sample.units, count, rng) if count else np.empty((0, *whole.shape))
    why = None if count else "no replicates" if not replicates else "fewer than three clusters to resample"
    remark = "few clusters: the intervals are too short" if cluster and sample.units < FEW_CLUSTERS else None
    table, more = _tables(drivers, whole, drawn, method, confidence, sample.units, why, remark)
    facts = {"n": sample.n, "n_missing": sample.n_missing, "missing": missing, "resampled": sample.resampled}
    table = _ordered(table.assign(**facts, n_resampled=sample.units))
    return (table, more) if pairs else table


def importance_from_correlation(
    matrix, *, outcome, drivers=None, method="lmg", n=None, confidence=0.95, replicates=None, seed=1, pairs=False
):
    """`importance` from a correlation matrix, of a publication or of other software.

    ``matrix``: frame with the same names as rows and columns, symmetric, 1 on the diagonal, positive definite;
    ``drivers``: None for all but the outcome. Without ``n`` there are no intervals, as ``reason`` says; with ``n``
    answers they are those of a normal population (correlations of Wishart matrices with n − 1 degrees of freedom).

    Returns and raises as `importance`; ``n`` and ``n_missing`` are missing where unknown. ValueError names all that is
    wrong with the matrix.

    >>> names = ["speed", "tone", "score"]
    >>> given = pd.DataFrame([[1, 0, 0.6], [0, 1, 0.3], [0.6, 0.3, 1]], names, names)
    >>> importance_from_correlation(given, outcome="score").estimate.round(2).tolist()
    [0.36, 0.09]
    """
    whole, drivers = _checked(matrix, outcome, drivers, method)
    confidence, replicates = check_confidence(confidence), _replicates(replicates, len(drivers), method)
    drawn, why = np.empty((0, *whole.shape)), "no n given: nothing to resample"
    if n is not None:
        n = check_count("n", n, len(drivers) + 3)
        rng, why = np.random.default_rng(check_count("seed", seed, 0)), "no replicates"
        if replicates:
            law = scipy.stats.wishart(df=n - 1, scale=whole / (n - 1))
            drawn = correlation(law.rvs(replicates, random_state=rng).reshape(-1, *whole.shape))
    table, more = _tables(drivers, whole, drawn, method, confidence, n or 3, None if len(drawn) else why, None)
    facts = {"n": np.nan if n is None else n, "n_missing": np.nan, "missing": None}
    facts |= {"resampled": "normal population" if len(drawn) else None, "n_resampled": facts["n"]}
    table = _ordered(table.assign(**facts))
    return (table, more) if pairs else table


def _tables(drivers, whole, drawn, method, confidence, units, why, remark):
    """The rows of the drivers and of their pairs, from the correlations (q, q) and those of replicates (B, q, q)."""
    tied = relative_weights.determined(whole)
    if tied.any():
        names = ", ".join(d for d, t in zip(drivers, tied, strict=True) if t)
        if method == "beta":
            raise NotTestable(
                f"drivers must not determine one another; {names} do, so their coefficients are not unique. Leave one "
                "out, or use method='lmg' or 'johnson', which divide what they share.",
                ["drivers that are not combinations of the others"],
            )
        collinear = f"{names} determine one another; what they say together is divided among them"
        remark = "; ".join(filter(None, [remark, collinear]))
    estimate = METHODS[method](whole)
    usable = drawn[possible(drawn)] if len(drawn) else drawn
    found = np.full((len(drawn), len(drivers)), np.nan)
    if len(usable):
        found[: len(usable)] = METHODS[method](usable)
    rows = [_interval(e, found[:, i], confidence, units, why) for i, e in enumerate(estimate)]
    table = pd.DataFrame(rows).assign(driver=drivers, estimate=estimate)
    kept = found[np.isfinite(found).all(axis=1)]
    size = np.abs if method == "beta" else np.asarray
    ranked = len(kept) >= max(FEWEST_REPLICATES, (1 - LARGEST_SHARE_LOST) * len(drawn))
    ranks = rank_sets(size(estimate), size(kept), confidence) if ranked else dict.fromkeys(ESTIMATES[3:], np.nan)
    table = table.assign(**ranks, r_squared=float(relative_weights.full_r2(whole)), replicates=len(kept))
    unit = "standardised coefficient" if method == "beta" else "share"
    table = table.assign(confidence=confidence, unit=unit, method=method, remark=pd.array([remark] * len(table), "str"))
    return table, pairs_greater(drivers, size(estimate), size(kept) if ranked else None, confidence)


def _divisible(whole, drivers, outcome, kind, missing):
    """NotTestable where a driver is the outcome itself, or the correlations do not fit together."""
    same = [d for d, r in zip(drivers, whole[:-1, -1], strict=True) if abs(r) > 1 - 1e-12]
    if same:
        raise NotTestable(
            f"a driver must not be the outcome itself; {', '.join(same)} has the values of {outcome}. Leave it out.",
            ["other drivers"],
        )
    if not possible(whole[None])[0]:
        remedies = ["missing='em' or missing='listwise'"] if missing == "pairwise" else []
        remedies += ["fewer levels, or outcome_kind='numeric'"] if kind == "ordinal" else []
        raise NotTestable(
            "correlations made apart from one another must fit together; here they form a matrix that no data can "
            f"have. Use {', and '.join(remedies)}, or leave out columns that few answered.",
            ["answers to more of the questions at once"],
        )


def _interval(estimate, drawn, confidence, units, why):
    if why is None:
        try:
            row = percentile(estimate, drawn, units=units, confidence=confidence).iloc[0]
            return {c: row[c] for c in ESTIMATES[:3]} | {"reason": None}
        except NotTestable as error:
            why = error.reason
    return dict.fromkeys(ESTIMATES[:3], np.nan) | {"reason": why}


def _ordered(table):
    columns = ["driver", "estimate", *ESTIMATES, "n", "n_missing", "r_squared", "missing", "resampled", "n_resampled"]
    columns += ["replicates", "confidence", "unit", "method", "reason", "remark"]
    return table[columns].astype({"reason": "str", "missing": "str", "resampled": "str"})


def _named(drivers, outcome, method):
    drivers = [drivers] if isinstance(drivers, str) else list(drivers)
    _one_of("method", method, METHODS)
    twice = sorted({d for d in drivers if drivers.count(d) > 1})
    if not drivers or twice:
        found = f"{', '.join(twice)} is named twice" if twice else "none"
        raise ValueError(f"drivers must be different columns, at least one; got {found}. List each once.")
    if outcome in drivers:
        raise ValueError(f"a driver must not be the outcome; {outcome} is both. Take it out of drivers.")
    if method == "lmg" and len(drivers) > MOST_PREDICTORS:
        raise ValueError(
            f"lmg takes at most {MOST_PREDICTORS} drivers, all of whose subsets are fitted; got {len(drivers)}. Use "
            "method='johnson', which is close to it and takes any number, or join drivers into indices."
        )
    return drivers


def _replicates(replicates, p, method):
    most = REPLICATES if method != "lmg" else min(REPLICATES, MOST_SUBSETS >> p)
    if replicates is None:
        return most if most >= FEWEST_REPLICATES else 0
    replicates = check_count("replicates", replicates, 0)
    if 0 < replicates < FEWEST_REPLICATES:
        raise ValueError(
            f"replicates must be 0 or at least {FEWEST_REPLICATES}; got {replicates}. Write {REPLICATES}, or 0 for no "
            "intervals."
        )
    return replicates


def _one_of(name, value, valid):
    if value not in valid:
        raise ValueError(f"{name} must be one of {', '.join(valid)}; got {value!r}. Name one of these.")


def _checked(matrix, outcome, drivers, method):
    """The matrix (p + 1, p + 1) with the outcome last, and the drivers; all that is wrong with it in one DataError."""
    if not isinstance(matrix, pd.DataFrame) or set(matrix.index) != set(matrix.columns) or not matrix.index.is_unique:
        raise ValueError(
            "matrix must be a pandas frame whose rows and columns have the same names, each once. Write "
            "pandas.DataFrame(values, index=names, columns=names)."
        )
    drivers = [c for c in matrix.columns if c != outcome] if drivers is None else drivers
    drivers = _named(drivers, outcome, method)
    for name in (outcome, *drivers):
        if name not in matrix.columns:
            raise ValueError(unknown_name("variable", name, matrix.columns))
    names = [*drivers, outcome]
    whole = matrix.loc[names, names].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    rules = _faults_of(whole)
    if rules:
        remedy = "Give correlations, not covariances, with at least three decimals and all of the same answers."
        raise DataError([Fault(rule, f"{found}.", remedy, "matrix") for rule, found in rules])
    return whole, drivers


def _faults_of(whole):
    if not np.isfinite(whole).all():
        return [("every correlation must be a finite number.", f"{(~np.isfinite(whole)).sum()} are not")]
    gap, diagonal = np.abs(whole - whole.T).max(), np.abs(np.diag(whole) - 1).max()
    root = np.linalg.eigvalsh((whole + whole.T) / 2)[0]
    rules = [("it must be symmetric.", f"a correlation and its mirror differ by {gap:g}")] if gap > ROUNDING else []
    rules += [("its diagonal must be 1.", f"a value off by {diagonal:g}")] if diagonal > ROUNDING else []
    rules += [("it must be positive definite.", f"smallest eigenvalue {root:g}")] if root <= COLLINEAR else []
    return rules
