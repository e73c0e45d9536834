"""What `identify` does with its values; libraries are imported here only when it runs."""

from onemap.rules.verb.declaration import Result, Values, VerbContext


def identify(values: Values, context: VerbContext) -> Result:
    """What lies at a point, along a line or in a box, in every layer."""
    from datetime import date

    from onemap.layers.library.library import open_library
    from onemap.rules.identify.identify import identify as identify_place
    from onemap.rules.identify.place import place_of

    with open_library(values["library"]) as library:
        point = (values.get("x"), values.get("y"))
        asked = (values.get("line"), values.get("box"), values.get("crs"))
        place = place_of(point, *asked, library.crs, values.get("radius"))
        day = values.get("as_of") or date.today()
        return identify_place(library, place, values.get("only") or (), day, context.language)
