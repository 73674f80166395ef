"""The picture and the text of the coverage benchmark, both made from its table."""

from pathlib import Path

HERE = Path(__file__).parent
LOW, HIGH, FEWEST = 93.0, 97.0, 20
DEFAULT = "adjusted-wald"
BOTTOM = 80.0
INK, BAND = "#1b2a41", "#e4e9ef"
LOOKS = {
    "adjusted-wald": {"color": "#14365d", "marker": "o", "linestyle": "-"},
    "score": {"color": "#4f7cac", "marker": "D", "linestyle": "--"},
    "dirichlet": {"color": "#7f8a94", "marker": "^", "linestyle": ":"},
    "wald": {"color": "#d07a1c", "marker": "s", "linestyle": "-.", "markerfacecolor": "white"},
    "bootstrap": {"color": "#444444", "marker": "x", "linestyle": ""},
}
TICKS = (5, 10, 20, 50, 100, 300, 1000)
TEXT = """# Coverage: how often each interval of the NPS holds the truth

Nominal {confidence:.0f} %. Four populations (shares of detractors, passives, promoters); to {exact} answers every
outcome of the trinomial is added up, nothing is drawn; above, {samples:,} samples are drawn (Monte Carlo error
up to ± {error:.2f} points). Misses on each side and the mean width are in [nps_coverage.csv](nps_coverage.csv).
Again: `python benchmarks/coverage.py`.

![Coverage of five intervals against the number of answers, in four populations](nps_coverage.png)

**Advice.** {advice}

- **Accepted** are {low:.0f}–{high:.0f} % at every tabulated n from {fewest} on. Outside: {outside}
- **Lattice.** The NPS of n answers takes few values, so coverage jumps with n. Where nobody is passive, methods
  hold the same outcomes and so have the same coverage: {lattice}.
- **The bootstrap** is computed at n = {bootstrap} only: all outcomes are added up, but each outcome's interval is drawn
  ({about.replicates:,} samples of the answers, seed {about.seed}), so its figures carry a little Monte Carlo error.
- **Not shown here**: weights, clusters, people who do not answer. Coverage says that the arithmetic is right.

Coverage in %; **bold**: outside the accepted band

{table}

Seed {about.seed}, run on {about.date} with {about.versions}. No method was changed after these numbers were seen.
"""


def advice(table):
    """One sentence on which interval to use, from the table alone."""
    judged = table[(table["n"] >= FEWEST) & table["method"].isin(_complete(table))]
    few = table[(table["n"] < FEWEST) & table["method"].isin(_complete(table))]
    misses = judged.groupby("method")["accepted"].agg(lambda a: int((a != True).sum()))  # noqa: E712
    lowest, lowest_few = (part.groupby("method")["estimate"].min() for part in (judged, few))
    fewest = misses[misses == misses.min()].index
    best = DEFAULT if DEFAULT in fewest else lowest[fewest].idxmax()
    small = [m for m in lowest_few.index if lowest_few[m] > lowest_few.max() - 1e-6]
    worst = judged.loc[judged["estimate"].idxmin()]
    cells = judged.groupby("method").size().iloc[0]
    said = f"From {FEWEST} answers on use `{best}`: within {LOW:.0f}–{HIGH:.0f} % in {cells - misses[best]} of {cells} "
    said += f"cells, never below {lowest[best]:.1f} % (as good: {_listed([m for m in fewest if m != best])}); "
    said += f"`{worst['method']}` falls to {worst['estimate']:.1f} % at n = {worst['n']}. "
    if best in small:
        return said + f"With fewer it holds at least {lowest_few[best]:.1f} %."
    return said + (
        f"With fewer use {' or '.join(f'`{m}`' for m in small)}: at least {lowest_few.max():.1f} % there, "
        f"where `{best}` falls to {lowest_few[best]:.1f} %."
    )


def draw(table):
    """Coverage against n, one panel a population, one line a method."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    populations = list(table["population"].unique())
    figure, axes = plt.subplots(2, 2, figsize=(11, 8), sharex=True, sharey=True, layout="constrained")
    methods = [m for m in LOOKS if m in set(table["method"])]
    for ax, population in zip(axes.flat, populations, strict=True):
        ax.axhspan(LOW, HIGH, color=BAND, zorder=0)
        ax.axhline(95, color=INK, linewidth=0.8, zorder=1)
        for i, method in enumerate(methods):
            part = table[(table["population"] == population) & (table["method"] == method)]
            # side by side, as methods often have the very same coverage
            x = part["n"] * 1.055 ** (i - (len(methods) - 1) / 2)
            ax.plot(x, part["estimate"].clip(lower=BOTTOM), label=method, linewidth=1.1, markersize=6, **LOOKS[method])
            for at, (n, value) in zip(x, part[["n", "estimate"]].to_numpy(), strict=True):
                if value < BOTTOM:
                    ax.annotate(f"{value:.0f} % at n = {n:.0f}", (at, BOTTOM), xytext=(12, -2), fontsize=9, color=INK,
                                textcoords="offset points", va="center")  # fmt: skip
        ax.set_title(f"detractors, passives, promoters: {population}", fontsize=10.5, color=INK, loc="left")
        ax.set_xscale("log")
        ax.set_xticks(TICKS, [f"{n:,}" for n in TICKS])
        ax.minorticks_off()
        ax.set_yticks(range(80, 101, 5))
        ax.set_ylim(BOTTOM - 1, 100)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("answers", fontsize=10.5, color=INK)
    figure.supylabel("samples whose 95 % interval holds the true NPS, %", fontsize=10.5, color=INK)
    figure.legend(
        *axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(methods), frameon=False
    )
    title = f"Coverage of the intervals of the NPS (grey: accepted, {LOW:.0f}–{HIGH:.0f} %; line: nominal 95 %)"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    figure.savefig(HERE / "nps_coverage.png", dpi=110, metadata={"Software": None})
    plt.close(figure)


def write(table):
    """Write nps_coverage.md; returns the advice."""
    exact = table[table["computed"] == "exact"]
    drawn = table[table["computed"] == "samples drawn"]
    outside = table[(table["n"] >= FEWEST) & (table["accepted"] != True)]  # noqa: E712
    half = exact[(exact["passives"] == 0) & (exact["n"] == 50)]
    same = half[half["method"].isin(["wald", DEFAULT, "score"])]
    said = advice(table)
    body = TEXT.format(
        confidence=100 * table["confidence"].iloc[0],
        exact=exact["n"].max(),
        samples=drawn["samples"].max(),
        error=((drawn["ci_high"] - drawn["ci_low"]) / 2).max(),
        advice=said,
        low=LOW,
        high=HIGH,
        fewest=FEWEST,
        outside=_outside(outside),
        lattice=f"at ({same['population'].iloc[0]}), n = 50, "
        + ", ".join(f"{row.method} {row.estimate:.1f} %" for row in same.itertuples()),
        bootstrap=", ".join(str(n) for n in sorted(table.loc[table["method"] == "bootstrap", "n"].unique())),
        about=table.iloc[0],
        table=_table(table),
    )
    (HERE / "nps_coverage.md").write_text(body, encoding="utf-8")
    return said


def _complete(table):
    """The methods that were computed at every n."""
    sizes = table.groupby("method")["n"].nunique()
    return list(sizes[sizes == sizes.max()].index)


def _outside(rows):
    if rows.empty:
        return "none."
    parts = [
        f"{method} " + ", ".join(f"{r.estimate:.1f} at ({r.population}), n = {r.n}" for r in part.itertuples())
        for method, part in rows.groupby("method", sort=False)
    ]
    return "; ".join(parts) + "."


def _table(table):
    methods = [m for m in LOOKS if m in set(table["method"])]
    lines = [
        "| detractors, passives, promoters | n | " + " | ".join(methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    for (population, n), part in table.groupby(["population", "n"], sort=False):
        held = part.set_index("method")["estimate"]
        cells = [_cell(held.get(m), n) for m in methods]
        lines.append(f"| {population} | {n:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value, n):
    if value is None:
        return "–"
    return f"**{value:.1f}**" if n >= FEWEST and not LOW <= value <= HIGH else f"{value:.1f}"


def _listed(methods):
    return ", ".join(f"`{m}`" for m in methods) or "none"
