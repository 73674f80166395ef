"""Where a study is: from what the user typed to its study.yaml."""

from difflib import get_close_matches
from pathlib import Path

from cxstudy.faults import DataError, Fault

STUDY_FILE = "study.yaml"


def find_study_file(path=None):
    """The study.yaml meant by ``path``, a folder or a file; None or "" is the synthetic sample.

    Raises DataError: nothing there (what is there is listed, nearest first), or a folder without study.yaml.
    """
    path = Path(path).expanduser() if path not in (None, "") else _sample()
    if path.is_dir():
        path = path / STUDY_FILE
        if path.is_file():
            return path.resolve()
        raise DataError([_no_study_file(path.parent)])
    if not path.exists():
        raise DataError([_not_there(path)])
    if path.suffix.lower() not in (".yaml", ".yml"):
        rule, remedy = "a study is a folder with a study.yaml, or that file.", "name the folder."
        raise DataError([Fault(rule, f"the file {path.name}.", remedy, str(path))])
    return path.resolve()


def _sample():
    path = Path(__file__).resolve().parents[3] / "data" / "sample"
    if not path.is_dir():
        rule, found = "without a path the repository's sample is opened.", "no data/sample beside this installation."
        raise DataError([Fault(rule, found, "name a study, or make one: cxstudy simulate DIR.")])
    return path


def _no_study_file(folder):
    inside = sorted(p.name for p in folder.iterdir())
    studies = [p.parent.name for p in sorted(folder.glob(f"*/{STUDY_FILE}"))]
    rule = f"a study is a folder with a {STUDY_FILE}."
    found = f"no {STUDY_FILE}; there: {', '.join(inside[:20]) or 'nothing'}."
    remedy = "write one (data/README.md describes the tables) or name another folder."
    if studies:
        remedy = f"studies below: {', '.join(studies)}."
    return Fault(rule, found, remedy, str(folder))


def _not_there(path):
    parent = next((p for p in path.parents if p.is_dir()), Path())
    inside = sorted(p.name for p in parent.iterdir() if p.is_dir() or p.suffix.lower() in (".yaml", ".yml"))
    missing = path.relative_to(parent).parts[0] if path.is_relative_to(parent) else path.name
    near = get_close_matches(missing, inside, n=3, cutoff=0.5)
    studies = [name for name in inside if (parent / name / STUDY_FILE).is_file()]
    listed = ", ".join((studies or inside)[:12]) or "no folder"
    found = f"nothing there; {parent} has {'the studies ' if studies else ''}{listed}."
    remedy = f"did you mean {', '.join(near)}?" if near else "name the folder of the study."
    return Fault("the study must exist.", found, remedy, str(path))
