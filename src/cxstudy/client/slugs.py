"""Short names for finding ids, made of the names that users gave; no two alike."""

import re
import unicodedata

LONGEST = 40


def slug(name):
    """``name`` in small letters a–z, digits and _; empty where none of its letters can be so written.

    >>> slug("Kundtjänst på webben"), slug("电话")
    ('kundtjanst_pa_webben', '')
    """
    plain = str(name).translate(str.maketrans({"ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "ß": "ss"}))
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST].strip("_")


def slugs(names):
    """``{name: slug}`` of several names; those that come out alike, or empty, are numbered in their order.

    >>> slugs(["Malmö", "Malmo", "电话"])
    {'Malmö': 'malmo', 'Malmo': 'malmo_2', '电话': 'n3'}
    """
    found, taken = {}, set()
    for place, name in enumerate(dict.fromkeys(names), 1):
        own = slug(name) or f"n{place}"
        own = own if own not in taken else f"{own}_{place}"
        while own in taken:
            own += "_"
        taken.add(own)
        found[name] = own
    return found
