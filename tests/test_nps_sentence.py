"""The NPS in a sentence: the numbers of `cx.nps`, nobody shown who must not be, in the study's language."""

import pytest
from small_study import write_study

import cxstudy as cx
from cxstudy.faults import NotTestable
from cxstudy.nps_sentence import nps_sentences


@pytest.fixture
def study(tmp_path):
    def opened(answers=10, rows=(), **extra):
        folder = write_study(tmp_path / "s", companies=3, answers=answers, **extra)
        with (folder / "customers.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{row}\n" for row in rows)
        with (folder / "companies.csv").open("a", encoding="utf-8") as file:
            file.write("C9,Firm 9\n")
        return cx.open_study(folder)

    return opened


def test_the_numbers_are_those_of_nps(study):
    opened = study(rows=["x,0000,2024-05-01,"])
    found = cx.nps(opened).iloc[0]
    low, high = (f"{found[end]:+.1f}".replace("-", "−") for end in ("ci_low", "ci_high"))
    estimate = f"{found['estimate']:+.1f}".replace("-", "−")
    assert nps_sentences(opened) == [
        f"NPS {estimate} (95 % CI {low} to {high}), from 30 answers to recommend. One row without an answer is left "
        "out. Interval: adjusted Wald."
    ]


def test_groups_under_the_threshold_are_named_without_a_number_and_so_is_the_one_that_gives_them_away(study):
    rows = [f"x{i},C9,2024-05-01,{s}" for i, s in enumerate((10, 9, 0))]
    said = nps_sentences(study(rows=rows), by="company")
    hidden = [line for line in said if ": Fewer than 5" in line or ": Not shown" in line]
    assert len(said) == 5 and len(hidden) == 2 and hidden[-1].startswith("C9: Fewer than 5: not shown")
    assert all("NPS" in line for line in said if line not in hidden)


def test_one_small_group_alone_is_not_shown(study):
    assert nps_sentences(study(answers=1)) == [
        "The NPS of all customers: Fewer than 5: not shown, so that nobody's answer can be recognised."
    ]


@pytest.mark.parametrize(("language", "part"), [("sv", "% KI"), ("da", "%-konfidensinterval")])
def test_in_the_language_of_the_study(study, language, part):
    assert part in nps_sentences(study(language=language), by="unit")[1]


def test_synthetic_is_said(study):
    assert "30 answers (synthetic) to recommend" in nps_sentences(study(synthetic="true"))[0]


@pytest.mark.parametrize("by", ["response_id", "comment", "compny"])
def test_a_column_of_persons_or_texts_is_no_group(study, by):
    with pytest.raises(ValueError, match=f"there is no such column '{by}'.*valid: company, unit"):
        nps_sentences(study(), by=by)


def test_without_customers_there_is_no_nps(tmp_path):
    (tmp_path / "f.csv").write_text("company,year,operating_margin\nA,2024,3\n")
    (tmp_path / "study.yaml").write_text("format: 1\nname: x\ntables: {financials: {file: f.csv}}\n")
    with pytest.raises(NotTestable, match="no table customers"):
        nps_sentences(cx.open_study(tmp_path))


def test_with_weights_the_method_says_so(tmp_path):
    rows = "".join(f"{w},A,{i % 11}\n" for i, w in enumerate([1, 2] * 22))
    (tmp_path / "c.csv").write_text(f"weight,company,recommend\n{rows}")
    (tmp_path / "study.yaml").write_text("format: 1\nname: x\ntables: {customers: {file: c.csv}}\n")
    study = cx.open_study(tmp_path)
    (said,) = nps_sentences(study, weights="weight")
    estimate = f"{cx.nps(study, weights='weight').estimate[0]:+.1f}".replace("-", "−")
    assert said.startswith(f"NPS {estimate} (") and "effective number of answers" in said
    assert "Unweighted; --weights weight uses" in nps_sentences(study)[0] and "Unweighted" not in said
    with pytest.raises(ValueError, match="there is no column 'wieght'; nearest: weight"):
        nps_sentences(study, weights="wieght")
