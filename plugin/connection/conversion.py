"""Formats that only QGIS's own GDAL may read: they become a GeoPackage, which the core reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr
from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import CANCELLED_CODE, Refusal
from onemap.plugin.connection.task import BackgroundTask, Cancelled
from onemap.plugin.words.translation import tr

DRIVERS = {
    ".dwg": ("CAD",),
    ".dgn": ("DGN",),
    ".mdb": ("PGeo", "Geomedia", "MDB", "ODBC"),
    ".accdb": ("PGeo", "ODBC"),
}
DRAWINGS = (".dwg", ".dgn")
LEVEL = "Level"  # in DGN one layer holds all that is drawn, on numbered levels
# The first letters of a drawing say which AutoCAD it is of; GDAL's reader takes one of them.
DRAWING_OF = {
    b"AC1012": "R13",
    b"AC1014": "R14",
    b"AC1015": "2000",
    b"AC1018": "2004",
    b"AC1021": "2007",
    b"AC1024": "2010",
    b"AC1027": "2013",
    b"AC1032": "2018",
}
READABLE_DRAWING = "2000"
Report = Callable[[float, str], None]


def is_convertible(path: str) -> bool:
    """Whether the core cannot read a file, and the GDAL of this QGIS has a driver that may."""
    return bool(_drivers(path))


def convert(source: SourceFile, report: Report) -> SourceFile:
    """A GeoPackage in a temporary folder, with the layers of a source that have geometry. Runs in any thread.

    Of a drawing, closed lines become polygons, as the core does with DXF. Raises Refusal, and what report raises.
    """
    path = Path(source.path)
    target = Path(QgsProcessingUtils.generateTempFilename(f"{path.name}.gpkg"))
    target.parent.mkdir(parents=True, exist_ok=True)
    report(0.0, tr("Reading {file} with QGIS's GDAL").format(file=path.name))
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # of this thread alone; what is wrong is said by us
    try:
        opened = _opened(path)
        parts = list(_parts(opened, path.suffix.lower()))
        if not parts:
            raise Refusal(tr("“{file}” holds no layer with geometry.").format(file=path.name))
        for number, (layer, name, where) in enumerate(parts):
            _copy(opened, target, layer, name, where, _PartProgress(report, number, len(parts), name))
        if path.suffix.lower() in DRAWINGS:
            _close_rings(target)
    finally:
        gdal.PopErrorHandler()
    report(1.0, "")
    return SourceFile(str(target), source.layer, source.crs)


class Conversion(QObject):
    """A file on its way to a GeoPackage, in the background; it is asked, followed and stopped as the core is."""

    progressed = pyqtSignal(float, str)
    answered = pyqtSignal(object)  # SourceFile
    refused = pyqtSignal(object)  # Refusal
    verb = "inspect"  # it belongs to looking at a file

    def __init__(self, source: SourceFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        title = tr("Read {file}").format(file=Path(source.path).name)
        self._task = BackgroundTask(
            title,
            lambda report: convert(source, report),
            self._end,
            lambda done, step: self.progressed.emit(done, step),
        ).start()

    def cancel(self) -> None:
        """Stop."""
        self._task.cancel()

    def _end(self, converted: SourceFile | None, error: Exception | None) -> None:
        if error is None:
            self.answered.emit(converted)
        elif isinstance(error, Cancelled):
            self.refused.emit(Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE))
        else:
            self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
        self.deleteLater()


def _drivers(path: str) -> list[str]:
    wanted = DRIVERS.get(Path(path).suffix.lower(), ())
    return [name for name in wanted if gdal.GetDriverByName(name) is not None]


def _opened(path: Path) -> gdal.Dataset:
    """The file as GDAL opens it. Raises Refusal with the way out."""
    try:
        opened = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY, allowed_drivers=_drivers(str(path)))
    except RuntimeError:  # where somebody in QGIS's process has asked GDAL for exceptions
        opened = None
    if opened is None:
        raise Refusal(_why_not(path, " ".join(gdal.GetLastErrorMsg().split()).rstrip(" .,;")))
    return opened


def _why_not(path: Path, reason: str) -> str:
    facts = {"file": path.name, "reason": reason or tr("it gives no reason")}
    if path.suffix.lower() == ".dwg":
        with path.open("rb") as file:
            made_by = DRAWING_OF.get(file.read(6), "")
        if made_by not in ("", READABLE_DRAWING):
            text = tr(
                "“{file}” is a drawing of AutoCAD {version}, and QGIS's GDAL reads only those of AutoCAD 2000. "
                "Save it in CAD as DXF (2000 to 2018), and choose that file."
            )
            return text.format(version=made_by, **facts)
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


def _parts(opened: gdal.Dataset, suffix: str) -> list[tuple[str, str, str]]:
    """What becomes a layer: its name in the source, its name from now on, and which of its features (a condition)."""
    found = []
    for index in range(opened.GetLayerCount()):
        layer = opened.GetLayer(index)
        if layer.GetGeomType() == ogr.wkbNone or (suffix in DRAWINGS and layer.GetFeatureCount() == 0):
            continue
        name = layer.GetName()
        if suffix == ".dgn":
            levels = sorted({feature.GetField(LEVEL) for feature in layer})
            found += [(name, f"{LEVEL} {level}", f"{LEVEL} = {level}") for level in levels]
        else:
            found.append((name, name, ""))
    return found


def _copy(opened: gdal.Dataset, target: Path, layer: str, name: str, where: str, told: _PartProgress) -> None:
    options = gdal.VectorTranslateOptions(
        format="GPKG",
        accessMode="append" if target.exists() else None,
        layers=[layer],
        layerName=name,
        where=where or None,
        callback=told,
    )
    try:
        written = gdal.VectorTranslate(str(target), opened, options=options)
    except RuntimeError:
        written = None
    if told.stopped is not None:
        raise told.stopped
    if written is None:
        reason = " ".join(gdal.GetLastErrorMsg().split()).rstrip(" .,;")
        raise Refusal(tr("“{name}” cannot be handed to the core: {reason}").format(name=name, reason=reason))


class _PartProgress:
    """GDAL's progress on one part, told as a share of the whole; what report raises is kept, and stops GDAL."""

    def __init__(self, report: Report, number: int, count: int, name: str) -> None:
        self._report, self._number, self._count, self._name = report, number, count, name
        self.stopped: Exception | None = None

    def __call__(self, done: float, *_words: Any) -> int:
        try:
            self._report((self._number + done) / self._count, self._name)
        except Exception as error:  # noqa: BLE001 - an exception cannot cross GDAL; it is raised behind it
            self.stopped = error
            return 0
        return 1


def _close_rings(target: Path) -> None:
    """Closed lines become polygons: that is how areas are drawn in CAD."""
    written = gdal.OpenEx(str(target), gdal.OF_VECTOR | gdal.OF_UPDATE)
    for index in range(written.GetLayerCount()):
        layer = written.GetLayer(index)
        layer.StartTransaction()
        for feature in layer:
            line = feature.GetGeometryRef()
            if line is None or ogr.GT_Flatten(line.GetGeometryType()) != ogr.wkbLineString:
                continue
            if line.GetPointCount() > 3 and line.IsRing():
                feature.SetGeometryDirectly(ogr.ForceToPolygon(line.Clone()))
                layer.SetFeature(feature)
        layer.CommitTransaction()
