"""find: places by sign, pinyin and initials, features by number, in a file and on a server."""

import pytest
from shapely import Point, box

NAMES = ["长安小区", "重庆路小学", "安澜公园100%", "行宫", "小区_A", "长桥医院"]


def fill(desk, onemap, library):
    points = [Point(10 * n, 5) for n in range(len(NAMES))]
    columns = {"DMBH": [f"D{n}" for n in range(len(NAMES))], "DMMC": NAMES}
    source = desk.write("names", points, columns, "EPSG:4547")
    onemap("add", library, source, "--as", "DMDZ", "--covers", "extent").done()
    shapes, numbers = [box(0, 0, 10, 10), box(20, 0, 40, 10)], {"DKBH": ["QY-01-041", "QY-01-0412"]}
    plots = desk.write("plots", shapes, numbers, "EPSG:4547")
    define = "name=p,department=land,library=base,kind=vector,geometry=polygon,key=DKBH"
    onemap("add", library, plots, "--as", "PLOTS", "--define", define, "--covers", "extent").done()
    return library


@pytest.fixture
def find(desk, onemap):
    fill(desk, onemap, desk.library)

    def names(text, *more):
        answer = onemap("find", desk.library, text, *more).done()
        return [(place["name"], place["match"]) for place in answer.json["places"]]

    return names


@pytest.mark.slow
def test_a_name_is_found_by_its_signs_its_initials_and_its_pinyin(find):
    assert find("小区") == [("小区_A", "name"), ("长安小区", "name")]
    assert find("caxq") == [("长安小区", "initials")]  # 长 is chang here, not zhang
    assert find("CQLXX") == [("重庆路小学", "initials")]  # 重 is chong
    assert find("chongqing lu") == [("重庆路小学", "pinyin")]
    for spelled in ("cqyy", "zqyy", "changqiao"):  # 长 is both: no word says which
        assert [name for name, _match in find(spelled)] == ["长桥医院"]
    assert find("alg") == [("安澜公园100%", "initials")]
    assert find("zzz") == [] and find("_a") == [("小区_A", "name")] and find("0%") == [("安澜公园100%", "name")]


def test_a_feature_is_found_by_its_number_and_has_a_place(find, desk, onemap):
    assert find("01-041") == [("QY-01-041", "number"), ("QY-01-0412", "number")]
    assert find("qy-01-0412") == [("QY-01-0412", "number")]
    assert find("%-%") == [] and find("01-041", "--count", 1) == [("QY-01-041", "number")]
    (place,) = onemap("find", desk.library, "0412").json["places"]
    assert (place["code"], place["feature"], place["crs"]) == ("PLOTS", "QY-01-0412", "EPSG:4547")
    assert place["bounds"] == [20.0, 0.0, 40.0, 10.0] and box(20, 0, 40, 10).contains(Point(place["x"], place["y"]))


@pytest.mark.slow
def test_a_server_finds_the_same(desk, postgis, onemap):
    server = f"{postgis.database().url}&schema=find"
    assert onemap("new", server, "--crs", "EPSG:4547").code == 0
    for library in (desk.library, server):
        fill(desk, onemap, library)
    for text in ("小区", "caxq", "01-041", "_a", "' OR 1=1 --"):
        assert onemap("find", desk.library, text).json == onemap("find", server, text).json


def test_the_text_names_places_and_an_empty_question_is_wrong(desk, onemap, terminal):
    fill(desk, onemap, desk.library)
    assert "长安小区 · 地名地址" in terminal("find", desk.library, "caxq", "--lang", "zh").stdout.decode()
    assert onemap("find", desk.library, " ").code == 2
    nothing = terminal("find", desk.library, "zzz", "--lang", "en").stdout.decode()
    assert nothing.startswith("No place name and no number in the versions in force matches “zzz”")
