"""Every published claim has its row, its frozen test, and an honest verdict or the reason for none."""

import math
import re
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

import cxstudy
from cxstudy.claims import claims, declared
from cxstudy.declarations import Claim, Part
from cxstudy.findings import Answer, Finding, Reading, write_findings

module = import_module("cxstudy.claims")
IDS = """
margin-top margin-bottom loyalty-share retention-driver choice employee-ambassador-loyalty
employee-ambassador-cx spiral self-image driver-ease driver-resolution driver-engagement nps-scale
satisfaction-nps early-warning organic-growth satisfied-loyal satisfied-not-loyal best-indicator
customer-types engaged-feedback word-of-mouth keep-or-win profit-chain satisfied-engaged-staff leadership
contact-paradox handling-time disengaged-staff engaged-teams-profit measures touchpoints one-page action-log
detractors-24h front-line award
""".split()
PUBLISHED = {
    "margin-top": 9, "loyalty-share": 0.2, "employee-ambassador-cx": 1.25, "driver-ease": 28, "driver-resolution": 19,
    "driver-engagement": 19, "engaged-teams-profit": 2.7, "retention-driver": 1, "best-indicator": 1,
}
COLUMNS = """id document said kind published verdict word verdict_holm estimate ci_low ci_high confidence unit n n_unit truth
finding reason""".split()
PACKAGE = Path(cxstudy.__file__).parent


def study(synthetic=False, truth=None, tables=()):
    def has(table, *columns):
        return all(f"{table}.{column}" in tables for column in columns) if columns else table in tables

    return SimpleNamespace(name="stand-in", synthetic=synthetic, language="en", truth=truth or {}, has=has)


def found(finding_id, low, high, unit="%", **details):
    return Finding(finding_id, (low + high) / 2, 1.0, low, high, 0.95, unit, n=80, n_unit="companies", **details)


@pytest.fixture
def out(tmp_path):
    """A function that writes findings as an analysis would and returns the folder of results."""
    (tmp_path / "findings").mkdir()

    def write(*findings, name="nps_margin"):
        write_findings(tmp_path / "findings" / f"{name}.json", findings, study="stand-in")
        return tmp_path

    return write


@pytest.fixture
def built(monkeypatch):
    """Only nps_margin is built, whatever this version has; its `answerable` can be set."""
    stand_in = SimpleNamespace(answerable=lambda _: Answer("nps_margin", "yes", Reading("verdict.agrees")))
    monkeypatch.setattr(module, "find_spec", lambda name: object() if name.endswith(".nps_margin") else None)
    monkeypatch.setattr("cxstudy.answerable.import_module", lambda name: stand_in)
    return stand_in


def row(result, claim_id):
    return result.claims.set_index("id").loc[claim_id]


def test_every_row_in_its_order():
    assert [claim.id for claim in declared()] == IDS


def test_original_sentences_are_not_invented():
    assert all(claim.original is None for claim in declared())
    header = (PACKAGE / "claims.yaml").read_text(encoding="utf-8").split("\n- id")[0]
    assert "original sentences were not at hand" in header


def test_published_numbers_are_as_printed_and_lie_in_their_zones():
    numbers = {c.id: c.published.number for c in declared() if c.published.number is not None}
    assert numbers == PUBLISHED
    for claim in declared():
        for part in claim.declaration.parts:
            if part.zone:
                assert part.zone[0] <= claim.published.number <= part.zone[1]
                assert part.unit == claim.published.unit


def test_hedges_of_the_documents_are_kept():
    said = {claim.id: claim.said for claim in declared()}
    assert "sometimes" in said["self-image"] and "tend" in said["self-image"]
    assert "often" in said["satisfied-loyal"] and "often" in said["contact-paradox"]
    assert "may signal" in said["organic-growth"] and "can work" in said["early-warning"]
    assert "as a rule" in said["satisfied-engaged-staff"]


def test_primary_findings_belong_to_the_analysis_and_stand_alone():
    primary = [part.finding for claim in declared() for part in claim.declaration.parts]
    assert len(primary) == len(set(primary))
    for claim in declared():
        for part in claim.declaration.parts:
            for name in (part.finding, *part.beside):
                assert name.split(".")[0] in claim.analysis, claim.id


def test_the_frozen_tests_of_nps_margin():
    parts = {c.id: c.declaration.parts for c in declared() if "nps_margin" in c.analysis}
    assert set(parts) == {"margin-top", "margin-bottom", "organic-growth", "choice"}
    assert all(len(listed) == 1 for listed in parts.values())
    top, bottom, choice, growth = (listed[0] for listed in parts.values())
    assert (top.kind, top.finding, top.zone, top.unit) == ("value", "nps_margin.top_tier", (7, 11), "%")
    assert top.beside == ("nps_margin.top_tier_nps",)
    assert (bottom.kind, bottom.finding) == ("direction", "nps_margin.bottom_tier")
    assert (bottom.side, bottom.null_value) == ("below", 0)
    assert (growth.finding, growth.side) == ("nps_margin.organic_growth.slope", "above")
    assert (choice.finding, choice.side) == ("nps_margin.market_share.slope", "above")


GOOD = {"kind": "direction", "finding": "a.b", "side": "above", "smallest": 1, "why": "x"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": None}, "declare a side"),
        ({"smallest": None}, "smallest effect"),
        ({"why": ""}, "smallest effect"),
        ({"zone": [1, 2]}, "declare a zone"),
        ({"kind": "value"}, "declare a zone"),
        ({"kind": "value", "zone": [2, 1], "unit": "%"}, "lower end stands first"),
        ({"kind": "value", "zone": [1, 2]}, "its unit"),
        ({"kind": "rank"}, "claimed ranks"),
        ({"kind": "rank", "rank": [1, 2], "side": None}, "a tie is declared"),
        ({"rank": [1, 1]}, "claimed ranks"),
        ({"smallest": 0}, "greater than 0"),
        ({"null_value": math.nan}, "finite"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_declaration_that_is_not_complete_is_refused(change, message):
    Part.model_validate(GOOD)
    with pytest.raises(ValidationError, match=message):
        Part.model_validate(GOOD | change)


def test_a_claim_needs_a_part():
    body = declared()[0].model_dump()
    body["declaration"]["parts"] = ()
    with pytest.raises(ValidationError, match="at least 1 item"):
        Claim.model_validate(body)


def test_only_this_module_reads_the_published_figures():
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    assert [name for name, body in sources.items() if "claims.yaml" in body] == ["claims.py"]
    below = ("stats/", "measures/", "analyses/", "readers", "study", "tally", "schema", "findings", "simulat", "worlds")
    reads = re.compile(r"cxstudy(\.| import )(claims|declarations|verdicts)\b|published\.number")
    offenders = [name for name, body in sources.items() if name.startswith(below) and reads.search(body)]
    assert offenders == []
    assert "claims.py" in sources and any(name.startswith("stats/") for name in sources)


def test_without_results_nothing_has_been_tested(built, tmp_path):
    for folder in (None, "", tmp_path, tmp_path / "not there"):
        result = claims(study(), folder)
        assert list(result.claims.columns) == COLUMNS and list(result.claims["id"]) == IDS
        assert set(result.claims["word"]) == {"not tested"}
        assert row(result, "margin-top").verdict == "not run"
        assert row(result, "profit-chain").verdict == "not built"
        assert result.reading.values["not_tested"] == result.reading.values["total"]


def test_verdicts_from_a_folder_of_results(built, out):
    folder = out(
        found("nps_margin.top_tier", 1.8, 4.6),
        found("nps_margin.top_tier_nps", 2.0, 5.0),
        found("nps_margin.bottom_tier", -4.0, -0.5, p_value=0.012),
        found("nps_margin.organic_growth.slope", 0.2, 3.0, p_value=0.03),
    )
    result = claims(study(tables=["financials.organic_growth"]), folder)
    top = row(result, "margin-top")
    assert (top.verdict, top.word, top.verdict_holm) == ("weaker", "disagrees", "")
    assert (top.ci_low, top.n, top.n_unit) == (1.8, 80, "companies")
    assert (row(result, "margin-bottom").word, row(result, "organic-growth").word) == ("agrees", "agrees")
    assert result.findings == () and result.analysis == "claims"
    assert list(result.beside["finding"]) == ["nps_margin.top_tier_nps"]
    counts = {"agrees": 2, "disagrees": 1, "cannot_tell": 0, "recovered": 0, "not_recovered": 0, "not_tested": 25}
    assert result.reading.values == {"total": 28, **counts}
    assert "agree with 2, disagree with 1 and cannot tell about 0" in result.sentence()


@pytest.mark.parametrize(("second", "expected"), [(0.0499, "supported"), (0.05, "undecided")])
def test_holm_over_the_directional_claims(built, out, second, expected):
    folder = out(
        found("nps_margin.bottom_tier", -4.0, -0.5, p_value=0.0249),
        found("nps_margin.organic_growth.slope", 0.2, 3.0, p_value=second),
    )
    result = claims(study(), folder)
    assert row(result, "margin-bottom").verdict_holm == "supported"
    assert row(result, "organic-growth").verdict == "supported"
    assert row(result, "organic-growth").verdict_holm == expected


def test_holm_makes_a_lone_doubtful_result_undecided(built, out):
    folder = out(
        found("nps_margin.bottom_tier", -4.0, -0.1, p_value=0.03),
        found("nps_margin.organic_growth.slope", -1.0, 3.0, p_value=0.4),
    )
    result = claims(study(), folder)
    one = row(result, "margin-bottom")
    assert (one.verdict, one.verdict_holm) == ("supported", "undecided")
    assert "over the 2 directional claims" in result.note("claims.holm")


def test_an_undecided_claim_stays_so_after_holm(built, out):
    folder = out(found("nps_margin.bottom_tier", -4.0, 0.1, p_value=0.001))
    assert row(claims(study(), folder), "margin-bottom").verdict_holm == "undecided"


def test_synthetic_data_recover_a_truth_and_judge_no_claim(built, out):
    folder = out(found("nps_margin.top_tier", 8.0, 10.0), found("nps_margin.bottom_tier", -4, -1, p_value=0.001),
                 found("nps_margin.organic_growth.slope", 1, 2))
    result = claims(study(True, {"nps_margin.top_tier": 9.5, "nps_margin.bottom_tier": 0.5}), folder)
    words = {i: row(result, i).word for i in ("margin-top", "margin-bottom", "organic-growth")}
    assert words == {"margin-top": "recovered", "margin-bottom": "not recovered", "organic-growth": "cannot tell"}
    assert set(result.claims["verdict_holm"]) == {""}
    assert not {"agrees", "disagrees"} & set(result.claims["word"])
    assert result.sentence().startswith("Synthetic data") and result.synthetic


def test_what_the_data_cannot_answer_is_told_from_what_was_not_run(built, out):
    folder = out(Finding("nps_margin.top_tier", reason="fewer than 8 companies a tier"))
    result = claims(study(), folder)
    assert row(result, "margin-top").reason == "These data cannot answer: fewer than 8 companies a tier"
    assert row(result, "margin-bottom").verdict == "not run"
    growth = row(result, "organic-growth")
    assert (growth.verdict, growth.word) == ("cannot answer", "not tested")
    assert growth.reason == "These data cannot answer: the study has no financials.organic_growth."
    assert row(claims(study(tables=["financials.organic_growth"]), folder), "organic-growth").verdict == "not run"


def test_an_analysis_that_could_not_be_run_says_why(built, out):
    built.answerable = lambda _: Answer("nps_margin", "no", Reading("claims.reason.no_interval"))
    folder = out(found("own.number", 1, 2), name="own")
    one = row(claims(study(), folder), "margin-top")
    assert one.verdict == "cannot answer" and one.reason.startswith("These data cannot answer: The finding has no")


def test_a_practice_with_nothing_recorded(monkeypatch, out):
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    yes = SimpleNamespace(answerable=lambda _: Answer("x", "yes", None))
    monkeypatch.setattr("cxstudy.answerable.import_module", lambda name: yes)
    recorded = found("journey.churn_rise_after_alarm", 1, 2), found("journey.practice_one_page", 40, 60)
    folder = out(*recorded, name="journey")
    result = claims(study(tables=["actions", "callbacks.handled_at"]), folder)
    verdicts = [row(result, i).verdict for i in ("touchpoints", "one-page", "award")]
    assert verdicts == ["not recorded", "partly", "not run"]
    assert row(result, "touchpoints").reason == "Nothing is recorded about this practice."
    assert result.notes[0].values["partly"] == 1 and "Partly: 1." in result.note("claims.practices")


def test_sources_that_disagree_stand_side_by_side(monkeypatch, out):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    folder = out(found("satisfied_loyal.churn_laid_back_minus_engaged", 1, 2), name="satisfied_loyal")
    result = claims(study(), folder)
    assert IDS.index("satisfied-not-loyal") == IDS.index("satisfied-loyal") + 1
    said = "satisfied-loyal (K, N): not tested. satisfied-not-loyal (S): agrees."
    assert said in result.note("claims.sources_disagree")


def test_earlier_verdicts_are_not_read_as_findings(built, out):
    folder = out(found("nps_margin.top_tier", 8, 10))
    out(name="claims")
    assert row(claims(study(), folder), "margin-top").verdict == "as published"


def test_a_broken_or_doubled_findings_file_is_named(built, out):
    folder = out(found("nps_margin.top_tier", 8, 10))
    out(found("nps_margin.top_tier", 1, 2), name="second")
    with pytest.raises(ValueError, match=r"nps_margin\.top_tier is in nps_margin\.json and second\.json"):
        claims(study(), folder)
    (folder / "findings" / "second.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"second\.json .* must be a findings file"):
        claims(study(), folder)


def test_declarations_table_holds_every_part_and_the_truth(built):
    result = claims(study(True, {"nps_margin.top_tier": 9.5}))
    table = result.declarations
    assert len(table) == sum(len(c.declaration.parts) for c in declared())
    top = table.set_index("finding").loc["nps_margin.top_tier"]
    assert (top["zone_low"], top["zone_high"], top["truth"]) == (7, 11, 9.5)
    assert (table.loc[table["kind"] != "practice", "why"] != "").all()
