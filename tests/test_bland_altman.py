"""Limits of agreement and ICC(A,1): the published example, R's numbers, identities, edges, messages, coverage."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import bland_altman as module
from cxstudy.stats.bland_altman import agreement_replicates, bland_altman, clustered_error, icc_agreement

R = pd.read_csv(Path(__file__).parent / "reference" / "self_image_reference.csv").set_index("id")["value"]
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def rows(table):
    return table.set_index("of")


def test_peak_flow_as_published():
    """Bland & Altman 1986: mean difference −2.1, SD 38.8, limits −79.7 and 75.5 with 2 SD."""
    found = rows(bland_altman(WRIGHT, MINI))
    assert found.loc["mean", "estimate"] == pytest.approx(-2.118, abs=0.0005)
    assert found.loc["mean", "sd"] == pytest.approx(38.765, abs=0.0005)


def test_intervals_are_those_of_r():
    found = rows(bland_altman(WRIGHT, MINI))
    for of in ("mean", "upper"):
        assert found.loc[of, "ci_low"] == pytest.approx(R[f"pefr {of} low"], rel=1e-10)
        assert found.loc[of, "ci_high"] == pytest.approx(R[f"pefr {of} high"], rel=1e-10)
    assert found.loc["upper", "estimate"] == pytest.approx(R["pefr upper"], rel=1e-10)


def test_icc_is_that_of_psych():
    found = icc_agreement(WRIGHT, MINI)
    for key, name in {"estimate": "", "ci_low": " low", "ci_high": " high", "p_value": " p"}.items():
        assert found[key] == pytest.approx(R[f"pefr icc{name}"], rel=1e-8)


def test_clustered_mean_is_that_of_sandwich():
    found = rows(bland_altman(WRIGHT, MINI, cluster=np.arange(17) % 6))
    assert found.loc["mean", "std_error"] == pytest.approx(R["pefr mean clustered se"], rel=1e-10)
    assert found.loc["mean", "df"] == 5


def test_every_thing_its_own_cluster_is_no_clustering_for_the_mean():
    plain, alone = (rows(bland_altman(WRIGHT, MINI, cluster=c)) for c in (None, np.arange(17)))
    assert alone.loc["mean", "std_error"] == pytest.approx(plain.loc["mean", "std_error"], rel=1e-12)


def test_readings_exchanged_turn_the_limits_round():
    one, other = rows(bland_altman(WRIGHT, MINI)), rows(bland_altman(MINI, WRIGHT))
    assert one.loc["lower", "ci_low"] == pytest.approx(-other.loc["upper", "ci_high"], rel=1e-12)
    assert icc_agreement(WRIGHT, MINI)["estimate"] == pytest.approx(icc_agreement(MINI, WRIGHT)["estimate"], rel=1e-12)


def test_icc_from_the_analysis_of_variance():
    """The mean squares of the two-way table, by statsmodels."""
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    long = pd.DataFrame({"x": WRIGHT + MINI, "thing": [*range(17)] * 2, "meter": ["w"] * 17 + ["m"] * 17})
    squares = anova_lm(smf.ols("x ~ C(thing) + C(meter)", long).fit())["mean_sq"]
    thing, meter, rest = squares["C(thing)"], squares["C(meter)"], squares["Residual"]
    wanted = (thing - rest) / (thing + rest + 2 * (meter - rest) / 17)
    assert icc_agreement(WRIGHT, MINI)["estimate"] == pytest.approx(wanted, rel=1e-10)


def test_a_shift_lowers_agreement_but_not_correlation():
    codes, once = np.arange(17), np.ones((1, 17))
    icc, r = agreement_replicates(np.array(WRIGHT, float), np.array(MINI, float), codes, once)
    assert icc[0] == pytest.approx(R["pefr icc"], rel=1e-10) and r[0] == pytest.approx(np.corrcoef(WRIGHT, MINI)[0, 1])
    shifted, same = agreement_replicates(np.array(WRIGHT, float), np.array(MINI, float) + 200, codes, once)
    assert shifted[0] < icc[0] - 0.3 and same[0] == pytest.approx(r[0], rel=1e-10)


def test_replicates_are_the_resampled_data_themselves():
    codes, drawn = np.repeat(np.arange(5), 4)[:17], np.array([[2, 0, 1, 1, 1]])
    index = np.concatenate([np.repeat(np.flatnonzero(codes == g), k) for g, k in enumerate(drawn[0])])
    x, y = np.array(WRIGHT, float), np.array(MINI, float)
    found = agreement_replicates(x, y, codes, drawn)[0][0]
    assert found == pytest.approx(icc_agreement(x[index], y[index])["estimate"], rel=1e-10)


def test_equal_readings_agree_wholly_and_have_no_limits():
    row = icc_agreement([1.0, 2, 3], [1.0, 2, 3])
    assert row["estimate"] == 1 and np.isnan(row["ci_low"])
    with pytest.raises(NotTestable, match="all 3 differences are 0"):
        bland_altman([1.0, 2, 3], [1.0, 2, 3])


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (([1, 2], [1, 3]), NotTestable, "at least 3 things read twice; found 2"),
        (([1, 2, 3], [1, 2]), ValueError, r"got \(3,\) and \(2,\)"),
        (([1, 2, np.nan], [1, 2, 4]), ValueError, "must be finite"),
        (([2, 2, 2], [2, 2, 2]), NotTestable, "all 3 differences are 0|all readings are equal"),
    ],
)
def test_messages(given, error, says):
    for function in (bland_altman, icc_agreement):
        with pytest.raises(error, match=says):
            function(*given)


def test_too_few_clusters_and_a_wrong_number_of_them():
    with pytest.raises(NotTestable, match="at least 3 clusters are needed; found 2"):
        bland_altman([1, 2, 4], [1, 3, 3], cluster=["a", "a", "b"])
    with pytest.raises(ValueError, match="one value for each of 3"):
        bland_altman([1, 2, 4], [1, 3, 3], cluster=["a", "b", "c", "d"])


def test_coverage_of_a_limit_plain_and_clustered():
    """300 samples of 40 clusters of 5, a quarter of the variance between clusters: the true upper limit is 1.96 SD."""
    rng, codes, inside = np.random.default_rng(11), np.repeat(np.arange(40), 5), 0
    for _ in range(300):
        d = rng.standard_normal(200) * np.sqrt(0.75) + np.sqrt(0.25) * rng.standard_normal(40)[codes]
        row = rows(bland_altman(d, np.zeros(200), cluster=codes)).loc["upper"]
        inside += row["ci_low"] <= 1.959964 <= row["ci_high"]
    assert 0.90 < inside / 300 < 0.985


def test_clustered_error_of_two_equal_clusters():
    assert clustered_error(np.array([1.0, 1, -1, -1]), np.array([0, 0, 1, 1])) == pytest.approx(1.0)


def test_examples():
    assert doctest.testmod(module).failed == 0
