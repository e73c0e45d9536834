"""Whether what a file holds can become a layer, told before anything is loaded."""

from __future__ import annotations

from onemap.plugin.words.translation import name_list, tr

TYPES = {"point": ("Point",), "line": ("LineString", "LinearRing"), "polygon": ("Polygon",)}
RASTER = "raster"


def wrong_kind(wanted: str, found: str, count: int | None) -> str:
    """The message where the geometry is of another kind; empty where it can become the layer, or nothing is known.

    wanted: point, line, polygon, table or raster
    found: the types of the file's geometries as the core names them, with commas between; "raster" for one
    count: of its features
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
    """The kind of one type of geometry; empty for a collection or a curve, of which only the core knows."""
    single = name[len("Multi") :] if name.startswith("Multi") else name
    return next((kind for kind, types in TYPES.items() if single in types), "")


def _words() -> dict[str, str]:
    return {"point": tr("points"), "line": tr("lines"), "polygon": tr("polygons")}
