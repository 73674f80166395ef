"""Questions that share a name and do not ask the same: both sides next to each other, and no verdict."""

import pandas as pd

from cxstudy.measures.asked import KEYS
from cxstudy.measures.index import scale_of
from cxstudy.measures.self_image_asked import SIDES, common_names
from cxstudy.measures.work_groups import question_moments

COLUMNS = ["study", "question", "customers_asked", "employees_asked", "n", "n_unit", "customers", "employees", "gap"]


def side_by_side(*studies):
    """Both sides' means of every question that stands under one name, a row a question and study.

    ``studies``: opened studies (`cxstudy.open_study`). Columns: study (its title), question, customers_asked and
    employees_asked (what it stands for there, as study.yaml says), n work groups with enough answers on both sides,
    n_unit, customers, employees (means over these on 0–100) and gap, employees − customers. No intervals and no test:
    where the two sides are asked different things, a gap has no meaning of its own. Empty without studies.
    """
    rows = [row for study in studies for row in _rows(study)]
    return pd.DataFrame(rows, columns=COLUMNS)


def illustration(name):
    """The studies in folder ``name`` beside the sample's that are prepared there, opened: a list, empty where none is.

    Every .yaml file in it is one study; those whose tables are not there are left out.
    """
    from cxstudy.opening.locating import find_study_file
    from cxstudy.opening.study_file import read_study_file
    from cxstudy.study import open_study

    folder = find_study_file(None).parent.parent / name
    opened = []
    for file in sorted(folder.glob("*.yaml"), reverse=True):
        tables = read_study_file(file).tables.values()
        if all((folder / held).exists() for table in tables for held in table.files.values()):
            opened.append(open_study(file))
    return opened


def _rows(study):
    for question in common_names(study):
        sides = {}
        for side in SIDES:
            table, scale = study.tables[side], scale_of(study, side, question)
            frame, _ = question_moments(table, [question])[question]
            enough = frame[frame["n"] >= study.thresholds[side]]
            sides[side] = enough[KEYS].assign(**{side: scale.index(enough["mean"])})
        both = sides["customers"].merge(sides["employees"], on=KEYS)
        asked = {side: study.tables[side].stands_for.get(question, "") for side in SIDES}
        means = {side: both[side].mean() for side in SIDES}
        yield {
            "study": study.config.title or study.name, "question": question, "n": len(both), "n_unit": "work groups",
            "customers_asked": asked["customers"], "employees_asked": asked["employees"],
            **means, "gap": means["employees"] - means["customers"],
        }  # fmt: skip
