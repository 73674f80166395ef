"""A figure that is rendered once: the picture on the page and the recorded file are the same bytes."""

from io import BytesIO

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

DPI = 150
EDGE = 0.01  # inches


class Picture(Figure):
    """A matplotlib figure that keeps its PNG until something in it changes.

    A notebook shows a figure and `record` writes it; rendering is most of the time of both. Saving to a file by name,
    and other formats, are matplotlib's own.
    """

    def set_canvas(self, canvas):
        """Matplotlib's own; PNG printed into memory is kept, also when closing the figure gives it another canvas."""
        super().set_canvas(canvas)
        render, kept = canvas.print_figure, self.__dict__.setdefault("kept", {})

        def print_figure(file, *given, **how):
            if given or how.get("format") != "png" or not isinstance(file, BytesIO):
                return render(file, *given, **how)
            key = str(sorted(how.items()))
            if self.stale:
                kept.clear()
            if key not in kept:
                made = BytesIO()
                if not _drawn_once(self, canvas, made, how):
                    render(made, **how)
                kept[key] = made.getvalue()
                # rendering sets marks of change of its own
                self.stale = False
            file.write(kept[key])

        canvas.print_figure = print_figure


def _drawn_once(figure, canvas, file, how):
    """Write the PNG of a figure whose layout fills it, and say whether that could be done.

    Matplotlib draws a figure twice to find out what to cut off; here nothing is, when nothing lies outside.
    """
    colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    whole = {"format": "png", "dpi": figure.dpi, "bbox_inches": "tight", **colours}
    if how != whole or figure.get_layout_engine() is None or not hasattr(canvas, "buffer_rgba"):
        return False
    canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    if min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) < -EDGE:
        return False
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(file, "png", dpi=(figure.dpi, figure.dpi))
    return True


def png(figure):
    """The figure as PNG bytes, as a notebook shows it."""
    made = BytesIO()
    colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    figure.canvas.print_figure(made, format="png", dpi=figure.dpi, bbox_inches="tight", **colours)
    return made.getvalue()
