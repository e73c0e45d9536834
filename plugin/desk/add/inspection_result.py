"""The content of a file as the core's verb `inspect` reports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.words.translation import name_list, tr


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
    encoding: str
    bounds: tuple[float, ...]
    fields: tuple[tuple[str, str], ...]  # name and type
    problems: tuple[dict[str, Any], ...]
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)  # some values of each field
    raster: dict[str, Any] | None = None  # of a raster: its cells, bands, nodata, overviews
    facts: list[dict[str, Any]] = field(default_factory=list)  # as rows

    @property
    def lacks_crs(self) -> bool:
        """Whether the file declares no coordinate system."""
        return self.crs_from != "declared"


def inspected_layers(answer: dict[str, Any]) -> list[InspectedLayer]:
    """The layers of an answer of the core, with its view."""
    (file,) = answer["view"]
    return [_layer(record, row["rows"]) for record, row in zip(answer["layers"], file["rows"])]


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


def _layer(record: dict[str, Any], facts: list[dict[str, Any]]) -> InspectedLayer:
    crs = record.get("crs") or {}
    count = record.get("count")
    return InspectedLayer(
        name=str(record.get("name") or ""),
        count=None if count is None else int(count),
        geometry=str(record.get("geometry") or ""),
        crs=str(crs.get("code") or ""),
        crs_from=crs.get("from") if crs.get("from") in ("declared", "guessed") else "none",
        encoding=str(record.get("encoding") or ""),
        bounds=tuple(float(number) for number in record.get("bounds") or ()),
        fields=tuple((str(known["name"]), str(known.get("type", ""))) for known in record.get("fields") or []),
        samples={str(known["name"]): tuple(known.get("samples") or ()) for known in record.get("fields") or []},
        problems=tuple(record.get("problems") or []),
        raster=record.get("raster"),
        facts=facts,
    )
