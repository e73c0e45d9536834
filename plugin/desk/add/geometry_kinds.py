"""Whether the content of a file can become a layer; checked before anything is loaded."""

from __future__ import annotations

from onemap.plugin.words.translation import name_list, tr

TYPES = {"point": ("Point",), "line": ("LineString", "LinearRing"), "polygon": ("Polygon",)}
RASTER = "raster"


def wrong_kind(wanted: str, found: str, count: int | None) -> str:
    """The message if the geometry is of another kind than the layer; empty if it fits, or if nothing is known.

    wanted: point, line, polygon, table or raster
    found: the types of the file's geometries as the core names them, separated by commas; "raster" for a raster
    count: the number of the file's features
    """
    if (wanted == RASTER) != (found == RASTER):
        return (
            tr("It is a raster: choose a layer that is kept as one, such as imagery or heights.")
            if found == RASTER
            else tr("This layer is kept as a raster, and the file is none.")
        )
    if wanted not in TYPES or not count:
        return ""
    if not found:
        return tr("It is a table without geometry; this layer takes {kind}.").format(kind=_words()[wanted])
    held = [_kind_of(name) for name in found.split(", ")]
    if wanted in held or "" in held:
        return ""
    names = name_list(_words()[kind] for kind in dict.fromkeys(held))
    return tr("It holds {found}; this layer takes {kind}.").format(found=names, kind=_words()[wanted])


def _kind_of(name: str) -> str:
    """The kind of one type of geometry; empty for a collection or a curve, which only the core can judge."""
    return next((kind for kind, types in TYPES.items() if name.removeprefix("Multi") in types), "")


def _words() -> dict[str, str]:
    return {"point": tr("points"), "line": tr("lines"), "polygon": tr("polygons")}
