"""How a question was worded, in the reader's language where study.yaml has it."""

from typing import NamedTuple

from cxstudy.language import LANGUAGES


class Wording(NamedTuple):
    """The ``text`` of a question, empty where none is known; its ``language``, empty where the file does not say.

    ``origin``: declared (in study.yaml), file (the text that the data file carries) or empty.
    """

    text: str
    language: str
    origin: str


def wording(study, table, question, language=None):
    """The `Wording` of ``question`` of ``table`` (customers, employees) in ``language``, by default the study's.

    Without a wording in that language: the study's own language, then English, Swedish, Danish; without any in
    study.yaml, the text in the data file.
    """
    given = study.config.questions.get(question, {})
    for one in dict.fromkeys((language or study.language, study.language, *LANGUAGES)):
        if given.get(one, "").strip():
            return Wording(given[one].strip(), one, "declared")
    said = study.tables[table].question_texts.get(question, "").strip()
    return Wording(said, "", "file" if said else "")
