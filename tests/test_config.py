"""study.yaml: what is read, and what a user is told when it is wrong."""

import datetime as dt

import pytest

from cxstudy.faults import DataError
from cxstudy.opening.study_file import read_study_file
from cxstudy.opening.yaml_file import load_yaml

SMALL = "format: 1\nname: small\ntables:\n  customers: {file: customers.csv}\n"


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding=encoding)
        return read_study_file(path)

    return read


@pytest.fixture
def faults(read):
    def faults(text, **how):
        with pytest.raises(DataError) as caught:
            read(text, **how)
        return caught.value.faults

    return faults


def with_table(options):
    return SMALL.replace("{file: customers.csv}", f"{{file: customers.csv, {options}}}")


def test_defaults(read):
    config = read(SMALL)
    assert (config.language, config.unit, config.pairing, config.year_end) == ("en", "company", "pooled", "12-31")
    assert config.thresholds.model_dump() == {"customers": 5, "employees": 7}
    assert config.loyalty.promoter_share == config.loyalty.nps == "recommend"
    assert config.tables["customers"].rows == "answers"
    assert not config.synthetic


def test_everything_that_may_be_declared(read):
    config = read(
        """
format: 1
name: all-of-it
title: Everything
synthetic: true
truth: truth.json
language: "sv"
unit: work_group
pairing: {lag: 2}
year_end: "06-30"
tables:
  customers: {file: c.csv, rows: counted, columns: {n: answers, company: ccn},
    shares: {recommend: {promoters: p, passives: i, detractors: d}},
    means: {nurses: {mean: m}}, stands_for: {recommend: rating}}
  employees: {file: e.csv, missing: {trust: 9, thriving: [8, 9]}, dates: "%d/%m/%Y", decimal: ",", separator: ";"}
  financials: {file: f.csv, currency: SEK, unit: thousands, missing: [-99, "NA"], ignore: [notes]}
scales: {effort: {low: 1, high: 7, better: low}, ease: {low: 0, high: 100, whole: false}}
items: {cx_index: [ease, resolution]}
levels: {customer_contact: ["never", "daily"]}
thresholds: {customers: 10}
loyalty: {promoter_share: gladly}
fieldwork: {from: 2025-01-10, to: "2025-02-28", channel: e-mail, invited: invited.csv}
"""
    )
    assert config.pairing.lag == 2
    assert config.tables["employees"].missing == {"trust": [9], "thriving": [8, 9]}
    assert config.tables["financials"].missing == {"*": [-99, "NA"]}
    assert config.tables["customers"].shares["recommend"].passives == "i"
    assert config.tables["customers"].means["nurses"].sd is None
    assert config.scales["effort"].better == "low"
    assert (config.fieldwork.start, config.fieldwork.end) == (dt.date(2025, 1, 10), dt.date(2025, 2, 28))
    assert config.thresholds.employees == 7


def test_a_byte_order_mark_does_not_matter(read):
    assert read(SMALL, encoding="utf-8-sig").name == "small"


def test_a_misspelt_key_is_answered_with_the_valid_ones(faults):
    (fault,) = faults(with_table("mising: [99]"))
    assert fault.where == "study.yaml, tables.customers.mising"
    assert fault.row == 4
    assert fault.rule == "only known keys may stand here."
    assert fault.found.startswith("there is no key 'mising'; nearest: missing; valid: columns, constants, currency")
    assert fault.remedy == "correct the key or remove it."


@pytest.mark.parametrize(
    ("text", "where", "valid"),
    [
        ("scales: {effort: {low: 1, high: 7, bettr: low}}", "scales.effort.bettr", "better, high, low, whole"),
        ("thresholds: {employes: 3}", "thresholds.employes", "customers, employees"),
        ("loyalty: {share: x}", "loyalty.share", "nps, promoter_share"),
        ("fieldwork: {start: 2025-01-10}", "fieldwork.start", "channel, from, invited, to"),
        ("nme: x", "nme", "comments, csv, fieldwork, format"),
    ],
)
def test_unknown_keys_at_every_depth(faults, text, where, valid):
    (fault,) = faults(SMALL + text + "\n")
    assert fault.where == f"study.yaml, {where}"
    assert f"valid: {valid}" in fault.found


def test_confidence_belongs_to_the_run(faults):
    (fault,) = faults(SMALL + "confidence: 95\n")
    assert fault.rule.startswith("study.yaml describes the data")
    assert fault.remedy == "remove it here and write: cxstudy run -p confidence 0.95."


def test_language_no_is_false_in_yaml(faults):
    (fault,) = faults(SMALL + "language: no\n")
    assert fault.rule == "language must be one of en, sv, da."
    assert fault.found == "False. YAML reads an unquoted no as false."
    assert 'language: "en"' in fault.remedy
    assert fault.row == 5


def test_unquoted_text_that_yaml_turns_into_something_else(faults):
    assert faults(SMALL.replace("name: small", "name: 0047"))[0].remedy.startswith("put it in quotes")
    assert faults(SMALL + "levels: {customer_contact: [no, often]}\n")[0].remedy.startswith("put it in quotes")
    (fault,) = faults(with_table("missing: [no]"))
    assert (fault.rule, fault.found.startswith("False")) == ("a code must be a number or a text in quotes.", True)


@pytest.mark.parametrize(
    ("text", "rule", "found"),
    [
        ("pairing: poled", "pairing must be pooled, same_year or {lag: 1}.", "'poled'."),
        ("pairing: {lag: 0}", "pairing must be pooled, same_year or {lag: 1}.", "{'lag': 0}."),
        ("unit: shop", "unit must be one of company, branch, work_group.", "'shop'."),
        ("scales: {effort: {low: 7, high: 1}}", "low must be below high.", "low 7 and high 1."),
        ("scales: {effort: {low: 7}}", "the key high is required.", "it is not there."),
        ("thresholds: {customers: 0}", "customers: it should be greater than or equal to 1.", "0."),
        ("truth: truth.json", "only a study with synthetic: true may name a file of true values.", "truth without it."),
        ("year_end: 31-12", "year_end is month and day, such as '12-31'.", "'31-12'."),
    ],
)
def test_values_that_cannot_be(faults, text, rule, found):
    said = [(f.rule, f.found) for f in faults(SMALL + text + "\n")]
    assert (rule, found) in said


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("rows: counted", "a counted table must name its columns under shares or means."),
        ("means: {x: {mean: m}}", "shares and means belong to a table with rows: counted."),
        ('dates: "DD/MM/YYYY"', "dates must name year, month and day, such as '%d/%m/%Y'."),
        ('dates: "%Q"', "dates must name year, month and day, such as '%d/%m/%Y'."),
        ('decimal: ";"', "decimal: it should be '.' or ','."),
    ],
)
def test_table_options_that_cannot_be(faults, options, rule):
    assert faults(with_table(options))[0].rule == rule


def test_tables_are_the_canonical_ones(faults):
    (fault,) = faults(SMALL.replace("customers:", "custmers:"))
    assert fault.rule == "only known tables may stand here."
    assert "nearest: customers" in fault.found
    text = SMALL + "  companies: {file: c.csv, rows: counted, means: {x: {mean: m}}}\n"
    assert faults(text)[0].rule == "only customers and employees may be counted."
    assert faults("format: 1\nname: x\ntables: {}\n")[0].where == "study.yaml, tables"


@pytest.mark.parametrize("name", ["Small", "my study", "å", "con", "-x", "a" * 61])
def test_the_name_is_a_slug(faults, name):
    (fault,) = faults(SMALL.replace("name: small", f'name: "{name}"'))
    assert fault.where == "study.yaml, name"


def test_broken_yaml_names_its_line(faults):
    (fault,) = faults("format: 1\nname: x\n  tables: [\n")
    assert (fault.rule, fault.row) == ("the file must be valid YAML.", 3)
    assert "indentation" in fault.remedy
    (fault,) = faults("format: 1\nname: x\nfieldwork: {from: 2025-02-31}\n")
    assert fault.rule == "the file must be valid YAML."


@pytest.mark.parametrize(
    "text",
    ["scales: [1]", "? [a]\n: 1", "a: &x [*x]", "no: x", "scales: {a: {low: .nan, high: 3}}", "a: !!python/name:os x"],
)
def test_odd_yaml_is_a_fault_and_no_traceback(faults, text):
    assert faults(SMALL + text + "\n")


@pytest.mark.parametrize(
    ("text", "rule", "found"),
    [
        ("", "the file must consist of lines such as name: my-study.", "an empty file."),
        ("- a\n", "the file must consist of lines such as name: my-study.", "no such lines."),
        (SMALL + "name: other\n", "a key may stand only once in its group.", "name twice."),
    ],
)
def test_files_that_are_no_study(faults, text, rule, found):
    (fault,) = faults(text)
    assert (fault.rule, fault.found) == (rule, found)


def test_keys_merged_from_an_anchor_are_not_keys_that_stand_twice(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("base: &base {low: 1, high: 5}\nother:\n  <<: *base\n  high: 7\n", encoding="utf-8")
    content, lines = load_yaml(file)
    assert content["other"] == {"low": 1, "high": 7} and lines["other", "high"] == 4


def test_another_encoding_is_named(faults):
    (fault,) = faults(SMALL + "title: Å\n", encoding="latin-1")
    assert fault.rule == "the file must be UTF-8."


def test_all_faults_come_at_once(faults):
    found = faults("format: 2\nname: X\nlanguage: no\nlevls: 3\ntables:\n  customers: {fil: c.csv}\n")
    wheres = [f.where.removeprefix("study.yaml, ") for f in found]
    assert sorted(wheres) == ["format", "language", "levls", "name", "tables.customers.fil", "tables.customers.file"]
