"""What the core found in a file, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onemap.plugin.translation import tr


@dataclass(frozen=True)
class InspectedLayer:
    """One layer of a file, as the verb `inspect` told of it.

    crs_from: declared, guessed or none; bounds: west, south, east, north in the file's own numbers, or nothing.
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

    @property
    def lacks_crs(self) -> bool:
        """Whether nobody has said in which coordinate system it is."""
        return self.crs_from != "declared"


def inspected_layers(answer: dict[str, Any]) -> list[InspectedLayer]:
    """The layers in an answer of the core."""
    return [_layer(record) for record in answer.get("layers") or []]


def facts_of(layer: InspectedLayer) -> list[tuple[str, str]]:
    """Name and value of each thing that is known of a layer."""
    facts = []
    if layer.count is not None:
        facts.append((tr("Features"), f"{layer.count:,}"))
    if layer.geometry:
        facts.append((tr("Geometry"), layer.geometry))
    facts.append((tr("Coordinate system"), crs_words(layer)))
    if layer.encoding:
        facts.append((tr("Encoding"), layer.encoding))
    return facts


def crs_words(layer: InspectedLayer) -> str:
    """The coordinate system and how it is known."""
    said = {
        "declared": tr("declared in the file"),
        "guessed": tr("not declared; only a guess"),
        "none": tr("not declared"),
    }[layer.crs_from]
    named = f"{layer.crs} ({said})" if layer.crs else said
    return f"{named}: {layer.crs_why}" if layer.crs_why else named


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
        fields=tuple((str(field["name"]), str(field.get("type", ""))) for field in record.get("fields") or []),
        problems=tuple(record.get("problems") or []),
    )
