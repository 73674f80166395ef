"""A figure that is rendered once: the picture on the page and the recorded file are the same bytes."""

from io import BytesIO

from matplotlib.figure import Figure

DPI = 150


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
                render(made, **how)
                kept[key] = made.getvalue()
                # rendering sets marks of change of its own
                self.stale = False
            file.write(kept[key])

        canvas.print_figure = print_figure


def png(figure):
    """The figure as PNG bytes, cut to what is drawn, exactly as a notebook shows it."""
    made = BytesIO()
    colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    figure.canvas.print_figure(made, format="png", dpi=figure.dpi, bbox_inches="tight", **colours)
    return made.getvalue()
