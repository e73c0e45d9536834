"""Each kind of warning worked out by hand."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import box

from onemap.tests.rules.command import outcome_of

GROUND = box(0, 0, 400, 400)


@pytest.fixture
def town(tmp_path, onemap):
    """A library with a district of 16 ha, and how layers of the catalogue come into it."""

    class Town:
        library = tmp_path / "town.gpkg"

        def add(self, code, shapes=None, day="2024-12-31", code_of_answer=0, covers="district", **columns):
            path = tmp_path / f"{code}_{day}.{'csv' if shapes is None else 'gpkg'}"
            if shapes is None:
                pd.DataFrame(columns).to_csv(path, index=False)
            else:
                gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4547").to_file(path)
            given = ["--valid-from", day, f"--covers={covers}"]
            answer = onemap("add", self.library, path, "--as", code, *given)
            assert answer.code == code_of_answer, answer.json

        def ask(self, *arguments, code=0):
            answer = onemap("warnings", self.library, "--as-of=2025-06-01", *arguments)
            assert answer.code == code, answer.json
            return answer.json

    district, rules = tmp_path / "district.gpkg", tmp_path / "none.toml"
    gpd.GeoDataFrame(geometry=[GROUND], crs="EPSG:4547").to_file(district)
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    onemap("new", Town.library, "--crs=EPSG:4547", "--district", district, "--pack", rules).done()
    return Town()


def of_kind(found, kind):
    return [row for row in found["warnings"] if row["kind"] == kind]


def write_quota(path, more):
    """A pack of one quota: the net area of farmland in hectares, which must not fall below its target."""
    head = '[pack]\nid = "own"\nversion = "1"\ntitle = { zh = "试", en = "own" }\nissuer = "i"\nedition = "e"\n'
    term = '[[term]]\nid = "t"\nkind = "net"\nlayer = "YJJBNT"\n'
    kept = '[[indicator]]\nid = "kept"\ntitle = { zh = "题", en = "Kept" }\nformula = "t"\nunit = "ha"\n'
    kept += 'nature = "binding"\nbound = "floor"\nsource = "s"\n'
    path.write_text(f"{head}{term}{kept}{more}\n", encoding="utf-8")
    return path


def test_a_quota_that_is_broken_says_by_how_much(town, tmp_path):
    town.add("YJJBNT", [box(0, 0, 100, 100)], BSM=["1"], YJJBNTMJ=[9000.0])
    pack = write_quota(tmp_path / "own.toml", "target = 1.0")
    (row,) = of_kind(town.ask(f"--pack={pack}"), "quota")
    assert (row["id"], row["status"], row["limit"]) == ("quota:kept", "alarm", 1.0)
    assert (row["value"], row["headroom"]) == (pytest.approx(0.9), pytest.approx(-0.1))
    write_quota(pack, "target = 0.5")
    assert of_kind(town.ask(f"--pack={pack}"), "quota") == []


@pytest.mark.parametrize(
    ("measure", "year", "names", "shape", "reason"),
    [
        ("处", 2035, ["Kept"], GROUND, "target_unit"),
        ("公顷", None, ["Kept"], GROUND, "target_year"),
        ("公顷", 2035, ["Kept", "题"], GROUND, "targets_differ"),
        ("处", 2035, ["Kept"], None, "layer_missing,target_unit"),
        ("公顷", 2035, ["Other"], GROUND, None),  # it has no target
    ],
)
def test_a_quota_whose_target_cannot_be_read_is_open(town, tmp_path, measure, year, names, shape, reason):
    if shape is not None:
        town.add("YJJBNT", [shape], BSM=["1"], YJJBNTMJ=[9000.0])
    town.add("XZQ", [GROUND], XZQDM=["130102"], XZQMC=["T"], BSM=["1"])
    count = len(names)
    town.add("GHZBB", XZQDM=["130102"] * count, ZBMC=names, DW=[measure] * count, GHMBN=[1.0] * count, MBND=year)
    pack = write_quota(tmp_path / "own.toml", "")
    text = pack.read_text(encoding="utf-8").replace('edition = "e"\n', 'edition = "e"\ntargets = "GHZBB"\n', 1)
    pack.write_text(text, encoding="utf-8")
    found = of_kind(town.ask(f"--pack={pack}", "--unit=XZQ", f"--page={tmp_path / 'page.html'}"), "quota")
    assert [(row["status"], row["reason"]) for row in found] == ([("unknown", reason)] if reason else [])


def test_a_quota_is_read_with_the_decimals_of_its_indicator(onemap, town, tmp_path):
    town.add("YJJBNT", [box(0, 0, 100, 100)], BSM=["1"], YJJBNTMJ=[9000.0])
    pack, page = write_quota(tmp_path / "own.toml", "target = 1.0\ndecimals = 4"), tmp_path / "page.html"
    found = town.ask(f"--pack={pack}", "--keep", f"--page={page}")
    assert {row["kind"]: row["decimals"] for row in found["warnings"]} == {"quota": 4}
    text = page.read_text(encoding="utf-8")
    assert ">0.9000 ha<" in text and ">1.0000<" in text
    (kept,) = onemap("warning", "list", town.library).json["warnings"]
    assert kept["decimals"] == 4


def test_permits_that_ended_end_soon_or_do_not_say_when(town):
    ends = ["2025-05-31", "2025-06-01", "2025-08-30", "2025-08-31", None]
    shapes = [box(10 * n, 0, 10 * n + 5, 5) for n in range(5)]
    town.add("GHDK", shapes, DKBH=list("abcde"), YXQZ=ends)
    rows = of_kind(town.ask(), "expiry")
    states = {row["subject"]: (row["status"], row["days_left"]) for row in rows}
    assert states == {"no_value": ("unknown", None), "a": ("alarm", -1), "b": ("warn", 0), "c": ("warn", 90)}
    assert {row["id"] for row in rows if row["subject"] == "a"} == {"expiry:GHDK:a"}
    assert {row["layer_title"] for row in rows} == {"Land with planning permission"}
    assert len(of_kind(town.ask("--days=91"), "expiry")) == 5


def test_features_together_and_days_are_whole_numbers_in_the_words_of_the_reader(town):
    # From 1 August to 1 June are 31 + 30 + 31 + 30 + 31 + 31 + 28 + 31 + 30 + 31 days.
    town.add("GHDK", [box(0, 0, 5, 5)], DKBH=["a"], YXQZ=[None], day="2024-08-01")
    asked = ("warnings", town.library, "--as-of", "2025-06-01", "--rhythm", "GHDK=300", "--lang", "zh")
    code, text, _ = outcome_of(*asked)
    assert code == 0
    assert "  已批用地 · 无法判定 · 1 · 缺少属性值\n" in text
    assert "  已批用地 · 2024-08-01 · 预警 · 304 / 300 天\n" in text


def test_permits_and_quotas_lie_where_their_ground_is(town, tmp_path):
    town.add("GHDK", [box(20, 10, 25, 15)], DKBH=["a"], YXQZ=["2025-05-31"])
    answer = town.ask(f"--out={tmp_path / 'look.gpkg'}")
    written = gpd.read_file(tmp_path / "look.gpkg", layer="warnings").set_index("id").geometry
    assert written["expiry:GHDK:a"].bounds == (20, 10, 25, 15)
    (quota,) = of_kind(answer, "quota")
    assert quota["title"] == "Growth boundary over the towns of 2020" and written[quota["id"]].equals(GROUND)


def test_a_layer_older_than_its_rhythm_and_one_that_is_not_there(town):
    town.add("GYL", [box(0, 0, 10, 10)], day="2024-06-01", BH=["1"])
    rows = of_kind(town.ask("--rhythm=GYL=364,TRL=100"), "stale")
    assert [(row["layer"], row["status"], row["value"]) for row in rows] == [
        ("GYL", "warn", 365),
        ("TRL", "unknown", None),
    ]
    assert of_kind(town.ask("--rhythm=GYL=365"), "stale") == []
    assert town.ask("--rhythm=NOPE=3", code=3)["problems"][0]["code"] == "warnings.layer"
    assert town.ask("--rhythm=GYL=soon", code=2)["problems"][0]["code"] == "usage.value"


def test_districts_that_do_not_add_up_to_the_city(town):
    codes = ["1399", "139901", "139902", "139901001", "1399", "139901"]
    years = [2023, 2023, 2023, 2023, 2024, 2024]
    columns = {"XZQDM": codes, "ND": years, "CZRK": [100, 60, 40, 59, 100, 60]}
    town.add("RKTJ", **columns, HJRK=[90, 50, 40, 50, 90, None])
    found = town.ask()
    rows, lost = of_kind(found, "sums"), [one for one in found["unlooked"] if one["kind"] == "sums"]
    assert lost == []
    # 2023: the city is 60 + 40; the county is not its one town. 2024: 60 is not 100, and of HJRK nobody knows.
    sums = [(row["unit"], row["subject"], row["value"], row["limit"], row["headroom"]) for row in rows]
    assert sums == [("139901", "CZRK 2023", 59, 60, 1), ("1399", "CZRK 2024", 60, 100, 40)]
    town.add("RKTJ", day="2025-01-01", **columns, HJRK=[900, 50, None, 50, 90, None])
    assert {"kind": "sums", "reason": "no_value", "layer": "RKTJ"} in town.ask()["unlooked"], "900 may be 50 and 850"


def test_districts_are_told_from_cities_by_their_level_not_by_a_zero_at_their_end(town):
    # 310110 is a district beside 310112, 429004 a county right under its province, 010 a village beside 012.
    codes = ["310000", "310110", "310112", "310115", "420000", "420100", "420102", "420103", "429004"]
    codes += ["310112101000", "310112101010", "310112101012"]
    people = [60, 10, 20, 30, 50, 40, 15, 25, 10, 20, 12, 8]
    town.add("RKTJ", XZQDM=codes, ND=[2024] * len(codes), CZRK=people)
    assert of_kind(town.ask(), "sums") == []
    town.add("RKTJ", day="2025-01-01", XZQDM=codes, ND=[2024] * len(codes), CZRK=[61, *people[1:4], 51, *people[5:]])
    sums = [(row["unit"], row["value"], row["limit"]) for row in of_kind(town.ask(), "sums")]
    assert sums == [("310000", 60, 61), ("420000", 50, 51)]


@pytest.mark.slow
def test_ground_of_which_a_layer_does_not_speak_is_no_finding(town):
    west, middle, east = box(0, 0, 100, 400), box(100, 0, 300, 400), box(300, 0, 400, 400)
    town.add("DLTB", [west, middle], day="2020-12-31", covers="extent", BSM=["1", "2"], DLBM=["0101", "0101"])
    town.add("DLTB", [west, middle, east], BSM=["1", "2", "3"], DLBM=["0101", "0601", "0701"])
    keys = {"ZZ_NYDZYFW": "XMDM", "GHDK": "DKBH", "GHXK": "XKZH", "LSYD": "BSM", "SSNYD": "BH", "PZWJSTD": "BSM"}
    for code, key in {**keys, "YJJBNTTB": "BSM", "STBHHX": "BSM"}.items():
        town.add(code, [box(0, 0, 10, 10)], **{key: ["1"]})
    # Approvals until 250 m east, and a boundary that leaves out 50 m of what its layer speaks of.
    town.add("GDDK", [box(0, 0, 90, 400), box(240, 0, 250, 400)], covers="extent", DKBH=["G1", "G2"])
    town.add("CZKFBJ", [box(0, 0, 150, 400), box(190, 0, 200, 400)], covers="extent", BSM=["1", "2"])
    found = town.ask()
    # The east was built on before anybody looked.
    grounds = {(row["value"], row["status"], row["reason"]) for row in of_kind(found, "candidate")}
    assert grounds == {(140 * 400, "warn", "outside_boundary"), (50 * 400, "unknown", "other")}
    assert [row["value"] for row in of_kind(found, "line")] == [40 * 400]
    open_ground = [(one["kind"], one["layer"]) for one in found["unlooked"] if one["reason"] == "outside_coverage"]
    assert open_ground == [("candidate", "DLTB"), ("candidate", "GDDK"), ("line", "DLTB"), ("line", "CZKFBJ")]


@pytest.mark.slow
def test_new_building_ground_without_approval_is_a_candidate_with_the_nearest_approval(town, tmp_path):
    west, middle, east = box(0, 0, 100, 400), box(100, 0, 300, 400), box(300, 0, 400, 400)
    town.add("DLTB", [west, box(100, 0, 400, 400)], day="2020-12-31", BSM=["1", "2"], DLBM=["0701", "0101"])
    lost = {"reason": "no_earlier"}
    assert town.ask()["unlooked"][:2] == [{"kind": "line", **lost}, {"kind": "candidate", **lost}]
    town.add("DLTB", [west, middle, east], BSM=["1", "2", "3"], DLBM=["0701", "0601", "0101"])
    # Of the new 200 m × 400 m two bands are approved; 3 m between them are too thin, 6 m × 5 m further on too small.
    shapes = [box(100, 0, 300, 150), box(100, 153, 300, 300)]
    town.add("GDDK", shapes, DKBH=["G1", "G2"])
    town.add(
        "PZWJSTD", [box(100, 300, 290, 310), box(296, 300, 300, 310), box(290, 305, 296, 310)], BSM=["1", "2", "3"]
    )
    town.add("YJJBNTTB", [box(100, 390, 110, 400), box(200, 0, 220, 50), box(0, 0, 90, 90)], BSM=["1", "2", "3"])
    town.add("CZKFBJ", [box(0, 0, 250, 400)], BSM=["1"])
    out = tmp_path / "list.gpkg"
    found = town.ask(f"--out={out}")
    (row,) = of_kind(found, "candidate")
    assert (row["value"], row["reason"]) == (pytest.approx(200 * 90), "on_protected_farmland")
    assert row["nearest"].startswith("PZWJSTD ") and not row["nearest_title"].startswith("PZWJSTD")
    assert row["distance_m"] == 0.0
    assert row["status"] == "unknown", "other approvals are not there, so nobody can tell"
    # New on protected farmland: an approved piece, too, but 10 m × 10 m are too small; outside the boundary: a strip.
    lines = {row["reason"]: row["value"] for row in of_kind(found, "line")}
    assert lines == {"on_protected_farmland": pytest.approx(20 * 50), "outside_boundary": pytest.approx(50 * 400)}
    assert {"kind": "line", "reason": "layer_missing", "layer": "STBHHX"} in found["unlooked"]
    lost = {one["layer"] for one in found["unlooked"] if one["kind"] == "candidate"}
    assert lost == {"ZZ_NYDZYFW", "GHDK", "GHXK", "LSYD", "SSNYD"}
    written = gpd.read_file(out, layer="warnings")
    written = written[written["kind"] == "candidate"]
    assert written.geometry.area.tolist() == [pytest.approx(18_000)] and written["id"].tolist() == [row["id"]]


def add_approvals(town, place, *without):
    """Every layer of approvals, with one square in the given place."""
    keys = {"ZZ_NYDZYFW": "XMDM", "GDDK": "DKBH", "GHDK": "DKBH", "GHXK": "XKZH", "LSYD": "BSM", "SSNYD": "BH"}
    for code, key in {**keys, "PZWJSTD": "BSM"}.items():
        if code not in without:
            town.add(code, [place], **{key: ["1"]})


def add_surveys(town, before, after):
    """Two surveys of strips of 100 m from west to east, by their codes."""
    for day, codes in (("2018-12-31", before), ("2024-12-31", after)):
        shapes = [box(100 * n, 0, 100 * n + 100, 400) for n in range(len(codes))]
        town.add("DLTB", shapes, day=day, BSM=[str(n) for n in range(len(codes))], DLBM=codes)


def places(found, kind):
    """The places of a kind's rows, to 100 m from the west, with their status."""
    return {(int(row["subject"].split()[-1].split(",")[0]) // 100, row["status"]) for row in of_kind(found, kind)}


def test_built_ground_of_an_older_edition_of_classes_is_no_candidate_and_unclear_ground_an_unknown_one(town):
    """072 was a village, 203 a village or 0203 without its zero, 113 a reservoir, which is built on now."""
    add_surveys(town, ["072", "011", "203", "113"], ["0702", "0601", "0702", "0701"])
    add_approvals(town, box(390, 390, 400, 400))
    town.add("YJJBNTTB", [GROUND], BSM=["1"])
    found = town.ask()
    assert places(found, "candidate") == places(found, "line") == {(1, "warn"), (2, "unknown"), (3, "warn")}
    open_ground = {(one["kind"], one["layer"]) for one in found["unlooked"] if one["reason"] == "no_value"}
    assert open_ground == {("candidate", "DLTB"), ("line", "DLTB")}


def test_a_survey_that_was_retired_is_not_the_one_before(town, onemap):
    add_surveys(town, ["0101", "0101"], ["0701", "0101"])
    shapes = [box(100 * n, 0, 100 * n + 100, 400) for n in range(2)]
    town.add("DLTB", shapes, day="2021-12-31", BSM=["0", "1"], DLBM=["0701", "0701"])  # all of it built: a mistake
    assert places(town.ask(), "candidate") == set()
    assert onemap("retire", town.library, "DLTB", "2021-12-31", "--reason", "wrong file").code == 0
    assert places(town.ask(), "candidate") == {(0, "unknown")}  # no layer of approvals is there


def test_ground_without_a_class_is_told_and_no_candidate_for_certain(town):
    add_surveys(town, [None, "0101", "0701", "0101"], ["0701", "0101", None, "0101"])
    add_approvals(town, box(390, 390, 400, 400))
    found = town.ask()
    assert places(found, "candidate") == {(0, "unknown")}, "what was built stays built where its class is lost"
    assert {"kind": "candidate", "reason": "no_value", "layer": "DLTB"} in found["unlooked"]


def test_ground_that_has_no_class_now_may_be_built_and_is_told(town):
    add_surveys(town, ["0101", "0101", "0101", "0101"], [None, "0101", "0101", "0101"])
    add_approvals(town, box(390, 390, 400, 400))
    found = town.ask()
    assert of_kind(found, "candidate") == []
    assert {"kind": "candidate", "reason": "no_value", "layer": "DLTB"} in found["unlooked"]


def test_ground_seen_from_above_that_was_built_long_ago_is_no_candidate(town):
    add_surveys(town, ["0701", "0101", "0101", "0101"], ["0701", "0101", "0101", "0101"])
    add_approvals(town, box(390, 390, 400, 400))
    town.add("YJJBNTTB", [GROUND], BSM=["1"])
    town.add("YGYSXZJSYDTB", [box(20, 0, 60, 40), box(80, 100, 120, 140)], day="2025-01-10", TBBH=["1", "2"])
    found = town.ask()
    assert [row["value"] for row in of_kind(found, "candidate")] == [20 * 40], "of the second spot the eastern half"
    assert [row["value"] for row in of_kind(found, "line")] == [20 * 40]


def test_a_strip_exactly_as_wide_as_the_limit_is_a_candidate(town):
    new = [box(100, 0, 105, 40), box(200, 0, 204.9, 100), box(300, 0, 310, 19.9)]  # 5 m and 200 m² exactly; thin; small
    rest = GROUND.difference(shapely.union_all(new))
    town.add("DLTB", [GROUND], day="2018-12-31", BSM=["1"], DLBM=["0101"])
    town.add("DLTB", [*new, rest], BSM=list("1234"), DLBM=["0701"] * 3 + ["0101"])
    add_approvals(town, box(390, 390, 400, 400))
    assert [row["value"] for row in of_kind(town.ask(), "candidate")] == [pytest.approx(200.0)]


def test_each_day_is_read_as_it_is_written_and_what_is_none_is_named(town):
    """The first row must not say how the others are read; 2025111 is in January or in November."""
    ends = ["2025-06-10", "20250611", "2025/6/12", "2025年6月13日", "2025-06-14T00:00:00", "2025111", "长期"]
    shapes = [box(10 * n, 0, 10 * n + 5, 5) for n in range(len(ends))]
    town.add("GHDK", shapes, DKBH=list("abcdefg"), YXQZ=ends)
    rows = of_kind(town.ask(), "expiry")
    days = {row["subject"]: (row["days_left"], row["status"], row["reason"]) for row in rows}
    known = {name: (9 + place, "warn", None) for place, name in enumerate("abcde")}
    assert days == known | dict.fromkeys("fg", (None, "unknown", "no_day"))


def test_temporary_land_that_had_ended_when_the_ground_was_surveyed_covers_nothing(town):
    """Three strips are newly built on 2024-12-31; the catalogue knows no last day of LSYD, the table has one."""
    add_surveys(town, ["0101"] * 4, ["0701", "0101", "0701", "0701"])
    add_approvals(town, box(390, 390, 400, 400), "LSYD")
    strips = [box(x, 0, x + 100, 400) for x in (0, 200, 300)]
    town.add("LSYD", strips, BSM=["1", "2", "3"], YXQZ=["2024-12-30", "2024-12-31", None])
    found = town.ask()
    (row,) = of_kind(found, "candidate")
    assert (row["value"], row["status"], row["nearest"]) == (100 * 400, "warn", "LSYD 1")
    ends = {(row["subject"], row["status"]) for row in of_kind(found, "expiry")}
    assert ends == {("1", "alarm"), ("2", "alarm"), ("no_value", "unknown")}


CITY, EAST, WEST = "139900", "139901", "139902"


def test_only_amounts_add_up_and_in_one_unit_of_measure(town):
    """3 万亩 are 2000 ha, of which 1500 are there; shares and numbers per head are no sums; of 户 nobody knows."""
    table = [
        ("耕地保有量", ["万亩", "公顷", "公顷"], [3, 1000, 500]),
        ("林地保有量", ["万亩", "公顷", "公顷"], [3, 1000, 1000]),
        ("常住人口城镇化率", ["%", "%", "%"], [70, 80, 60]),
        ("人均城镇建设用地", ["平方米/人"] * 3, [100, 100, 100]),
        ("人均住房面积", ["平方米"] * 3, [40, 40, 40]),
        ("户数", ["户"] * 3, [7, 1, 1]),
    ]
    rows = [
        (unit, name, dw, z) for name, of, zs in table for unit, dw, z in zip((CITY, EAST, WEST), of, zs, strict=True)
    ]
    columns = dict(zip(("XZQDM", "ZBMC", "DW", "GHMBN"), zip(*rows, strict=True), strict=True))
    town.add("GHZBB", MBND=[2035] * len(rows), **columns)
    found = town.ask()
    (row,) = of_kind(found, "sums")
    assert (row["unit"], row["reason"], row["unit_of_measure"]) == (CITY, "耕地保有量", "万亩")
    assert (row["limit"], row["value"], row["headroom"]) == (3, pytest.approx(2.25), pytest.approx(0.75))
    lost = [one for one in found["unlooked"] if one["kind"] == "sums"]
    assert lost == [{"kind": "sums", "reason": "unit", "layer": "GHZBB"}]
