"""Layers of the library that show the same things as a new version, to check the position of the new one."""

from functools import partial

import numpy as np

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, read_version, versions
from onemap.layers.quality.displacement import KnownLines

# Layers that draw the same lines: divisions and their borders; centrelines of roads.
_DIVISIONS = "XZQ"
_ALIKE = (("XZQ", "XZQJX"), ("CJDCQ", "CJDCQJX"), ("GL", "CSDL"))


def known_lines(library: Library, entry: LayerEntry) -> tuple[KnownLines, ...]:
    """The layer's own last version, then the last ones of layers that draw the same lines."""
    alike = {code for group in _ALIKE if entry.code in group for code in group}
    count = [version for version in versions(library) if version.retired is None]
    last = {version.code: version for version in count if version.code in alike | {entry.code}}
    order = sorted(last.values(), key=lambda version: version.code != entry.code)
    return tuple(KnownLines(one.code, one.label, partial(_near, library, one), one.code == _DIVISIONS) for one in order)


def _near(library: Library, version: Version, box: Bounds) -> np.ndarray:
    """The features (n,) of a version whose boxes meet a box; none of one that cannot be read."""
    try:
        geometries = read_version(library, version, box).geometries
    except OneMapError:
        return np.empty(0, dtype=object)
    return geometries
