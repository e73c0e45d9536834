"""What of a library is published: the version in force of each layer, and what is left out with its reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import codes_like
from onemap.layers.catalogue.schema import DEPARTMENTS, LIBRARIES, LayerEntry
from onemap.layers.catalogue.style_table import hides, map_themes, style_of
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.geometry.boxes import Bounds, box_around
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, in_force, versions
from onemap.layers.publishing.raster_pictures import Picture, picture_of

# Of these kinds a layer is of today, and shown when the project opens; the others can be switched on.
_OF_TODAY = ("vector", "placename")
_LAND_USE_THEMES = ("plan", "present_use")  # of whose layers, which fill the same ground, one each is shown


@dataclass(frozen=True)
class PublishedLayer:
    """One version that is published.

    source: the name of what it was made from; fields: its columns' names; picture: of a raster; shown: whether it is
    on when the project opens; bounds: west, south, east, north of its coverage in the library's system.
    """

    entry: LayerEntry
    version: Version
    source: str
    fields: tuple[str, ...]
    bounds: Bounds | None
    picture: Picture | None = None
    shown: bool = True
    style: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """By which the project knows it; QGIS gives a layer with a shorter one another."""
        return f"onemap_layer_{self.version.table}"

    @property
    def rank(self) -> int:
        """Where it lies on the map, from the uppermost: points, lines, outlines, what hides, whole ground, pictures."""
        if self.entry.geometry == "point":
            return 0
        if self.entry.geometry == "line":
            return 1
        if self.picture is not None:
            return 5
        if not hides(self.style):
            return 2
        return 4 if self.entry.coverage else 3


@dataclass(frozen=True)
class OmittedLayer:
    """A layer that is not published, and why: a code of `reason` in the messages."""

    code: str
    reason: str


def choose_layers(
    library: Library, as_of: date, known_at: datetime | None, only: Sequence[str] | None
) -> tuple[list[PublishedLayer], list[OmittedLayer]]:
    """The layers to publish, as the dock lists them, and those left out.

    only: the codes that are wanted; one that the catalogue withholds is published only if it stands there.
    Raises UsageError layer.unknown, OneMapError publish.empty.
    """
    catalogue = library.catalogue()
    for code in only or ():
        if code not in catalogue:
            raise UsageError("layer.unknown", field="--only", layer=code, near=codes_like(catalogue, code) or None)
    of_code: dict[str, list[Version]] = {}
    for version in versions(library, known_at):
        of_code.setdefault(version.code, []).append(version)
    themes = _shown_land_use([code for code, found in of_code.items() if in_force(found, as_of)])
    layers: list[PublishedLayer] = []
    left_out: list[OmittedLayer] = []
    for entry in sorted(catalogue.values(), key=_place):
        found = of_code.get(entry.code, [])
        if entry.code not in only if only else not found:
            continue
        current = in_force(found, as_of)
        if current is None:
            left_out.append(OmittedLayer(entry.code, "not_in_force" if found else "layer_missing"))
        elif entry.withheld and not only:
            left_out.append(OmittedLayer(entry.code, "withheld"))
        else:
            try:
                layers.append(_published_layer(library, entry, current, themes))
            except OneMapError as error:
                if error.code != "version.unreadable":
                    raise
                left_out.append(OmittedLayer(entry.code, "unreadable"))
    if not layers:
        raise OneMapError("publish.empty", file=library.label, day=as_of.isoformat())
    return layers, left_out


def _place(entry: LayerEntry) -> tuple[int, int]:
    return LIBRARIES.index(entry.library), DEPARTMENTS.index(entry.department)


def _shown_land_use(codes: Collection[str]) -> dict[str, bool]:
    """Of the layers that show the use of the same ground: which is shown, of the plans and of the present each one."""
    found: dict[str, bool] = {}
    for theme in _LAND_USE_THEMES:
        there = [code for code in map_themes()[theme]["one_of"] if code in codes]
        found.update({code: code == there[0] for code in there})
    return found


def _published_layer(
    library: Library, entry: LayerEntry, version: Version, land_use: Mapping[str, bool]
) -> PublishedLayer:
    """One version with all that a project says of it. Raises OneMapError version.unreadable."""
    if not library.connection.has_table(version.table):
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    row = library.connection.execute("SELECT source FROM onemap_versions WHERE table_name = ?", (version.table,))
    ground = coverage_of(library, version)
    style = style_of(entry)
    fills = "fill" in style or "prefixes" in style
    picture = picture_of(library, version) if entry.geometry == "raster" else None
    return PublishedLayer(
        entry=entry,
        version=version,
        source=Path(str(row.fetchone()[0])).name,
        fields=tuple(library.connection.field_types(version.table)),
        bounds=box_around(ground.bounds),
        picture=picture,
        shown=entry.kind in _OF_TODAY and picture is None and land_use.get(entry.code, not (entry.coverage and fills)),
        style=style,
    )


def map_bounds(library: Library, layers: Sequence[PublishedLayer]) -> Bounds | None:
    """What the map shows when it opens: the district, else the ground for which its layers speak."""
    district = library.district()
    if district is not None and not district.is_empty:
        return box_around(district.bounds)
    return box_around([layer.bounds for layer in layers if layer.bounds is not None])
