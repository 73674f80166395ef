"""What +10 NPS goes with in operating margin between the units of this study; never a slope from elsewhere."""

from cxstudy.client.model import Section
from cxstudy.client.pen import parts_of
from cxstudy.language import say


def margin_sentence(pen):
    """One sentence: the slope with its interval, or that these data cannot say."""
    slope = pen.shared.slope
    if slope.reason is not None:
        return pen.sentence("margin.unknown", why=say(slope.reason, pen.language))
    row = {k: getattr(slope, k) for k in ("estimate", "std_error", "ci_low", "ci_high", "n", "n_missing", "method")}
    found = pen.keep("margin.slope", row, unit="points per +10 NPS", n_unit=slope.n_unit)
    plural = slope.n_unit.replace(" ", "_").replace("-", "_")
    values = pen.interval(found) | {"units": say_units(pen, plural)}
    return pen.sentence("margin.told" if slope.told else "margin.untold", found, **values)


def say_units(pen, plural):
    """The units of the study in words, such as companies."""
    from cxstudy.language import text

    return text(f"nps_margin.units.{plural}", pen.language)


def margin(pen):
    """The slope of this study and what it does not mean."""
    said = margin_sentence(pen)
    notes = [pen.note("margin.association", warning=True)] if pen.shared.slope.reason is None else []
    return Section("margin", pen.say("title.margin"), parts_of(said, notes, pen.note("margin.own")))
