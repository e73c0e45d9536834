"""The results of a check, read from the GeoPackage that the core wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsGeometry, QgsVectorLayer

from onemap.plugin.figures import plain
from onemap.plugin.refusals import Refusal
from onemap.plugin.translation import tr
from onemap.plugin.verdicts import severity


@dataclass(frozen=True)
class Finding:
    """One parcel by one rule that is not clear."""

    row: int  # in the table of findings
    parcel: str
    rule: str
    title: str
    verdict: str
    department: str
    layer: str
    version: str
    area_m2: float | None
    share: float | None
    length_m: float | None
    distance_m: float | None
    features: int | None
    counted: bool
    reason: str
    basis: str


@dataclass(frozen=True)
class CheckedParcel:
    """One parcel and what stands against it, most severe first."""

    row: int
    parcel: str
    verdict: str
    area_m2: float | None
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Piece:
    """One piece in conflict: one parcel by one rule by one feature."""

    feature: str
    area_m2: float | None
    counted: bool
    geometry: QgsGeometry


def read_results(path: str) -> list[CheckedParcel]:
    """Parcels with their findings, by severity and then by area. May run in any thread."""
    by_parcel: dict[str, list[Finding]] = {}
    for row in _rows(path, "findings"):
        found = Finding(
            row["fid"],
            str(row["parcel"]),
            str(row["rule"]),
            str(row.get("title") or row["rule"]),
            str(row["verdict"]),
            str(row.get("department") or ""),
            str(row.get("layer") or ""),
            str(row.get("version") or ""),
            row.get("area_m2"),
            row.get("share"),
            row.get("length_m"),
            row.get("distance_m"),
            row.get("features"),
            bool(row.get("counted")),
            str(row.get("reason") or ""),
            str(row.get("basis") or ""),
        )
        by_parcel.setdefault(found.parcel, []).append(found)
    parcels = [
        CheckedParcel(
            row["fid"],
            str(row["parcel"]),
            str(row["verdict"]),
            row.get("area_m2"),
            tuple(sorted(by_parcel.get(str(row["parcel"]), []), key=_weight_of_finding)),
        )
        for row in _rows(path, "parcels")
    ]
    return sorted(parcels, key=lambda parcel: (severity(parcel.verdict), -(parcel.area_m2 or 0)))


class RunTables:
    """The tables of one run, opened for their geometry."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._open: dict[str, QgsVectorLayer] = {}

    def layer(self, table: str) -> QgsVectorLayer:
        """One table."""
        if table not in self._open:
            self._open[table] = _open(self.path, table)
        return self._open[table]

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The coordinate system of all of them."""
        return self.layer("parcels").crs()

    def geometry(self, table: str, row: int) -> QgsGeometry:
        """The geometry of one row; a null one where it has none."""
        return self.layer(table).getFeature(row).geometry()

    def pieces(self, finding: Finding) -> list[Piece]:
        """The pieces of a finding; for one that is unknown, the ground that could not be judged."""
        if finding.verdict == "unknown":
            ground = self.geometry("findings", finding.row)
            return [] if ground.isNull() else [Piece("", finding.area_m2, finding.counted, ground)]
        request = QgsFeatureRequest()
        request.setFilterExpression(f'"parcel" = {_quoted(finding.parcel)} AND "rule" = {_quoted(finding.rule)}')
        return [
            Piece(
                str(plain(feature["feature"]) or ""),
                plain(feature["area_m2"]),
                bool(plain(feature["counted"])),
                feature.geometry(),
            )
            for feature in self.layer("overlaps").getFeatures(request)
            if feature.hasGeometry()
        ]


def _open(path: str, table: str) -> QgsVectorLayer:
    options = QgsVectorLayer.LayerOptions()
    options.forceReadOnly = True
    layer = QgsVectorLayer(f"{path}|layername={table}", table, "ogr", options)
    if not layer.isValid():
        raise Refusal(tr("The results cannot be read: {path} has no table {table}.").format(path=path, table=table))
    return layer


def _rows(path: str, table: str) -> Iterable[dict[str, Any]]:
    layer = _open(path, table)
    names = layer.fields().names()
    request = QgsFeatureRequest().setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    for feature in layer.getFeatures(request):
        yield {
            **{name: plain(value) for name, value in zip(names, feature.attributes())},
            "fid": feature.id(),
        }


def _weight_of_finding(finding: Finding) -> tuple[bool, int, float]:
    return (not finding.counted, severity(finding.verdict), -(finding.area_m2 or 0))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
