"""Shifted background maps are named while they are on the map: a red line on one shows other ground."""

from urllib.parse import quote

import pytest
from qgis.core import QgsGeometry, QgsProject, QgsRasterLayer

from onemap.plugin.desk.map.shifted_maps import shifted_datum
from onemap.tests.plugin.small_town import box

GAODE = "https://webrd01.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}"


def tiles(address, name="tiles"):
    """A layer of tiles as QGIS writes it; nothing of it is fetched."""
    return QgsRasterLayer(f"type=xyz&url={quote(address, safe=':/')}&zmax=18&zmin=0", name, "wms")


@pytest.mark.parametrize(
    ("address", "datum"),
    [
        (GAODE, "GCJ-02"),
        ("http://wprd04.is.autonavi.com/appmaptile?style=6&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://rt0.map.gtimg.com/realtimerender?z={z}&x={x}&y={-y}&type=vector&style=0", "GCJ-02"),
        ("https://www.google.cn/maps/vt?lyrs=s@189&gl=cn&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://mt1.google.com/vt/lyrs=m&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://mt1.google.com/vt/lyrs=y&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://mt1.google.com/vt/lyrs=s,h&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://mt1.google.com/vt/lyrs=s&gl=cn&x={x}&y={y}&z={z}", "GCJ-02"),
        ("https://mt1.google.com/vt/lyrs=s&x={x}&y={y}&z={z}", ""),  # its pictures lie right, only its streets do not
        ("https://mt1.google.com/vt?x={x}&y={y}&z={z}&lyrs=s", ""),
        ("HTTPS://Map.GeoQ.cn/ArcGIS/rest/services/ChinaOnlineCommunity/MapServer/tile/{z}/{y}/{x}", "GCJ-02"),
        ("https://maponline0.bdimg.com/tile/?qt=vtile&x={x}&y={y}&z={z}&styles=pl", "BD-09"),
        ("https://tile.openstreetmap.org/{z}/{x}/{y}.png", ""),
        ("https://t0.tianditu.gov.cn/DataServer?T=img_w&x={x}&y={y}&l={z}", ""),
        ("https://maps.example.cn/amap.com/{z}/{x}/{y}.png", ""),
        ("https://notamap.com/{z}/{x}/{y}.png", ""),
    ],
)
def test_a_shifted_server_is_known_by_its_address(address, datum):
    assert shifted_datum(tiles(address)) == datum


def test_a_server_of_arcgis_is_known_too():
    source = "crs='EPSG:3857' format='PNG32' layer='0' url='http://map.geoq.cn/ArcGIS/rest/services/X/MapServer'"
    assert shifted_datum(QgsRasterLayer(source, "x", "arcgismapserver", QgsRasterLayer.LayerOptions(False))) == "GCJ-02"


def test_the_dock_names_a_shifted_map_as_long_as_it_is_on_the_map(dock, canvas):
    canvas.setRenderFlag(False)  # else it would ask the server
    shifted, right = tiles(GAODE, "高德"), tiles("https://t0.tianditu.gov.cn/img_w/{z}/{x}/{y}", "天地图")
    QgsProject.instance().addMapLayers([shifted, right], False)
    note = dock.shifted_map_note
    canvas.setLayers([right])
    assert note.isHidden()
    canvas.setLayers([right, shifted])
    assert not note.isHidden()
    assert "高德 (GCJ-02)" in note.text()
    assert "天地图 (" not in note.text()
    canvas.setLayers([])
    assert note.isHidden()


def test_what_was_drawn_on_a_shifted_map_says_so_until_it_is_drawn_afresh(dock, canvas):
    canvas.setRenderFlag(False)
    shifted = tiles(GAODE, "高德")
    QgsProject.instance().addMapLayer(shifted, False)
    parcels = dock.check_tab.parcels
    outline = QgsGeometry.fromWkt(box(100, 100, 50, 50))
    parcels.add_drawing(outline)
    assert parcels.shifted_note.isHidden()
    canvas.setLayers([shifted])
    parcels.add_drawing(outline)
    canvas.setLayers([])
    assert not parcels.shifted_note.isHidden() and "高德 (GCJ-02)" in parcels.shifted_note.text()
    parcels.clear_drawings()
    assert parcels.shifted_note.isHidden()
    parcels.undo()
    assert not parcels.shifted_note.isHidden()
    parcels.clear_drawings()
    parcels.add_drawing(outline)
    assert parcels.shifted_note.isHidden()
