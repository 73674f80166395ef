"""What a study's data can answer, before anything is run."""

import math
from importlib import import_module
from pkgutil import iter_modules

from cxstudy.findings import Answer
from cxstudy.held import held
from cxstudy.language import say, text


def answers(study, only=None):
    """The `Answer` of every analysis that can tell, by analysis name in alphabetical order.

    ``only``: names of analyses; others are not asked.

    An analysis takes part by having a function ``answerable(study)`` in its module; modules are
    found in ``cxstudy.analyses``, so a new one needs no entry here.
    """
    import cxstudy.analyses

    found = {}
    for module in sorted(iter_modules(cxstudy.analyses.__path__), key=lambda m: m.name):
        if only is None or module.name in only:
            answer = answer_of(study, module.name)
            found |= {answer.analysis: answer} if answer else {}
    return found


def answer_of(study, analysis):
    """The `Answer` of one analysis, asked once of a study; None of one that cannot tell."""
    asks = getattr(import_module(f"cxstudy.analyses.{analysis}"), "answerable", None)
    return asks and held(study, ("answerable", analysis), lambda: asks(study))


def sentence(answer: Answer, language="en"):
    """One answer as a sentence: the analysis, whether it can be answered, and why."""
    key = f"check.{answer.status.replace('-', '_')}"
    if answer.status == "yes" and math.isnan(answer.smallest_effect):
        key = "check.yes_plain"
    return text(
        key,
        language,
        analysis=answer.analysis,
        reason=say(answer.reason, language),
        effect=answer.smallest_effect,
        unit=answer.unit,
    )


def check(study, language=None):
    """What each analysis can answer with these data.

    Returns a DataFrame, one row an analysis: ``analysis``, ``status`` (``yes``, ``strong-only``, ``no``),
    ``smallest_effect`` (found with 80 % power at 5 %; nan when there is none), ``unit`` (of the effect),
    ``sentence`` (in ``language``, default the study's). Nothing is run and nothing is written.
    """
    import pandas as pd

    language = language or study.language
    rows = [
        {
            "analysis": answer.analysis,
            "status": answer.status,
            "smallest_effect": float(answer.smallest_effect),
            "unit": answer.unit,
            "sentence": sentence(answer, language),
        }
        for answer in answers(study).values()
    ]
    return pd.DataFrame(rows, columns=["analysis", "status", "smallest_effect", "unit", "sentence"])
