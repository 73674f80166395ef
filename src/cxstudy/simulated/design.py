"""Who is in a simulated study and what they are like, before anybody answers.

Arrays run over studies S, companies C, work groups G and years Y of `cxstudy.simulated.worlds.Parameters`;
the groups of one study stand in the order of their companies.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Design:
    """What is fixed before anybody answers: who belongs to whom, experience, climate, results.

    ``company`` [S, G] index of each group's company; ``experience`` [S, G, Y] of customers and ``climate`` [S, G] of
    employees (SDs); ``answers`` [S, G, Y] and ``employees`` [S, G] numbers; ``industry`` [S, C] index; ``margin`` and
    ``growth`` [S, C, Y] in %, margin nan where missing; ``expected`` [S, C] is the mean of the pooled margin given
    loyalty, ``residual`` [S, C] its variance around that; ``growth_expected``, ``growth_residual`` likewise.
    """

    company: np.ndarray
    experience: np.ndarray
    climate: np.ndarray
    answers: np.ndarray
    employees: np.ndarray
    industry: np.ndarray
    margin: np.ndarray
    growth: np.ndarray
    expected: np.ndarray
    residual: np.ndarray
    growth_expected: np.ndarray
    growth_residual: np.ndarray


def _sizes(rng, total, parts, studies, least):
    """Whole numbers [S, parts] of at least ``least`` that add up to ``total`` in every study."""
    weights = rng.gamma(6.0, size=(studies, parts))
    return least + rng.multinomial(total - least * parts, weights / weights.sum(1, keepdims=True))


def _tailed(rng, df, shape):
    """Student t scaled to variance 1."""
    return rng.standard_t(df, shape) * np.sqrt((df - 2) / df)


def draw_design(rng, parameters, studies=1):
    """Draw companies, work groups and results of ``studies`` studies; returns a `Design`."""
    p, s = parameters, studies
    size = 1 + rng.multinomial(p.groups - p.companies, np.full(p.companies, 1 / p.companies), size=s)
    company = np.repeat(np.tile(np.arange(p.companies), s), size.ravel()).reshape(s, p.groups)

    climate = [rng.standard_normal((s, n)) for n in (p.companies, p.groups)]
    link, rest = p.ambassador_link, np.sqrt(1 - p.ambassador_link**2)
    lasting, group = (link * c + rest * rng.standard_normal(c.shape) for c in climate)
    # one year more at the start: growth follows the loyalty of the year before
    loyalty = lasting[..., None] + p.loyalty_year_sd * rng.standard_normal((s, p.companies, p.years + 1))

    def mixed(of_company, of_group):
        return np.sqrt(p.company_share) * of_company + np.sqrt(1 - p.company_share) * of_group

    of_company = np.take_along_axis(loyalty[..., 1:], company[..., None], axis=1)
    answers = _answers(rng, p, company, s)
    return Design(
        company=company,
        experience=mixed(of_company, group[..., None]),
        climate=mixed(np.take_along_axis(climate[0], company, axis=1), climate[1]),
        answers=answers,
        employees=_sizes(rng, p.employees, p.groups, s, 3),
        **_results(rng, p, loyalty),
    )


def _answers(rng, p, company, studies):
    """Answers by group and year [S, G, Y]: lognormal between companies, by chance within; at least one a company."""
    weight = np.exp(p.answers_spread * rng.standard_normal((studies, p.companies)))
    part = rng.gamma(4.0, size=company.shape)
    offset = (np.arange(studies) * p.companies)[:, None]
    total = np.bincount((company + offset).ravel(), part.ravel(), studies * p.companies).reshape(studies, p.companies)
    share = part * np.take_along_axis(weight / total, company, axis=1)
    share = np.repeat(share[..., None], p.years, axis=2).reshape(studies, -1)
    share /= share.sum(1, keepdims=True)
    answers = rng.multinomial(p.answers - p.companies, share).reshape(studies, p.groups, p.years)
    first = np.diff(company, axis=1, prepend=-1) > 0
    answers[..., -1] += first
    return answers


def _results(rng, p, loyalty):
    """Margins and growth of companies, and their mean and variance given loyalty."""
    s, c, y = loyalty.shape[0], p.companies, p.years
    offsets = np.array([offset for _, offset in p.industries])
    industry = rng.integers(len(offsets), size=(s, c))
    lasting_variance = p.margin_sd**2 * (1 - p.margin_link**2) - (offsets**2).mean()
    expected = p.margin_mean + p.margin_sd * p.margin_link * loyalty[..., 1:]
    margin = (
        expected
        + offsets[industry][..., None]
        + np.sqrt(lasting_variance) * _tailed(rng, p.margin_tail_df, (s, c, 1))
        + p.margin_year_sd * _tailed(rng, p.margin_tail_df, (s, c, y))
    )
    gone = np.zeros((s, c, y), bool)
    if y > 1:
        year = rng.integers(y, size=(s, c, 1))
        lacks = rng.random((s, c, 1)) < p.missing_year
        np.put_along_axis(gone, year, lacks, axis=2)
    kept = y - gone.sum(-1)
    growth_rest = p.growth_sd**2 * (1 - p.growth_link**2)
    growth_expected = p.growth_mean + p.growth_sd * p.growth_link * loyalty[..., :-1]
    growth = (
        growth_expected
        + np.sqrt(growth_rest) * rng.standard_normal((s, c, 1))
        + p.growth_year_sd * rng.standard_normal((s, c, y))
    )
    return {
        "industry": industry,
        "margin": np.where(gone, np.nan, margin),
        "growth": growth,
        "expected": np.where(gone, 0, expected).sum(-1) / kept,
        "residual": lasting_variance + (offsets**2).mean() + p.margin_year_sd**2 / kept,
        "growth_expected": growth_expected.mean(-1),
        "growth_residual": np.full((s, c), growth_rest + p.growth_year_sd**2 / y),
    }
