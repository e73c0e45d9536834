"""Plain values that travel between reading, normalising and the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of


@dataclass(frozen=True)
class RawFrame:
    """One layer as its file holds it.

    shapes: (n,) shapely geometries or None, or polygons not yet made into geometries; attributes: n rows, text decoded;
    rows keep the file's order. crs is None if the file declares none; datum: the datum that its words name, if any;
    is_assumed: it declares none, but its format assumes one; is_table: the layer has no geometry at all; decoded: by
    field of codes the field that holds their names, if the file has them; broken: by 0-based row the reason why its
    record cannot be read, and its geometry is None; replaced: by field the first 1-based row with a replacement
    character (None if it is in the field's name), and the count; wkb: the geometries as the file's own WKB, if they are
    read from it (else None); valid: (n,) which of them are, if that was proved while they were read, and all are plain
    polygons (`plain_polygons`).
    """

    path: Path
    layer: str
    format: str
    shapes: AnyShapes
    attributes: pd.DataFrame
    crs: pyproj.CRS | None
    encoding: str | None
    problems: tuple[Problem, ...] = ()
    source_hash: str = ""
    is_table: bool = False
    decoded: Mapping[str, str] = field(default_factory=dict)
    is_assumed: bool = False
    broken: Mapping[int, str] = field(default_factory=dict)
    replaced: Mapping[str, tuple[int | None, int]] = field(default_factory=dict)
    wkb: pa.Array | None = None
    valid: np.ndarray | None = None
    datum: str | None = None

    @property
    def place(self) -> ProblemPlace:
        """The place of a problem of the whole layer: its file and its name."""
        return ProblemPlace(file=self.path.name, layer=self.layer)

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (n,)."""
        return all_of(self.shapes)


@dataclass(frozen=True)
class BadFeatures:
    """Unchanged features that a layer cannot hold, with a list of problems for each of the n.

    rows: (n,) their 0-based rows in the source; geometries: in the library's plane, or None.
    """

    geometries: np.ndarray
    attributes: pd.DataFrame
    names: np.ndarray
    rows: np.ndarray
    problems: tuple[tuple[Problem, ...], ...]


def joined_attributes(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the attributes of several files, so that a field is found in each as it is in that file alone.

    A field has the spelling of the first file that has it. Where one file has two that differ only so (DM and dm), all
    spellings stay, and the one field of another file stands under each of them.
    """
    spelled: dict[str, dict[str, None]] = {}
    twice = set()
    for part in parts:
        for lower, names in _by_lower_case(part).items():
            spelled.setdefault(lower, {}).update(dict.fromkeys(names))
            if len(names) > 1:
                twice.add(lower)
    alike = []
    for part in parts:
        sources: dict[str, str] = {}
        for lower, names in _by_lower_case(part).items():
            one_field = list(spelled[lower]) if lower in twice else list(spelled[lower])[:1]
            sources |= {name: name for name in names} if len(names) > 1 else dict.fromkeys(one_field, names[0])
        alike.append(part[list(sources.values())].set_axis(list(sources), axis="columns"))
    return pd.concat(alike, ignore_index=True)


def _by_lower_case(attributes: pd.DataFrame) -> dict[str, list[str]]:
    """The names of fields by what they are in small letters, in the order of the columns."""
    return groups_of((str(name).lower(), name) for name in attributes.columns)


def joined_bad(first: BadFeatures, second: BadFeatures) -> BadFeatures:
    """Concatenate bad features."""
    return BadFeatures(
        geometries=np.concatenate([first.geometries, second.geometries]),
        attributes=joined_attributes([first.attributes, second.attributes]),
        names=np.concatenate([first.names, second.names]),
        rows=np.concatenate([first.rows, second.rows]),
        problems=(*first.problems, *second.problems),
    )


@dataclass(frozen=True)
class CleanFrame:
    """One layer ready for the library or the check: in its CRS, two-dimensional, valid, fields by schema.

    shapes: (n,) as in a RawFrame; names: (n,) each feature's name in reports, the key as text or the 1-based row.
    """

    shapes: AnyShapes
    attributes: pd.DataFrame
    names: np.ndarray
    problems: tuple[Problem, ...] = ()
    repaired: int = 0
    area_changed_m2: float = 0.0
    facts: Record = field(default_factory=dict)

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (n,)."""
        return all_of(self.shapes)
