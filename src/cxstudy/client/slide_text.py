"""Texts on slides: how wide they run, and the largest size at which it fits its box.

Widths are measured in DejaVu Sans, which runs wider than the fonts of presentations, so a text that fits here fits
there.
"""

from functools import cache
from pathlib import Path

POINTS = 72
LINE = 1.2  # height of a line in font sizes
_MEASURED = 20  # font size at which widths are measured
_ROUNDING = 1e-6


@cache
def _font():
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), _MEASURED)


@cache
def _character(one):
    # half-width at least, and the square of a sign the font does not know
    return max(_font().getlength(one), _MEASURED if ord(one) > 0x2E7F else 0) / _MEASURED


def width(value, size):
    """Width of a text on one line, in points, at a font size in points."""
    return sum(_character(one) for one in value) * size


def lines(value, size, room):
    """How many lines a text takes in ``room`` points; a word that is too long is broken."""
    count, used, space = 1, 0.0, width(" ", size)
    for word in value.split():
        length = width(word, size)
        if used and used + space + length <= room + _ROUNDING:
            used += space + length
            continue
        if used:
            count, used = count + 1, 0.0
        broken = int(length // room) if length > room + _ROUNDING else 0
        count, used = count + broken, length - broken * room
    return count


def height(paragraphs, size, room, gap=0.0):
    """Height in points of paragraphs set in ``room`` points; ``gap``: space after each, in font sizes."""
    return sum(lines(one, size, room) * LINE * size + gap * size for one in paragraphs)


def fitting(paragraphs, box, sizes, gap=0.0):
    """The first of ``sizes`` at which the paragraphs fit ``box`` (width, height in points), None where none does."""
    room, tall = box
    return next((size for size in sizes if height(paragraphs, size, room, gap) <= tall), None)


def cut_to(value, size, room, most):
    """A text that takes at most ``most`` lines in ``room`` points; what does not fit ends in an ellipsis."""
    if lines(value, size, room) <= most:
        return value
    low, high = 0, len(value)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if lines(value[:middle] + "…", size, room) <= most else (low, middle - 1)
    return value[:low].rstrip() + "…"


def pages(paragraphs, box, size, gap=0.0):
    """The paragraphs over as many boxes as they need at ``size``; a paragraph of more than a box is broken."""
    room, tall = box
    most = max(1, int((tall - gap * size) // (LINE * size)))
    pieces = [piece for one in paragraphs for piece in _pieces(one, size, room, most)]
    made, used = [[]], 0.0
    for piece in pieces:
        need = height([piece], size, room, gap)
        if made[-1] and used + need > tall:
            made.append([])
            used = 0.0
        made[-1].append(piece)
        used += need
    return made


def _pieces(paragraph, size, room, most):
    while lines(paragraph, size, room) > most:
        first = cut_to(paragraph, size, room, most)[:-1]
        # not within a word, where there is a word to end with
        first = first[: first.rfind(" ")] if " " in first.strip() else first
        first = first or paragraph[:1]
        yield first
        paragraph = paragraph[len(first) :].strip()
    yield paragraph
