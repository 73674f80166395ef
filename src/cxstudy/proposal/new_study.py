"""A new study's folder: a study.yaml to fill in or proposed from exports, and template.xlsx."""

import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cxstudy.opening.locating import STUDY_FILE
from cxstudy.opening.study_file import read_study_file
from cxstudy.proposal.exports import read_exports
from cxstudy.proposal.still_open import still_open
from cxstudy.proposal.tables import propose_tables
from cxstudy.proposal.template import NAME as TEMPLATE
from cxstudy.proposal.template import write_template
from cxstudy.proposal.writing import study_text
from cxstudy.schema import TABLES

_OF_THE_SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")
_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")
_SKELETON = """\
# A study: its tables and how they are to be read. data/README.md describes every table, column and key.
# Fill in {template}, or put your own files into this folder, and take the # away from the tables that are there.
format: 1
name: {name}
language: "en"  # en, sv or da
unit: company  # company, branch or work_group: what is compared
tables:
  # open: no table yet; fill in a sheet of {template} and take the # away from its line
{tables}
# scales that differ from those of data/README.md:
# scales: {{satisfaction: {{low: 1, high: 10}}}}
# items: {{cx_index: [ease, resolution, engagement]}}
# the order of the words of a level, lowest first:
# levels: {{customer_contact: [never, monthly, weekly, daily]}}
# thresholds: {{customers: 5, employees: 7}}
# fieldwork: {{from: 2025-01-10, to: 2025-02-28, channel: e-mail}}
"""


@dataclass(frozen=True)
class Made:
    """The ``folder`` of a new study, the files ``copied`` into it, how many ``guesses`` its study.yaml holds and the
    names of its ``tables``."""

    folder: Path
    copied: tuple[str, ...]
    guesses: int
    tables: tuple[str, ...]


def new_study(folder, exports=()):
    """Make the folder of a new study; returns `Made`.

    Without ``exports`` study.yaml is a commented skeleton; with them it maps their columns, and every guess is marked
    with its reason. Exports that lie in ``folder`` are named where they are, others are copied into it; they are only
    read. template.xlsx has a sheet for each canonical table. Nothing there is overwritten: ValueError when the
    folder holds anything but the exports. DataError when an export cannot be read or is like no table. Nothing is
    left behind when it fails.
    """
    folder, exports = Path(folder).expanduser(), [Path(e).expanduser() for e in exports]
    _must_be_free(folder, exports)
    name = safe_name(folder.resolve().name)
    text, tables = _skeleton(name), ()
    if exports:
        proposed, left = propose_tables(read_exports(exports))
        text, tables = study_text(name, proposed, left), tuple(p.table for p in proposed)
    outside = [e for e in exports if not _inside(e, folder)]
    _must_have_room(outside)
    try:
        guesses = _written(folder, text, outside, check=bool(exports))
    except OSError as error:
        raise ValueError(
            f"a new study is a folder of yours; {folder} cannot be written ({error.strerror or error}). Name another."
        ) from None
    return Made(folder, tuple(e.name for e in outside), guesses, tables)


def safe_name(title):
    """A name for study.yaml: small letters a–z, digits, - and _.

    >>> safe_name("Kundundersökning 2025")
    'kundundersokning-2025'
    """
    plain = unicodedata.normalize("NFKD", title.casefold().replace("ø", "o").replace("æ", "ae"))
    slug = re.sub(r"[^a-z0-9_]+", "-", plain.encode("ascii", "ignore").decode()).strip("-_")[:60]
    return f"study-{slug}" if _DEVICES.match(slug) else slug or "my-study"


def _skeleton(name):
    lines = [f"  # {table}: {{file: {TEMPLATE}, sheet: {table}}}" for table in TABLES]
    return _SKELETON.format(name=name, template=TEMPLATE, tables="\n".join(lines))


def _inside(export, folder):
    return export.resolve().parent == folder.resolve()


def _must_be_free(folder, exports):
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"a new study is a folder; {folder} is a file. Name another folder.")
    given = {e.name for e in exports if _inside(e, folder)}
    there = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    others = [n for n in there if n not in given and n not in _OF_THE_SYSTEM]
    if others:
        shown = ", ".join(others[:6]) + (", …" if len(others) > 6 else "")
        raise ValueError(
            "a new study needs a new or empty folder, or one that holds nothing but the exports; "
            f"{folder} holds {shown}. Name another folder; nothing was changed."
        )


def _must_have_room(outside):
    taken = [e.name for e in outside if e.name in (STUDY_FILE, TEMPLATE)]
    if taken:
        raise ValueError(f"{taken[0]} is a name of ours in a study's folder. Rename the export.")


def _written(folder, text, outside, check):
    """Write all into a folder of its own, then move it to its place; returns the number of guesses."""
    beside = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.is_dir())
    with TemporaryDirectory(dir=beside, prefix=".new-study-") as workshop:
        made = Path(workshop) / "study"
        made.mkdir()
        (made / STUDY_FILE).write_text(text, encoding="utf-8", newline="\n")
        write_template(made / TEMPLATE)
        for export in outside:
            shutil.copyfile(export, made / export.name)
        if check:
            read_study_file(made / STUDY_FILE)
        guesses = len(still_open(made / STUDY_FILE)[0])
        if folder.is_dir():
            _moved(made, folder)
        else:
            folder.absolute().parent.mkdir(parents=True, exist_ok=True)
            os.rename(made, folder)
    return guesses


def _moved(made, folder):
    moved = []
    try:
        for file in sorted(made.iterdir()):
            os.rename(file, folder / file.name)
            moved.append(folder / file.name)
    except OSError:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
