"""Whose report it is: a unit of the study (company, branch, work group), or the whole that units belong to."""

from dataclasses import dataclass
from difflib import get_close_matches

from cxstudy.client.secrecy import ALL, WHOLE
from cxstudy.faults import NotTestable
from cxstudy.language import text

NEAREST = 5


@dataclass(frozen=True)
class Client:
    """``level`` unit or whole; ``key`` as in the data; ``name`` to print."""

    level: str
    key: str
    name: str

    @property
    def scope(self):
        """The client as a scope of `secrecy.Secrecy`."""
        return ("unit", self.key) if self.level == "unit" else WHOLE


def client_of(study, shared, company=None):
    """The `Client` named ``company``: a key or name of a unit, or of the whole; None where there is only one.

    ValueError for an unknown name, nearest first; NotTestable for a client with too few answers to be shown.
    """
    client = _found(study, shared, None if company is None else str(company))
    secrecy = shared.secrecy("nps", client.level, client.key)
    where = shared.period or ALL
    if secrecy.hides(client.scope, period=where):
        key = "client.too_few" if secrecy.small(client.scope, period=where) else "client.gives_away"
        least = shared.limits["customers"]
        raise NotTestable(
            text(
                key,
                shared.language,
                client=client.name,
                period=where or text("client.all", shared.language),
                least=least,
            ),
            ("more answers",),
        )
    return client


def clients_of(study, shared):
    """Every `Client` that may be reported on, wholes first; those with too few answers are left out."""
    found = []
    wholes = dict.fromkeys(shared.parents.values()) if shared.has_whole else ()
    for key in (*wholes, *shared.parents):
        try:
            found.append(client_of(study, shared, key or None))
        except NotTestable:
            continue
    return found


def names_of_companies(study):
    """``{company: name}`` where table companies has names."""
    if not study.has("companies", "name"):
        return {}
    frame = study.companies.frame()[["company", "name"]].dropna()
    return dict(frame.itertuples(index=False, name=None))


def _found(study, shared, company):
    names = names_of_companies(study)
    wholes = list(dict.fromkeys(shared.parents.values())) if shared.has_whole else []
    if company is None:
        if len(wholes) == 1:
            return Client("whole", wholes[0], names.get(wholes[0]) or wholes[0] or study.config.title or study.name)
        if not shared.has_whole and len(shared.parents) == 1:
            (only,) = shared.parents
            return Client("unit", only, names.get(only, only))
        valid = ", ".join([*wholes, *shared.parents][:NEAREST])
        raise ValueError(f"a report is of one client; this study has several, such as {valid}. Name one: company=….")
    own = names if study.unit == "company" else {}
    if company in shared.parents:
        return Client("unit", company, own.get(company, company))
    if company in wholes:
        return Client("whole", company, names.get(company, company))
    for key, name in names.items():
        if name.casefold() == company.casefold():
            return _found(study, shared, key)
    raise ValueError(_unknown(company, [*wholes, *shared.parents], names))


def _unknown(company, keys, names):
    """The message for a name that is none, with the nearest keys, each with its printed name."""
    keys = [key for key in keys if key]
    spoken = {key.casefold(): key for key in keys}
    spoken |= {names[key].casefold(): key for key in keys if key in names}
    near = get_close_matches(company.casefold(), spoken, n=NEAREST, cutoff=0.5)
    if company in names:
        return f"a report needs answers; {company} ({names[company]}) has none in this study. Name another company."
    listed = list(dict.fromkeys(spoken[one] for one in near)) or keys[:NEAREST]
    said = ", ".join(f"{key} ({names[key]})" if key in names else key for key in listed)
    word = "nearest" if near else "some of them"
    return f"company names a client of the study, one of {len(keys)}; there is no {company!r}. {word}: {said}."
