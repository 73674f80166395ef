"""Studies as counts and moments, by the thousand; and the truth a simulated study was made with.

One design (`cxstudy.simulated.design`) serves both the rows of a study's files and the counts here; the
letters S, C, G, Y stand for studies, companies, work groups and years.
"""

from dataclasses import dataclass

import numpy as np

from cxstudy.simulated.answering import classes, cx_moments, draw_classes, draw_employer, draw_feelings
from cxstudy.simulated.design import Design, draw_design

TRUTH_SEED = 20_250_101
TRUTH_COMPANIES = 96_000


@dataclass(frozen=True)
class Counts:
    """Customers' answers by company and year as counts, with the results beside them.

    ``promoters``, ``passives``, ``detractors``, ``missing`` [S, C, Y] are numbers of answers; ``nps`` and
    ``promoter_share`` [S, C] are free of sampling error (NPS points, percent): what the company's work groups would
    give with very many answers each; ``design`` holds margin and growth.
    """

    promoters: np.ndarray
    passives: np.ndarray
    detractors: np.ndarray
    missing: np.ndarray
    nps: np.ndarray
    promoter_share: np.ndarray
    design: Design

    def pooled(self):
        """Observed NPS and promoter share of each company over all years [S, C], nan without an answer."""
        p, a, d = (x.sum(-1) for x in (self.promoters, self.passives, self.detractors))
        n = np.where(p + a + d > 0, p + a + d, np.nan)
        return 100 * (p - d) / n, 100 * p / n


@dataclass(frozen=True)
class Groups:
    """Work groups [S, G]: mean CX on the raw scale 1–10 (nan without answers), means of the three feelings [S, G, 3]
    on 1–5 and of recommend_employer on 0–10 (``employer``), and the ``company`` index.

    ``answers`` and ``employees`` are numbers of customers and of employees; ``promoters``, ``passives``, ``detractors``
    numbers of customers who answered recommend, over all years. No employee's answer is missing. ``disengaged`` is the
    % of a group's employees whose mean of the three feelings is under 3. ``contact`` [S, C, 3, 3] holds the products of
    1, the step of customer contact (0–3, less 1.5) and the eNPS score (−100, 0, 100), summed over each company's
    employees.
    """

    cx: np.ndarray
    feelings: np.ndarray
    employer: np.ndarray
    company: np.ndarray
    answers: np.ndarray
    employees: np.ndarray
    promoters: np.ndarray
    passives: np.ndarray
    detractors: np.ndarray
    disengaged: np.ndarray
    contact: np.ndarray


def simulate_counts(rng, parameters, studies=1):
    """Draw ``studies`` studies as counts: what `cxstudy.simulate.simulate` draws answer by answer.

    ``rng`` is a `numpy.random.Generator`, ``parameters`` a `cxstudy.simulated.worlds.Parameters`. Returns `Counts`; a thousand
    studies of 240 companies take some seconds and 1 GB, so ask for a few hundred at a time.

    >>> from cxstudy.simulated.worlds import WORLDS
    >>> counts = simulate_counts(np.random.default_rng(1), WORLDS["null"], studies=2)
    >>> counts.promoters.shape
    (2, 240, 3)
    """
    p, design = parameters, draw_design(rng, parameters, studies)
    promoter, detractor = classes(p, design.experience)
    drawn = draw_classes(rng, p, design.answers, promoter, detractor)
    starts = np.flatnonzero(np.diff(design.company, axis=1, prepend=-1).ravel())

    def by_company(values):
        flat = values.reshape(-1, *values.shape[2:])
        return np.add.reduceat(flat, starts, axis=0).reshape(studies, p.companies, *values.shape[2:])

    answered = by_company(drawn)
    total = by_company(design.answers).sum(-1)
    fans, critics = (100 * by_company(x * design.answers).sum(-1) / total for x in (promoter, detractor))
    return Counts(
        promoters=answered[..., 0],
        detractors=answered[..., 1],
        passives=answered[..., 2],
        missing=answered[..., 3],
        nps=fans - critics,
        promoter_share=fans,
        design=design,
    )


def simulate_groups(rng, parameters, studies=1):
    """Draw ``studies`` studies' work groups: employees one by one, customers' CX as group means.

    Returns `Groups`. The mean of a group's customers is drawn as a normal with the exact mean and variance of its
    answers. A thousand studies take some seconds.
    """
    p, design = parameters, draw_design(rng, parameters, studies)
    mean, variance = cx_moments(p, design.experience)
    n = design.answers.sum(-1)
    safe = np.where(n > 0, n, np.nan)
    cx = (design.answers * mean).sum(-1) / safe
    cx = cx + np.sqrt((design.answers * variance).sum(-1)) / safe * rng.standard_normal(cx.shape)
    size = design.employees.ravel()
    group = np.repeat(np.arange(len(size)), size)
    feelings, person = draw_feelings(rng, p, design.climate.ravel(), group)
    employer, step = draw_employer(rng, p, design.climate.ravel()[group], person)
    drawn = draw_classes(rng, p, design.answers, *classes(p, design.experience)).sum(axis=2)
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    low = feelings.sum(axis=1) < 3 * feelings.shape[1]
    means = np.add.reduceat(feelings, starts, axis=0, dtype=np.int64) / size[:, None]
    return Groups(
        cx=cx,
        feelings=means.reshape(studies, p.groups, 3),
        employer=(np.add.reduceat(employer, starts) / size).reshape(studies, p.groups),
        company=design.company,
        answers=n,
        employees=design.employees,
        promoters=drawn[..., 0],
        detractors=drawn[..., 1],
        passives=drawn[..., 2],
        disengaged=100 * (np.add.reduceat(low, starts, dtype=np.int64) / size).reshape(studies, -1),
        contact=_contact(design, step, employer, size),
    )


def _contact(design, step, employer, size):
    """Products of 1, step − 1.5 and eNPS score by company [S, C, 3, 3]."""
    score = 100.0 * ((employer >= 9).astype(int) - (employer <= 6))
    columns = np.column_stack([np.ones(len(step)), step - 1.5, score])
    # groups stand in the order of their companies: a company starts where its first group's employees do
    groups = np.flatnonzero(np.diff(design.company, axis=1, prepend=-1).ravel())
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])[groups]
    products = np.add.reduceat(columns[:, :, None] * columns[:, None, :], starts, axis=0)
    return products.reshape(len(design.company), -1, 3, 3)


def truth(parameters):
    """The observed-score population values of a world, by finding id.

    They come from one large simulation of the same design (some 96,000 companies in studies of the size asked for,
    pooled): what the study's own estimator would give with very many companies. Margins enter by their mean and
    variance given loyalty rather than drawn, so that only loyalty and answers carry Monte Carlo error (standard error
    of tier means about 0.04 points, of R² 0.002). Tiers are quarters; groups count alike, whatever their size. Ids that
    end in ``_latent`` are free of sampling error in loyalty. A finding that the design cannot give is left out.
    """
    p = parameters
    studies = max(1, min(TRUTH_COMPANIES // p.companies, 2 * TRUTH_COMPANIES // p.groups))
    counts = simulate_counts(np.random.default_rng(TRUTH_SEED), p, studies)
    groups = simulate_groups(np.random.default_rng(TRUTH_SEED + 1), p, studies)
    design = counts.design
    values = {}
    for prefix, mean, rest in (
        ("nps_margin", design.expected, design.residual),
        ("nps_margin.organic_growth", design.growth_expected, design.growth_residual),
    ):
        values |= _loyalty_truth(prefix, counts, mean.ravel(), rest.mean())
    nps, share = (x.ravel() for x in (counts.nps, counts.promoter_share))
    total = design.expected.var() + design.residual.mean()
    for name, latent in (("nps", nps), ("promoter_share", share)):
        values[f"loyalty_share.r2_{name}"] = values[f"nps_margin.correlation_{name}"] ** 2
        covariance = np.cov(latent, design.expected.ravel(), ddof=0)[0, 1]
        values[f"loyalty_share.r2_{name}_latent"] = covariance**2 / (latent.var() * total)
    values |= _group_truth(p, groups) | _driver_truth(p)
    return {name: float(value) for name, value in values.items()}


def _loyalty_truth(prefix, counts, mean, residual):
    values = {}
    total = mean.var() + residual
    for (name, tail), loyalty in zip((("nps", "_nps"), ("promoter_share", "")), counts.pooled(), strict=True):
        loyalty = loyalty.ravel()
        known = ~np.isnan(loyalty)
        x, y = loyalty[known], mean[known]
        low, high = np.quantile(x, [0.25, 0.75])
        top, bottom = y[x > high].mean(), y[x <= low].mean()
        covariance = ((x - x.mean()) * (y - y.mean())).mean()
        values[f"{prefix}.top_tier{tail}"] = top
        values[f"{prefix}.bottom_tier{tail}"] = bottom
        values[f"{prefix}.top_minus_bottom{tail}"] = top - bottom
        values[f"{prefix}.slope" + ("" if name == "nps" else "_promoter_share")] = 10 * covariance / x.var()
        values[f"{prefix}.correlation_{name}"] = covariance / np.sqrt(x.var() * total)
    return values


def _driver_truth(p):
    """What customers name does not depend on their company: the shares (%) and ranks put in, ties sharing the first."""
    shares = {name: 100 * share for name, share in p.drivers}
    values = {f"drivers.stated_{name}": share for name, share in shares.items()}
    for name, share in shares.items():
        values[f"drivers.stated_rank_{name}"] = 1 + sum(other > share + 1e-9 for other in shares.values())
    if {"resolution", "engagement"} <= set(shares):
        values["drivers.stated_resolution_minus_engagement"] = shares["resolution"] - shares["engagement"]
    return values


def _group_truth(p, groups):
    high = (groups.feelings >= p.feeling_cut).all(-1) & ~np.isnan(groups.cx)
    rest = ~high & ~np.isnan(groups.cx)
    if not high.any() or not rest.any():
        return {}
    above, below = groups.cx[high].mean(), groups.cx[rest].mean()
    return {
        "employee_ambassadors.ratio_raw": above / below,
        "employee_ambassadors.ratio_100": (above - 1) / (below - 1),
        "employee_ambassadors.points": (above - below) * 100 / 9,
    }
