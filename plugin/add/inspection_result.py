"""The content of a file as the core's verb `inspect` reports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.words.translation import name_list, tr, with_label


@dataclass(frozen=True)
class InspectedLayer:
    """One layer of a file.

    crs_from: declared, guessed or none.
    bounds: west, south, east, north in the file's own units; empty for none.
    """

    name: str
    count: int | None
    geometry: str
    crs: str
    crs_from: str
    crs_why: str
    encoding: str
    bounds: tuple[float, ...]
    fields: tuple[tuple[str, str], ...]  # name and type
    problems: tuple[dict[str, Any], ...]
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)  # some values of each field
    raster: dict[str, Any] | None = None  # of a raster: its cells, bands, nodata, overviews

    @property
    def lacks_crs(self) -> bool:
        """Whether the file declares no coordinate system."""
        return self.crs_from != "declared"


def inspected_layers(answer: dict[str, Any]) -> list[InspectedLayer]:
    """The layers of an answer of the core."""
    return [_layer(record) for record in answer.get("layers") or []]


def facts_of(layer: InspectedLayer) -> list[tuple[str, str]]:
    """Name and value of each known fact of a layer."""
    facts = []
    if layer.raster is not None:
        facts += _raster_facts(layer.raster)
    elif layer.count is not None:
        facts.append((tr("Features"), f"{layer.count:,}"))
    if layer.geometry and layer.raster is None:
        facts.append((tr("Geometry"), geometry_words(layer.geometry)))
    facts.append((tr("Coordinate system"), crs_words(layer)))
    if layer.encoding:
        facts.append((tr("Encoding"), layer.encoding.upper()))
    return facts


def geometry_words(names: str) -> str:
    """The geometry types in the user's language."""
    words = {
        "Point": tr("points"),
        "MultiPoint": tr("points of several parts"),
        "LineString": tr("lines"),
        "MultiLineString": tr("lines of several parts"),
        "Polygon": tr("polygons"),
        "MultiPolygon": tr("polygons of several parts"),
    }
    return name_list(words.get(name, name) for name in names.split(", "))


def _raster_facts(raster: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts of a raster; the size of a cell is in the units of its coordinate system."""
    cells = tr("{width} × {height} cells of {cell_width} × {cell_height}").format(
        width=f"{raster['width']:,}",
        height=f"{raster['height']:,}",
        cell_width=f"{raster['cell_width']:g}",
        cell_height=f"{raster['cell_height']:g}",
    )
    nodata = raster.get("nodata")
    overviews = raster.get("overviews") or []
    return [
        (tr("Raster"), cells),
        (tr("Bands"), f"{raster['bands']} × {raster['data_type']}"),
        (
            tr("No data"),
            tr("not stated") if nodata is None else f"{nodata:g}" if isinstance(nodata, float) else str(nodata),
        ),
        (tr("Vertical datum"), str(raster.get("vertical_datum") or tr("not stated"))),
        (tr("Overviews"), name_list(f"1:{step}" for step in overviews) or tr("none: large pictures are slow to draw")),
    ]


def crs_words(layer: InspectedLayer) -> str:
    """The coordinate system, and how it is known."""
    origin = {
        "declared": tr("declared in the file"),
        "guessed": tr("not declared; only a guess"),
        "none": tr("not declared"),
    }[layer.crs_from]
    text = tr("{crs} ({origin})").format(crs=layer.crs, origin=origin) if layer.crs else origin
    if layer.crs_why and layer.crs_from != "declared":
        return tr("{what}. {why}").format(what=text, why=layer.crs_why)
    return with_label(text, layer.crs_why) if layer.crs_why else text


def _layer(record: dict[str, Any]) -> InspectedLayer:
    crs = record.get("crs") or {}
    count = record.get("count")
    return InspectedLayer(
        name=str(record.get("name") or ""),
        count=None if count is None else int(count),
        geometry=str(record.get("geometry") or ""),
        crs=str(crs.get("code") or ""),
        crs_from=crs.get("from") if crs.get("from") in ("declared", "guessed") else "none",
        crs_why=str(crs.get("why") or ""),
        encoding=str(record.get("encoding") or ""),
        bounds=tuple(float(number) for number in record.get("bounds") or ()),
        fields=tuple((str(known["name"]), str(known.get("type", ""))) for known in record.get("fields") or []),
        samples={str(known["name"]): tuple(known.get("samples") or ()) for known in record.get("fields") or []},
        problems=tuple(record.get("problems") or []),
        raster=record.get("raster"),
    )
