"""The map on the canvas, printed on the sheets of a published project."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QDate
from qgis.PyQt.QtGui import QColor, QDesktopServices, QImage
from qgis.PyQt.QtWidgets import QFileDialog

from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import CRS, Reader, X, Y, wait_for

SHEET_PX = (3508, 2480)  # 297 × 210 mm at 300 dots an inch


@pytest.fixture
def printing(dock, library, canvas):
    """The print button, with a library's farmland on the map; the canvas shows its first 400 m."""
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(CRS))
    dock.show()
    dock.map_tab.show_map_of(str(library))
    dock.open_library(library)
    wait_for(lambda: QgsProject.instance().mapLayers())
    canvas.setExtent(QgsRectangle(X, Y, X + 400, Y + 400))
    return dock.print_button


@pytest.mark.parametrize(("page", "width_mm"), [("A4", 297), ("A3", 420)])
def test_the_sheet_shows_what_the_canvas_shows_and_says_of_when_the_data_are(printing, canvas, page, width_mm):
    layout = printing.sheet(page, "城北 [% 1 + 1 %]")
    shown, legend = layout.itemById("map"), layout.itemById("legend")
    assert layout.pageCollection().page(0).pageSize().width() == width_mm
    assert shown.extent().contains(canvas.extent()) and shown.crs().authid() == CRS
    assert legend.title() == "Legend" and legend.linkedMap() is shown and legend.legendFilterByMapEnabled()
    assert layout.itemById("scale").linkedMap() is shown and layout.itemById("north").linkedMap() is shown
    assert layout.itemById("title").currentText() == "城北 [ % 1 + 1 %]", "no expression"
    today = QDate.currentDate().toString("yyyy-MM-dd")
    foot = layout.itemById("foot").currentText()
    assert foot.startswith(f"1:{shown.scale():,.0f}    Data as of {today}, printed {today}    ")
    page_item = layout.itemById("page")
    for name in ("map", "legend", "scale", "north", "title", "foot"):
        assert page_item.sceneBoundingRect().contains(layout.itemById(name).sceneBoundingRect()), name
    assert not QgsProject.instance().layoutManager().layouts(), "the project is the planner's"


def test_the_map_is_written_and_opened_under_a_name_for_people(printing, dock, tmp_path, monkeypatch):
    asked, target = [], tmp_path / "map.png"
    monkeypatch.setattr("onemap.plugin.desk.map.map_print.ask_text", lambda *words: words[-1]("城北/现状"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *words: asked.append(words[2]) or (str(target), ""))
    reader = Reader()
    QDesktopServices.setUrlHandler("file", reader.read)
    printing.pages.actions()[0].trigger()
    assert asked[0].endswith("城北_现状 A4.pdf")
    assert not printing.isEnabled() and not target.exists(), "QGIS goes on meanwhile"
    wait_for(printing.isEnabled)
    QDesktopServices.unsetUrlHandler("file")
    picture = QImage(str(target))
    assert (picture.width(), picture.height()) == SHEET_PX
    ground = picture.copy(130, 270, 2400, 1900)  # the map, of which farmland covers the middle
    assert len({ground.pixelColor(x, y).name() for x in range(0, 2400, 40) for y in range(0, 1900, 40)}) > 2
    assert reader.opened == [str(target)] and str(target) in dock.notice.text
    assert settings.get("review_folder") == str(tmp_path)
    folder = tmp_path / "map.pdf"
    folder.mkdir()
    printing.write(str(folder), "A4", "城北")
    wait_for(printing.isEnabled)
    assert not list(tmp_path.glob("*.part"))
    assert "could not be written" in dock.notice.text and len(reader.opened) == 1


def colours_in(picture, left, top, right, bottom):
    """The colours of a part of a picture, a dot of ten."""
    dots = ((x, y) for x in range(left, right, 10) for y in range(top, bottom, 10))
    return {picture.pixelColor(x, y).name() for x, y in dots}


@pytest.mark.slow
def test_no_map_is_printed_without_a_layer_that_lay_on_it_when_it_began(printing, dock, tmp_path):
    printing.write(str(tmp_path / "map.png"), "A4", "城北")
    QgsProject.instance().removeAllMapLayers()
    wait_for(printing.isEnabled)
    assert "a layer of it was removed meanwhile" in dock.notice.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_legend_of_77_layers_has_pages_of_its_own_where_each_can_be_read(printing, tmp_path, monkeypatch):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    wide = "一个很长的名称" * 9  # so that a page has few columns
    square, colours = QgsFeature(), [QColor.fromHsv(4 * number, 255, 200) for number in range(78)]
    square.setGeometry(QgsGeometry.fromRect(QgsRectangle(X + 10, Y + 10, X + 200, Y + 200)))
    for number, colour in enumerate(colours):
        layer = QgsVectorLayer(f"Polygon?crs={CRS}", f"{wide if number == 9 else number}", "memory")
        layer.renderer().symbol().setColor(colour)
        if number < 77:  # the last one has nothing on the sheet
            layer.dataProvider().addFeatures([square])
            layer.updateExtents()
        QgsProject.instance().addMapLayer(layer)
    target = tmp_path / "map.png"
    printing.write(str(target), "A4", "城北")
    wait_for(printing.isEnabled)
    picture = QImage(str(target))
    count = picture.height() // SHEET_PX[1] - 1
    assert picture.height() == (1 + count) * SHEET_PX[1] and count == 2, "the pages lie below the map"
    names = {colour.name() for colour in colours}
    below = colours_in(picture, 0, SHEET_PX[1], *(SHEET_PX[0], picture.height()))
    assert names & below == {colour.name() for colour in colours[:77]}
    pages = [colours_in(picture, 0, top, SHEET_PX[0], top + SHEET_PX[1]) for top in (SHEET_PX[1], 2 * SHEET_PX[1])]
    assert not pages[0] & pages[1] & names and pages[1] & names, "each stands once"
    beside = colours_in(picture, 2620, 0, *SHEET_PX)  # right of the map: where the legend is, is said
    assert not names & beside and "#000000" in beside
