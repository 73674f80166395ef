"""A tiny valid study that a test may change: ``small_study()`` writes it and returns its folder."""

import pytest

STUDY = """format: 1
name: small
unit: company
tables:
  companies: {file: companies.csv}
  financials: {file: financials.csv, currency: SEK, unit: thousands}
  customers: {file: customers.csv}
"""
COMPANIES = [f"C{i:03}" for i in range(1, 13)]


def _companies():
    rows = [f"{c},Company {c},{'bank' if c < 'C007' else 'energy'}" for c in COMPANIES]
    return "company,name,industry\n" + "".join(f"{r}\n" for r in rows)


def _financials():
    rows = [f"{c},{2023 + y},1000,{20 + 10 * i + 5 * y}" for i, c in enumerate(COMPANIES) for y in range(2)]
    return "company,year,revenue,operating_profit\n" + "".join(f"{r}\n" for r in rows)


def _customers():
    rows = []
    for i, company in enumerate(COMPANIES):
        for j in range(8):
            score = min(10, 4 + (i + 2 * j) % 5 + i // 4)
            number, satisfaction = i * 8 + j + 1, 1 + (i + j) % 5
            rows.append(f"R{number:03},{company},2024-0{j + 1}-15,{score},{satisfaction},quick and kind\n")
    return "response_id,company,date,recommend,satisfaction,comment\n" + "".join(rows)


def pytest_configure(config):
    # Ibis 12 still calls this method of DuckDB by the name that DuckDB 2 deprecates
    config.addinivalue_line("filterwarnings", r"ignore:fetch_arrow_table\(\) is deprecated:DeprecationWarning")


@pytest.fixture(scope="session")
def server():
    """One process that forks the kernels of all runs of the test session; None where kernels are not forked."""
    from cxstudy.report.forked import ENVIRONMENT, ForkServer, supported

    if not supported():
        yield None
        return
    with ForkServer(environment=ENVIRONMENT) as forked:
        yield forked


@pytest.fixture
def small_study(tmp_path):
    """Factory: 12 companies, 8 answers each (96), financials for 2 years, no fault and no remark.

    ``small_study()`` writes ``tmp_path/small`` and returns the folder. A keyword replaces a file by a text or changes
    its text by a function or several: ``small_study(customers=lambda text: text.replace("R001", "R002"))``,
    ``small_study(customers=[cell(3, "recommend", "11")])``. Keywords are study (study.yaml), companies, financials,
    customers, and any other name for a further ``<name>.csv``; None writes no file.
    """

    def write(**changes):
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        texts = {"study": STUDY, "companies": _companies(), "financials": _financials(), "customers": _customers()}
        for name, change in changes.items():
            for one in change if isinstance(change, list) else [change]:
                texts[name] = one(texts[name]) if callable(one) else one
        for name, text in texts.items():
            if text is not None:
                file = "study.yaml" if name == "study" else f"{name}.csv"
                (folder / file).write_text(text, encoding="utf-8", newline="")
        return folder

    return write


@pytest.fixture
def cell():
    """``cell(row, column, value)`` changes one cell of a CSV text; row 1 is the first below the header."""

    def change(row, column, value):
        def apply(text):
            lines = text.splitlines()
            fields = lines[row].split(",")
            fields[lines[0].split(",").index(column)] = value
            lines[row] = ",".join(fields)
            return "\n".join(lines) + "\n"

        return apply

    return change


@pytest.fixture
def read(tmp_path):
    """Factory: ``read(content, name, **how)`` writes a file and reads it as table customers; a `Source`."""
    import ibis
    import pandas as pd

    from cxstudy.opening.readers import read_source
    from cxstudy.opening.table_file import TableFile

    def read(content, name="table.csv", **how):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        elif content is not None:
            path.write_bytes(content)
        return read_source(ibis.duckdb.connect(), "customers", tmp_path, TableFile(file=name, **how))

    return read


@pytest.fixture
def fault(read):
    """Factory: as `read`, of a file with one fault, which it returns."""
    from cxstudy.faults import DataError

    def fault(content, name="table.csv", **how):
        with pytest.raises(DataError) as caught:
            read(content, name, **how)
        (only,) = caught.value.faults
        return only

    return fault
