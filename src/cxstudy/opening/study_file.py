"""study.yaml read: a `config.StudyFile`, or every fault with its path in the file and its line."""

import datetime as dt
import re

from pydantic import ValidationError

from cxstudy.faults import DataError, Fault, unknown_name
from cxstudy.language import LANGUAGES
from cxstudy.opening.config import StudyFile, keys_at
from cxstudy.opening.yaml_file import load_yaml
from cxstudy.schema import UNITS

_ELSEWHERE = {"confidence": "0.95", "tiers": "4"}


def read_study_file(path):
    """The `StudyFile` at ``path``. Raises DataError with all faults: YAML that does not parse (with its line),
    unknown keys (the valid ones offered), missing keys, values of the wrong kind.
    """
    content, lines = load_yaml(path)
    try:
        return StudyFile.model_validate(content)
    except ValidationError as error:
        faults = [_fault(path.name, e, lines) for e in error.errors(include_url=False)]
        raise DataError(dict.fromkeys(faults)) from None


def _fault(file, error, lines):
    keys = _keys(error["loc"], lines)
    where = f"{file}, {'.'.join(keys)}" if keys else file
    rule, found, remedy = _said(error, keys)
    row = next((lines[keys[:i]] for i in range(len(keys), 0, -1) if keys[:i] in lines), None)
    return Fault(rule, found, remedy, where=where, row=row)


def _keys(location, lines):
    """The path in the file: pydantic's location without the names it gives to the members of a union."""
    keys = ()
    for part in map(str, location):
        if (*keys, part) in lines or not re.search(r"[\[\]]|^(int|float|str|Lag|literal)\b", part):
            keys = (*keys, part)
    return keys


def _said(error, keys):
    given = repr(error.get("input"))
    key = next((k for k in reversed(keys) if not k.isdigit()), "study.yaml")
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(key, keys[:-1])
    if kind == "missing":
        return f"the key {key} is required.", "it is not there.", f"add {key}: …"
    if keys == ("tables",) and not error["input"]:
        remedy = "take the # away from a table that is filled in, or write one: customers: {file: customers.csv}."
        return "tables names at least one table.", "none.", remedy
    if key == "language":
        return (
            f"language must be one of {', '.join(LANGUAGES)}.",
            f"{given}." + (" YAML reads an unquoted no as false." if error["input"] is False else ""),
            f'write one of them in quotes, such as language: "{LANGUAGES[0]}". Norwegian is not offered yet.',
        )
    if key == "unit" and len(keys) == 1:
        return f"unit must be one of {', '.join(UNITS)}.", f"{given}.", "name what is to be compared."
    if key == "pairing":
        return "pairing must be pooled, same_year or {lag: 1}.", f"{given}.", "write one of these three."
    if kind == "value_error":
        rule, _, found = str(error["ctx"]["error"]).partition("; found ")
        return f"{rule}.", f"{found.rstrip('.')}.", f"correct {key} in study.yaml."
    rule = error["msg"].replace("Input should be", "it should be").split(" or instance of")[0]
    rule = rule.replace("valid dictionary", "group of key: value lines")
    unquoted = isinstance(error["input"], bool | int | float | dt.date) and "string" in rule
    remedy = "put it in quotes, so that YAML reads it as text." if unquoted else f"correct {key} in study.yaml."
    return f"{key}: {rule}.", f"{given}.", remedy


def _unknown_key(key, parents):
    if key in _ELSEWHERE and not parents:
        return (
            "study.yaml describes the data; settings of an analysis are given when it is run.",
            f"the key {key}.",
            f"remove it here and write: cxstudy run -p {key} {_ELSEWHERE[key]}.",
        )
    found = unknown_name("key", key, keys_at(parents))
    return "only known keys may stand here.", found, "correct the key or remove it."
