"""Whether the content of a file can become a layer; checked before anything is loaded."""

from __future__ import annotations

from onemap.plugin.words.translation import name_list, tr

TYPES = {"point": ("Point",), "line": ("LineString", "LinearRing"), "polygon": ("Polygon",)}
RASTER = "raster"


def wrong_kind(layer_kind: str, file_kinds: str, count: int | None) -> str:
    """The message if the geometry is of another kind than the layer; empty if it fits, or if nothing is known.

    layer_kind: point, line, polygon, table or raster
    file_kinds: the types of the file's geometries as the core names them, separated by commas; "raster" for a raster
    count: the number of the file's features
    """
    if (layer_kind == RASTER) != (file_kinds == RASTER):
        return (
            tr("It is a raster: choose a layer that is kept as one, such as imagery or heights.")
            if file_kinds == RASTER
            else tr("This layer is kept as a raster, and the file is none.")
        )
    if layer_kind not in TYPES or not count:
        return ""
    if not file_kinds:
        return tr("It is a table without geometry; this layer takes {kind}.").format(kind=_words()[layer_kind])
    kinds = [_kind_of(name) for name in file_kinds.split(", ")]
    if layer_kind in kinds or "" in kinds:
        return ""
    names = name_list(_words()[kind] for kind in dict.fromkeys(kinds))
    return tr("It holds {found}; this layer takes {kind}.").format(found=names, kind=_words()[layer_kind])


def _kind_of(name: str) -> str:
    """The kind of one type of geometry; empty for a collection or a curve, which only the core can judge."""
    return next((kind for kind, types in TYPES.items() if name.removeprefix("Multi") in types), "")


def _words() -> dict[str, str]:
    return {"point": tr("points"), "line": tr("lines"), "polygon": tr("polygons")}
