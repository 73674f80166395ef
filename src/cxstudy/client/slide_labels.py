"""Where the names of a scatter's points stand, so that few of them lie over one another."""

from pptx.enum.chart import XL_LABEL_POSITION

from cxstudy.client.slide_text import LINE, width

_PLOT = 0.82  # share of a chart's width and height that the plot takes
_MARKER = 8.0


def label_places(points, box, size):
    """A label position for each point ``(x, y, name)`` of a chart of ``box`` (width, height in points).

    Point by point the side that covers least of names and markers placed before, and stays within the chart.
    """
    across, up = (_scale([p[i] for p in points], box[i] * _PLOT) for i in (0, 1))
    taken = [_around(across(x), up(y), _MARKER, _MARKER) for x, y, _ in points]
    places = []
    for x, y, name in points:
        wide, tall = width(name, size), LINE * size
        options = {
            XL_LABEL_POSITION.RIGHT: (across(x) + _MARKER + wide / 2, up(y)),
            XL_LABEL_POSITION.ABOVE: (across(x), up(y) + _MARKER + tall / 2),
            XL_LABEL_POSITION.BELOW: (across(x), up(y) - _MARKER - tall / 2),
            XL_LABEL_POSITION.LEFT: (across(x) - _MARKER - wide / 2, up(y)),
        }
        boxes = {place: _around(*middle, wide, tall) for place, middle in options.items()}
        room = (0.0, 0.0, box[0] * _PLOT, box[1] * _PLOT)
        best = min(
            boxes,
            key=lambda place: (
                sum(_shared(boxes[place], other) for other in taken) + wide * tall - _shared(boxes[place], room)
            ),
        )
        places.append(best)
        taken.append(boxes[best])
    return places


def _scale(values, room):
    low, high = min(values), max(values)
    edge = 0.12 * (high - low) or 1.0
    return lambda value: (value - low + edge) / (high - low + 2 * edge) * room


def _around(x, y, wide, tall):
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _shared(one, other):
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, up)
