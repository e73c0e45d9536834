"""The verbs that measure what lies where and compare it with targets; `work=` names the module that does each."""

from onemap.rules.contract.check_parameters import AS_OF, BY, LIBRARY, OVERWRITE, PACKS, REASON, WHEN, WORKERS
from onemap.rules.contract.declaration import (
    MOST_DAYS,
    Parameter,
    Verb,
    declare_verb,
    of_form,
    to_codes,
    to_count,
    to_date,
    to_days,
    to_moment,
    to_name,
    to_pairs,
    to_width_mm,
    to_zone,
)
from onemap.rules.contract.output_forms import out_parameter

_WORK = "statistics_work"
_WITHIN = (
    Parameter("within", "CODE|FILE", convert=to_name),
    Parameter("unit", "FIELD", convert=to_name),
    Parameter("units_where", "CQL2", convert=to_name),
)
_UNIT = (Parameter("unit", "CODE", convert=to_name), Parameter("unit_field", "FIELD", convert=to_name))
WARNING_STEPS = ("notified", "explained", "mended", "closed")
WARNING_KINDS = ("quota", "expiry", "stale", "sums", "line", "candidate")
_PAGE = Parameter("page", "FILE", repeated=True, convert=to_name)
_OUT = (out_parameter(), OVERWRITE, WORKERS)


@of_form("rhythm", most=MOST_DAYS)
def to_rhythm(text: str) -> dict[str, int]:
    """CODE=DAYS pairs, separated by commas. Raises ValueError."""
    return {code: to_days(days) for code, days in to_pairs(text).items()}


STATISTICS_VERBS: tuple[Verb, ...] = (
    declare_verb(
        "statistics",
        LIBRARY,
        Parameter("code", "CODE", positional=True),
        Parameter("by", "FIELD,…", convert=to_codes),
        Parameter("sum", "FIELD,…", convert=to_codes),
        *_WITHIN,
        Parameter("where", "CQL2", convert=to_name),
        *WHEN,
        _PAGE,
        *_OUT,
        makes_data=True,
        work=_WORK,
        for_others=True,
    ),
    declare_verb(
        "readings",
        LIBRARY,
        Parameter("readings", "CODE", convert=to_name),
        Parameter("nodes", "CODE", convert=to_name),
        Parameter("by", "hour|day", choices=("hour", "day")),
        Parameter("property", "NAME", convert=to_name),
        Parameter("limits", "FILE.toml", convert=to_name),
        Parameter("at", "T", convert=to_moment),
        Parameter("zone", "+08:00", convert=to_zone),
        Parameter("looks", flag=True),
        out_parameter(),
        OVERWRITE,
        makes_data=True,
        work="readings_work",
    ),
    declare_verb(
        "transitions",
        LIBRARY,
        Parameter("a", "A", positional=True),
        Parameter("b", "B", positional=True),
        Parameter("by", "FIELD,…", required=True, convert=to_codes),
        *_WITHIN,
        *WHEN,
        _PAGE,
        *_OUT,
        makes_data=True,
        work=_WORK,
    ),
    declare_verb(
        "indicators",
        LIBRARY,
        PACKS,
        *_UNIT,
        Parameter("units_where", "CQL2", convert=to_name),
        Parameter("theme", "NAME|FILE", convert=to_name),
        Parameter("only", "ID,…", convert=to_codes),
        Parameter("as_of", "D", repeated=True, convert=to_date),
        Parameter("known_at", "T", convert=to_moment),
        Parameter("states", "N", convert=to_count),
        Parameter("failing", flag=True),
        _PAGE,
        Parameter("charts", "MM", convert=to_width_mm),
        Parameter("unrecorded", flag=True),
        *_OUT,
        makes_data=True,
        work="indicator_work",
    ),
    declare_verb("themes", LIBRARY, Parameter("theme", "FILE", repeated=True), PACKS, AS_OF, work="indicator_work"),
    declare_verb(
        "warnings",
        LIBRARY,
        PACKS,
        *_UNIT,
        AS_OF,
        Parameter("days", "N", convert=to_days),
        Parameter("rhythm", "CODE=DAYS,…", convert=to_rhythm),
        Parameter("keep", flag=True),
        _PAGE,
        *_OUT,
        makes_data=True,
        work="warning_work",
    ),
    declare_verb(
        "warning list",
        LIBRARY,
        Parameter("state", choices=("open", *WARNING_STEPS)),
        Parameter("kind", choices=WARNING_KINDS),
        *_OUT[:2],
        work="warning_work",
    ),
    declare_verb(
        "warning step",
        LIBRARY,
        Parameter("id", "ID", positional=True),
        Parameter("state", "STATE", positional=True, choices=WARNING_STEPS),
        REASON,
        BY,
        work="warning_work",
    ),
)
