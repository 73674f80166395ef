"""Sides that name units differently are joined by declared links; invitations and field dates meet the answers."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import cxstudy as cx
from cxstudy.faults import DataError

LINKS = "source,key,unit\n" + "".join(f"customers,Firm {i},C{i:03}\n" for i in range(1, 13))
LINKED = "  links: {file: links.csv}\n"


def names(text):
    """The customers of `small_study` under the names of another system: C001 is Firm 1."""
    for i in range(1, 13):
        text = text.replace(f"C{i:03}", f"Firm {i}")
    return text


def add(more):
    return lambda text: text + more


@pytest.fixture
def linked(small_study):
    def make(links=LINKS, customers=names, more="", **files):
        return small_study(study=add(LINKED + more), customers=customers, links=links, **files)

    return make


def faults(folder):
    with pytest.raises(DataError) as error:
        cx.open_study(folder)
    return error.value.faults


def test_linked_names_give_what_the_units_themselves_give(small_study, linked):
    plain = cx.nps(cx.open_study(small_study()).customers, "recommend", by="company")
    study = cx.open_study(linked())
    pd.testing.assert_frame_equal(cx.nps(study.customers, "recommend", by="company"), plain)
    assert study.remarks == () and list(study.tables) == ["companies", "financials", "customers", "links"]
    assert set(study.customers.frame()["unit"]) == {f"C{i:03}" for i in range(1, 13)}
    assert study.links_applied.to_dict("records") == [
        {"source": "customers", "n": 96, "keys_linked": 12, "n_linked": 96, "keys_known": 0, "n_known": 0,
         "keys_unmatched": 0, "n_unmatched": 0}
    ]  # fmt: skip


def test_rows_are_neither_lost_nor_doubled_and_keep_their_answers(linked):
    frame = cx.open_study(linked()).customers.frame().sort_values("response_id", ignore_index=True)
    assert frame["response_id"].tolist() == [f"R{i:03}" for i in range(1, 97)]
    expected = [min(10, 4 + (i + 2 * j) % 5 + i // 4) for i in range(12) for j in range(8)]
    assert frame["recommend"].tolist() == expected
    assert frame["company"].tolist() == [f"C{i:03}" for i in range(1, 13) for _ in range(8)]


def test_two_names_of_one_unit_are_added_up(linked, cell):
    study = cx.open_study(linked(LINKS + "customers,First,C001\n", [names, cell(1, "company", "First")]))
    assert cx.nps(study.customers, "recommend", by="company")["n"].tolist() == [8] * 12
    assert study.links_applied["keys_linked"].tolist() == [13]


def test_parquet_and_keys_that_are_numbers(small_study):
    folder = small_study()
    frame = pd.read_csv(folder / "customers.csv")
    frame["company"] = frame["company"].str[1:].astype(int)
    frame.to_parquet(folder / "customers.parquet")
    pairs = "".join(f"customers,{i},C{i:03}\n" for i in range(1, 13))
    small_study(
        study=[lambda text: text.replace("customers.csv", "customers.parquet"), add(LINKED)],
        links="source,key,unit\n" + pairs,
    )
    study = cx.open_study(folder)
    assert study.customers.frame()["company"].value_counts().eq(8).all() and study.customers.n == 96
    assert study.links_applied["n_linked"].tolist() == [96]


def test_labels_of_an_spss_file_are_the_keys(small_study):
    import pyreadstat

    folder = small_study()
    frame = pd.read_csv(folder / "customers.csv").drop(columns=["comment", "date"])
    frame["company"] = frame["company"].str[1:].astype(float)
    labels = {"company": {float(i): f"Firm {i}" for i in range(1, 13)}}
    asked = {"recommend": "Q1 How likely?"}
    pyreadstat.write_sav(frame, folder / "customers.sav", variable_value_labels=labels, column_labels=asked)
    small_study(study=[lambda text: text.replace("customers.csv", "customers.sav"), add(LINKED)], links=LINKS)
    study = cx.open_study(folder)
    assert study.links_applied.loc[0, ["n_linked", "n_unmatched"]].tolist() == [96, 0]
    assert study.customers.frame()["unit"].value_counts().eq(8).all()
    assert study.customers.question_texts["recommend"] == "Q1 How likely?"


def test_a_key_that_is_a_unit_needs_no_link(linked):
    links = LINKS.replace("customers,Firm 12,C012\n", "")
    study = cx.open_study(linked(links, [names, lambda text: text.replace("Firm 12", "C012")]))
    row = study.links_applied.iloc[0]
    assert (row["n_linked"], row["n_known"], row["n_unmatched"]) == (88, 8, 0) and study.remarks == ()


@pytest.mark.parametrize("near", ["firm 3", "Firm  3", "Firm3", "FIRM 3"])
def test_a_near_miss_is_named_with_its_nearest_and_never_matched(linked, cell, near):
    study = cx.open_study(linked(customers=[names, cell(17, "company", near), cell(18, "company", near)]))
    remark, few = study.remarks
    assert few.rule.startswith("a company needs at least 5 answers")
    assert f"1 of 13 keys (2 of 96 rows) are neither: '{near}' (2 rows, first line 18; nearest Firm 3)" in remark.found
    assert remark.row == 18 and "linked to a company" in remark.rule
    assert study.links_applied.loc[0, ["n_linked", "n_unmatched", "keys_unmatched"]].tolist() == [94, 2, 1]
    assert (study.customers.frame()["unit"] == near).sum() == 2


def test_zeros_lost_in_front_are_a_near_miss(linked, cell):
    links = LINKS.replace("Firm 3,", "0003,")
    study = cx.open_study(linked(links, [names, lambda text: text.replace("Firm 3,", "3,")]))
    unmatched, unused = study.remarks
    assert "'3' (8 rows, first line 18; nearest 0003)" in unmatched.found
    assert "1 of customers in no row: '0003'; nearest 3." in unused.found


def test_nothing_matched_is_a_fault(linked):
    (fault,) = faults(linked(customers=lambda text: text.replace(",C0", ",Z-")))
    assert "12 of 12 keys (96 of 96 rows)" in fault.found and fault.where == "customers.csv, column company"


def test_a_key_of_two_units_is_a_fault_that_names_all(linked):
    more = "customers,Firm 1,C002\ncustomers,Firm 1,C003\ncustomers,Firm 5,C006\n"
    (fault,) = faults(linked(LINKS + more))
    assert fault.rule == "a key of a source stands for one unit." and fault.row == 2
    assert "customers 'Firm 1' is 'C001' (line 2) and 'C002' (line 14) and 'C003' (line 15)" in fault.found
    assert "customers 'Firm 5' is 'C005' (line 6) and 'C006' (line 16)" in fault.found


def test_the_same_link_twice_is_named(linked):
    (fault,) = faults(linked(LINKS + "customers,Firm 1,C001\n"))
    assert "no two rows may have the same source and key and unit" in fault.rule


def test_an_unknown_source_is_answered_with_the_tables(linked):
    (fault,) = faults(linked(LINKS.replace("customers,Firm 1,", "custmers,Firm 1,")))
    assert "there is no table 'custmers'; nearest: customers; valid: companies, customers, financials." in fault.found


def test_an_unknown_unit_is_named_with_its_nearest(linked):
    (fault,) = faults(linked(LINKS.replace("Firm 7,C007", "Firm 7,C07")))
    assert fault.where == "links.csv, column unit"
    assert "1 unknown: 'C07' (customers 'Firm 7'; nearest C007)" in fault.found


def test_a_source_without_the_unit_is_a_fault(linked):
    folder = linked(more="unit: branch\n")
    text = (folder / "study.yaml").read_text(encoding="utf-8").replace("unit: company\n", "")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    assert any("table customers has no column branch" in fault.found for fault in faults(folder))


def test_unreadable_links_are_the_only_fault(linked):
    (fault,) = faults(linked(links=""))
    assert fault.where == "links.csv"


def test_links_that_make_two_rows_of_one_unit_and_year_are_a_fault(small_study):
    links = "source,key,unit\nfinancials,C001,C002\n"
    (fault,) = faults(small_study(study=add(LINKED), links=links))
    assert "no two rows may have the same company and year" in fault.rule and "'C002, 2023' 2 times" in fault.found


def test_without_companies_the_other_side_says_which_units_are_known(linked, small_study):
    folder = linked(LINKS.replace("customers,Firm 12,C012\n", ""))
    text = (folder / "study.yaml").read_text(encoding="utf-8").replace("  companies: {file: companies.csv}\n", "")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    study = cx.open_study(folder)
    assert study.links_applied["n_unmatched"].tolist() == [8] and "'Firm 12'" in study.remarks[0].found


def test_sides_that_share_no_key_are_offered_links(small_study):
    (fault,) = faults(small_study(customers=names))
    assert "add a table links (columns source, key, unit; one row a name)" in fault.remedy
    folder = small_study(
        study=lambda text: text.replace("  companies: {file: companies.csv}\n", ""), customers=names
    )
    (remark,) = cx.open_study(folder).remarks
    assert remark.rule == "customers and financials are joined by company." and "add a table links" in remark.remedy


def test_work_groups_are_linked_where_they_are_the_unit(small_study):
    group = [f"{'north' if i % 2 else 'south'}" for i in range(96)]
    header = "company,work_group,n,t\n"
    staff = header + "".join(f"C{i:03},Team {g},9,4\n" for i in range(1, 13) for g in ("N", "S"))
    links = "source,key,unit\nemployees,Team N,north\nemployees,Team S,south\n"

    def grouped(text):
        first, *rows = text.splitlines()
        return "\n".join([f"{first},work_group", *(f"{row},{g}" for row, g in zip(rows, group, strict=True))]) + "\n"

    employees = "  employees: {file: employees.csv, rows: counted, means: {trust: {mean: t}}}\n"
    folder = small_study(
        study=[add(LINKED + employees), lambda text: text.replace("unit: company", "unit: work_group")],
        customers=grouped, employees=staff, links=links,
    )  # fmt: skip
    study = cx.open_study(folder)
    assert set(study.employees.frame()["work_group"]) == {"north", "south"}
    assert set(study.employees.frame()["company"]) == {f"C{i:03}" for i in range(1, 13)}
    assert study.links_applied["n_linked"].tolist() == [24]


def test_fingerprints_and_small_groups_work_with_links(linked, cell):
    from cxstudy.anonymity import Groups, suppress

    folder = linked(LINKS + "customers,Tiny,C012\n", [names, *(cell(r, "company", "Firm 1") for r in range(92, 97))])
    study = cx.open_study(folder)
    assert {"links.csv", "customers.csv"} <= study.fingerprints().keys()
    table = cx.nps(study.customers, "recommend", by="company").rename(columns={"n": "n_answers"})
    hidden = suppress(table, study.thresholds, groups=Groups(study)).set_index("company")["estimate"]
    assert np.isnan(hidden["C012"]) and not np.isnan(hidden["C001"])


def test_employees_answers_are_never_quoted_beside_a_key(small_study):
    staff = "response_id,company,trust\n" + "".join(f"E{i},Firm {i % 12 + 1},{i % 4 + 1}\n" for i in range(96))
    links = LINKS.replace("customers", "employees").replace("Firm 2,", "Firm Two,")
    study = cx.open_study(
        small_study(study=add(LINKED + "  employees: {file: employees.csv}\n"), employees=staff, links=links)
    )
    assert [remark.where for remark in study.remarks] == ["employees.csv, column company", "links.csv, column key"]
    assert "'Firm 2' (8 rows, first line 3; nearest Firm 12, Firm 11)" not in study.remarks[0].found
    assert "'Firm 2' (8 rows" in study.remarks[0].found and "trust" not in str(study.remarks)


# invitations and field dates


def invited_file(n=20, unit="company"):
    return f"{unit},invited\n" + "".join(f"C{i:03},{n}\n" for i in range(1, 13))


@pytest.mark.parametrize("unit", ["company", "unit"])
def test_response_by_unit_is_answers_of_invited_with_wilson(small_study, unit):
    folder = small_study(study=add("fieldwork: {invited: invited.csv}\n"), invited=invited_file(20, unit))
    study = cx.open_study(folder)
    assert study.invited["invited"].eq(20).all() and study.invited["n_answers"].eq(8).all() and len(study.invited) == 12
    result = cx.data_check(study)
    one, rows = result["data_check.response"], result.tables["response"]
    assert (one.estimate, one.n, one.n_missing) == (40.0, 240, 144)
    np.testing.assert_allclose(
        (one.ci_low, one.ci_high), 100 * np.array(proportion_confint(96, 240, method="wilson")), rtol=1e-9
    )
    assert rows["group"].tolist() == [f"C{i:03}" for i in range(1, 13)] and rows["estimate"].eq(40).all()
    np.testing.assert_allclose(
        rows.loc[0, ["ci_low", "ci_high"]].astype(float), 100 * np.array(proportion_confint(8, 20, method="wilson"))
    )
    assert "invited.csv" in study.fingerprints()


def test_a_unit_without_answers_counts_and_one_without_invitations_is_a_remark(small_study):
    files = {"companies": add("C013,Company 13,bank\n"), "invited": invited_file().replace("C012,20", "C013,20")}
    study = cx.open_study(small_study(study=add("fieldwork: {invited: invited.csv}\n"), **files))
    assert study.invited.set_index("unit").loc["C013"].tolist() == [20, 0]
    (remark,) = study.remarks
    assert "none for 1 of 12 with answers: 'C012'" in remark.found
    assert cx.data_check(study)["data_check.response"].n == 240


def test_invitations_follow_the_links_of_customers(linked):
    invited = invited_file()
    for i in range(1, 13):
        invited = invited.replace(f"C{i:03}", f"Firm {i}")
    study = cx.open_study(linked(more="fieldwork: {invited: invited.csv}\n", invited=invited))
    assert study.invited["unit"].tolist() == [f"C{i:03}" for i in range(1, 13)]


@pytest.mark.parametrize(
    ("given", "file", "found"),
    [
        ("95", "", "96 answers of 95 invited."),
        ("invited.csv", invited_file().replace("C004,20", "C004,7"), "8 answers of 7 invited ('C004')."),
        ("invited.csv", invited_file().replace("C004,20", "C004,many"), "not so for 'C004' (first line 5)."),
        ("invited.csv", invited_file().replace("C004,20", "C004,-1"), "not so for 'C004' (first line 5)."),
        ("invited.csv", invited_file().replace("C004,20", "C004,9.5"), "not so for 'C004' (first line 5)."),
        ("invited.csv", invited_file() + "C004,3\n", "'C004' 2 times."),
        ("invited.csv", invited_file() + "C04,3\n", "1 unknown: 'C04' (nearest C004"),
        ("invited.csv", invited_file().replace("invited", "invitd"), "there is no column 'invited'; nearest: invitd"),
        ("invted.csv", invited_file(), "there is no such file"),
    ],
)
def test_invitations_that_cannot_be(small_study, given, file, found):
    folder = small_study(study=add(f"fieldwork: {{invited: {given}}}\n"), **({"invited": file} if file else {}))
    (fault,) = faults(folder)
    assert found in fault.found


def test_nobody_invited_is_no_number(small_study):
    (fault,) = faults(small_study(study=add("fieldwork: {invited: 0}\n")))
    assert fault.rule.startswith("invited is how many were asked, 1 or more") and fault.found == "0."


def test_field_dates_in_the_wrong_order(small_study):
    (fault,) = faults(small_study(study=add("fieldwork: {from: 2025-02-01, to: 2025-01-01}\n")))
    assert (fault.rule, fault.found) == ("from must not lie after to.", "from 2025-02-01 and to 2025-01-01.")


def test_answers_outside_the_field_dates_are_counted(small_study):
    study = cx.open_study(small_study(study=add("fieldwork: {from: 2024-03-01, to: 2024-07-31}\n")))
    (remark,) = study.remarks
    assert "24 before 2024-03-01 and 12 after 2024-07-31, of 96 dated answers." in remark.found
    assert study.config.fieldwork.start == dt.date(2024, 3, 1) and study.customers.n == 96
    inside = cx.open_study(small_study(study=add("fieldwork: {from: 2024-01-15, to: 2024-08-15}\n")))
    assert inside.remarks == ()


# wording


def test_an_unknown_question_is_answered_with_the_valid_ones(small_study):
    (fault,) = faults(small_study(study=add("questions: {recomend: {en: How likely}}\n")))
    assert fault.where == "study.yaml, questions.recomend"
    assert "there is no question 'recomend'; nearest: recommend" in fault.found


@pytest.mark.parametrize("language", ["no", "fi"])
def test_an_unknown_language_is_answered_with_the_valid_ones(small_study, language):
    (fault,) = faults(small_study(study=add(f"questions: {{recommend: {{{language}: Hur}}}}\n")))
    assert fault.rule == "the wording of recommend is given in en, sv, da." and fault.where == "study.yaml, questions"


def test_a_wording_without_language_is_a_fault(small_study):
    (fault,) = faults(small_study(study=add("questions: {recommend: How likely}\n")))
    assert fault.rule == "a question has a wording by language, {en: …}." and "How likely" in fault.found
