"""The verbs `identify`, `find`, `tile` and `sheet`, declared as every verb is: what lies at a place or on a parcel."""

from onemap.rules.contract.check_parameters import CHECK_PARAMETERS
from onemap.rules.contract.declaration import (
    Parameter,
    Verb,
    to_box,
    to_codes,
    to_coordinate,
    to_count,
    to_date,
    to_metres,
    to_name,
    to_seed,
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
        makes_data=True,
        work="identify_work",
        for_others=True,
    ),
    Verb(
        "find",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("text", "TEXT", positional=True, convert=to_name),
            Parameter("as_of", "D", convert=to_date),
            Parameter("count", "N", convert=to_count),
        ),
        work="identify_work",
    ),
    Verb(
        "tile",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("only", "CODE,…", positional=True, convert=to_codes),
            Parameter("zoom", "Z", positional=True, convert=to_seed),
            Parameter("column", "X", positional=True, convert=to_seed),
            Parameter("row", "Y", positional=True, convert=to_seed),
            Parameter("as_of", "D", convert=to_date),
        ),
        work="identify_work",
    ),
)

SHEET_VERBS: tuple[Verb, ...] = (
    Verb(
        "sheet",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("parcels", "PARCELS", positional=True),
            Parameter("target", "TARGET", positional=True),
            *CHECK_PARAMETERS,
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        makes_data=True,
        work="sheet_work",
        for_others=True,
    ),
)
