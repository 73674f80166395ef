"""The path model of the service-profit chain between units: coefficients, effects, what goes with more."""

import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.stats.path_checks import read_paths
from cxstudy.stats.path_effects import routes
from cxstudy.stats.path_through import through
from cxstudy.stats.paths import VOCABULARY, fit_paths

FEWEST_UNITS = 10
LOYALTY = "loyalty"
SAME = ("unit", "year", "n_answers", "n_employees")
EFFECT = ["from", "to", "kind", "path", *VOCABULARY]


def usual_paths(staff, end):
    """The chain as a path model: everything earlier leads to everything later, so that no path is taken to be zero.

    ``staff``: the employees' scales in causal order; leadership and employer_brand come first and don't lead to one
    another.

    >>> usual_paths(["leadership", "engagement"], "margin")["loyalty"]
    ['leadership', 'engagement']
    """
    first = [name for name in staff if name in ("leadership", "employer_brand")] or list(staff[:1])
    later = [name for name in staff if name not in first]
    paths = {name: [*first, *later[:place]] for place, name in enumerate(later)}
    return paths | {LOYALTY: list(staff), end: [*staff, LOYALTY]}


class ChainPaths:
    """The fitted chain of ``data`` (`chain_data.ChainData`): tables paths, effects, equations, per_points; see below.

    ``why`` is a Reading where the units give no model (no results, fewer than 10 units, scales that determine one
    another), and the tables are empty. ``paths``: an own model, outcome → predictors, of the columns of ``data.units``;
    what is wrong with it is raised. ``points``: the step of `per_points`.

    - ``paths``: a row an arrow, SD per SD, HC3 (by unit where years are rows).
    - ``effects``: on loyalty and on the outcome: kind direct, indirect, total, and ``through`` (all routes that pass
      loyalty), SD per SD, bootstrap of units.
    - ``equations``: R² of each outcome.
    - ``per_points``: total effect of ``points`` more on a scale of 0–100, in the outcome's own units.
    """

    def __init__(self, data, paths=None, *, points=5.0, confidence=0.95, replicates=2000, seed=1):
        self.data, self.points, self.own = data, float(points), paths is not None
        self.paths = paths if self.own else None
        self.why, self.n, self.n_missing, self.order, self.correlations = data.why, 0, 0, (), pd.DataFrame()
        self.settings = {"confidence": confidence, "replicates": replicates, "seed": seed}
        self.tables = {
            "paths": pd.DataFrame(columns=["from", "to", "path", *VOCABULARY]),
            "effects": pd.DataFrame(columns=EFFECT),
            "equations": pd.DataFrame(columns=["outcome", "predictors", "adjusted", *VOCABULARY]),
            "per_points": pd.DataFrame(columns=["from", "to", *VOCABULARY]),
        }
        if self.why is None:
            self._fit()

    def effect(self, start, end, kind):
        """One row of the effects as a dict, or {} where there is none."""
        table = self.tables["effects"]
        rows = table[(table["from"] == start) & (table["to"] == end) & (table["kind"] == kind)]
        return rows.iloc[0].to_dict() if len(rows) else {}

    def step(self, start, end):
        """One row of per_points as a dict, or {}."""
        table = self.tables["per_points"]
        rows = table[(table["from"] == start) & (table["to"] == end)]
        return rows.iloc[0].to_dict() if len(rows) else {}

    def _fit(self):
        data = self.data
        frame = data.units.drop(columns=[c for c in SAME if c in data.units and c != "unit"])
        self.paths, names = read_paths(self.paths if self.own else usual_paths(data.scales.chain, data.end))
        complete = frame[[c for c in names if c in frame]].dropna()
        units = frame.loc[complete.index, "unit"].nunique()
        self.n = len(complete)
        if units < FEWEST_UNITS:
            values = {"n": units, "least": FEWEST_UNITS, "units": f"@nps_margin.units.{data.study.unit}"}
            self.why = Reading("profit_chain.reason.few-units", values)
            return
        given = {"cluster": "unit" if "year" in data.units else None, **self.settings}
        try:
            model = fit_paths(frame, self.paths, **given)
            raw = fit_paths(frame, self.paths, standardise=False, **given)
            passes = {LOYALTY, data.end}.issubset(names) and routes(self.paths, LOYALTY, data.end)
            passing = through(frame, self.paths, middle=LOYALTY, end=data.end, **given) if passes else None
        except NotTestable as error:
            if self.own:
                raise
            self.why = Reading("profit_chain.said", {"text": error.reason})
            return
        self.order, self.correlations = model.order, complete.corr()
        self._tables(model, raw, passing)

    def _tables(self, model, raw, passing):
        ends = [name for name in model.order if name in (LOYALTY, self.data.end, model.order[-1])]
        chosen = model.effects["to"].isin(ends) & (model.effects["kind"] != "route")
        parts = [model.effects[chosen]]
        if passing is not None:
            parts.append(passing.assign(kind="through"))
        effects = pd.concat([part[EFFECT] for part in parts], ignore_index=True)
        steps = raw.effects[raw.effects["to"].isin(ends) & (raw.effects["kind"] == "total")]
        steps = steps[steps["from"] != LOYALTY].drop(columns=["kind", "path"])
        scaled = {c: steps[c] * self.points for c in ("estimate", "std_error", "ci_low", "ci_high")}
        out = self.data.left_out
        lost = int(out.loc[out["n_unit"] == self.data.kind, "n"].sum())
        self.tables = {
            "paths": model.paths, "effects": effects, "equations": model.equations,
            "per_points": steps.assign(**scaled, unit=f"per +{self.points:g}").reset_index(drop=True),
        }  # fmt: skip
        self.n = int(model.paths["n"].iloc[0])
        self.n_missing = int(model.paths["n_missing"].iloc[0]) + lost
        self.tables = {name: table.assign(n_missing=self.n_missing) for name, table in self.tables.items()}
