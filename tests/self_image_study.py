"""Studies that ask both sides the same: small ones whose every gap is known, and drawn ones of any size."""

import numpy as np
import pandas as pd
from work_group_study import write

SAME = ["ease", "resolution", "engagement"]
DECLARED = "self_image: {same: [ease, resolution, engagement], competence: [resolution], service: [engagement]}"
TEN = dict.fromkeys(SAME, "{low: 1, high: 10}")


def alike(customers, employees, *, companies=1, n_customers=6, n_employees=8):
    """Answers of groups g00, g01, …: rows of means (ease, resolution, engagement) on 1–10, half one up, half down."""
    frames = []
    for means, n, letter in ((customers, n_customers, "R"), (employees, n_employees, "E")):
        rows = [
            {"response_id": f"{letter}{i:03d}-{j}", "company": f"c{i % companies:02d}", "work_group": f"g{i:02d}"}
            | {q: m + (1 if j % 2 else -1) for q, m in zip(SAME, three, strict=True) if m is not None}
            for i, three in enumerate(means)
            for j in range(n)
        ]
        frames.append(pd.DataFrame(rows))
    frames[0]["recommend"] = [9 if k % 3 else 4 for k in range(len(frames[0]))]
    return frames


def drawn(seed=1, *, companies=30, groups=4, n_customers=20, n_employees=10, shift=(0.0, -0.6, 0.6), sd=0.6, halo=0.5):
    """Drawn answers: employees' mean less customers' is ``shift`` on 1–10 with ``sd`` between groups; ``halo``: how far
    the answers of one person go together."""
    rng, frames = np.random.default_rng(seed), []
    whole = companies * groups
    level = rng.normal(6, 0.7, (whole, 1)) + rng.normal(0, 0.2, (whole, 3))
    tilt = np.asarray(shift) + rng.normal(0, sd, (whole, 3))
    for letter, n, centre in (("R", n_customers, level), ("E", n_employees, level + tilt)):
        group = np.repeat(np.arange(whole), n)
        noise = np.sqrt(halo) * rng.standard_normal((len(group), 1))
        noise = noise + np.sqrt(1 - halo) * rng.standard_normal((len(group), 3))
        answers = np.clip(np.rint(centre[group] + 1.6 * noise), 1, 10).astype(int)
        frame = pd.DataFrame({"response_id": [f"{letter}{i}" for i in range(len(group))]})
        frame["company"] = [f"C{g // groups:03d}" for g in group]
        frame["work_group"] = [f"C{g // groups:03d}-{g % groups}" for g in group]
        frame[SAME] = answers
        if letter == "R":
            liking = answers.mean(axis=1) + rng.normal(0.5, 1.5, len(group))
            frame["recommend"] = np.clip(np.rint(liking), 0, 10).astype(int)
        frames.append(frame)
    return frames


def study_of(folder, frames, *, declared=DECLARED, scales=None, more=""):
    """Write and open a study of these frames, all questions on 1–10 unless ``scales`` says otherwise."""
    return write(folder, *frames, scales={**TEN, **(scales or {})}, more=f"{declared}\n{more}")
