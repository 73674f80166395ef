"""A study opened once for all notebooks of a run: they open it checked and typed, and its files are not read again.

`shared` puts it into a folder of the system's temporary files that only this user can read, and removes that at the
end; `put_before` is what `open_study` finds there. A study whose files have changed since is opened anew.
"""

import os
import pickle
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis

from cxstudy.held import all_held
from cxstudy.quoting import named, quoted
from cxstudy.study_table import StudyTable

OPENED = "CXSTUDY_OPENED"
_TABLES, _REST = "tables.duckdb", "study.pickle"


@contextmanager
def shared(study):
    """Put a `Study` where other programs of this user find it; yields the environment variables that tell them.

    Tables are written to a file all programs read from; Parquet stays where it is. Where there is no room there are no
    variables, and each program opens the study itself.
    """
    with TemporaryDirectory(prefix="cxstudy-", ignore_cleanup_errors=True) as folder:
        try:
            _put(study, Path(folder))
            told = {OPENED: folder}
        except (OSError, duckdb.Error):
            told = {}
        yield told


def put_before(file):
    """The `Study` of ``file`` (a study.yaml) that this program was told of, and what was held with it; else None.

    None also where a file of the study has changed since it was put.
    """
    from cxstudy.study import Study

    folder = os.environ.get(OPENED)
    if not folder or not (Path(folder) / _REST).is_file():
        return None
    with (Path(folder) / _REST).open("rb") as stream:
        state = pickle.load(stream)
        if _state(file, list(state)[1:]) != state:
            return None
        kept = pickle.load(stream)
    con = ibis.duckdb.connect()
    con.con.execute(f"ATTACH {quoted(Path(folder) / _TABLES)} AS put (READ_ONLY)")
    for query in kept.pop("_queries"):
        con.con.execute(query)
    tables = {name: StudyTable(expr=con.table(name), **parts) for name, parts in kept.pop("tables").items()}
    found = kept.pop("_held")
    study = Study(file, tables=tables, **kept)
    all_held(study).update(found)
    return study


def _put(study, folder):
    con = next(iter(study.tables.values())).expr.get_backend().con
    names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()]
    con.execute(f"ATTACH {quoted(folder / _TABLES)} AS put")
    for name in names:
        con.execute(f"CREATE TABLE put.{named(name)} AS FROM {named(name)}")
    con.execute("DETACH put")
    queries = [f"CREATE VIEW {named(name)} AS FROM put.{named(name)}" for name in names]
    views = con.execute("SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY view_oid").fetchall()
    tables = {n: {k: v for k, v in vars(table).items() if k not in ("expr", "n")} for n, table in study.tables.items()}
    parts = "config truth remarks ignored_columns linked invitations".split()
    kept = {name: getattr(study, name) for name in parts} | {"tables": tables}
    with (folder / _REST).open("wb") as stream:
        pickle.dump(_state(study.file, study.files[1:]), stream)
        pickle.dump(kept | {"_held": all_held(study), "_queries": [*queries, *(query for (query,) in views)]}, stream)


def _state(file, names):
    """Size and time of change of study.yaml, by its whole path, and of the study's other files, by name."""
    file = Path(file).resolve()
    paths = {str(file): file} | {name: file.parent / name for name in names}
    return {name: _changed(path) for name, path in paths.items()}


def _changed(path):
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns
