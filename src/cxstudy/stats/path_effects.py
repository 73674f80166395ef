"""Direct, indirect and total effects in a recursive path model: products of coefficients along its routes.

``paths`` is a dict outcome → its predictors; "effect" is the field's word for such a product, and says nothing of
causes. Coefficients of a model are an array [to, from]; everything takes a stack of them, so a bootstrap is one call::

    coefficients = path_coefficients(covariances, names, paths)     # (…, p, p)
    everything = total_effects(coefficients)                         # (…, p, p)

:func:`cxstudy.stats.paths.fit_paths` does it from data.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.resampling import bca, percentile

COLLINEAR = 1e-9
MOST_ROUTES = 500
INTERVALS = ("percentile", "bca")


def causal_order(paths):
    """All names of ``paths``, each after those that lead to it; ValueError that shows the cycle if there is one.

    >>> causal_order({"profit": ["customers", "staff"], "customers": ["staff"]})
    ['staff', 'customers', 'profit']
    """
    done, order = set(), []

    def visit(name, trail):
        if name in trail:
            cycle = " → ".join([*reversed(trail[trail.index(name) :]), trail[-1]])
            raise ValueError(
                f"a path model must not lead back to itself; found {cycle}. "
                "Leave out one of these paths; waves tell which comes first (cross_lagged)."
            )
        if name in done:
            return
        for cause in paths.get(name, ()):
            visit(cause, [*trail, name])
        done.add(name)
        order.append(name)

    for outcome in paths:
        visit(outcome, [])
    place = {name: i for i, name in enumerate(order)}
    depth = {}
    for name in order:
        depth[name] = 1 + max((depth[cause] for cause in paths.get(name, ())), default=-1)
    return sorted(order, key=lambda name: (depth[name], place[name]))


def routes(paths, start, end):
    """Every route from ``start`` to ``end``, a list of tuples of names, short ones first.

    >>> routes({"profit": ["customers", "staff"], "customers": ["staff"]}, "staff", "profit")
    [('staff', 'profit'), ('staff', 'customers', 'profit')]
    """
    found, open_ends = [], [(end,)]
    while open_ends:
        grown = []
        for tail in open_ends:
            for cause in paths.get(tail[0], ()):
                (found if cause == start else grown).append((cause, *tail))
        open_ends = grown
        if max(len(found), len(grown)) > MOST_ROUTES:
            raise ValueError(
                f"at most {MOST_ROUTES} routes lead to one variable; {start} → {end} has more. Leave out some paths."
            )
    return found


def path_coefficients(covariances, names, paths):
    """Least-squares coefficients of each equation: array (…, p, p) of [to, from], 0 where there is no path.

    ``covariances`` (…, p, p) of ``names``; give correlations and the coefficients are standardised. Members of the
    stack whose predictors determine one another are nan.

    >>> path_coefficients([[1, 0.5], [0.5, 1]], ["x", "y"], {"y": ["x"]}).tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """
    covariances = np.asarray(covariances, float)
    place = {name: i for i, name in enumerate(names)}
    out = np.zeros(covariances.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.einsum("...ii->...i", covariances))
        correlations = covariances / (root[..., :, None] * root[..., None, :])
    for outcome, predictors in paths.items():
        at, to = [place[name] for name in predictors], place[outcome]
        block, cross = correlations[..., at, :][..., :, at], correlations[..., at, to]
        usable = np.isfinite(block).all(axis=(-1, -2)) & np.isfinite(cross).all(axis=-1)
        block = np.where(usable[..., None, None], block, np.eye(len(at)))
        usable &= np.linalg.eigvalsh(block)[..., 0] > COLLINEAR
        block = np.where(usable[..., None, None], block, np.eye(len(at)))
        slopes = np.linalg.solve(block, cross[..., None])[..., 0] * root[..., [to]] / root[..., at]
        out[..., to, at] = np.where(usable[..., None], slopes, np.nan)
    return out


def standardised(coefficients, covariances):
    """Coefficients per standard deviation: each times SD of its predictor over SD of its outcome."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.einsum("...ii->...i", np.asarray(covariances, float)))
        return coefficients * root[..., None, :] / root[..., :, None]


def total_effects(coefficients):
    """(I − B)⁻¹ − I: the sum over all routes of the products along them, array (…, p, p) of [to, from].

    Bollen (1989), Structural Equations with Latent Variables, ch. 8. The series B + B² + … ends, as nothing leads back.

    >>> total_effects([[0, 0, 0], [0.5, 0, 0], [0.2, 0.4, 0]])[2, 0].round(3).item()
    0.4
    """
    coefficients = np.asarray(coefficients, float)
    power = total = coefficients
    for _ in range(coefficients.shape[-1] - 2):
        power = power @ coefficients
        total = total + power
    return total


def effect_list(paths):
    """One row for each effect of the model: from, to, kind, path, route.

    ``kind`` is direct (one arrow), indirect (all longer routes together), total (all routes) or route (one longer
    route). ``path`` shows it: a → b, a → … → b, a ⇒ b, a → m → b. ``route`` is the tuple of names, else None.
    """
    order, rows = causal_order(paths), []
    for i, start in enumerate(order):
        for end in order[i + 1 :]:
            found = routes(paths, start, end)
            longer = [route for route in found if len(route) > 2]
            if len(found) > len(longer):
                rows.append((start, end, "direct", f"{start} → {end}", None))
            if longer:
                rows.append((start, end, "indirect", f"{start} → … → {end}", None))
            if found:
                rows.append((start, end, "total", f"{start} ⇒ {end}", None))
            rows += [(start, end, "route", " → ".join(route), route) for route in longer]
    return pd.DataFrame(rows, columns=["from", "to", "kind", "path", "route"])


def effect_values(coefficients, names, listed):
    """The effects of ``listed`` (see :func:`effect_list`) for a stack of coefficients: array (…, rows)."""
    place, total, out = {name: i for i, name in enumerate(names)}, total_effects(coefficients), []
    for start, end, kind, route in zip(listed["from"], listed["to"], listed["kind"], listed["route"], strict=True):
        at = (..., place[end], place[start])
        if kind == "route":
            steps = [coefficients[..., place[b], place[a]] for a, b in zip(route, route[1:], strict=False)]
            out.append(np.prod(steps, axis=0))
        else:
            out.append({"direct": coefficients, "total": total, "indirect": total - coefficients}[kind][at])
    return np.stack(out, axis=-1)


def interval(estimate, drawn, left, confidence, method):
    """std_error, ci_low, ci_high, method, reason of one statistic from its replicates and jackknife values; a dict.

    ``bca`` falls back on ``percentile`` where its formula has no answer; the reason ``no-interval`` says that neither
    has one: the replicates don't differ, or too many of them have no value.
    """
    tries = [lambda: percentile(estimate, drawn, units=len(left), confidence=confidence)]
    if method == "bca":
        tries.insert(0, lambda: bca(estimate, drawn, left, confidence=confidence))
    for attempt in tries:
        try:
            row = attempt().iloc[0]
        except NotTestable:
            continue
        return {k: row[k] for k in ("std_error", "ci_low", "ci_high", "method")} | {"reason": None}
    return dict.fromkeys(("std_error", "ci_low", "ci_high"), np.nan) | {"method": "", "reason": "no-interval"}
