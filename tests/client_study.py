"""A study of one company with branches of very different size, small enough to be tallied in a second."""

import csv
import random

STUDY = """format: 1
name: branches
title: "Åkesson & Søn, branches"
language: "{language}"
unit: branch
tables:
  companies: {{file: companies.csv}}
  customers: {{file: customers.csv, constants: {{company: AKESSON}}}}
  employees: {{file: employees.csv, constants: {{company: AKESSON}}}}
  financials: {{file: financials.csv, constants: {{company: AKESSON}}}}
items: {{cx_index: [ease, resolution]}}
self_image: {{same: [ease], service: [ease]}}
fieldwork: {{from: 2023-01-01, to: 2024-12-31, channel: e-mail, invited: invited.csv}}
questions: {{recommend: {{en: "How likely are you to recommend us?", sv: "Hur troligt är det att ni rekommenderar oss?"}}}}
{more}
"""
TOWNS = "Malmö Växjö Umeå Ærø Køge Tønder Ängelholm Örebro Århus Bodø Kiruna Næstved".split()
SIZES = (180, 140, 120, 90, 75, 60, 45, 30, 22, 14, 8, 3)
PLACES = (("shop", 55), ("telephone", 30), ("web", 12), ("complaint", 3))
COMMENTS = ("quick and kind", "mail me at anna.berg@example.org", "ring 070-123 45 67", "born 850312-1234, of course")


def branch_study(folder, *, language="en", seed=1, more="", sizes=SIZES, groups=True):
    """Write the study into ``folder`` and return it: 12 branches, some below the threshold; 2 years; 4 touchpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(seed)
    _write(folder / "companies.csv", ["company", "name"], [["AKESSON", "Åkesson & Søn AB"]])
    _write(folder / "financials.csv", ["branch", "year", "operating_margin"], _margins(draw, sizes))
    customers = [row for town, size in zip(TOWNS, sizes, strict=False) for row in _answers(draw, town, size, groups)]
    head = [
        "response_id",
        "branch",
        "work_group",
        "date",
        "touchpoint",
        "recommend",
        "satisfaction",
        "ease",
        "resolution",
    ]
    _write(folder / "customers.csv", [*head, "comment"], [[f"R{i}", *row] for i, row in enumerate(customers)])
    employees = [row for town, size in zip(TOWNS, sizes, strict=False) for row in _staff(draw, town, size)]
    head = ["response_id", "branch", "work_group", "date", "recommend_employer", "good_company", "trust", "thriving"]
    _write(folder / "employees.csv", [*head, "ease"], [[f"E{i}", *row] for i, row in enumerate(employees)])
    invited = [[town, 4 * size] for town, size in zip(TOWNS, sizes, strict=False)]
    _write(folder / "invited.csv", ["branch", "invited"], invited)
    (folder / "study.yaml").write_text(STUDY.format(language=language, more=more), encoding="utf-8")
    return folder


def _answers(draw, town, size, groups):
    level = draw.gauss(7.6, 0.7)
    for _ in range(size):
        mood = draw.gauss(level, 2)
        ease, resolution = (min(5, max(1, round(mood / 2 + draw.gauss(0, 0.7)))) for _ in range(2))
        place = draw.choices(*zip(*PLACES, strict=True))[0]
        day = f"{draw.choice((2023, 2024))}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        group = f"{town} {draw.choices('ABC', (6, 3, 1))[0]}" if groups else ""
        score = "" if draw.random() < 0.04 else min(10, max(0, round(mood)))
        satisfaction = "" if draw.random() < 0.1 else min(5, max(1, round(mood / 2)))
        yield [town, group, day, place, score, satisfaction, ease, resolution, draw.choice(COMMENTS)]


def _staff(draw, town, size):
    for _ in range(max(4, size // 4)):
        mood = draw.gauss(7, 2)
        scores = [min(5, max(1, round(mood / 2 + draw.gauss(0, 0.6)))) for _ in range(4)]
        group = f"{town} {draw.choices('ABC', (6, 3, 1))[0]}"
        yield [town, group, "2024-10-01", min(10, max(0, round(mood))), *scores]


def _margins(draw, sizes):
    return [
        [town, year, round(draw.gauss(6, 3), 2)] for town, _ in zip(TOWNS, sizes, strict=False) for year in (2023, 2024)
    ]


def _write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
