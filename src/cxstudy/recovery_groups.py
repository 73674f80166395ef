"""The work groups of simulated studies through the estimators of employee_ambassadors, for `cxstudy.recovery`."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from cxstudy.measures import ambassador_findings as findings
from cxstudy.measures.ambassador_models import models
from cxstudy.measures.ambassadors import Ambassadors
from cxstudy.measures.asked import AMBASSADOR, FEELINGS, Asked
from cxstudy.measures.contact import contact
from cxstudy.measures.disengaged import disengaged
from cxstudy.measures.index import Scale
from cxstudy.measures.nps import nps_from_counts
from cxstudy.measures.work_groups import WorkGroups
from cxstudy.stats.moments import Moments

GROUP_FINDINGS = ("ratio_raw", "ratio_100", "points", "points_sd", "nps_difference", "nps_slope")
FURTHER_FINDINGS = (
    "cx_slope_within", "cx_slope_between", "cx_slope_contextual", "contact_slope", "contact_share_negative",
    "cx_slope_disengaged",
)  # fmt: skip
CONFIDENCE, TIERS, CUT, DISENGAGED_BELOW = 0.95, 4, 4.0, 50.0
STUDY = SimpleNamespace(unit="company", language="en", thresholds={"customers": 5, "employees": 7})
_FIVE = Scale(1, 5)
_ASKED = Asked(
    customers=dict.fromkeys(("ease", "resolution", "engagement"), Scale(1, 10)),
    employees={"recommend_employer": Scale(0, 10)} | dict.fromkeys(FEELINGS, _FIVE),
    feelings=FEELINGS, shared=(), nps="recommend",
)  # fmt: skip


def work_group_frame(groups):
    """The frame of work groups that `measures.work_groups.work_groups` makes of files, here of `Groups`, all studies
    below one another with the column ``study``."""
    studies, size = groups.cx.shape
    score = nps_from_counts(**{k: getattr(groups, k).ravel() for k in ("promoters", "passives", "detractors")})
    answers = {"recommend_employer": groups.employer.ravel()}
    answers |= {name: groups.feelings[..., i].ravel() for i, name in enumerate(FEELINGS)}
    least = STUDY.thresholds
    frame = pd.DataFrame(
        {
            "study": np.repeat(np.arange(studies), size),
            "company": groups.company.ravel(),
            "work_group": np.tile(np.arange(size), studies),
            "disengaged": groups.disengaged.ravel(),
            "n_answers": groups.answers.ravel(),
            "cx_raw": groups.cx.ravel(),
            "cx_index": _ASKED.raw.index(groups.cx.ravel()),
            "n_nps": score["n"],
            "nps": score["estimate"].where(score["n"] >= least["customers"]),
            "n_employees": groups.employees.ravel(),
            "employee_index": np.mean([_ASKED.employees[q].index(answers[q]) for q in AMBASSADOR], axis=0),
            **answers,
        }
    )
    enough = (frame["n_answers"] >= least["customers"]) & (frame["n_employees"] >= least["employees"])
    return frame[enough].reset_index(drop=True)


def contact_sums(groups, studies=None):
    """`Moments` of contact and eNPS score by company, as `measures.contact.contact_moments`, one for each study.

    ``groups`` are `Groups`. ``studies`` "together": one for all, every company of every study being one of its own.
    """
    parts = groups.contact if studies is None else groups.contact.reshape(1, -1, 3, 3)
    columns, centre = ("step", "score"), np.array([1.5, 0.0])
    return [
        Moments(
            pd.DataFrame({"company": np.arange(len(part))}), columns, part[:, 0, 0], np.zeros(len(part)), part[:, 0, 0],
            part[:, 0, 0], part[:, 0, 1:], part[:, 1:, 1:], centre,
        )
        for part in parts
    ]  # fmt: skip


def group_findings(frame, sums, *, seed, replicates=2000):
    """Findings of employee_ambassadors for one study's work groups, and its `contact_sums`.

    The corrected share of companies is not among them: its truth does not exist where no company has a slope (world
    null), and its interval is conservative by construction.
    """
    parts = _ambassadors(frame, seed, replicates)
    return list((_headline(parts) | _further(parts, sums)).values())


def pooled_findings(drawn, companies):
    """The findings of all studies of ``drawn`` (`Groups`) together; intervals do not matter here.

    ``companies`` is their number in one study; each is one of its own.
    """
    frame = work_group_frame(drawn)
    (sums,) = contact_sums(drawn, "together")
    # what draws clusters draws studies here, as companies are too many; the estimate is the same
    pooled = _headline(_ambassadors(frame.assign(company=frame["study"]), 1, 100))
    apart = frame.assign(company=frame["company"] + companies * frame["study"])
    return list((pooled | _further(_ambassadors(apart, 1, 100), sums)).values())


def nobody():
    """The table ``left_out`` of a study that leaves nobody out."""
    return pd.DataFrame({"reason": [], "n": [], "n_unit": []})


def _ambassadors(frame, seed, replicates):
    return Ambassadors(
        STUDY, cut=CUT, tiers=TIERS, confidence=CONFIDENCE, minimum_customers=None, minimum_employees=None,
        seed=seed, replicates=replicates, found=WorkGroups(frame, nobody(), {}, _ASKED),
    )  # fmt: skip


def _headline(parts):
    found = findings.headline_findings(parts, parts.comparison())
    return {name: found[name] for name in GROUP_FINDINGS}


def _further(parts, sums):
    found = findings.model_findings(parts, models(parts, ("companies",), spreads=False)[0])
    found |= findings.contact_findings(parts, contact(sums, STUDY.thresholds["employees"], CONFIDENCE, corrected=False))
    shares = parts.groups[["disengaged"]].set_axis([f"feelings {DISENGAGED_BELOW:g}"], axis=1)
    found |= findings.disengaged_findings(parts, disengaged(parts, shares, DISENGAGED_BELOW), DISENGAGED_BELOW)
    return {name: found[name] for name in FURTHER_FINDINGS}
