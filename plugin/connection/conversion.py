"""Conversion of formats that only QGIS's own GDAL can read into a GeoPackage, which the core reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osgeo import gdal, ogr
from qgis.core import QgsProcessingUtils

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.programs import Progress
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundRequest
from onemap.plugin.words.translation import tr

DRIVERS = {
    ".dwg": ("CAD",),
    ".dgn": ("DGN",),
    ".mdb": ("PGeo", "Geomedia", "MDB", "ODBC"),
    ".accdb": ("PGeo", "ODBC"),
}
DRAWINGS = (".dwg", ".dgn")
LEVEL_FIELD = "Level"  # in DGN one layer holds all that is drawn, on numbered levels
# The first letters of a drawing say which AutoCAD it is of; GDAL's reader takes one of them.
DRAWING_VERSIONS = {
    b"AC1012": "R13",
    b"AC1014": "R14",
    b"AC1015": "2000",
    b"AC1018": "2004",
    b"AC1021": "2007",
    b"AC1024": "2010",
    b"AC1027": "2013",
    b"AC1032": "2018",
}
READABLE_VERSION = "2000"


def is_convertible(path: str) -> bool:
    """Whether this QGIS's GDAL has a driver for a file that the core cannot read."""
    return bool(_drivers(path))


def convert(source: SourceFile, progress: Progress) -> SourceFile:
    """Convert the layers of a source that have geometry into a GeoPackage in a temporary folder. Runs in any thread.

    Closed lines of a drawing become polygons, as the core does with DXF.

    Raises Refusal, and what progress raises.

    """
    path = Path(source.path)
    target = Path(QgsProcessingUtils.generateTempFilename(f"{path.name}.gpkg"))
    target.parent.mkdir(parents=True, exist_ok=True)
    progress(0.0, tr("Reading {file} with QGIS's GDAL").format(file=path.name))
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # of this thread alone; errors become refusals
    try:
        dataset = _open_dataset(path)
        parts = list(_parts(dataset, path.suffix.lower()))
        if not parts:
            raise Refusal(tr("“{file}” holds no layer with geometry.").format(file=path.name))
        for number, (layer, name, condition) in enumerate(parts):
            _copy(dataset, target, layer, name, condition, _PartProgress(progress, number, len(parts), name))
        if path.suffix.lower() in DRAWINGS:
            _close_rings(target)
    finally:
        gdal.PopErrorHandler()
    progress(1.0, "")
    return SourceFile(str(target), source.layer, source.crs)


class Conversion(BackgroundRequest):
    """A conversion in the background; its answer is a SourceFile."""

    def __init__(self, source: SourceFile) -> None:
        title = tr("Read {file}").format(file=Path(source.path).name)
        super().__init__(title, lambda progress: convert(source, progress))


def _drivers(path: str) -> list[str]:
    names = DRIVERS.get(Path(path).suffix.lower(), ())
    return [name for name in names if gdal.GetDriverByName(name) is not None]


def _open_dataset(path: Path) -> gdal.Dataset:
    """Open the file with GDAL. Raises Refusal that says what to do."""
    try:
        dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY, allowed_drivers=_drivers(str(path)))
    except RuntimeError:  # where other code in QGIS's process has switched GDAL's exceptions on
        dataset = None
    if dataset is None:
        raise Refusal(_open_failure(path, " ".join(gdal.GetLastErrorMsg().split()).rstrip(" .,;")))
    return dataset


def _open_failure(path: Path, reason: str) -> str:
    facts = {"file": path.name, "reason": reason or tr("it gives no reason")}
    if path.suffix.lower() == ".dwg":
        with path.open("rb") as file:
            version = DRAWING_VERSIONS.get(file.read(6), "")
        if version not in ("", READABLE_VERSION):
            text = tr(
                "“{file}” is a drawing of AutoCAD {version}, and QGIS's GDAL reads only those of AutoCAD 2000. "
                "Save it in CAD as DXF (2000 to 2018), and choose that file."
            )
            return text.format(version=version, **facts)
    if path.suffix.lower() in DRAWINGS:
        text = tr(
            "“{file}” cannot be read, neither by the core nor by QGIS's GDAL: {reason}. Save it in CAD as DXF "
            "(2000 to 2018), and choose that file."
        )
        return text.format(**facts)
    text = tr(
        "“{file}” cannot be read, neither by the core nor by QGIS's GDAL: {reason}. GDAL needs an ODBC driver for "
        "Access: on Windows Microsoft's Access Database Engine, on Linux odbc-mdbtools. Or export it as a file "
        "geodatabase (.gdb) in ArcGIS."
    )
    return text.format(**facts)


def _parts(dataset: gdal.Dataset, suffix: str) -> list[tuple[str, str, str]]:
    """The layers to convert: the name in the source, the new name, and the condition on its features."""
    parts = []
    for index in range(dataset.GetLayerCount()):
        layer = dataset.GetLayer(index)
        if layer.GetGeomType() == ogr.wkbNone or (suffix in DRAWINGS and layer.GetFeatureCount() == 0):
            continue
        name = layer.GetName()
        if suffix == ".dgn":
            levels = sorted({feature.GetField(LEVEL_FIELD) for feature in layer})
            parts += [(name, f"{LEVEL_FIELD} {level}", f"{LEVEL_FIELD} = {level}") for level in levels]
        else:
            parts.append((name, name, ""))
    return parts


def _copy(dataset: gdal.Dataset, target: Path, layer: str, name: str, condition: str, progress: _PartProgress) -> None:
    options = gdal.VectorTranslateOptions(
        format="GPKG",
        accessMode="append" if target.exists() else None,
        layers=[layer],
        layerName=name,
        where=condition or None,
        callback=progress,
    )
    try:
        result = gdal.VectorTranslate(str(target), dataset, options=options)
    except RuntimeError:
        result = None
    if progress.error is not None:
        raise progress.error
    if result is None:
        reason = " ".join(gdal.GetLastErrorMsg().split()).rstrip(" .,;")
        raise Refusal(tr("“{name}” cannot be handed to the core: {reason}").format(name=name, reason=reason))


class _PartProgress:
    """GDAL's progress on one part, as a share of the whole. An exception of the callback stops GDAL and is kept."""

    def __init__(self, progress: Progress, number: int, count: int, name: str) -> None:
        self._progress, self._number, self._count, self._name = progress, number, count, name
        self.error: Exception | None = None

    def __call__(self, share: float, *_words: Any) -> int:
        try:
            self._progress((self._number + share) / self._count, self._name)
        except Exception as error:  # noqa: BLE001 - an exception cannot cross GDAL; it is raised behind it
            self.error = error
            return 0
        return 1


def _close_rings(target: Path) -> None:
    """Turn closed lines into polygons, because areas are drawn as closed lines in CAD."""
    dataset = gdal.OpenEx(str(target), gdal.OF_VECTOR | gdal.OF_UPDATE)
    for index in range(dataset.GetLayerCount()):
        layer = dataset.GetLayer(index)
        layer.StartTransaction()
        for feature in layer:
            line = feature.GetGeometryRef()
            if line is None or ogr.GT_Flatten(line.GetGeometryType()) != ogr.wkbLineString:
                continue
            if line.GetPointCount() > 3 and line.IsRing():
                feature.SetGeometryDirectly(ogr.ForceToPolygon(line.Clone()))
                layer.SetFeature(feature)
        layer.CommitTransaction()
