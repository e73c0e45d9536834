"""A delivery with several files for a layer: they become one version, and none silently replaces another."""

import json

import geopandas as gpd
import pytest
import shapely

from onemap.tests.conftest import write_layer
from onemap.tests.rules.small_pack import pack_text

DISTRICT = (500_000, 4_200_000, 510_000, 4_201_000)  # of the library: two counties side by side
PACK = pack_text({"layer": "STBHHX"})
FIELDS = {"BSM": ["1", "2"], "HXMC": ["甲", "乙"]}


def squares(west, count=2):
    return [shapely.box(west + n * 300, 4_200_000, west + n * 300 + 200, 4_200_200) for n in range(count)]


def county(folder, name, west, count=2):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"BSM": [f"{west}{n}" for n in range(count)], "HXMC": ["甲"] * count}
    return write_layer(path, squares(west, count), columns)


@pytest.fixture
def delivery(tmp_path):
    county(tmp_path / "in", "370101历下区/生态保护红线2026.shp", 500_100)
    county(tmp_path / "in", "370102市中区/生态保护红线2026.shp", 505_100)
    return tmp_path / "in"


def test_files_named_by_the_codes_of_counties_are_one_version(library, delivery, onemap, tmp_path):
    answer = onemap("ingest", library, delivery, "--covers", "district").done()
    (added,) = answer.json["added"]
    assert (added["version"], added["features"]) == ("2026", 4)
    assert [(row["code"], row["status"], row["version"]) for row in answer.json["plan"]] == [
        ("STBHHX", "added", "2026")
    ] * 2
    again = onemap("ingest", library, delivery)
    assert (again.json["added"], [row["version"] for row in again.json["unchanged"]]) == ([], ["2026"])


def test_a_county_that_has_sent_nothing_is_named(library, delivery, onemap, tmp_path):
    names = {"BSM": list("123"), "XZQDM": ["370101001", "370102001", "370103001"], "XZQMC": list("甲乙丙")}
    write_layer(tmp_path / "XZQ.gpkg", squares(500_000, 3), names)
    assert onemap("add", library, tmp_path / "XZQ.gpkg", "--as", "XZQ", "--covers", "district").code == 0
    for covers, expected in (("district", ["370103"]), ("features", [])):
        answer = onemap("ingest", library, delivery, "--covers", covers)
        (added,) = answer.json["added"]
        lacking = [one["message"] for one in added["problems"] if one["code"] == "files.no_county"]
        assert [text for text in lacking if "370103" in text] == lacking and len(lacking) == len(expected)
        onemap("retire", library, "STBHHX", "2026", "--reason", "x")
        for path in delivery.rglob("*2026*"):
            path.rename(path.with_name(path.name.replace("2026", "2027")))


@pytest.mark.parametrize("sheets", [("J50G001010", "J50G001011"), ("4200.00-500.00", "4200.00-505.00")])
def test_files_named_by_map_sheets_are_one_version(library, tmp_path, onemap, sheets):
    for sheet, west in zip(sheets, (500_100, 505_100), strict=True):
        county(tmp_path / "in", f"{sheet}/生态保护红线.shp", west)
    answer = onemap("ingest", library, tmp_path / "in", "--covers", "district")
    assert (answer.code, [row["features"] for row in answer.json["added"]]) == (0, [4]), answer.json


@pytest.mark.parametrize("more", [(), ("--each",)])
def test_no_county_is_clear_because_another_came_after_it(library, delivery, onemap, tmp_path, more):
    (tmp_path / "p.toml").write_text(PACK, encoding="utf-8")
    assert onemap("ingest", library, delivery, "--covers", "district", *more).code == 0
    parcels = [shapely.box(west, 4_200_050, west + 50, 4_200_100) for west in (500_120, 505_120)]
    asked = write_layer(tmp_path / "parcels.gpkg", parcels, {"DKBH": ["west", "east"]})
    out = tmp_path / "out.gpkg"
    onemap("check", library, asked, "--pack", tmp_path / "p.toml", "--out", out).done()
    found = gpd.read_file(out, layer="parcels")
    assert dict(zip(found.parcel, found.verdict, strict=True)) == {"west": "prohibited", "east": "prohibited"}


@pytest.mark.parametrize(
    "names",
    [
        ("历下/生态保护红线.shp", "市中/生态保护红线.shp"),
        ("生态保护红线.shp", "生态保护红线_new.shp"),
        ("370100/生态保护红线.shp", "370101/生态保护红线.shp"),  # a city, and a county of it
        ("370101/生态保护红线.shp", "370101/STBHHX.shp"),
        ("202601/生态保护红线.shp", "202602/生态保护红线.shp"),  # months
    ],
)
def test_other_names_wait_for_a_person(library, tmp_path, onemap, names):
    for name, west in zip(names, (500_100, 505_100), strict=True):
        county(tmp_path / "in", name, west)
    answer = onemap("ingest", library, tmp_path / "in", "--covers", "district")
    assert (answer.code, set(answer.codes)) == (3, {"ingest.several"})


def plan_of(tmp_path, *lines):
    path = tmp_path / "plan.toml"
    path.write_text("".join(f'[[layer]]\ncode = "STBHHX"\n{line}\n' for line in lines), encoding="utf-8")
    return path


def test_a_person_may_say_so_and_the_next_delivery_remembers_it(library, tmp_path, onemap):
    for name, west in (("历下", 500_100), ("市中", 505_100)):
        county(tmp_path / "first", f"{name}/生态保护红线2025.shp", west)
        county(tmp_path / "next", f"环保局/{name}/生态保护红线2026.shp", west + 50)
    sources = [f'source = "{name}/生态保护红线2025.shp"\nlabel = "2025"' for name in ("历下", "市中")]
    plan = plan_of(tmp_path, *sources)
    answer = onemap("ingest", library, tmp_path / "first", "--covers", "district", "--plan", plan)
    assert (answer.code, answer.json["added"][0]["features"]) == (0, 4), answer.json
    answer = onemap("ingest", library, tmp_path / "next", "--covers", "district")
    assert (answer.code, [row["version"] for row in answer.json["added"]]) == (0, ["2026"]), answer.json
    for name, west in (("历下", 500_200), ("天桥", 505_200)):
        county(tmp_path / "more", f"{name}/生态保护红线2027.shp", west)
    assert onemap("ingest", library, tmp_path / "more", "--covers", "district").codes[0] == "ingest.several"


@pytest.mark.parametrize("more", [(), ("--each",)])
def test_files_with_labels_of_their_own_are_doubted(library, tmp_path, onemap, more):
    for name, west in (("历下.shp", 500_100), ("市中.shp", 505_100)):
        county(tmp_path / "in", name, west, count=20)
    plan = plan_of(tmp_path, 'source = "历下.shp"\nlabel = "历下"', 'source = "市中.shp"\nlabel = "市中"')
    arguments = ("ingest", library, tmp_path / "in", "--covers", "district", "--plan", plan, *more)
    answer = onemap(*arguments)
    refused = answer.json["refused"][0]["problems"] if more else answer.json["problems"]
    assert [(one["file"], one["code"]) for one in refused] == [("市中.shp", "layer.doubtful")]
    assert len(answer.json.get("added", ())) == (1 if more else 0)
    assert onemap(*arguments, "--sure").code == 0
    again = onemap(*arguments)
    assert (again.code, len(again.json["unchanged"])) == (0, 2), "what the library has is not doubted again"


def test_what_is_said_differently_of_the_files_is_refused(library, tmp_path, onemap):
    for name, west in (("a.shp", 500_100), ("b.shp", 505_100)):
        county(tmp_path / "in", name, west)
    plan = plan_of(tmp_path, 'source = "a.shp"\ncovers = "district"', 'source = "b.shp"\ncovers = "features"')
    answer = onemap("ingest", library, tmp_path / "in", "--plan", plan)
    assert answer.codes == ["ingest.files_differ"]
    assert answer.json["problems"][0]["field"] == "covers"
    plan = plan_of(tmp_path, 'source = "a.shp"\ncovers = "district"', 'source = "b.shp"')
    assert onemap("ingest", library, tmp_path / "in", "--plan", plan).code == 0, "one that says nothing agrees"


@pytest.mark.parametrize("more", [(), ("--each",)])
def test_a_problem_stands_with_the_file_that_has_it(library, tmp_path, onemap, more):
    county(tmp_path / "in", "370101/生态保护红线2026.shp", 500_100)
    bow = shapely.Polygon([(505_000, 4_200_000), (505_100, 4_200_100), (505_100, 4_200_000), (505_000, 4_200_100)])
    (tmp_path / "in/370102").mkdir()
    write_layer(tmp_path / "in/370102/生态保护红线2026.shp", [bow, *squares(506_000, 1)], FIELDS)
    report = tmp_path / "report.json"
    answer = onemap("ingest", library, tmp_path / "in", "--covers", "district", "--report", report, *more)
    (problem,) = answer.json["refused"][0]["problems"] if more else answer.json["problems"]
    facts = problem["file"], problem["code"], problem["row"]
    assert facts == ("370102/生态保护红线2026.shp", "geometry.invalid", 1)
    problems = json.loads(report.read_text(encoding="utf-8"))["problems"]
    assert [row["source"] for row in problems] == ["370102/生态保护红线2026.shp"]
    assert not answer.json.get("added")


def test_the_report_gives_each_file_its_own_number_of_features(library, tmp_path, onemap):
    county(tmp_path / "in", "370101/生态保护红线2026.shp", 500_100, count=3)
    county(tmp_path / "in", "370102/生态保护红线2026.shp", 505_100, count=5)
    report = tmp_path / "report.json"
    assert onemap("ingest", library, tmp_path / "in", "--covers", "district", "--report", report).code == 0
    layers = json.loads(report.read_text(encoding="utf-8"))["layers"]
    assert [(row["source"][:6], row["version"], row["features"]) for row in layers] == [
        ("370101", "2026", 3),
        ("370102", "2026", 5),
    ]
    assert layers[0]["area_m2"] == pytest.approx(8 * 40_000) and layers[1]["area_m2"] is None


@pytest.mark.parametrize("damage", ["cut", "empty", "table"])
def test_a_county_whose_file_cannot_be_read_holds_its_layer_back(library, delivery, onemap, damage):
    columns = {"BH": ["7", "8"], "MC": ["山", "水"], "GNFQ": ["核心保护区"] * 2}
    write_layer(delivery / "自然保护地2026.gpkg", squares(500_100), columns)
    lost = delivery / "370102市中区" / "生态保护红线2026.shp"
    if damage == "table":
        lost.unlink()
        lost.with_suffix(".shx").unlink()
    else:
        lost.write_bytes(b"" if damage == "empty" else lost.read_bytes()[:90])
        lost.with_suffix(".dbf").unlink()
    answer = onemap("ingest", library, delivery, "--covers", "district", "--each")
    assert answer.code == 4
    assert [row["code"] for row in answer.json["added"]] == ["ZRBHD"]
    (held,) = (row for row in answer.json["refused"] if row["code"] == "STBHHX")
    assert held["source"] == "370101历下区/生态保护红线2026.shp"
    assert [problem["code"] for problem in held["problems"]] == ["ingest.half"]
    assert "370102市中区/生态保护红线2026" in held["problems"][0]["message"]


def test_an_empty_file_that_says_nothing_of_what_it_holds_holds_its_layer_back(library, delivery, onemap):
    folder = delivery / "370103"
    folder.mkdir()
    (folder / "生态保护红线2026.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    answer = onemap("ingest", library, delivery, "--covers", "district", "--each")
    assert (answer.code, answer.json["added"]) == (4, [])
    assert "ingest.half" in {problem["code"] for row in answer.json["refused"] for problem in row["problems"]}


def test_what_is_of_another_year_or_the_same_in_another_form_holds_nothing_back(library, delivery, onemap):
    for name in ("370103/生态保护红线2025.shp", "370101历下区/生态保护红线2026.gpx", "370103/生态保护红线调出2026.shp"):
        (delivery / name).parent.mkdir(exist_ok=True)
        (delivery / name).write_bytes(b"nothing")
    points = [shapely.Point(500_000, 4_200_000)]
    write_layer(delivery / "生态保护红线界桩2026.gpkg", points, {"BSM": ["1"]})  # of another geometry: no part of it
    answer = onemap("ingest", library, delivery, "--covers", "district", "--each")
    assert [(row["code"], row["features"]) for row in answer.json["added"]] == [("STBHHX", 4)], answer.json


def test_one_file_named_by_a_county_is_told_of_the_counties_without_one(library, delivery, onemap, tmp_path):
    names = {"BSM": list("12"), "XZQDM": ["370101001", "370102001"], "XZQMC": list("甲乙")}
    write_layer(tmp_path / "XZQ.gpkg", squares(500_000, 2), names)
    assert onemap("add", library, tmp_path / "XZQ.gpkg", "--as", "XZQ", "--covers", "district").code == 0
    path = delivery / "370101历下区" / "生态保护红线2026.shp"
    answer = onemap("add", library, path, "--as", "STBHHX", "--covers", "district")
    lacking = [one["message"] for one in answer.json["problems"] if one["code"] == "files.no_county"]
    assert len(lacking) == 1 and "370102" in lacking[0]
