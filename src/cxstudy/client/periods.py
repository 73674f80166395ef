"""The periods of a report: years and quarters by the date of the answer, or the waves of a study without dates."""

import re
from dataclasses import dataclass, replace

from cxstudy.engine import fetch

COARSE, FINE = "period_coarse", "period_fine"
SHOWN = 24


@dataclass(frozen=True)
class Periods:
    """The periods a study has answers of, in order.

    ``kind``: dates, year, wave or empty (the answers have no time). ``coarse``: years or waves; ``fine``: quarters
    ``2024-Q3`` as (year, quarter), only where there are dates.
    """

    kind: str
    coarse: tuple[str, ...]
    fine: tuple[tuple[str, str], ...] = ()

    def check(self, period):
        """``period`` if the study has answers of it; ValueError with those there are otherwise."""
        quarters = [quarter for _, quarter in self.fine]
        if period is None or period in self.coarse or period in quarters:
            return period
        valid = [*self.coarse, *quarters]
        if not valid:
            raise ValueError(
                f"a period needs answers with a date, a year or a wave; the customers of this study have none, got "
                f"{period!r}. Leave period out: the report is then of all answers."
            )
        more = f" and {len(valid) - SHOWN} more" if len(valid) > SHOWN else ""
        raise ValueError(
            f"a period is one that has answers, such as {valid[0]}; got {period!r}. Periods there are: "
            f"{', '.join(valid[:SHOWN])}{more}."
        )

    def before(self, period):
        """The period of the same kind before ``period``, None where there is none."""
        for series in (self.coarse, [quarter for _, quarter in self.fine]):
            if period in series and series.index(period) > 0:
                return series[series.index(period) - 1]
        return None

    def is_coarse(self, period):
        """Whether ``period`` is a year or wave, not a quarter."""
        return period in self.coarse


def periods_of(study):
    """The `Periods` of the customers' answers of a study."""
    kind = kind_of(study)
    if not kind:
        return Periods("", ())
    table = with_periods(study)
    found = fetch(table.expr.select(COARSE, FINE).distinct().order_by([COARSE, FINE]), None).dropna(subset=COARSE)
    coarse = tuple(dict.fromkeys(found[COARSE]))
    fine = tuple(zip(found[COARSE], found[FINE], strict=True)) if kind == "dates" else ()
    return Periods(kind, coarse, fine)


def kind_of(study):
    """What the answers' periods are taken from: dates, year, wave or nothing."""
    for kind, column in {"dates": "date", "year": "year", "wave": "wave"}.items():
        if study.has("customers", column):
            return kind
    return ""


def with_periods(study):
    """The customers with the columns `COARSE` and `FINE`, texts; null where an answer has no date."""
    import ibis

    expr, kind = study.customers.expr, kind_of(study)
    if kind == "dates":
        year = expr["date"].year().cast("string")
        fine = year + "-Q" + expr["date"].quarter().cast("string")
    else:
        year = expr[kind].cast("string") if kind else ibis.null("string")
        fine = year
    return replace(study.customers, expr=expr.mutate(**{COARSE: year, FINE: fine}))


def of_period(table, period, periods):
    """The answers of one period of a table with period columns; all where ``period`` is None."""
    if period is None:
        return table
    column = COARSE if periods.is_coarse(period) else FINE
    return replace(table, expr=table.expr.filter(table.expr[column] == period))


def written(period, say):
    """A period in words, ``third quarter of 2024``; waves as they are called. ``say(key, **values)``."""
    quarter = re.fullmatch(r"(\d{4})-Q([1-4])", period)
    return say("quarter", year=quarter[1], quarter=quarter[2]) if quarter else period
