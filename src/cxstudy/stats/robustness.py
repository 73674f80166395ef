"""The same slope under other estimators, within levels of the controls, and which of two comes first.

Column names are the caller's; ``per`` is the step of x an estimate is for.
"""

from statistics import NormalDist

import numpy as np
import pandas as pd

from cxstudy.stats.regression import dummies, slope
from cxstudy.stats.robust import clustered_correlations, correlation, robust_line, theil_sen

LEAST_IN_LEVEL = 8
SCALED = ("estimate", "std_error", "ci_low", "ci_high")
ORDER = ["n", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value", "method", "reason"]


def scaled(row, per):
    """The row of an estimate per unit of x as one per ``per`` units."""
    return row | {name: row[name] * per for name in SCALED}


def unit_means(frame, unit, columns):
    """One row a unit: the means of ``columns`` over its rows."""
    return frame.groupby(unit, as_index=False, sort=True)[list(columns)].mean()


def slope_checks(frame, *, y, x, unit, size, controls=(), years=False, panel=None, per=10, confidence=0.95):
    """The slope of ``y`` on ``x`` under each specification; columns specification, then the vocabulary.

    Specifications: ``pooled`` (the primary), ``huber``, ``tukey``, ``theil-sen``, ``weighted`` (by the
    column ``size``), ``with controls`` (all), ``within <control>`` (each alone) and, when ``panel`` (unit
    × year) is given, ``fixed effects`` (units and years taken out, clustered by unit). With ``years``
    the frame has several rows a unit: intervals are clustered, and the robust lines use unit means.
    """
    cluster = frame[unit] if years else None
    flat = unit_means(frame, unit, [y, x]) if years else frame
    rows = {
        "pooled": slope(frame[y], frame[x], cluster=cluster, confidence=confidence),
        "huber": robust_line(flat[y], flat[x], confidence=confidence),
        "tukey": robust_line(flat[y], flat[x], norm="tukey", confidence=confidence),
        "theil-sen": theil_sen(flat[y], flat[x], confidence),
        "weighted": slope(frame[y], frame[x], cluster=cluster, weights=frame[size], confidence=confidence),
    }
    sets = {"with controls": list(controls)} if controls else {}
    for name, columns in (sets | {f"within {c}": [c] for c in controls}).items():
        rows[name] = slope(frame[y], frame[x], controls=dummies(frame[columns]), cluster=cluster, confidence=confidence)
    if panel is not None:
        years_out = dummies(panel[["year"]].astype(str))
        rows["fixed effects"] = slope(
            panel[y], panel[x], absorb=panel[unit], controls=years_out, cluster=panel[unit], confidence=confidence
        )
    out = pd.DataFrame([{"specification": name} | scaled(row, per) for name, row in rows.items()])
    return out[["specification", *ORDER]]


def within_levels(frame, *, y, x, unit, controls, years=False, per=10, confidence=0.95):
    """Slope and correlation inside each level of each control that holds at least 8 units.

    Columns: control, level, then the vocabulary for the slope, and correlation, correlation_low, correlation_high.
    """
    rows = []
    for control in controls:
        for level, part in frame.groupby(control, sort=True):
            if part[unit].nunique() < LEAST_IN_LEVEL or part[y].nunique() < 2 or part[x].nunique() < 2:
                continue
            cluster = part[unit] if years else None
            r = correlation(part[y], part[x], cluster=cluster, confidence=confidence)
            row = scaled(slope(part[y], part[x], cluster=cluster, confidence=confidence), per)
            both = {"correlation": r["estimate"], "correlation_low": r["ci_low"], "correlation_high": r["ci_high"]}
            rows.append({"control": control, "level": str(level)} | row | both)
    names = ["control", "level", *ORDER, "correlation", "correlation_low", "correlation_high"]
    return pd.DataFrame(rows, columns=names)


def who_leads(panel, *, y, x, unit, confidence=0.95, replicates=2000, seed=1):
    """Earlier x with next year's y, earlier y with next year's x, and their difference, as correlations.

    ``panel``: unit, year (whole numbers), y, x. One bootstrap of whole units serves all three. Fewer than 8
    units with two years in a row, or a constant: None. Lagged correlations of things that hardly move from year to
    year are nearly equal whichever leads, so a small difference says little.

    Columns: direction (``x first``, ``y first``, ``difference``), then the vocabulary.
    """
    later = panel[[unit, "year", y, x]].assign(year=panel["year"] - 1)
    pairs = panel[[unit, "year", y, x]].merge(later, on=[unit, "year"], suffixes=("", "_next"))
    if pairs[unit].nunique() < LEAST_IN_LEVEL or (pairs[[y, x, f"{y}_next", f"{x}_next"]].nunique() < 2).any():
        return None
    sets = [(pairs[f"{y}_next"], pairs[x], pairs[unit]), (pairs[f"{x}_next"], pairs[y], pairs[unit])]
    found = clustered_correlations(sets, confidence=confidence, replicates=replicates, seed=seed)
    names = ("x first", "y first", "difference")
    return pd.DataFrame([{"direction": name} | row for name, row in zip(names, found, strict=True)])


def smallest_slope(n, sd_y, sd_x, *, power=0.8, alpha=0.05, per=10):
    """(r, slope): the weakest correlation and slope found with ``power`` in a two-sided test at ``alpha``.

    Fisher's z: atanh(r) = (z_{1−α/2} + z_power) / √(n − 3); slope = per · r · sd_y / sd_x.

    >>> round(smallest_slope(77, 1, 1)[0], 3)
    0.315
    """
    normal = NormalDist().inv_cdf
    r = float(np.tanh((normal(1 - alpha / 2) + normal(power)) / np.sqrt(n - 3)))
    return r, per * r * float(sd_y) / float(sd_x)
