"""Text boxes and paragraphs of slides."""

from pptx.enum.text import MSO_AUTO_SIZE
from pptx.util import Pt

from cxstudy.client.slide_template import Box

INSET = 7.2  # points that a text keeps from the sides of its box


def inner(shape):
    """Width and height in points that a text has in a placeholder."""
    box = Box(shape.left, shape.top, shape.width, shape.height)
    return box.points[0] - 2 * INSET, box.points[1] - INSET


def text_box(slide, box):
    """The text frame of a new text box that keeps its size."""
    frame = slide.shapes.add_textbox(box.left, box.top, box.width, box.height).text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_top = frame.margin_bottom = 0
    return frame


def paragraphs(frame, said, gap=0.0):
    """Fill a text frame with paragraphs of (text, size, bold)."""
    frame.word_wrap = True
    for number, (one, size, bold) in enumerate(said):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        run = paragraph.add_run()
        run.text = one
        run.font.size = Pt(size)
        if bold:
            run.font.bold = True
        if gap:
            paragraph.space_before, paragraph.space_after = Pt(0), Pt(gap * size)


def bold_start(paragraph, mark):
    """Split the first run behind ``mark`` and make that bold."""
    run = paragraph.runs[0]
    rest = run.text[len(mark) :]
    run.text, run.font.bold = mark, True
    behind = paragraph.add_run()
    behind.text, behind.font.size = rest, run.font.size
