"""Which comes first: X of one wave with Y of the next, and the other way round, in a panel of units.

Two forms. The plain one regresses each next wave on the last; it mixes stable differences between units (a good company
is good in both, every year) with changes within them, and so can show paths where nothing moves anything. With random
intercepts the stable part is taken out: that needs three waves or more and the extra ``sem``.
"""

import pandas as pd

from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats.arguments import numbers
from cxstudy.stats.intervals import check_confidence, critical
from cxstudy.stats.path_checks import check_fit
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.regression import dummies, slope

FEWEST_UNITS, FEWEST_WAVES = 10, 3
COLUMNS = ["from", "to", "kind", "path", *VOCABULARY]


def cross_lagged(data, *, unit, wave, x, y, standardise=False, confidence=0.95):
    """Paths from one wave to the next: x and y, each on both of the wave before. The weak form, see above.

    Parameters
    ----------
    data : DataFrame
        One row a unit and wave.
    unit, wave, x, y : str
        Columns. ``wave`` holds whole numbers (years); only waves that follow on each other by 1 are paired.
    standardise : bool
        True: x and y are divided by their SD over all waves.

    Returns
    -------
    DataFrame of four rows: from, to, kind (``stability`` of one variable, ``cross`` from one to the other), path
    (x → y of the next wave), then n (pairs of waves) … reason, ``units``. CR1 errors clustered by unit, t with
    units − 1 degrees of freedom; waves have their own level. n_missing: rows that are in no pair.

    Raises
    ------
    ValueError for unknown names, text or a unit twice in a wave; NotTestable for waves that can't be matched, fewer
    than 10 units with a pair, constants or an x that equals y.

    Notes
    -----
    In R ``lm(y_next ~ x + y + factor(wave))`` with ``sandwich::vcovCL``. Stable differences between units make the
    cross paths too large: Hamaker, Kuiper & Grasman (2015), Psychological Methods 20; see :func:`random_intercepts`.
    """
    confidence = check_confidence(confidence)
    panel = _panel(data, unit, wave, x, y)
    pairs = _pairs(panel, len(data))
    columns, names = ["x", "y", "x_next", "y_next"], [x, y, f"{x} of the next wave", f"{y} of the next wave"]
    check_fit(pairs[columns].to_numpy(), names, dict.fromkeys(names[2:], [x, y]), pairs["unit"].nunique())
    levels = dummies(pairs[["wave"]].astype(str))
    spread = {name: panel[name].std() if standardise else 1.0 for name in ("x", "y")}
    used = len(
        set(zip(pairs["unit"], pairs["wave"], strict=True)) | set(zip(pairs["unit"], pairs["wave"] + 1, strict=True))
    )
    rows = []
    for to in ("x", "y"):
        for start in ("x", "y"):
            others = pd.concat([pairs[["y" if start == "x" else "x"]], levels], axis=1)
            row = slope(
                pairs[f"{to}_next"], pairs[start], controls=others, cluster=pairs["unit"], confidence=confidence
            )
            turned = spread[start] / spread[to]
            scaled = {k: row[k] * turned for k in ("estimate", "std_error", "ci_low", "ci_high")}
            rows.append(row | scaled | _arrow(start, to, {"x": x, "y": y}))
    table = pd.DataFrame(rows).assign(
        n_missing=len(data) - used, confidence=confidence, unit="SD per SD" if standardise else "per unit",
        units=pairs["unit"].nunique(),
    )  # fmt: skip
    return table.reindex(columns=[*COLUMNS, "units"])


def random_intercepts(data, *, unit, wave, x, y, confidence=0.95):
    """Cross-lagged paths within units, the stable differences between units taken out; needs the extra ``sem``.

    Arguments and columns as :func:`cross_lagged`; n is the number of units that have all waves. The paths are the same
    for all pairs of waves. Beside the columns: ``chi2``, ``chi2_df``, ``chi2_p`` of the model.

    Raises NotTestable for fewer than three waves or too few units with all of them, without semopy, and where the model
    has no proper solution (see :func:`cxstudy.stats.semopy_fit.fit_text`): a stable part of negative variance says that
    there are no stable differences to take out; use the plain form then.

    Notes
    -----
    Hamaker, Kuiper & Grasman (2015); one intercept for x and one for y, uncorrelated with the first wave's deviations;
    normal theory, Wald intervals. R: ``lavaan`` with the same constraints.
    """
    from cxstudy.stats.semopy_fit import fit_text

    confidence = check_confidence(confidence)
    panel = _panel(data, unit, wave, x, y)
    waves = sorted(panel["wave"].unique())
    if len(waves) < FEWEST_WAVES or waves != list(range(waves[0], waves[0] + len(waves))):
        raise NotTestable(
            f"random intercepts need at least {FEWEST_WAVES} waves in a row; found {', '.join(map(str, waves))}. "
            "Use the plain form (cross_lagged) and say that it is weak.",
            [f"{FEWEST_WAVES} waves in a row"],
        )
    wide = panel.pivot(index="unit", columns="wave", values=["x", "y"]).dropna()
    k = len(waves)
    if len(wide) < max(FEWEST_UNITS, 4 * k + 3):
        raise NotTestable(
            f"random intercepts over {k} waves need at least {max(FEWEST_UNITS, 4 * k + 3)} units with all waves; "
            f"found {len(wide)}. Use the plain form (cross_lagged) and say that it is weak.",
            ["more units with all waves"],
        )
    wide.columns = [f"{name}{waves.index(w) + 1}" for name, w in wide.columns]
    spread = {name: panel[name].std() for name in ("x", "y")}
    wide = ((wide - wide.mean()) / [spread[c[0]] for c in wide]).reset_index(drop=True)
    labels = {f"i{name}": f"the stable part of {column}" for name, column in (("x", x), ("y", y))}
    fit = fit_text(_text(k), wide, labels=labels | {c: f"{x if c[0] == 'x' else y} of wave {c[1:]}" for c in wide})
    found = fit.parameters.set_index(["lval", "rval"])
    rows = []
    for to in ("x", "y"):
        for start in ("x", "y"):
            own = found.loc[(f"w{to}2", f"w{start}1")]
            estimate, error = (own[c] * spread[to] / spread[start] for c in ("estimate", "std_error"))
            half = critical(confidence) * error
            rows.append(_arrow(start, to, {"x": x, "y": y}) | {
                "estimate": estimate, "std_error": error, "ci_low": estimate - half,
                "ci_high": estimate + half, "statistic": estimate / error, "p_value": own["p_value"], "reason": None,
            })  # fmt: skip
    table = pd.DataFrame(rows).assign(
        n=len(wide), n_missing=len(data) - k * len(wide), confidence=confidence, unit="per unit", units=len(wide),
        method="ML, random intercepts", chi2=fit.chi2, chi2_df=fit.df, chi2_p=fit.p_value,
    )  # fmt: skip
    return table.reindex(columns=[*COLUMNS, "units", "chi2", "chi2_df", "chi2_p"])


def _panel(data, unit, wave, x, y):
    """Complete rows as unit, wave, x, y; ValueError for unknown names, text, or a unit twice in a wave."""
    unknown = [unknown_name("column", name, data.columns) for name in (unit, wave, x, y) if name not in data.columns]
    if unknown:
        raise ValueError(" ".join(unknown))
    panel = pd.DataFrame(
        {"unit": data[unit], "wave": numbers(data, wave), "x": numbers(data, x), "y": numbers(data, y)}
    )
    panel = panel.dropna()
    if (panel["wave"] % 1 != 0).any():
        raise ValueError(f"waves are whole numbers that follow on each other; {wave} holds others. Number the waves.")
    twice = panel.duplicated(["unit", "wave"])
    if twice.any():
        raise ValueError(
            f"each unit has one row a wave; found {int(twice.sum())} more, the first in wave "
            f"{panel.loc[twice, 'wave'].iloc[0]:g}. Average them first."
        )
    return panel.astype({"wave": int})


def _pairs(panel, rows):
    """Each complete row beside the same unit's next wave: unit, wave, x, y, x_next, y_next."""
    later = panel.assign(wave=panel["wave"] - 1)
    pairs = panel.merge(later, on=["unit", "wave"], suffixes=("", "_next"))
    units = pairs["unit"].nunique()
    if units < FEWEST_UNITS:
        waves = ", ".join(map(str, sorted(panel["wave"].unique()))) or "none"
        raise NotTestable(
            f"waves must be matched by unit; found {units} units with both values in two waves in a row, of "
            f"{panel['unit'].nunique()} units in {rows} rows (waves {waves}). At least {FEWEST_UNITS} are needed: "
            "check that a unit keeps its name from wave to wave, and that waves are numbered without gaps.",
            [f"{FEWEST_UNITS} units with two waves in a row"],
        )
    return pairs


def _arrow(start, to, names):
    kind = "stability" if start == to else "cross"
    return {"from": names[start], "to": names[to], "kind": kind, "path": f"{names[start]} → {names[to]}"}


def _text(k):
    """The model of k waves in semopy's notation; observed values have no error of their own."""
    lines = [f"i{v} =~ " + " + ".join(f"1*{v}{t}" for t in range(1, k + 1)) for v in "xy"]
    for t in range(1, k + 1):
        for v in "xy":
            lines += [f"w{v}{t} =~ 1*{v}{t}", f"{v}{t} ~~ 0*{v}{t}"]
            if t > 1:
                lines.append(f"w{v}{t} ~ from_x_to_{v}*wx{t - 1} + from_y_to_{v}*wy{t - 1}")
        lines.append(f"wx{t} ~~ wy{t}")
    return "\n".join([*lines, "ix ~~ iy"])
