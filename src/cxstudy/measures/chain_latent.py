"""The chain between latent scales, an appendix: covariance-based (semopy) and partial least squares (openpls-engine).

Both need the extra ``sem``. Every question is the mean of a unit's employees, so the items' errors are those of units.
"""

import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.language import say
from cxstudy.measures.chain_paths import LOYALTY, usual_paths
from cxstudy.stats.latent import fit_pls, fit_sem
from cxstudy.tally import moments

KINDS = {"sem": fit_sem, "pls": fit_pls}


def latent_chain(data, kind="sem", *, paths=None, confidence=0.95, **how):
    """A `stats.latent.LatentModel` of the chain between units, all years of a unit together.

    Parameters
    ----------
    data : `chain_data.ChainData`
    kind : sem (covariance-based) or pls; ``how`` goes on to `stats.latent.fit_sem` or `fit_pls`
    paths : dict outcome → predictors, of scales, loyalty and the outcome; None is `chain_paths.usual_paths`

    Scales of several questions are latent, single questions, loyalty and the outcome are taken as free of error.

    Raises
    ------
    NotTestable without the extra ``sem`` (it says how to install it), without results, or where the model has no proper
    solution; ValueError for an unknown kind or path.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}. Write kind='sem'.")
    if data.units is None:
        raise NotTestable(say(data.why, data.study.language), ["results of the units"])
    paths = paths or usual_paths(data.scales.chain, data.end)
    frame, scales = unit_items(data)
    given = [[one] if isinstance(one, str) else one for one in paths.values()]
    used = {*paths, *(name for names in given for name in names)}
    scales = {name: items for name, items in scales.items() if name in used}
    return KINDS[kind](frame, scales, paths, confidence=confidence, **how)


def unit_items(data):
    """(a row a unit of each question's mean on 0–100, loyalty and outcome; the scales of several questions)."""
    ends = [LOYALTY, data.end]
    frame = data.units.groupby("unit", as_index=False)[[c for c in ends if c in data.units]].mean()
    scales = {}
    table = data.study.employees
    for name in data.scales.chain:
        items = data.scales.staff[name]
        columns = {name: scale for scale in items.values()} if len(items) == 1 else items
        if len(items) > 1:
            scales[name] = list(items)
        for question, (column, scale) in zip(items, columns.items(), strict=True):
            m = moments(table, question, by="unit")
            enough = m.n >= data.fewest["employees"]
            mean = pd.Series(m.total[:, 0] / m.n + m.centre[0]).where(enough)
            frame = frame.merge(m.keys.assign(**{column: scale.index(mean)}), on="unit", how="left")
    return frame, scales

