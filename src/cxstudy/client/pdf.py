"""The report as a PDF, set by typst: fonts embedded, tagged for reading aloud (PDF/UA-1), same report, same bytes.

Text reaches typst as data and is never read as markup; nothing is fetched. The fonts are Source Sans Pro (shipped, SIL
Open Font License) and DejaVu Sans, which comes with matplotlib and holds Greek, Cyrillic, Hebrew, Arabic and some
emoji. For a character in neither, text shows a box that names its script and keeps the character for searching and
copying; a picture shows an empty box. A brand's own font is used where this computer has it.
"""

import base64
import json
import re
from functools import cache
from pathlib import Path

from cxstudy.client.canvas import has_glyph
from cxstudy.client.content import content as content_of

HERE = Path(__file__).parent
STANDARD = "ua-1"
_BEYOND = re.compile("[^\x00-\u024f]")


def to_pdf(report, *, content=None):
    """The PDF of a `Report`, as bytes; ``content`` is its `cxstudy.client.content.content` where that was made before.

    ImportError with the remedy where typst is not installed.
    """
    shown = content or content_of(report)
    data = _breakable(shown) | {"logo": list(base64.b64decode(shown["brand"]["logo"]))}
    compiler = _compiler(bool(shown["brand"]["font"]))
    return compiler.compile(
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)}, format="pdf", timestamp=0, pdf_standards=STANDARD
    )


def _breakable(value, length=40):
    """The content with places in long words where a line may end; pictures and the brand stay as they are."""
    if isinstance(value, dict):
        own = {"svg": _drawable, "brand": dict, "cells": lambda cells: _breakable(cells, length)}
        if value.get("kind") == "table":
            length = _longest_word(value["heads"])
            own["rows"] = lambda rows: [_breakable(row, length) for row in rows]
        return {name: own.get(name, _breakable)(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_breakable(one, length) for one in value]
    return re.sub(rf"\S{{{length}}}(?=\S)", "\\g<0>\u200b", value) if isinstance(value, str) else value


def _longest_word(heads):
    """How many letters of a word fit into a text column: a line has about 105, a column of numbers takes 12."""
    numbers = sum(head["short"] for head in heads)
    return min(48, max(16, (105 - 12 * numbers) // max(1, len(heads) - numbers)))


def _drawable(svg):
    """A picture whose every character has a glyph: typst would set a whole label in boxes for one that has none."""
    return _BEYOND.sub(lambda found: found[0] if has_glyph(found[0]) else "□", svg)


@cache
def _compiler(with_system_fonts):
    """The typst compiler, made once a process: it reads the fonts when it starts."""
    try:
        import typst
    except ImportError as missing:
        raise ImportError(
            'A PDF needs the package typst, which is not installed. Install it with: pip install "cxstudy[report]".'
        ) from missing
    import matplotlib

    places = [str(HERE / "fonts"), str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")]
    fonts = typst.Fonts(include_system_fonts=with_system_fonts, include_embedded_fonts=False, font_paths=places)
    nowhere = str(HERE / "template")
    return typst.Compiler(
        str(HERE / "template" / "report.typ"),
        root=nowhere,
        font_paths=fonts,
        package_path=nowhere,
        package_cache_path=nowhere,
    )
