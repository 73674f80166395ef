"""How the customers and employees of a simulated study answer, given experience and climate.

All are drawn from `cxstudy.simulated.worlds.Parameters`; who they are is in `cxstudy.simulated.design`.
"""

import numpy as np
from scipy.special import ndtr, ndtri


def recommend_cuts(parameters):
    """The ten cuts of the normal scale between the answers 0|1 … 9|10 that give ``recommend_shares`` overall."""
    p = parameters
    shares, shifts = (np.array([one[k] for one in p.touchpoints]) for k in (1, 2))
    spread = p.loyalty_sd**2 * (1 + p.company_share * p.loyalty_year_sd**2) + 1
    centre = shares @ shifts
    spread += shares @ (shifts - centre) ** 2
    return centre + np.sqrt(spread) * ndtri(np.cumsum(p.recommend_shares)[:-1])


def classes(p, experience):
    """Probabilities of promoter and detractor given experience, averaged over touchpoints."""
    cuts = recommend_cuts(p)
    centre = p.loyalty_sd * experience
    promoter, detractor = np.zeros_like(centre), np.zeros_like(centre)
    for _, share, shift in p.touchpoints:
        promoter += share * ndtr(centre + shift - cuts[8])
        detractor += share * ndtr(cuts[6] - centre - shift)
    return promoter, detractor


def draw_classes(rng, p, answers, promoter, detractor):
    """Numbers of promoters, detractors, passives and missing answers [..., 4]."""
    asked = (1 - p.missing_share) * (1 - p.dont_know_share)
    chances = np.stack([promoter, detractor, 1 - promoter - detractor], -1) * asked
    chances = np.concatenate([chances, np.full((*promoter.shape, 1), 1 - asked)], -1)
    return rng.multinomial(answers, chances)


def cx_moments(parameters, experience):
    """Mean and variance of one customer's CX (mean of the items, raw 1–10) in a group with this experience.

    By Gauss–Hermite quadrature over what the customer's answers have in common, on a grid, interpolated.
    """
    p = parameters
    grid = np.linspace(-7, 7, 281)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    centre = p.cx_mean + p.cx_group_sd * grid[:, None] + p.cx_person_sd * np.sqrt(p.cx_common) * nodes
    own = p.cx_person_sd * np.sqrt(1 - p.cx_common)
    levels, cuts = np.arange(1, 11), np.arange(1.5, 10)
    first, second = np.zeros_like(centre), np.zeros_like(centre)
    for _, offset in p.cx_items:
        below = ndtr((cuts - (centre + offset)[..., None]) / own)
        chance = np.diff(below, axis=-1, prepend=0.0, append=1.0)
        mean = chance @ levels
        first += mean / len(p.cx_items)
        second += (chance @ levels**2 - mean**2) / len(p.cx_items) ** 2
    mean = first @ weights
    variance = second @ weights + (first**2) @ weights - mean**2
    return np.interp(experience, grid, mean), np.interp(experience, grid, variance)


def draw_feelings(rng, parameters, climate, group):
    """Answers 1–5 [employees, 3] to good company, trust and thriving, and the person's own part [employees].

    ``climate`` [groups] in SDs, ``group`` [employees] the index of each employee's group.
    """
    p = parameters
    own = rng.standard_normal((len(climate), 3))
    part = np.sqrt(p.climate_common) * climate[:, None] + np.sqrt(1 - p.climate_common) * own
    person = rng.standard_normal(len(group))
    value = p.climate_sd * part[group] + np.sqrt(p.feeling_common) * person[:, None]
    value += np.sqrt(1 - p.feeling_common) * rng.standard_normal((len(group), 3))
    cuts = np.sqrt(1 + p.climate_sd**2) * ndtri(np.cumsum(p.feeling_shares)[:-1])
    return 1 + np.searchsorted(cuts, value).astype(np.int8), person


def draw_employer(rng, parameters, climate, person):
    """Answers 0–10 to recommend_employer, and levels 0–3 of contact with customers [employees].

    ``climate`` [employees] in SDs, that of each one's group; ``person`` as from `draw_feelings`.
    """
    p, n = parameters, len(person)
    contact = rng.choice(len(p.contact_shares), n, p=p.contact_shares)
    centred = contact - np.dot(range(len(p.contact_shares)), p.contact_shares)
    value = p.climate_sd * climate + np.sqrt(p.feeling_common) * person
    value = value + np.sqrt(1 - p.feeling_common) * rng.standard_normal(n) + p.contact_slope * centred
    cuts = np.sqrt(1 + p.climate_sd**2) * ndtri(np.cumsum(p.employer_shares)[:-1])
    return np.searchsorted(cuts, value), contact
