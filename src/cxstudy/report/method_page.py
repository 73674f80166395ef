"""The page of a run that says how its numbers came about: questions, fieldwork, files, definitions, programs.

Everything is taken from study.yaml, the opened study and run.json; what was not declared is said to be so. Units are
counted and never named, so nothing here falls under the anonymity threshold.
"""

from typing import NamedTuple

from cxstudy.counted import is_counted
from cxstudy.language import number, text
from cxstudy.measures import response
from cxstudy.measures.coverage import ASKED, missing, tables
from cxstudy.measures.index import scale_of
from cxstudy.report.index import METHOD, environment
from cxstudy.report.page import CONTENT_POLICY, footer
from cxstudy.wordings import wording

SHORT = 12
LISTED = 20


class Section(NamedTuple):
    """One section of the page: ``facts`` (label, value) and one ``table`` with its ``heads`` above its ``rows``.

    A cell is a text, a whole number, or a pair of a text and what stands small beneath it; ``note`` stands under all.
    """

    title: str
    facts: list = []
    heads: list = []
    rows: list = []
    note: str = ""


class MethodPage:
    """The sections of the method page of a study (a `Study`) and its run (the content of run.json)."""

    def __init__(self, study, run, language):
        self.study, self.run, self.language = study, run, language
        self.overview = tables(study).set_index("table")

    def say(self, key, **values):
        return text(f"method.{key}", self.language, **values)

    def whole(self, n):
        return number(n, ",.0f", self.language)

    def sections(self):
        """All `Section`s, in the order of the page."""
        parts = [self.asked(), self.fieldwork(), self.files(), self.links(), self.definitions(), self.programs()]
        return [part for part in parts if part]

    def asked(self):
        """The questions with wording, scale and number of answers; how they are combined."""
        rows, gone = [], missing(self.study).set_index(["table", "column"])
        for name in (n for n in ASKED if self.study.has(n)):
            rows += [self._question(name, question, gone) for question in self._questions(name)]
        heads = [self.say(f"head.{k}") for k in ("question", "table", "wording", "scale", "answers", "no_answer")]
        indices = [f"{name}: {', '.join(items)}" for name, items in self.study.config.items.items()]
        facts = [(self.say("indices"), "; ".join(indices) or self.say("not_declared"))]
        if self.study.has("customers"):
            roles = {role: self.study.customers.question_for(role) for role in ("promoter_share", "nps")}
            facts.append((self.say("loyalty"), self.say("loyalty_given", **roles)))
        return Section(self.say("asked"), facts, heads, rows)

    def _questions(self, name):
        table = self.study.tables[name]
        levels = [q for q, c in table.described.items() if c.kind == "level" and c.unit == "points"]
        levels += [q for q in self.study.config.questions if q in table.described]
        return tuple(dict.fromkeys((*table.questions, *levels)))

    def _question(self, name, question, gone):
        table = self.study.tables[name]
        asked, scale = wording(self.study, name, question, self.language), scale_of(self.study, name, question)
        said = asked.text or self.say("not_declared")
        beneath = []
        if asked.origin == "file":
            beneath.append(self.say("from_file"))
        elif asked.text and asked.language != self.language:
            beneath.append(self.say("other_language", given=self.say(f"language.{asked.language}")))
        if question in table.stands_for:
            beneath.append(self.say("stands_for", asked=table.stands_for[question]))
        if scale is None:
            ends = self.say("shares") if question in table.shares else "–"
        else:
            low, high = (f"{end:g}" for end in (scale.low, scale.high))
            ends = self.say(f"scale.{scale.better}", low=low, high=high)
        if is_counted(table):
            counts = [int(self.overview.loc[name, "answers"]), "–"]
        else:
            counts = [int(gone.loc[(name, question), column]) for column in ("n", "n_missing")]
        return [question, name, (said, " ".join(beneath)), ends, *counts]

    def fieldwork(self):
        """When, how and whom: of customers as study.yaml declares it, with the answers that came."""
        given, facts = self.study.config.fieldwork, []
        none = self.say("not_declared")
        if self.study.has("customers"):
            start, end = (getattr(given, name, None) for name in ("start", "end"))
            period = self.say("period", start=str(start or "…"), end=str(end or "…")) if start or end else none
            facts += [(self.say("field_dates"), period), (self.say("channel"), getattr(given, "channel", "") or none)]
            facts += self._invited(none)
        for name in (n for n in ASKED if self.study.has(n)):
            row = self.overview.loc[name]
            dated = isinstance(row["first"], str) and isinstance(row["last"], str)
            key = "answers_dated" if dated else "answers_given"
            values = {"n": float(row["answers"]), "units": float(row["n_units"])}
            values |= {"first": row["first"][:10], "last": row["last"][:10]} if dated else {}
            facts.append((self.say(f"answers.{name}"), self.say(key, **values)))
        return Section(self.say("fieldwork"), facts, note=self.say("fieldwork_note") if facts else "")

    def _invited(self, none):
        asked, share = self.study.invited, response.overall(self.study)
        if share is None:
            return [(self.say("invited"), none)]
        units = int(asked["unit"].notna().sum())
        n = self.whole(asked["invited"].sum())
        said = self.say("invited_units", n=n, units=self.whole(units)) if units else n
        numbers = {k: share[k] for k in ("estimate", "ci_low", "ci_high")}
        return [(self.say("invited"), said), (self.say("response"), self.say("response_given", **numbers))]

    def files(self):
        """Each table: files, rows, and what was left out of it and why."""
        rows = []
        for name, table in self.study.tables.items():
            kind = self.say(f"kind.{self.overview.loc[name, 'kind']}")
            files = ", ".join(table.spec.files.values())
            rows.append([name, files, kind, int(self.overview.loc[name, "n"]), self._left_out(name)])
        heads = [self.say(f"head.{k}") for k in ("table", "files", "kind", "rows", "left_out")]
        return Section(self.say("files"), heads=heads, rows=rows)

    def _left_out(self, name):
        said, ignored = [], self.study.ignored_columns.get(name, ())
        if ignored:
            more = f", … ({self.whole(len(ignored) - LISTED)})" if len(ignored) > LISTED else ""
            columns = ", ".join(ignored[:LISTED]) + more
            said.append(self.say("ignored", n=len(ignored), columns=columns))
        codes = self.study.tables[name].spec.missing
        for column, given in codes.items():
            values = ", ".join(map(str, given))
            key = "codes" if column == "*" else "codes_of"
            said.append(self.say(key, codes=values, column=column))
        linked = self.study.links_applied.set_index("source")
        if name in linked.index and linked.loc[name, "n_unmatched"]:
            row = linked.loc[name]
            said.append(self.say("unmatched", n=int(row["n_unmatched"]), keys=int(row["keys_unmatched"])))
        return " ".join(said) or self.say("nothing")

    def links(self):
        """How keys met the table links; None without links."""
        found = self.study.links_applied
        if found.empty:
            return None
        columns = ("n", "n_linked", "n_known", "n_unmatched")
        rows = [[row["source"], *(int(row[c]) for c in columns)] for _, row in found.iterrows()]
        heads = [self.say(f"head.{k}") for k in ("table", "rows", "linked", "known", "unmatched")]
        return Section(self.say("links"), heads=heads, rows=rows, note=self.say("links_note"))

    def definitions(self):
        """Unit, pairing, year end, thresholds, money, and whether the data are made up."""
        study, config = self.study, self.study.config
        facts = [
            (self.say("unit"), self.say(f"unit.{study.unit}")),
            (self.say("pairing"), self.say(f"pairing.{study.pairing}", count=study.lag)),
            (self.say("year_end"), study.year_end),
            (self.say("thresholds"), self.say("thresholds_given", **study.thresholds)),
        ]
        for name, table in study.tables.items():
            if any(column.unit == "money" for column in table.described.values()):
                money = {"currency": table.spec.currency or self.say("not_declared")}
                unit = self.say(f"money.{table.spec.unit}")
                facts.append((self.say("money", table=name), self.say("money_given", unit=unit, **money)))
        facts.append((self.say("synthetic"), self.say("yes" if study.synthetic else "no")))
        facts.append((self.say("language"), self.say(f"language.{config.language}")))
        return Section(self.say("definitions"), facts)

    def programs(self):
        """The run: when, seeds, packages, fingerprints."""
        run = self.run
        seeds = ", ".join(f"{name}: {seed}" for name, seed in run.get("seeds", {}).items())
        versions = [f"{name} {version}" for name, version in run["versions"].items() if version]
        facts = [
            (self.say("run"), run["run"]),
            (self.say("started"), run["started"][:16].replace("T", " ")),
            (self.say("seeds"), seeds or self.say("none")),
            (self.say("versions"), ", ".join(versions)),
        ]
        rows = [[name, digest[:SHORT]] for name, digest in run.get("data", {}).items()]
        heads = [self.say("head.files"), self.say("head.fingerprint")]
        return Section(self.say("programs"), facts, heads, rows, self.say("fingerprint_note", digits=SHORT))


def write_method_page(study, run, folder, language=None):
    """Write ``method.html`` of a run into its ``folder``, in ``language`` (by default the study's); its path."""
    language = language or study.language
    page = MethodPage(study, run, language)
    html = environment().get_template("method.html.j2").render(
        run=run, sections=page.sections(), policy=CONTENT_POLICY, language=language, footer=footer(run, language),
        say=lambda key, **values: text(key, language, **values), whole=page.whole,
    )  # fmt: skip
    path, draft = folder / METHOD, folder / "method.tmp"
    draft.write_text(html, encoding="utf-8")
    draft.replace(path)
    return path
