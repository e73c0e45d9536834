"""The shipped packs at work: small layers of the catalogue, with the findings worked out by hand."""

import json

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import LineString, Point, box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.judge.packs.pack import DEFAULT_PACK, pack_text

FAR = box(-50_000, -50_000, 50_000, 50_000)
SQUARE = box(0, 0, 100, 100)


@pytest.fixture
def draw(desk):
    """Draw layers of the catalogue into the desk's library, whose pack is the shipped one."""
    (desk.folder / "test.toml").write_text(pack_text(DEFAULT_PACK)[0], encoding="utf-8")

    def add(code, shapes, covers=FAR, **columns):
        key = shipped_catalogue()[code].key
        path = desk.write(code, shapes, {key: [f"f{n}" for n in range(1, len(shapes) + 1)], **columns}, "EPSG:4547")
        ground = desk.write(f"{code}_covers", [covers], {"n": [1]}, "EPSG:4547")
        desk.run("add", desk.library, path, "--as", code, "--covers", ground).done()

    return add


def along(y):
    """A line so long that its ends are far from any parcel."""
    return LineString([(-5_000, y), (5_000, y)])


def parcels_at(ys, height=100):
    """Parcels 100 m wide that begin at each y."""
    return {name: box(0, y, 100, y + height) for name, y in ys.items()}


def test_a_road_keeps_the_distance_of_its_class_and_one_without_class_is_unknown(desk, draw):
    classes = ["高速公路", "国道", "省道", "县道", "乡道", None]
    draw("GL", [along(1000 * n) for n in range(6)], GLDJ=classes)
    ys = {str(name): 1000 * n for n, name in enumerate(classes)}
    found = desk.check({**parcels_at(ys), "limit": box(0, 1020, 100, 1050)}, only="GL")
    # 100 m wide, to 30, 20, 15, 10 and 5 m from the line.
    assert found.hits("road.control_zone") == pytest.approx(
        {"高速公路": 3000, "国道": 2000, "省道": 1500, "县道": 1000, "乡道": 500}
    )
    assert found.unknowns("road.control_zone") == {"None": (pytest.approx(3000), "no_value")}
    assert found.finding("limit", "road.control_zone") is None
    assert found.finding("国道", "road.control_zone").verdict == "prohibited"


def test_the_zone_that_the_authority_has_drawn_stands_in_place_of_the_estimate(desk, draw):
    draw("GL", [along(0)], GLDJ=["国道"])
    draw("GLJZKZQ", [box(-5_000, -26, 5_000, 26)], covers=box(-50_000, -50_000, 50, 50_000))
    found = desk.check({"A": SQUARE}, only="GL")
    # West of x = 50 the drawn zone, 50 × 26; east of it the estimate, 50 × 20.
    assert found.hits("road.control_zone") == {"A": pytest.approx(1300 + 1000)}


def test_schools_keep_farther_from_roads_and_a_project_that_does_not_say_is_told(desk, draw):
    draw("GL", [along(0)], GLDJ=["县道"])
    kinds = ["中小学校", "工业", None, "采石场"]
    parcels = {str(kind): SQUARE for kind in kinds}
    found = desk.check(parcels, columns={"XMLX": kinds}, only="GL")
    assert found.hits("road.public_places") == pytest.approx({"中小学校": 3000})  # 10 + 20 m
    assert found.hits("road.public_places_unsaid") == pytest.approx({"None": 3000})
    assert found.hits("road.extraction") == pytest.approx({"采石场": 10_000})
    assert found.hits("road.extraction_unsaid") == pytest.approx({"None": 10_000})
    assert found.finding("中小学校", "road.public_places").verdict == "restricted"
    assert found.finding("None", "road.public_places_unsaid").verdict == "notice"
    assert set(found.hits("road.control_zone")) == set(parcels)  # this one asks nobody


def test_a_railway_keeps_the_distance_of_its_kind_and_of_its_surroundings(desk, draw):
    pairs = {
        ("高铁", "城市市区"): 10,
        ("其他", "城市市区"): 8,
        ("高铁", "城市郊区居民居住区"): 12,
        ("其他", "村镇居民居住区"): 12,
        ("高铁", "其他地区"): 20,
        ("其他", None): None,
    }
    kinds, places = zip(*pairs, strict=True)
    draw("TL", [along(1000 * n) for n in range(6)], TLLX=kinds, DQLX=places)
    found = desk.check(parcels_at({str(n): 1000 * n for n in range(6)}), only="TL")
    wanted = {str(n): 100 * metres for n, metres in enumerate(pairs.values()) if metres}
    assert found.hits("rail.safety_zone") == pytest.approx(wanted)
    assert found.unknowns("rail.safety_zone") == {"5": (pytest.approx(2000), "no_value")}


def test_an_overhead_line_keeps_the_distance_of_its_voltage(desk, draw):
    metres = {10: 5, 35: 10, 110: 10, 220: 15, 330: 15, 500: 20, 750: None}
    draw("JKDLXL", [along(1000 * n) for n in range(7)], DYDJ=list(metres))
    found = desk.check(parcels_at({str(kv): 1000 * n for n, kv in enumerate(metres)}), only="JKDLXL")
    assert found.hits("power.overhead") == pytest.approx({str(kv): 100 * far for kv, far in metres.items() if far})
    assert found.unknowns("power.overhead") == {"750": (pytest.approx(2000), "no_value")}


def test_each_level_of_a_water_source_has_its_verdict_and_one_without_level_is_unknown(desk, draw):
    levels = ["一级", "二级", "准", None]
    draw("YYSSYBHQ", [box(1000 * n, 0, 1000 * n + 40, 100) for n in range(4)], BHJB=levels)
    found = desk.check({str(n): box(1000 * n, 0, 1000 * n + 100, 100) for n in range(4)}, only="YYSSYBHQ")
    for rule, row, verdict in (("first", "0", "prohibited"), ("second", "1", "restricted"), ("quasi", "2", "notice")):
        assert found.hits(f"water_source.{rule}") == {row: 4000}
        assert found.finding(row, f"water_source.{rule}").verdict == verdict
        assert found.unknowns(f"water_source.{rule}") == {"3": (4000, "no_value")}
    assert found.verdicts() == {"0": "prohibited", "1": "restricted", "2": "notice", "3": "unknown"}


def test_forest_without_grade_is_forest_in_any_case_and_whether_of_the_first_grade_is_unknown(desk, draw):
    stands = [box(0, 0, 30, 100), box(30, 0, 50, 100), box(50, 0, 60, 100)]
    draw("LDYZT", stands, BHDJ=["IV", None, "Ⅰ"], SFGYL=["否", "否", None])
    found = desk.check({"A": SQUARE, "B": box(30, 0, 50, 100)}, only="LDYZT")
    assert found.hits("forest.land") == {"A": 5000, "B": 2000}  # the grades share the forest between them
    assert found.hits("forest.first_grade") == {"A": 1000}
    assert found.unknowns("forest.first_grade") == {"A": (2000, "no_value"), "B": (2000, "no_value")}
    assert found.hits("forest.public") == {}
    assert found.unknowns("forest.public") == {"A": (1000, "no_value")}


def test_ground_outside_the_urban_boundary_is_the_conflict_and_beyond_the_survey_unknown(desk, draw):
    zones = [box(-1000, -1000, 30, 1000), box(30, -1000, 60, 1000)]
    draw("CZKFBJ", zones, covers=box(-1000, -1000, 90, 1000), GHFQMC=["城镇集中建设区", "城镇弹性发展区"])
    found = desk.check({"A": SQUARE, "B": box(-50, 0, 60, 100)}, only="CZKFBJ")
    assert found.hits("boundary.urban") == {"A": 3000}
    assert found.unknowns("boundary.urban") == {"A": (1000, "outside_coverage")}
    assert found.hits("boundary.elastic") == {"A": 3000, "B": 3000}
    assert found.verdicts() == {"A": "restricted", "B": "restricted"}


@pytest.mark.parametrize(("rise", "verdict"), [(5.0, "notice"), (4.6, "clear")])
def test_terrain_counts_as_steep_above_twenty_five_degrees(desk, draw, rise, verdict):
    """5 m per 10 m is atan 0.5 = 26.6°, 4.6 m is 24.7°; the outer ring of cells has no slope."""
    heights = np.tile(np.arange(8) * rise, (8, 1))
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "crs": "EPSG:4547", "height": 8, "width": 8}
    path = desk.folder / "dem.tif"
    with rasterio.open(path, "w", **profile, transform=from_origin(0, 80, 10, 10)) as dataset:
        dataset.write(heights, 1)
    desk.run("add", desk.library, path, "--as", "DEM", "--covers", "extent").done()
    found = desk.check({"A": box(15, 15, 65, 45)}, only="DEM")
    assert found.verdicts() == {"A": verdict}
    if verdict == "notice":
        row = found.finding("A", "slope.terrain")
        assert (row.share, row.area_m2) == (pytest.approx(1.0), pytest.approx(1500))
        assert row.value == pytest.approx(np.degrees(np.arctan(0.5)))


def test_the_land_taken_is_summed_by_ownership_and_class_and_closes(desk, draw):
    fields = [box(0, 0, 40, 100), box(40, 0, 70, 50), box(40, 50, 70, 100), box(70, 0, 95, 100)]
    draw("DLTB", fields, QSXZ=["30", "30", "20", "30"], DLBM=["0102", "1006", "0102", "0102"])
    found = desk.check({"A": SQUARE}, only="DLTB")
    rows = found.table("composition")
    parts = dict(zip((tuple(json.loads(keys).values()) for keys in rows["keys"]), rows.area_m2, strict=True))
    assert parts == {("30", "0102"): 6500, ("30", "1006"): 1500, ("20", "0102"): 1500, (None, None): 500}
    assert set(rows.rule) == {"land.composition"} and rows.share.sum() == pytest.approx(1.0)
    assert found.hits("farmland.cultivated") == {"A": 8000}
    assert found.hits("farmland.agricultural") == {"A": 9500}
    assert found.finding("A", "land.composition") is None


def test_land_planned_for_a_use_is_open_to_that_use_and_one_that_is_not_said_cannot_be_judged(desk, draw):
    """Of x 90..100, between the plots, the plan says nothing, and x 80..90 is kept for a later use: both are open."""
    plots = [box(0, 0, 60, 100), box(60, 0, 80, 100), box(80, 0, 90, 100)]
    draw("KGDK", plots, YDXZDM=["080403", "070102", "16"])
    uses = ["0804", "070102", None, "A33", "ａ３３"]
    found = desk.check({str(use): SQUARE for use in uses}, columns={"YDXZ": uses}, only="KGDK")
    assert found.hits("plan.use") == {"070102": 6000, "0804": 2000, "A33": 2000, "ａ３３": 2000}
    assert found.unknowns("plan.use") == {"None": (8000, "no_value")}
    assert found.verdicts() == {use: "unknown" if use == "None" else "restricted" for use in map(str, uses)}


def test_mixed_land_takes_each_of_its_uses_and_a_planned_code_that_nobody_knows_says_nothing(desk, draw):
    plots = {"B1/R2": box(0, 0, 100, 40), "X9": box(0, 40, 100, 60), "R2/X9": box(0, 60, 100, 70)}
    draw("KGDK", list(plots.values()), YDXZDM=list(plots))
    uses = ["070102", "0901", "1001"]
    found = desk.check(dict.fromkeys(uses, SQUARE), columns={"YDXZ": uses}, only="KGDK")
    assert found.hits("plan.use") == {"1001": 4000}
    assert found.unknowns("plan.use") == dict.fromkeys(uses, (3000, "no_value"))


def test_land_of_a_class_that_nobody_knows_is_unknown_and_never_clear(desk, draw):
    """101 may be 0101, paddy, of a file that has lost the zeros; 071 and 205 can be nothing but the survey before."""
    expected = {
        **dict.fromkeys(["0101", " ０１０１", "0101K", "011", "0101水田"], "restricted"),
        **dict.fromkeys(["1006", "122", "042"], "notice"),
        **dict.fromkeys(["1001", "12", "0701", "071", "205", "070102"], "clear"),
        **dict.fromkeys(["101", "201", "水田", "XX", "1001/0101", "0l01", "1O01", "", "\u3000 "], "unknown"),
    }
    squares = {f"{at}": box(200 * at, 0, 200 * at + 100, 100) for at in range(len(expected))}
    draw("DLTB", list(squares.values()), DLBM=list(expected))
    found = desk.check(squares, columns={"YDXZ": ["1001"] * len(squares)}, only="DLTB")
    verdicts = found.verdicts()
    assert {code: verdicts[f"{at}"] for at, code in enumerate(expected)} == expected


def test_each_use_of_a_mixed_parcel_must_be_planned(desk, draw):
    plots = {"R2": box(0, 0, 100, 40), "M1": box(0, 40, 100, 60), "R2/M1": box(0, 60, 100, 70)}
    draw("KGDK", list(plots.values()), YDXZDM=list(plots))
    uses = ["070102", "070102/1001", "1001 070102", "070102/厂房"]
    found = desk.check(dict.fromkeys(uses, SQUARE), columns={"YDXZ": uses}, only="KGDK")
    assert found.hits("plan.use") == {"070102": 2000, "070102/1001": 6000, "1001 070102": 6000}
    assert found.unknowns("plan.use") == {"070102/厂房": (7000, "no_value")}


def test_a_planned_code_beside_other_words_says_nothing_and_one_with_its_own_name_is_read(desk, draw):
    doubtful = ["R2改M1", "R2-M1", "R2→M1", "R2（拟改M1）", "R2(调整)", "070102改1001", "非R2", "101", "10010"]
    known = ["R2", "Ｒ２", "R22", "R2b", "R2二类居住用地", "R2（二类居住用地）", "070102 1001", "07010299"]
    codes = [*doubtful, *known]
    squares = [box(200 * at, 0, 200 * at + 100, 100) for at in range(len(codes))]
    draw("KGDK", squares, YDXZDM=codes)
    parcels = {
        f"{code} {use}": square for code, square in zip(codes, squares, strict=True) for use in ("house", "works")
    }
    found = desk.check(parcels, columns={"YDXZ": ["070102", "1001"] * len(codes)}, only="KGDK")
    unknown = {f"{code} {use}": (10_000, "no_value") for code in doubtful for use in ("house", "works")}
    assert found.unknowns("plan.use") == unknown
    refused = {f"{code} works": 10_000 for code in known if code != "070102 1001"}
    assert found.hits("plan.use") == refused, "housing is planned on all of them, works on mixed land alone"


def test_who_is_something_else_besides_is_not_excused_from_the_ban_on_permanent_farmland(desk, draw):
    draw("YJJBNTTB", [SQUARE])
    excused = {"0101": None, "0102水浇地": None, "0101/0103": None, "": "高标准农田"}
    others = {"0101/1001": None, "0101 1001": None, "0101/0810": None, "0101或1001": None, " ": "高标准农田（含厂房）"}
    uses = excused | others
    columns = {"YDXZ": list(uses), "XMLX": list(uses.values())}
    found = desk.check({f"{at}": SQUARE for at in range(len(uses))}, columns=columns, only="YJJBNTTB")
    verdicts = dict(zip(uses, found.verdicts().values(), strict=True))
    assert verdicts == dict.fromkeys(excused, "clear") | dict.fromkeys(others, "prohibited")


def test_the_regulatory_plan_goes_before_the_general_one_and_the_run_says_which(desk, draw):
    draw("ZXCQGHYDYH", [SQUARE], YDYHFLDM=["07"])
    parcels, columns = {"A": SQUARE}, {"YDXZ": ["1001"]}
    assert desk.check(parcels, columns=columns).hits("plan.use") == {"A": 10_000}
    draw("KGDK", [SQUARE], YDXZDM=["M1"])
    found = desk.check(parcels, columns=columns)
    assert found.hits("plan.use") == {}
    assert found.answer.json["run"]["chosen_layers"]["plan.use"] == "KGDK"


def test_a_code_is_of_the_system_that_field_option_and_pack_name_in_this_order(desk, draw):
    """0602 is a mine in the land survey, and a farm building by the guide of 2023; letters are GB 50137 in any case."""
    draw("KGDK", [SQUARE], YDXZDM=["M1"])
    uses = ["0602", "0602", "M2"]
    parcels = {"A": SQUARE, "B": SQUARE, "C": SQUARE}
    columns = {"YDXZ": uses, "code_system": [None, "land-sea-2023", None]}
    assert set(desk.check(parcels, columns=columns, only="KGDK").hits("plan.use")) == {"A", "B"}
    found = desk.check(parcels, columns=columns, only="KGDK", code_system="survey")
    assert set(found.hits("plan.use")) == {"B"}
    run = found.answer.json["run"]
    assert run["parameters"]["code_system"] == "survey"
    assert desk.run("verify", desk.library, "--run", run["id"]).json["ok"]
    assert desk.run("check", desk.library, desk.parcels(parcels), "--code-system", "ours").code == 2


def test_the_plan_permits_uses_of_its_own_first_level_class_in_either_code(desk, draw):
    draw("ZXCQGHYDYH", [box(0, 0, 50, 100), box(50, 0, 80, 100), box(80, 0, 90, 100)], YDYHFLDM=["0702", "1001", None])
    uses = ["070102", "R2", "M1", "厂房"]
    found = desk.check(dict.fromkeys(uses, SQUARE), columns={"YDXZ": uses}, only="ZXCQGHYDYH")
    assert found.hits("plan.use") == {"070102": 3000, "R2": 3000, "M1": 5000}
    assert found.unknowns("plan.use") == {
        **dict.fromkeys(uses[:3], (2000, "no_value,no_plan")),
        "厂房": (10_000, "no_value,no_plan"),
    }


def test_a_pipeline_that_runs_through_is_said_once_and_whatever_stands_near_it_is_asked_of(desk, draw):
    draw("YQGD", [along(20)])
    kinds = ["市政道路", "住宅", "住宅", "市政道路", "住宅"]
    high = box(0, -300, 100, 100)
    parcels = {"A": box(0, 70, 100, 100), "B": SQUARE, "C": box(0, 70, 100, 100), "D": SQUARE, "E": high}
    found = desk.check(parcels, columns={"XMLX": kinds}, only="YQGD")
    assert found.hits("pipeline.oil_gas") == pytest.approx({"B": 1000, "E": 1000})  # 5 m to either side
    assert found.finding("B", "pipeline.oil_gas_strip") is None
    assert found.finding("E", "pipeline.oil_gas").reason == "below_area"  # 1000 of 40 000 m²: keep the strip free
    assert found.finding("E", "pipeline.oil_gas_strip").verdict == "restricted"
    row = found.finding("D", "pipeline.crossing")  # a road may cross
    assert (row.length_m, row.verdict) == (100, "restricted")
    assert (found.finding("B", "pipeline.crossing"), found.finding("B", "pipeline.surroundings")) == (None, None)
    row = found.finding("A", "pipeline.surroundings")
    assert (row.distance_m, row.features, row.verdict) == (50, 1, "consult")  # the limit included
    assert found.verdicts() == {
        "A": "consult",
        "B": "prohibited",
        "C": "consult",
        "D": "restricted",
        "E": "restricted",
    }


def test_objects_near_by_are_counted_to_the_limit_and_those_inside_one_by_one(desk, draw):
    draw("QXTZ", [Point(600, 50)], TZLX=["基本站"])
    draw("DZZHYHD", [Point(-200, 50), Point(-201, 50), Point(150, 50)])
    draw("GSMM", [Point(10, 10), Point(20, 10), Point(100, 50)])
    found = desk.check({"A": SQUARE}, only="QXTZ,DZZHYHD,GSMM", columns={"XMLX": ["垃圾填埋"]})
    assert found.finding("A", "weather.disturbance").distance_m == 500
    assert found.hits("weather.station")["A"] == pytest.approx(10_000)
    row = found.finding("A", "hazard.site")
    assert (row.features, row.distance_m) == (2, 50)
    assert found.finding("A", "tree.inside").value == 2  # the third stands on the edge


def test_codes_that_are_written_full_width_in_small_letters_or_with_blanks_are_read_as_codes(desk, draw):
    strips = [box(0, y, 100, y + 10) for y in range(0, 60, 10)]
    draw("DLTB", strips, DLBM=["０１０１", "0101 ", "01０3", "0601", "０６０１", "0101"])
    found = desk.check({"A": box(0, 0, 100, 60)}, only="DLTB", columns={"YDXZ": ["0701"]})
    assert found.hits("farmland.cultivated") == pytest.approx({"A": 4000})
    draw("LDYZT", strips[:4], BHDJ=["Ｉ", "i", " II", "ⅱ"], SFGYL=["否"] * 4)
    found = desk.check({"A": box(0, 0, 100, 60)}, only="LDYZT")
    assert found.hits("forest.first_grade") == pytest.approx({"A": 2000}), "not clear, for a way of writing"
    assert found.hits("forest.second_grade") == pytest.approx({"A": 2000})


def test_a_library_of_one_layer_gives_its_verdict_and_lists_what_was_not_checked(desk, draw):
    draw("YJJBNTTB", [box(0, 0, 1, 0.5), box(300, 0, 310, 10)])
    found = desk.check({"A": SQUARE, "B": box(300, 0, 400, 100)})
    assert found.verdicts() == {"A": "unknown", "B": "prohibited"}
    row = found.finding("A", "farmland.permanent")
    assert (row.area_m2, row.counted, row.reason) == (0.5, False, "no_fact,below_area")
    skipped = {item["rule"] for item in found.answer.json["run"]["skipped"] if item["reason"] == "layer_missing"}
    assert {"flood.storage", "power.overhead", "plan.use", "slope.terrain", "land.composition"} <= skipped
    assert "boundary.urban" not in skipped


def test_a_citys_ordinance_takes_the_place_of_the_common_rule_and_both_packs_are_in_the_run(desk, draw):
    draw("GL", [along(0), along(1000)], GLDJ=["省道", "国道"])
    parcels = parcels_at({"P": 0, "N": 1000})
    assert desk.check(parcels, only="GL").hits("road.control_zone") == pytest.approx({"P": 1500, "N": 2000})
    found = desk.check(parcels, only="GL", pack="sample-ordinance")
    assert found.hits("road.control_zone") == {}
    assert found.hits("ordinance.road_control_zone") == pytest.approx({"P": 2000, "N": 2000})
    row = found.finding("P", "ordinance.road_control_zone")
    assert row["pack"] == "sample-ordinance"
    assert "虚构" in row.basis and "公路安全保护条例 第十一条" in row.basis
    assert [pack["id"] for pack in found.answer.json["run"]["packs"]] == [DEFAULT_PACK, "sample-ordinance"]


def test_a_library_may_be_made_with_both_packs(desk):
    path = desk.folder / "city.gpkg"
    packs = ["--pack", DEFAULT_PACK, "--pack", "sample-ordinance"]
    assert desk.run("new", path, "--crs", "EPSG:4547", *packs).code == 0
    answer = desk.run("check", path, desk.parcels({"A": shapely.box(0, 0, 10, 10)}))
    assert (answer.code, len(answer.json["run"]["packs"])) == (0, 2)


def test_a_code_that_its_system_does_not_have_says_nothing_of_the_project(desk, draw):
    draw("KGDK", [box(0, 0, 1_000, 100)], YDXZDM=["0803"])
    draw("ZXCQCSLVX", [box(0, 0, 1_000, 100)])
    # 0809 and 0810 are of the land survey (utilities, parks), 0603 of the trial of 2020; 0803 is cultural, 1401 a park.
    uses = {"0810": None, "0809": None, "0603": None, "0803": None, "1401": None, "surveyed": "survey"}
    columns = {"YDXZ": ["0810" if use == "surveyed" else use for use in uses], "code_system": list(uses.values())}
    parcels = {use: box(100 * n, 0, 100 * n + 50, 100) for n, use in enumerate(uses)}
    found = desk.check(parcels, only="KGDK,ZXCQCSLVX", columns=columns)
    assert found.unknowns("plan.use") == dict.fromkeys(("0810", "0809", "0603"), (5000, "no_value"))
    assert found.hits("plan.use") == {"1401": 5000, "surveyed": 5000}
    assert found.hits("redline.green") == dict.fromkeys(("0810", "0809", "0603", "0803"), 5000)
    assert (
        found.finding("0810", "redline.green").reason == "no_fact"
        and found.finding("0803", "redline.green").reason is None
    )


def test_what_lies_within_another_rule_of_the_same_distance_is_told_once(desk, draw):
    draw("DXGX", [along(50), along(1050)], GXLX=["给水", "给水"], GJ=[100.0, 600.0])
    found = desk.check(parcels_at({"small": 0, "large": 1000}), only="DXGX")
    assert set(found.table("findings").rule) == {"utility.water_small", "utility.water_large"}
    draw("QXTZ", [Point(50, 50)], TZLX=["一般站"])
    rules = set(desk.check({"A": SQUARE}, only="QXTZ").table("findings").rule)
    assert rules == {"weather.station"}, "the kind of project need not be asked beside the station's own conditions"
