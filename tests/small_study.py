"""A study small enough to be run in a second, and notebooks that need nothing but it."""

import csv

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

OPEN = "import cxstudy as cx\nthe_study = cx.open_study(study)"
PARAMETERS = (
    'study = ""  # the study\nout = ""  # where the results go\nfactor = 2  # what the share is multiplied with'
)
RECORD = (
    'mine = cx.finding("my.{name}", 100 / 3 * factor, ci_low=30.0, ci_high=70.0, confidence=0.95, unit="%", n=80)\n'
    "the_study.record(mine, out)"
)


def write_study(folder, companies=12, answers=10, **extra):
    """A study folder: ``companies`` companies with a margin each, ``answers`` answers a company."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}" for number in range(companies)]
    _write(folder / "companies.csv", ["company", "name"], [[n, f"Firm {n}"] for n in names])
    margins = [[n, 2024, 2 + i % 7 + i / 10] for i, n in enumerate(names)]
    _write(folder / "financials.csv", ["company", "year", "operating_margin"], margins)
    rows = [[f"{n}-{k}", n, "2024-05-01", (3 + k + i) % 11] for i, n in enumerate(names) for k in range(answers)]
    _write(folder / "customers.csv", ["response_id", "company", "date", "recommend"], rows)
    lines = ["format: 1", "name: small", *(f"{key}: {value}" for key, value in extra.items()), "tables:"]
    lines += [f"  {name}: {{file: {name}.csv}}" for name in ("companies", "financials", "customers")]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_notebook(folder, name, *cells, parameters=PARAMETERS, opened=True, record=True):
    """A notebook ``name`` with a heading, parameters, set-up, the given cells and a record cell."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [new_markdown_cell(f"# Page of {name}"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    made += [new_code_cell(OPEN, metadata={"tags": ["setup"]})] if opened else []
    made += [new_code_cell(cell) for cell in cells]
    made += (
        [new_code_cell(RECORD.format(name=name.strip("0123456789_")), metadata={"tags": ["record"]})] if record else []
    )
    nbformat.write(new_notebook(cells=made), folder / f"{name}.ipynb")


def _write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
