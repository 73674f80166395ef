"""A study put for the notebooks of a run is the study its files give, as long as they are the same files."""

import os
import shutil
import stat
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from small_study import write_notebook, write_study

import cxstudy as cx
from cxstudy.faults import DataError
from cxstudy.report.run import run_study
from cxstudy.shared_study import OPENED, put_before, shared
from cxstudy.study import Study
from cxstudy.study_table import StudyTable

LINKS = "  links: {file: links.csv}\n"
FIELDWORK = "fieldwork: {invited: 400}\n"


@pytest.fixture
def put(monkeypatch):
    """``put(study)`` puts a study for this program, until the test ends."""
    kept = []

    def make(study):
        kept.append(shared(study))
        for name, value in kept[-1].__enter__().items():
            monkeypatch.setenv(name, value)
        return study

    yield make
    for one in kept:
        one.__exit__(None, None, None)


def same(one, other):
    for part in (field.name for field in fields(Study) if field.name != "tables"):
        assert getattr(one, part) == getattr(other, part), part
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        for part in (field.name for field in fields(StudyTable) if field.name != "expr"):
            assert getattr(table, part) == getattr(other.tables[name], part), (name, part)
        pd.testing.assert_frame_equal(table.frame(), other.tables[name].frame())
        assert table.expr.schema() == other.tables[name].expr.schema()


def opened(path):
    """The study of ``path``, which must be one that was put."""
    study = cx.open_study(path)
    assert put_before(study.file) is not None
    return study


def test_the_sample_with_its_parquet_file_is_the_same(put):
    study = put(cx.open_study())
    again = opened(study.folder)
    same(study, again)
    pd.testing.assert_frame_equal(cx.check(study), cx.check(again))


def test_links_invitations_constants_remarks_and_waves_are_the_same(put, small_study):
    links = "source,key,unit\n" + "".join(f"customers,Firm {i},C{i:03}\n" for i in range(1, 13))

    def customers(text):
        for i in range(1, 13):
            text = text.replace(f"C{i:03}", f"Firm {i}")
        head, *rows = text.splitlines()
        return "\n".join([f"{head},who's there", *(f"{row},me" for row in rows)]) + "\n"

    folder = small_study(study=lambda text: text + LINKS + FIELDWORK, customers=customers, links=links)
    whole = put(cx.open_study(folder))
    assert len(whole.links_applied) and len(whole.invited) and whole.ignored_columns["customers"] == ("who's there",)
    again = opened(folder)
    same(whole, again)
    assert again.fingerprints() == whole.fingerprints()


def test_nothing_is_read_from_the_files_again(put, small_study, monkeypatch):
    folder = small_study()
    put(cx.open_study(folder))
    monkeypatch.setattr("cxstudy.study.read_source", None)
    assert cx.open_study(folder).customers.n == 96


@pytest.mark.parametrize("file", ["customers.csv", "study.yaml"])
def test_a_file_that_has_changed_is_read_and_checked_again(put, small_study, file):
    folder = small_study()
    put(cx.open_study(folder))
    if file == "study.yaml":
        (folder / file).write_text((folder / file).read_text() + "language: sv\n")
        assert cx.open_study(folder).language == "sv"
    else:
        (folder / file).write_text((folder / file).read_text().replace(",4,", ",44,"))
        with pytest.raises(DataError):
            cx.open_study(folder)
    assert put_before(folder / "study.yaml") is None


def test_a_file_that_is_gone_or_another_study_is_no_matter(put, small_study, tmp_path):
    folder = small_study()
    put(cx.open_study(folder))
    other = write_study(tmp_path / "other")
    assert cx.open_study(other).customers.n == 120
    (folder / "customers.csv").unlink()
    with pytest.raises(DataError, match="customers.csv"):
        cx.open_study(folder)


def test_only_this_user_can_read_it_and_it_is_gone_at_the_end(small_study):
    study = cx.open_study(small_study())
    with shared(study) as told:
        folder = Path(told[OPENED])
        assert os.name != "posix" or stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with pytest.raises(ZeroDivisionError), shared(study) as told:
        raise ZeroDivisionError
    assert not Path(told[OPENED]).exists()


def test_without_room_every_program_opens_the_study_itself(small_study, monkeypatch):
    study = cx.open_study(small_study())

    def full(study, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cxstudy.shared_study._put", full)
    with shared(study) as told:
        assert told == {}


def test_a_folder_that_is_gone_is_no_matter(small_study, monkeypatch, tmp_path):
    folder = small_study()
    monkeypatch.setenv(OPENED, str(tmp_path / "gone"))
    assert cx.open_study(folder).customers.n == 96


def test_the_notebooks_of_a_run_find_the_study_and_nothing_is_left(tmp_path, server):
    folder = write_study(tmp_path / "data/small")
    look = "import os; from cxstudy.shared_study import put_before; print(os.environ['CXSTUDY_OPENED'])"
    write_notebook(tmp_path / "ours", "01_first", f"{look}; assert put_before(the_study.file)")
    outcome = run_study(folder, out=tmp_path / "out", notebooks=tmp_path / "ours", server=server)
    assert outcome.ok, outcome.failures
    printed = next(line for line in (outcome.folder / "01_first.ipynb").read_text().splitlines() if "cxstudy-" in line)
    assert not Path(printed.strip().strip('",').removesuffix("\\n")).exists() and OPENED not in os.environ


def test_a_study_moved_while_it_is_run_is_found_where_it_is(put, small_study, tmp_path):
    folder = small_study()
    put(cx.open_study(folder))
    moved = shutil.move(folder, tmp_path / "moved")
    assert cx.open_study(moved).customers.n == 96
