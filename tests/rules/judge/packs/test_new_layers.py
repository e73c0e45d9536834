"""A library's own layers: many from one file, and packs that name layers to be defined later."""

import pytest
import shapely

DEFINED = """
[HAZARD]
name = "地灾, 高易发区"
department = "land"
library = "department"
kind = "vector"
geometry = "polygon"
key = "KEY"

[TREES]
name = "古树名木"
department = "forestry"
library = "department"
kind = "vector"
geometry = "point"
"""
ASK = ("--crs", "EPSG:4547")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "layers.toml"
    path.write_text(DEFINED, encoding="utf-8")
    return path


def test_many_layers_are_defined_by_a_file(onemap, tmp_path, file):
    library = tmp_path / "city.gpkg"
    made = onemap("new", library, *ASK, "--define", file)
    assert (made.code, made.json["layers"]) == (0, ["HAZARD", "TREES"])
    known = {layer["code"]: layer for layer in onemap("layers", library).json["layers"]}
    assert (known["HAZARD"]["department"], known["TREES"]["department"]) == ("land", "forestry")
    assert onemap("verify", library).json["ok"]
    again = onemap("new", tmp_path / "b.gpkg", *ASK, "--define", tmp_path / "none.toml")
    assert again.codes == ["define.file"]
    file.write_text(DEFINED.replace("polygon", "circle").replace("forestry", "trees") + "[YJJBNTTB]\nname = 'x'\n")
    assert onemap("new", tmp_path / "c.gpkg", *ASK, "--define", file).codes[:2] == ["define.value", "define.value"]
    assert not (tmp_path / "c.gpkg").exists()


@pytest.mark.slow
def test_data_go_into_layers_that_a_library_was_made_with(onemap, tmp_path, file, desk):
    library, copy = tmp_path / "city.gpkg", tmp_path / "copy.gpkg"
    assert onemap("new", library, *ASK, "--define", file).code == 0
    hazard = desk.write("hazard", [shapely.box(0, 0, 9, 9)], {"KEY": ["a"]}, "EPSG:4547")
    trees = desk.write("trees", [shapely.Point(1, 1)], {"KEY": ["t"]}, "EPSG:4547")
    for place, label in ((library, "1"), (library, "2"), (copy, "3")):
        if place == copy:
            assert onemap("copy", library, copy).code == 0
        for code, source in (("HAZARD", hazard), ("TREES", trees)):
            onemap("add", place, source, "--as", code, "--covers", "extent", "--label", label).done()
        assert onemap("verify", place).json["ok"]


def test_one_of_a_file_is_defined_when_it_is_added(desk, file):
    source = desk.write("hazard", [shapely.box(0, 0, 9, 9)], {"KEY": ["a"]}, "EPSG:4547")
    added = desk.run("add", desk.library, source, "--as", "HAZARD", "--define", file, "--covers", "extent")
    assert (added.code, added.json["features"]) == (0, 1)
    assert desk.run("add", desk.library, source, "--as", "OTHER", "--define", file).codes == ["define.code_missing"]


def test_a_pack_may_name_layers_that_come_later(desk, tmp_path, file):
    pack = desk.pack({"layer": "HAZARD"}, {"id": "s", "layer": "ZONE"})
    library = tmp_path / "later.gpkg"
    made = desk.run("new", library, *ASK, "--pack", pack)
    assert (made.code, made.codes) == (0, ["pack.layers_unknown"])
    assert "HAZARD, ZONE" in made.json["problems"][0]["message"]
    parcels = desk.parcels({"a": shapely.box(0, 0, 5, 5)})
    before = desk.run("check", library, parcels)
    assert (before.code, before.json["verdicts"]["unknown"]) == (0, 1)
    source = desk.write("hazard", [shapely.box(0, 0, 9, 9)], {"KEY": ["a"]}, "EPSG:4547")
    assert desk.run("add", library, source, "--as", "HAZARD", "--define", file, "--covers", "extent").code == 0
    after = desk.run("check", library, parcels)
    assert (after.code, after.json["verdicts"]["prohibited"]) == (0, 1)
    # A pack that is named for one check must know its layers: a slip of the pen is no missing layer.
    assert desk.run("check", library, parcels, "--pack", pack).codes == ["rule.layer"]
    other = desk.pack({"kind": "setback", "distance_m": 5, "layer": "YJJBNTTB", "instead": "NOPE"}, id="other")
    (problem,) = desk.run("check", library, parcels, "--pack", other).json["problems"]
    assert (problem["code"], problem["field"]) == ("rule.layer", "instead")
    assert desk.run("new", tmp_path / "third.gpkg", *ASK, "--pack", other).codes == ["pack.layers_unknown"]
