"""The picture and the text of the recovery benchmark, both made from its two tables."""

from pathlib import Path

from cxstudy.recovery import ACCEPTED
from cxstudy.simulated.worlds import WORLDS

HERE = Path(__file__).parent
SHOWN = {
    "nps_margin": "NPS and margin",
    "loyalty_share": "share explained",
    "employee_ambassadors": "employee ambassadors",
}
CLAIMS = {
    "margin-top": "top tier earns about 9 %",
    "margin-bottom": "bottom tier loses money",
    "loyalty-share": "loyalty explains just over 20 %",
    "employee-ambassador-cx": "ambassadors: +25 % experience",
    "employee-ambassador-loyalty": "ambassadors: more loyal customers",
    "contact-paradox": "more contact, lower eNPS: often",
    "disengaged-staff": "disengaged staff: worse experience",
}
SHORT = {
    "exact, random regressors": "exact",
    "exact, random / reliability": "exact",
    "bca, companies drawn": "BCa",
    "Pearson, Fisher z": "Fisher z",
    "OLS, HC3": "HC3",
    "OLS, clustered": "clustered",
    "OLS within companies, clustered": "clustered",
    "restricted likelihood, Satterthwaite t": "mixed model",
    "Wilson, companies": "Wilson",
}
EDGE, RARE = 88.0, 50.0
INK, DARK, LIGHT, BAND, MUTED = "#1b2a41", "#1f4e79", "#f0a860", "#d9e2ec", "#8a94a3"
TITLE = """Synthetic data: {n:,} simulated studies a world. Above: in how many per cent the 95 % interval held the truth
(line: Monte Carlo error; band: accepted, {low}–{high}; hollow: outside). Below: what was said of the claims"""
TEXT = """# Recovery: do the intervals hold the truth, and how often do the verdicts err?

**All data here are synthetic.** {studies:,} studies a world ({design.companies} companies, {design.answers:,}
answers of customers, {design.groups} work groups, {design.employees:,} employees) were simulated as counts and moments
and put through the analyses' own estimators. Tables: [recovery.csv](recovery.csv),
[recovery_verdicts.csv](recovery_verdicts.csv). Again: `python benchmarks/recovery.py`.

![Coverage of every interval and verdicts on every claim in the four worlds](recovery.png)

- **Intervals.** {inside} of {usual} (finding, method, world) held the truth in the accepted 93.3–96.6 % of the studies;
  all of them in {low:.1f} to {high:.1f} % (Monte Carlo error ± {error:.1f} points).
{outside}
{boundary}{verdicts}
- **So the rules are careful, not strong**: *cannot tell* says nothing against a claim. {weak}
- **R² knows no sign**: in the world reversed "just over 20 %" is as true as in the world published. So read
  the slope first.
- **The truth** is `population.truth`, and for what that lacks the same analysis on a few hundred studies together; its
  error is at most {truth_error:.0f} % of one study's standard error. It keeps the groups which the analysis drops
  (under 5 customers or 7 employees); a test holds what that moves to a fifth of a standard error.
  Partly for that reason the misses of `{lopsided.finding}` are lopsided (world published):
  {lopsided.too_low:.1f} % too low, {lopsided.too_high:.1f} % too high.
- **Not shown here**: the share of companies with a negative slope *corrected* for sampling error (without any link no
  company has a slope, so that it has no truth, and its interval is conservative by construction), and the profit of
  companies by the sign of eNPS (employees and results are simulated apart); other designs (few companies, clustered years), employees who leave questions out, non-response,
  and whatever the simulation lacks. Coverage says that the arithmetic is right, not that a real study is.

What was said, in % of the studies: agrees / disagrees / cannot tell (in brackets what the truth deserves)

{table}

Seed {about.seed}, {about.replicates:,} resamples a bootstrap, run on {about.date} with {about.versions}.
No method was changed after these numbers were seen.
"""
BOUNDARY = """- **R² that is truly 0** (world null): the exact intervals held it in {exact} % of the studies, above the
  accepted band: at the end of its range a two-sided limit errs on one side only (97.5 %). The bootstrap (BCa) beside
  them held it in {boot} %: it does not reach 0. So it stands beside, not as
  the headline, and the sign is tested on the slope.
"""
WEAK = """Some claims can
  hardly be agreed with by this many companies even where they are true, because the interval is about as wide as the
  declared zone or the truth lies near its edge. How often they were agreed with in the world published: {claims}."""
VERDICTS = """- **Verdicts.** Where the truth deserves *agrees* or *disagrees*, the other of the two was said in at most
  {worst.wrong:.1f} % of the studies (world {worst.world}, {claim})."""
UNLINKED = """ Where there is no link, a direction was claimed in {most:.1f} %,
  one way or the other: the 5 % in which a 95 % interval errs by design."""


def label(finding, method):
    """What a row of the figure is called."""
    name = finding.split(".")[1].replace("_", " ").replace("nps", "NPS").replace("r2", "R²")
    return f"{name} ({SHORT.get(method, method)})"


def draw(covered, verdicts):
    """Above, coverage of every interval in every world; below, what was said about the claims."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    worlds = list(covered["world"].unique())
    rows = covered[["finding", "method"]].drop_duplicates()
    rows = rows.assign(part=rows["finding"].str.split(".").str[0])
    rows = rows.sort_values("part", key=lambda p: p.map(list(SHOWN).index), kind="stable").reset_index(drop=True)
    place = rows.index + 1.2 * rows["part"].map(list(SHOWN).index)
    figure, axes = plt.subplots(
        2, len(worlds), figsize=(15, 15), sharey="row", height_ratios=[len(rows) + 4, 15], layout="constrained"
    )
    for world, ax, below in zip(worlds, axes[0], axes[1], strict=True):
        part = covered[covered["world"] == world].set_index(["finding", "method"])
        _coverage(ax, part, rows, place)
        ax.set_title(world, fontsize=12, color=INK)
        _verdicts(below, verdicts[verdicts["world"] == world].set_index("claim"))
    labels = [label(row.finding, row.method) for row in rows.itertuples()]
    axes[0, 0].set_yticks(place, labels, fontsize=8.5)
    axes[0, 0].set_ylim(place.max() + 0.8, -1.2)
    for name, title in SHOWN.items():
        first = place[rows["part"] == name].min()
        axes[0, 0].text(-0.02, first - 0.95, title, transform=axes[0, 0].get_yaxis_transform(), ha="right", va="center",
                        fontsize=9.5, fontweight="bold", color=INK)  # fmt: skip
    axes[1, 0].set_yticks(range(len(CLAIMS)), CLAIMS.values(), fontsize=8.5)
    axes[1, 0].invert_yaxis()
    handles = axes[1, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower right", ncols=3, frameon=False, fontsize=9)
    title = TITLE.format(n=covered["n"].max(), low=ACCEPTED[0], high=ACCEPTED[1])
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    figure.savefig(HERE / "recovery.png", dpi=120, metadata={"Software": None})
    plt.close(figure)


def _coverage(ax, part, rows, place):
    ax.axvspan(*ACCEPTED, color=BAND, zorder=0)
    ax.axvline(95, color=MUTED, linewidth=0.8, zorder=1)
    for row, y in zip(rows.itertuples(), place, strict=True):
        one = part.loc[(row.finding, row.method), :]
        if one["estimate"] < EDGE:
            ax.plot(EDGE + 0.25, y, marker="<", color=INK, markerfacecolor="white", markersize=6)
            ax.text(EDGE + 0.7, y, f"{one['estimate']:.1f} %", va="center", fontsize=8.5, color=INK)
            continue
        ax.plot([max(one["ci_low"], EDGE), one["ci_high"]], [y, y], color=INK, linewidth=1.3)
        fill = DARK if one["accepted"] else "white"
        ax.plot(one["estimate"], y, marker="o", markersize=6, color=INK, markerfacecolor=fill)
    ax.set_xlim(EDGE, 100.4)
    ax.set_xticks([90, 95, 100])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("coverage, %", fontsize=9.5, color=INK)
    ax.spines[["top", "right"]].set_visible(False)


def _verdicts(ax, part):
    kinds = {
        "right": (DARK, "", "the truth's word"),
        "open": ("white", "", "cannot tell"),
        "wrong": (LIGHT, "////", "wrong"),
    }
    for y, claim in enumerate(CLAIMS):
        one, left = part.loc[claim], 0.0
        widths = {"right": one["right"], "wrong": one["wrong"]}
        widths["open"] = 100 - one["right"] - one["wrong"]
        for kind, (colour, hatch, said) in kinds.items():
            ax.barh(y, widths[kind], left=left, height=0.5, color=colour, edgecolor=INK, linewidth=0.7, hatch=hatch,
                    label=said if y == 0 else None)  # fmt: skip
            if widths[kind] >= 9:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if hatch else None
                ax.text(left + widths[kind] / 2, y, f"{widths[kind]:.0f}", ha="center", va="center", fontsize=8.5,
                        color="white" if kind == "right" else INK, bbox=box)  # fmt: skip
            left += widths[kind]
        ax.text(103, y, f"{one['wrong']:.1f} wrong", va="center", fontsize=8, color=INK)
        ax.text(0, y - 0.34, f"truth: {_deserved(one['truth'])}", fontsize=7.5, color=INK, va="bottom")
    ax.set_xlim(0, 128)
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("% of the studies", fontsize=9.5, color=INK)


def _deserved(word):
    return "no link, so cannot tell" if word == "cannot tell" else word


def write(covered, verdicts):
    """recovery.md: what the two tables show, every number from them."""
    zero = covered["finding"].str.startswith("loyalty_share") & (covered["truth"] == 0)
    usual, boundary = covered[~zero], covered[zero]
    near = covered[covered["estimate"] > 90]
    outside = [_outside(one) for one in usual[~usual["accepted"]].itertuples()]
    gaps = {
        "design": WORLDS["published"],
        "studies": covered["n"].max(),
        "inside": usual["accepted"].sum(),
        "usual": len(usual),
        "low": usual["estimate"].min(),
        "high": usual["estimate"].max(),
        "error": ((near["ci_high"] - near["ci_low"]) / 2).max(),
        "outside": "\n".join(outside or ["- Outside: none."]),
        "boundary": _of_boundary(boundary),
        "verdicts": _of_verdicts(verdicts),
        "weak": _of_weakness(verdicts),
        "lopsided": covered[covered["finding"] == "employee_ambassadors.ratio_raw"].iloc[0],
        "truth_error": 100 * (covered["truth_error"] / covered["sd"]).max(),
        "table": "\n".join(_table(verdicts)),
        "about": covered.iloc[0],
    }
    (HERE / "recovery.md").write_text(TEXT.format(**gaps), encoding="utf-8", newline="\n")


def _outside(one):
    beside = " (shown beside the headline interval)" if "bootstrap" in one.method else ""
    return (
        f"- **Outside**: `{one.finding}`, {one.method}{beside}, world {one.world}: {one.estimate:.1f} % "
        f"[{one.ci_low:.1f}, {one.ci_high:.1f}]; {one.too_low:.1f} % of the intervals lie too low, "
        f"{one.too_high:.1f} % too high."
    )


def _of_boundary(boundary):
    """Where R² is truly 0 the interval stands at the end of its range, and 95 % cannot be had."""
    exact, boot = (boundary.loc[boundary["method"].str.startswith(m), "estimate"] for m in ("exact", "BCa"))
    return BOUNDARY.format(exact=_range(exact), boot=_range(boot)) if len(boundary) else ""


def _range(values):
    low, high = (f"{value:.1f}" for value in (values.min(), values.max()))
    return low if low == high else f"{low}–{high}"


def _of_verdicts(verdicts):
    linked, none = (verdicts[(verdicts["truth"] == "cannot tell") == unlinked] for unlinked in (False, True))
    worst = linked.loc[linked["wrong"].idxmax()]
    text = VERDICTS.format(worst=worst, claim=CLAIMS[worst.claim])
    return text + (UNLINKED.format(most=none["wrong"].max()) if len(none) else "")


def _of_weakness(verdicts):
    """Which claims are hardly ever agreed with where they are true."""
    true = verdicts[(verdicts["world"] == "published") & (verdicts["truth"] == "agrees")]
    rare = [f"*{CLAIMS[row.claim]}* {row.agrees:.1f} %" for row in true[true["agrees"] < RARE].itertuples()]
    return WEAK.format(claims=", ".join(rare)) if rare else ""


def _table(verdicts):
    worlds = list(verdicts["world"].unique())
    lines = ["| claim | " + " | ".join(worlds) + " |", "|---" * (len(worlds) + 1) + "|"]
    for claim, said in CLAIMS.items():
        part = verdicts[verdicts["claim"] == claim].set_index("world").loc[worlds]
        cells = [
            f"{row['agrees']:.1f} / {row['disagrees']:.1f} / {row['cannot tell']:.1f} ({_deserved(row['truth'])})"
            for _, row in part.iterrows()
        ]
        lines.append(f"| {said} | " + " | ".join(cells) + " |")
    return lines
