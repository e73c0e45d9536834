"""Distances are measured in the library's plane: where that is stretched, nothing is judged.

A parcel lies 90 m from a pipe, at 38° N. In Web Mercator that is 114 m: a rule of 100 m would find nothing.
"""

import geopandas as gpd
import pytest
import shapely

from onemap.tests.rules.command import command, done
from onemap.tests.rules.small_pack import matrix_text, pack_text

X, Y = 543_500, 4_212_500  # EPSG:4547
MATRIX = matrix_text(("DKBH", ["a"], ["b"]))
DEFINE = "name=p,department=land,library=base,kind=vector,geometry=line"


@pytest.fixture
def files(tmp_path):
    shapes = {
        "pipe": shapely.LineString([(X, Y), (X + 1000, Y)]),
        "parcel": shapely.box(X + 300, Y + 90, X + 400, Y + 190),
        "district": shapely.box(X - 3000, Y - 3000, X + 3000, Y + 3000),
    }
    for name, shape in shapes.items():
        gpd.GeoDataFrame({"DKBH": ["a"]}, geometry=[shape], crs=4547).to_file(tmp_path / f"{name}.gpkg")
    rule = {"id": "r", "kind": "setback", "layer": "PIPE", "distance_m": 100, "verdict": "prohibited"}
    (tmp_path / "pack.toml").write_text(pack_text(rule, id="p"), encoding="utf-8")
    return tmp_path


def library_in(files, crs):
    library = files / "library.gpkg"
    done("new", library, "--crs", crs)
    added = done(
        "add", library, files / "pipe.gpkg", "--as", "PIPE", "--define", DEFINE, "--covers", files / "district.gpkg"
    )
    return library, [problem["code"] for problem in added.json["problems"]]


def check(files, library, *more):
    return command("check", library, files / "parcel.gpkg", "--pack", files / "pack.toml", *more)


def test_what_is_near_on_the_ground_is_found_in_a_true_plane_and_refused_in_a_stretched_one(files):
    library, remarks = library_in(files, "EPSG:4547")
    assert "crs.stretched" not in remarks
    assert check(files, library).json["verdicts"]["prohibited"] == 1
    library.unlink()
    library, remarks = library_in(files, "EPSG:3857")
    assert "crs.stretched" in remarks
    answer = check(files, library)
    assert (answer.code, answer.codes) == (3, ["crs.stretched"])
    assert "27.3 %" in answer.json["problems"][0]["message"] and "EPSG:4547" in answer.json["problems"][0]["mend"]
    remedied = command("remedy", library, files / "parcel.gpkg", "--pack", files / "pack.toml")
    assert (remedied.code, remedied.codes) == (3, ["crs.stretched"])


def test_hectares_are_not_told_in_a_stretched_plane(files):
    library, _ = library_in(files, "EPSG:3857")
    define = DEFINE.replace("line", "polygon")
    for code in ("A", "B"):
        done("add", library, files / "district.gpkg", "--as", code, "--define", define, "--covers", "features")
    matrix = files / "matrix.toml"
    matrix.write_text(MATRIX, encoding="utf-8")
    for question in (
        ("statistics", library, "A", "--by", "DKBH"),
        ("transitions", library, "A", "B", "--by", "DKBH"),
        ("compare", library, "A", "B", "--matrix", matrix),
    ):
        assert command(*question).codes == ["crs.stretched"], question


@pytest.mark.slow
def test_it_is_refused_in_blocks_and_on_a_cluster_too(files, monkeypatch):
    library, _ = library_in(files, "EPSG:3857")
    monkeypatch.setenv("ONEMAP_BLOCK", "1")
    for more in (("--workers", 2), ("--workers", 2, "--scheduler", "local")):
        assert check(files, library, *more).codes == ["crs.stretched"], more


def test_a_library_is_not_made_in_a_plane_that_is_stretched_in_its_district(files):
    new = "new", files / "library.gpkg", "--district", files / "district.gpkg", "--crs"
    assert command(*new, "EPSG:3857").codes == ["crs.stretched"]
    assert not (files / "library.gpkg").exists()
    assert done(*new, "EPSG:4548").json["problems"][0]["code"] == "crs.other_zone"
