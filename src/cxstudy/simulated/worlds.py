"""The worlds a simulated study can be drawn from: every figure a named parameter.

``published`` is the world in which the published figures hold as observed-score population
values; ``null`` has no link between customers, employees and results; ``reversed`` has the
links with the other sign; ``half-size`` has links half as strong. The distributions of the
single columns are the same in all four. The parameters of ``published`` were found by
turning them until `cxstudy.simulated.population.truth` gave the published figures.
"""

from dataclasses import dataclass, fields, replace
from math import sqrt

from cxstudy.faults import unknown_name

_DRIVERS = (
    ("ease", 0.28),
    ("resolution", 0.19),
    ("engagement", 0.19),
    ("competence", 0.14),
    ("waiting_time", 0.12),
    ("follow_up", 0.08),
)
_TOUCHPOINTS = (("branch", 0.22, 0.10), ("phone", 0.30, -0.05), ("web", 0.33, 0.05), ("complaint", 0.15, -0.1567))
_INDUSTRIES = (
    ("bank", 3.0),
    ("construction", -1.0),
    ("energy", 1.5),
    ("retail", -2.0),
    ("software", 1.0),
    ("transport", -2.5),
)


@dataclass(frozen=True)
class Parameters:
    """Everything a simulated study is drawn from.

    *Design.* ``companies``, ``groups`` (work groups, at least one a company), ``answers`` (customer
    answers) and ``employees`` are numbers in one study; ``first_year`` and ``years`` its calendar years;
    ``answers_spread`` the SD of the natural logarithm of answers a company.

    *Customers.* The experience of a work group is a standard normal: ``company_share`` of its variance lies
    between companies, the rest between the groups of a company; a company's part moves from year to year
    with SD ``loyalty_year_sd`` (in SDs of that part). ``recommend_shares`` are the shares of the answers 0…10
    over all companies; ``loyalty_sd`` is how far one SD of experience moves an answer, in SDs of the persons
    of one group. ``touchpoints`` lists name, share of the answers, and shift in the same SDs.
    ``cx_mean`` and ``cx_group_sd`` are mean and SD between groups of the items ease, resolution, engagement on
    the raw scale 1–10 before answers are rounded and cut to it; ``cx_items`` lists item and its distance from
    the mean; ``cx_person_sd`` is the SD between customers of a group; ``cx_common`` the share of that variance
    a customer's answers have in common. ``drivers`` lists what is named as most important, with its share.

    *Employees.* The climate of a work group is a standard normal with the same ``company_share``;
    ``climate_sd`` is how far one SD of it moves an answer, in SDs of the persons of one group;
    ``climate_common`` is the correlation of the three feelings' group parts; ``feeling_common`` the share of
    a person's variance the answers have in common; ``feeling_shares`` the shares of the answers 1…5;
    ``employer_shares`` those of recommend_employer 0…10; ``feeling_cut`` the group mean (1–5) from which on a
    feeling counts as high in the truth; ``contact_slope`` the shift of recommend_employer for one level more of
    customer contact, in person SDs; ``contact_shares`` the shares of the levels never, monthly, weekly, daily;
    ``manager_share`` the share of managers.

    *Results.* Operating margin in %: ``margin_mean``; ``margin_sd`` the SD of the lasting part between companies,
    ``margin_year_sd`` that of a single year, both in percentage points; ``margin_tail_df`` the degrees of freedom of
    the Student t both are drawn from (scaled to the SD). ``industries`` lists name and distance of the margin from
    the mean, in points. Organic growth in %: ``growth_mean``, ``growth_sd``, ``growth_year_sd`` likewise; it follows
    the loyalty of the year before. ``revenue_median`` in SEK thousands, ``revenue_spread`` SD of its logarithm.

    *Links* (correlations, −1…1). ``margin_link`` and ``growth_link``: of the lasting part with the company's
    experience; ``ambassador_link``: of a group's climate with its customers' experience.

    *Holes.* ``missing_share`` of the answers to a question are missing at random; ``dont_know_share`` of recommend
    are the code 99; ``missing_year`` is the share of companies that lack the profit of one year.

    Raises ValueError when a value is out of its range.
    """

    companies: int = 240
    groups: int = 600
    answers: int = 45_000
    employees: int = 9_000
    first_year: int = 2022
    years: int = 3
    answers_spread: float = 0.9

    company_share: float = 0.65
    loyalty_year_sd: float = 0.2
    recommend_shares: tuple = (0.035, 0.015, 0.02, 0.03, 0.035, 0.065, 0.07, 0.15, 0.21, 0.17, 0.20)
    loyalty_sd: float = 0.36
    touchpoints: tuple = _TOUCHPOINTS
    cx_mean: float = 6.8
    cx_group_sd: float = 1.5
    cx_items: tuple = (("ease", 0.2), ("resolution", -0.1), ("engagement", -0.1))
    cx_person_sd: float = 1.8
    cx_common: float = 0.6
    drivers: tuple = _DRIVERS

    climate_sd: float = 0.52
    climate_common: float = 0.85
    feeling_common: float = 0.5
    feeling_shares: tuple = (0.04, 0.09, 0.23, 0.38, 0.26)
    employer_shares: tuple = (0.05, 0.02, 0.03, 0.04, 0.05, 0.09, 0.09, 0.16, 0.20, 0.13, 0.14)
    feeling_cut: float = 4.0
    contact_slope: float = -0.15
    contact_shares: tuple = (0.15, 0.20, 0.25, 0.40)
    manager_share: float = 0.1

    margin_mean: float = 3.77
    margin_sd: float = 8.5
    margin_year_sd: float = 5.0
    margin_tail_df: float = 8.0
    industries: tuple = _INDUSTRIES
    growth_mean: float = 4.0
    growth_sd: float = 3.0
    growth_year_sd: float = 5.0
    revenue_median: float = 180_000.0
    revenue_spread: float = 1.1

    margin_link: float = 0.59
    growth_link: float = 0.5
    ambassador_link: float = 0.81

    missing_share: float = 0.015
    dont_know_share: float = 0.01
    missing_year: float = 0.03

    def __post_init__(self):
        for name in ("companies", "groups", "answers", "employees", "years", "first_year"):
            if not isinstance(getattr(self, name), int):
                found = getattr(self, name)
                raise ValueError(f"{name} must be a whole number; got {found!r}. Write it without a point.")
        for name in ("companies", "years"):
            _inside(name, getattr(self, name), 1, float("inf"))
        _inside("first_year", self.first_year, 1900, 2100 - self.years)
        for name in ("groups", "answers"):
            _inside(name, getattr(self, name), self.companies, float("inf"))
        _inside("employees", self.employees, 3 * self.groups, float("inf"))
        for name in ("margin_link", "growth_link", "ambassador_link"):
            _inside(name, getattr(self, name), -1, 1)
        for name in _SHARES:
            _inside(name, getattr(self, name), 0, 1)
        for name in _SPREADS:
            _inside(name, getattr(self, name), 0, float("inf"))
        _inside("margin_tail_df", self.margin_tail_df, 2.5, float("inf"))
        for name, length in _LENGTHS.items():
            _adds_up(name, getattr(self, name), length)
        for name in ("touchpoints", "drivers"):
            _adds_up(name, [one[1] for one in getattr(self, name)], None)
        offset = sum(o * o for _, o in self.industries) / len(self.industries)
        if self.margin_sd and self.margin_link**2 + offset / self.margin_sd**2 > 1:
            most = sqrt(max(0.0, 1 - offset / self.margin_sd**2))
            raise ValueError(
                f"margin_link and the industries together cannot explain more than all of margin_sd; "
                f"got margin_link {self.margin_link}. Choose it between {-most:.2f} and {most:.2f}, or raise margin_sd."
            )

    @property
    def calendar(self):
        """The calendar years of the study, in order."""
        return tuple(range(self.first_year, self.first_year + self.years))


_LENGTHS = {"recommend_shares": 11, "employer_shares": 11, "feeling_shares": 5, "contact_shares": 4}
_SHARES = (
    "company_share", "cx_common", "climate_common", "feeling_common",
    "manager_share", "missing_share", "dont_know_share", "missing_year",
)  # fmt: skip
_SPREADS = (
    "answers_spread", "loyalty_year_sd", "loyalty_sd", "cx_group_sd", "cx_person_sd", "climate_sd", "margin_sd",
    "margin_year_sd", "growth_sd", "growth_year_sd", "revenue_median", "revenue_spread",
)  # fmt: skip


def _inside(name, value, low, high):
    if not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number; got {value!r}. Write it without quotes.")
    if not low <= value <= high:
        limits = f"at least {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} must be {limits}; got {value}. Choose a value in that range.")


def _adds_up(name, shares, length):
    if length and len(shares) != length:
        raise ValueError(f"{name} must hold {length} shares; got {len(shares)}. Give one for each answer.")
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        found = f"the sum {sum(shares):g}, the smallest {min(shares):g}"
        raise ValueError(f"{name} must be positive shares that add up to 1; got {found}. Mend the shares.")


def _linked(factor):
    """The published world with every link multiplied by ``factor``; driver shares move away from equality by it."""
    base = Parameters()
    equal = 1 / len(base.drivers)
    return replace(
        base,
        margin_link=factor * base.margin_link,
        growth_link=factor * base.growth_link,
        ambassador_link=factor * base.ambassador_link,
        contact_slope=factor * base.contact_slope,
        drivers=tuple((name, equal + factor * (share - equal)) for name, share in base.drivers),
    )


WORLDS = {"published": Parameters(), "null": _linked(0.0), "reversed": _linked(-1.0), "half-size": _linked(0.5)}


def world_parameters(world="published", parameters=None):
    """The `Parameters` of a world, with those named in the dict ``parameters`` replaced.

    Raises ValueError for an unknown world or parameter, and offers the valid names.

    >>> world_parameters("null", {"companies": 60}).margin_link
    0.0
    """
    if world not in WORLDS:
        raise ValueError(unknown_name("world", world, WORLDS))
    changes = dict(parameters or {})
    valid = [f.name for f in fields(Parameters)]
    for name in changes:
        if name not in valid:
            raise ValueError(unknown_name("parameter", name, valid))
    return replace(WORLDS[world], **changes)
