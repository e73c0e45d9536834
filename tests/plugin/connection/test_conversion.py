"""Formats that the core cannot read, but QGIS's GDAL may: drawings and Access databases become a GeoPackage."""

from pathlib import Path

import processing
import pytest
from osgeo import gdal, ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingException

from onemap.plugin.connection.conversion import Conversion, convert, is_convertible
from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import Cancelled
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.tests.plugin.small_town import CRS, X, Y, press_add, wait_for

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
JET = b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(4096)


def tell_nobody(_done, _step):
    """Progress without a listener."""


@pytest.fixture
def drawing(tmp_path):
    """A DGN: a closed line and an open one on level 3, a line on level 7."""
    if gdal.GetDriverByName("DGN") is None:
        pytest.skip("the GDAL of this QGIS has no driver for DGN")
    path = tmp_path / "总图.dgn"
    written = ogr.GetDriverByName("DGN").CreateDataSource(str(path))
    layer = written.CreateLayer("elements")
    square = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    for level, points in ((3, square), (3, [(200, 0), (300, 50)]), (7, [(0, 200), (50, 300)])):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("Level", level)
        corners = ",".join(f"{X + east} {Y + north}" for east, north in points)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"LINESTRING({corners})"))
        layer.CreateFeature(feature)
    del layer, written  # closes the file
    return path


def areas(path, layer):
    """The area of each feature of a layer; 0 for lines."""
    opened = gdal.OpenEx(path, gdal.OF_VECTOR)
    return [feature.GetGeometryRef().Area() for feature in opened.GetLayerByName(layer)]


def test_a_drawing_becomes_a_geopackage_its_levels_layers_and_its_closed_lines_polygons(drawing):
    converted = convert(SourceFile(str(drawing)), tell_nobody)
    assert Path(converted.path).name == "总图.dgn.gpkg"
    assert areas(converted.path, "Level 3") == [pytest.approx(10_000, rel=1e-6), 0.0]
    assert areas(converted.path, "Level 7") == [0.0]


def test_a_conversion_goes_on_in_the_background_and_can_be_stopped(drawing):
    heard = []
    conversion = Conversion(SourceFile(str(drawing)))
    conversion.answered.connect(heard.append)
    assert heard == []
    wait_for(lambda: heard)
    assert Path(heard[0].path).exists()

    def stop(done, _step):
        if done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(SourceFile(str(drawing)), stop)


def test_the_dialog_shows_a_drawing_and_adds_it(own_library, drawing):
    dialog = AddDialog(own_library)
    dialog.begin("")
    dialog.form.source.choose(SourceFile(str(drawing)))
    wait_for(lambda: dialog.form.chosen_part is not None or dialog.notice.text)
    assert dialog.notice.text == ""
    assert [dialog.form.part.itemText(index) for index in range(2)] == ["Level 3", "Level 7"]
    dialog.form.part.setCurrentIndex(1)
    assert "GDAL from 总图.dgn" in dialog.page.facts.text()
    assert dialog.form.source.line.text() == str(drawing)
    dialog.form.choose_target("XZDW")
    dialog.form.crs.setCrs(QgsCoordinateReferenceSystem(CRS))
    dialog.fields.choose("BSM", "EntityNum")
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    assert press_add(dialog)["features"] == 1
    dialog.close_down()


def test_processing_converts_too(provider, drawing):
    found = processing.run("onemap:inspect", {"SOURCE": str(drawing)})
    assert found["FORMAT"] == "GPKG"
    assert '"Level 3"' in found["JSON"]


def test_a_newer_drawing_is_refused_with_its_version_and_the_way_out(tmp_path, provider):
    path = tmp_path / "new.dwg"
    path.write_bytes(b"AC1032" + bytes(4096))
    if not is_convertible(str(path)):
        pytest.skip("the GDAL of this QGIS has no driver for DWG")
    with pytest.raises(Refusal, match="AutoCAD 2018.*DXF"):
        convert(SourceFile(str(path)), tell_nobody)
    with pytest.raises(QgsProcessingException, match="AutoCAD 2018"):
        processing.run("onemap:inspect", {"SOURCE": str(path)})
    path.write_bytes(b"AC1015" + bytes(4096))
    with pytest.raises(Refusal, match="neither by the core nor by QGIS's GDAL"):
        convert(SourceFile(str(path)), tell_nobody)


def test_a_database_that_cannot_be_opened_is_refused_and_names_the_driver_that_it_needs(tmp_path):
    path = tmp_path / "规划.mdb"
    path.write_bytes(JET)
    if not is_convertible(str(path)):
        pytest.skip("the GDAL of this QGIS has no driver for Access databases")
    with pytest.raises(Refusal, match=r"规划\.mdb.*ODBC driver.*\.gdb"):
        convert(SourceFile(str(path)), tell_nobody)


def test_without_a_driver_the_core_refuses_in_its_own_words(own_library, drawing):
    driver = gdal.GetDriverByName("DGN")
    driver.Deregister()
    try:
        assert not is_convertible(str(drawing))
        dialog = AddDialog(own_library)
        dialog.begin("")
        dialog.form.source.choose(SourceFile(str(drawing)))
        wait_for(lambda: dialog.notice.text)
        assert "DXF" in dialog.notice.text
        assert dialog.form.chosen_part is None
        dialog.close_down()
    finally:
        driver.Register()


def test_a_drawing_of_autocad_2000_is_read():
    drawings = [path for path in SHARED.rglob("*") if path.suffix.lower() == ".dwg"] if SHARED.is_dir() else []
    readable = [path for path in drawings if path.read_bytes()[:6] == b"AC1015"]
    if not readable:
        pytest.skip("no drawing of AutoCAD 2000 lies beside the project")
    for path in readable:
        assert Path(convert(SourceFile(str(path)), tell_nobody).path).exists()
