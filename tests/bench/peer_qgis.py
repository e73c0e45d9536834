"""QGIS's native:intersection as a peer, in QGIS's own Python, on layers in memory with a spatial index.

Called as: python -m onemap.tests.bench.peer_qgis qgis:JOB FOLDER REPEATS, with the workload's layers as GeoPackages.
"""

import os
import sys
from pathlib import Path
from typing import Any

from onemap.tests.bench.timing import Work, answer_for

FIELDS = {"i": ("pid", "cid"), "ii": ("pid", "lid"), "iii": ("code1", "code2")}
LAYERS = {"i": ("parcels", "controls"), "ii": ("parcels", "landuse"), "iii": ("plan1", "plan2")}
PROCESSING = "/usr/share/qgis/python/plugins"


def prepare_work(name: str, folder: Path) -> Work:
    """The work of `qgis:JOB`."""
    sys.path.append(PROCESSING)
    from qgis.core import QgsApplication, QgsFeatureRequest, QgsProcessingContext

    application = QgsApplication([], False)
    application.initQgis()
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    job = name.partition(":")[2]
    if job == "desk":
        work = _at_the_desk(folder, processing, name.startswith("qgis-clip"))
        work.application = application  # type: ignore[attr-defined]  # it must outlive the work
        return work
    given = zip(LAYERS[job], FIELDS[job], strict=True)
    one, other = (_in_memory(folder / f"{layer}.gpkg", field) for layer, field in given)
    context = QgsProcessingContext()
    context.setInvalidGeometryCheck(QgsFeatureRequest.GeometryNoCheck)
    wishes = {"INPUT": one, "OVERLAY": other, "OUTPUT": "memory:"}

    def work() -> list:
        made = processing.run("native:intersection", wishes, context=context)["OUTPUT"]
        totals: dict = {}
        for feature in made.getFeatures():
            left, right = feature.attributes()[:2]
            if job == "iii" and left == right:
                continue
            key = right if job == "i" else 0
            totals[key] = totals.get(key, 0.0) + feature.geometry().area()
        return [totals[key] for key in sorted(totals)]

    work.application = application  # type: ignore[attr-defined]  # it must outlive the work
    return work


def _at_the_desk(folder: Path, processing: Any, is_clip: bool) -> Work:
    """One parcel against every layer of the library, which this QGIS has open: each is clipped, or intersected."""
    from qgis.core import QgsVectorLayer

    parcel = QgsVectorLayer(str(folder / "desk_parcel.gpkg"), "parcel")
    whole = QgsVectorLayer(str(folder / "desk.gpkg"), "library")
    names = [text.split("!!::!!")[1] for text in whole.dataProvider().subLayers()]
    tables = sorted(name for name in names if name.endswith("__1"))
    layers = [QgsVectorLayer(f"{folder / 'desk.gpkg'}|layername={table}", table) for table in tables]
    algorithm = "native:clip" if is_clip else "native:intersection"

    def work() -> list:
        ground = length = 0.0
        for layer in layers:
            wishes = {"INPUT": layer, "OVERLAY": parcel, "OUTPUT": "memory:"}
            is_line = layer.geometryType() == 1
            for feature in processing.run(algorithm, wishes)["OUTPUT"].getFeatures():
                ground += feature.geometry().area()
                length += feature.geometry().length() if is_line else 0.0
        return [ground, length]

    return work


def _in_memory(path: Path, field: str) -> object:
    from qgis.core import QgsFeatureRequest, QgsVectorLayer

    stored = QgsVectorLayer(str(path), path.stem)
    request = QgsFeatureRequest().setSubsetOfAttributes([field], stored.fields())
    layer = stored.materialize(request)
    kept = layer.fields().indexOf(field)
    layer.dataProvider().deleteAttributes([at for at in range(layer.fields().count()) if at != kept])
    layer.updateFields()
    layer.dataProvider().createSpatialIndex()
    return layer


if __name__ == "__main__":
    answer_for(prepare_work)
    # QGIS takes its time to leave, and may crash while it does.
    os._exit(0)
