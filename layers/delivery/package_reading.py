"""`onemap receive`: add a package completely or not at all, verified by its hashes, and write a receipt."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.coverage_names import EXTENT, FILE
from onemap.layers.catalogue.schema import DEPARTMENTS, KINDS, LIBRARIES
from onemap.layers.delivery.bag import Bag, open_bag
from onemap.layers.delivery.package_rasters import folder_of_received, placed_raster
from onemap.layers.delivery.package_record import (
    FEATURES_FILE,
    REMARKS_TABLE,
    DeliveredLayer,
    PackageRecord,
    coverage_table,
    read_record,
)
from onemap.layers.delivery.receipt import is_receipt_of, receipt_text
from onemap.layers.delivery.row_changes import put_together
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.frames.fields import text_value
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.coverage_ground import united_ground
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import EMPTY, SHIFT, AddOptions
from onemap.layers.ingest.coverage import Coverage
from onemap.layers.ingest.placing import SourceOptions, in_crs
from onemap.layers.ingest.prepared_version import PreparedVersion
from onemap.layers.library.library import Library, log
from onemap.layers.library.versions import Retirement, Version, read_version, source_report, versions
from onemap.layers.progress import Progress, settle_work
from onemap.layers.quality.quality import GradedProblem
from onemap.layers.records import Record
from onemap.layers.sources.reading import read_source
from onemap.layers.stores.store import GEOMETRY_COLUMN

RECEIVE = "receive"  # the action with which the log keeps what came from where
_PROVED = 0.2  # of the work, when the package is unpacked and compared with its manifests
NEW, HELD = "new", "held"  # of a layer in a package: it becomes a version, or the library has it already


@dataclass(frozen=True)
class Reception:
    """Options for receiving a package.

    sure: every layer is what the package says, and lies where it says, however little it looks like it; rasters: the
    folder for rasters; None for the one beside the library.
    """

    plan_only: bool = False
    sure: bool = False
    receipt: Path | None = None
    rasters: Path | None = None


def receive_package(intake: Intake, path: Path, reception: Reception, progress: Progress) -> Record:
    """Add a package: every layer a new version, all in one transaction; return the contract's record of it.

    Raises OneMapError package.… if the package is incomplete or does not fit, and whatever `add` refuses.
    """
    library = intake.library
    if not library.roles.is_owner:
        raise OneMapError("package.owner", file=library.label)
    with open_bag(path) as bag, contextlib.ExitStack() as stack:
        record = read_record(bag.folder, path.name)
        progress.at(_PROVED)
        package = _Package(library, bag, record, path.name)
        before = package.ledger_rows()
        plan = package.plan()
        retired = {(one.code, one.label): one.retired for one in versions(library)}
        rows = [_plan_row(layer, status, retired.get((layer.code, layer.label))) for layer, status in plan]
        if reception.plan_only:
            return {"package": record.package, "plan": rows, "added": [], "receipt": None}
        place = reception.receipt or path.with_name(path.name + ".receipt.json")
        replaces = is_receipt_of(place, record.package) or None
        check_place(place, replaces, "--receipt", [path])
        new_layers = [layer for layer, status in plan if status == NEW]
        new_versions = _prepared_layers(intake, package, new_layers, reception, stack, progress.part(_PROVED, 0.9))
        # What came in without its receipt would be told as refused: the receipt appears once the versions are there.
        with atomic_output(place, replaces, "--receipt") as receipt_file, library.writing() as connection:
            new_rows = [version.write(connection) for version in new_versions]
            package.prove(new_layers, new_rows)
            if new_layers or not before:  # what has come in already is in the ledger
                log(connection, intake.who, RECEIVE, record.package, package.ledger_row(new_rows))
            facts = ("code", "version", "features", "hash")
            received = [{name: row[name] for name in facts} for row in new_rows]
            again = {name: before[0][name] for name in ("at", "by")} if before and not new_layers else None
            receipt_entry = again or package.ledger_rows()[-1]
            layers = [*received, *_held_rows(library, plan)]
            receipt_file.write_text(
                receipt_text(library, record, bag.manifest, layers, rows, receipt_entry), encoding="utf-8"
            )
            settle_work()
    late = [
        {name: row[name] for name in ("code", "version", "valid_from", "goes_before")}
        for row in new_rows
        if not row["in_force"]
    ]
    answer = {"package": record.package, "plan": rows, "added": received, "not_in_force": late}
    return {**answer, "receipt": str(place), "received_before": again}


@dataclass(frozen=True)
class _Package:
    """An unpacked package on its way into a library. name: of its file."""

    library: Library
    bag: Bag
    record: PackageRecord
    name: str

    def ledger_rows(self) -> list[dict[str, Any]]:
        """Return when, by whom and as which versions a package with the same manifest was received before."""
        sql = "SELECT at, who, detail FROM onemap_audit WHERE action = ? AND subject = ? ORDER BY number"
        rows = self.library.connection.execute(sql, (RECEIVE, self.record.package)).fetchall()
        entries = [{"at": at, "by": who, **json.loads(detail)} for at, who, detail in rows]
        return [row for row in entries if row.get("manifest") == self.bag.manifest]

    def plan(self) -> list[tuple[DeliveredLayer, str]]:
        """Return the plan for each layer. Raises OneMapError with all problems of the package."""
        library, record = self.library, self.record
        all_versions = versions(library)
        problems: list[Problem] = []
        plan = []
        for layer in record.layers:
            there = next((item for item in all_versions if item.code == layer.code and item.label == layer.label), None)
            if there is not None and _is_held(library, there, layer):
                plan.append((layer, HELD))
                continue
            place = ProblemPlace(file=self.name, layer=layer.code)
            if there is not None:
                problems.append(Problem("package.label", {**place, "label": layer.label}))
            if layer.base is not None and record.crs != f"EPSG:{library.srs_id}":
                crs = {"crs": record.crs, "target": f"EPSG:{library.srs_id}"}
                problems.append(Problem("package.crs", {**place, **crs}))
            if layer.base is not None and _base_version(all_versions, layer) is None:
                problems.append(Problem("package.base_differs", {**place, "label": layer.base.label}))
            problems += _definition_problems(library, layer, place)
            plan.append((layer, NEW))
        if problems:
            raise OneMapError.of(problems)
        return plan

    def raw_frame(self, layer: DeliveredLayer) -> RawFrame:
        """Return a layer's rows as the version had them, joined with the base's if only changes came."""
        raw = read_source(self.bag.data / FEATURES_FILE, layer.code, None, may_be_empty=True)
        raw = replace(raw, path=Path(self.name))
        if layer.geometry == "table":  # of which the column for geometries is no field
            raw = replace(raw, attributes=raw.attributes.drop(columns=GEOMETRY_COLUMN, errors="ignore"))
        if layer.changes is None:
            return raw
        base = require_value(_base_version(versions(self.library), layer), "the base, or the plan would refuse it")
        try:
            features = read_version(self.library, base, None)
            geometries, attributes = put_together(layer.changes, features, raw.geometries, raw.attributes)
        except ValueError as error:
            raise OneMapError("package.record", file=self.name, layer=layer.code, reason=str(error)) from None
        return replace(raw, shapes=geometries, attributes=attributes)

    def add_options(self, layer: DeliveredLayer, *, sure: bool) -> AddOptions:
        """Return the options of `add` for a layer."""
        try:
            valid = [None if day is None else date.fromisoformat(day) for day in (layer.valid_from, layer.valid_to)]
        except ValueError as error:
            raise OneMapError("package.record", file=self.name, layer=layer.code, reason=str(error)) from None
        definition = None
        if layer.code not in self.library.catalogue():
            title = (layer.title.get("zh") or layer.code).replace(",", "，")
            parts = {"name": title, "department": layer.department, "library": layer.library, "kind": layer.kind}
            parts |= {"geometry": layer.geometry, **({"key": layer.key} if layer.key else {})}
            definition = ",".join(f"{name}={value}" for name, value in parts.items())
        lineage = {
            "package": self.record.package,
            "library": self.record.library,
            "library_name": self.record.library_name,
            "version": layer.label,
            "hash": layer.hash,
            "source": layer.source,
            "source_hash": layer.source_hash,
        }
        return AddOptions(
            code=layer.code,
            layer=layer.code,
            define=definition,
            label=layer.label,
            valid_from=valid[0],
            valid_to=valid[1],
            accuracy_m=layer.accuracy_m,
            coverage=Coverage(self._coverage_ground(layer.code), EXTENT if layer.assumed else FILE),
            lineage=lineage,
            accept=(*((SHIFT,) if sure else ()), *(() if layer.rows else (EMPTY,))),
            sure=sure,
        )

    def _coverage_ground(self, code: str) -> shapely.Geometry:
        """Return the coverage of a layer, in the library's plane."""
        table = coverage_table(one.code for one in self.record.layers)
        raw = read_source(self.bag.data / FEATURES_FILE, table, None)
        is_of = np.array([value == code for value in raw.attributes.get("code", pd.Series(dtype=object))], dtype=bool)
        if not is_of.any():
            raise OneMapError("package.record", file=self.name, layer=code, reason=table)
        geometries, _ = in_crs(raw.geometries[is_of], raw, SourceOptions(), self.library.crs)
        return united_ground(geometries)

    def remarks(self, layer: DeliveredLayer) -> list[GradedProblem]:
        """Return the sender's remarks on ground that the layer lacks, which can be seen nowhere else."""
        raw = read_source(self.bag.data / FEATURES_FILE, REMARKS_TABLE, None)
        columns = [raw.attributes.get(name, pd.Series(dtype=object)) for name in ("code", "words")]
        is_of = np.array([value == layer.code for value in columns[0]], dtype=bool)
        if is_of.sum() != layer.remarks or len(columns[1]) != len(is_of):
            raise OneMapError("package.record", file=self.name, layer=layer.code, reason=REMARKS_TABLE)
        grounds, _ = in_crs(raw.geometries[is_of], raw, SourceOptions(), self.library.crs)
        place = ProblemPlace(file=self.name, layer=layer.code)
        return [
            GradedProblem(Problem("package.remark", {**place, "words": str(words)}), "warn", ground)
            for words, ground in zip(columns[1][is_of], grounds, strict=True)
        ]

    def prove(self, sent_layers: Sequence[DeliveredLayer], new_rows: Sequence[dict[str, Any]]) -> None:
        """Prove that the added layers equal the sent ones: byte by byte; in another plane, by the number of rows.

        Rasters are proved already. Raises OneMapError package.differs, inside the transaction.
        """
        is_same_plane = self.record.crs == f"EPSG:{self.library.srs_id}"
        problems = [
            Problem("package.differs", {"file": self.name, "layer": layer.code})
            for layer, row in zip(sent_layers, new_rows, strict=True)
            if (row["hash"] != layer.hash if is_same_plane and layer.raster is None else row["features"] != layer.rows)
        ]
        if problems:
            raise OneMapError.of(problems)

    def ledger_row(self, new_rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return what the ledger keeps of the package."""
        record = self.record
        return {
            "file": self.name,
            "manifest": self.bag.manifest,
            "library": record.library,
            "library_name": record.library_name,
            "secrecy": record.secrecy,
            "kind": record.kind,
            "layers": {row["code"]: {"version": row["version"], "hash": row["hash"]} for row in new_rows},
        }


def _held_rows(library: Library, plan: Sequence[tuple[DeliveredLayer, str]]) -> list[dict[str, Any]]:
    """Return a package's versions that the library already had, as a receipt names them."""
    held_versions = {(layer.code, layer.label) for layer, status in plan if status == HELD}
    return [
        {"code": version.code, "version": version.label, "features": version.count, "hash": version.hash}
        for version in versions(library)
        if (version.code, version.label) in held_versions
    ]


def _plan_row(layer: DeliveredLayer, status: str, retired: Retirement | None) -> dict[str, Any]:
    """Return a plan row. retired: set if the version that the library already has was retired; it stays so."""
    kind = "full" if layer.base is None else "change"
    base = None if layer.base is None else layer.base.label
    return {"code": layer.code, "version": layer.label, "features": layer.rows, "kind": kind, "base": base} | {
        "status": status,
        "retired": None if retired is None else vars(retired),
    }


def _is_held(library: Library, version: Version, layer: DeliveredLayer) -> bool:
    """Whether a version is what the package has: the same rows, or the same raster at any place.

    In another coordinate system a version's hash is not the sender's; then its report keeps the one with which it came.
    """
    if layer.raster is None:
        return layer.hash in (version.hash, source_report(library, version).get("lineage", {}).get("hash"))
    rows = read_version(library, version, None).attributes
    if "sha256" not in rows or len(rows) != 1:
        return False
    row, sent_raster = rows.iloc[0], layer.raster
    # An older program says nothing of the files beside it.
    return bool(row["sha256"] == sent_raster.sha256) and sent_raster.beside_sha256 in (None, row.get("beside_sha256"))


def _definition_problems(library: Library, layer: DeliveredLayer, place: ProblemPlace) -> list[Problem]:
    """Return the problems of a layer that must be defined here, or that is defined differently here."""
    entry = library.catalogue().get(layer.code)
    if entry is not None:
        geometries = {"geometry": layer.geometry, "given": entry.geometry}
        return (
            [] if entry.geometry == layer.geometry else [Problem("package.geometry_differs", {**place, **geometries})]
        )
    legal = (layer.department in DEPARTMENTS, layer.library in LIBRARIES, layer.kind in KINDS)
    return [] if all(legal) else [Problem("package.record", {**place, "reason": layer.code})]


def _base_version(all_versions: Sequence[Version], layer: DeliveredLayer) -> Version | None:
    hash_ = require_value(layer.base, "the base of a layer of changes").hash
    return next((version for version in all_versions if version.code == layer.code and version.hash == hash_), None)


def _prepared_layers(
    intake: Intake,
    package: _Package,
    new_layers: Sequence[DeliveredLayer],
    reception: Reception,
    stack: contextlib.ExitStack,
    progress: Progress,
) -> list[PreparedVersion]:
    """Read and check every layer; stack: removes rasters again if a later step fails.

    Raises OneMapError with the problems of all layers.
    """
    problems: list[Problem] = []
    new_versions = []
    for layer, part in zip(new_layers, progress.parts([1] * len(new_layers)), strict=True):
        try:
            options = package.add_options(layer, sure=reception.sure)
            if layer.geometry == "raster":
                new_versions.append(_prepared_raster(intake, package, layer, options, reception.rasters, stack))
                continue
            version = intake.prepare_frame(package.raw_frame(layer), options, part)
            remarks = package.remarks(layer) if layer.remarks else []
            new_versions.append(replace(version, found=[*version.found, *remarks]))
        except OneMapError as error:
            problems += error.problems
    if problems:
        raise OneMapError.of(problems)
    return new_versions


def _prepared_raster(
    intake: Intake,
    package: _Package,
    layer: DeliveredLayer,
    options: AddOptions,
    rasters: Path | None,
    stack: contextlib.ExitStack,
) -> PreparedVersion:
    """Put a raster in its final place, and read it in the coordinate system that the sender gave for it."""
    library, data = intake.library, package.bag.data
    folder = folder_of_received(library, rasters)
    path = stack.enter_context(placed_raster(data, layer, folder, package.name))
    is_beside_library = library.path is not None and folder.parent == library.path.resolve().parent
    rows = read_source(data / FEATURES_FILE, layer.code, None).attributes
    sender_crs = None if "given_crs" not in rows else text_value(rows["given_crs"].iloc[0])
    kept_as = f"{folder.name}/{path.name}" if is_beside_library else str(path)
    return intake.prepare_raster(path, kept_as, sender_crs, options)
