"""cxstudy: rerun a published Nordic customer-experience study on anyone's data.

The public face. Names are loaded when first used (PEP 562), so that
``import cxstudy`` and ``cxstudy --help`` stay fast.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_WHERE = {
    "open_study": "study",
    "Study": "study",
    "check": "answerable",
    "counts": "tally",
    "moments": "tally",
    "rows": "tally",
    "nps": "measures.nps",
    "nps_from_counts": "measures.nps",
    "promoter_share": "measures.nps",
    "promoter_share_from_counts": "measures.nps",
    "enps": "measures.nps",
    "csat": "measures.satisfaction",
    "csi": "measures.satisfaction",
    "ces": "measures.effort",
    "cx_index": "measures.cx_index",
    "alpha": "measures.reliability",
    "omega": "measures.reliability",
    "compare_nps": "measures.comparing",
    "compare_nps_paired": "measures.comparing",
    "compare_groups": "measures.comparing_groups",
    "answers_needed": "measures.planning",
    "multinomial_interval": "stats.multinomial",
    "post_stratify": "measures.weighting",
    "rake": "measures.weighting",
    "design_effect": "measures.weighting",
    "effective_n": "measures.weighting",
    "measures_overview": "analyses.measures",
    "client_report": "client.report",
    "profit_chain": "analyses.profit_chain",
    "drivers": "analyses.drivers",
    "stated_drivers": "measures.stated_drivers",
    "self_image": "analyses.self_image",
    "mixed_model": "measures.mixed_model",
    "importance": "measures.importance",
    "importance_from_correlation": "measures.importance",
    "nps_margin": "analyses.nps_margin",
    "loyalty_share": "analyses.loyalty_share",
    "r_squared_interval": "stats.r_squared",
    "employee_ambassadors": "analyses.employee_ambassadors",
    "data_check": "analyses.data_check",
    "icc": "stats.agreement",
    "rwg": "stats.agreement",
    "claims": "claims",
    "finding": "findings",
    "Finding": "findings",
    "DataError": "faults",
    "NotTestable": "faults",
    "simulate": "simulate",
}
__all__ = [*_WHERE, "__version__"]


class _Face(ModuleType):
    """Keeps a function of the face from being hidden by the module of the same name (simulate, claims)."""

    def __setattr__(self, name, value):
        if not (name in _WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"cxstudy has no {name!r}; it has {', '.join(sorted(_WHERE))}")
    return getattr(import_module(f"cxstudy.{_WHERE[name]}"), name)


def __dir__():
    return sorted(__all__)
