"""What a mixed model needs of its data, and the columns standardised so that no digits are lost in the search."""

from dataclasses import dataclass

import numpy as np

from cxstudy.faults import NotTestable

_COLLINEAR = 1e-10
_CONSTANT = 1e-13


@dataclass(frozen=True)
class Scale:
    """From standardised columns back: x_std = [1 x] @ turn.

    ``outcome``, ``mean``: y's standard deviation and mean; ``random`` the turn of the random terms; ``groups`` their
    number; ``varying`` (p,) whether a coefficient's column differs within groups (the intercept's does not).
    """

    turn: np.ndarray
    outcome: float
    mean: float
    random: np.ndarray
    groups: int
    varying: np.ndarray

    @property
    def fixed_log_determinant(self):
        """log|det| of the part of ``turn`` that belongs to the fixed effects."""
        return float(np.log(np.abs(np.diag(self.turn)[:-1])).sum())


def check_groups(cross):
    """NotTestable for one group, groups of one row only, too few rows, or products that the source does not hold."""
    n = cross[:, 0, 0]
    if np.isnan(cross).any():
        raise NotTestable("the source has no products of these columns: it holds counts or means.", ["answers"])
    if len(n) < 2:
        raise NotTestable(f"a mixed model compares groups; found {len(n)}. It needs at least two.", ["more groups"])
    if (n <= 1).all():
        raise NotTestable(
            f"a mixed model needs groups of two or more rows; all {len(n)} groups have one. Group them more coarsely.",
            ["groups of at least two rows"],
        )
    if n.sum() <= cross.shape[1]:
        raise NotTestable(
            f"a mixed model needs more rows than coefficients and variances; found {n.sum():.0f} rows for "
            f"{cross.shape[1] - 1} coefficients. Leave predictors out.",
            ["more rows"],
        )


def standardised(cross, names, centre):
    """The turn from [1 x y] to standardised columns, and the cross-products of those by group.

    NotTestable for columns that do not vary or that are determined by those before them.
    """
    n = cross[:, 0, 0].sum()
    total = cross.sum(axis=0)
    mean = total[0, 1:] / n
    square = np.diag(total)[1:] / n
    variance = square - mean**2
    still = [str(c) for c, v, of in zip(names, variance, square, strict=True) if v <= _CONSTANT * of]
    if still and still[-1] == str(names[-1]):
        raise NotTestable(f"the outcome {names[-1]} is the same in every row: nothing to explain.", ["variance"])
    if still:
        raise NotTestable(f"{', '.join(still)} is the same in every row. Leave it out of fixed.", ["variance"])
    m, sd = len(total), np.sqrt(variance)
    turn = np.eye(m)
    turn[1:, 1:] = np.diag(1 / sd)
    inner_turn = turn.copy()
    inner_turn[0, 1:], turn[0, 1:] = -mean / sd, -(mean + centre) / sd
    inner = inner_turn.T @ cross @ inner_turn
    spread = inner.sum(axis=0)[1:, 1:] / n
    for j in range(1, m - 1):
        before = spread[:j, :j]
        left = 1 - spread[j, :j] @ np.linalg.solve(before, spread[:j, j])
        if left < _COLLINEAR:
            raise NotTestable(
                f"{names[j]} is determined by {', '.join(map(str, names[:j]))}: their coefficients cannot be told "
                "apart. Leave one of them out of fixed.",
                ["predictors that differ"],
            )
    return turn, inner


def within_groups(inner, names, slope):
    """Which predictors vary within groups; NotTestable where the outcome, or a random slope's column, doesn't."""
    n = inner[:, 0, 0]
    within = inner.sum(axis=0) - np.einsum("ga,gb,g->ab", inner[:, 0], inner[:, 0], 1 / n)
    varying = np.diag(within)[1:-1] > 1e-10 * n.sum()
    use = np.append(np.flatnonzero(varying) + 1, len(within) - 1)
    left = within[-1, -1]
    if len(use) > 1:
        x = within[np.ix_(use[:-1], use[:-1])]
        left = left - within[-1, use[:-1]] @ np.linalg.pinv(x, rcond=1e-12) @ within[use[:-1], -1]
    if left <= 1e-12 * n.sum():
        raise NotTestable(
            f"within its groups {names[-1]} does not vary beyond the predictors: there is no residual variance to "
            "compare groups with. Use one row a group.",
            ["variance within groups"],
        )
    if slope is not None and not varying[slope - 1]:
        raise NotTestable(
            f"a slope of {names[slope - 1]} in each group needs values that differ within groups; they do not. "
            "Leave slope out.",
            ["variance within groups"],
        )
    return varying
