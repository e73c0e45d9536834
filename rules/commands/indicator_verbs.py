"""The verbs of indicators, declared as every verb is; `rules/work/indicator_work.py` does them."""

from onemap.rules.verb.declaration import Parameter, Verb, to_codes, to_count, to_date, to_moment, to_name, to_pairs


def to_rhythm(text: str) -> dict[str, int]:
    """CODE=DAYS pairs with commas between. Raises ValueError."""
    return {code: to_count(days) for code, days in to_pairs(text).items()}


INDICATOR_VERBS: tuple[Verb, ...] = (
    Verb(
        "indicators",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("pack", "FILE|NAME", repeated=True),
            Parameter("unit", "CODE", convert=to_name),
            Parameter("unit_field", "FIELD", convert=to_name),
            Parameter("units_where", "CQL2", convert=to_name),
            Parameter("only", "ID,…", convert=to_codes),
            Parameter("as_of", "D", repeated=True, convert=to_date),
            Parameter("known_at", "T", convert=to_moment),
            Parameter("out", "PATH", repeated=True),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        makes_data=True,
        work="indicator_work",
    ),
    Verb(
        "warnings",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("pack", "FILE|NAME", repeated=True),
            Parameter("unit", "CODE", convert=to_name),
            Parameter("unit_field", "FIELD", convert=to_name),
            Parameter("as_of", "D", convert=to_date),
            Parameter("days", "N", convert=to_count),
            Parameter("rhythm", "CODE=DAYS,…", convert=to_rhythm),
            Parameter("out", "PATH", repeated=True),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        makes_data=True,
        work="indicator_work",
    ),
)
