"""A layer in several files, such as one for each county, becomes one version: no file replaces another."""

import json

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from onemap.layers.ingest import adding
from onemap.tests.conftest import write_layer
from onemap.tests.layers.conftest import read_in_blocks

# Two counties on both sides of the border between two zones of three degrees: 38 ends at 115.5 degrees.
WEST, EAST = (115.40, 36.0), (115.55, 36.0)
SIDE = 6


def county(corner, first):
    """A grid of patches in degrees, numbered from `first`."""
    west, south = corner
    shapes = [
        shapely.box(west + x * 0.01, south + y * 0.01, west + (x + 1) * 0.01, south + (y + 1) * 0.01)
        for x in range(SIDE)
        for y in range(SIDE)
    ]
    numbers = [str(first + at) for at in range(len(shapes))]
    return gpd.GeoDataFrame({"BSM": numbers, "MJ": [float(at) for at in range(len(shapes))]}, geometry=shapes, crs=4490)


@pytest.fixture
def counties(tmp_path):
    """Each in the plane of its own zone, called alike in a folder of its own, as counties send them."""
    paths = []
    for code, corner, first, epsg in (("371521", WEST, 100, 4526), ("371522", EAST, 500, 4527)):
        folder = tmp_path / "in" / code
        folder.mkdir(parents=True)
        county(corner, first).to_crs(epsg).to_file(folder / "T.shp")
        paths.append(folder / "T.shp")
    return paths


def add(shelf, paths, *more, covers="features", define=True):
    wanted = "name=试验,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
    given = ("--define", wanted) if define else ()
    ground = ("--covers", covers) if covers else ()
    return shelf.run("add", shelf.path, *paths, "--as", "T", *ground, *given, *more)


@pytest.mark.parametrize("is_large", [False, True])
def test_files_in_different_planes_are_one_version(shelf, counties, is_large, monkeypatch):
    if is_large:
        read_in_blocks(10, monkeypatch.setattr)
    answer = add(shelf, counties, "--label", "2026")
    assert (answer.code, answer.json["version"], answer.json["features"]) == (0, "2026", 72), answer.json
    assert answer.json["files"] == [
        {"source": "371521/T.shp", "features": 36},
        {"source": "371522/T.shp", "features": 36},
    ]
    assert shelf.column("BSM") == [str(n) for n in (*range(100, 136), *range(500, 536))]
    # What pyproj makes of the counties in degrees, by geopandas alone.
    wanted = [*county(WEST, 100).to_crs(4547).geometry, *county(EAST, 500).to_crs(4547).geometry]
    apart = shelf.geometries()
    assert max(shapely.hausdorff_distance(a, b) for a, b in zip(apart, wanted, strict=True)) < 0.001
    report = json.loads(shelf.rows("SELECT report FROM onemap_versions")[0][0])
    assert [one["crs"] for one in report["files"]] == ["EPSG:4526", "EPSG:4527"] and report["crs"] is None
    assert shelf.rows("SELECT source FROM onemap_versions") == [("371521/T.shp, 371522/T.shp",)]
    assert shelf.run("verify", shelf.path).json["ok"]


def test_what_is_so_in_all_files_is_said_once(shelf, tmp_path, box):
    columns = [{"BSM": ["1"], "TBMJ": [1.0]}, {"BSM": ["2"]}]
    paths = [write_layer(tmp_path / f"{n}.gpkg", [box(300 * n, 0)], one) for n, one in enumerate(columns)]
    answer = shelf.run("add", shelf.path, *paths, "--as", "DLTB", "--covers", "features", "--fields", "DLBM=BSM")
    absent = [(one["field"], one["file"]) for one in answer.json["problems"] if one["code"] == "field.absent"]
    assert ("TBMJ", "1.gpkg") in absent and ("QSXZ", "0.gpkg, 1.gpkg") in absent
    assert len(absent) == len({field for field, _ in absent})


def test_a_pattern_names_them(shelf, counties):
    answer = add(shelf, [counties[0].parent.parent / "3715*" / "*.shp"])
    assert [file["features"] for file in answer.json["files"]] == [36, 36]
    assert add(shelf, [counties[0].parent / "*.gpkg"]).codes == ["source.missing"]
    counties[0].with_name("more.rar").write_bytes(b"Rar!")
    assert add(shelf, [counties[0].parent.parent / "3715*" / "*"]).codes == ["format.no_driver"]


def test_it_is_the_same_version_in_whatever_order_and_blocks_they_come(shelf, counties, monkeypatch):
    first = add(shelf, counties).json
    assert add(shelf, counties[::-1], define=False).json["unchanged"] is True
    read_in_blocks(7, monkeypatch.setattr)
    again = add(shelf, counties, define=False).json
    assert (again["unchanged"], again["version"], again["hash"]) == (True, first["version"], first["hash"])


def test_one_county_alone_is_doubted_where_the_last_version_had_several(shelf, counties, tmp_path):
    assert add(shelf, counties).code == 0
    other = tmp_path / "2027" / "371521"
    other.mkdir(parents=True)
    county(WEST, 900).to_crs(4526).to_file(other / "T.shp")
    answer = add(shelf, [other / "T.shp"], define=False)
    assert answer.codes == ["layer.doubtful"]
    assert "made of 2 files (371521/T.shp, 371522/T.shp), and this of 1" in answer.json["problems"][0]["message"]
    assert add(shelf, [other / "T.shp"], "--sure", define=False).code == 0


@pytest.mark.parametrize("is_large", [False, True])
def test_fields_that_only_some_files_have_or_have_as_text(shelf, tmp_path, box, is_large, monkeypatch):
    if is_large:
        read_in_blocks(2, monkeypatch.setattr)
    columns = [
        {"BSM": ["1", "2"], "A": [1, 2], "MIXED": [7, 8]},
        {"BSM": ["3"], "B": ["x"], "MIXED": ["nine"]},
    ]
    paths = [
        write_layer(tmp_path / f"{at}.gpkg", [box(1000 * at + 200 * n, 0) for n in range(len(one["BSM"]))], one)
        for at, one in enumerate(columns)
    ]
    assert add(shelf, paths).code == 0
    assert shelf.rows('SELECT BSM, A, B, MIXED FROM "T__1" ORDER BY BSM') == [
        ("1", 1, None, "7"),
        ("2", 2, None, "8"),
        ("3", None, "x", "nine"),
    ]
    assert shelf.run("verify", shelf.path).json["ok"]


@pytest.mark.parametrize("is_large", [False, True])
def test_numbers_as_text_become_numbers_in_the_file_that_has_them_so(shelf, tmp_path, box, is_large, monkeypatch):
    if is_large:
        read_in_blocks(2, monkeypatch.setattr)
    for name, west, values in (("a", 0, [1.5, 2.5]), ("b", 900, ["3.5", "4.5"])):
        columns = {"BSM": [f"{name}1", f"{name}2"], "TBMJ": values}
        write_layer(tmp_path / f"{name}.gpkg", [box(west, 0), box(west + 300, 0)], columns)
    paths = [tmp_path / "a.gpkg", tmp_path / "b.gpkg"]
    answer = shelf.run("add", shelf.path, *paths, "--as", "DLTB", "--covers", "features", "--fields", "DLBM=BSM").done()
    changed = [
        (problem["file"], problem["field"]) for problem in answer.json["problems"] if "as_number" in problem["code"]
    ]
    assert changed == [("b.gpkg", "TBMJ")]
    assert sorted(row[0] for row in shelf.rows('SELECT TBMJ FROM "DLTB__1"')) == [1.5, 2.5, 3.5, 4.5]


def test_problems_name_the_file_and_the_row_in_it(shelf, tmp_path, box):
    bow = shapely.Polygon([(500_000, 4_001_000), (500_100, 4_001_100), (500_100, 4_001_000), (500_000, 4_001_100)])
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0), box(200, 0), bow], {"BSM": ["1", "2", "3"]})
    second = write_layer(tmp_path / "b.gpkg", [box(900, 0), shapely.affinity.translate(bow, 500)], {"BSM": ["4", "5"]})
    refused = add(shelf, [first, second])
    assert refused.code == 3
    assert [(one["file"], one["row"], one["feature"]) for one in refused.json["problems"]] == [
        ("a.gpkg", 3, "3"),
        ("b.gpkg", 2, "5"),
    ]
    answer = add(shelf, [first, second], "--keep-bad")
    assert (answer.json["features"], answer.json["set_aside"]) == (3, 2)
    assert answer.json["files"] == [{"source": "a.gpkg", "features": 2}, {"source": "b.gpkg", "features": 1}]
    assert shelf.rows('SELECT source_file, source_row FROM "T__1__bad" ORDER BY source_file') == [
        ("a.gpkg", 3),
        ("b.gpkg", 2),
    ]
    assert shelf.column("BSM") == ["1", "2", "4"]


def test_what_lies_across_two_files_is_checked_as_in_one(shelf, tmp_path, box):
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0), box(200, 0)], {"BSM": ["1", "2"]})
    second = write_layer(tmp_path / "b.gpkg", [box(250, 0), box(600, 0)], {"BSM": ["3", "1"]})
    answer = shelf.run("add", shelf.path, first, second, "--as", "YJJBNTTB", "--covers", "features")
    overlap = next(one for one in answer.json["problems"] if one["code"] == "topology.overlap")
    assert (overlap["file"], overlap["feature"], overlap["row"]) == ("a.gpkg", "2", 2)
    assert "the feature 3 by" in overlap["message"]
    repeated = next(one for one in answer.json["problems"] if one["code"] == "key.repeated")
    assert (repeated["file"], repeated["row"]) == ("b.gpkg", 2)
    assert "already used by row 1 (a.gpkg)" in repeated["message"]


def test_features_without_a_key_are_called_by_their_file_and_row(shelf, tmp_path, box):
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0), box(200, 0), box(400, 0)], {"A": [1, 2, 3]})
    second = write_layer(tmp_path / "b.gpkg", [box(600, 0), box(200, 0), box(800, 0)], {"A": [1, 2, 3]})
    wanted = "name=试验,department=land,library=base,kind=vector,geometry=polygon"
    answer = shelf.run("add", shelf.path, first, second, "--as", "T", "--covers", "features", "--define", wanted)
    (twin,) = (one for one in answer.json["problems"] if one["code"] == "topology.duplicate")
    assert (twin["feature"], twin["file"], twin["row"]) == ("b.gpkg · 2", "b.gpkg", 2)
    assert "a.gpkg · 2" in twin["message"]


def test_every_file_is_told_of_that_cannot_be_read(shelf, tmp_path, box):
    good = write_layer(tmp_path / "a.gpkg", [box(0, 0)], {"BSM": ["1"]})
    (tmp_path / "b.gpkg").write_bytes(b"no database")
    answer = add(shelf, [good, tmp_path / "b.gpkg", tmp_path / "none.shp"])
    assert answer.code == 3
    assert {one["file"] for one in answer.json["problems"]} == {"b.gpkg", str(tmp_path / "none.shp")}
    assert not {name for name in shelf.tables() if name.startswith("T__")}


def test_of_many_files_the_first_are_named_and_all_are_recorded(shelf, tmp_path, box):
    paths = [write_layer(tmp_path / f"{n}.gpkg", [box(200 * n, 0)], {"BSM": [str(n)]}) for n in range(9)]
    answer = add(shelf, paths)
    assert [file["source"] for file in answer.json["files"]] == [path.name for path in paths]
    assert shelf.rows("SELECT source FROM onemap_versions") == [("0.gpkg, 1.gpkg, … (9)",)]
    refused = add(shelf, paths[:1], define=False)
    assert "made of 9 files (0.gpkg, 1.gpkg, … (9)), and this of 1" in refused.json["problems"][0]["message"]


def test_a_copy_beside_a_file_is_refused(shelf, tmp_path, box):
    shapes = [box(200 * n, 0) for n in range(5)]
    first = write_layer(tmp_path / "T.gpkg", shapes, {"BSM": list("12345")})
    copy = write_layer(tmp_path / "T_backup.gpkg", shapes[:4], {"BSM": list("1234")})
    answer = add(shelf, [first, copy])
    assert (answer.codes, answer.json["problems"][0]["file"]) == (["files.same"], "T_backup.gpkg")
    assert "T.gpkg" in answer.json["problems"][0]["message"] and "4" in answer.json["problems"][0]["message"]


def test_rasters_are_no_files_of_one_version(shelf, tmp_path):
    for name in ("a.tif", "b.tif"):
        with rasterio.open(
            *(tmp_path / name, "w"),
            driver="GTiff",
            width=4,
            height=4,
            count=1,
            dtype="uint8",
            crs="EPSG:4547",
            transform=rasterio.transform.from_origin(500_000, 4_000_000, 10, 10),
        ) as raster:
            raster.write(np.ones((1, 4, 4), dtype="uint8"))
    answer = shelf.run("add", shelf.path, tmp_path / "a.tif", tmp_path / "b.tif", "--as", "DEM", "--covers", "extent")
    assert answer.codes == ["raster.files"]


def test_tables_of_several_counties_are_one_table(shelf, tmp_path):
    for name, rows in (("a.csv", "XZQDM,N\n371521,1\n"), ("b.csv", "XZQDM,N\n371522,2\n371523,3\n")):
        (tmp_path / name).write_text(rows, encoding="utf-8")
    wanted = "name=人口,department=land,library=base,kind=vector,geometry=table,key=XZQDM"
    paths = tmp_path / "a.csv", tmp_path / "b.csv"
    answer = shelf.run("add", shelf.path, *paths, "--as", "N", "--covers", "extent", "--define", wanted)
    assert (answer.code, answer.json["features"]) == (0, 3), answer.json
    assert shelf.column("XZQDM", "N__1") == [371521, 371522, 371523]


@pytest.fixture
def next_west(tmp_path):
    """The western county's delivery a year later: other numbers, and one patch less."""
    folder = tmp_path / "2027" / "371521"
    folder.mkdir(parents=True)
    county(WEST, 900).iloc[:-1].to_crs(4526).to_file(folder / "T.shp")
    return folder / "T.shp"


@pytest.mark.parametrize("is_large", [False, True])
def test_one_file_is_replaced_and_the_others_stay(shelf, counties, next_west, is_large, monkeypatch):
    if is_large:
        read_in_blocks(10, monkeypatch.setattr)
    assert add(shelf, counties, "--label", "2026").code == 0
    answer = add(shelf, [next_west], "--label", "2027", "--in-place-of", "371521/T.shp", covers=None, define=False)
    assert (answer.code, answer.json["features"], answer.json["coverage"]) == (0, 71, "features"), answer.json
    assert answer.json["files"] == [
        {"source": "371521/T.shp", "features": 35},
        {"source": "371522/T.shp", "features": 36},
    ]
    numbers = [str(n) for n in (*range(500, 536), *range(900, 935))]
    assert sorted(shelf.column("BSM", "T__2")) == numbers
    east = {tuple(g.bounds) for g in shelf.geometries("T__1")[36:]}
    assert {tuple(g.bounds) for g in shelf.geometries("T__2")[35:]} == east, "to the last digit"
    reports = [json.loads(row[0])["files"] for row in shelf.rows("SELECT report FROM onemap_versions ORDER BY number")]
    assert reports[1][1] == reports[0][1] and reports[1][0]["hash"] != reports[0][0]["hash"]
    assert shelf.run("verify", shelf.path).json["ok"]
    again = add(shelf, [next_west], "--label", "2027", "--in-place-of", "371521/T.shp", covers=None, define=False)
    assert again.json["unchanged"] is True


def test_a_file_that_is_another_county_s_does_not_replace_one(shelf, tmp_path):
    squares = {name: [shapely.box(x, 0, x + 9, 9) for x in range(west, west + 300, 10)] for name, west in PLACES}
    for name, shapes in squares.items():
        shapes = [shapely.affinity.translate(shape, 500_000, 4_000_000) for shape in shapes]
        write_layer(tmp_path / f"{name}.gpkg", shapes, {"BSM": [f"{name}{n}" for n in range(len(shapes))]})
    paths = [tmp_path / f"{name}.gpkg" for name in ("west", "east")]
    assert add(shelf, paths).code == 0
    wrong = add(shelf, [tmp_path / "north.gpkg"], "--in-place-of", "west.gpkg", covers=None, define=False)
    assert wrong.codes == ["layer.doubtful"]
    same = add(shelf, [tmp_path / "east.gpkg"], "--in-place-of", "west.gpkg", "--sure", covers=None, define=False)
    assert same.codes == ["files.same"]


PLACES = (("west", 0), ("east", 5000), ("north", 20_000))


def test_what_the_others_left_out_of_the_ground_stays_left_out(shelf, tmp_path, box):
    bow = shapely.Polygon([(502_000, 4_000_000), (502_100, 4_000_100), (502_100, 4_000_000), (502_000, 4_000_100)])
    ground = write_layer(tmp_path / "ground.gpkg", [box(0, 0, 3000, 1000)])
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0)], {"BSM": ["1"]})
    second = write_layer(tmp_path / "b.gpkg", [box(1500, 0), bow], {"BSM": ["2", "3"]})
    before = add(shelf, [first, second], "--keep-bad", covers=ground).json["coverage_m2"]
    assert before < 3_000_000
    (tmp_path / "next").mkdir()
    write_layer(tmp_path / "next" / "a.gpkg", [box(10, 0)], {"BSM": ["1"]})
    after = add(shelf, [tmp_path / "next" / "a.gpkg"], "--in-place-of", "a.gpkg", covers=None, define=False)
    assert after.json["coverage_m2"] == pytest.approx(before)


def test_what_cannot_be_replaced_is_refused_with_the_names(shelf, counties, next_west):
    assert add(shelf, counties).code == 0
    unknown = add(shelf, [next_west], "--in-place-of", "371599/T.shp", covers=None, define=False)
    assert unknown.codes == ["files.unknown"] and "371522/T.shp" in unknown.json["problems"][0]["message"]
    both = add(shelf, [next_west], "--in-place-of", "T.shp", covers=None, define=False)
    assert both.codes == ["files.unknown"], "two are called so"
    assert add(shelf, [next_west], "--in-place-of", "371521/T.shp", define=False).code == 2, "with --covers"
    assert add(shelf, [next_west], "--sure", define=False).code == 0
    none = add(shelf, [next_west], "--in-place-of", "371521/T.shp", covers=None, define=False)
    assert none.codes == ["files.none"]


def dated(shelf, path, shapes, day, *more, **columns):
    """One file of squares in place of another, or with others; the answer of `add`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_layer(path, shapes, columns or {"BSM": [f"{path.parent.name}{n}" for n in range(len(shapes))]})
    return add(shelf, [path], "--valid-from", day, *more, covers=None, define=False)


@pytest.fixture
def two_counties(shelf, tmp_path, box):
    """Version 2025-01-01 of 1/T.gpkg, a square at 0, and 2/T.gpkg, a square at 2000; it speaks for the box of both."""
    paths = [tmp_path / name / "T.gpkg" for name in "12"]
    for at, path in enumerate(paths):
        path.parent.mkdir()
        write_layer(path, [box(2000 * at, 0)], {"BSM": [str(at)]})
    assert add(shelf, paths, "--valid-from", "2025-01-01", covers="extent").code == 0
    return paths


def test_files_are_kept_from_the_version_in_force_on_the_first_day(shelf, two_counties, tmp_path, box):
    dated(shelf, tmp_path / "a" / "1" / "T.gpkg", [box(0, 900)], "2027-01-01", "--in-place-of", "1/T.gpkg").done()
    answer = dated(shelf, tmp_path / "b" / "2" / "T.gpkg", [box(2000, 500)], "2026-05-01", "--in-place-of", "2/T.gpkg")
    souths = sorted(shape.bounds[1] - 4_000_000 for shape in shelf.geometries("T__3"))
    assert (answer.code, souths) == (0, [0, 500]), "the first county's of 2025, not of 2027"
    (remark,) = (one for one in answer.json["problems"] if one["code"] == "files.later")
    assert "2027-01-01" in remark["message"] and "2/T.gpkg" in remark["message"]
    early = dated(shelf, tmp_path / "c" / "2" / "T.gpkg", [box(2000, 9)], "2024-05-01", "--in-place-of", "2/T.gpkg")
    assert early.codes == ["files.before"]


def test_a_dated_version_is_not_renewed_without_a_day(shelf, two_counties, tmp_path, box):
    path = write_layer(tmp_path / "T.gpkg", [box(0, 900)], {"BSM": ["9"]})
    answer = add(shelf, [path], "--in-place-of", "1/T.gpkg", covers=None, define=False)
    assert answer.codes == ["files.no_day"] and "2025-01-01" in answer.json["problems"][0]["message"]


def test_a_version_that_came_meanwhile_keeps_the_files_of_an_earlier_one_out(
    shelf, two_counties, tmp_path, box, monkeypatch
):
    write, others = adding.write_versions, []

    def late(library, prepared):
        if not others:
            others.append(None)
            path = tmp_path / "b" / "2" / "T.gpkg"
            others.append(dated(shelf, path, [box(2000, 500)], "2025-03-01", "--in-place-of", "2/T.gpkg"))
        return write(library, prepared)

    monkeypatch.setattr(adding, "write_versions", late)
    first = tmp_path / "a" / "1" / "T.gpkg"
    answer = dated(shelf, first, [box(0, 500)], "2025-03-02", "--in-place-of", "1/T.gpkg")
    assert (others[1].code, answer.codes) == (0, ["files.meanwhile"])
    monkeypatch.undo()
    dated(shelf, first, [box(0, 500)], "2025-03-02", "--in-place-of", "1/T.gpkg").done()
    assert [shape.bounds[1] - 4_000_000 for shape in shelf.geometries("T__3")] == [500, 500]


def test_ground_of_a_feature_set_aside_stays_left_out_of_the_box_of_all(shelf, tmp_path, box):
    # A bow tie of 100 m in the box of 2100 × 100 m of both files.
    bow = shapely.Polygon([(501_000, 4_000_000), (501_100, 4_000_100), (501_100, 4_000_000), (501_000, 4_000_100)])
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0)], {"BSM": ["1"]})
    second = write_layer(tmp_path / "b.gpkg", [box(2000, 0), bow], {"BSM": ["2", "3"]})
    before = add(shelf, [first, second], "--keep-bad", covers="extent").json
    assert before["coverage_m2"] == pytest.approx(210_000 - 10_000)
    (tmp_path / "next").mkdir()
    write_layer(tmp_path / "next" / "a.gpkg", [box(0, 100)], {"BSM": ["1"]})
    after = add(shelf, [tmp_path / "next" / "a.gpkg"], "--in-place-of", "a.gpkg", covers=None, define=False).json
    assert (after["coverage"], after["coverage_m2"]) == ("extent", pytest.approx(420_000 - 10_000))


def test_two_files_of_one_name_take_the_places_of_two(shelf, tmp_path, box):
    for at, name in enumerate(("历下", "市中")):
        write_layer(tmp_path / f"{name}.gpkg", [box(2000 * at, 0)], {"BSM": [str(at)]})
    paths = [tmp_path / f"{name}.gpkg" for name in ("历下", "市中")]
    assert add(shelf, paths, "--valid-from", "2025-01-01").code == 0
    names = [["T.gpkg", "市中.gpkg"], ["市中.gpkg", "T.gpkg"], ["T.gpkg", "市中.gpkg"]]
    for month, (replaced, east) in enumerate((("历下", 0), ("市中", 2000), ("T", 0)), start=2):
        path, day = tmp_path / str(month) / "T.gpkg", f"2025-{month:02d}-01"
        answer = dated(shelf, path, [box(east, 10 * month)], day, "--in-place-of", f"{replaced}.gpkg").done()
        assert [file["source"] for file in answer.json["files"]] == names[month - 2]


def test_the_exact_name_is_meant_before_that_of_another_year(shelf, tmp_path, box):
    for at, year in enumerate((2023, 2024)):
        write_layer(tmp_path / f"T{year}.gpkg", [box(2000 * at, 0)], {"BSM": [str(at)]})
    paths = [tmp_path / f"T{year}.gpkg" for year in (2023, 2024)]
    assert add(shelf, paths, "--valid-from", "2025-01-01").code == 0
    path = tmp_path / "next" / "T.gpkg"
    assert dated(shelf, path, [box(0, 9)], "2025-02-01", "--in-place-of", "T2023.gpkg").code == 0
    assert dated(shelf, path, [box(0, 9)], "2025-02-02", "--in-place-of", "T2022.gpkg").codes == ["files.unknown"]


def test_after_a_change_of_the_district_it_is_said_once_what_a_renewed_version_speaks_for(onemap, tmp_path, box):
    library, ground = tmp_path / "l.gpkg", write_layer(tmp_path / "d.gpkg", [box(0, 0, 3000, 1000)])
    bow = shapely.Polygon([(502_000, 4_000_000), (502_100, 4_000_100), (502_100, 4_000_000), (502_000, 4_000_100)])
    assert onemap("new", library, "--crs", "EPSG:4547", "--district", ground).code == 0
    first = write_layer(tmp_path / "a.gpkg", [box(0, 0)], {"BSM": ["1"]})
    second = write_layer(tmp_path / "b.gpkg", [box(2500, 0), bow], {"BSM": ["2", "3"]})
    command = ("add", library, "--as", "STBHHX")
    given = ("--keep-bad", "--valid-from", "2025-01-01")
    assert onemap(*command, first, second, *given, "--covers", "district").json["coverage_m2"] == 2_990_000
    grown = write_layer(tmp_path / "grown.gpkg", [box(0, 0, 3100, 1000)])
    assert onemap("district", library, grown, "--reason", "border").code == 0
    listed = next(layer for layer in onemap("layers", library).json["layers"] if layer["code"] == "STBHHX")
    assert listed["versions"][0]["missing_m2"] == 110_000, "the hull of the bow tie, and what has come"
    (tmp_path / "next").mkdir()
    path = write_layer(tmp_path / "next" / "a.gpkg", [box(9, 0)], {"BSM": ["1"]})
    given = (path, "--in-place-of", "a.gpkg", "--valid-from", "2025-02-01")
    assert onemap(*command, *given).codes == ["coverage.district_changed"]
    # With the 10 ha that have come, and without the hull of the bow tie of the file that stays.
    answer = onemap(*command, *given, "--covers", "district")
    assert (answer.code, answer.json["coverage_m2"]) == (0, 3_090_000), answer.json


def test_what_did_not_speak_for_the_district_does_not_when_a_file_is_replaced(shelf, two_counties, tmp_path, box):
    path, given = tmp_path / "n" / "T.gpkg", ("--in-place-of", "1/T.gpkg", "--covers", "district")
    assert dated(shelf, path, [box(0, 9)], "2025-02-01", *given).codes == ["coverage.renewed"]


@pytest.mark.parametrize("is_large", [False, True])
def test_fields_whose_names_differ_by_case_alone_are_one(shelf, tmp_path, box, is_large, monkeypatch):
    if is_large:
        read_in_blocks(2, monkeypatch.setattr)
    columns = [{"BSM": ["1", "2"], "Shape_Area": [1.0, 2.0]}, {"BSM": ["3"], "SHAPE_AREA": [3.0], "shape_leng": [9]}]
    paths = [
        write_layer(tmp_path / f"{at}.gpkg", [box(1000 * at + 200 * n, 0) for n in range(len(one["BSM"]))], one)
        for at, one in enumerate(columns)
    ]
    assert add(shelf, paths).code == 0
    rows = [("1", 1.0, None), ("2", 2.0, None), ("3", 3.0, 9)]
    assert shelf.rows('SELECT BSM, "SHAPE_AREA", shape_leng FROM "T__1" ORDER BY BSM') == rows
    assert add(shelf, paths[::-1], define=False).json["unchanged"] is True
    (tmp_path / "next").mkdir()
    path = write_layer(tmp_path / "next" / "1.gpkg", [box(1000, 9)], {"BSM": ["4"], "Shape_area": [4.0]})
    add(shelf, [path], "--in-place-of", "1.gpkg", covers=None, define=False).done()
    assert sorted(shelf.rows('SELECT BSM, "SHAPE_AREA" FROM "T__2"')) == [("1", 1.0), ("2", 2.0), ("4", 4.0)]
    assert shelf.run("verify", shelf.path).json["ok"]


def test_bad_features_of_files_that_spell_a_field_otherwise_stand_in_one_table(shelf, tmp_path, box):
    bow = shapely.Polygon([(500_000, 4_001_000), (500_100, 4_001_100), (500_100, 4_001_000), (500_000, 4_001_100)])
    columns = [{"BSM": ["1", "2"], "Shape_Area": [1.0, 2.0]}, {"BSM": ["3", "4"], "SHAPE_AREA": [3.0, 4.0]}]
    paths = [
        write_layer(tmp_path / f"{at}.gpkg", [box(1000 * at, 0), shapely.affinity.translate(bow, 500 * at)], one)
        for at, one in enumerate(columns)
    ]
    answer = add(shelf, paths, "--keep-bad")
    assert (answer.code, answer.json["set_aside"]) == (0, 2), answer.json
    assert shelf.rows('SELECT source_file, Shape_Area FROM "T__1__bad" ORDER BY fid') == [("0.gpkg", 2), ("1.gpkg", 4)]


def test_whoever_retires_a_version_is_told_where_its_file_still_counts(shelf, two_counties, tmp_path, box):
    dated(shelf, tmp_path / "a" / "1" / "T.gpkg", [box(0, 900)], "2025-03-01", "--in-place-of", "1/T.gpkg").done()
    later = tmp_path / "b" / "2" / "T.gpkg"
    assert dated(shelf, later, [box(2000, 500)], "2025-04-01", "--in-place-of", "2/T.gpkg").code == 0
    retired = shelf.run("retire", shelf.path, "T", "2025-03-01", "--reason", "wrong county")
    (remark,) = retired.json["problems"]
    assert (retired.code, remark["code"]) == (0, "retire.held")
    assert "1/T.gpkg" in remark["message"] and "2025-04-01" in remark["message"] and "2/T.gpkg" not in remark["message"]
    assert shelf.run("retire", shelf.path, "T", "2025-03-01", "--undo", "--reason", "x").json["problems"] == []
    # The last one came with the second county's file alone, which nothing else holds.
    assert shelf.run("retire", shelf.path, "T", "2025-04-01", "--reason", "x").json["problems"] == []


def test_a_trial_of_one_file_for_a_layer_of_several_says_so(onemap, tmp_path, box):
    library, ground = tmp_path / "l.gpkg", write_layer(tmp_path / "d.gpkg", [box(0, 0, 3000, 1000)])
    assert onemap("new", library, "--crs", "EPSG:4547", "--district", ground).code == 0
    paths = [write_layer(tmp_path / f"{n}.gpkg", [box(2500 * n, 0)], {"BSM": [str(n)]}) for n in range(2)]
    assert onemap("add", library, *paths, "--as", "STBHHX", "--covers", "district").code == 0
    parcels = write_layer(tmp_path / "p.gpkg", [box(2500, 0, 50)], {"DKBH": ["P"]})
    check = ("check", library, parcels, "--only", "STBHHX")
    answer = onemap(*check, "--replace", f"STBHHX={paths[0]}")
    assert (answer.code, answer.json["verdicts"]["clear"]) == (0, 1)
    (remark,) = (one for one in answer.json["problems"] if one["code"] == "replace.one_file")
    assert "0.gpkg, 1.gpkg" in remark["message"]
    assert "replace.one_file" not in onemap(*check).codes


def test_a_trial_of_a_file_that_does_not_look_like_its_layer_says_so(onemap, tmp_path, box):
    library, ground = tmp_path / "l.gpkg", write_layer(tmp_path / "d.gpkg", [box(0, 0, 3000, 3000)])
    assert onemap("new", library, "--crs", "EPSG:4547", "--district", ground).code == 0
    squares = {str(n): box(120 * (n % 20), 120 * (n // 20)) for n in range(200)}
    file = write_layer(tmp_path / "STBHHX.gpkg", list(squares.values()), {"BSM": list(squares)})
    assert onemap("add", library, file, "--as", "STBHHX", "--covers", "district").code == 0
    part = write_layer(tmp_path / "part.gpkg", [squares["0"]], {"BSM": ["0"]})
    whole = write_layer(tmp_path / "moved.gpkg", list(squares.values())[1:], {"BSM": list(squares)[1:]})
    parcels = write_layer(tmp_path / "p.gpkg", [box(1200, 240, 50)], {"DKBH": ["P"]})
    for trial, codes in ((part, ["replace.doubtful"]), (whole, [])):
        answer = onemap("check", library, parcels, "--only", "STBHHX", "--replace", f"STBHHX={trial}")
        assert [one["code"] for one in answer.json["problems"] if one["code"].startswith("replace")] == codes
        assert answer.json["verdicts"]["clear"] == bool(codes)
