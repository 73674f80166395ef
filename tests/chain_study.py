"""Studies of the service-profit chain, drawn so that leadership, engagement, customers and margin go together."""

import numpy as np
import pandas as pd

import cxstudy as cx

FEELINGS = ["good_company", "trust", "thriving"]
TEN = dict.fromkeys(["recommend", "recommend_employer"], (0, 10)) | dict.fromkeys(
    ["leadership", "employer_brand", "engagement", "satisfaction", "ease", "resolution"], (1, 10)
)


def drawn(
    seed=1, *, companies=40, groups=2, employees=12, customers=15, years=(2024,), managers=3, link=0.8, brand=True,
):  # fmt: skip
    """Frames customers, employees, financials; ``link``: how far each goes with what comes before it."""
    rng = np.random.default_rng(seed)
    lead = rng.normal(size=companies)
    other = np.sqrt(1 - link**2)
    engage, image = (link * lead + other * rng.normal(size=companies) for _ in range(2))
    liking = link * engage + other * rng.normal(size=companies)
    margin = 6 + 3 * (link * liking + other * rng.normal(size=companies))
    people, answers, results = [], [], []
    for c in range(companies):
        for year in years:
            results.append({"company": f"C{c:03d}", "year": year, "operating_margin": margin[c] + rng.normal(0, 0.5)})
            results[-1] |= {"revenue": float(np.exp(10 + 0.3 * engage[c] + rng.normal(0, 0.3))), "employees": 50}
            results[-1] |= {"organic_growth": 3 + engage[c]}
            for g in range(groups):
                place = {"company": f"C{c:03d}", "work_group": f"C{c:03d}-{g}", "date": f"{year}-06-15"}
                tilt = rng.normal(0, 0.3)
                for j in range(employees):
                    row = place | {"role": "manager" if j < managers else "employee"}
                    row |= {"leadership": _ten(rng, lead[c]), "engagement": _ten(rng, engage[c] + tilt)}
                    row |= {"employer_brand": _ten(rng, image[c])} if brand else {}
                    row |= {q: int(np.clip(round(3 + engage[c] * 0.6 + rng.normal(0, 0.8)), 1, 5)) for q in FEELINGS}
                    people.append(row | {"recommend_employer": _ten(rng, engage[c]) - 1})
                for _ in range(customers):
                    own = liking[c] + tilt + rng.normal(0, 0.5)
                    answers.append(place | {"recommend": _ten(rng, own) - 1 + int(rng.random() < 0.3)})
                    answers[-1] |= {q: _ten(rng, own) for q in ("satisfaction", "ease", "resolution")}
    frames = [pd.DataFrame(answers), pd.DataFrame(people), pd.DataFrame(results)]
    for frame, letter in zip(frames, "RE", strict=False):
        frame.insert(0, "response_id", [f"{letter}{i:06d}" for i in range(len(frame))])
    return frames


def _ten(rng, level):
    return int(np.clip(round(5.5 + 1.5 * level + rng.normal(0, 1.2)), 1, 10))


def write(folder, customers, employees, financials=None, *, more="items: {cx_index: [ease, resolution]}", scales=()):
    """Write and open a study of these frames."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"customers": customers, "employees": employees, "financials": financials}
    named = {name: frame for name, frame in named.items() if frame is not None}
    held = set()
    for name, frame in named.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        held |= set(frame)
    ends = {q: f"{{low: {low}, high: {high}}}" for q, (low, high) in TEN.items() if q in held} | dict(scales)
    lines = ["format: 1", "name: chain", "tables:", *(f"  {name}: {{file: {name}.csv}}" for name in named)]
    lines += ["scales:", *(f"  {q}: {said}" for q, said in ends.items()), more]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cx.open_study(folder)
