"""The work of `identify`, `find` and `tile`."""

from onemap.layers.library.library import open_library
from onemap.rules.answers.identify.coordinates import coordinate_places
from onemap.rules.answers.identify.name_search import MOST, find_places
from onemap.rules.answers.identify.place import place_of
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.maps.map_tiles import map_tile


def identify(values: Values, context: VerbContext) -> Result:
    """The features at a point, along a line or in a box, in every layer."""
    from onemap.rules.answers.identify.identify import identify as identify_place  # more than `find` and `tile` need

    with open_library(values["library"]) as library:
        point = (values.get("x"), values.get("y"))
        place_values = (values.get("line"), values.get("box"), values.get("crs"))
        place = place_of(point, *place_values, library.crs, values.get("radius"))
        day = values.get("as_of") or library.today()
        return identify_place(library, place, values.get("only") or (), day, context.language)


def find(values: Values, context: VerbContext) -> Result:
    """The place of coordinates; for other text, the places whose name, pinyin or number contains it."""
    with open_library(values["library"]) as library:
        day = values.get("as_of") or library.today()
        places = coordinate_places(values["text"], library.crs, context.language) or find_places(
            library, values["text"], day, values.get("count") or MOST, context.language
        )
    return {"ok": True, "text": values["text"], "as_of": day.isoformat(), "places": places}


def tile(values: Values, context: VerbContext) -> Result:
    """Some layers in one tile of a map in a browser."""
    with open_library(values["library"]) as library:
        place = (values["zoom"], values["column"], values["row"])
        return map_tile(library, values["only"], place, values.get("as_of") or library.today(), context.language)
