"""The client's report: its content as one model that every format is rendered from.

>>> import cxstudy as cx                                                        # doctest: +SKIP
>>> report = cx.client_report(cx.open_study(), company="C001", language="sv")   # doctest: +SKIP
>>> [section.id for section in report.sections][:3]                             # doctest: +SKIP
['one_minute', 'trust', 'measures']
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from babel.dates import format_date

from cxstudy.client.brand import brand_of
from cxstudy.client.comments import allowed, comments
from cxstudy.client.model import Brand, Report
from cxstudy.client.names_of_sections import DEFAULT
from cxstudy.client.pen import Pen
from cxstudy.client.report_yaml import ReportFile, SectionEntry, fingerprint, read_report_file
from cxstudy.client.sections_drivers import drivers
from cxstudy.client.sections_margin import margin
from cxstudy.client.sections_measures import measures, trend
from cxstudy.client.sections_method import method
from cxstudy.client.sections_minute import one_minute
from cxstudy.client.sections_peers import peers, touchpoints
from cxstudy.client.sections_people import employees, self_image
from cxstudy.client.sections_trust import trust
from cxstudy.client.shared import prepare
from cxstudy.client.who import client_of
from cxstudy.findings import Reading, Result, write_findings
from cxstudy.language import catalogue

WRITERS = {
    "one_minute": one_minute, "measures": measures, "trend": trend, "peers": peers, "touchpoints": touchpoints,
    "drivers": drivers, "employees": employees, "self_image": self_image, "margin": margin, "comments": comments,
    "trust": trust, "method": method,
}  # fmt: skip


def client_report(study, company=None, period=None, language=None, settings=None, shared=None) -> Report:
    """The report of one client as a `model.Report`; nothing is written.

    - ``study``: an opened study. ``company``: key or printed name of a company, or where the study compares branches or
      work groups, of one of these or of the whole they belong to; None where there is only one client.
    - ``period``: a year ``2024``, a quarter ``2024-Q3`` or a wave; None takes all answers, and the change shown is that
      of the last year. ``language``: en, sv or da; None is that of report.yaml, else of the study.
    - ``settings``: the path of a report.yaml or a `report_yaml.ReportFile`: sections, titles, comments, brand.
    - ``shared``: what `shared.prepare` made of the study, so that many reports cost one tally.

    Every printed number is a finding ``client.…`` in ``report.numbers``, which `write_report_findings` writes. Numbers
    that rest on fewer answers than the study's thresholds, or would give such numbers away, are not in the report
    (`secrecy.Secrecy`); peers are never named, and not shown when fewer than 5.

    Raises ValueError for an unknown client (nearest named), a period without answers (with those there are), an unknown
    language, or a ``shared`` of another period; DataError for a wrong report.yaml; NotTestable for a client
    with too few answers, and for a study without customers.
    """
    settings, folder = _settings(settings, study)
    language = language or (settings.language if settings else None) or study.language
    catalogue(language)
    period = period if period is not None else settings.period if settings else None
    period = None if period is None else str(period)
    brand = brand_of(settings.brand, folder) if settings else Brand()
    shared = prepare(study, language, period=period) if shared is None else _fitting(shared, language, period)
    pen = Pen(study, shared, client_of(study, shared, company), settings)
    wanted = _wanted(study, settings)
    made = {name: WRITERS[name](pen) for name in WRITERS if name in {one.id for one in wanted}}
    numbers = pen.found
    sections = tuple(_dressed(made[one.id], one, numbers) for one in wanted)
    title = settings.title if settings and settings.title else pen.say("title.report")
    report = Report(
        title=title, subtitle=pen.client.name, language=language, synthetic=study.synthetic, sections=sections,
        brand=replace(brand, name=brand.name or pen.client.name),
        period=pen.period(period) if period else _all_dates(pen),
        made=format_date(dt.date.today(), format="long", locale=language), run=shared.run,
    )  # fmt: skip
    shown = report.findings()
    return replace(report, numbers=tuple(numbers[name] for name in shown))


def write_report_findings(report, path):
    """Write the findings of a report as a findings file (JSON), in the order of the report."""
    write_findings(
        path, report.numbers, report=report.subtitle, period=report.period, run=report.run, synthetic=report.synthetic
    )


def result_of(report):
    """The findings of a report as a `findings.Result`, so that ``study.record(result_of(report), out)`` writes them."""
    nps = next((one for one in report.numbers if one.id == "client.nps"), None)
    reading = Reading("client.title.report")
    if nps is not None:
        values = {"estimate": nps.estimate, "low": nps.ci_low, "high": nps.ci_high, "n": nps.n}
        reading = Reading("client.minute.nps", values | {"level": 100 * nps.confidence})
    settings = {"company": report.subtitle, "period": report.period}
    return Result(
        "client_report", report.numbers, {}, reading, settings, synthetic=report.synthetic, language=report.language
    )  # fmt: skip


def _settings(settings, study):
    if settings is None or isinstance(settings, ReportFile):
        return settings, study.folder
    path = Path(settings)
    return read_report_file(path), path.parent


def _fitting(shared, language, period):
    if shared.period != period:
        raise ValueError(
            f"shared is made for one period, {shared.period or 'all answers'}; the report is of "
            f"{period or 'all answers'}. Prepare it for this one."
        )
    return shared.in_language(language)


def _wanted(study, settings):
    """The sections in order; comments stand before the method where they are shown and nobody set an order."""
    if settings and "sections" in settings.model_fields_set:
        return settings.sections
    names = [*DEFAULT]
    if allowed(study, settings):
        names.insert(names.index("method"), "comments")
    return [SectionEntry(id=name) for name in names]


def _dressed(section, entry, numbers):
    """The section with the client's own title and comment, which is outdated when the numbers changed since."""
    outdated = bool(entry.comment and entry.comment_for and entry.comment_for != fingerprint(section, numbers))
    return replace(section, title=entry.title or section.title, comment=entry.comment, outdated=outdated)


def _all_dates(pen):
    dates = pen.shared.dates.get("customers")
    if dates is None:
        return pen.say("all")
    first, last = (format_date(day, format="long", locale=pen.language) for day in dates)
    return pen.say("dates", first=first, last=last)
