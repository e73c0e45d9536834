"""`onemap publish` without QGIS: the project's XML, omissions and refusals, and the same bytes each time."""

import os
import shutil
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from onemap.tests.conftest import Answer
from onemap.tests.layers.stores.conftest import server_shelf, squares  # noqa: F401 - fixtures


def project(path: Path) -> ET.Element:
    """The project in its package."""
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{path.stem}.qgs"]
        return ET.fromstring(archive.read(archive.namelist()[0]))  # our own


def sources(root: ET.Element) -> dict[str, str]:
    """The sources of the project's layers, by their short names."""
    return {str(one.findtext("shortname")): str(one.findtext("datasource")) for one in root.iter("maplayer")}


@pytest.fixture
def publish(shelf, layer_file, box, tmp_path):
    """Publishes a library with one layer, T."""
    assert shelf.add(layer_file("a.gpkg", [box(0, 0)]), valid_from="2024-01-01").code == 0

    def run_publish(*options: object, target: Path = tmp_path / "map.qgz", lang: str = "en") -> Answer:
        return shelf.run("publish", shelf.path, target, *options, lang=lang)

    return run_publish


def test_the_same_library_gives_the_same_bytes(publish, tmp_path):
    assert publish("--as-of", "2026-01-01").code == 0
    first = (tmp_path / "map.qgz").read_bytes()
    os.utime(tmp_path / "city.gpkg")
    answer = publish("--as-of", "2026-01-01", "--overwrite").done()
    assert (tmp_path / "map.qgz").read_bytes() == first
    assert answer.json["layers"][0] | {"title": ""} == {
        "code": "T", "version": 1, "label": "2024-01-01", "table": "T__1", "title": "", "count": 1,
        "coverage": "extent", "shown": True,
    }  # fmt: skip


def test_departments_are_called_as_the_profile_calls_them(publish, tmp_path):
    (tmp_path / "city.profile.toml").write_text('[departments.land]\nname = "土地局"\n', encoding="utf-8")
    assert publish().code == 0
    root = project(tmp_path / "map.qgz")
    words = {value.text for value in root.iter("value")}
    assert "土地局" in words and "Land" not in words


def test_nothing_of_this_machine_is_in_the_project(publish, tmp_path):
    (tmp_path / "below").mkdir()
    assert publish().code == 0
    answer = publish(target=tmp_path / "below" / "map.qgz")
    assert answer.codes == ["publish.elsewhere"]
    assert sources(project(tmp_path / "map.qgz")) == {"T": "./city.gpkg|layername=T__1"}
    assert sources(project(tmp_path / "below" / "map.qgz")) == {"T": "../city.gpkg|layername=T__1"}
    with zipfile.ZipFile(tmp_path / "map.qgz") as archive:
        assert str(tmp_path).encode() not in archive.read("map.qgs")


def test_a_target_is_replaced_only_when_asked_and_stays_whole_when_refused(publish, tmp_path):
    target = tmp_path / "map.qgz"
    target.write_bytes(b"a person's")
    assert publish().codes == ["out.exists"]
    assert publish("--overwrite", "--as-of", "2000-01-01").codes == ["publish.empty"]
    assert target.read_bytes() == b"a person's"
    assert publish("--overwrite").code == 0
    assert publish(target=tmp_path / "map.qgs").codes == ["publish.suffix"]
    assert publish(target=tmp_path / "none" / "map.qgz").codes == ["out.folder"]
    unknown = publish("--only", "NO", target=tmp_path / "b.qgz")
    assert (unknown.code, unknown.codes) == (2, ["layer.unknown"])
    assert publish("--authcfg", "a secret", target=tmp_path / "b.qgz").codes == ["publish.authcfg"]
    assert publish("--authcfg", "abc1234", target=tmp_path / "b.qgz").codes == ["usage.alone"]
    assert [path.name for path in tmp_path.glob("*.q*")] == ["map.qgz"]


def test_the_day_and_what_was_known_choose_the_version(shelf, publish, layer_file, box, tmp_path):
    known = shelf.rows("SELECT recorded_at FROM onemap_versions")[0][0]
    newer = layer_file("b.gpkg", [box(0, 0), box(200, 0)])
    assert shelf.add(newer, valid_from="2025-01-01", define=None).code == 0
    for options, table in (
        (["--as-of", "2024-06-01"], "T__1"),
        (["--as-of", "2025-06-01"], "T__2"),
        (["--as-of", "2025-06-01", "--known-at", known], "T__1"),
    ):
        assert publish(*options, "--overwrite").json["layers"][0]["table"] == table
    early = publish("--as-of", "2023-01-01", target=tmp_path / "b.qgz")
    assert early.codes == ["publish.empty"]


def test_what_the_catalogue_withholds_is_published_only_by_its_name(publish, tmp_path):
    own = "[T]\ntitle = '试验'\ndepartment = 'land'\nlibrary = 'base'\nkind = 'vector'\ngeometry = 'polygon'\n"
    (tmp_path / "city.catalogue.toml").write_text(own + "withheld = true\n", encoding="utf-8")
    assert publish().codes == ["publish.empty"]
    named = publish("--only", "T,YJJBNTTB")
    assert [one["code"] for one in named.json["layers"]] == ["T"]
    assert named.json["left_out"] == [{"code": "YJJBNTTB", "reason": "layer_missing"}]
    (tmp_path / "city.catalogue.toml").write_text(own + "withheld = 'yes'\n", encoding="utf-8")
    assert publish("--overwrite").codes == ["catalogue.type"]


def test_a_shipped_layer_may_be_withheld_or_released_by_the_city(shelf, publish, layer_file, box, tmp_path):
    grid = layer_file("grid.gpkg", [box(0, 0)], {"WGBH": ["1"]})
    assert shelf.add(grid, "JSSSWG", define=None).code == 0
    assert publish().json["left_out"] == [{"code": "JSSSWG", "reason": "withheld"}]
    (tmp_path / "city.catalogue.toml").write_text("[JSSSWG]\nwithheld = false\n", encoding="utf-8")
    assert publish("--overwrite").json["left_out"] == []


def test_words_from_outside_cannot_break_the_xml(shelf, publish, layer_file, box, tmp_path):
    again = layer_file("b&<c>.gpkg", [box(0, 0)])
    assert shelf.add(again, valid_from="2025-01-01", define=None, label='<"&\x07>').code == 0
    assert publish(lang="zh").code == 0
    layer = next(project(tmp_path / "map.qgz").iter("maplayer"))
    assert layer.findtext("layername") == '试验 <"&\ufffd>'
    assert "b&<c>.gpkg" in str(layer.findtext("abstract"))


def picture(path: Path, bands: np.ndarray, **more: object) -> Path:
    """A raster of (n, 20, 20) numbers."""
    place = rasterio.transform.from_origin(500_000, 4_000_100, 5, 5)
    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=20, count=len(bands), dtype=bands.dtype, crs="EPSG:4547",
        transform=place, **more,
    ) as made:  # fmt: skip
        made.write(bands)
    return path


RASTER = "name=图,department=land,library=base,kind=imagery,geometry=raster"


def test_a_raster_that_is_gone_is_left_out_and_one_far_away_is_told(shelf, publish, tmp_path):
    (tmp_path / "far").mkdir()
    heights = np.arange(400, dtype="float32").reshape(1, 20, 20)
    near, far = picture(tmp_path / "near.tif", heights), picture(tmp_path / "far" / "far.tif", heights)
    assert shelf.add(near, "A", define=RASTER).code == 0
    assert shelf.add(far, "B", define=RASTER).code == 0
    (tmp_path / "project").mkdir()
    shutil.move(shelf.path, tmp_path / "project" / "city.gpkg")
    shelf.path = tmp_path / "project" / "city.gpkg"
    near.unlink()
    answer = shelf.run("publish", shelf.path, tmp_path / "project" / "map.qgz")
    assert answer.json["left_out"] == [{"code": "A", "reason": "unreadable"}]
    assert [(one["code"], one["layer"]) for one in answer.json["problems"]] == [("publish.picture_elsewhere", "B")]
    assert sources(project(tmp_path / "project" / "map.qgz"))["B"] == "../far/far.tif"


def test_a_picture_is_painted_by_its_bands_and_its_own_colours(shelf, publish, tmp_path):
    cells = np.arange(1600, dtype="uint16").reshape(4, 20, 20)
    colours = {value: (value, 0, 255 - value, 255) for value in range(256)}
    with rasterio.open(picture(tmp_path / "c.tif", (cells[:1] % 256).astype("uint8")), "r+") as made:
        made.write_colormap(1, colours)
    with rasterio.open(picture(tmp_path / "d.tif", cells), "r+") as made:
        made.colorinterp = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)
    for code, name in (("C", "c.tif"), ("D", "d.tif")):
        assert shelf.add(tmp_path / name, code, define=RASTER).code == 0
    assert publish().code == 0
    painted = {
        one.findtext("shortname"): one.find("pipe/rasterrenderer")
        for one in project(tmp_path / "map.qgz").iter("maplayer")
        if one.get("type") == "raster"
    }
    assert painted["C"].get("type") == "paletted"
    assert [entry.get("color") for entry in painted["C"].iter("paletteEntry")][7] == "#0700f8"
    assert [painted["D"].get(f"{name}Band") for name in ("red", "green", "blue")] == ["3", "2", "1"]
    limits = [painted["D"].findtext(f"redContrastEnhancement/{name}Value") for name in ("min", "max")]
    assert [float(limit) for limit in limits] == list(np.percentile(cells[2], (2, 98)))


def test_a_server_is_named_without_who_logs_in(server_shelf, squares, tmp_path):  # noqa: F811 - fixtures
    assert server_shelf.add(squares).code == 0
    location = server_shelf.url.replace("postgresql://", "postgresql://:geheim@")
    answer = server_shelf.run("publish", location, tmp_path / "map.qgz")
    assert (answer.code, answer.codes) == (0, ["publish.login"])
    text = sources(project(tmp_path / "map.qgz"))["T"]
    assert 'table="city"."T__1" (geom)' in text and "srid=4547 type=MultiPolygon" in text
    assert "user" not in text and "password" not in text and "geheim" not in str(answer.json)
    answer = server_shelf.run("publish", server_shelf.url, tmp_path / "b.qgz", "--authcfg", "abc1234")
    assert answer.codes == []
    assert "authcfg=abc1234" in sources(project(tmp_path / "b.qgz"))["T"]
