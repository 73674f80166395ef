"""The report as a PowerPoint presentation, 16:9: one idea a slide, charts and tables native and editable.

The title is the sentence; what stands behind it (method, caveats, ids of the findings) is in the speaker's notes. Long
tables go on over further slides. Every slide says that synthetic data are synthetic, names the trademarks and its page.
"""

import io
from dataclasses import dataclass

from lxml import etree
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from cxstudy.client.cells import clean
from cxstudy.client.model import Chart, Table
from cxstudy.client.slide_chart_data import chart_pages
from cxstudy.client.slide_charts import add_chart
from cxstudy.client.slide_frames import INSET, bold_start, inner, paragraphs, text_box
from cxstudy.client.slide_plan import plans
from cxstudy.client.slide_tables import BETWEEN, add_table, table_slides
from cxstudy.client.slide_template import COVER, PLAIN, TEXT, Box, body, open_template, title
from cxstudy.client.slide_text import LINE, cut_to, fitting, height, pages
from cxstudy.language import text

TITLES, COVERS, BODIES = (28, 26, 24, 22, 20, 18, 16, 14), (40, 36, 32, 28, 24, 20, 16), (22, 20, 18, 16, 14)
SMALLER, WARNING, GAP = 3, 13, 0.5  # points smaller, points, font sizes
FOOTER, ATTRIBUTION = 10, (9, 8)
_LOGO = Inches(1.7), Inches(0.75)


def write_slides(report, path, template=None):
    """Write ``report`` (a `Report`) to ``path``, a .pptx file; ``template``: the client's own presentation.

    Raises ValueError for a template that is no presentation or lacks layouts or placeholders.
    """
    opened = open_template(report.brand, template)
    writer = _Writer(report, opened)
    writer.cover()
    for section in report.sections:
        for plan in plans(section, text("client.page.outdated", report.language)):
            writer.add(plan)
    writer.footers()
    properties = opened.deck.core_properties
    properties.title, properties.author = clean(report.title)[:255], "cxstudy"
    properties.subject, properties.language = clean(report.subtitle)[:255], report.language
    properties.last_modified_by = properties.keywords = properties.comments = ""
    opened.deck.save(path)


@dataclass
class _Writer:
    report: object
    template: object

    def __post_init__(self):
        # the section that each slide belongs to
        self.sections = []

    def say(self, key, **values):
        return text(f"slides.{key}", self.report.language, **values)

    def slide(self, layout, section, heading, sizes=TITLES):
        """A new slide with its title in the largest size that fits; returns it and what was cut off the title."""
        made = self.template.deck.slides.add_slide(self.template.layouts[layout])
        self.sections.append(section)
        place = title(made)
        room, tall = inner(place)
        size = fitting([heading], (room, tall), sizes)
        shown = heading
        if size is None:
            size = sizes[-1]
            shown = cut_to(heading, size, room, max(1, int(tall // (LINE * size))))
        paragraphs(place.text_frame, [(shown, size, False)])
        if self.template.own and self.report.brand.logo:
            self.logo(made)
        return made, "" if shown == heading else heading

    def cover(self):
        report = self.report
        made, _ = self.slide(COVER, "", clean(report.title), COVERS)
        said = [clean(report.subtitle)] if report.subtitle else []
        facts = {"period": clean(report.period), "made": clean(report.made)}
        said += [text(f"client.page.{key}", report.language, **{key: fact}) for key, fact in facts.items() if fact]
        said += [text("page.synthetic", report.language)] if report.synthetic else []
        place = body(made)
        room, tall = inner(place)
        size = fitting(said, (room, tall), (24, 20, 18, 16, 14, 12))
        if size is None:
            size = 12
            most = max(1, int(tall // (LINE * size)) // len(said))
            said = [cut_to(one, size, room, most) for one in said]
        last = len(said) - 1 if report.synthetic else -1
        paragraphs(place.text_frame, [(one, size, number == last) for number, one in enumerate(said)])
        self.notes(made, [text("client.page.trademark", report.language), *self.run()])

    def add(self, plan):
        """The slides of one `Plan`."""
        if isinstance(plan.part, Chart | Table):
            self.visual(plan)
        else:
            self.texts(plan)

    def texts(self, plan):
        larger, smaller = plan.body or plan.small, plan.small if plan.body else []
        box = self.template.content
        # bullets are indented
        room, tall = box.points[0] - 2 * INSET - 30, box.points[1] - INSET
        size = next(
            (
                size
                for size in BODIES
                if height(larger, size, room, GAP) + height(smaller + plan.warnings, size - SMALLER, room, GAP) <= tall
            ),
            None,
        )
        if size:
            sheets = [
                [(one, size, False) for one in larger]
                + [(one, size - SMALLER, True) for one in plan.warnings]
                + [(one, size - SMALLER, False) for one in smaller]
            ]
        else:
            bold = set(plan.warnings)
            whole = pages([*larger, *plan.warnings, *smaller], (room, tall), BODIES[-1], GAP)
            sheets = [[(one, BODIES[-1], one in bold) for one in sheet] for sheet in whole]
        for number, sheet in enumerate(sheets, 1):
            made, cut = self.slide(TEXT, plan.section, self.part(plan.title, number, len(sheets)))
            place = body(made)
            if sheet:
                place.left, place.top, place.width, place.height = box.left, box.top, box.width, box.height
                paragraphs(place.text_frame, sheet, GAP)
            else:
                place._element.getparent().remove(place._element)
            self.notes(made, [cut, *self.behind(plan, plan.findings)])

    def visual(self, plan):
        """Slides of a chart or a table, with the warnings beneath."""
        content = self.template.content
        room = content.points[0] - 2 * INSET
        warnings = [cut_to(one, WARNING, room, 2) for one in plan.warnings[:2]]
        need = Pt(height(warnings, WARNING, room) + INSET) if warnings else 0
        box = Box(content.left, content.top, content.width, content.height - need)
        part = plan.part
        if isinstance(part, Chart):
            sheets = chart_pages(part)
        else:
            sheets = table_slides(part, self.report.language, box.points)
        for number, sheet in enumerate(sheets, 1):
            made, cut = self.slide(PLAIN, plan.section, self.part(plan.title, number, len(sheets)))
            if isinstance(part, Chart):
                add_chart(made, box, sheet, self.template.colours, plan.title)
                ids, shown = [i for s in sheet.series for i in s.findings], part.alt
            else:
                self.tables(made, box, sheet, part)
                rows = [row for page in sheet for row in page.rows] if part.findings else []
                ids, shown = [part.findings[row] for row in rows], part.title
            if warnings:
                below = Box(content.left, content.top + content.height - need, content.width, need)
                paragraphs(text_box(made, below), [(one, WARNING, True) for one in warnings])
            about = [cut, self.say("shown", alt=clean(shown)) if shown else ""]
            self.notes(made, [*about, *self.behind(plan, [*plan.findings, *ids])])

    def tables(self, slide, box, sheet, part):
        left = box.left
        for page in sheet:
            here = Box(left, box.top, box.width, box.height)
            left += add_table(slide, here, page, part.columns, part.title).width + Pt(BETWEEN)

    def part(self, heading, number, count):
        return self.say("part", title=heading, part=number, parts=count) if count > 1 else heading

    def behind(self, plan, ids):
        """What the speaker can fall back on: section, caveats, where the numbers are, data and version."""
        ids = ", ".join(dict.fromkeys(clean(one) for one in ids if one))
        said = [self.say("section", title=plan.section)]
        said += [self.say("caveat", note=note) for note in (*plan.warnings, *plan.notes)]
        return [*said, *([self.say("findings", ids=ids)] if ids else []), *self.run()]

    def run(self):
        return [self.say("run", run=clean(self.report.run))] if self.report.run else []

    def notes(self, slide, said):
        frame = slide.notes_slide.notes_text_frame
        if frame is not None:
            frame.text = "\n".join(one for one in said if one)

    def logo(self, slide):
        right = self.template.content.left + self.template.content.width
        picture = slide.shapes.add_picture(io.BytesIO(self.report.brand.logo), 0, Inches(0.65))
        share = min(_LOGO[0] / picture.width, _LOGO[1] / picture.height)
        picture.width, picture.height = int(picture.width * share), int(picture.height * share)
        picture.left = right - picture.width
        picture._element.nvPicPr.cNvPr.set("descr", clean(self.report.brand.name))

    def footers(self):
        """Marks, client, section and page on every slide; the language of its texts for the spelling check."""
        for number, (slide, section) in enumerate(zip(self.template.deck.slides, self.sections, strict=True), 1):
            self.footer(slide, section, number)
            for run in slide._element.iter(qn("a:rPr")):
                run.set("lang", self.report.language)

    def footer(self, slide, section, number):
        strip = self.template.strip
        beside = Inches(0.8)
        left = Box(strip.left, strip.top, strip.width - beside, strip.height)
        room = left.points[0] - 2 * INSET
        mark = self.say("synthetic") if self.report.synthetic else ""
        where = " · ".join(clean(one) for one in (self.report.brand.name, section) if one)
        attribution = text("client.page.trademark", self.report.language)
        size = fitting([attribution], (room, 2.4 * ATTRIBUTION[0]), ATTRIBUTION) or ATTRIBUTION[-1]
        frame = text_box(slide, left)
        frame.vertical_anchor = MSO_ANCHOR.BOTTOM
        line = " · ".join(one for one in (mark, where) if one)
        line = cut_to(line, FOOTER, room, 1)
        paragraphs(frame, [(line, FOOTER, False), (attribution, size, False)] if line else [(attribution, size, False)])
        if mark and line.startswith(mark):
            bold_start(frame.paragraphs[0], mark)
        right = text_box(slide, Box(strip.left + strip.width - beside, strip.top, beside, strip.height))
        right.vertical_anchor = MSO_ANCHOR.BOTTOM
        right.paragraphs[0].alignment = PP_ALIGN.RIGHT
        right.paragraphs[0]._p.insert(
            1 if right.paragraphs[0]._p.pPr is not None else 0,
            etree.fromstring(
                f'<a:fld {nsdecls("a")} id="{{C1FF6DA9-008F-8B48-92A6-B652298478BF}}" type="slidenum">'
                f'<a:rPr sz="{FOOTER * 100}"/><a:t>{number}</a:t></a:fld>'
            ),
        )
