"""Tables on slides: column widths by their texts, long tables over several slides, each with the headings."""

from dataclasses import dataclass

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Pt

from cxstudy.client.cells import NOTHING, cell_text, clean
from cxstudy.client.slide_text import LINE, cut_to, lines, width

SIZES = (16, 14, 12, 11)
SMALLEST = (10, 9, 8, 7)
BETWEEN = 24  # points between a table and what goes on beside it
_MOST_LINES = 6
_SIDE, _ABOVE = 6.0, 3.0  # margins within a cell, points


@dataclass(frozen=True)
class TablePage:
    """What one slide shows of a table: texts of heading and rows, sizes in points; ``rows`` are places in the table."""

    heads: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    size: int
    widths: tuple[float, ...]
    heights: tuple[float, ...]


def table_slides(table, language, box):
    """A `Table` as what stands on each slide in ``box`` (width, height in points): a list of lists of `TablePage`.

    A long narrow table goes on beside itself, at most three times, before it goes on over the slide.
    """
    pages = table_pages(table, language, box)
    beside = max(1, min(3, int((box[0] + BETWEEN) // (sum(pages[0].widths) + BETWEEN))))
    return [pages[start : start + beside] for start in range(0, len(pages), beside)]


def table_pages(table, language, box):
    """A `Table` as the pages it takes in ``box`` (width, height in points), in the largest size that needs fewest.

    A cell shows at most six lines of a text; the workbook has all of it.
    """
    heads = tuple(clean(f"{c.heading} ({c.unit})" if _has_unit(c) else c.heading) for c in table.columns)
    texts = [_texts(table, place, language) for place in range(len(table.cells))]
    best = None
    for size in (*SIZES, *SMALLEST):
        if best and size in SMALLEST:
            break
        widths = _widths(table.columns, heads, texts, size, box[0])
        if widths is None and size != SMALLEST[-1]:
            continue
        made = _paged(heads, texts, size, widths or (box[0] / len(heads),) * len(heads), box[1])
        if best is None or len(made) < len(best):
            best = made
    return best


def add_table(slide, box, page, columns, name):
    """Draw a `TablePage` into ``box`` of a slide and return the shape; ``columns``: of the table."""
    total = sum(page.heights)
    shape = slide.shapes.add_table(
        len(page.texts) + 1, len(columns), box.left, box.top, Pt(sum(page.widths)), Pt(total)
    )
    shape.name = clean(name)
    drawn = shape.table
    for column, wide in zip(drawn.columns, page.widths, strict=True):
        column.width = Emu(Pt(wide))
    for place, tall in enumerate(page.heights):
        drawn.rows[place].height = Emu(Pt(tall))
    for place, texts in enumerate((page.heads, *page.texts)):
        for cell, value, column in zip(drawn.rows[place].cells, texts, columns, strict=True):
            _fill(cell, value, page.size, right=column.kind != "text")
    for place, texts in enumerate(page.texts, 1):
        _merge_reason(drawn, place, texts)
    return shape


def _has_unit(column):
    return bool(column.unit) and not (column.kind == "percent" and column.unit == "%")


def _texts(table, place, language):
    """The texts of a row; where it has a reason, that stands in the first empty cell, and "" in those after it."""
    row = table.cells[place]
    said = [cell_text(value, column, language) for value, column in zip(row, table.columns, strict=True)]
    reason = clean(table.reasons[place]) if table.reasons else ""
    if reason and None in row:
        first = row.index(None)
        last = next((i for i in range(first, len(row)) if row[i] is not None), len(row))
        said[first:last] = [reason, *[""] * (last - first - 1)]
    return tuple(said)


def _merge_reason(drawn, place, texts):
    """One cell for a reason and the emptied cells behind it."""
    for first, value in enumerate(texts):
        last = first
        while last + 1 < len(texts) and texts[last + 1] == "" and value not in ("", NOTHING):
            last += 1
        if last > first:
            drawn.cell(place, first).merge(drawn.cell(place, last))
            drawn.cell(place, first).text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
            return


def _widths(columns, heads, texts, size, room):
    """Widths in points that together take no more than ``room``; None where numbers would not fit on their lines."""
    least, wish = [], []
    for place, column in enumerate(columns):
        said = [row[place] for row in texts]
        whole = max((width(one, size) for one in said), default=0.0)
        word = max((width(part, size) for part in heads[place].split()), default=0.0)
        if column.kind == "text":
            # a long word is broken only where there is no room for it
            longest = max((width(part, size) for one in said for part in one.split()), default=0.0)
            least.append(max(min(max(whole, word), 9 * size), min(longest, 14 * size)))
            wish.append(max(whole, min(width(heads[place], size), 14 * size)))
        else:
            # a reason may be longer than the numbers of its column: it runs on over its neighbours
            numbers = max((width(row[place], size) for row in texts if "" not in row), default=0.0)
            least.append(max(numbers, word))
            wish.append(max(numbers, min(width(heads[place], size), 10 * size), word))
    least, wish = ([v + 2 * _SIDE + 2 for v in kind] for kind in (least, wish))
    if sum(least) > room:
        return None
    spare = room - sum(least)
    more = [w - least_ for w, least_ in zip(wish, least, strict=True)]
    if sum(more) <= spare:
        return tuple(wish)
    return tuple(v + m * spare / sum(more) for v, m in zip(least, more, strict=True))


def _paged(heads, texts, size, widths, tall):
    inner = [w - 2 * _SIDE for w in widths]
    heads = tuple(cut_to(one, size, room, _MOST_LINES) for one, room in zip(heads, inner, strict=True))
    above = _height(heads, size, inner)
    most = max(1, min(_MOST_LINES, int((tall - above - 2 * _ABOVE) // (LINE * size))))
    pages, used = [[]], above
    for number, row in enumerate(texts):
        row, need = _row(row, size, inner, most)
        if pages[-1] and used + need > tall:
            pages.append([])
            used = above
        pages[-1].append((number, row, need))
        used += need
    return [
        TablePage(
            heads,
            tuple(row for _, row, _ in page),
            tuple(number for number, _, _ in page),
            size,
            widths,
            (above, *(need for _, _, need in page)),
        )
        for page in pages
    ]


def _row(row, size, inner, most):
    """The texts of a row cut to what a cell shows, and its height; a reason has the room of the emptied cells too."""
    room = list(inner)
    for place in range(len(row) - 1, 0, -1):
        if row[place] == "":
            room[place - 1] += room[place] + 2 * _SIDE
    row = tuple(cut_to(one, size, wide, most) for one, wide in zip(row, room, strict=True))
    return row, _height(row, size, room)


def _height(row, size, inner):
    return max(lines(one, size, wide) for one, wide in zip(row, inner, strict=True)) * LINE * size + 2 * _ABOVE


def _fill(cell, value, size, right):
    cell.margin_left = cell.margin_right = Pt(_SIDE)
    cell.margin_top = cell.margin_bottom = Pt(_ABOVE)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = value
    run.font.size = Pt(size)
