"""Which layer a code means: one that the library knows, or one that a city defines as it adds to it."""

from onemap.layers.catalogue.catalogue import LayerEntry, codes_like, defined_entry
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library


def layer_entry(library: Library, code: str, define: str | None) -> tuple[LayerEntry, bool]:
    """The catalogue entry of a code, and whether `--define` has just made it. define: what the user says of it.

    Raises OneMapError layer.unknown, layer.defined, define.….
    """
    catalogue = library.catalogue()
    entry = catalogue.get(code)
    if entry is None and define is None:
        raise OneMapError("layer.unknown", layer=code, field="--as", near=codes_like(catalogue, code) or None)
    if entry is None:
        clash = codes_like(catalogue, code)
        if clash:
            raise OneMapError("layer.clash", layer=code, field="--as", other=clash[0])
        entry, is_new = defined_entry(code, define or ""), True
    else:
        is_new = False
        if define is not None and defined_entry(code, define) != entry:
            raise OneMapError("layer.defined", layer=code, field="--define")
    return entry, is_new
