"""Which versions of a library are published: those in force, and those left out with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.catalogue.map_order import FIRST_MAP, place_of, themes
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.styles import ThemeOfMap
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.geometry.boxes import Bounds, box_around
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, in_force, source_report, versions
from onemap.layers.publishing.raster_pictures import Picture, picture_of
from onemap.layers.reason import Reason
from onemap.layers.value_groups import groups_of


@dataclass(frozen=True)
class PublishedLayer:
    """One version that is published.

    source: the name of its source; fields: its columns' names; picture: of a raster; shown: whether it is visible when
    the project opens; bounds: west, south, east, north of its coverage in the library's system.
    """

    entry: LayerEntry
    version: Version
    source: str
    fields: tuple[str, ...]
    bounds: Bounds | None
    picture: Picture | None = None
    shown: bool = True

    @property
    def id(self) -> str:
        """The layer's id in the project; QGIS replaces a shorter id."""
        return f"onemap_layer_{self.version.table}"


@dataclass(frozen=True)
class OmittedLayer:
    """A layer that is not published, and why: a code of `reason` in the messages."""

    code: str
    reason: str


def choose_layers(
    library: Library, as_of: date, known_at: datetime | None, only: Sequence[str] | None
) -> tuple[list[PublishedLayer], list[OmittedLayer]]:
    """Return the layers to publish, the uppermost first, and those left out.

    only: the wanted codes; a layer that the catalogue withholds is published only if it is among them.
    Raises UsageError layer.unknown, OneMapError publish.empty.
    """
    catalogue = library.catalogue()
    for code in only or ():
        known_layer(catalogue, code, "--only", error=UsageError)
    of_code = groups_of((version.code, version) for version in versions(library, known_at))
    layers: list[PublishedLayer] = []
    omitted: list[OmittedLayer] = []
    for entry in sorted(catalogue.values(), key=place_of):
        layer_versions = of_code.get(entry.code, [])
        if entry.code not in only if only else not layer_versions:
            continue
        current = in_force(layer_versions, as_of)
        if current is None:
            omitted.append(OmittedLayer(entry.code, Reason.NOT_IN_FORCE if layer_versions else Reason.LAYER_MISSING))
        elif entry.withheld and not only:
            omitted.append(OmittedLayer(entry.code, "withheld"))
        else:
            try:
                layers.append(_published_layer(library, entry, current))
            except OneMapError as error:
                if error.code != "version.unreadable":
                    raise
                omitted.append(OmittedLayer(entry.code, Reason.UNREADABLE))
    if not layers:
        raise OneMapError("publish.empty", file=library.label, day=as_of.isoformat())
    return _with_first_map(layers), omitted


def project_themes(layers: Sequence[PublishedLayer]) -> list[ThemeOfMap]:
    """Return the maps of the published layers that a click shows, as from `map_order.themes()`."""
    return themes([layer.entry for layer in layers], {layer.entry.code for layer in layers})


def _with_first_map(layers: list[PublishedLayer]) -> list[PublishedLayer]:
    """Return the layers with those of the first map shown; if the library has no such map, all but pictures."""
    first = next((set(theme["layers"]) for theme in project_themes(layers) if theme["id"] == FIRST_MAP), None)
    return [
        replace(layer, shown=layer.picture is None if first is None else layer.entry.code in first) for layer in layers
    ]


def _published_layer(library: Library, entry: LayerEntry, version: Version) -> PublishedLayer:
    """Return one version with all facts for a project. Raises OneMapError version.unreadable."""
    if not library.connection.has_table(version.table):
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    row = library.connection.execute("SELECT source FROM onemap_versions WHERE table_name = ?", (version.table,))
    source = str(row.fetchone()[0])
    ground = coverage_of(library, version)
    picture = picture_of(library, version) if entry.geometry == "raster" else None
    return PublishedLayer(
        entry=entry,
        version=version,
        source=source if source_report(library, version).get("files") else Path(source).name,
        fields=tuple(library.connection.field_types(version.table)),
        bounds=box_around(ground.bounds),
        picture=picture,
    )


def map_bounds(library: Library, layers: Sequence[PublishedLayer]) -> Bounds | None:
    """The extent that the map shows when it opens: the district, otherwise the coverage of its layers."""
    district = library.district()
    if district is not None and not district.is_empty:
        return box_around(district.bounds)
    return box_around([layer.bounds for layer in layers if layer.bounds is not None])
