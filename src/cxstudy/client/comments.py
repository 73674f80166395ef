"""Customers' own words: only where the study allows it, with what names a person masked, never under the threshold."""

import re

from cxstudy.client.model import Column, Section, Table
from cxstudy.client.pen import parts_of
from cxstudy.client.periods import of_period, with_periods
from cxstudy.client.secrecy import ALL
from cxstudy.counted import is_counted
from cxstudy.engine import fetch

SHOWN = 5
KINDS = ("promoters", "passives", "detractors")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_MAIL = re.compile(r"[^\s@<>()\[\],;]+\s?(?:@|\(at\)|\[at\]|\(a\)|＠)\s?[^\s@<>()\[\],;]+\.[^\W\d_]{2,}", re.IGNORECASE)
_GAP = r"[\s\u2010-\u2015\u2212.\-–—/+]"
# year month day (Sweden) or day month year (Denmark, Norway; Norway's have eleven digits)
_DAY = r"(?:0[1-9]|[12]\d|3[01]|[4-7]\d)"
_MONTH = r"(?:0[1-9]|1[0-2]|[4-9]\d)"
_PERSONAL = re.compile(
    rf"(?<!\d)(?:(?:(?:18|19|20)?\d\d{_MONTH}(?:0[1-9]|[12]\d|3[01]|[6-9]\d){_GAP}?\d{{4}})"
    rf"|(?:{_DAY}{_MONTH}\d\d{_GAP}?\d{{4,5}}))(?!\d)"
)
_DIGITS = re.compile(r"\+?\(?\d(?:[\s().\-–—/\u2010-\u2015\u2212]{0,3}\d){6,}")


def masked(comment, say):
    """A comment with e-mail addresses, personal numbers and telephone numbers replaced by words.

    Personal numbers of Sweden, Denmark and Norway; as telephone number counts every run of seven digits or more, with
    whatever stands between them. Names are not found: what is shown must be read before it is handed on.
    """
    said = _UNSEEN.sub("", str(comment))
    said = _MAIL.sub(say("masked.mail"), said)
    said = _PERSONAL.sub(say("masked.personal"), said)
    return re.sub(r"\s+", " ", _DIGITS.sub(say("masked.phone"), said)).strip()


def comments(pen):
    """Some comments of promoters, passives and detractors, those of a class only where enough of it commented."""
    title = pen.say("title.comments")
    if not allowed(pen.study, pen.settings):
        return Section("comments", title, (pen.note("comments.not_allowed"),))
    if is_counted(pen.study.customers) or not pen.study.has("customers", "comment"):
        return Section("comments", title, (pen.note("comments.none"),))
    tables, limit = [], pen.shared.limits["customers"]
    for kind, rows in _by_class(pen).items():
        secrecy = pen.shared.secrecy("nps", pen.level, pen.key)
        if len(rows) < limit or secrecy.hides(pen.client.scope, period=pen.shared.period or ALL):
            continue
        cells = tuple((masked(comment, pen.say),) for comment in rows[:SHOWN])
        blank = ("",) * len(cells)
        columns = (Column("comment", pen.say("head.comment")),)
        tables.append(Table(f"comments_{kind}", pen.say(f"class.{kind}"), columns, cells, blank, blank))
    if not tables:
        return Section("comments", title, (pen.note("comments.too_few", least=limit),))
    return Section("comments", title, parts_of(tables, pen.note("comments.note", warning=True)))


def allowed(study, settings):
    """Whether comments are shown: as the client's report.yaml says, else as the study does."""
    own = settings.comments if settings else None
    return (own or study.config.comments) == "show"


def _by_class(pen):
    """``{class: comments}`` of the client in the period, in an order that has nothing to do with time."""
    table = with_periods(pen.study)
    table = of_period(table, pen.shared.period, pen.shared.periods)
    expr, score = table.expr, table.question_for("nps")
    mine = expr["unit"] == pen.key if pen.level == "unit" else expr["company"] == pen.key if pen.key else True
    expr = expr.filter(expr["comment"].notnull() & (expr["comment"].length() > 0) & expr[score].notnull() & mine)
    order = expr["response_id"] if "response_id" in expr.columns else expr["comment"]
    found = fetch(expr.select("comment", score=expr[score], order=order.hash()).order_by("order"), None)
    kinds = {
        "promoters": found["score"] >= 9,
        "passives": (found["score"] >= 7) & (found["score"] < 9),
        "detractors": found["score"] < 7,
    }
    return {kind: found.loc[rows, "comment"].tolist() for kind, rows in kinds.items()}
