"""The sheet a chart is drawn on: a matplotlib figure of known size in inches, text as text, and its tidy SVG.

Text is measured in DejaVu Sans, which comes with matplotlib and is wider than the fonts a page or the PDF sets: what
fits here fits there. Matplotlib is used without pyplot, so nothing is kept from one chart to the next.
"""

import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from xml.etree import ElementTree

from cxstudy.client.cells import shortened
from cxstudy.client.colours import INK, MUTED, Palette

WIDTH = 5.0  # inches of every chart; a page scales it
FONT, SMALL = 10.0, 9.5  # points
POINT = 1 / 72
FAMILY = "Source Sans Pro, DejaVu Sans, Verdana, sans-serif"
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Look:
    """How a chart is drawn: the colours and the language of its numbers."""

    palette: Palette
    language: str = "en"


@contextmanager
def drawing(name):
    """The settings under which a chart named ``name`` is drawn and written: same chart, same bytes."""
    import matplotlib

    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "text.parse_math": False,
        "font.family": "DejaVu Sans",
        "font.size": FONT,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.7,
        "text.color": INK,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # a sign without a glyph is drawn by the reader's own fonts, since text stays text
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def sheet(height, left, bottom, top, right=0.12):
    """A figure `WIDTH` wide and one Axes in it, with the margins given in inches; no frame, no ticks' marks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=72)
    box = [left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - bottom - top) / height]
    ax = figure.add_axes(box)
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    ax.tick_params(length=0, labelsize=SMALL, colors=INK, pad=4)
    ax.set_axisbelow(True)
    return ax


def width(text, size=FONT, bold=False):
    """Inches that a text takes in DejaVu Sans of ``size`` points."""
    return sum(_advance(sign, bold) for sign in text) * size * POINT


def fitted(text, room, size=FONT, bold=False):
    """The text, its middle replaced by an ellipsis where it is wider than ``room`` inches."""
    return shortened(text, room, lambda part: width(part, size, bold))


def two_lines(text, room, size=FONT, bold=False):
    """The text in at most two lines of ``room`` inches, broken between words where it can be."""
    if width(text, size, bold) <= room:
        return text
    words = text.split(" ")
    first = words[0]
    count = 1
    while count < len(words) and width(f"{first} {words[count]}", size, bold) <= room:
        first = f"{first} {words[count]}"
        count += 1
    if count == len(words) or width(first, size, bold) > room:
        return fitted(text, room, size, bold)
    return f"{first}\n{fitted(' '.join(words[count:]), room, size, bold)}"


def svg(figure, name, alt):
    """The figure as an SVG element for a page and for typst: text as text, ids that begin with ``name``.

    ``alt`` becomes its accessible name.
    """
    made = BytesIO()
    figure.savefig(made, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(made.getvalue())
    prefix = re.sub(r"[^A-Za-z0-9]+", "-", name)
    for parent in list(root.iter()):
        for child in list(parent):
            # its style sheet would hold for the whole page
            if child.tag == f"{SVG}metadata" or child.find(f"{SVG}style") is not None:
                parent.remove(child)
        _own_ids(parent, prefix)
        if parent.tag == f"{SVG}text":
            _plain_font(parent)
    for size in ("width", "height"):
        root.set(size, root.get(size).replace("pt", ""))
    root.attrib.update({"stroke-linejoin": "round", "role": "img", "aria-label": alt})
    ElementTree.register_namespace("", SVG[1:-1])
    ElementTree.register_namespace("xlink", LINK[1:].split("}")[0])
    return ElementTree.tostring(root, encoding="unicode")


def _own_ids(element, prefix):
    """One page holds many charts, and an id may stand there once only; groups need none."""
    if element.tag == f"{SVG}g":
        element.attrib.pop("id", None)
    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, f"{prefix}-{value}")
        elif key == LINK and value.startswith("#"):
            element.set(key, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{prefix}-"))


def _plain_font(element):
    """Font size, weight and anchor as attributes: typst and browsers agree on those."""
    style = dict(part.strip().split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    style = {key.strip(): value.strip() for key, value in style.items()}
    element.set("font-size", re.search(r"([\d.]+)px", f"{style.get('font-size', '')} {style.get('font', '')}")[1])
    element.set("font-family", FAMILY)
    if re.search(r"\b(bold|700)\b", f"{style.get('font-weight', '')} {style.get('font', '')}"):
        element.set("font-weight", "bold")
    for key in ("text-anchor", "fill"):
        if key in style:
            element.set(key, style[key])
    element.attrib.pop("style", None)


@cache
def _advance(sign, bold):
    """Advance width of a character, in units of the font size; of one without a glyph, a wide one."""
    return _font(bold).load_char(ord(sign)).linearHoriAdvance / 65536 / 100 if has_glyph(sign, bold) else 1.4


def has_glyph(sign, bold=False):
    """Whether DejaVu Sans can draw a character."""
    return _font(bold).get_char_index(ord(sign)) > 0


@cache
def _font(bold):
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    # matplotlib's own copy is set to other sizes while it draws
    font = FT2Font(findfont("DejaVu Sans:bold" if bold else "DejaVu Sans"))
    font.set_size(100, 72)
    return font
