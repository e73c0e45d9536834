"""`onemap add`: the layer, its coverage, and the day from which it is valid; all of it, or nothing."""

import json

import geopandas as gpd
import pytest
import shapely

from onemap.tests.layers.conftest import read_in_blocks
from onemap.tests.rules.small_pack import pack_text

DEFINE = "name=试验,department=land,library=base,kind=vector,geometry=polygon"


@pytest.fixture
def square(layer_file, box):
    return layer_file("square.gpkg", [box(0, 0)])


def test_what_is_told_of_an_added_version(shelf, square):
    answer = shelf.add(square, label="2026")
    assert answer.json["code"] == "T"
    assert answer.json["version"] == "2026"
    assert (answer.json["features"], answer.json["repaired"], answer.json["area_changed_m2"]) == (1, 0, 0)
    assert answer.json["problems"] == []
    assert answer.json["coverage_m2"] == pytest.approx(10_000)
    assert answer.json["table"] == "T__1"


def test_an_unknown_code_is_refused_unless_it_is_defined(shelf, square, layer_file, box):
    answer = shelf.add(square, code="NOSUCH", define=None)
    assert (answer.code, answer.codes, answer.json["problems"][0]["layer"]) == (3, ["layer.unknown"], "NOSUCH")
    assert shelf.add(square, code="NOSUCH", define=DEFINE).code == 0
    # It is in the catalogue now, so the next version needs no definition, and may repeat it.
    assert shelf.add(layer_file("b.gpkg", [box(0, 1)]), code="NOSUCH", define=None).code == 0
    assert shelf.add(layer_file("c.gpkg", [box(0, 2)]), code="NOSUCH", define=DEFINE).code == 0
    assert shelf.add(square, code="NOSUCH", define=DEFINE.replace("land", "water")).codes == ["layer.defined"]
    layers = shelf.run("layers", shelf.path).json["layers"]
    entry = next(layer for layer in layers if layer["code"] == "NOSUCH")
    assert (entry["department"], entry["library"], entry["geometry"], len(entry["versions"])) == (
        "land",
        "base",
        "polygon",
        3,
    )


def test_codes_that_differ_by_case_only_are_refused(shelf, square):
    # SQLite would take GL__1 and gl__1 for one table.
    assert shelf.add(square, code="gl").codes == ["layer.clash"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("name=x", "define.missing"),
        ("name=x,department=land,library=base,kind=vector", "define.missing"),
        (DEFINE.replace("land", "police"), "define.value"),
        (DEFINE.replace("base", "attic"), "define.value"),
        (DEFINE.replace("vector", "spirit"), "define.value"),
        (DEFINE.replace("=polygon", "=blob"), "define.value"),
        (DEFINE + ",colour=red", "define.key"),
        ("just words", "define.syntax"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(shelf, square, definition, code):
    answer = shelf.add(square, code="NEW", define=definition)
    assert answer.code == 3
    assert code in answer.codes
    assert "NEW" not in {layer["code"] for layer in shelf.run("layers", shelf.path).json["layers"]}


@pytest.mark.parametrize("code", ["A__1", "1A", "A B", "onemap_x", "gpkg_x", "sqlite_x", "rtree_x", "NUL", 'A"', "地"])
def test_a_code_that_cannot_be_a_table_is_refused(shelf, square, code):
    (problem,) = shelf.add(square, code=code).json["problems"]
    assert (problem["code"], "NUL" in problem["mend"]) == ("define.code", True)


def test_a_key_by_definition_names_the_features(shelf, layer_file, box):
    path = layer_file("a.gpkg", [box(0, 0)], {"X": ["1"]})
    problem = shelf.add(path, key="NUMMER").json["problems"][0]
    assert (problem["code"], problem["field"]) == ("field.missing", "NUMMER")
    assert shelf.add(path, key="x").code == 0


# Coverage: the ground for which a version speaks.


def test_without_district_the_coverage_must_be_given(shelf, square):
    assert shelf.add(square, covers=None).codes == ["coverage.missing"]
    assert shelf.add(square, covers="district").codes == ["coverage.no_district"]
    assert shelf.add(square, covers="distrct").codes == ["coverage.unknown"]  # no file, but a word that is none
    assert shelf.add(square, covers="none.gpkg").codes == ["source.missing"]


@pytest.fixture
def shelf_of_district(shelf, layer_file, box, tmp_path):
    """A library of a district of 2,000 m by 1,000 m."""
    district = layer_file("district.shp", [box(0, 0, 1000, 1000), box(1000, 0, 1000, 1000)])
    shelf.path = tmp_path / "with_district.gpkg"
    assert shelf.run("new", shelf.path, "--crs", "EPSG:4547", "--district", district).code == 0
    return shelf


def test_the_coverage_is_what_was_said(shelf_of_district, layer_file, box, square):
    shelf = shelf_of_district
    cover = layer_file("cover.geojson", [box(0, 0, 300, 100), box(200, 0, 300, 100)])  # 100 m of both are the same
    found = [
        shelf.add(square, covers=covers, label=str(number))
        for number, covers in enumerate(("district", "extent", cover))
    ]
    assert [answer.json["coverage"] for answer in found] == ["district", "extent", "file"]
    assert [answer.json["coverage_m2"] for answer in found] == [2_000_000, 10_000, 50_000]


def test_features_in_a_corner_of_the_district_do_not_speak_for_all_of_it(shelf_of_district, layer_file, box):
    """Half of the district's box is enough, and 49.9 % is less; what lies beyond the district does not count."""
    shelf = shelf_of_district
    corner = layer_file("corner.gpkg", [box(-3000, 0, 3998, 1000), box(0, 0, 998, 900)])
    answer = shelf.add(corner, covers=None)
    assert (answer.code, answer.codes, answer.json["problems"][0]["field"]) == (3, ["coverage.doubtful"], "--covers")
    assert "49 %" in answer.json["problems"][0]["message"]
    half = layer_file("half.gpkg", [box(0, 0, 10, 10), box(990, 990, 10, 10)])
    assert shelf.add(half, covers=None).json["coverage"] == "district"


def test_features_that_are_taken_to_speak_for_empty_ground_are_said_to(shelf_of_district, layer_file, box):
    shelf = shelf_of_district
    most = layer_file("most.gpkg", [box(0, 0, 10, 10), box(1590, 990, 10, 10)])
    nearly_all = layer_file("all.gpkg", [box(0, 0, 10, 10), box(1790, 990, 10, 10)])
    answer = shelf.add(most, covers=None)
    assert (answer.code, answer.codes) == (0, ["coverage.assumed"])
    assert "80 %" in answer.json["problems"][0]["message"]
    assert shelf.add(most, "STATED", covers="district").codes == []
    assert shelf.add(nearly_all, "ALL", covers=None).codes == []


def test_without_a_word_the_coverage_is_as_the_last_version_said(shelf_of_district, layer_file, box, square):
    shelf, cover = shelf_of_district, layer_file("cover.geojson", [box(0, 0, 300, 100)])
    other = layer_file("other.gpkg", [box(500, 500, 20, 10)])
    for number, (covers, kind, area_m2) in enumerate(
        [
            ("district", "district", 2e6),
            ("extent", "extent", 200),
            (cover, "file", 30_000),
            ("features", "features", 200),
        ]
    ):
        assert shelf.add(square, covers=covers, label=f"{number}a").code == 0
        answer = shelf.add(other, covers=None, label=f"{number}b").json
        assert (answer["coverage"], answer["coverage_m2"]) == (kind, pytest.approx(area_m2)), covers


def test_features_speak_for_their_union(shelf_of_district, layer_file, box):
    shelf = shelf_of_district
    plots = layer_file("plots.gpkg", [box(0, 0, 100, 100), box(50, 0, 100, 100), box(300, 0, 100, 100)])
    assert shelf.add(plots, covers="features").json["coverage_m2"] == pytest.approx(25_000)
    line = layer_file("line.gpkg", [shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)])])
    assert shelf.add(line, code="LINE", geometry="line", covers="features").codes == ["coverage.no_polygons"]


def test_a_coverage_in_degrees_is_carried_into_the_library(shelf, layer_file, square):
    cover = layer_file("cover.geojson", [shapely.box(113.99, 36.13, 114.01, 36.15)], crs="EPSG:4326")
    assert shelf.add(square, covers=cover).json["coverage_m2"] == pytest.approx(1800 * 2219, rel=0.01)


def test_a_coverage_file_that_is_no_ground_is_refused(shelf, layer_file, square, box):
    assert shelf.add(square, covers="nowhere.shp").codes == ["source.missing"]
    line = layer_file("line.gpkg", [shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)])])
    assert shelf.add(square, covers=line).codes == ["geometry.type"]
    assert shelf.add(square, covers=layer_file("nocrs.shp", [box(0, 0)], crs=None)).codes == ["crs.missing"]


def test_the_extent_of_a_single_point_covers_nothing(shelf, layer_file):
    path = layer_file("a.gpkg", [shapely.Point(500_000, 4_000_000)])
    assert shelf.add(path, geometry="point").json["coverage_m2"] == 0


# Label and time.


def test_a_label_defaults_to_the_date_and_else_to_a_number_that_is_free(shelf, square, layer_file, box):
    assert shelf.add(square).json["version"] == "v1"
    assert shelf.add(layer_file("b.gpkg", [box(0, 1)]), label="v3").json["version"] == "v3"
    assert shelf.add(square).json["version"] == "v4"  # the third version; v3 is taken
    assert shelf.add(square, valid_from="2026-01-01").json["version"] == "2026-01-01"


def test_a_used_label_is_refused_and_nothing_is_added(shelf, square, layer_file, box):
    assert shelf.add(square, label="2026").code == 0
    other = layer_file("other.gpkg", [box(0, 1)])
    answer = shelf.add(other, label="2026")
    assert (answer.code, answer.codes) == (3, ["version.label"])
    assert shelf.add(square, valid_from="2026-01-01").code == 0
    assert shelf.add(other, valid_from="2026-01-01").codes == ["version.label"]
    assert "T__3" not in shelf.tables()
    assert shelf.add(square, code="OTHER", label="2026").code == 0  # labels belong to their layer


def test_a_version_cannot_end_before_it_begins(shelf, square):
    assert shelf.add(square, valid_from="2026-02-01", valid_to="2026-01-31").codes == ["version.dates"]
    assert shelf.add(square, valid_from="2026-02-01", valid_to="2026-02-01").code == 0  # one day


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "20.11.2026", "2026-13-01", ""])
def test_a_date_that_is_none_is_wrong_usage(shelf, square, day):
    answer = shelf.add(square, valid_from=day or "''")
    assert (answer.code, answer.codes) == (2, ["usage.value"])


@pytest.mark.parametrize("accuracy", ["-1", "nan", "inf", "one"])
def test_an_accuracy_is_a_number_of_metres(shelf, square, accuracy):
    assert shelf.add(square, accuracy=accuracy).code == 2
    assert shelf.add(square, accuracy="0.5").code == 0


def test_a_source_of_several_layers_needs_one_named(shelf, layer_file, box):
    path = layer_file("two.gpkg", [box(0, 0)], layer="一")
    layer_file("two.gpkg", [box(0, 0), box(1, 1)], layer="二", mode="a")
    problem = shelf.add(path).json["problems"][0]
    assert (problem["code"], problem["field"]) == ("source.layer_needed", "--layer")
    assert "一, 二" in problem["message"]
    assert shelf.add(path, layer="二").json["features"] == 2


def test_the_same_content_has_the_same_hash_and_another_coordinate_another(shelf, layer_file, box, square):
    again = layer_file("again.fgb", [box(0, 0)])
    moved = layer_file("moved.gpkg", [box(0.001, 0)])
    hashes = [shelf.add(path, label=path.stem).json["hash"] for path in (square, again, moved)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.slow
def test_a_library_may_be_its_own_source(shelf, square):
    # Read by the one SQLite that may touch it: another would drop the locks that this process holds.
    assert shelf.add(square, label="2025").code == 0
    assert shelf.add(shelf.path, layer="T__1", code="COPY", sure=True).json["features"] == 1
    assert shelf.add(shelf.path, layer="T", code="VIEW", sure=True).json["features"] == 1
    assert shapely.equals_exact(shelf.geometries("COPY__1"), shelf.geometries("T__1")).all()
    assert shelf.column("BSM", "COPY__1") == ["1"]


def test_progress_of_reading_checking_and_writing_is_told(shelf, square, terminal):
    arguments = ["add", shelf.path, square, "--as", "T", "--define", DEFINE, "--covers", "extent"]
    lines = terminal(*arguments, "--json", "--progress", "json", "--lang", "en").stderr.decode().splitlines()
    steps = [json.loads(line) for line in lines]
    assert [step["step"] for step in steps][0] == "Reading the source"
    fractions = [step["progress"] for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("more", [0, 1])
def test_a_table_with_more_fields_than_a_layer_can_have_is_refused(shelf, tmp_path, box, more):
    properties = {f"字段{number}": number for number in range(1_980 + more)}
    feature = {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(box(0, 0))}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    path = tmp_path / "wide.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), encoding="utf-8")
    answer = shelf.add(path)
    assert (answer.code, shelf.tables() >= {"T__1"}) == ((3, False) if more else (0, True))
    if more:
        assert (answer.codes, "1981" in answer.json["problems"][0]["message"]) == (["field.too_many"], True)


@pytest.mark.parametrize("repair", [False, True])
def test_a_layer_is_the_same_whether_its_polygons_stay_bytes_or_not(shelf, layer_file, box, monkeypatch, repair):
    x, y = 500_000, 4_000_000
    bow = shapely.Polygon([(x, y - 900), (x + 90, y - 810), (x + 90, y - 900), (x, y - 810)])
    ring = box(0, 5000).difference(box(20, 5020, 30, 30))
    path = layer_file("a.fgb", [*(box(n * 100, 0) for n in range(20)), bow, ring])
    answers = []
    for label, worth_rows in enumerate((1, 1000)):
        monkeypatch.setattr("onemap.layers.sources.gdal.vector.WORTH_ROWS", worth_rows)
        answer = shelf.add(path, label=label, keep_bad=True, repair=repair).json
        problems = [(problem["code"], problem["feature"], problem["message"]) for problem in answer["problems"]]
        answers.append((answer["hash"], answer["features"], answer["repaired"], answer["set_aside"], problems))
    assert answers[0] == answers[1] and answers[0][1] == 21 + repair


@pytest.mark.parametrize("suffix", [".shp", ".fgb", ".geojson"])
@pytest.mark.parametrize("is_large", [False, True])
def test_nought_below_nought_is_nought_to_the_library_and_to_its_hash(
    shelf, layer_file, box, monkeypatch, suffix, is_large
):
    path = layer_file(
        f"small{suffix}", [box(10 * n, 0) for n in range(4)], {"BSM": list("abcd"), "N": [-0.0, 1.5, 0, 2]}
    )
    if is_large:
        read_in_blocks(2, monkeypatch.setattr)
    assert shelf.add(path).code == 0
    numbers = shelf.column("N")
    assert sorted(numbers) == [0.0, 0.0, 1.5, 2.0] and "-" not in str(numbers)
    assert shelf.run("verify", shelf.path).json["problems"] == []


@pytest.mark.parametrize("name", ["none.geojson", "none.shp"])
def test_a_file_without_features_says_that_there_are_none_where_somebody_states_so(
    shelf, square, layer_file, box, name
):
    district = layer_file("district.gpkg", [box(-50, -50, 300, 300)])
    shelf.run("district", shelf.path, district)
    none = square.with_name(name)
    if name == "none.shp":
        gpd.read_file(square).iloc[:0].to_file(none)
        none.with_suffix(".prj").unlink()
    else:
        none.write_text('{"type": "FeatureCollection", "features": []}')
    given = {"label": "none", "valid_from": "2026-01-01"}
    assert shelf.add(none, **given).codes == ["source.empty"]
    for covers in ("extent", "features", None):
        assert shelf.add(none, **given, covers=covers, accept="empty").codes == ["coverage.of_none"]
    answer = shelf.add(none, **given, covers="district", accept="empty")
    assert (answer.code, answer.json["features"], answer.json["coverage_m2"]) == (0, 0, pytest.approx(90_000))
    assert answer.json["problems"][-1]["code"] == "layer.none"
    assert shelf.add(none, **given, covers="district", accept="empty").json["unchanged"]
    pack = square.with_name("pack.toml")
    pack.write_text(pack_text({"layer": "T"}), "utf-8")
    parcels = layer_file("parcels.gpkg", [box(0, 0), box(200, 0)], {"parcel": ["in", "over the border"]})
    out = square.with_name("out.gpkg")
    assert shelf.run("check", shelf.path, parcels, "--pack", pack, "--out", out).code == 0
    assert gpd.read_file(out, layer="parcels").verdict.tolist() == ["clear", "unknown"]
    assert shelf.run("verify", shelf.path).json["ok"]
