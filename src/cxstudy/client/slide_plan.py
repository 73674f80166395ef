"""Which slides a section becomes: one idea a slide, its sentence the title, and in the notes what stands behind it."""

from dataclasses import dataclass, field

from cxstudy.client.cells import clean, paragraphs
from cxstudy.client.model import Chart, Note, Sentence, Table

LONGEST_TITLE = 320


@dataclass
class Plan:
    """One slide to be: a title, then a chart or a table (``part``) or paragraphs (``body``).

    ``small``: paragraphs set smaller; ``warnings``: shown on the slide; ``notes``: told in the speaker's notes;
    ``findings``: ids of its sentences.
    """

    section: str
    title: str
    part: Chart | Table | None = None
    body: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def plans(section, outdated):
    """The `Plan` of every slide of a section; ``outdated``: what to say where its comment is.

    A chart or table takes as its title the one sentence before it, or of several the only one that shares a finding
    with it; the other sentences and the consultant's comment come before it on a slide of their own. A note belongs
    to the chart or table before it.
    """
    made, waiting = [], []
    text = _text(section, outdated)
    for part in section.parts:
        if isinstance(part, Sentence):
            waiting.append(part)
        elif isinstance(part, Note):
            said = clean(part.text)
            if made:
                (made[-1].warnings if part.warning else made[-1].notes).append(said)
            else:
                text.warnings.append(said) if part.warning else text.small.append(said)
        else:
            made.append(_visual(section, part, waiting, text))
            waiting = []
    for sentence in waiting:
        _tell(text, sentence)
    return [text, *made] if text.body or text.small or text.warnings or not made else made


def _text(section, outdated):
    plan = Plan(clean(section.title), clean(section.title))
    if section.comment:
        plan.body += paragraphs(section.comment)
        if section.outdated:
            plan.warnings.append(outdated)
    return plan


def _visual(section, part, waiting, text):
    ids = set(part.findings if isinstance(part, Table) else [one for s in part.series for one in s.findings])
    fits = [s for s in waiting if len(clean(s.text)) <= LONGEST_TITLE]
    about = [s for s in waiting if ids & set(s.findings)] or waiting
    chosen = about[0] if len(about) == 1 and about[0] in fits else None
    for sentence in waiting:
        if sentence is not chosen:
            _tell(text, sentence)
    plan = Plan(clean(section.title), clean(chosen.text if chosen else part.title), part)
    if chosen:
        plan.findings += chosen.findings
    return plan


def _tell(text, sentence):
    text.body.append(clean(sentence.text))
    text.findings += sentence.findings
