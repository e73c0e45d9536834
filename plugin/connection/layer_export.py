"""What the core is given to read: the file behind a layer where that says all, else an export of what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFields,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from onemap.plugin.connection.live_layers import counted, expected_count
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr

READ_BY_QGIS_ALONE = (".dwg", ".dgn", ".mdb", ".accdb")  # the core has no driver for them


@dataclass(frozen=True)
class SourceFile:
    """A file for the core. layer: which of its layers; crs: where the file has none and QGIS was told one.

    service, taken_at: of which registered service it is a snapshot, and when that was taken; said: what to say of it.
    """

    path: str
    layer: str = ""
    crs: str = ""
    service: str = ""
    taken_at: str = ""
    said: str = ""


def file_of_path(text: str) -> SourceFile:
    """The file of a path as QGIS writes it, `path|layername=name` or plain."""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", text)
    return SourceFile(str(parts.get("path") or text), str(parts.get("layerName") or ""))


def file_of_layer(layer: QgsVectorLayer) -> SourceFile | None:
    """The file that a map layer shows as it is; None where only an export says what the user sees.

    The file itself is best: the core reads its encoding and its coordinate system by its own rules.
    """
    if layer.providerType() != "ogr" or layer.subsetString() or layer.isModified():
        return None
    has_own_fields = layer.vectorJoins() or any(
        layer.fields().fieldOrigin(index) == Qgis.FieldOrigin.Expression for index in range(layer.fields().count())
    )
    found = file_of_path(layer.source())
    if Path(found.path).suffix.lower() in READ_BY_QGIS_ALONE:
        return None
    if has_own_fields or found.path.startswith("/vsi") or not Path(found.path).exists():
        return None
    told = layer.crs().authid() if not layer.dataProvider().crs().isValid() else ""
    return SourceFile(found.path, found.layer, told)


def write_source(
    folder: str,
    name: str,
    fields: QgsFields,
    geometry: Qgis.WkbType,
    crs: QgsCoordinateReferenceSystem,
    features: Iterable[QgsFeature],
) -> SourceFile:
    """Write features, with all their attributes, to a GeoPackage of their own."""
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
    """A map layer as a file: the one behind it where nothing is chosen in QGIS, else a GeoPackage in the folder."""
    found = None if selected_only else file_of_layer(layer)
    if found is not None:
        return found
    expected = expected_count(layer, selected_only)
    features = layer.getSelectedFeatures() if selected_only else layer.getFeatures()
    features = counted(features, expected, layer.name())
    return write_source(folder, layer.name(), layer.fields(), layer.wkbType(), layer.crs(), features)


def export_features(layer: QgsVectorLayer, ids: Iterable[int], folder: str) -> SourceFile:
    """Some features of a layer as they stand now, saved or not, in a GeoPackage in the folder."""
    features = layer.getFeatures(QgsFeatureRequest().setFilterFids(list(ids)))
    return write_source(folder, layer.name(), layer.fields(), layer.wkbType(), layer.crs(), features)


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """A coordinate system as the command line takes it; empty where none was chosen."""
    return (crs.authid() or crs.toWkt()) if crs.isValid() else ""
