"""Which groups differ? All pairs, each against one group, or each against the rest, with adjusted p-values."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from cxstudy.faults import unknown_name
from cxstudy.measures import samples
from cxstudy.stats import multiple
from cxstudy.stats.differences import Centred
from cxstudy.stats.intervals import check_confidence
from cxstudy.tally import moments

VALUES = {"nps": samples.NPS_VALUES, "promoter_share": samples.SHARE_VALUES}
MEASURES = {"nps": "NPS points", "promoter_share": "percentage points", "mean": "points of the scale"}
# from fractions to the unit, and the largest difference there is
SCALES = {"nps": (100, 200), "promoter_share": (100, 100), "mean": (1, np.inf)}
MOST_GROUPS = 200


@dataclass(frozen=True)
class _Groups:
    """Answers, missing answers, estimates as printed, and what intervals are built on; each of shape (g,)."""

    n: np.ndarray
    missing: np.ndarray
    plain: Centred
    used: Centred

    def take(self, rows):
        return _Groups(self.n[rows], self.missing[rows], self.plain.take(rows), self.used.take(rows))


def compare_groups(
    data, score="recommend", *, by, measure="nps", against=None, weights=None, adjust="holm", confidence=0.95
):
    """Differences between the groups of ``by``, one row a comparison: second group minus first.

    - ``data``, ``score``, ``weights``, ``confidence``: as in `cxstudy.nps`; ``by``: one column. Answers are taken as
      independent; where clusters were drawn, compare two groups at a time with `compare_nps` (``cluster=``).
    - ``measure``: ``nps`` (NPS points), ``promoter_share`` (percentage points) or ``mean`` of any numeric ``score``.
    - ``against``: None for all pairs in the order of the groups; a group, for every other one against it;
      ``"rest"``, for each group against the answers of all others.
    - ``adjust``: ``holm``, ``bh`` or ``none``, see `cxstudy.stats.multiple.adjusted`.

    Returns ``group_a``, ``group_b`` (the estimate is b − a; ``rest`` and the group named by ``against`` are a),
    ``n``, ``n_missing`` (missing scores of the two), ``n_ungrouped`` (rows without a group, left out, the same in
    every row), ``n_a``, ``n_b``, ``estimate_a``, ``estimate_b``, ``estimate``, ``std_error``, ``ci_low``, ``ci_high``
    of each difference by itself; ``ci_low_adjusted``, ``ci_high_adjusted``, which with ``holm`` hold together
    (Bonferroni: where one leaves out 0, p_adjusted is below 1 − confidence; Holm may find a few more), with ``none``
    equal the former and with ``bh`` do not exist (nan); ``statistic``, ``df``, ``p_value``, ``p_adjusted``, ``m``
    comparisons made, ``confidence``, ``unit``, ``method``, ``reason``.

    Method: NPS with three answers added to each group (as `compare_nps`), the share with one of each kind (Agresti &
    Caffo 2000, The American Statistician 54(4)), both with z, their intervals drawn out to the estimate where it lies
    outside; the mean with Welch's t. A group without answers gives nan with its reason and is not counted in m.

    Raises as `cxstudy.nps`; ValueError for fewer than two groups, an unknown group, and all pairs of more than 200
    groups; weights with ``mean``.

    >>> answers = pd.DataFrame({"shop": list("aaaabbbb"), "recommend": [10, 9, 10, 8, 0, 3, 8, 9]})
    >>> compare_groups(answers, by="shop")[["group_a", "group_b", "n", "estimate"]].values.tolist()
    [['a', 'b', 8, -100.0]]
    """
    confidence = check_confidence(confidence)
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}; got {measure!r}. Name one of these.")
    if adjust not in multiple.METHODS:
        raise ValueError(f"adjust must be one of {', '.join(multiple.METHODS)}; got {adjust!r}. Name one of these.")
    if not isinstance(by, str):
        raise ValueError(f"by must name one column; got {by!r}. Join several into one column first.")
    if measure == "mean":
        labels, groups, rest, ungrouped = _means(data, score, by, weights)
    else:
        labels, groups, rest, ungrouped = _classes(data, score, by, weights, VALUES[measure])
    first, second, others = _pairs(labels, against)
    a = (rest if others else groups).take(first)
    b = groups.take(second)
    named = ["rest"] * len(labels) if others else [labels[i] for i in first]
    found = {"group_a": named, "group_b": [labels[i] for i in second]}
    found |= {"n": samples.whole(a.n + b.n), "n_missing": samples.whole(a.missing + b.missing)}
    found |= {"n_ungrouped": ungrouped, "n_a": samples.whole(a.n), "n_b": samples.whole(b.n)}
    found |= _differences(a, b, measure, adjust, confidence)
    adjusted = {"holm": "Holm", "bh": "Benjamini-Hochberg", "none": "not adjusted"}[adjust]
    kind = "Welch t" if measure == "mean" else f"adjusted-wald{', linearised' if weights else ''}"
    found |= {"confidence": confidence, "unit": MEASURES[measure], "method": f"{kind}; p-values: {adjusted}"}
    reasons = [_why(x, y, p) for x, y, p in zip(a.n, b.n, found["p_value"], strict=True)]
    return pd.DataFrame(found).assign(reason=pd.array(reasons, dtype="str"))


def _pairs(labels, against):
    """Positions of the first and of the second groups, and whether the first are the rests."""
    if len(labels) < 2:
        raise ValueError(f"a comparison needs at least two groups; found {len(labels)}. Name another column with by=.")
    everyone = np.arange(len(labels))
    if against is None:
        if len(labels) > MOST_GROUPS:
            raise ValueError(
                f"all pairs are compared for at most {MOST_GROUPS} groups; found {len(labels):,}, which is "
                f"{len(labels) * (len(labels) - 1) // 2:,} pairs. Write against='rest', or against= one group."
            )
        first, second = np.array(list(combinations(everyone, 2))).T
        return first, second, False
    known = [label for label in labels if label == against or str(label) == str(against)]
    if against == "rest":
        if known:
            raise ValueError("against='rest' means all other groups; found a group of that name. Rename that group.")
        return everyone, everyone, True
    if not known:
        raise ValueError(unknown_name("group", against, labels[:MOST_GROUPS]))
    one = labels.index(known[0])
    second = everyone[everyone != one]
    return np.full(len(second), one), second, False


def _classes(data, score, by, weights, values):
    found = samples.from_answers(data, score, by=by, weights=weights)
    named, ungrouped = _named(found.keys[by], found.size + found.missing)
    found = found.take(named)
    groups, rest = (_Groups(s.size, s.missing, s.plain(values), s.adjusted(values)) for s in (found, found.rest()))
    return list(found.keys[by]), groups, rest, ungrouped


def _means(data, score, by, weights):
    if weights:
        raise ValueError("means are compared without weights; got weights with measure='mean'. Leave them out.")
    # a centre near the scores keeps the digits of a variance that is small beside the mean
    table = samples.customers(data)
    centre = moments(table, score).means()[0]
    found = moments(table, score, by=by, centre=np.nan_to_num(centre))
    named, ungrouped = _named(found.keys[by], found.n + found.n_missing)
    own = np.eye(len(named))[named]
    groups, rest = (_mean_groups(found, times) for times in (own, named * 1.0 - own))
    return list(found.keys[by][named]), groups, rest, ungrouped


def _mean_groups(found, times):
    pooled = found.pool(times)
    mean, variance = found.means(times)[:, 0], found.covariance(times)[:, 0, 0]
    df = np.where(pooled.n > 1, pooled.n - 1, np.nan)
    # scores that are all alike leave a rounding error where there is no variance
    variance = np.where(variance < 1e-12 * (1 + mean**2), 0, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = Centred(mean, np.sqrt(variance / pooled.n), df)
    return _Groups(pooled.n, pooled.n_missing, centred, centred)


def _named(keys, rows):
    """Which groups have a name, and how many rows have none."""
    named = keys.notna().to_numpy()
    return named, int(round(rows[~named].sum()))


def _differences(a, b, measure, adjust, confidence):
    scale, bound = SCALES[measure]
    plain, used = b.plain.minus(a.plain), b.used.minus(a.used)
    statistic, p_value = used.test()
    m = int((~np.isnan(p_value)).sum())
    ends = used.interval(confidence)
    levels = {"holm": 1 - (1 - confidence) / max(m, 1), "none": confidence}
    wide = used.interval(levels[adjust]) if adjust in levels else (np.full(len(p_value), np.nan),) * 2
    # a difference at the end of the scale may lie outside what added answers have drawn to the middle
    low, lowest = (np.clip(scale * np.minimum(e[0], plain.centre), -bound, bound) for e in (ends, wide))
    high, highest = (np.clip(scale * np.maximum(e[1], plain.centre), -bound, bound) for e in (ends, wide))
    return {
        "estimate_a": scale * a.plain.centre,
        "estimate_b": scale * b.plain.centre,
        "estimate": scale * plain.centre,
        "std_error": scale * plain.error,
        "ci_low": low,
        "ci_high": high,
        "ci_low_adjusted": lowest,
        "ci_high_adjusted": highest,
        "statistic": statistic,
        "df": used.df,
        "p_value": p_value,
        "p_adjusted": multiple.adjusted(p_value, adjust),
        "m": m,
    }


def _why(n_a, n_b, p_value):
    if min(n_a, n_b) <= 0:
        return "no answers in " + ("either" if max(n_a, n_b) <= 0 else "the first" if n_a <= 0 else "the second")
    if np.isnan(p_value):
        return "too few answers, or all alike: nothing shows how much they differ"
    return None
