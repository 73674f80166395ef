"""The check of the data: every planted fault is found, clean data stay clean, and what cannot be checked is said."""

import math

import numpy as np
import pandas as pd
import pytest

import cxstudy as cx
from cxstudy.analyses.data_check import answerable, data_check
from cxstudy.faults import NotTestable
from cxstudy.simulate import tables
from cxstudy.simulated.worlds import world_parameters

YAML = """format: 1
name: planted
synthetic: true
tables:
  companies: {file: companies.csv}
  financials: {file: financials.csv, currency: SEK, unit: thousands}
  customers: {file: customers.csv, missing: [99]}
scales:
  satisfaction: {low: 1, high: 10}
  effort: {low: 1, high: 7, better: low}
  ease: {low: 1, high: 10}
  resolution: {low: 1, high: 10}
  engagement: {low: 1, high: 10}
"""
SIZE = {"companies": 12, "groups": 24, "answers": 2400, "employees": 240, "answers_spread": 0.3}
CHECKS = {"lost_zeros", "flipped", "copies", "straight", "fast"}


@pytest.fixture(scope="module")
def frames():
    """The tables of one clean simulated study of 12 companies with 2,400 answers."""
    return tables(np.random.default_rng(11), world_parameters("published", SIZE))


@pytest.fixture
def planted(frames, tmp_path):
    """Factory: the study with its customers changed by a function of the frame, opened."""

    def make(change=lambda frame: frame, yaml=YAML):
        for name in ("companies", "financials"):
            frames[name].to_csv(tmp_path / f"{name}.csv", index=False)
        change(frames["customers"].copy()).to_csv(tmp_path / "customers.csv", index=False)
        (tmp_path / "study.yaml").write_text(yaml, encoding="utf-8")
        return cx.open_study(tmp_path)

    return make


def status(result, table="customers"):
    rows = result.checks[result.checks["table"] == table]
    return dict(zip(rows["check"], rows["status"], strict=True))


def flagged(result, check):
    rows = result.tables[check]
    return {(r.by, r.group) for r in rows[rows["flagged"] == 1].itertuples()}


def test_clean_data_raise_no_alarm(planted):
    result = data_check(planted())
    assert status(result) == dict.fromkeys(CHECKS - {"fast"}, "clear") | {"fast": "not_testable"}
    assert result.reading.key == "data_check.clean" and "no alarm" in result.sentence()
    assert result["data_check.flagged"].estimate == 0
    assert result["data_check.nps"].estimate == result["data_check.nps_without_flagged"].estimate
    assert result.headline["answers"].tolist() == ["all", "all"]


def test_lost_zeros_of_one_company_are_found(planted):
    def change(frame):
        # every zero of this company, and more of its neighbours so that there is something to see
        rows = frame.index[frame["company"] == "C003"]
        frame.loc[rows[:25], "recommend"] = 1
        frame.loc[(frame["company"] == "C003") & (frame["recommend"] == 0), "recommend"] = None
        return frame

    result = data_check(planted(change))
    assert status(result)["lost_zeros"] == "flagged" and flagged(result, "lost_zeros") == {("unit", "C003")}
    row = result.lost_zeros.query("group == 'C003'").iloc[0]
    assert row["zeros"] == 0 and row["expected"] > 10 and row["nps_corrected"] < row["nps"]
    assert result.reading.key == "data_check.flagged" and "lost zeros" in result.sentence()
    assert "C003" in result.note("data_check.note.lost_zeros")


def test_zeros_lost_everywhere_are_an_alarm_without_answers_to_leave_out(planted):
    result = data_check(planted(lambda f: f.assign(recommend=f["recommend"].replace(0, 99))))
    assert ("all", "") in flagged(result, "lost_zeros")
    row = result.lost_zeros.query("by == 'all'").iloc[0]
    assert row["nps"] - row["nps_corrected"] == pytest.approx(
        row["expected"] * (100 + row["nps"]) / (row["n_answers"] + row["expected"])
    )
    assert result.reading.key == "data_check.alarm" and result["data_check.flagged"].estimate == 0


def test_a_flipped_company_is_found_and_left_out(planted):
    def change(frame):
        mine = (frame["company"] == "C005") & frame["recommend"].ne(99)
        frame.loc[mine, "recommend"] = 10 - frame.loc[mine, "recommend"]
        return frame

    study = planted(change)
    result = data_check(study)
    assert {g for g in flagged(result, "flipped")} == {("unit", "C005")}
    assert "C005 (recommending against all others)" in result.note("data_check.note.flipped")
    rest = study.customers.frame().query("company != 'C005'")["recommend"].dropna()
    expected = 100 * ((rest >= 9).mean() - (rest <= 6).mean())
    assert result["data_check.nps_without_flagged"].estimate == pytest.approx(expected, abs=1e-9)
    assert result["data_check.slope_without_flagged"].n == result["data_check.slope"].n - 1
    assert 0 < result["data_check.flagged"].estimate < 20


def test_a_question_that_everyone_answers_alike_is_no_fault_of_the_program(planted):
    result = data_check(planted(lambda frame: frame.assign(ease=5)))
    rows = result.flipped[result.flipped["question"] == "ease"]
    assert len(rows) > 1 and rows["correlation"].isna().all() and not rows["flagged"].any()
    assert status(result)["flipped"] == "clear"


def test_a_question_flipped_in_one_touchpoint_is_named_and_nothing_is_left_out(planted):
    def change(frame):
        mine = frame["touchpoint"] == "web"
        return frame.assign(effort=frame["effort"].where(~mine, 8 - frame["effort"]))

    result = data_check(planted(change))
    assert {(r.by, r.group, r.question) for r in result.flipped[result.flipped["flagged"] == 1].itertuples()} >= {
        ("touchpoint", "web", "effort")
    }
    assert set(result.flipped.loc[result.flipped["flagged"] == 1, "question"]) == {"effort"}
    assert result["data_check.flagged"].estimate == 0 and result.reading.key == "data_check.alarm"


def test_a_scale_declared_the_wrong_way_is_found(planted):
    result = data_check(planted(yaml=YAML.replace(", better: low", "")))
    assert flagged(result, "flipped") == {("all", "")}
    assert "all answers (effort)" in result.note("data_check.note.flipped")


def test_copies_are_found_and_one_of_each_is_kept(planted):
    def change(frame):
        again = frame[frame["company"] == "C002"].head(30)
        return pd.concat([frame, again.assign(response_id="again" + again["response_id"])])

    study = planted(change)
    result = data_check(study)
    assert ("unit", "C002") in flagged(result, "copies")
    assert result.copies.query("group == 'C002'")["copies"].item() == 30
    clean = study.customers.frame().query("not response_id.str.startswith('again')")["recommend"].dropna()
    without = result["data_check.nps_without_flagged"]
    assert without.n == len(clean)
    assert without.estimate == pytest.approx(100 * ((clean >= 9).mean() - (clean <= 6).mean()), abs=1e-9)


def test_straight_liners_of_one_company_are_found(planted):
    def change(frame):
        rows = frame.index[frame["company"] == "C007"][:60]
        mark = np.random.default_rng(1).integers(4, 9, len(rows))
        for item in ("satisfaction", "ease", "resolution", "engagement"):
            frame.loc[rows, item] = mark
        return frame

    result = data_check(planted(change))
    assert flagged(result, "straight") == {("unit", "C007")}
    assert result.straight.query("group == 'C007'")["straight"].item() >= 60


def test_a_satisfied_company_is_not_suspected_of_straight_lines(planted):
    def change(frame):
        mine = frame["company"] == "C007"
        for item in ("satisfaction", "ease", "resolution", "engagement"):
            frame[item] = frame[item].where(~mine, (frame[item] + 3).clip(upper=10))
        return frame

    result = data_check(planted(change))
    own = result.straight.query("group == 'C007'").iloc[0]
    usual = result.straight.query("by == 'all'").iloc[0]
    assert own["straight"] / own["n_answers"] > 2 * usual["straight"] / usual["n_answers"]
    assert flagged(result, "straight") == set()


def test_fast_answers_are_found_where_durations_are_known(planted):
    def change(frame):
        time = np.random.default_rng(2).uniform(100, 200, len(frame))
        time[:40] = 20
        return frame.assign(duration=time)

    result = data_check(planted(change))
    assert result.fast.query("by == 'all'")["fast"].item() == 40
    assert result.headline.query("answers == 'fast'")["removed"].tolist() == [40, 40]


def test_few_flagged_answers_are_not_given_away_by_the_difference(planted):
    def change(frame):
        return frame.assign(duration=np.where(np.arange(len(frame)) < 3, 1.0, 100.0))

    result = data_check(planted(change))
    rows = result.headline.query("answers != 'all'")
    assert rows["removed"].tolist() == [3] * 4 and rows["estimate"].isna().all()
    assert rows["reason"].str.contains("difference").all()
    assert math.isnan(result["data_check.nps_without_flagged"].estimate)


def test_false_alarms_are_rare():
    """30 clean studies: with a true rate of 5 % more than 5 have an alarm in 1 of 300 series."""
    from types import SimpleNamespace

    import ibis
    import pyarrow

    from cxstudy.measures import clicking, copied, oddities
    from cxstudy.opening.config import StudyFile

    config = StudyFile.model_validate({"format": 1, "name": "x", "tables": {"customers": {"file": "x.csv"}}})
    config = config.model_copy(
        update={"scales": {q: SimpleNamespace(low=1, high=10, better="high", whole=True) for q in ITEMS}}
    )
    alarms, engine = 0, ibis.duckdb.connect()
    for seed in range(30):
        frame = tables(np.random.default_rng(seed), world_parameters("published", SIZE | {"answers": 1200}))[
            "customers"
        ]
        frame = frame.assign(
            unit=frame["company"],
            recommend=frame["recommend"].where(frame["recommend"] != 99),
            date=pd.to_datetime(frame["date"]),
        )
        engine.con.register(f"customers{seed}", pyarrow.Table.from_pandas(frame, preserve_index=False))
        table = SimpleNamespace(
            expr=engine.table(f"customers{seed}"),
            questions=("recommend", *ITEMS),
            question_for=lambda role: "recommend",
        )
        answers = oddities.Answers(SimpleNamespace(tables={"customers": table}, config=config), "customers")
        found = [
            check(answers) for check in (oddities.lost_zeros, oddities.flipped, copied.copies, clicking.straight)
        ]
        alarms += any(one["flagged"].any() for one in found)
    assert alarms <= 5


ITEMS = ("satisfaction", "ease", "resolution", "engagement")


def test_the_sample_is_clean_and_its_small_groups_are_counted():
    result = data_check(cx.open_study())
    assert set(status(result).values()) == set(status(result, "employees").values()) == {"clear", "not_testable"}
    sizes = result.group_sizes.set_index(["table", "by"])
    assert sizes.loc[("employees", "work_group"), "n_below"] == 21
    assert result.size_classes.groupby(["table", "by"])["groups"].sum().to_dict() == sizes["n"].to_dict()
    assert result.missing.set_index(["table", "column"]).loc[("customers", "recommend"), "n_missing"] == 1141
    share, chance = result["data_check.straight"], result["data_check.expected_straight"]
    assert share.estimate == pytest.approx(chance.estimate, rel=0.15)


def test_counts_are_said_to_be_counts(tmp_path):
    (tmp_path / "customers.csv").write_text(
        "company,n,p,m,d\na,100,50,30,20\nb,200,60,20,20\nc,50,40,30,30\n", encoding="utf-8"
    )
    (tmp_path / "study.yaml").write_text(
        "format: 1\nname: counts\ntables:\n  customers:\n    file: customers.csv\n    rows: counted\n"
        "    shares: {recommend: {promoters: p, passives: m, detractors: d}}\n",
        encoding="utf-8",
    )
    result = data_check(cx.open_study(tmp_path))
    assert (
        set(result.checks["status"]) == {"not_testable"}
        and result.checks["reason"].str.contains("counts, not answers").all()
    )
    assert result["data_check.nps"].estimate == pytest.approx((100 * 30 + 200 * 40 + 50 * 10) / 350)
    assert result.reading.key == "data_check.counted" and "only as counts" in result.sentence()
    assert result.distribution["score"].tolist() == ["detractors", "passives", "promoters"]
    assert result.group_sizes["n"].tolist() == [3]
    assert result.missing_by_unit["missing"].tolist() == [0.0] * 9
    assert "counts, not answers" in result["data_check.straight"].reason


def test_a_study_without_answers_cannot_be_checked(small_study):
    yaml = "format: 1\nname: small\ntables:\n  companies: {file: companies.csv}\n"
    study = cx.open_study(small_study(study=yaml))
    assert answerable(study).status == "no"
    with pytest.raises(NotTestable, match="no table customers and no table employees"):
        data_check(study)


def test_a_tiny_study_says_what_it_cannot_tell(small_study):
    result = data_check(cx.open_study(small_study()))
    assert status(result)["straight"] == status(result)["fast"] == "not_testable"
    assert "three questions with the same scale" in result.note("data_check.note.straight")
    assert result["data_check.slope"].n == 12 and result["data_check.missing"].estimate == 0


def test_a_question_that_all_answer_alike_has_no_sign_and_no_alarm(planted):
    result = data_check(planted(lambda frame: frame.assign(ease=5)))
    rows = result.flipped[result.flipped["question"] == "ease"]
    assert len(rows) and rows["correlation"].isna().all() and not rows["flagged"].any()
    assert (rows["sign"] == 1).all()


@pytest.mark.parametrize("invited", ["400", "invited.csv"])
def test_response_is_a_share_of_the_invited(small_study, invited):
    people = "customer\n" + "".join(f"p{i}\n" for i in range(400))
    folder = small_study(study=lambda text: text + f"fieldwork: {{invited: {invited}}}\n", invited=people)
    found = data_check(cx.open_study(folder))["data_check.response"]
    assert (found.estimate, found.n, found.n_missing) == (24.0, 400, 304)
    assert found.ci_low == pytest.approx(20.07, abs=0.01) and found.ci_high == pytest.approx(28.42, abs=0.01)


def test_late_answers_stand_for_the_silent_where_days_are_known(planted):
    def change(frame):
        days = pd.to_timedelta(np.arange(len(frame)) % 10, unit="D")
        late = np.arange(len(frame)) % 10 >= 6
        score = frame["recommend"].mask(late & frame["recommend"].ne(99), 0)
        return frame.assign(invited=(pd.to_datetime(frame["date"]) - days).dt.strftime("%Y-%m-%d"), recommend=score)

    result = data_check(planted(change))
    nps = result.late_answers.set_index("delay")["estimate"]
    assert nps["late"] < nps["early"] - 20
    assert "later ones" in result.note("data_check.note.response")


@pytest.mark.parametrize("alpha", [5, 0, True, "a"])
def test_alpha_is_a_chance(small_study, alpha):
    with pytest.raises(ValueError, match=r"alpha must lie between 0 and 0\.5; got .* Write 0\.05"):
        data_check(cx.open_study(small_study()), alpha=alpha)


def test_confidence_is_a_share(small_study):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        data_check(cx.open_study(small_study()), confidence=95)


def test_margins_written_as_ratios_stop_the_slope_only(small_study):
    ratios = "company,year,operating_margin\n" + "".join(f"C{i:03},2024,0.{i:02}\n" for i in range(1, 13))
    result = data_check(cx.open_study(small_study(financials=ratios)))
    slope = result["data_check.slope"]
    assert math.isnan(slope.estimate) and "nps_margin" in slope.reason
    assert result["data_check.nps"].n == 96


def test_employees_alone_are_checked(tmp_path):
    rows = "".join(f"e{i},A,{i % 11},{1 + i % 5}\n" for i in range(60))
    (tmp_path / "employees.csv").write_text("response_id,company,recommend_employer,trust\n" + rows, encoding="utf-8")
    yaml = "format: 1\nname: staff\ntables:\n  employees: {file: employees.csv}\n"
    (tmp_path / "study.yaml").write_text(yaml, encoding="utf-8")
    result = data_check(cx.open_study(tmp_path))
    assert result.reading.key == "data_check.clean_no_nps" and result.headline.empty
    assert "no customers" in result["data_check.nps"].reason
