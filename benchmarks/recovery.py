"""Thousands of simulated studies whose truth is known: do the intervals hold it, and how often do the verdicts err?

    python benchmarks/recovery.py [--studies 2000] [--jobs 2] [--seed 2025] [--draw]

For each world (published, null, reversed, half-size) studies are drawn as counts and moments and put through the
estimators of nps_margin, loyalty_share and employee_ambassadors. Writes recovery.csv (coverage), recovery_verdicts.csv,
recovery.png and recovery.md beside this file. ``--draw`` makes picture and text again from the two tables.
"""

import argparse
import datetime
import os
import platform
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

# one thread a process: the processes are the parallel part
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
BATCH, REPLICATES = 25, 2000
LIBRARIES = ("numpy", "pandas", "scipy")
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
}
SHORT = {
    "exact, random regressors": "exact",
    "exact, random / reliability": "exact",
    "bca, companies drawn": "BCa",
    "Pearson, Fisher z": "Fisher z",
    "OLS, HC3": "HC3",
    "OLS, clustered": "clustered",
}
EDGE = 88.0
INK, DARK, LIGHT, BAND, MUTED = "#1b2a41", "#1f4e79", "#f0a860", "#d9e2ec", "#8a94a3"


def run(studies, jobs, seed):
    """Tables of coverage and of verdicts, from ``studies`` studies a world."""
    from tqdm import tqdm

    import cxstudy
    from cxstudy.recovery import coverage, recover, true_values, verdict_errors
    from cxstudy.worlds import WORLDS

    tasks = [
        (world, batch, min(BATCH, studies - batch * BATCH)) for batch in range(-(-studies // BATCH)) for world in WORLDS
    ]
    found = {}
    with ProcessPoolExecutor(jobs) as pool, tqdm(total=studies * len(WORLDS), unit="study") as bar:
        truths = dict(zip(WORLDS, pool.map(true_values, WORLDS), strict=True))
        waiting = {pool.submit(recover, *task, seed=seed, replicates=REPLICATES): task for task in tasks}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            bar.update(waiting[done][2])
    ordered = [found[task] for task in sorted(tasks, key=lambda task: (list(WORLDS).index(task[0]), task[1]))]
    intervals, verdicts = (pd.concat(frames, ignore_index=True) for frames in zip(*ordered, strict=True))
    covered = coverage(intervals, truths)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    about = {
        "seed": seed,
        "replicates": REPLICATES,
        "date": datetime.date.today().isoformat(),
        "versions": f"cxstudy {cxstudy.__version__}, Python {platform.python_version()}, {versions}",
    }
    return covered.assign(**about), verdict_errors(verdicts, covered).assign(**about)


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
        2, len(worlds), figsize=(15, 12.5), sharey="row", height_ratios=[len(rows) + 4, 11], layout="constrained"
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
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside lower right", ncols=3, frameon=False, fontsize=9)
    n = covered["n"].max()
    figure.suptitle(
        f"Synthetic data: {n:,} simulated studies a world. Above: in how many per cent of them the nominal 95 % interval held the truth\n"
        "(line: Monte Carlo error; band: accepted, 93.3–96.6; hollow: outside). Below: what the rule said about the claims, in % of the studies",
        x=0.01, ha="left", fontsize=11, color=INK,
    )  # fmt: skip
    figure.savefig(HERE / "recovery.png", dpi=120, metadata={"Software": None})
    plt.close(figure)


def _coverage(ax, part, rows, place):
    from cxstudy.recovery import ACCEPTED

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
    kinds = {"right": (DARK, "", "the truth's word"), "open": ("white", "", "cannot tell"), "wrong": (LIGHT, "////", "wrong")}
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
    from cxstudy.worlds import WORLDS

    about = covered.iloc[0]
    design = WORLDS["published"]
    width = usual_error(covered)
    kinds = covered.assign(boundary=covered["finding"].str.startswith("loyalty_share") & (covered["truth"] == 0))
    usual, boundary = kinds[~kinds["boundary"]], kinds[kinds["boundary"]]
    outside = usual[~usual["accepted"]]
    largest = (covered["truth_error"] / covered["sd"]).max()
    lines = [
        "# Recovery: do the intervals hold the truth, and how often do the verdicts err?",
        "",
        f"**All data here are synthetic.** {covered['n'].max():,} studies a world ({design.companies} companies, {design.answers:,} customers' "
        f"answers, {design.groups} work groups, {design.employees:,} employees) were simulated as counts and moments and put through the estimators of the analyses themselves. "
        f"Tables: [recovery.csv](recovery.csv), [recovery_verdicts.csv](recovery_verdicts.csv). Again: `python benchmarks/recovery.py`.",
        "",
        "![Coverage of every interval and verdicts on every claim in the four worlds](recovery.png)",
        "",
        f"- **Intervals away from a boundary.** {usual['accepted'].sum()} of {len(usual)} (interval, method, world) lie in the accepted "
        f"93.3–96.6 %; all of them run from {usual['estimate'].min():.1f} to {usual['estimate'].max():.1f} % (Monte Carlo error ± {width:.1f} points).",
        *[f"- **Outside**: {_row(one)}" for one in outside.itertuples()],
        *_boundary_lines(boundary),
        *_verdict_lines(verdicts),
        f"- **Truth** is `population.truth`, and for what it lacks the same analysis on 320 studies together; its error is at most {100 * largest:.0f} % of "
        "one study's standard error. It leaves no group out, while the analysis drops those under 5 customers or 7 employees; a test holds what that moves to a fifth of a standard error.",
        "- **Not shown here**: other designs (few companies, unequal clusters, years), missing employees' answers, non-response, "
        "and anything the simulation does not contain. Coverage says that the arithmetic is right, not that a real study is.",
        "",
        "What was said, in % of the studies: agrees / disagrees / cannot tell (in brackets what the truth deserves)",
        "",
        *_table(verdicts),
        "",
        f"Seed {about.seed}, {about.replicates:,} resamples a bootstrap, run on {about.date} with {about.versions}. No method was changed after seeing these numbers.",
    ]  # fmt: skip
    (HERE / "recovery.md").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def usual_error(covered):
    """Half the widest Monte Carlo interval of a coverage near the nominal."""
    near = covered[covered["estimate"] > 90]
    return ((near["ci_high"] - near["ci_low"]) / 2).max()


def _row(one):
    return (
        f"`{one.finding}`, {one.method}, world {one.world}: {one.estimate:.1f} % [{one.ci_low:.1f}, {one.ci_high:.1f}]; "
        f"{one.too_low:.1f} % of the intervals too low, {one.too_high:.1f} % too high."
    )


def _boundary_lines(boundary):
    """Where R² is truly 0 the interval stands at the end of its range, and 95 % cannot be had."""
    exact, boot = (boundary[boundary["method"].str.startswith(kind)] for kind in ("exact", "BCa"))
    if not len(exact):
        return []
    return [
        f"- **R² that is truly 0** (world null): the exact intervals hold it in {exact['estimate'].min():.1f}–{exact['estimate'].max():.1f} % of the studies, "
        "outside the accepted band on the safe side, as theory says (two-sided limits at the end of the range: 97.5 %). The bootstrap (BCa) beside "
        f"them holds it in {boot['estimate'].min():.1f}–{boot['estimate'].max():.1f} %: it cannot reach 0. That is why it stands beside and is not the "
        "headline, and why the sign is tested on the slope."
    ]


def _verdict_lines(verdicts):
    """How often the verdicts are wrong, and a table of what they were."""
    linked, none = verdicts[verdicts["truth"] != "cannot tell"], verdicts[verdicts["truth"] == "cannot tell"]
    worst = linked.loc[linked["wrong"].idxmax()]
    said = (
        f"- **Verdicts.** Where the truth deserves *agrees* or *disagrees*, the other of the two was said in at most {worst.wrong:.1f} % of the "
        f"studies (world {worst.world}, {CLAIMS[worst.claim]})."
    )
    if len(none):
        said += (
            f" Where there is no link at all, a direction was claimed in {none['wrong'].max():.1f} % (one way or the other): the 5 % that a 95 % "
            "interval errs by design."
        )
    careful = (
        "- **So the rules are careful, not strong**: a *cannot tell* says nothing against a claim. With this many companies a true “about 9 %” or "
        "“just over 20 %” mostly ends there, because the interval is about as wide as the declared zone."
    )
    return [said, careful]


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


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--studies", type=int, default=2000, help="simulated studies a world")
    ask.add_argument("--jobs", type=int, default=2, help="processes")
    ask.add_argument("--seed", type=int, default=2025)
    ask.add_argument("--draw", action="store_true", help="only picture and text, from the tables that are there")
    asked = ask.parse_args()
    if asked.studies < 1 or asked.jobs < 1 or asked.seed < 0:
        ask.error("studies and jobs must be at least 1, the seed at least 0.")
    if not asked.draw:
        for name, table in zip(("recovery", "recovery_verdicts"), run(asked.studies, asked.jobs, asked.seed), strict=True):
            table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    # one of the worlds is called null, which pandas would read as a missing value
    covered, verdicts = (
        pd.read_csv(HERE / f"{name}.csv", keep_default_na=False, na_values=[""]) for name in ("recovery", "recovery_verdicts")
    )
    draw(covered, verdicts)
    write(covered, verdicts)
    inside = int(np.sum(covered["accepted"]))
    print(f"{inside} of {len(covered)} intervals in the accepted band; the others are named in {HERE.name}/recovery.md")


if __name__ == "__main__":
    main()
