"""`--transform` with a file of four or seven parameters: applied exactly, nothing assumed, nothing stored.

All parameters here are invented.
"""

import json
import math

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

FOUR = """
from = "EPSG:2383"
to = "EPSG:4547"
dx_m = 30.51379
dy_m = -112.25681
x_axis = "north"
rotation_arcsec = 1.75394
turns = "clockwise"
scale_ppm = -2.51463
"""
SEVEN = """
from = "EPSG:4610"
to = "EPSG:4490"
dx_m = 16.51873
dy_m = -105.25917
dz_m = -37.12589
rx_arcsec = 0.81253
ry_arcsec = -1.43751
rz_arcsec = 2.06258
scale_ppm = 3.25716
convention = "position_vector"
"""


def parameter_file(tmp_path, text, name="参数.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def corners(shapes):
    return shapely.get_coordinates(shapely.normalize(shapes))


@pytest.fixture
def xian(layer_file, box):
    return layer_file("a.gpkg", [box(0, 0)], crs="EPSG:2383")


def test_four_parameters_turn_stretch_and_shift_as_worked_by_hand(shelf, layer_file, tmp_path):
    # North 100, east 200, turned 90° clockwise: north −200, east 100; doubled is no datum's scale, so 1.0625 is taken:
    # north −212.5, east 106.25; shifted by 1000 north, 300 east.
    text = """
        from = "EPSG:2383"
        to = "EPSG:4547"
        dx_m = 1000
        dy_m = 300
        x_axis = "north"
        rotation_deg = 90
        turns = "clockwise"
        scale_factor = 1.0625
    """
    point = layer_file("p.gpkg", [shapely.Point(200, 100)], crs="EPSG:2383")
    shelf.add(point, geometry="point", transform=parameter_file(tmp_path, text)).done()
    (found,) = shapely.get_parts(shelf.geometries())
    assert (found.x, found.y) == pytest.approx((300 + 106.25, 1000 - 212.5), abs=1e-9)


def test_four_parameters_agree_with_projs_own_helmert(shelf, xian, tmp_path):
    assert shelf.add(xian, transform=parameter_file(tmp_path, FOUR)).code == 0
    # PROJ: x east, y north, theta clockwise in seconds, s a factor.
    own = pyproj.Transformer.from_pipeline("+proj=helmert +x=-112.25681 +y=30.51379 +theta=1.75394 +s=0.99999748537")
    square = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)
    expected = shapely.transform(square, lambda x, y: own.transform(x, y), interleaved=False)
    assert np.abs(corners(shelf.geometries()[0]) - corners(expected)).max() < 1e-6


def test_seven_parameters_agree_with_the_formula_of_bursa_and_wolf(shelf, xian, tmp_path):
    assert shelf.add(xian, transform=parameter_file(tmp_path, SEVEN)).code == 0
    degrees = pyproj.Transformer.from_crs("EPSG:2383", "EPSG:4610", always_xy=True)
    plane = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True)

    def to_new_datum(east, north):
        lon, lat = (np.radians(angle) for angle in degrees.transform(east, north))
        a, e2 = 6378140.0, (2 - 1 / 298.257) / 298.257
        n = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        x = np.array([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - e2) * np.sin(lat)])
        rx, ry, rz = (math.radians(angle / 3600) for angle in (0.81253, -1.43751, 2.06258))
        turn = np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])
        x = np.array([[16.51873], [-105.25917], [-37.12589]]) + (1 + 3.25716e-6) * turn @ x
        a, e2 = 6378137.0, (2 - 1 / 298.257222101) / 298.257222101
        distance = np.hypot(x[0], x[1])
        latitude = np.arctan2(x[2], distance * (1 - e2))
        for _ in range(20):
            n = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
            latitude = np.arctan2(x[2] + e2 * n * np.sin(latitude), distance)
        return plane.transform(np.degrees(np.arctan2(x[1], x[0])), np.degrees(latitude))

    square = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)
    expected = shapely.transform(square, to_new_datum, interleaved=False)
    assert np.abs(corners(shelf.geometries()[0]) - corners(expected)).max() < 1e-5
    moved = corners(shelf.geometries()[0]) - corners(square)
    assert 20 < np.hypot(*moved[0]) < 300  # the sort of distance between these datums


def test_the_two_conventions_are_each_others_opposite_and_neither_is_a_default(shelf, xian, tmp_path):
    turned = SEVEN.replace("position_vector", "coordinate_frame")
    for name in ("rx", "ry", "rz"):
        turned = turned.replace(f"{name}_arcsec = ", f"{name}_arcsec = -").replace("= --", "= ")
    assert shelf.add(xian, transform=parameter_file(tmp_path, SEVEN), label="a").code == 0
    assert shelf.add(xian, transform=parameter_file(tmp_path, turned), label="b").json["unchanged"]
    other = SEVEN.replace("position_vector", "coordinate_frame")
    assert shelf.add(xian, transform=parameter_file(tmp_path, other), label="c").code == 0
    assert shelf.geometries("T__2")[0].centroid.distance(shelf.geometries("T__1")[0].centroid) > 10


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_same_parameters_as_chinese_text_do_the_same(shelf, xian, tmp_path, encoding):
    text = (
        "# 某测绘院提供\r\n源坐标系=EPSG:2383\r\n目标坐标系=EPSG:4547\r\nX平移（米）＝30.51379\r\n"
        "Y平移（米）：-112.25681\r\n"
        "X轴=北\r\n旋转角（秒）= １.75394\r\n旋转方向=顺时针\r\n尺度（ppm）=-2.51463\r\n"
    )
    path = tmp_path / "四参数.txt"
    path.write_bytes(text.encode(encoding))
    shelf.add(xian, transform=path, label="a").done()
    assert shelf.add(xian, transform=parameter_file(tmp_path, FOUR), label="b").json["unchanged"]


def test_a_source_in_another_plane_of_the_datum_is_brought_to_the_stated_one_first(shelf, layer_file, tmp_path, box):
    # EPSG:2362 is zone 38 with its number before the easting, EPSG:2383 the same zone without.
    moved = shapely.transform(box(0, 0), lambda points: points + [38_000_000, 0])
    path = layer_file("z.gpkg", [moved], crs="EPSG:2362")
    shelf.add(path, transform=parameter_file(tmp_path, FOUR)).done()
    east, north = 500_000.0, 4_000_000.0
    scale, angle = 0.99999748537, math.radians(1.75394 / 3600)
    expected = (
        -112.25681 + scale * (math.cos(angle) * east + math.sin(angle) * north),
        30.51379 + scale * (-math.sin(angle) * east + math.cos(angle) * north),
    )
    assert np.abs(corners(shelf.geometries()[0]) - expected).sum(axis=1).min() < 1e-6


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (FOUR.replace('x_axis = "north"\n', ""), "crs.parameters_missing", "x_axis"),
        (FOUR.replace('turns = "clockwise"\n', ""), "crs.parameters_missing", "turns"),
        (FOUR.replace('from = "EPSG:2383"\n', ""), "crs.parameters_missing", "from"),
        (FOUR.replace("rotation_arcsec", "rotation"), "crs.parameters_unit", "rotation_arcsec"),
        (FOUR.replace("scale_ppm", "scale"), "crs.parameters_unit", "scale_factor"),
        (FOUR.replace("1.75394", '"about 2"'), "crs.parameters_value", "rotation"),
        (FOUR.replace("1.75394", "nan"), "crs.parameters_value", "rotation"),
        (FOUR.replace("30.51379", "true"), "crs.parameters_value", "dx"),
        (FOUR.replace("scale_ppm = -2.5", "scale_factor = -2.5"), "crs.parameters_value", "scale"),
        (FOUR.replace('"north"', '"up"'), "crs.parameters_value", "x_axis"),
        (FOUR.replace("EPSG:2383", "EPSG:4610"), "crs.parameters_value", "from"),
        (FOUR.replace("EPSG:2383", "EPSG:2431"), "crs.parameters_other", "EPSG:2431"),
        (FOUR.replace("EPSG:2383", "EPSG:99999"), "crs.unknown", "EPSG:99999"),
        (FOUR + "remark_m = 3\n", "crs.parameters_key", "remark"),
        (FOUR + 'convention = "position_vector"\n', "crs.parameters_missing", "dz"),
        (SEVEN.replace('convention = "position_vector"\n', ""), "crs.parameters_missing", "convention"),
        (SEVEN.replace("dz_m = -37.12589\n", ""), "crs.parameters_missing", "dz"),
        (SEVEN.replace("rx_arcsec", "rx_m"), "crs.parameters_unit", "rx_arcsec"),
        (SEVEN.replace("dx_m = 16.51873", "dx_m = 38500000"), "crs.parameters_value", "dx"),
        (SEVEN.replace("rx_arcsec", "rx_rad"), "crs.parameters_value", "rx"),  # 0.8 radians: the unit is wrong
        ("30.51379 -112.25681 1.75394 -2.5", "crs.parameters_file", "Line 1"),
        ("", "crs.parameters_missing", "from"),
    ],
)
def test_what_a_file_leaves_open_is_refused_with_the_mend_and_never_guessed(shelf, xian, tmp_path, text, code, words):
    answer = shelf.add(xian, transform=parameter_file(tmp_path, text))
    problem = answer.json["problems"][0]
    assert (answer.code, problem["code"]) == (3, code)
    assert words in problem["message"] + problem["mend"]
    assert problem["mend"]
    assert problem["file"] == "参数.toml"
    assert "T__1" not in shelf.tables()


def test_parameters_of_the_other_direction_are_not_turned_round(shelf, xian, tmp_path):
    back = FOUR.replace("EPSG:2383", "x").replace("EPSG:4547", "EPSG:2383").replace('"x"', '"EPSG:4547"')
    assert shelf.add(xian, transform=parameter_file(tmp_path, back)).codes == ["crs.parameters_other"]


def test_a_change_of_kilometres_is_told_as_no_change_of_datum(shelf, layer_file, box, tmp_path):
    far = FOUR.replace("dx_m = 30.51379", "dx_m = 12000.5")
    near = layer_file("a.gpkg", [box(0, 0)], crs="EPSG:2383")
    assert "crs.far_change" not in codes_of(shelf.add(near, transform=parameter_file(tmp_path, FOUR), label="a"))
    assert "crs.far_change" in codes_of(shelf.add(near, transform=parameter_file(tmp_path, far), label="b"))
    # EPSG:2379 is the zone of 102° E, not that of 114°: the code of another zone has the same numbers.
    wrong = layer_file("b.gpkg", [box(0, 0)], crs="EPSG:2379")
    answer = shelf.add(wrong, transform="+proj=affine +xoff=10 +yoff=20", label="c")
    assert "crs.far_change" in codes_of(answer)


def codes_of(answer):
    return [problem["code"] for problem in answer.json["problems"]]


def test_a_file_that_is_not_there_is_refused_as_such(shelf, xian, tmp_path):
    assert shelf.add(xian, transform=tmp_path / "none.toml").codes == ["source.missing"]


@pytest.mark.slow
@pytest.mark.parametrize("text", [FOUR, pytest.param(SEVEN, marks=pytest.mark.nightly)])
def test_the_parameters_are_nowhere_in_library_log_run_or_messages(shelf, xian, tmp_path, core, text):
    path = parameter_file(tmp_path, text)
    define = "name=试验,department=land,library=base,kind=vector,geometry=polygon"
    wishes = ("--as", "T", "--define", define, "--covers", "extent", "--progress", "json")
    addition = core("add", shelf.path, xian, "--transform", path, *wishes)
    assert addition.returncode == 0, addition.stderr
    parcels = xian.rename(tmp_path / "parcels.gpkg")
    out = tmp_path / "out.gpkg"
    checked = core("check", shelf.path, parcels, "--transform", path, "--out", out, "--json", "--only", "YJJBNTTB")
    assert checked.returncode == 0, checked.stdout
    broken = parameter_file(tmp_path, text.replace('from = "', 'from = "?'), "broken.toml")
    refused = core("check", shelf.path, parcels, "--transform", broken, "--json")
    assert refused.returncode == 3
    values = [line.partition("= ")[2].strip("-") for line in text.splitlines() if "_m =" in line or "_arcsec" in line]
    assert len(values) >= 3
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file not in (path, broken)]
    assert shelf.path in files
    streams = [answer.stdout + answer.stderr for answer in (addition, checked, refused)]
    for value in values:
        assert not any(value.encode() in stream for stream in streams)
        assert not [file for file in files if value.encode() in file.read_bytes()]
        packed = np.array([float(value), -float(value)])
        for number in (*packed.astype("<f8"), *packed.astype(">f8")):
            assert not [file for file in files if number.tobytes() in file.read_bytes()]
    (report,) = shelf.column("report", "onemap_versions")
    run = json.loads(checked.stdout)["run"]
    assert json.loads(report)["transform_hash"] == run["parameters"]["transform_hash"]
    assert len(run["parameters"]["transform_hash"]) == 64


def test_a_check_carries_parcels_of_the_old_datum_as_add_carries_layers(shelf, xian, tmp_path):
    path = parameter_file(tmp_path, FOUR)
    assert shelf.add(xian, transform=path).code == 0
    shelf.run("check", shelf.path, xian, "--transform", path, "--only", "YJJBNTTB", "--out", tmp_path / "o.gpkg").done()
    parcels = gpd.read_file(tmp_path / "o.gpkg", layer="parcels")
    assert parcels.geometry.iloc[0].equals_exact(shelf.geometries()[0], 0)


def test_a_district_and_a_coverage_of_the_old_datum_are_carried_by_a_file_of_parameters(
    onemap, layer_file, box, tmp_path
):
    path = parameter_file(tmp_path, FOUR)
    ground = layer_file("district.gpkg", [box(-500, -500, 1000, 1000)], crs="EPSG:2383")
    library = tmp_path / "old.gpkg"
    new = ("new", library, "--crs", "EPSG:4547", "--district", ground)
    assert onemap(*new).codes == ["crs.no_transformation"]
    assert onemap(*new, "--transform", "+proj=affine +xoff=1").codes == ["crs.no_transformation"]
    assert onemap(*new, "--transform", path).code == 0
    define = "name=试验,department=land,library=base,kind=vector,geometry=polygon"
    add = ("add", library, layer_file("a.gpkg", [box(0, 0)], crs="EPSG:2383"), "--as", "T", "--define", define)
    answer = onemap(*add, "--covers", ground, "--transform", path).done()
    assert answer.json["coverage_m2"] == pytest.approx(1_000_000 * 0.99999748537**2, rel=1e-9)
    # A coverage in the library's own datum needs no change and gets none.
    own = layer_file("own.gpkg", [box(-500, -500, 1000, 1000)])
    assert onemap(*add, "--covers", own, "--transform", path, "--label", "b").json["coverage_m2"] == 1_000_000


def test_a_raster_is_not_carried_and_that_is_said(shelf, tmp_path):
    grid = tmp_path / "dem.tif"
    options = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    with rasterio.open(grid, "w", transform=from_origin(500_000, 4_000_100, 10, 10), **options) as file:
        file.write(np.ones((1, 4, 4), dtype="float32"))
    answer = shelf.run(
        "add", shelf.path, grid, "--as", "DEM", "--covers", "extent", "--transform", parameter_file(tmp_path, FOUR)
    )
    assert (answer.code, answer.codes) == (3, ["raster.transform"])
