"""The report as one HTML page: opens without a network, runs nothing, prints well, can be read aloud and on a phone."""

from functools import cache
from pathlib import Path

from cxstudy.client.content import content as content_of
from cxstudy.language import text
from cxstudy.report.content_policy import CONTENT_POLICY

TEMPLATE = Path(__file__).parent / "template"


def to_html(report, *, content=None):
    """The page of a `Report`, as text; ``content`` is its `cxstudy.client.content.content` where that was made before.

    Every text is escaped by Jinja; the pictures are SVG of our own making.
    """
    shown = content or content_of(report)
    language = shown["language"]
    return _template().render(
        page=shown, policy=CONTENT_POLICY, say=lambda key, **values: text(f"client.page.{key}", language, **values)
    )


@cache
def _template():
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    places = [str(TEMPLATE), str(Path(__file__).parent.parent / "report" / "template")]
    made = Environment(loader=FileSystemLoader(places), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters["drawn"] = Markup
    return made.get_template("report.html.j2")
