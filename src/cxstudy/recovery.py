"""Do the intervals hold the truth, do the verdicts err? Many simulated studies through the analyses' own estimators.

A study is drawn as counts and moments (`cxstudy.simulated.population`) instead of answers; from the paired frame on,
everything is what the analyses themselves call. The intervals of one study are `Finding`s, and several of one id
differ in their method; the first is the one the analysis reports.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from cxstudy.analyses import nps_margin
from cxstudy.claims import declared
from cxstudy.findings import Finding
from cxstudy.measures.explained import CORRECTED, LOYALTY, Explained
from cxstudy.measures.link import Link
from cxstudy.measures.nps import nps_from_counts, promoter_share_from_counts
from cxstudy.measures.pairing import MARGIN, Paired
from cxstudy.recovery_groups import (
    CONFIDENCE,
    STUDY,
    TIERS,
    contact_sums,
    group_findings,
    nobody,
    pooled_findings,
    work_group_frame,
)
from cxstudy.simulated.population import TRUTH_COMPANIES, TRUTH_SEED, simulate_counts, simulate_groups, truth
from cxstudy.simulated.worlds import WORLDS
from cxstudy.stats.intervals import share_interval
from cxstudy.stats.unit_r_squared import resampled_r2
from cxstudy.verdicts import of_truth, verdict

CLAIMS = (
    "margin-top", "margin-bottom", "loyalty-share", "employee-ambassador-cx", "employee-ambassador-loyalty",
    "contact-paradox", "disengaged-staff",
)  # fmt: skip
ACCEPTED = (93.3, 96.6)
WORDS = ("agrees", "disagrees", "cannot tell", "not tested")


def company_pairs(counts):
    """One `measures.pairing.Paired` a study: the frame of companies that `paired` makes of files, here of `Counts`."""
    classes = {k: getattr(counts, k).sum(-1).ravel() for k in ("promoters", "passives", "detractors")}
    score = nps_from_counts(**classes)
    share = promoter_share_from_counts(classes["promoters"], score["n"])
    studies, companies = counts.nps.shape
    margin = counts.design.margin.reshape(studies * companies, -1)
    units = pd.DataFrame(
        {
            "unit": np.tile([f"C{i:03d}" for i in range(companies)], studies),
            "n_answers": score["n"],
            "nps": score["estimate"],
            "nps_se": score["std_error"],
            "promoter_share": share["estimate"],
            "promoter_share_se": share["std_error"],
            "outcome": np.nanmean(margin, axis=1),
            "n_years": np.isfinite(margin).sum(axis=1),
        }
    )
    enough = units["n_answers"] >= STUDY.thresholds["customers"]
    study = np.repeat(np.arange(studies), companies)
    return [Paired(units[enough & (study == s)].reset_index(drop=True), nobody()) for s in range(studies)]


def margin_findings(pairs, *, seed, replicates=2000):
    """Headline findings of nps_margin for one study; the tiers' also with the bootstrap interval that stands beside."""
    options = {"minimum_answers": None, "tiers": TIERS, "confidence": CONFIDENCE}
    link = Link(STUDY, seed=seed, replicates=replicates, pairs=pairs, **options)
    tiers = link.tiers()
    found = nps_margin.headline_findings(link, tiers)
    ends = tiers.set_index(["loyalty", "tier"])
    for loyalty, tail in nps_margin.TAIL.items():
        for part, tier in (("top_tier", TIERS), ("bottom_tier", 1)):
            low, high = ends.loc[(loyalty, tier), ["boot_low", "boot_high"]]
            beside = {"ci_low": float(low), "ci_high": float(high), "method": "mean, bootstrap"}
            found[f"{part}{tail} beside"] = replace(found[part + tail], **beside)
    return list(found.values())


def share_findings(pairs, *, seed, replicates=2000, resampled=True):
    """R² and corrected R² of loyalty_share for one study; with ``resampled`` also the BCa interval beside each."""
    explained = Explained(
        STUDY, MARGIN, minimum_answers=None, confidence=CONFIDENCE, seed=seed, replicates=replicates, pairs=pairs
    )
    found, beside = [], []
    for part, name in enumerate(LOYALTY):
        exact = explained.exact(name, ["random"])
        found.append(_share(explained, f"r2_{name}", exact["random"], "exact, random regressors"))
        found.append(_share(explained, f"r2_{name}_latent", exact.get(CORRECTED, {}), f"exact, {CORRECTED}"))
        if resampled:
            rows = resampled_r2(
                explained.units["outcome"], explained.units[name], error_variance=explained.error_variance(name),
                confidence=CONFIDENCE, rng=explained.rng(part), replicates=replicates,
            ).to_dict("records")  # fmt: skip
            names = (f"r2_{name}", f"r2_{name}_latent")
            beside += [_share(explained, of, row, "BCa") for of, row in zip(names, rows, strict=True)]
    return found + beside


def recover(world, batch, size, *, seed, replicates=2000, resampled=True):
    """``size`` studies of a world: their intervals, and the verdicts on `CLAIMS`, as two frames.

    ``batch`` is the number of the batch, so that batches can be drawn in any order and by several processes: the same
    seed, batch and size give the same studies. ``resampled``: whether the BCa intervals of R² are made.

    Intervals: world, study, finding, method, estimand, estimate, std_error, ci_low, ci_high. Verdicts: world, study,
    claim, verdict (the word on screen, as for data that are not synthetic).
    """
    rngs = [np.random.default_rng([seed, list(WORLDS).index(world), batch, side]) for side in range(2)]
    pairs = company_pairs(simulate_counts(rngs[0], WORLDS[world], size))
    drawn = simulate_groups(rngs[1], WORLDS[world], size)
    groups, sums = work_group_frame(drawn), contact_sums(drawn)
    claims = [claim for claim in declared() if claim.id in CLAIMS]
    intervals, verdicts = [], []
    for i in range(size):
        place = {"world": world, "study": batch * size + i}
        how = {"seed": seed + place["study"], "replicates": replicates}
        found = margin_findings(pairs[i], **how) + share_findings(pairs[i], resampled=resampled, **how)
        found += group_findings(groups[groups["study"] == i].reset_index(drop=True), sums[i], **how)
        intervals += [
            place | {"finding": one.id} | {k: getattr(one, k) for k in ("method", "estimand", "estimate", "std_error")}
            | {"ci_low": one.ci_low, "ci_high": one.ci_high} for one in found
        ]  # fmt: skip
        reported = {one.id: one for one in reversed(found)}
        verdicts += [place | {"claim": claim.id, "verdict": verdict(claim, reported).word} for claim in claims]
    return pd.DataFrame(intervals), pd.DataFrame(verdicts)


def true_values(world):
    """Finding id → (true value, number of simulated studies it rests on).

    Values are `population.truth`; those of employee_ambassadors that it lacks come from the analysis itself, on the
    work groups of a few hundred studies taken together.
    """
    p = WORLDS[world]
    companies, groups = max(1, TRUTH_COMPANIES // p.companies), max(1, 2 * TRUTH_COMPANIES // p.groups)
    values = {name: (round(value, 12), min(companies, groups)) for name, value in truth(p).items()}
    pooled = pooled_findings(simulate_groups(np.random.default_rng(TRUTH_SEED + 2), p, groups), p.companies)
    return {one.id: (one.estimate, groups) for one in pooled} | values


def coverage(intervals, truths):
    """One row a world, finding and method: in how many per cent of the studies the interval held the truth.

    ``truths``: world → `true_values`. Columns: world, finding, method, estimand, n (studies with an interval),
    n_missing (without), estimate with ci_low and ci_high (Wilson, Monte Carlo error of n studies), confidence, unit,
    accepted (estimate within `ACCEPTED`), too_low and too_high (% of the intervals that lie wholly below or above the
    truth), truth, truth_error (its standard error at most: the SD of the estimates over the root of the studies it
    rests on), mean and sd of the estimates, mean_std_error.
    """
    rows = []
    for (world, finding, method), part in intervals.groupby(["world", "finding", "method"], sort=False):
        known = part[part["ci_low"].notna() & part["ci_high"].notna()]
        true, studies = truths[world][finding]
        low, high, sd = known["ci_low"], known["ci_high"], known["estimate"].std()
        held = np.mean([of_truth(a, b, true) == "recovered" for a, b in zip(low, high, strict=True)])
        ends = [100 * float(end) for end in share_interval(held, len(known))]
        rows.append({
            "world": world, "finding": finding, "method": method, "estimand": part["estimand"].iloc[0],
            "n": len(known), "n_missing": len(part) - len(known), "estimate": 100 * held, "ci_low": ends[0],
            "ci_high": ends[1], "confidence": 0.95, "unit": "% of studies",
            "accepted": ACCEPTED[0] <= 100 * held <= ACCEPTED[1],
            "too_low": 100 * (high < true).mean(), "too_high": 100 * (low > true).mean(), "truth": true,
            "truth_error": sd / np.sqrt(studies), "mean": known["estimate"].mean(), "sd": sd,
            "mean_std_error": known["std_error"].mean(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def verdict_errors(verdicts, covered):
    """One row a world and claim: how often which word was said, against the word the truth itself deserves.

    ``covered`` as from `coverage`. Columns: world, claim, truth (the rule's word for the true value, give or take two
    of its standard errors; *cannot tell* where a claimed direction has no sign), n, and in % of the studies agrees,
    disagrees, cannot tell, not tested, right (the truth's word), wrong (agrees or disagrees, but not the truth's word)
    with ci_low and ci_high (Wilson), confidence, unit.
    """
    first = covered.drop_duplicates(["world", "finding"]).set_index(["world", "finding"])
    claims, rows = {claim.id: claim for claim in declared()}, []
    for (world, name), part in verdicts.groupby(["world", "claim"], sort=False):
        found = {}
        for one in claims[name].declaration.parts:
            true, error = first.loc[(world, one.finding), ["truth", "truth_error"]]
            ends = {"ci_low": true - 2 * error, "ci_high": true + 2 * error}
            found[one.finding] = Finding(one.finding, estimate=true, unit=one.unit or "", **ends)
        word, said = verdict(claims[name], found).word, part["verdict"]
        wrong = (said.isin(WORDS[:2]) & (said != word)).mean()
        ends = [100 * float(end) for end in share_interval(wrong, len(part))]
        rows.append(
            {"world": world, "claim": name, "truth": word, "n": len(part)}
            | {one: 100 * (said == one).mean() for one in WORDS}
            | {"right": 100 * (said == word).mean(), "wrong": 100 * wrong, "ci_low": ends[0], "ci_high": ends[1]}
            | {"confidence": 0.95, "unit": "% of studies"}
        )
    return pd.DataFrame(rows)


def _share(explained, name, row, method):
    """A finding of loyalty_share from a row of its tables."""
    known = {k: row[k] for k in ("estimate", "std_error", "ci_low", "ci_high") if k in row}
    return Finding(
        f"loyalty_share.{name}", **known, confidence=CONFIDENCE, unit="share", n=explained.n, n_unit=explained.kind,
        method=method, estimand="latent" if name.endswith("latent") else "observed-score",
        reason=None if np.isfinite(known.get("estimate", np.nan)) else "it can't be corrected for sampling error.",
    )  # fmt: skip
