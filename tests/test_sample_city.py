"""The sample city: a plausible town, and files with their traps."""

import json
import tomllib
from pathlib import Path
from typing import Any

import ezdxf
import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import rasterio
import rasterio.windows
import shapely

from onemap.layers.errors import Cancelled
from onemap.layers.progress import Progress
from onemap.resources.sample_city import FEWEST_PARCELS, MOST_PARCELS, make
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.verbs.work.library_work import sample
from onemap.tests.conftest import SAMPLE_PARCELS

pytestmark = pytest.mark.slow  # what they share takes long to make

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "resources" / "sample_city"
ANSWERS = tomllib.loads((PLACE / "answers.toml").read_text(encoding="utf-8"))
CORNER = np.array([543_000.0, 4_212_000.0])


READ_BY_GDAL = (".gdb", ".gpkg", ".shp", ".geojson", ".zip")  # the rest has readers of its own in the core


def read(folder: Path, entry: dict[str, Any]) -> geopandas.GeoDataFrame:
    """One delivered layer with the catalogue's field names, in the city's coordinate system."""
    encoding = "GBK" if entry["file"].endswith(".shp") else None
    layer = geopandas.read_file(
        folder / entry["file"], layer=entry["options"].get("layer"), encoding=encoding, engine="pyogrio"
    )
    theirs = {source: target for target, source in entry["options"].get("fields", {}).items()}
    assert set(theirs) <= set(layer.columns), entry
    return layer.rename(columns=theirs).to_crs("EPSG:4547")


def content(folder: Path, entry: dict[str, Any]) -> object:
    """The content of a delivered file, without the date of writing that its format records."""
    path = folder / entry["file"]
    if path.suffix == ".tif":
        with rasterio.open(path) as raster:
            return raster.profile, raster.read().tobytes()
    if path.suffix == ".xlsx":
        return pandas.read_excel(path, header=None, engine="calamine").to_csv()
    if path.suffix == ".dxf":
        space = ezdxf.readfile(path).modelspace()
        return [(list(one.get_points()) if one.dxftype() == "LWPOLYLINE" else one.dxf.text) for one in space]
    if path.suffix in (".csv", ".kml"):
        return path.read_bytes()
    encoding = "GBK" if path.suffix in (".shp", ".tab") else None
    layer = geopandas.read_file(path, layer=entry["options"].get("layer"), encoding=encoding, engine="pyogrio")
    return shapely.to_wkb(layer.geometry).tolist(), layer.drop(columns="geometry").to_csv()


@pytest.fixture(scope="module")
def city(sample_city: Path) -> Path:
    return sample_city


@pytest.fixture(scope="module")
def entries(city: Path) -> list[dict[str, Any]]:
    return json.loads((city / "layers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def layers(city: Path, entries: list[dict[str, Any]]) -> dict[str, geopandas.GeoDataFrame]:
    """The delivered layers that GDAL reads by itself, by code; versions of one layer by code and label."""
    return {
        " ".join([entry["code"], *([entry["options"]["label"]] if entry["code"] == "STBHHX" else [])]): read(
            city, entry
        )
        for entry in entries
        if Path(entry["file"]).suffix in READ_BY_GDAL
    }


@pytest.fixture(scope="module")
def parcels(city: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_file(city / "parcels.gpkg", layer="parcels", engine="pyogrio")


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "resources" / "catalogue").glob("layers-*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found


# ---- The town ----


def test_one_seed_makes_one_town(city, entries, tmp_path):
    make(tmp_path, parcels=SAMPLE_PARCELS)
    for name in ("layers.json", "city.json", "redline.txt"):
        assert (tmp_path / name).read_bytes() == (city / name).read_bytes()
    for entry in [*entries, {"file": "parcels.gpkg", "options": {}}, {"file": "district.gpkg", "options": {}}]:
        assert content(city, entry) == content(tmp_path, entry), entry["file"]


def test_another_seed_makes_another_town_with_the_same_planted_parcels(parcels, tmp_path):
    steps = []
    make(tmp_path, seed=2**31 - 1, parcels=FEWEST_PARCELS, report=lambda *step: steps.append(step))
    shares = [share for share, _, _ in steps]
    assert shares == sorted(shares) and shares[0] == 0.0 and 0.9 < shares[-1] < 1.0
    assert list(dict.fromkeys(step for _, step, _ in steps)) == ["ground", "layers", "files"]
    written = [file for _, _, file in steps if file]
    assert len(written) > 50 and "生态保护红线2025.shp" in written
    other = geopandas.read_file(tmp_path / "parcels.gpkg", engine="pyogrio")
    assert len(other) == FEWEST_PARCELS
    assert not shapely.equals_exact(other.geometry[0], parcels.geometry[0])
    mine, theirs = (each[each["DKBH"] > "DK90000"].reset_index(drop=True) for each in (parcels, other))
    assert len(mine) == len(ANSWERS["verdicts"])
    assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry"))
    assert shapely.equals_exact(mine.geometry.to_numpy(), theirs.geometry.to_numpy()).all()


def test_a_cancelled_town_leaves_nothing_of_itself(tmp_path):
    steps = []

    def stop(share: float, step: str) -> None:
        steps.append((share, step))
        if share:
            raise Cancelled

    for folder in (tmp_path / "new", tmp_path):
        with pytest.raises(Cancelled):
            sample({"folder": str(folder), "parcels": FEWEST_PARCELS}, VerbContext("en", progress=Progress(stop)))
        assert list(tmp_path.iterdir()) == []
    assert steps[:2] == [(0.0, "Sample city: ground, streets and blocks"), (0.1, "Sample city: drawing the layers")]


@pytest.mark.parametrize("number", [FEWEST_PARCELS - 1, MOST_PARCELS + 1])
def test_a_town_without_room_for_its_parcels_is_refused(number, tmp_path):
    with pytest.raises(ValueError, match="parcels must be from"):
        make(tmp_path / "town", parcels=number)
    assert not (tmp_path / "town").exists()


def test_parcels_are_valid_apart_and_named(parcels):
    ground = parcels.geometry.to_numpy()
    assert len(parcels) == SAMPLE_PARCELS
    assert parcels["DKBH"].is_unique
    assert list(parcels.columns) == ["DKBH", "DKMC", "YDXZ", "XMMC", "XMLX", "geometry"]
    assert shapely.is_valid(ground).all()
    one, other = shapely.STRtree(ground).query(ground, predicate="intersects")
    shared = shapely.area(shapely.intersection(ground[one[one < other]], ground[other[one < other]]))
    assert shared.max() == 0.0


def test_parcels_are_of_many_sizes_some_in_parts_some_with_courts(parcels):
    grown = parcels[parcels["DKBH"] < "DK90000"].geometry.to_numpy()
    area_m2 = np.sort(shapely.area(grown))
    assert area_m2[-len(area_m2) // 20] > 8 * area_m2[len(area_m2) // 20]
    assert (shapely.get_num_geometries(grown) > 1).sum() >= 2
    assert (shapely.get_num_interior_rings(shapely.get_parts(grown)) > 0).sum() >= 2
    corners = shapely.get_num_coordinates(grown)
    assert np.mean(corners > 5) > 0.5  # bent streets and cut corners, not a chequered board


def test_layers_have_the_catalogues_codes_and_fields(layers, catalogue):
    assert len(layers) >= 20
    for name, layer in layers.items():
        definition = catalogue[name.split()[0]]
        known = {field["name"]: field.get("values") for field in definition["fields"]}
        assert set(layer.columns) - {"geometry"} <= set(known), name
        assert layer[definition["key"]].is_unique, name
        assert layer.geometry.is_valid.all(), name
        assert set(layer.geom_type.str.removeprefix("Multi")) <= {"Polygon", "LineString"}, name
        for field, values in known.items():
            if values and field in layer:
                assert set(layer[field].dropna()) <= set(values), (name, field)


def test_land_cover_and_land_use_plan_fill_the_district_without_gap_or_overlap(city, layers):
    district = geopandas.read_file(city / "district.gpkg", engine="pyogrio").geometry.item()
    for code in ("DLTB", "TDGHDL", "JSYDGZQ", "LSDLTB", "DLGQ"):
        ground = shapely.get_parts(layers[code].geometry.to_numpy())
        assert shapely.coverage_is_valid(ground)
        assert shapely.area(ground).sum() == pytest.approx(district.area, abs=1.0)


def test_two_plans_disagree_where_the_answers_say(layers):
    clean = shapely.box(*(CORNER + (-150, -150)), *(CORNER + (850, 1200)))
    plan_a, plan_b = layers["TDGHDL"], layers["KGDK"]
    plan_a, plan_b = plan_a[plan_a.intersects(clean)], plan_b[plan_b.intersects(clean)]
    both = geopandas.overlay(plan_a, plan_b, how="intersection", keep_geom_type=True)
    both = both[both.representative_point().within(clean)]
    area_m2 = both.geometry.area.groupby([both["GHDLDM"], both["YDXZDM"]]).sum()
    for answer in ANSWERS["difference"]:
        assert area_m2[answer["use_a"], answer["use_b"]] == pytest.approx(answer["area_m2"], abs=0.001)


# ---- The files and their traps ----


def test_shapefiles_are_gbk_and_do_not_say_so(city):
    shapefiles = sorted(city.rglob("*.shp"))
    assert len(shapefiles) >= 5
    for path in shapefiles:
        assert not path.with_suffix(".cpg").exists()
        table = path.with_suffix(".dbf").read_bytes()
        assert table[29] == 0
        assert path.with_suffix(".prj").read_text("ascii").startswith('PROJCS["CGCS2000_3_Degree_GK_CM_114E"')
    table = (city / "环保" / "生态保护红线2023.dbf").read_bytes()
    assert "西岭水源涵养生态保护红线".encode("gbk") in table
    assert "红线名称".encode("gbk") in table[:512]
    with pytest.raises(UnicodeDecodeError):
        table.decode("utf-8")


def test_the_geodatabase_has_chinese_layers_and_fields(city):
    path = city / "国土" / "国土空间数据.gdb"
    assert {"地类图斑", "永久基本农田图斑", "土地规划地类"} <= set(pyogrio.list_layers(path)[:, 0])
    fields = pyogrio.read_info(path, layer="地类图斑")["fields"]
    assert {"标识码", "地类编码", "权属性质"} <= set(fields)


def test_the_red_line_text_is_as_surveyors_write_it(city, parcels):
    content = (city / "redline.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    lines = content.decode("gb18030").split("\r\n")
    assert {"带号=38", "几度分带=3", "坐标系=2000国家大地坐标系"} <= set(lines)
    assert sum(line.endswith(",@") for line in lines) == 5
    points = [line.split(",") for line in lines if line.startswith("J")]
    assert {point[1] for point in points} == {"1", "2"}  # one of them has a court
    assert all(point[3].startswith("38543") and point[2].startswith("4212") for point in points)


def test_geojson_is_in_degrees_fine_enough_for_a_tenth_of_a_millimetre(city):
    plain = json.loads((city / "林业" / "自然保护地.geojson").read_text(encoding="utf-8"))
    declared = json.loads((city / "水利" / "蓄滞洪区.geojson").read_text(encoding="utf-8"))
    assert "crs" not in plain
    assert declared["crs"]["properties"]["name"].endswith("EPSG::4490")
    for content in (plain, declared):
        east, north = content["features"][0]["geometry"]["coordinates"][0][0][:2]
        assert 114.4 < east < 114.6
        assert 38.0 < north < 38.1
    here = geopandas.read_file(city / "水利" / "蓄滞洪区.geojson", engine="pyogrio").to_crs("EPSG:4547")
    coordinates = shapely.get_coordinates(here.geometry.to_numpy())
    assert np.abs(coordinates - np.round(coordinates, 3)).max() < 0.0001


def test_planted_coordinates_survive_their_formats(layers):
    planted = {
        "YJJBNTTB": (470, 20, 530, 60),
        "STBHHX 2023": (100, 450, 200, 550),
        "YYSSYBHQ": (100, 150, 160, 210),
        "WWBHFW": (-120, 0, -80, 40),
    }
    for name, (west, south, east, north) in planted.items():
        wanted = shapely.box(*(CORNER + (west, south)), *(CORNER + (east, north)))
        found = shapely.get_parts(layers[name].geometry.to_numpy())
        assert shapely.equals_exact(shapely.normalize(found), shapely.normalize(wanted), tolerance=0.0).sum() == 1, name


def test_departments_send_what_they_have_in_many_forms(entries):
    suffixes = {Path(entry["file"]).suffix for entry in entries}
    assert suffixes >= {".gdb", ".gpkg", ".shp", ".geojson", ".zip", ".tab", ".kml", ".csv", ".xlsx", ".dxf", ".tif"}


def test_nothing_but_what_is_planted_lies_on_the_clean_ground(city, layers):
    clean = shapely.box(*(CORNER + (-150, -150)), *(CORNER + (850, 1200)))
    assert not layers["YJGH"].intersects(clean).any()
    with rasterio.open(city / "国土" / "数字高程模型.tif") as heights:
        window = rasterio.windows.from_bounds(*clean.bounds, heights.transform)
        ground = heights.read(1, window=window)
    assert np.abs(np.diff(ground, axis=0)).max() < 0.2
    assert np.abs(np.diff(ground, axis=1)).max() < 0.2


def test_the_picture_shows_a_green_country_with_a_river_and_a_built_town(city):
    with rasterio.open(city / "国土" / "正射影像2025.tif") as picture:
        assert picture.crs.to_epsg() == 4547
        assert picture.overviews(1) == [2, 4, 8]
        town = np.asarray([538_000.0 + 3220, 4_209_500.0 + 2880])
        at = [next(picture.sample([town + step])) for step in ((0, 0), (-2700, 1500), (2600, -1500))]
        red, green, blue = picture.read(out_shape=(3, 300, 360)).astype(float)
    assert len({tuple(one) for one in at}) == 3
    assert np.mean(green > blue + 15) > 0.5
    assert np.mean(blue > red + 10) > 0.005
    assert np.mean((np.abs(red - green) < 12) & (np.abs(green - blue) < 16)) > 0.03


def test_the_yearbook_adds_up_and_names_what_there_is(city, entries, layers):
    tables = {}
    for entry in entries:
        if entry["code"] in ("RKTJ", "FRTJ", "GHZBB", "JCSJ"):
            theirs = {source: target for target, source in entry["options"]["fields"].items()}
            tables[entry["code"]] = pandas.read_csv(city / entry["file"], encoding="gbk").rename(columns=theirs)
    units = set(layers["XZQ"]["XZQDM"].astype("int64"))
    for code, keys, number in (("RKTJ", ["ND"], "CZRK"), ("FRTJ", ["HYDM"], "DWS"), ("GHZBB", ["ZBDM"], "GHMBN")):
        table = tables[code]
        below = table[table["XZQDM"].isin(units)]
        assert set(below["XZQDM"]) == units, code
        whole = table[~table["XZQDM"].isin(units)].set_index(keys)[number]
        assert below.groupby(keys)[number].sum().to_dict() == pytest.approx(whole.to_dict()), code
    pack = tomllib.loads((ROOT / "resources" / "indicators" / "city-checkup.toml").read_text(encoding="utf-8"))
    assert set(tables["GHZBB"]["ZBDM"]) <= {item["id"] for item in pack["indicator"]}
    nodes = pandas.read_csv(city / "市政" / "物联网节点.csv", encoding="gbk")
    assert set(tables["JCSJ"]["JDBH"]) <= set(nodes.to_numpy().ravel())
    assert not tables["JCSJ"].duplicated(["JDBH", "SJ"]).any()
