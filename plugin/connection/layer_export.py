"""Files for the core to read: the file behind a map layer if it has all that the user sees, else an export."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import Count, tr

QGIS_ONLY_FORMATS = (".dwg", ".dgn", ".mdb", ".accdb")  # the core has no driver for them
PARTS_OF_A_FILE = (
    "geometryType",
    "openOptions",
    "layerId",
    "subset",
)  # by which a layer shows less than its file, or otherwise
LIVE_PROVIDERS = ("WFS", "OAPIF", "sensorthings", "arcgisfeatureserver")


@dataclass(frozen=True)
class SourceFile:
    """A file for the core.

    path: the file.
    layer: one of its layers; empty if it has only one.
    crs: given if the file declares none, or if QGIS was told another one.
    service: the registered service of a snapshot.
    taken_at: the moment of the snapshot.
    note: a remark to show with the file.
    """

    path: str
    layer: str = ""
    crs: str = ""
    service: str = ""
    taken_at: str = ""
    note: str = ""


def file_of_path(text: str) -> SourceFile:
    """The file in a path as QGIS writes it: `path|layername=name`, or a bare path."""
    parts = _of_uri(text)
    return SourceFile(str(parts.get("path") or text), str(parts.get("layerName") or ""))


def is_part_of_file(text: str) -> bool:
    """Whether a path as QGIS writes it selects only a part of its file, or changes how it is read."""
    parts = _of_uri(text)
    return any(parts.get(part) for part in PARTS_OF_A_FILE)


def _of_uri(text: str) -> dict[str, Any]:
    return QgsProviderRegistry.instance().decodeUri("ogr", text)


def file_of_layer(layer: QgsVectorLayer) -> SourceFile | None:
    """The file behind a map layer; None if only an export has what the user sees.

    The file itself is best, because the core reads its encoding and its coordinate system by its own rules.
    """
    if layer.providerType() != "ogr" or layer.subsetString() or layer.isModified():
        return None
    has_own_fields = layer.vectorJoins() or any(
        layer.fields().fieldOrigin(index) == Qgis.FieldOrigin.Expression for index in range(layer.fields().count())
    )
    file = file_of_path(layer.source())
    if is_part_of_file(layer.source()):
        return None
    if Path(file.path).suffix.lower() in QGIS_ONLY_FORMATS:
        return None
    if has_own_fields or file.path.startswith("/vsi") or not Path(file.path).exists():
        return None
    # Where somebody has given the layer another system than its file declares, that is where the map shows it.
    own = layer.dataProvider().crs()
    crs = "" if own.isValid() and own == layer.crs() else crs_text(layer.crs())
    return SourceFile(file.path, file.layer, crs)


def write_source(
    folder: str,
    name: str,
    fields: QgsFields,
    geometry: Qgis.WkbType,
    crs: QgsCoordinateReferenceSystem,
    features: Iterable[QgsFeature],
) -> SourceFile:
    """Write features, with all their attributes, to a GeoPackage of their own.

    folder: where the file is written.
    name: the name of the file and its layer.
    """
    stem = re.sub(r'[\\/:*?"<>|\s]+', "_", name).strip("_") or "features"
    path = Path(folder) / f"{stem}.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", stem
    options.layerOptions = ["FID=onemap_row"]  # a field called fid stays what it is
    writer = QgsVectorFileWriter.create(str(path), fields, geometry, crs, QgsCoordinateTransformContext(), options)
    for feature in features:
        if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            break
    error, message = writer.hasError(), writer.errorMessage()
    del writer  # closes the file
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise Refusal(tr("“{name}” cannot be handed to the core: {reason}").format(name=name, reason=message))
    return SourceFile(str(path), stem)


def export_layer(layer: QgsVectorLayer, selected_only: bool, folder: str) -> SourceFile:
    """A map layer as a file: the file behind it if it holds all that is meant, else a GeoPackage in the folder."""
    file = None if selected_only else file_of_layer(layer)
    return file or write_layer(layer, selected_only, folder)


def write_layer(layer: QgsVectorLayer, selected_only: bool, folder: str) -> SourceFile:
    """Write a map layer, or its selection, to a GeoPackage in the folder. Raises Refusal if features are missing."""
    features = chosen_features(layer, selected_only)
    return write_source(folder, layer.name(), layer.fields(), layer.wkbType(), layer.crs(), features)


def chosen_features(layer: QgsVectorLayer, selected_only: bool) -> Iterator[QgsFeature]:
    """The features of a layer, or of its selection, as QGIS shows them. Raises Refusal if some are missing."""
    count = expected_count(layer, selected_only)
    features = layer.getSelectedFeatures() if selected_only else layer.getFeatures()
    return ensure_count(features, count, layer.name())


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """A coordinate system as the command line takes it; empty for none."""
    return (crs.authid() or crs.toWkt()) if crs.isValid() else ""


def expected_count(layer: QgsVectorLayer, selected_only: bool) -> int | None:
    """The number of features that a live layer must give; None for any other layer.

    Raises Refusal if the server does not give its number of features.
    """
    if layer.providerType() not in LIVE_PROVIDERS:
        return None
    if selected_only:
        return layer.selectedFeatureCount()
    # A drawn layer returns the number that it received, which may be smaller; a new one asks the server.
    fresh = QgsVectorLayer(layer.source(), layer.name(), layer.providerType())
    count = fresh.dataProvider().featureCount() if fresh.isValid() else 0
    if count <= 0 or layer.subsetString():
        text = tr(
            "“{name}” is a layer of a live server, of which nobody can say whether it came whole. Register the "
            "service and take a snapshot of it, or save the layer as a file."
        )
        raise Refusal(text.format(name=layer.name()))
    return int(count)


def ensure_count(features: Iterable[QgsFeature], expected: int | None, name: str) -> Iterator[QgsFeature]:
    """The features; raises Refusal after the last one if their number is not the expected one.

    expected: None accepts any number.
    name: the layer's name, for the refusal.
    """
    count = 0
    for feature in features:
        count += 1
        yield feature
    if expected is not None and count != expected:
        raise count_refusal(name, count, expected)


def count_refusal(name: str, count: int, expected: int, reason: str = "") -> Refusal:
    """The refusal of a layer that gave another number of features than it has."""
    text = tr(
        "“{service}” gave {count} of {expected:# feature|# features}, so nothing was taken. Try again later. {reason}"
    )
    return Refusal(text.format(service=name, count=Count(count), expected=Count(expected), reason=reason).strip())
