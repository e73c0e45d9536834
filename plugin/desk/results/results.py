"""The results of a check, read from the GeoPackage that the core wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeatureRequest,
    QgsGeometry,
    QgsVectorLayer,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.row_records import record_of
from onemap.plugin.desk.results.asked_files import FileStates
from onemap.plugin.words.number_format import value_or_none
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import severity

NO_ROW = {"name": "", "rows": []}
PIECE_TABLES = ("overlaps", "overlaps_line", "overlaps_point")


class _MeasuredGround:
    """Ground with two areas: in the plane, for comparison with thresholds, and on the ellipsoid, as printed."""

    area_m2: float | None
    ellipsoidal_m2: float | None

    @property
    def scale(self) -> float:
        """The ratio of the ellipsoidal area to the area in the plane; 1 if either is not known."""
        return self.ellipsoidal_m2 / self.area_m2 if self.area_m2 and self.ellipsoidal_m2 else 1.0

    def in_print(self, area_m2: float | None) -> float | None:
        """An area known only in the plane, scaled so that it can be compared with ellipsoidal areas."""
        return None if area_m2 is None else area_m2 * self.scale


@dataclass(frozen=True)
class Finding(_MeasuredGround):
    """One parcel by one rule: a conflict, ground that could not be judged, or a project that the rule excuses."""

    row: int  # in the table of findings
    parcel: str
    rule: str
    title: str
    verdict: str
    department: str
    layer: str
    version: str
    area_m2: float | None  # in the plane, by which thresholds are met
    ellipsoidal_m2: float | None  # as documents have it
    share: float | None
    length_m: float | None
    distance_m: float | None
    value: float | None
    features: int | None
    counted: bool
    reason: str
    basis: str
    replaced: str  # the rule whose place it takes
    estimated: bool  # a centreline's buffer stands for an official zone
    assumed: bool  # the data's coverage is only its extent
    area_low_m2: float | None
    area_high_m2: float | None
    within_error: bool  # the data's accuracy leaves open whether there is a conflict
    area_check_m2: float | None
    check_differs: bool  # from what a second method measures

    @property
    def is_approximate(self) -> bool:
        """Whether its measure is not exact to the last metre."""
        return self.estimated or self.within_error or self.check_differs


@dataclass(frozen=True)
class CheckedParcel(_MeasuredGround):
    """One parcel and its findings, the most severe first."""

    row: int
    parcel: str
    verdict: str
    area_m2: float | None  # in the plane
    ellipsoidal_m2: float | None  # as documents have it
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Piece:
    """One piece in conflict, of one parcel, rule and feature; a line or a point if the rule measures no area."""

    feature: str
    area_m2: float | None  # as documents have it
    length_m: float | None
    distance_m: float | None
    counted: bool
    geometry: QgsGeometry


@dataclass(frozen=True)
class RunOnDisplay:
    """A run on display.

    path: the file of its tables.
    answer: the core's answer.
    library, library_path: the library's name and location.
    titles: the titles of the layers, by code.
    params: the parameters that repeat the check; empty if the parcels' file is not known any more.
    files: the states of the files that the check has read.
    """

    path: str
    answer: dict[str, Any]
    library: str
    library_path: str
    titles: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    files: FileStates = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """The core's record of the run."""
        return self.answer.get("run") or {}

    @property
    def id(self) -> str:
        """The run's id in the library; empty for a run that the library does not store."""
        return str(self.record.get("id") or "") if self.record.get("recorded", True) else ""

    @property
    def trial_files(self) -> dict[str, str]:
        """The files that replaced layers in a trial, by the layers' codes."""
        return dict((self.record.get("parameters") or {}).get("replaced") or {})

    @property
    def rules(self) -> int:
        """How many judging rules the run's packs have, asked or not."""
        return int(self.answer.get("rules") or 0)

    @property
    def unasked(self) -> dict[str, Any]:
        """The core's row with the number of rules that were not asked; below it a row of rules for each department."""
        parts = self.answer.get("view") or ()
        return next((part for part in parts if (part.get("about") or {}).get("list") == "unasked"), NO_ROW)


def read_results(path: str, answer: Mapping[str, Any]) -> list[CheckedParcel]:
    """Read parcels with their findings, by severity and then by area. May run in any thread.

    answer: the core's answer, which has the citation of each legal basis.
    """
    citations = answer.get("citations") or {}
    by_parcel: dict[str, list[Finding]] = {}
    for row in table_rows(path, "findings"):
        finding = _finding(row, citations)
        by_parcel.setdefault(finding.parcel, []).append(finding)
    parcels = [
        record_of(
            CheckedParcel,
            row,
            row=row["fid"],
            ellipsoidal_m2=row.get("area_ellipsoidal_m2"),
            findings=tuple(
                sorted(
                    by_parcel.get(str(row["parcel"]), []),
                    key=lambda finding: (not finding.counted, severity(finding.verdict), -(finding.area_m2 or 0)),
                )
            ),
        )
        for row in table_rows(path, "parcels")
    ]
    return sorted(parcels, key=lambda parcel: (severity(parcel.verdict), -(parcel.area_m2 or 0)))


def in_rows(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """Group findings into rows: those that leave the same ground of a layer unknown for one reason share a row."""
    rows: dict[Any, list[Finding]] = {}
    for number, one in enumerate(findings):
        ground = (one.layer, one.department, one.reason, one.counted, round(one.area_m2 or 0.0, 3))
        rows.setdefault(ground if one.verdict == "unknown" else number, []).append(one)
    return [tuple(row) for row in rows.values()]


class RunTables:
    """The tables of one run, opened for their geometry."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._open: dict[str, QgsVectorLayer] = {}

    def layer(self, table: str) -> QgsVectorLayer:
        """One table as a layer."""
        if table not in self._open:
            self._open[table] = open_table(self.path, table)
        return self._open[table]

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The coordinate system of all tables."""
        return self.layer("parcels").crs()

    def geometry(self, table: str, row: int) -> QgsGeometry:
        """The geometry of one row; a null geometry where it has none."""
        return self.layer(table).getFeature(row).geometry()

    def pieces(self, finding: Finding) -> list[Piece]:
        """The pieces of a finding; for an unknown one, the ground that could not be judged."""
        if finding.verdict == "unknown":
            ground = self.geometry("findings", finding.row)
            if ground.isNull():
                return []
            return [Piece("", finding.in_print(finding.area_m2), None, None, finding.counted, ground)]
        equal = QgsExpression.createFieldEqualityExpression
        request = QgsFeatureRequest()
        request.setFilterExpression(f"{equal('parcel', finding.parcel)} AND {equal('rule', finding.rule)}")
        return [
            Piece(
                str(value_or_none(feature["feature"]) or ""),
                finding.in_print(value_or_none(feature["area_m2"])),
                value_or_none(feature["length_m"]),
                value_or_none(feature["distance_m"]),
                bool(value_or_none(feature["counted"])),
                feature.geometry(),
            )
            for table in PIECE_TABLES
            for feature in self.layer(table).getFeatures(request)
            if feature.hasGeometry()
        ]


def _finding(row: dict[str, Any], citations: Mapping[str, str]) -> Finding:
    basis = str(row.get("basis") or "")
    return record_of(
        Finding,
        row,
        row=row["fid"],
        title=str(row.get("title") or row["rule"]),
        ellipsoidal_m2=row.get("area_ellipsoidal_m2"),
        basis=citations.get(basis, basis),
    )


def open_table(path: str, table: str) -> QgsVectorLayer:
    """A table of a run, read-only. Raises Refusal."""
    options = QgsVectorLayer.LayerOptions()
    options.forceReadOnly = True
    return layer_of_table(path, table, table, options)


def layer_of_table(
    path: str, table: str, title: str, options: QgsVectorLayer.LayerOptions | None = None
) -> QgsVectorLayer:
    """A table of a run as a layer with a title. Raises Refusal."""
    layer = QgsVectorLayer(f"{path}|layername={table}", title, "ogr", options or QgsVectorLayer.LayerOptions())
    if not layer.isValid():
        raise Refusal(tr("The results cannot be read: {path} has no table {table}.").format(path=path, table=table))
    return layer


def table_rows(path: str, table: str) -> Iterable[dict[str, Any]]:
    """The rows of a table without their geometry, each with its `fid`. Raises Refusal."""
    layer = open_table(path, table)
    names = layer.fields().names()
    request = QgsFeatureRequest().setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    for feature in layer.getFeatures(request):
        yield {
            **{name: value_or_none(value) for name, value in zip(names, feature.attributes())},
            "fid": feature.id(),
        }
