"""A client's report beside one that is stored, section by section."""

import dataclasses
import json
import math
import re

import pytest


def equals_golden(report, stored):
    """Assert that a `Report` is the stored one: title, period, numbers, and every part of every section."""
    golden = json.loads(stored.read_text(encoding="utf-8"))
    made = json.loads(json.dumps(compact(report)))
    assert (made["title"], made["period"]) == (golden["title"], golden["period"])
    same(made["numbers"], golden["numbers"], "numbers")
    assert [one["id"] for one in made["sections"]] == [one["id"] for one in golden["sections"]]
    for ours, theirs in zip(made["sections"], golden["sections"], strict=True):
        same(ours, theirs, ours["id"])


def compact(report):
    """The report as plain data with findings rounded to 9 digits, for the stored text."""
    body = dataclasses.asdict(dataclasses.replace(report, numbers=(), made="", brand=dataclasses.replace(report.brand)))
    numbers = [
        [f.id, *(None if math.isnan(v) else float(f"{v:.9g}") for v in (f.estimate, f.ci_low, f.ci_high)), f.n]
        for f in report.numbers
    ]
    rounded = json.loads(json.dumps(body, default=str), parse_float=lambda text: float(f"{float(text):.9g}"))
    return {"sections": rounded["sections"], "title": report.title, "period": report.period, "numbers": numbers}


def same(ours, theirs, where):
    """Equal, numbers to 1e-7; but for the fingerprint of data and version."""
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys(), where
        for key in ours:
            same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), where
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            same(a, b, f"{where}[{i}]")
    elif isinstance(ours, float) and isinstance(theirs, int | float):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9), where
    elif isinstance(ours, str):
        plain = [re.sub(r"/[0-9a-f]{8}, cxstudy [\w.]+", "/…", text) for text in (ours, theirs)]
        assert plain[0] == plain[1], where
    else:
        assert ours == theirs, where
