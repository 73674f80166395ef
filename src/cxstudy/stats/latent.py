"""Path models between latent variables: covariance-based (semopy) and partial least squares (openpls-engine).

Both need the extra ``sem``. The first takes measurement error out of the paths, at the price of a measurement model
that must fit; the second makes weighted sums of the items and regresses them on each other, and its paths stay diluted.
Neither is the headline: :func:`cxstudy.stats.paths.fit_paths` is.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, check_method, critical
from cxstudy.stats.path_checks import check_fit, complete_rows, read_scales
from cxstudy.stats.path_effects import effect_list, effect_values, interval
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.semopy_fit import fit_text, needed

SCHEMES = ("path", "centroid", "factorial")
STEPS, TOLERANCE = 300, 1e-12
LOADINGS = ["scale", "item", "estimate", "std_error", "standardised"]
FIT = ("chi2", "df", "p_value", "cfi", "tli", "rmsea", "srmr")


@dataclass(frozen=True)
class LatentModel:
    """The tables of a latent model, each with the columns n … reason of every result.

    ``effects``: from, to, kind, path, …, ``standardised``; ``loadings``: scale, item, …, ``standardised``;
    ``equations``: outcome, the estimate is its R²; ``fit``: a dict of what says how the model fits.
    """

    effects: pd.DataFrame
    loadings: pd.DataFrame
    equations: pd.DataFrame
    fit: dict


def fit_sem(data, scales, paths, *, covariances=(), confidence=0.95, draws=20_000, seed=1):
    """Covariance-based structural equation model of scales (latent) and single columns (taken as free of error).

    Parameters
    ----------
    data : DataFrame; rows that lack a value are left out and counted
    scales : dict scale → list of items; the first item sets the scale's unit
    paths : dict outcome → predictors; names of scales, or of columns such as a company's profit
    covariances : pairs of items whose errors belong together, such as one question asked twice

    Returns
    -------
    LatentModel. Wald intervals for direct effects and loadings (expected information), Monte Carlo ones for the rest;
    ``fit`` holds chi2, df, p_value, cfi, tli, rmsea, srmr and starts (how many it took until two agreed).

    Raises
    ------
    NotTestable without semopy, or without a proper solution (see :func:`cxstudy.stats.semopy_fit.fit_text`); ValueError
    for unknown names, a cycle, or an item in two scales.

    Notes
    -----
    In R ``lavaan::sem``. Scales that nothing leads to covary freely. Normal theory: with skewed items the χ² is too
    large and the errors too small.
    """
    confidence, draws = check_confidence(confidence), check_count("draws", draws, 1000)
    scales, paths, names, columns = read_scales(data, scales, paths)
    unknown = [unknown_name("item", c, columns) for pair in covariances for c in pair if c not in columns]
    if unknown:
        raise ValueError(" ".join(unknown))
    values, missing = _values(data, columns)
    short = {c: f"v{i}" for i, c in enumerate(columns)}
    latent = {name: f"f{i}" for i, name in enumerate(names)}
    # fitted per SD, so that a revenue in kronor does not upset the optimiser, and turned back below
    spread = pd.Series(values.std(axis=0), columns)
    frame = pd.DataFrame((values - values.mean(axis=0)) / spread.to_numpy(), columns=list(short.values()))
    text = _text(scales, paths, latent, short, covariances)
    found = fit_text(text, frame, labels={v: k for k, v in (short | latent).items()})
    common = {"n": found.n, "n_missing": missing, "confidence": confidence}
    at = found.parameters.set_index(["lval", "rval"])
    residual = pd.Series(
        {name: at.loc[(latent[name], latent[name]), "standardised"] for name in names if name in paths}
    )
    loadings = [
        {"scale": name, "item": item} | at.loc[(short[item], latent[name])].to_dict()
        for name, items in scales.items() if len(items) > 1 for item in items
    ]  # fmt: skip
    loadings = _wald(pd.DataFrame(loadings, columns=LOADINGS), confidence)
    units = {name: spread[items[0]] for name, items in scales.items()}
    effects = _effects(found, names, paths, latent, confidence, draws, seed)
    effects = _turned(effects, effects["to"].map(units) / effects["from"].map(units))
    loadings = _turned(loadings, loadings["item"].map(spread) / loadings["scale"].map(units))
    return LatentModel(
        _table(effects.assign(unit="per unit", **common)),
        _table(loadings.assign(unit="per unit", **common), ["scale", "item"]),
        _equations(1 - residual, common, "ML"),
        {name: getattr(found, name) for name in (*FIT, "n", "starts")},
    )


def fit_pls(data, scales, paths, *, scheme="path", confidence=0.95, replicates=0, seed=1):
    """PLS path model: each scale a weighted sum of its items (mode A), standardised; by openpls-engine.

    Arguments as :func:`fit_sem`; ``scheme`` is path, centroid or factorial. ``replicates``: bootstrap samples of
    persons; 0 gives no intervals (reason ``no-replicates``), as each sample costs about half a second.

    Returns
    -------
    LatentModel; unit "SD per SD". Loadings are correlations of items with their sum. ``fit`` is empty.

    Raises
    ------
    NotTestable without openpls-engine, or where the weights don't settle; ValueError as :func:`fit_sem`.

    Notes
    -----
    In R ``plspm::plspm`` and ``seminr::estimate_pls``. Measurement error stays in, so paths are too near 0. Samples in
    which the weights don't settle count as replicates without a value.
    """
    check_method(scheme, SCHEMES)
    confidence = check_confidence(confidence)
    scales, paths, names, columns = read_scales(data, scales, paths)
    values, missing = _values(data, columns)
    frame, listed = pd.DataFrame(values, columns=columns), effect_list(paths)
    settings = (scales, paths, names, scheme)
    whole = _pls(frame, *settings)
    common = {"n": len(frame), "n_missing": missing, "confidence": confidence}
    effects = listed.drop(columns="route").assign(
        estimate=effect_values(whole[0], names, listed), reason="no-replicates"
    )
    effects, loadings = (part.assign(method="PLS") for part in (effects, whole[1].assign(reason="no-replicates")))
    if replicates:
        check_count("replicates", replicates, 100)
        rng, drawn = np.random.default_rng(seed), []
        for _ in range(replicates):
            rows = rng.integers(len(frame), size=len(frame))
            try:
                one = _pls(frame.iloc[rows].reset_index(drop=True), *settings)
                drawn.append(np.concatenate([effect_values(one[0], names, listed), one[1]["estimate"]]))
            except NotTestable:
                drawn.append(np.full(len(effects) + len(loadings), np.nan))
        both = [
            interval(float(e), column, frame.index, confidence, "percentile")
            for e, column in zip([*effects["estimate"], *loadings["estimate"]], np.array(drawn).T, strict=True)
        ]
        effects = effects.drop(columns=["method", "reason"]).join(pd.DataFrame(both[: len(effects)]))
        loadings = loadings.drop(columns=["method", "reason"]).join(pd.DataFrame(both[len(effects) :]))
    effects["standardised"], loadings["standardised"] = effects["estimate"], loadings["estimate"]
    return LatentModel(
        _table(effects.assign(unit="SD per SD", **common)),
        _table(loadings.assign(unit="correlation", **common), ["scale", "item"]),
        _equations(whole[2], common, "PLS"), {},
    )  # fmt: skip


def _pls(frame, scales, paths, names, scheme):
    """Coefficients [to, from], a frame of loadings and R² by outcome."""
    with warnings.catch_warnings():
        # openpls-engine sets an option of pandas that pandas 3 deprecates, when it is imported
        warnings.filterwarnings("ignore", message="The 'mode.chained_assignment' option", category=DeprecationWarning)
        openpls = needed("openpls", "openpls-engine", "a PLS path model")
    from openpls.config import MV, Config
    from openpls.mode import Mode
    from openpls.scheme import Scheme

    inner = pd.DataFrame([[int(p in paths.get(o, ())) for p in names] for o in names], index=names, columns=names)
    config = Config(inner, scaled=True)
    for name in names:
        config.add_lv(name, Mode.A, *[MV(item) for item in scales[name]])
    try:
        found = openpls.Plspm(frame, config, Scheme[scheme.upper()], STEPS, TOLERANCE)
    except Exception as error:
        if "converge" not in str(error):
            raise
        raise NotTestable(
            f"the weights of the PLS model don't settle in {STEPS} steps. Use another scheme, or the observed-score "
            "paths.",
            ["weights that settle"],
        ) from None
    items = [(name, item) for name in names if len(scales[name]) > 1 for item in scales[name]]
    loadings = pd.DataFrame(items, columns=["scale", "item"])
    outer = found.outer_model()["loading"]
    shares = found.inner_summary()["r_squared"]
    return (
        found.path_coefficients().loc[names, names].to_numpy(),
        loadings.assign(estimate=outer[loadings["item"]].to_numpy()),
        shares[[name for name in names if name in paths]],
    )  # fmt: skip


def _values(data, columns):
    values, _, _, missing = complete_rows(data, columns)
    check_fit(values, columns, {columns[0]: columns[1:]})
    return values, missing


def _text(scales, paths, latent, short, covariances):
    lines, outer = [], [latent[name] for name in latent if name not in paths]
    for name, items in scales.items():
        lines.append(f"{latent[name]} =~ " + " + ".join([f"1*{short[items[0]]}", *(short[item] for item in items[1:])]))
        lines += [f"{short[item]} ~~ 0*{short[item]}" for item in items if len(items) == 1]
    lines += [f"{latent[outcome]} ~ " + " + ".join(latent[p] for p in given) for outcome, given in paths.items()]
    lines += [f"{a} ~~ {b}" for i, a in enumerate(outer) for b in outer[i + 1 :]]
    return "\n".join([*lines, *(f"{short[a]} ~~ {short[b]}" for a, b in covariances)])


def _effects(found, names, paths, latent, confidence, draws, seed):
    listed, at = effect_list(paths), found.parameters.set_index(["lval", "rval"])
    arrows = [(o, p) for o in names for p in paths.get(o, ())]
    rows = at.loc[[(latent[o], latent[p]) for o, p in arrows]]
    cells = (..., [names.index(o) for o, _ in arrows], [names.index(p) for _, p in arrows])
    raw, unit, drawn = (np.zeros((*size, len(names), len(names))) for size in ((), (), (draws,)))
    raw[cells], unit[cells] = rows["estimate"], rows["standardised"]
    covariance = found.covariance.loc[rows["name"], rows["name"]].to_numpy()
    drawn[cells] = np.random.default_rng(seed).multivariate_normal(rows["estimate"], covariance, draws)
    values = effect_values(drawn, names, listed)
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    table = listed.drop(columns="route").assign(
        estimate=effect_values(raw, names, listed), standardised=effect_values(unit, names, listed),
        std_error=values.std(axis=0, ddof=1), ci_low=low, ci_high=high, method="Monte Carlo",
    )  # fmt: skip
    direct = table["kind"] == "direct"
    exact = table[direct].drop(columns=["std_error", "ci_low", "ci_high", "method"])
    errors = [at.loc[(latent[b], latent[a]), "std_error"] for a, b in zip(exact["from"], exact["to"], strict=True)]
    return pd.concat([_wald(exact.assign(std_error=errors), confidence), table[~direct]]).sort_index()


def _wald(table, confidence):
    half, z = critical(confidence) * table["std_error"], (table["estimate"] / table["std_error"]).astype(float)
    return table.assign(
        ci_low=table["estimate"] - half, ci_high=table["estimate"] + half, statistic=z,
        p_value=2 * scipy.stats.norm.sf(z.abs()), method="ML", reason=np.where(table["std_error"].isna(), "fixed", None),
    )  # fmt: skip


def _turned(table, ratio):
    return table.assign(**{c: table[c] * ratio for c in ("estimate", "std_error", "ci_low", "ci_high")})


def _equations(shares, common, method):
    table = pd.DataFrame({"outcome": shares.index, "estimate": shares.to_numpy()}).assign(unit="share", method=method)
    return table.assign(reason="no-interval", **common).reindex(columns=["outcome", *VOCABULARY])


def _table(frame, first=("from", "to", "kind", "path")):
    table = frame.reindex(columns=[*first, *VOCABULARY, "standardised"]).reset_index(drop=True)
    table["reason"] = table["reason"].astype(object).where(table["reason"].notna(), None)
    return table
