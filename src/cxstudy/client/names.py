"""File names from clients' names: plain letters, unique whatever the case, safe on Windows, macOS and Linux.

A name never leaves the folder it is joined to: no separator, no dot, no reserved name is left in it.
"""

import re
import unicodedata

LONGEST = 50  # with period, language and ending a name has at most 80
NAMELESS = "client"
# what decomposition does not take apart
_LETTERS = str.maketrans({
    "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ß": "ss", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "đ": "d", "Đ": "D",
    "ł": "l", "Ł": "L", "œ": "oe", "Œ": "Oe", "ı": "i", "&": " and ", "'": "", "’": "",
})  # fmt: skip
_RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}


def file_name(name, fallback=NAMELESS):
    """``name`` as a file name without ending: a–z, A–Z, 0–9 and hyphens, 1 to 50 characters, no reserved name.

    Letters lose their accents (å becomes a, ø o, æ ae); what is left of nothing is ``fallback``, made safe too.

    >>> file_name("Åkesson & Søn A/S"), file_name("../../etc/passwd"), file_name("CON")
    ('Akesson-and-Son-A-S', 'etc-passwd', 'client-CON')
    >>> file_name("株式会社", "C007")
    'C007'
    """
    folded = unicodedata.normalize("NFKD", str(name).translate(_LETTERS)).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-")[:LONGEST].strip("-")
    if not plain:
        return NAMELESS if fallback == NAMELESS else file_name(fallback)
    return f"{NAMELESS}-{plain}"[:LONGEST] if plain.lower() in _RESERVED else plain


def file_names(names):
    """``{id: name}`` as ``{id: file name}``, each different from the others also where case does not count.

    Where two names give the same, the later ones in the order of their ids are numbered: ``Bank``, ``Bank-2``. The
    answer depends on the ids and names alone, not on the order they come in.

    >>> file_names({"C2": "bank", "C1": "Bank", "C3": "Åbank"})
    {'C1': 'Bank', 'C2': 'bank-2', 'C3': 'Abank'}
    """
    given, taken = {}, set()
    for one in sorted(names, key=str):
        plain = file_name(names[one], fallback=one)
        free, number = plain, 1
        while free.lower() in taken:
            number += 1
            end = f"-{number}"
            free = plain[: LONGEST - len(end)].rstrip("-") + end
        taken.add(free.lower())
        given[one] = free
    return given
