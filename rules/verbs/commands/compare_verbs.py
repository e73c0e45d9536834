"""The verbs of plan against plan, declared as every verb is; `rules/verbs/work/compare_work.py` does them."""

from onemap.rules.contract.check_parameters import AGAINST, LIBRARY, ONLY, OVERWRITE, REASON, WHEN, WORKERS
from onemap.rules.contract.declaration import (
    Parameter,
    Verb,
    declare_verb,
    of_form,
    to_codes,
    to_count,
    to_date,
    to_metres,
)
from onemap.rules.contract.output_forms import out_parameter

# What may become of a difference between two plans.
DECISIONS = ("keep-a", "keep-b", "change-a", "change-b", "technical", "discuss", "undecided")
_WORK = "compare_work"
_LIMITS = (Parameter("min_area", "M2", convert=to_metres), Parameter("min_width", "M", convert=to_metres))
TYPES = ("01", "02", "03", "04", "05", "90", "98", "99")
_OUT = (out_parameter(), OVERWRITE)
_RUN = Parameter("run", "RUN", positional=True)


@of_form("names", names=sorted(TYPES))
def to_types(text: str) -> tuple[str, ...]:
    """Types of spots from a text with commas, sorted, each once. Raises ValueError."""
    codes = to_codes(text)
    if not set(codes) <= set(TYPES):
        raise ValueError(text)
    return tuple(sorted(set(codes)))


@of_form("names", names=[*DECISIONS])
def to_decisions(text: str) -> tuple[str, ...]:
    """Decisions from a text with commas. Raises ValueError."""
    names = to_codes(text)
    if not set(names) <= set(DECISIONS):
        raise ValueError(text)
    return names


@of_form("region")
def to_region(text: str) -> str:
    """The six figures of an administrative division. Raises ValueError."""
    if len(text) != len("130100") or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text


COMPARE_VERBS: tuple[Verb, ...] = (
    declare_verb(
        "compare",
        LIBRARY,
        Parameter("a", "A", positional=True),
        Parameter("b", "B", positional=True),
        Parameter("matrix", "FILE|NAME"),
        *_LIMITS,
        *WHEN,
        AGAINST,
        *_OUT,
        WORKERS,
        makes_data=True,
        work=_WORK,
    ),
    declare_verb(
        "decide",
        LIBRARY,
        Parameter("target", "SPOT|CLUSTER", positional=True),
        Parameter("decision", "DECISION", positional=True, choices=DECISIONS),
        REASON,
        Parameter("by", "N"),
        Parameter("expect", "DECISION,…", convert=to_decisions),
        work=_WORK,
    ),
    declare_verb(
        "spots",
        LIBRARY,
        _RUN,
        Parameter("type", "T,T", convert=to_types),
        Parameter("decided", flag=True),
        Parameter("region", "XZQDM", convert=to_region),
        Parameter("label", "L"),
        Parameter("valid_from", "D", convert=to_date),
        Parameter("report", "FILE.xlsx"),
        OVERWRITE,
        WORKERS,
        work=_WORK,
    ),
    declare_verb(
        "contradictions",
        LIBRARY,
        Parameter("matrix", "FILE", repeated=True),
        ONLY,
        *_LIMITS,
        *WHEN,
        *_OUT,
        WORKERS,
        work=_WORK,
    ),
    declare_verb(
        "atlas",
        LIBRARY,
        _RUN,
        Parameter("target", "TARGET.pdf|docx", positional=True),
        Parameter("by", choices=("cluster", "spot")),
        Parameter("type", "T,T", convert=to_types),
        Parameter("most", "N", convert=to_count),
        OVERWRITE,
        work=_WORK,
    ),
    declare_verb(
        "comparison", LIBRARY, _RUN, Parameter("target", "TARGET.docx|pdf|html", positional=True), OVERWRITE, work=_WORK
    ),
)
