"""By which classes a parcel names its use: three systems share digits, and one code means different uses in them."""

from functools import lru_cache

from onemap.layers.catalogue.code_tables import CodeTable, code_parts, code_table

USE_FIELD = "YDXZ"  # the parcel's proposed use
SYSTEM_FIELD = "code_system"  # by which codes the use is named, where the parcels say it
LAND_SEA, URBAN, SURVEY = "land-sea-2023", "urban-gb50137", "survey"
CODE_SYSTEMS = (LAND_SEA, URBAN, SURVEY)
# The tables that list the classes of each, the main one first.
TABLES = {LAND_SEA: ("land-sea-uses",), URBAN: ("urban-uses",), SURVEY: ("survey-classes", "current-uses")}


def system_of(code: str, named: str | None, usual: str) -> str | None:
    """The system to which a code belongs, None if it is not known.

    named: what the parcel says; usual: of codes that begin with a digit, where it says nothing. Letters are URBAN.
    """
    system = named or (URBAN if code[:1].isalpha() else usual)
    return system if system in CODE_SYSTEMS else None


@lru_cache(maxsize=4096)
def known_use(code: str, named: str | None, usual: str) -> str | None:
    """The main code of a value, as it is compared, if its system has it: the guide of 2023 has no 0810, so None.

    A class without subclasses may be refined at its end. named, usual: as of `system_of`.
    """
    main = next(iter(code_parts(code)), "")
    system = system_of(main, named, usual) if main else None
    tables = [code_table(name) for name in TABLES[system]] if system else []
    return main if any(_has(table, main) for table in tables) else None


def _has(table: CodeTable, code: str) -> bool:
    if code in table.first or table.class_of(code) is not None:
        return True
    ends = (code[:end] for end in range(len(code) - 1, 0, -1))
    within = next((end for end in ends if end in table.classes), None)
    return within is not None and not any(other.startswith(within) and other != within for other in table.classes)
