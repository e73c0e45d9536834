"""The layer of a code: one that the library knows, or one that a city defines when it adds data."""

from collections.abc import Mapping
from pathlib import Path

from onemap.layers.catalogue.catalogue import LayerEntry, codes_like, defined_entries, defined_entry
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.library.library import Library


def layer_entry(library: Library, code: str, define: str | None) -> tuple[LayerEntry, bool]:
    """Return the catalogue entry of a code, and whether `--define` has just made it. define: the user's definition.

    Raises OneMapError layer.unknown, layer.defined, layer.clash, define.….
    """
    catalogue = library.catalogue()
    entry = catalogue.get(code) if define is not None else known_layer(catalogue, code, "--as")
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


def new_layers(catalogue: Mapping[str, LayerEntry], file: str) -> dict[str, LayerEntry]:
    """Return the layers that a file defines for a new library.

    Raises OneMapError layer.defined, layer.clash for those that the catalogue has, define.….
    """
    entries = defined_entries(Path(file))
    place = ProblemPlace(field="--define", file=Path(file).name)
    problems = [Problem("layer.defined", {**place, "layer": code}) for code in entries if code in catalogue]
    for code in entries:
        alike = [other_code for other_code in codes_like([*catalogue, *entries], code) if other_code != code]
        if code not in catalogue and alike:
            problems.append(Problem("layer.clash", {**place, "layer": code, "other": alike[0]}))
    if problems:
        raise OneMapError.of(problems)
    return entries
