"""Studies whose truth is known: a whole study folder, drawn answer by answer.

What is drawn is described by `cxstudy.simulated.worlds.Parameters`; the same design as counts, and the
truth, are in `cxstudy.simulated.population`.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from cxstudy.faults import DataError, Fault
from cxstudy.simulated.answering import draw_employer, draw_feelings, recommend_cuts
from cxstudy.simulated.design import draw_design
from cxstudy.simulated.folder import README, STUDY_FILE
from cxstudy.simulated.population import simulate_counts, simulate_groups, truth
from cxstudy.simulated.worlds import WORLDS, Parameters, world_parameters

__all__ = ["SEED", "WORLDS", "Parameters", "simulate", "simulate_counts", "simulate_groups", "tables", "truth"]

SEED = 2025
CONTACT = ("never", "monthly", "weekly", "daily")
SIZES = (("small", 100_000), ("medium", 400_000), ("large", float("inf")))
_OWNERSHIP = (("family", 0.4), ("listed", 0.2), ("cooperative", 0.15), ("private equity", 0.25))
_COUNTRY = (("SE", 0.55), ("DK", 0.2), ("NO", 0.15), ("FI", 0.1))


def simulate(folder, *, world="published", seed=SEED, parameters=None):
    """Write a synthetic study into ``folder`` and return the path of its study.yaml.

    Parameters
    ----------
    folder : path of a new or empty folder.
    world : ``published``, ``null``, ``reversed`` or ``half-size`` (`cxstudy.simulated.worlds`).
    seed : whole number ≥ 0; the same seed, world and parameters give the same tables.
    parameters : dict of parameters to change, by name (`cxstudy.simulated.worlds.Parameters`), or None.

    Writes companies.csv, financials.csv, customers.parquet, employees.csv.gz, truth.json (finding id → population
    value, by `cxstudy.simulated.population.truth`), study.yaml and README.md. The sample in ``data/sample`` is made
    with the defaults.

    Raises ValueError for an unknown world or parameter (valid names offered), DataError when the folder is not empty or
    cannot be written.

    >>> simulate("my/null", world="null", seed=7).name  # doctest: +SKIP
    'study.yaml'
    """
    import pyarrow
    from pyarrow import parquet

    settings = world_parameters(world, parameters)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0; got {seed!r}. Write for instance {SEED}.")
    folder = _empty(folder)
    frames = tables(np.random.default_rng(seed), settings)
    true_values = truth(settings)
    default = (world, seed, dict(parameters or {})) == ("published", SEED, {})
    name = "synthetic-sample" if default else f"synthetic-{world}-{seed}"
    facts = {"name": name, "world": world, "seed": seed, "p": settings, "last_year": settings.calendar[-1]}
    facts["changed"] = "".join(f", {k} = {v}" for k, v in (parameters or {}).items()) or ", nothing changed"
    for stem in ("companies", "financials"):
        (folder / f"{stem}.csv").write_bytes(_csv(frames[stem]))
    # no file name and no time in the gzip header, so that the same tables are the same bytes
    with open(folder / "employees.csv.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(_csv(frames["employees"]))
    # without pandas' own metadata, which would name its version
    answers = pyarrow.Table.from_pandas(frames["customers"], preserve_index=False).replace_schema_metadata(None)
    parquet.write_table(answers, folder / "customers.parquet", compression="zstd")
    text = {
        "truth.json": json.dumps(true_values, indent=1) + "\n",
        "study.yaml": STUDY_FILE.format(**facts),
        "README.md": README.format(**facts, truth="\n".join(f"| {k} | {v:.3f} |" for k, v in true_values.items())),
    }
    for file, content in text.items():
        (folder / file).write_bytes(content.encode("utf-8"))
    return folder / "study.yaml"


def tables(rng, parameters):
    """The four tables of one study as pandas frames, by name: companies, financials, customers, employees."""
    design = draw_design(rng, parameters)
    design = type(design)(**{name: values[0] for name, values in vars(design).items()})
    companies = [f"C{i:03d}" for i in range(1, parameters.companies + 1)]
    first = np.searchsorted(design.company, design.company)
    numbers = np.arange(len(design.company)) - first + 1
    groups = np.array([f"{companies[c]}-{g}" for c, g in zip(design.company, numbers, strict=True)], object)
    companies = np.array(companies, object)
    facts, results = _companies(rng, parameters, design, companies)
    return {
        "companies": facts,
        "financials": results,
        "customers": _customers(rng, parameters, design, companies, groups),
        "employees": _employees(rng, parameters, design, companies, groups),
    }


def _empty(folder):
    folder = Path(folder)
    rule = "a simulated study is written into a new or empty folder."
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            kind = "a folder with files in it" if folder.is_dir() else "a file"
            raise DataError([Fault(rule, f"{kind}.", "choose another folder, or empty this one.", where=str(folder))])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "study.yaml").touch()
    except OSError as error:
        found = f"it cannot be written ({error.strerror})."
        raise DataError([Fault(rule, found, "choose a folder you may write in.", where=str(folder))]) from None
    return folder


def _csv(frame):
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _choose(rng, pairs, n):
    """n names drawn with the given shares, as an object array."""
    names, shares = (np.array(column) for column in zip(*[one[:2] for one in pairs], strict=True))
    return names.astype(object)[rng.choice(len(names), n, p=shares)]


def _holes(rng, values, share):
    """Whole numbers with a share missing at random, as a nullable integer column."""
    import pandas as pd

    return pd.array(np.where(rng.random(len(values)) < share, None, values), dtype="Int8")


def _companies(rng, p, design, companies):
    import pandas as pd

    n, years = len(companies), p.calendar
    revenue = p.revenue_median * np.exp(p.revenue_spread * rng.standard_normal(n))
    sizes, limits = zip(*SIZES, strict=True)
    facts = pd.DataFrame(
        {
            "company": companies,
            "name": [f"Synthetic {code[1:]} AB" for code in companies],
            "industry": np.array([name for name, _ in p.industries], object)[design.industry],
            "size": np.array(sizes, object)[np.searchsorted(limits, revenue)],
            "ownership": _choose(rng, _OWNERSHIP, n),
            "country": _choose(rng, _COUNTRY, n),
        }
    )
    growth = np.round(design.growth, 2)
    path = np.maximum(np.round(revenue[:, None] * np.cumprod(1 + growth / 100, axis=1)), 1.0)
    profit = np.round(path * design.margin / 100)
    results = pd.DataFrame(
        {
            "company": np.repeat(companies, len(years)),
            "year": np.tile(years, n),
            "revenue": path.ravel().astype(np.int64),
            "operating_profit": pd.array(np.where(np.isnan(profit), None, profit).ravel(), dtype="Int64"),
            "organic_growth": growth.ravel(),
        }
    )
    return facts, results


def _customers(rng, p, design, companies, groups):
    """One row per answer in the order of the dates; the answers of one customer share a person's part."""
    import pandas as pd

    years = len(p.calendar)
    cell = np.repeat(np.arange(design.answers.size), design.answers.ravel())
    day = rng.integers(0, 365, len(cell))
    order = np.lexsort((cell, day, cell % years))
    cell, day = cell[order], day[order]
    group, year = cell // years, cell % years
    n, experience = len(cell), design.experience.ravel()[cell]
    person = rng.standard_normal(n)

    def mixed(common):
        return np.sqrt(common) * person + np.sqrt(1 - common) * rng.standard_normal(n)

    def rounded(mean, slope, spread, high):
        return np.clip(np.rint(mean + slope * experience + spread * mixed(p.cx_common)), 1, high).astype(int)

    names, shares, shifts = zip(*p.touchpoints, strict=True)
    touched = rng.choice(len(names), n, p=shares)
    liking = p.loyalty_sd * experience + np.array(shifts)[touched] + mixed(p.cx_common)
    recommend = np.searchsorted(recommend_cuts(p), liking)
    recommend[rng.random(n) < p.dont_know_share] = 99
    dates = np.array([f"{y}-01-01" for y in p.calendar], "datetime64[D]")[year] + day
    answers = {
        "response_id": [f"R{i:06d}" for i in range(1, n + 1)],
        "company": companies[design.company[group]],
        "work_group": groups[group],
        "customer": [f"K{i:06d}" for i in 1 + rng.permutation(n)],
        "date": pd.array(dates.astype(object)),
        "touchpoint": np.array(names, object)[touched],
        "recommend": _holes(rng, recommend, p.missing_share),
        "satisfaction": _holes(rng, rounded(p.cx_mean + 0.3, p.cx_group_sd, p.cx_person_sd, 10), p.missing_share),
        "effort": _holes(rng, rounded(3.0, -0.5, -1.3, 7), p.missing_share),
    }
    for item, offset in p.cx_items:
        values = rounded(p.cx_mean + offset, p.cx_group_sd, p.cx_person_sd, 10)
        answers[item] = _holes(rng, values, p.missing_share)
    driver = _choose(rng, p.drivers, n)
    driver[rng.random(n) < p.missing_share] = None
    return pd.DataFrame({**answers, "stated_driver": driver})


def _employees(rng, p, design, companies, groups):
    """One row per employee; climate moves all questions, contact with customers only recommend_employer."""
    import pandas as pd

    group = np.repeat(np.arange(len(groups)), design.employees)
    n = len(group)
    feelings, person = draw_feelings(rng, p, design.climate, group)
    climate = p.climate_sd * design.climate[group]
    employer, contact = draw_employer(rng, p, design.climate[group], person)
    spread = np.sqrt(1 + p.climate_sd**2)

    def value():
        return climate + np.sqrt(p.feeling_common) * person + np.sqrt(1 - p.feeling_common) * rng.standard_normal(n)

    answers = {"recommend_employer": employer}
    answers |= {name: feelings[:, i] for i, name in enumerate(("good_company", "trust", "thriving"))}
    five = spread * ndtri(np.cumsum(p.feeling_shares)[:-1])
    answers["leadership"] = 1 + np.searchsorted(five, value())
    answers["engagement"] = np.clip(np.rint(7.3 + 1.7 * value()), 1, 10).astype(int)
    # the order of the file says nothing about who sits together
    order = rng.permutation(n)
    frame = pd.DataFrame(
        {
            "company": companies[design.company[group]],
            "work_group": groups[group],
            "role": np.where(rng.random(n) < p.manager_share, "manager", "employee"),
            "date": rng.choice(np.array([f"{p.calendar[-1]}-09-{d:02d}" for d in range(1, 31)], object), n),
            **{name: _holes(rng, values, p.missing_share) for name, values in answers.items()},
            "customer_contact": np.array(CONTACT, object)[contact],
        }
    ).iloc[order]
    frame.insert(0, "response_id", [f"E{i:05d}" for i in range(1, n + 1)])
    return frame.reset_index(drop=True)
