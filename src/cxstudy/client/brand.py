"""The client's look: a logo that is a picture, colours that are colours and can be read, a font's name."""

import io
import re
from pathlib import Path

from cxstudy.client.model import Brand
from cxstudy.faults import DataError, Fault

LARGEST = 2 * 1024 * 1024
MOST_PIXELS = 20_000_000
READABLE, APART = 4.5, 1.5
FORMATS = ("PNG", "JPEG")
_FONT = re.compile(r"[^\W_][\w .'-]{0,59}")


def brand_of(given, folder, file="report.yaml"):
    """The `Brand` of the part brand of report.yaml (`report_yaml.BrandFile`), its logo read from ``folder``.

    Raises DataError with all that is wrong: a logo that is no PNG or JPEG, larger than 2 MB or outside the folder; a
    colour that is none; a text colour with contrast under 4.5 : 1 on white (WCAG 2.2, AA); colours too alike.
    """
    faults, default = [], Brand()
    primary, accent = (
        _colour(getattr(given, name), getattr(default, name), name, file, faults) for name in ("primary", "accent")
    )
    if primary and contrast(primary) < READABLE:
        rule = f"primary is the colour of text: its contrast on white is at least {READABLE:g} : 1."
        found = f"{given.primary}, contrast {contrast(primary):.1f} : 1."
        faults.append(Fault(rule, found, "take a darker colour, or give this one as accent.", f"{file}, brand.primary"))
    elif primary and accent and contrast(primary, accent) < APART:
        rule = f"primary and accent stand beside each other in charts: their contrast is at least {APART:g} : 1."
        found = f"{primary} and {accent}, contrast {contrast(primary, accent):.1f} : 1."
        faults.append(Fault(rule, found, "take a lighter accent.", f"{file}, brand.accent"))
    if given.font and not _FONT.fullmatch(given.font):
        rule, remedy = (
            "font is the name of a font: letters, digits, blanks, at most 60.",
            "write it as in the font menu.",
        )
        faults.append(Fault(rule, f"{given.font[:60]!r}.", remedy, f"{file}, brand.font"))
    logo = _logo(given.logo, Path(folder), file, faults) if given.logo else None
    if faults:
        raise DataError(faults)
    return Brand(given.name, primary, accent, given.font, logo)


def contrast(colour, other="#ffffff"):
    """Contrast of two colours ``#rrggbb``, 1 … 21 (WCAG 2.2).

    >>> round(contrast("#000000"), 1), round(contrast("#777777"), 2)
    (21.0, 4.48)
    """
    first, second = sorted((_luminance(colour), _luminance(other)))
    return (second + 0.05) / (first + 0.05)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colour(given, default, name, file, faults):
    """The colour as ``#rrggbb``; None, and a fault, where it is none."""
    from PIL import ImageColor

    if not given:
        return default
    try:
        red, green, blue = ImageColor.getrgb(given)[:3]
    except ValueError:
        rule = f"{name} is a colour: #rrggbb or an English name such as navy."
        remedy = 'write it in quotes, since YAML reads # as a comment: "#1f4e79".'
        faults.append(Fault(rule, f"{given!r}.", remedy, f"{file}, brand.{name}"))
        return None
    return f"#{red:02x}{green:02x}{blue:02x}"


def _logo(name, folder, file, faults):
    """The logo as PNG bytes; None, and a fault, where it cannot be used."""
    from PIL import Image

    where, rule = f"{file}, brand.logo", "logo is a PNG or JPEG file of at most 2 MB in the folder of report.yaml."
    path = (folder / name).resolve()

    def refuse(found, remedy):
        faults.append(Fault(rule, found, remedy, where))

    if not path.is_relative_to(folder.resolve()):
        return refuse(f"{name} lies outside that folder.", "copy it there.")
    if not path.is_file():
        return refuse(f"there is no file {name}.", "check its name.")
    size = path.stat().st_size
    if size > LARGEST:
        return refuse(f"{name} has {size / 1024 / 1024:.1f} MB.", "save it smaller; 600 pixels in width are enough.")
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                found = f"{name} has {picture.width} × {picture.height} pixels."
                return refuse(found, "save it smaller; 600 pixels in width are enough.")
            out = io.BytesIO()
            picture.convert("RGBA").save(out, "PNG")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return refuse(f"{name} is neither.", "export the logo as PNG.")
    return out.getvalue()
