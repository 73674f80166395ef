"""Colours that can be read: the contrast of WCAG 2.2 and the brand's two colours made safe for charts.

Contrast of two colours is (L₁ + .05) / (L₂ + .05) with the lighter above; L is relative luminance
(WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Text needs 4.5, lines and areas 3.
"""

from dataclasses import dataclass

from cxstudy.client.model import Brand

TEXT, GRAPHIC = 4.5, 3.0
INK, MUTED, BAND, PAPER = "#1b1f24", "#5b6570", "#d9e2ec", "#ffffff"
APART = 1.8


@dataclass(frozen=True)
class Palette:
    """Colours of a chart, apart in grey too: ``first`` for the own, ``second`` beside it, ``text`` for headings."""

    first: str
    second: str
    text: str

    @property
    def tint(self):
        """The faint ground of a comment, in the client's colour; ``text`` can be read on it."""
        return _tint(self.first)

    def series(self, count):
        """``count`` fills in order, the client's first and last: from light to dark, neighbours apart in grey.

        >>> Palette("#1f4e79", "#f0a860", "#1f4e79").series(3)
        ('#f0a860', '#d9e2ec', '#1f4e79')
        """
        if count < 2:
            return (self.first,) * count
        if count == 3:
            # shares in order, such as detractors, passives, promoters: the middle stands back
            return self.second, BAND, self.first
        return tuple(mixed(self.second, self.first, i / (count - 1)) for i in range(count))


def luminance(colour):
    """Relative luminance of #rrggbb, 0 (black) to 1 (white).

    >>> round(luminance("#ffffff"), 3), round(luminance("#1f4e79"), 3)
    (1.0, 0.071)
    """
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Contrast ratio of two colours, 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on(fill):
    """Black or white, whichever is read better on ``fill``."""
    return max((PAPER, INK), key=lambda colour: contrast(colour, fill))


def mixed(one, other, part):
    """The colour ``part`` of the way from ``one`` to ``other``.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    mix = [int(int(one[i : i + 2], 16) * (1 - part) + int(other[i : i + 2], 16) * part + 0.5) for i in (1, 3, 5)]
    return "#" + "".join(f"{value:02x}" for value in mix)


def _tint(colour):
    return mixed(colour, PAPER, 0.93)


def palette(brand):
    """The `Palette` of a `Brand`: its colours, darkened or replaced where they could not be read or told apart."""
    first = brand.primary
    while contrast(first, PAPER) < GRAPHIC:
        first = mixed(first, INK, 0.1)
    text = first
    while contrast(text, _tint(first)) < TEXT:
        text = mixed(text, INK, 0.1)
    second = brand.accent
    for fallback in (second, Brand.accent, mixed(first, PAPER, 0.5), mixed(first, PAPER, 0.7)):
        if contrast(first, fallback) >= APART:
            return Palette(first, fallback, text)
    return Palette(first, BAND, text)
