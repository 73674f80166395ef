"""Page one, for a managing director with one minute."""

from cxstudy.client.model import Section
from cxstudy.client.pen import parts_of
from cxstudy.client.sections_drivers import priorities
from cxstudy.client.sections_margin import margin_sentence
from cxstudy.client.sections_measures import change_sentence, classes, measure_finding
from cxstudy.client.sections_peers import standing_sentence
from cxstudy.client.sections_people import employees_sentence


def one_minute(pen):
    """NPS and change, standing, three priorities, employees, and what +10 NPS goes with."""
    nps = measure_finding(pen, "nps")
    first = [pen.sentence("minute.nps", nps, **pen.interval(nps)), *_really_asked(pen)]
    listed = priorities(pen)
    listed = (
        [pen.sentence("minute.priorities", count=len(listed)), *listed]
        if listed
        else [pen.note("minute.no_priorities")]
    )
    parts = parts_of(
        first,
        change_sentence(pen),
        standing_sentence(pen),
        listed,
        employees_sentence(pen),
        margin_sentence(pen),
        classes(pen),
    )
    return Section("one_minute", pen.say("title.one_minute"), parts)


def _really_asked(pen):
    """A note on what stands for the question whether one would recommend, where something does."""
    score = pen.study.customers.question_for("nps")
    asked = pen.study.customers.stands_for.get(score)
    return [pen.note("trust.stands_for", question=pen.label(score), asked=asked)] if asked else []
