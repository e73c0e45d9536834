"""The verbs `identify`, `find`, `tile` and `sheet`, declared as every verb is: what lies at a place or on a parcel."""

from onemap.rules.contract.check_parameters import (
    AS_OF,
    CHECK_PARAMETERS,
    CRS,
    LIBRARY,
    ONLY,
    OVERWRITE,
    PARCELS,
    TARGET,
    WORKERS,
)
from onemap.rules.contract.declaration import (
    Parameter,
    Verb,
    declare_verb,
    to_box,
    to_codes,
    to_coordinate,
    to_count,
    to_metres,
    to_name,
    to_seed,
)

IDENTIFY_VERBS: tuple[Verb, ...] = (
    declare_verb(
        "identify",
        LIBRARY,
        Parameter("x", "X", positional=True, optional=True, convert=to_coordinate),
        Parameter("y", "Y", positional=True, optional=True, convert=to_coordinate),
        CRS,
        Parameter("radius", "M", convert=to_metres),
        ONLY,
        AS_OF,
        Parameter("line", "WKT", convert=to_name),
        Parameter("box", "W,S,E,N", convert=to_box),
        makes_data=True,
        work="identify_work",
        for_others=True,
    ),
    declare_verb(
        "find",
        LIBRARY,
        Parameter("text", "TEXT", positional=True, convert=to_name),
        AS_OF,
        Parameter("count", "N", convert=to_count),
        work="identify_work",
    ),
    declare_verb(
        "tile",
        LIBRARY,
        Parameter("only", "CODE,…", positional=True, convert=to_codes),
        Parameter("zoom", "Z", positional=True, convert=to_seed),
        Parameter("column", "X", positional=True, convert=to_seed),
        Parameter("row", "Y", positional=True, convert=to_seed),
        AS_OF,
        work="identify_work",
    ),
)

SHEET_VERBS: tuple[Verb, ...] = (
    declare_verb(
        "sheet",
        LIBRARY,
        PARCELS,
        TARGET,
        *CHECK_PARAMETERS,
        OVERWRITE,
        WORKERS,
        makes_data=True,
        work="sheet_work",
        for_others=True,
    ),
)
