"""By which classes a parcel names its use: three systems share digits, and one code means different uses in them."""

USE_FIELD = "YDXZ"  # the parcel's proposed use
SYSTEM_FIELD = "code_system"  # by which codes the use is named, where the parcels say it
LAND_SEA, URBAN, SURVEY = "land-sea-2023", "urban-gb50137", "survey"
CODE_SYSTEMS = (LAND_SEA, URBAN, SURVEY)
TABLES = {LAND_SEA: "land-sea-uses", URBAN: "urban-uses", SURVEY: "survey-classes"}  # that list the classes of each


def system_of(code: str, named: str | None, usual: str) -> str | None:
    """The system that a code is of, None for one that nobody knows.

    named: what the parcel says; usual: of codes that begin with a digit, where it says nothing. Letters are URBAN.
    """
    system = named or (URBAN if code[:1].isalpha() else usual)
    return system if system in CODE_SYSTEMS else None
