"""Every text a user sees, in the user's language; numbers as CLDR says.

A catalogue is one file ``locales/<language>.yaml``: message key → whole sentence with
named gaps (``{slope:.1f}``), or → {one: …, other: …} chosen by the gap named in ``count``.
Format specs are Python's (``.1f``, ``,.0f``, ``.1%``, ``+.1f``) and are printed by Babel
in the catalogue's locale.
"""

import math
import re
import string
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "sv", "da")
_SPEC = re.compile(r"^(?P<sign>\+?)(?P<comma>,?)(?:\.(?P<digits>\d+))?(?P<kind>[f%]?)$")


@cache
def catalogue(language):
    """The flat dict of message key → sentence (or plural forms) of one language."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}; got {language!r}.")
    text = (files("cxstudy") / "locales" / f"{language}.yaml").read_text(encoding="utf-8")
    return yaml_of(text)


def yaml_of(text):
    """What a YAML text of the program's own holds; by libyaml where the wheel has it, which is ten times as fast."""
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def number(value, spec=".1f", language="en"):
    """A number as the language writes it; nan is a dash.

    >>> number(-1234.5, ",.1f", "sv")
    '−1\\xa0234,5'
    >>> number(0.283, ".1%")
    '28.3%'
    """
    from babel.numbers import format_decimal, format_percent

    parts = _SPEC.match(spec)
    if not parts:
        raise ValueError(f"a number format looks like '.1f', ',.0f', '+.1f' or '.1%'; got {spec!r}.")
    value = float(value)
    if not math.isfinite(value):
        return "–"
    digits = int(parts["digits"] or 0)
    pattern = ("#,##0" if parts["comma"] else "0") + ("." + "0" * digits if digits else "")
    if parts["kind"] == "%":
        # the locale decides whether a space stands before the sign
        from babel import Locale

        pattern += re.sub(r"[#0,.]", "", Locale.parse(language).percent_formats[None].pattern)
        out = format_percent(value, format=pattern, locale=language, decimal_quantization=True)
    else:
        out = format_decimal(value, format=pattern, locale=language, decimal_quantization=True)
    out = out.replace("-", "−")
    if re.fullmatch(r"−[0.,\s\u00a0]*%?", out):
        out = out[1:]
    return f"+{out}" if parts["sign"] and value > 0 else out


class _Writer(string.Formatter):
    def __init__(self, language):
        self.language = language

    def format_field(self, value, spec):
        if isinstance(value, bool) or not isinstance(value, int | float) and not hasattr(value, "dtype"):
            return str(value)
        if not spec and float(value).is_integer():
            spec = ",.0f"
        return number(value, spec or ".1f", self.language)


def text(key, language="en", /, **values):
    """The sentence of ``key`` with its gaps filled; one not translated yet is said, numbers too, in English.

    A missing key or gap raises KeyError naming it.
    """
    entries = catalogue(language)
    if key not in entries:
        if language != "en":
            return text(key, "en", **values)
        raise KeyError(f"the catalogue {language} has no message {key!r}")
    entry = entries[key]
    if isinstance(entry, dict):
        from babel import Locale

        form = Locale.parse(language).plural_form(values["count"])
        entry = entry.get(form, entry["other"])
    return _Writer(language).vformat(entry, (), values)


def say(reading, language="en"):
    """The sentence of a Reading; text values that are themselves keys (``@key``) are said too, with the same values.

    A tuple of Readings is a list: each is said, and a comma stands between them.
    """
    values = {name: _said(value, reading.values, language) for name, value in reading.values.items()}
    return text(reading.key, language, **values)


def _said(value, values, language):
    if isinstance(value, str) and value.startswith("@"):
        return text(value[1:], language, **values)
    return ", ".join(say(one, language) for one in value) if isinstance(value, tuple) else value
