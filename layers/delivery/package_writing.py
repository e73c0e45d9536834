"""`onemap deliver`: chosen layers leave the library as a package that describes its content and proves it by hashes."""

import json
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.coverage_names import EXTENT
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.unit_codes import plain_unit_code, unit_stem, unit_stems
from onemap.layers.delivery.bag import write_bag
from onemap.layers.delivery.geodatabase_copy import GEODATABASE, write_geodatabase
from onemap.layers.delivery.layer_metadata import dataset_metadata, package_catalogue
from onemap.layers.delivery.package_rasters import in_package, pack_raster, raster_file
from onemap.layers.delivery.package_record import (
    CHANGE,
    FEATURES_FILE,
    FULL,
    RECORD_FILE,
    REMARKS_TABLE,
    BaseState,
    DeliveredLayer,
    PackageRecord,
    RowChanges,
    coverage_table,
)
from onemap.layers.delivery.row_changes import row_changes
from onemap.layers.errors import OneMapError, UsageError, require_value, results_of_each
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.frames.fields import object_array, text_value
from onemap.layers.geometry.coverage_ground import common_ground, united_ground
from onemap.layers.geometry.parts import multi
from onemap.layers.ingest.quality_report import GroundRemark, ground_remarks
from onemap.layers.ingest.unit_keys import UNIT_LAYERS
from onemap.layers.library.library import Library, log, now
from onemap.layers.library.version_writing import GEOMETRY_TYPES
from onemap.layers.library.versions import (
    StoredFeatures,
    Version,
    content_hash,
    coverage_of,
    in_force,
    layer_in_force,
    read_version,
    versions,
)
from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import provenance
from onemap.layers.records import Record
from onemap.layers.stores.file_connection import FileConnection
from onemap.layers.stores.file_store import make_file
from onemap.layers.stores.geopackage import keep_provenance
from onemap.layers.stores.store import NO_GEOMETRY, TableDefinition

DELIVER = "deliver"  # the action with which the log keeps what went where
_READ, _WRITTEN = 0.4, 0.8  # of the work, when all is read, and when it lies in the package's folder


@dataclass(frozen=True)
class DeliveryOptions:
    """The options of a delivery: layers by code, as of a day; only changes since a version; only one area unit.

    since: the label of the base; unit: the code of a layer of area units, and the value that names one of them;
    recipient, secrecy: for the package and the ledger; geodatabase: include a FileGDB with the same rows.
    """

    layers: tuple[str, ...]
    as_of: date
    since: str | None = None
    unit: tuple[str, str] | None = None
    recipient: str | None = None
    secrecy: str | None = None
    geodatabase: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class _Unit:
    """The only area unit that is delivered: its ground, and its codes in comparable form."""

    ground: shapely.Geometry
    codes: frozenset[str]


@dataclass(frozen=True)
class ChosenLayer:
    """One layer as it is delivered: its version, the rows in the package, and the ground for which they speak.

    remarks: on ground that the version lacks; files: of a raster.
    """

    entry: LayerEntry
    version: Version
    rows: StoredFeatures
    types: dict[str, str]
    coverage: shapely.Geometry
    layer: DeliveredLayer
    remarks: list[GroundRemark]
    files: list[Path] = field(default_factory=list)


def deliver(library: Library, target: Path, options: DeliveryOptions, who: str, progress: Progress) -> Record:
    """Write the package, whole or not at all, and an entry of the ledger; return the contract's record of it.

    Raises UsageError layer.unknown, OneMapError package.suffix, package.owner, package.no_version, package.since,
    package.unit, package.unit_field, package.empty, raster.…, out.….
    """
    check_place_of_package(library, target, options)
    package = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
        with library.reading():
            chosen_items = chosen_layers(library, options, progress.part(0.0, _READ))
            record = package_record(library, package, options, [item.layer for item in chosen_items], who)
        folder = Path(room) / "bag"
        data = folder / "data"
        data.mkdir(parents=True)
        make_file(data / FEATURES_FILE, library.crs, lambda connection: _fill(connection, chosen_items, record))
        for item in chosen_items:
            if item.layer.raster is not None:
                pack_raster(data, item.layer.raster, item.files)
        if options.geodatabase:
            write_geodatabase(
                data / GEODATABASE, [(item.entry, item.rows, item.types) for item in chosen_items], library.crs
            )
        progress.at(_WRITTEN)
        _write_metadata(data, library, record, chosen_items)
        info = {
            "Source-Organization": library.name,
            "External-Identifier": package,
            **({"Contact-Name": who} if who else {}),
        }
        zip_file = Path(room) / target.name
        manifest = write_bag(folder, zip_file, info, {RECORD_FILE: record.text()})
        sha256 = file_hash(zip_file)
        hand_over(library, zip_file, target, options, record, manifest, who)
    return {
        "package": package,
        "kind": record.kind,
        "layers": [_layer_result(layer) for layer in record.layers],
        "sha256": sha256,
        "manifest": manifest,
        "file": str(target),
    }


def _layer_result(layer: DeliveredLayer) -> dict[str, Any]:
    changes = layer.changes
    facts = {"code": layer.code, "version": layer.label, "features": layer.rows, "hash": layer.hash}
    if changes is None:
        return facts
    return {**facts, "added": changes.added, "changed": changes.changed, "removed": len(changes.removed)}


def check_place_of_package(library: Library, target: Path, options: DeliveryOptions) -> None:
    """Refuse the place of a package before any work.

    Raises UsageError usage.apart, layer.unknown, OneMapError package.suffix, package.owner, out.….
    """
    if options.since is not None and options.unit is not None:
        raise UsageError("usage.apart", field="--since", other="--unit")
    if target.suffix.lower() != ".zip":
        raise OneMapError("package.suffix", file=target.name)
    if not library.roles.is_owner:
        raise OneMapError("package.owner", file=library.label)
    catalogue = library.catalogue()
    for code in options.layers:
        known_layer(catalogue, code, "--layers", error=UsageError)
    check_place(target, options.overwrite)


def package_record(
    library: Library, package: str, options: DeliveryOptions, layers: Sequence[DeliveredLayer], who: str
) -> PackageRecord:
    """The record of a package of these layers."""
    return PackageRecord(
        package=package,
        kind=CHANGE if options.since is not None else FULL,
        library=library.id,
        library_name=library.shown_name,
        crs=f"EPSG:{library.srs_id}",
        made_at=now(),
        who=who,
        recipient=options.recipient,
        secrecy=options.secrecy,
        unit="=".join(options.unit) if options.unit else None,
        layers=tuple(layers),
    )


def chosen_layers(library: Library, options: DeliveryOptions, progress: Progress) -> list[ChosenLayer]:
    """Return what is delivered of every layer. Raises OneMapError with all layers that cannot be delivered."""
    all_versions = versions(library)
    unit = _unit_ground(library, all_versions, options) if options.unit else None
    codes = list(dict.fromkeys(options.layers))

    def chosen_layer(number: int) -> ChosenLayer:
        progress.at(number / len(codes))
        of_layer = [item for item in all_versions if item.code == codes[number]]
        return _chosen_layer(library, of_layer, codes[number], options, unit)

    return results_of_each(chosen_layer, range(len(codes)))


def _chosen_layer(
    library: Library, all_versions: Sequence[Version], code: str, options: DeliveryOptions, unit: _Unit | None
) -> ChosenLayer:
    entry = library.catalogue()[code]
    version = in_force(all_versions, options.as_of)
    if version is None:
        raise OneMapError("package.no_version", layer=code, day=options.as_of.isoformat())
    base = None if entry.geometry == "raster" else _base(all_versions, code, options.since)
    coverage = coverage_of(library, version)
    features = read_version(library, version, None)
    if unit is not None:
        is_table = entry.geometry == "table"
        features = _of_unit(features, entry, unit) if is_table else _in_ground(features, unit.ground)
        coverage = common_ground(coverage, unit.ground) if entry.geometry != "raster" else coverage
    changes: RowChanges | None = None
    rows = features
    if base is not None:
        changes, new = row_changes(read_version(library, base, None), features, entry.key)
        rows = features.at(new)
    if unit is not None and not len(features.fids):
        raise OneMapError("package.empty", layer=code)
    raster, files = raster_file(library, code, features) if entry.geometry == "raster" else (None, [])
    rows = rows if raster is None else in_package(rows, raster)
    digest = version.hash if unit is None else content_hash(features.geometries, features.attributes)
    source, source_hash = library.connection.execute(
        "SELECT source, source_hash FROM onemap_versions WHERE table_name = ?", (version.table,)
    ).fetchone()
    remarks = [
        remark
        for remark in ground_remarks(library, (version.table,))
        if unit is None or remark.ground is None or shapely.intersects(remark.ground, unit.ground)
    ]
    layer = DeliveredLayer(
        **{name: getattr(entry, name) for name in ("code", "department", "library", "kind", "geometry", "key")},
        **{name: getattr(version, name) for name in ("label", "valid_from", "valid_to", "recorded_at", "accuracy_m")},
        title=dict(entry.title),
        rows=len(features.fids),
        hash=digest,
        source=source,
        source_hash=source_hash,
        base=None if base is None else BaseState(base.label, base.hash),
        changes=changes,
        raster=raster,
        remarks=len(remarks),
        assumed=version.coverage_kind == EXTENT,
    )
    types = library.connection.field_types(version.table)
    return ChosenLayer(entry, version, rows, types, coverage, layer, remarks, files)


def _base(all_versions: Sequence[Version], code: str, since: str | None) -> Version | None:
    """Return the version that a change package is based on. Raises OneMapError package.since."""
    if since is None:
        return None
    base = next((version for version in all_versions if version.label == since), None)
    if base is None:
        raise OneMapError(
            "package.since", layer=code, field="--since", label=since, labels=[v.label for v in all_versions]
        )
    return base


def _unit_ground(library: Library, all_versions: Sequence[Version], options: DeliveryOptions) -> _Unit:
    """Return the requested area unit. Raises UsageError layer.unknown, OneMapError package.unit."""
    code, value = require_value(options.unit, "an area unit")
    entry = known_layer(library.catalogue(), code, "--unit", error=UsageError)
    version = layer_in_force(all_versions, code, options.as_of)
    if version is None or entry.geometry != "polygon":
        raise OneMapError("package.no_version", layer=code, day=options.as_of.isoformat())
    units = read_version(library, version, None)
    fields = [entry.key] if entry.key in units.attributes.columns else []
    fields += [name for name in units.attributes.columns if name not in fields]
    for name in fields:
        is_named = np.array([text_value(item) == value for item in units.attributes[name]], dtype=bool)
        if is_named.any():
            column = UNIT_LAYERS.get(code, entry.key)
            codes = units.attributes[column][is_named] if column in units.attributes.columns else [value]
            plain = {plain_unit_code(text) for text in map(text_value, codes) if text is not None}
            return _Unit(united_ground(units.geometries[is_named]), frozenset(plain))
    raise OneMapError("package.unit", layer=code, field="--unit", value=value)


def _in_ground(features: StoredFeatures, ground: shapely.Geometry) -> StoredFeatures:
    """Return the whole, uncut features that meet a ground; a polygon must share more than its border.

    A line or a point on the border of two units belongs to both: each speaks for all of its ground.
    """
    shapely.prepare(ground)
    is_beside = (shapely.get_dimensions(features.geometries) == 2) & shapely.touches(ground, features.geometries)
    return features.at(np.flatnonzero(shapely.intersects(ground, features.geometries) & ~is_beside))


def _of_unit(features: StoredFeatures, entry: LayerEntry, unit: _Unit) -> StoredFeatures:
    """Return the rows of a table about a unit, or one within it. Raises OneMapError package.unit_field."""
    if entry.unit is None or entry.unit not in features.attributes.columns:
        raise OneMapError("package.unit_field", layer=entry.code, field="--unit")
    codes = [text_value(value) for value in features.attributes[entry.unit].tolist()]
    stems = {unit_stem(code) for code in unit.codes}
    return features.at(np.flatnonzero([not stems.isdisjoint(unit_stems(code or "")) for code in codes]))


def _fill(connection: FileConnection, chosen_items: Sequence[ChosenLayer], record: PackageRecord) -> None:
    """Fill the package's GeoPackage: a table for each layer, the coverages, and the origin of the data."""
    facts = {"id": record.package, "kind": DELIVER, "started": record.made_at, "who": record.who}
    layers = [asdict(layer) for layer in record.layers]
    origin = provenance({**facts, "library_name": record.library_name, "layers": layers})
    keep_provenance(connection, origin)
    for item in chosen_items:
        title = f"{item.entry.title_in('zh')} {item.version.label}"
        table = TableDefinition(item.entry.code, title, GEOMETRY_TYPES[item.entry.geometry], item.types)
        _fill_table(connection, table, item.rows.geometries, item.rows.attributes)
    coverages = multi(np.array([item.coverage for item in chosen_items], dtype=object), "polygon")
    codes = pd.DataFrame({"code": [item.entry.code for item in chosen_items]}, dtype=object)
    name = coverage_table(codes["code"])
    table = TableDefinition(name, name, "MULTIPOLYGON", {"code": "TEXT"})
    _fill_table(connection, table, coverages, codes)
    remarks = [(item.entry.code, remark) for item in chosen_items for remark in item.remarks]
    if remarks:
        table = TableDefinition(REMARKS_TABLE, REMARKS_TABLE, "GEOMETRY", {"code": "TEXT", "words": "TEXT"})
        words = pd.DataFrame(
            [(code, remark.words) for code, remark in remarks], columns=["code", "words"], dtype=object
        )
        _fill_table(connection, table, object_array([remark.ground for _, remark in remarks]), words)


def _fill_table(
    connection: FileConnection, table: TableDefinition, geometries: np.ndarray, attributes: pd.DataFrame
) -> None:
    connection.make_features(table)
    connection.add_features(table, [geometries], [attributes[name].tolist() for name in table.fields])
    is_placed = len(geometries) > 0 and table.geometry_type != NO_GEOMETRY
    connection.show_features(table, shapely.total_bounds(geometries).tolist() if is_placed else None)
    connection.index_features(table, shapely.bounds(geometries).reshape(-1, 4), SILENT)


def _write_metadata(data: Path, library: Library, record: PackageRecord, chosen_items: Sequence[ChosenLayer]) -> None:
    """Write a record for each layer after ISO 19115-1, and the catalogue of all layers after DCAT."""
    folder = data / "metadata"
    folder.mkdir()
    for item in chosen_items:
        text = dataset_metadata(record, item.layer, item.coverage, library.crs, tuple(item.types))
        (folder / f"{item.entry.code}.xml").write_bytes(text)
    catalogue = json.dumps(package_catalogue(record), ensure_ascii=False, indent=1)
    (folder / "catalogue.jsonld").write_text(catalogue + "\n", encoding="utf-8")


def hand_over(
    library: Library,
    zip_file: Path,
    target: Path,
    options: DeliveryOptions,
    record: PackageRecord,
    manifest: str,
    who: str,
) -> None:
    """Move the package to its place and log it: both, or neither."""
    detail = {
        "file": target.name,
        "manifest": manifest,
        "recipient": record.recipient,
        "secrecy": record.secrecy,
        "kind": record.kind,
        "unit": record.unit,
        "layers": {layer.code: {"version": layer.label, "hash": layer.hash} for layer in record.layers},
    }
    is_in_place = False
    try:
        with library.writing() as connection:
            log(connection, who, DELIVER, record.package, detail)
            with atomic_output(target, options.overwrite) as new_file:
                shutil.move(zip_file, new_file)
            is_in_place = True
    except BaseException:
        if is_in_place:  # the log could not keep it: then it did not leave
            target.unlink(missing_ok=True)
        raise
