"""Studies with work groups on both sides: the made-up answers R saw, and small ones whose every number is known."""

from pathlib import Path

import pandas as pd

import cxstudy as cx

REFERENCE = Path(__file__).parent / "reference"
FEELINGS = ["good_company", "trust", "thriving"]
SCALES = {
    "recommend": (0, 10),
    "ease": (1, 10),
    "resolution": (1, 10),
    "engagement": (1, 10),
    "recommend_employer": (0, 10),
}


def reference_values():
    """The numbers of employee_ambassadors.R, id → value."""
    return pd.read_csv(REFERENCE / "employee_ambassadors_reference.csv").set_index("id")["value"]


def reference_frames():
    """The answers of employee_ambassadors.R: customers, employees."""
    read = {"dtype": {"company": str, "work_group": str}}
    return [pd.read_csv(REFERENCE / f"employee_ambassadors_{side}.csv", **read) for side in ("customers", "employees")]


def made(cx_means, feelings, *, companies=1, customers=6, employees=8, nps=None):
    """Answers of groups g00, g01, …: customers answer around ``cx_means[i]``, employees around ``feelings[i]``.

    Half of a group answers one above its mean, half one below, so the means are exact and nobody agrees with everybody.
    Groups are dealt out to ``companies`` in turn.
    """
    rows = [[], []]
    for i, (mean, feeling) in enumerate(zip(cx_means, feelings, strict=True)):
        place = {"company": f"c{i % companies:02d}", "work_group": f"g{i:02d}"}
        for j in range(customers):
            step = 1 if j % 2 else -1
            answer = place | dict.fromkeys(("ease", "resolution", "engagement"), mean + step)
            rows[0].append(
                {
                    "response_id": f"R{i:02d}-{j}",
                    **answer,
                    "recommend": 9 * (j % 2) if nps is None else nps[i][j % len(nps[i])],
                }
            )
        for j in range(employees):
            step = 1 if j % 2 else -1
            answer = dict(zip(FEELINGS, feeling if isinstance(feeling, tuple) else (feeling,) * 3, strict=True))
            rows[1].append(
                {
                    "response_id": f"E{i:02d}-{j}",
                    **place,
                    **{k: v + step for k, v in answer.items()},
                    "recommend_employer": 7 + step,
                }
            )
    return [pd.DataFrame(r) for r in rows]


def write(folder, customers, employees, *, scales=None, more="", items="[ease, resolution, engagement]"):
    """Write a study of these frames into ``folder`` and open it; ``scales`` change or add to the usual ones."""
    folder.mkdir(parents=True, exist_ok=True)
    customers.to_csv(folder / "customers.csv", index=False)
    employees.to_csv(folder / "employees.csv", index=False)
    held = {*customers.columns, *employees.columns}
    ends = {name: f"{{low: {low}, high: {high}}}" for name, (low, high) in SCALES.items() if name in held} | (
        scales or {}
    )
    lines = [
        "format: 1",
        "name: groups",
        "tables:",
        "  customers: {file: customers.csv}",
        "  employees: {file: employees.csv}",
    ]
    lines += ["scales:", *(f"  {name}: {said}" for name, said in ends.items())]
    lines += [f"items: {{cx_index: {items}}}"] if items else []
    (folder / "study.yaml").write_text("\n".join([*lines, more]) + "\n", encoding="utf-8")
    return cx.open_study(folder)


def write_counted(folder, customers, employees, questions, *, sd=True, items="[ease, resolution]", scales=""):
    """A study of two counted tables; ``questions``: side → names, with columns <name>_sd when ``sd``."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["format: 1", "name: counted", "tables:"]
    for side, frame in (("customers", customers), ("employees", employees)):
        frame.to_csv(folder / f"{side}.csv", index=False)
        means = ", ".join(f"{q}: {{mean: {q}{f', sd: {q}_sd' if sd else ''}}}" for q in questions[side])
        lines.append(f"  {side}: {{file: {side}.csv, rows: counted, means: {{{means}}}}}")
    lines += [f"items: {{cx_index: {items}}}", scales]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cx.open_study(folder)
