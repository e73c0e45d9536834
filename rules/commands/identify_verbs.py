"""The verb `identify`, declared as every verb is; `rules/work/identify_work.py` does it."""

from onemap.rules.verb.declaration import (
    Parameter,
    Verb,
    to_box,
    to_codes,
    to_coordinate,
    to_date,
    to_metres,
    to_name,
)

IDENTIFY_VERBS: tuple[Verb, ...] = (
    Verb(
        "identify",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("x", "X", positional=True, optional=True, convert=to_coordinate),
            Parameter("y", "Y", positional=True, optional=True, convert=to_coordinate),
            Parameter("crs", "C", convert=to_name),
            Parameter("radius", "M", convert=to_metres),
            Parameter("only", "CODE,…", convert=to_codes),
            Parameter("as_of", "D", convert=to_date),
            Parameter("line", "WKT", convert=to_name),
            Parameter("box", "W,S,E,N", convert=to_box),
        ),
        work="identify_work",
    ),
)
