"""The presentation the slides are put into: ours, made by code in the client's colours, or the client's own file.

A client's file is used by the names of its layouts, in English, Swedish or Danish as PowerPoint gives them; the
slides it holds are left out.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

from lxml import etree
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR
from pptx.exc import PackageNotFoundError
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Emu, Inches

from cxstudy.client.colours import INK, palette

COVER, TEXT, PLAIN = "Title Slide", "Title and Content", "Title Only"
# what PowerPoint calls them in Swedish and Danish
NAMES = {
    COVER: (COVER, "Rubrikbild", "Titelslide", "Titeldias"),
    TEXT: (TEXT, "Rubrik och innehåll", "Titel og indhold", "Titel og indholdsobjekt"),
    PLAIN: (PLAIN, "Endast rubrik", "Kun titel"),
}
FOOTERS = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
_SECTIONS = "{521415D9-36F7-43E2-AB2F-B90AF26B5E84}"


@dataclass(frozen=True)
class Box:
    """A place on a slide, in EMU; ``points`` is its inner width and height in points."""

    left: int
    top: int
    width: int
    height: int

    @property
    def points(self):
        return Emu(self.width).pt, Emu(self.height).pt


@dataclass(frozen=True)
class Template:
    """A presentation without slides, its layouts by our names, and where content and footer go.

    ``own``: made by us, not the client's. ``colours``: the theme's accents 1 and 2 as RGBColor.
    """

    deck: object
    layouts: dict
    own: bool
    content: Box
    strip: Box
    colours: tuple


def open_template(brand, path=None):
    """The client's presentation at ``path``, or ours in the colours and font of ``brand``; a `Template`.

    Raises ValueError for a file that is no presentation, and for one without the layouts or placeholders needed,
    naming those it has.
    """
    deck = _ours(brand) if path is None else _theirs(Path(path))
    layouts = _layouts(deck, path)
    box = _box(body(layouts[TEXT]))
    top = box.top
    strip = _strip(deck, layouts[PLAIN])
    content = Box(box.left, top, box.width, min(box.height, strip.top - top - Inches(0.05)))
    if content.height < Inches(1.5) or content.width < Inches(3):
        raise ValueError(
            f"a slide needs room for a chart: 3 inches wide and 1.5 high between title and footer; the layout {TEXT!r} "
            f"of {Path(path).name} leaves less. Make its content placeholder larger."
        )
    return Template(deck, layouts, path is None, content, strip, _accents(deck))


def title(shapes):
    """The title placeholder of a layout or slide, None where it has none."""
    return next((p for p in shapes.placeholders if p.placeholder_format.type in TITLES), None)


def body(shapes):
    """The first placeholder of a layout or slide that takes text and is no title or footer, None without one."""
    takes = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.SUBTITLE)
    return next((p for p in shapes.placeholders if p.placeholder_format.type in takes), None)


def _theirs(path):
    try:
        deck = Presentation(str(path))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError, etree.XMLSyntaxError):
        found = "no such file" if not path.exists() else "a file that PowerPoint's format does not fit"
        raise ValueError(
            f"template names a PowerPoint presentation (.pptx); {path.name} is {found}. Save the template as .pptx, "
            "without a password, or leave template: out to use ours."
        ) from None
    listed = deck.slides._sldIdLst
    for one in list(listed):
        deck.part.drop_rel(one.rId)
        listed.remove(one)
    # sections and custom shows name slides that are gone, and PowerPoint would call the file damaged
    root = deck.part._element
    for gone in (*root.iter(qn("p:custShowLst")), *(e for e in root.iter(qn("p:ext")) if e.get("uri") == _SECTIONS)):
        gone.getparent().remove(gone)
    return deck


def _layouts(deck, path):
    present = [layout for master in deck.slide_masters for layout in master.slide_layouts]
    by_name = {}
    for layout in present:
        by_name.setdefault(layout.name.strip().casefold(), layout)
    found = {
        wanted: next((by_name[n.casefold()] for n in names if n.casefold() in by_name), None)
        for wanted, names in NAMES.items()
    }
    missing = [wanted for wanted, layout in found.items() if layout is None]
    if missing:
        raise ValueError(
            f"a template has the layouts {', '.join(NAMES)}; {Path(path).name} lacks {', '.join(missing)} and has "
            f"{', '.join(layout.name for layout in present) or 'none'}. Rename or add layouts in View > Slide Master."
        )
    lacking = [f"{name}: a title" for name, layout in found.items() if title(layout) is None]
    lacking += [f"{name}: a place for text" for name in (COVER, TEXT) if body(found[name]) is None]
    if lacking:
        raise ValueError(
            f"the layouts of a template have the placeholders that are filled; {Path(path).name} lacks "
            f"{', '.join(lacking)}. Add them in View > Slide Master > Insert Placeholder."
        )
    return found


def _box(shape):
    return Box(shape.left, shape.top, shape.width, shape.height)


def _strip(deck, layout):
    """Where the footer goes: over the layout's own date, footer and number, or along the lower edge."""
    own = [_box(p) for p in layout.placeholders if p.placeholder_format.type in FOOTERS and p.width]
    if not own:
        edge = Inches(0.4)
        return Box(edge, deck.slide_height - Inches(0.6), deck.slide_width - 2 * edge, Inches(0.5))
    left, end = min(b.left for b in own), max(b.top + b.height for b in own)
    # three small lines fit
    top = min(*(b.top for b in own), end - Inches(0.48))
    return Box(left, top, max(b.left + b.width for b in own) - left, end - top)


def _theme(deck):
    return deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)


def _accents(deck):
    root = etree.fromstring(_theme(deck).blob)
    found = []
    for name in ("accent1", "accent2"):
        colour = root.find(f".//{qn(f'a:{name}')}/{qn('a:srgbClr')}")
        found.append(RGBColor.from_string((colour.get("val") if colour is not None else "1F4E79").upper()))
    return tuple(found)


def _ours(brand):
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    layouts = deck.slide_master.slide_layouts
    for layout in list(layouts):
        if layout.name not in NAMES:
            layouts.remove(layout)
    _paint(deck, brand)
    logo = Inches(1.9) if brand.logo else 0
    places = {
        PP_PLACEHOLDER.TITLE: (0.6, 0.4, 12.13, 1.25, logo),
        PP_PLACEHOLDER.BODY: (0.6, 1.85, 12.13, 4.8, 0),
        PP_PLACEHOLDER.DATE: (0.6, 6.85, 3.0, 0.45, 0),
        PP_PLACEHOLDER.FOOTER: (3.7, 6.85, 7.9, 0.45, 0),
        PP_PLACEHOLDER.SLIDE_NUMBER: (11.7, 6.85, 1.03, 0.45, 0),
    }
    for shape in deck.slide_master.placeholders:
        _place(shape, *places[shape.placeholder_format.type])
        if shape.placeholder_format.type == PP_PLACEHOLDER.TITLE:
            shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    cover = next(layout for layout in layouts if layout.name == COVER)
    _place(title(cover), 0.9, 2.0, 11.5, 1.9)
    _place(body(cover), 0.9, 4.1, 11.5, 2.3)
    title(cover).text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    for level in body(cover)._element.iter(qn("a:lvl1pPr")):
        level.set("algn", "l")
        # grey, which is too light to read
        for fill in level.iter(qn("a:solidFill")):
            fill.getparent().remove(fill)
            break
    _bar(deck)
    return deck


def _place(shape, left, top, width, height, less=0):
    shape.left, shape.top = Inches(left), Inches(top)
    shape.width, shape.height = Inches(width) - less, Inches(height)


def _bar(deck):
    """A bar in the brand's first colour along the upper edge of every slide, behind everything."""
    made = etree.fromstring(
        f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="100" name="Bar"/><p:cNvSpPr/><p:nvPr userDrawn="1"/>'
        "</p:nvSpPr>"
        f'<p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{deck.slide_width}" cy="{Inches(0.14)}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="accent1"/></a:solidFill>'
        "<a:ln><a:noFill/></a:ln></p:spPr></p:sp>"
    )
    # first the group's own properties, then the shapes from the back
    deck.slide_master.shapes._spTree.insert(2, made)


def _paint(deck, brand):
    """Theme colours and fonts, and titles left-aligned in the brand's first colour."""
    theme = _theme(deck)
    root = etree.fromstring(theme.blob)
    made = palette(brand)
    colours = {"dk2": made.text, "accent1": made.first, "accent2": made.second}
    for name, colour in colours.items():
        root.find(f".//{qn(f'a:{name}')}/{qn('a:srgbClr')}").set("val", colour.lstrip("#").upper())
    dark = root.find(f".//{qn('a:dk1')}")
    for old in list(dark):
        dark.remove(old)
    etree.SubElement(dark, qn("a:srgbClr"), val=INK[1:].upper())
    if brand.font:
        for kind in ("majorFont", "minorFont"):
            root.find(f".//{qn(f'a:{kind}')}/{qn('a:latin')}").set("typeface", brand.font)
    theme.blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    first = deck.slide_master._element.find(f".//{qn('p:titleStyle')}/{qn('a:lvl1pPr')}")
    first.set("algn", "l")
    first.find(f".//{qn('a:schemeClr')}").set("val", "tx2")
    first.find(qn("a:defRPr")).set("b", "1")
