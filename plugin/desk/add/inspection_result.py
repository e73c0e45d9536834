"""The content of a file as the core's verb `inspect` reports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.connection.row_records import record_of


@dataclass(frozen=True)
class InspectedLayer:
    """One layer of a file.

    crs_from: declared, guessed or none.
    bounds: west, south, east, north in the file's own units; empty for none.
    codes: the layers of the library that the layer's name stands for.
    """

    name: str
    count: int | None
    geometry: str
    crs: str
    crs_from: str
    bounds: tuple[float, ...]
    fields: tuple[tuple[str, str], ...]  # name and type
    problems: tuple[dict[str, Any], ...]
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)  # some values of each field
    raster: dict[str, Any] | None = None  # of a raster: its cells, bands, nodata, overviews
    facts: list[dict[str, Any]] = field(default_factory=list)  # as rows
    codes: tuple[str, ...] = ()

    @property
    def lacks_crs(self) -> bool:
        """Whether the file declares no coordinate system."""
        return self.crs_from != "declared"


def inspected_layers(answer: dict[str, Any]) -> list[InspectedLayer]:
    """The layers of an answer of the core, with its view."""
    (file,) = answer["view"]
    return [_layer(record, row["rows"]) for record, row in zip(answer["layers"], file["rows"])]


def _layer(record: dict[str, Any], facts: list[dict[str, Any]]) -> InspectedLayer:
    crs = record.get("crs") or {}
    return record_of(
        InspectedLayer,
        record,
        crs=str(crs.get("code") or ""),
        crs_from=crs.get("from") if crs.get("from") in ("declared", "guessed") else "none",
        bounds=tuple(float(number) for number in record.get("bounds") or ()),
        fields=tuple((str(field["name"]), str(field.get("type", ""))) for field in record.get("fields") or []),
        samples={str(field["name"]): tuple(field.get("samples") or ()) for field in record.get("fields") or []},
        problems=tuple(record.get("problems") or []),
        facts=facts,
        codes=tuple(record.get("codes") or ()),
    )
