"""A report made by hand for the renderers' tests: every kind of part, long tables, many categories, hostile text.

``sample_report(language="en", hostile=False)`` is a `Report` of ten sections. Its numbers are invented and have no
study behind them; its words are in the language asked for. ``hostile=True`` puts into every name, label and comment
what a renderer must show as text: markup of four kinds, formulas, paths, right-to-left marks, emoji and 300 characters.
"""

import datetime
import struct
import zlib

from cxstudy.client.model import Brand, Chart, Column, Note, Report, Section, Sentence, Series, Table

ROWS, CATEGORIES, BRANCHES = 60, 40, 12

HOSTILE = (
    "<script>alert('x')</script>",
    "<img src=x onerror=alert(1)> & <b>fet</b>",
    "**bold** _emph_ [link](https://example.org) `code` # head",
    "$x^2$ $\\frac{a}{b}$ \\u{41} \\",
    '#set text(red) #eval("1+1") #include "a.typ" @label <label> ~ -- // x /* y */',
    '=cmd|"/c calc"!A1',
    "+1+1",
    "../../etc/passwd",
    "..\\CON.txt",
    "\u202egnirts desrever\u202c and שלום مرحبا",
    "emoji 😀🚀👩‍👩‍👧 end",
    "{{ 7 * 7 }} {% raw %} {curly} %s %(x)s",
    "]]> </svg></style><!-- x -->",
    "tab\tline\nbreak \u2028 nul? \u0007 bell",
    "A" * 300,
    "Ord " * 75,
)

WORDS = {
    "en": {
        "title": "What your customers tell you",
        "summary": "In one minute",
        "trust": "Can we trust this?",
        "measures": "The measures and their trend",
        "peers": "Where you stand among anonymous peers",
        "touchpoints": "Touchpoints",
        "drivers": "What goes with recommendation",
        "groups": "Employees and customers by work group",
        "branches": "The branches",
        "image": "Self-image",
        "method": "Method and data",
        "nps": "The NPS is +31.2: 95 % interval from +24.1 to +38.3, from 412 answers.",
        "peer": "Of 40 comparable companies, between 6 and 19 may stand higher than you.",
        "margin": "In this study +10 NPS goes with +0.62 percentage points of operating margin (0.11 to 1.13).",
        "first": "Three priorities: ease, keeping promises, handling of complaints.",
        "against": "The strongest argument against: three in four did not answer, and they may think otherwise.",
        "association": "An association is no effect: what goes together need not be cause and consequence.",
        "suppressed": "not shown (too few answers)",
        "answers": "answers",
        "promoters": "Promoters",
        "passives": "Passives",
        "detractors": "Detractors",
        "you": "You",
        "company": "Company",
        "branch": "Branch",
        "points": "NPS points",
        "date": "Last answer",
        "share": "Share answered",
        "low": "95 % from",
        "high": "95 % to",
        "name": "Name",
        "derived": "Derived importance",
        "performance": "Performance",
        "alt": "NPS of each with its interval; the own one is marked.",
        "comment": "We talked this through with the branch managers in March; Malmö has had a new manager since.",
        "period": "January to March 2026",
        "made": "25 November 2026",
        "items": "ease of use|keeping promises|handling of complaints|friendliness|price|range|opening hours|website",
        "places": "telephone|shop|website|delivery|invoice|complaint",
    },
    "sv": {
        "title": "Vad era kunder säger",
        "summary": "På en minut",
        "trust": "Kan vi lita på detta?",
        "measures": "Måtten och deras utveckling",
        "peers": "Er plats i jämförelsegruppen",
        "touchpoints": "Kontaktpunkter",
        "drivers": "Vad som hänger samman med rekommendation",
        "groups": "Medarbetare och kunder per arbetsgrupp",
        "branches": "Kontoren",
        "image": "Självbild",
        "method": "Metod och data",
        "nps": "NPS är +31,2: 95 % konfidensintervall från +24,1 till +38,3, av 412 svar.",
        "peer": "Av 40 jämförbara företag kan mellan 6 och 19 ligga högre än ni.",
        "margin": "I den här studien går +10 NPS ihop med +0,62 procentenheters rörelsemarginal (0,11 till 1,13).",
        "first": "Tre prioriteringar: enkelhet, att hålla löften, hantering av klagomål.",
        "against": "Det starkaste argumentet emot: tre av fyra inbjudna svarade inte, och de kan tycka annorlunda.",
        "association": "Ett samband är ingen effekt: det som går ihop behöver inte vara orsak och följd.",
        "suppressed": "redovisas ej (för få svar)",
        "answers": "svar",
        "promoters": "Ambassadörer",
        "passives": "Passiva",
        "detractors": "Kritiker",
        "you": "Ni",
        "company": "Företag",
        "branch": "Kontor",
        "points": "NPS-enheter",
        "date": "Senaste svar",
        "share": "Svarsfrekvens",
        "low": "95 % från",
        "high": "95 % till",
        "name": "Namn",
        "derived": "Beräknad betydelse",
        "performance": "Betyg",
        "alt": "NPS för var och en med intervall; den egna är markerad.",
        "comment": "Vi gick igenom detta med kontorscheferna i mars; Malmö har fått en ny chef sedan dess.",
        "period": "januari till mars 2026",
        "made": "25 november 2026",
        "items": "enkelhet|att hålla löften|hantering av klagomål|vänlighet|pris|utbud|öppettider|webbplats",
        "places": "telefon|butik|webbplats|leverans|faktura|klagomål",
    },
    "da": {
        "title": "Hvad jeres kunder siger",
        "summary": "På et minut",
        "trust": "Kan vi stole på dette?",
        "measures": "Målene og deres udvikling",
        "peers": "Jeres plads i sammenligningsgruppen",
        "touchpoints": "Kontaktpunkter",
        "drivers": "Hvad der hænger sammen med anbefaling",
        "groups": "Medarbejdere og kunder pr. team",
        "branches": "Afdelingerne",
        "image": "Selvbillede",
        "method": "Metode og data",
        "nps": "NPS er +31,2: 95 % konfidensinterval fra +24,1 til +38,3, af 412 svar.",
        "peer": "Af 40 sammenlignelige virksomheder kan mellem 6 og 19 ligge højere end I.",
        "margin": "I denne undersøgelse går +10 NPS sammen med +0,62 procentpoint overskudsgrad (0,11 til 1,13).",
        "first": "Tre prioriteter: enkelhed, at holde løfter, håndtering af klager.",
        "against": "Det stærkeste argument imod: tre af fire inviterede svarede ikke, og de mener måske noget andet.",
        "association": "En sammenhæng er ingen effekt: det, der går sammen, behøver ikke være årsag og følge.",
        "suppressed": "vises ikke (for få svar)",
        "answers": "svar",
        "promoters": "Ambassadører",
        "passives": "Passivt tilfredse",
        "detractors": "Kritikere",
        "you": "I",
        "company": "Virksomhed",
        "branch": "Afdeling",
        "points": "NPS-point",
        "date": "Seneste svar",
        "share": "Svarprocent",
        "low": "95 % fra",
        "high": "95 % til",
        "name": "Navn",
        "derived": "Beregnet betydning",
        "performance": "Karakter",
        "alt": "NPS for hver med interval; den egen er markeret.",
        "comment": "Vi gennemgik dette med afdelingslederne i marts; Ærø har fået en ny leder siden.",
        "period": "januar til marts 2026",
        "made": "25. november 2026",
        "items": "enkelhed|at holde løfter|håndtering af klager|venlighed|pris|udvalg|åbningstider|hjemmeside",
        "places": "telefon|butik|hjemmeside|levering|faktura|klage",
    },
}
TOWNS = "Malmö Växjö Umeå Ærø Køge Tønder Ängelholm Örebro Århus Bodø Kiruna Næstved".split()
DAY = datetime.date(2026, 3, 31)


def sample_report(language="en", hostile=False):
    """A `Report` with every kind of part; all its finding ids begin with ``client.``."""
    say = WORDS[language]
    names = _Names(hostile)
    title = names("title", say["title"])
    sections = (
        Section("summary", say["summary"], _summary(say, names)),
        Section("trust", say["trust"], _trust(say, names)),
        Section("measures", say["measures"], _measures(say, names), comment=names("comment", say["comment"])),
        Section("peers", say["peers"], _peers(say, names)),
        Section("touchpoints", say["touchpoints"], _touchpoints(say, names)),
        Section("drivers", say["drivers"], _drivers(say, names), comment=names("old", say["comment"]), outdated=True),
        Section("groups", say["groups"], _groups(say, names)),
        Section("branches", say["branches"], _branches(say, names)),
        Section("self_image", say["image"], (Note(say["suppressed"].capitalize() + "."),)),
        Section("method", say["method"], _method(say, names)),
    )
    brand = Brand(name=names("brand", "Åkesson & Søn AB"), logo=logo())
    return Report(
        title=title,
        subtitle=names("subtitle", "Åkesson & Søn AB"),
        language=language,
        synthetic=True,
        sections=sections,
        brand=brand,
        period=say["period"],
        made=say["made"],
        run="sample/2026-11-25-120000",
    )


def logo(width=240, height=60):
    """A PNG of one colour, as bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((31, 78, 121)) * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class _Names:
    """A name as it is, or a different hostile one at each call; an index keeps them apart where they must differ."""

    def __init__(self, hostile):
        self.hostile, self.used = hostile, 0

    def __call__(self, key, name):
        if not self.hostile:
            return name
        self.used += 1
        return f"{HOSTILE[(self.used - 1) % len(HOSTILE)]} {name} {self.used}"


def _summary(say, names):
    return (
        Sentence(say["nps"], ("client.nps",)),
        Sentence(say["peer"], ("client.peers.rank",)),
        Sentence(say["first"], ("client.drivers.first", "client.drivers.second", "client.drivers.third")),
        Sentence(say["margin"], ("client.margin.slope",)),
        _trend(say, names, "summary"),
        Note(say["association"]),
    )


def _trust(say, names):
    facts = Table(
        "trust_facts",
        say["trust"],
        (Column("name", say["name"]), Column("value", say["answers"], "integer", digits=0)),
        ((names("fact", "Recommend (0–10)"), 412), (say["share"], 1648), (say["suppressed"], None)),
        ("client.trust.answers", "client.trust.invited", ""),
        ("", "", say["suppressed"]),
    )
    return (
        Sentence(say["nps"], ("client.nps",)),
        facts,
        Note(say["against"], warning=True),
        Note(say["association"]),
    )


def _trend(say, names, where):
    periods = ("2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4", "2026 Q1")
    ids = tuple(f"client.trend.{period[:4]}q{period[-1]}" for period in periods)
    own = Series(
        names("series", say["you"]),
        (22.5, 25.0, None, 28.75, 31.25),
        (15, 18, None, 21, 24.1),
        (30, 32, None, 36, 38.3),
        ids,
    )
    peers = Series(say["peers"], (20.0, 20.5, 21.0, 21.25, 22.0))
    return Chart(f"{where}_trend", "NPS", "line", periods, (own, peers), say["points"], say["alt"], axis=(-100, 100))


def _measures(say, names):
    columns = (
        Column("measure", say["name"]),
        Column("estimate", "NPS", "number", say["points"], 1),
        Column("ci_low", say["low"], "number", say["points"], 1),
        Column("ci_high", say["high"], "number", say["points"], 1),
        Column("share", say["share"], "percent", "%", 1),
        Column("n", say["answers"], "integer", digits=0),
        Column("last", say["date"], "date"),
    )
    measures = ("NPS", "CSAT", "NKI / CSI", "CES", "CX-index")
    cells = tuple(
        (names("measure", m), 31.25 - 7.5 * i, 24.1 - 7 * i, 38.3 - 8 * i, 25.0 + i, 1412 - 100 * i, DAY)
        for i, m in enumerate(measures)
    )
    cells += ((names("measure", "eNPS"), None, None, None, None, None, None),)
    ids = tuple(f"client.measure.{i}" for i in range(len(measures))) + ("",)
    table = Table("measures", say["measures"], columns, cells, ids, ("",) * len(measures) + (say["suppressed"],))
    shares = Chart(
        "shares",
        f"{say['promoters']}, {say['passives']}, {say['detractors']}",
        "stacked",
        ("2024", "2025", "2026"),
        (
            Series(say["detractors"], (22.0, 20.0, 17.5), findings=tuple(f"client.detractors.{i}" for i in range(3))),
            Series(say["passives"], (38.0, 35.0, 33.75), findings=tuple(f"client.passives.{i}" for i in range(3))),
            Series(say["promoters"], (40.0, 45.0, 48.75), findings=tuple(f"client.promoters.{i}" for i in range(3))),
        ),
        "%",
        say["alt"],
    )
    return Sentence(say["nps"], ("client.nps",)), table, _trend(say, names, "measures"), shares, Note(say["suppressed"])


def _peers(say, names):
    categories = tuple(names("peer", f"{say['company']} {i:02}") for i in range(1, CATEGORIES)) + (
        names("own", "Åkesson & Søn AB"),
    )
    values = tuple(-40 + 2.25 * i for i in range(CATEGORIES))
    low, high = tuple(v - 6 - i % 5 for i, v in enumerate(values)), tuple(v + 6 + i % 4 for i, v in enumerate(values))
    ids = tuple(f"client.peer.{i:02}" for i in range(CATEGORIES))
    chart = Chart(
        "peers",
        say["peers"],
        "intervals",
        categories,
        (Series("NPS", values, low, high, ids),),
        say["points"],
        say["alt"],
        highlight=categories[-1],
    )
    columns = (
        Column("name", say["name"]),
        Column("nps", "NPS", "number", say["points"]),
        Column("n", say["answers"], "integer"),
    )
    cells = tuple((names("row", f"{say['company']} {i:02}"), 40 - 1.375 * i, 1500 - 7 * i) for i in range(ROWS))
    ids = tuple(f"client.peer_row.{i:02}" for i in range(ROWS))
    return Sentence(say["peer"], ("client.peers.rank",)), chart, Table("peers", say["peers"], columns, cells, ids)


def _touchpoints(say, names):
    places = tuple(names("place", place) for place in say["places"].split("|"))
    values = (42.0, 35.5, 12.0, -4.5, None, -22.25)
    ids = tuple(f"client.touchpoint.{i}" for i in range(6))
    low, high = tuple(v and v - 8 for v in values), tuple(v and v + 8 for v in values)
    bars = Chart(
        "touchpoints",
        say["touchpoints"],
        "bars",
        places,
        (Series("NPS", values, low, high, ids),),
        say["points"],
        say["alt"],
    )
    return bars, Note(say["suppressed"])


def _drivers(say, names):
    items = tuple(names("item", item) for item in say["items"].split("|"))
    x = (62.0, 61.5, 62.3, 78.0, 55.0, 71.0, 70.8, 66.0)
    y = (24.0, 23.4, 22.9, 9.5, 6.0, 11.0, 10.7, 4.0)
    ids = tuple(f"client.driver.{i}" for i in range(8))
    chart = Chart(
        "driver_map",
        say["drivers"],
        "map",
        items,
        (Series(say["performance"], x, findings=ids), Series(say["derived"], y, findings=ids)),
        "0–100",
        say["alt"],
    )
    return Sentence(say["first"], ids[:3]), chart, Note(say["association"])


def _groups(say, names):
    columns = (
        Column("group", say["name"]),
        Column("employees", "eNPS", "number", say["points"], 0),
        Column("customers", "NPS", "number", say["points"], 0),
        Column("quote", "“…”"),
    )
    cells = tuple((names("group", f"Grupp {i}"), 5.0 * i, 20.0 + i, names("quote", say["first"])) for i in range(1, 9))
    return (Table("groups", say["groups"], columns, cells, tuple(f"client.group.{i}" for i in range(1, 9))),)


def _branches(say, names):
    branches = tuple(names("branch", f"{say['branch']} {town}") for town in TOWNS)
    values = tuple(None if i == 3 else 45 - 6.5 * i for i in range(BRANCHES))
    low, high = tuple(v and v - 12 for v in values), tuple(v and v + 11 for v in values)
    ids = tuple(f"client.branch.{i:02}" for i in range(BRANCHES))
    chart = Chart(
        "branches",
        say["branches"],
        "intervals",
        branches,
        (Series("NPS", values, low, high, ids),),
        say["points"],
        say["alt"],
        highlight=branches[0],
    )
    columns = (
        Column("branch", say["branch"]),
        Column("nps", "NPS", "number", say["points"]),
        Column("n", say["answers"], "integer"),
    )
    cells = tuple((b, v, None if v is None else 30 + i) for i, (b, v) in enumerate(zip(branches, values, strict=True)))
    reasons = tuple(say["suppressed"] if v is None else "" for v in values)
    return chart, Table("branches", say["branches"], columns, cells, ids, reasons)


def _method(say, names):
    return Sentence(say["association"]), Note(names("note", say["against"])), Note(say["suppressed"])
