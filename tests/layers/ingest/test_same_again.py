"""Content that a library already has writes nothing, whatever the file's format and the order of rows."""

import shutil

import pytest
import shapely

from onemap.layers.library import same_content
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.tests.conftest import write_layer

DISTRICT = (500_000, 4_200_000, 501_000, 4_201_000)  # of the library
SHAPES = [shapely.box(500_000 + 100 * n, 4_200_000, 500_080 + 100 * n, 4_200_080) for n in range(4)]
NAMES = {"BSM": ["1", "2", "3", "4"], "HXMC": ["甲", "乙", "丙", None]}


@pytest.fixture
def add(library, onemap):
    def run(path, *options):
        return onemap("add", library, path, "--as", "STBHHX", "--covers", "district", *options)

    return run


def labels(library):
    with open_library(str(library)) as opened:
        return [version.label for version in versions(opened)]


def reversed_layer(path, **options):
    """The same rows from the last to the first, rings begun elsewhere, fields in another order."""
    shapes = [
        shapely.Polygon(list(shape.exterior.coords)[2::-1] + list(shape.exterior.coords)[3:1:-1]) for shape in SHAPES
    ]
    columns = {name: NAMES[name][::-1] for name in ("HXMC", "BSM")}
    return write_layer(path, shapes[::-1], columns, **options)


def test_the_same_rows_in_another_form_and_order_write_nothing(add, library, onemap, tmp_path):
    first = add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES), "--valid-from", "2024-01-01")
    assert (first.code, first.json["unchanged"]) == (0, False)
    log = onemap("history", library).json["head"]
    for path in (reversed_layer(tmp_path / "b.gpkg"), reversed_layer(tmp_path / "c.shp", encoding="GBK")):
        for more in ((), ("--label", "new"), ("--valid-from", "2024-01-01")):
            again = add(path, *more)
            assert (again.code, again.json["unchanged"]) == (0, True), again.json
            assert {name: again.json[name] for name in ("code", "version", "table", "features", "hash")} == {
                name: first.json[name] for name in ("code", "version", "table", "features", "hash")
            }
    assert (labels(library), onemap("history", library).json["head"]) == (["2024-01-01"], log)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {**NAMES, "HXMC": ["甲", "乙", "丙", "丁"]}},
        {"columns": {**NAMES, "BSM": ["2", "1", "3", "4"]}},
        {"columns": {**NAMES, "MJ": [1.0, 2.0, 3.0, 4.0]}},
        {"shapes": [*SHAPES[:3], shapely.box(500_300, 4_200_000, 500_380, 4_200_079.999)]},
        {"shapes": [SHAPES[1], SHAPES[0], *SHAPES[2:]]},
        {"shapes": SHAPES[:3], "columns": {name: values[:3] for name, values in NAMES.items()}},
        {"options": ("--covers", "extent")},
        {"options": ("--accuracy", "5")},
        {"options": ("--valid-to", "2030-01-01")},
        {"options": ("--valid-from", "2025-01-01", "--label", "v2")},
    ],
)
def test_whatever_is_judged_otherwise_is_a_new_version(add, library, onemap, tmp_path, change):
    path = tmp_path / "a.gpkg"
    assert add(write_layer(path, SHAPES, NAMES)).code == 0
    again = write_layer(tmp_path / "b.gpkg", change.get("shapes", SHAPES), change.get("columns", NAMES))
    answer = onemap(
        *("add", library, again, "--as", "STBHHX", *change.get("options", ())),
        *(() if "--covers" in change.get("options", ()) else ("--covers", "district")),
    )
    assert (answer.code, answer.json["unchanged"], labels(library)) == (0, False, ["v1", "v2"])


def test_rows_that_are_twice_there_are_counted(add, library, tmp_path):
    twice = [SHAPES[0], SHAPES[0], SHAPES[1]], {"HXMC": ["甲", "甲", "乙"], "BSM": ["1", "2", "3"]}
    other = [SHAPES[0], SHAPES[1], SHAPES[1]], {"HXMC": ["甲", "乙", "乙"], "BSM": ["1", "2", "3"]}
    assert add(write_layer(tmp_path / "a.gpkg", *twice)).code == 0
    assert add(write_layer(tmp_path / "b.gpkg", *other)).json["unchanged"] is False


def test_more_rows_than_are_read_at_once_are_held_against_each_other(add, tmp_path, monkeypatch):
    monkeypatch.setattr(same_content, "_ROWS_AT_ONCE", 3)
    assert add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES)).code == 0
    assert add(reversed_layer(tmp_path / "b.gpkg")).json["unchanged"] is True
    last = write_layer(tmp_path / "c.gpkg", SHAPES, {**NAMES, "BSM": ["1", "2", "3", "5"]})
    assert add(last).json["unchanged"] is False


def test_a_label_of_other_content_is_still_refused(add, library, tmp_path):
    assert add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES), "--label", "2024").code == 0
    other = write_layer(tmp_path / "b.gpkg", SHAPES[::-1], NAMES)
    assert add(other, "--label", "2024").codes == ["version.label"]
    assert add(other, "--label", "2025").code == 0
    again = add(tmp_path / "a.gpkg", "--label", "2024")  # not in force, but what it says
    assert (again.json["unchanged"], again.json["version"]) == (True, "2024")
    assert add(tmp_path / "a.gpkg").json["version"] == "v3"  # what was before comes back


@pytest.mark.slow
def test_a_delivery_every_night_is_one_version(library, tmp_path, onemap):
    folder, report = tmp_path / "delivery", tmp_path / "report.json"
    folder.mkdir()
    write_layer(folder / "STBHHX.gpkg", SHAPES, NAMES)
    write_layer(folder / "自然保护地2024.gpkg", SHAPES[:1], {"BH": ["7"], "MC": ["山"], "GNFQ": ["核心保护区"]})
    arguments = ("ingest", library, folder, "--covers", "district")
    assert onemap(*arguments).code == 0
    for more in ((), ("--each", "--report", report)):
        (folder / "STBHHX.gpkg").unlink()
        reversed_layer(folder / "STBHHX.gpkg")
        answer = onemap(*arguments, *more)
        assert (answer.code, answer.json["added"], answer.json["refused"]) == (0, [], [])
        assert {row["status"] for row in answer.json["plan"]} == {"unchanged"}
        assert sorted(row["version"] for row in answer.json["unchanged"]) == ["2024", "v1"]
    assert '"status": "unchanged"' in report.read_text(encoding="utf-8")
    write_layer(
        folder / "自然保护地2025.gpkg", SHAPES[:2], {"BH": ["7", "8"], "MC": ["山", "水"], "GNFQ": ["核心保护区"] * 2}
    )
    answer = onemap(*arguments)
    assert [(row["code"], row["version"]) for row in answer.json["added"]] == [("ZRBHD", "2025")]
    assert sorted(labels(library)) == ["2024", "2025", "v1"]
    shutil.rmtree(folder)


def many(count):
    """Squares in rows, with the fields of the red line."""
    shapes = [
        shapely.box(500_000 + 30 * column, 4_200_000 + 30 * row, 500_020 + 30 * column, 4_200_020 + 30 * row)
        for row, column in (divmod(number, 30) for number in range(count))
    ]
    return shapes, {"BSM": [str(n) for n in range(count)], "HXMC": ["甲"] * count}


def nights(onemap, library, folder, *options, count=1):
    """The same folder on several nights: the answers, each of which wrote nothing."""
    before = labels(library)
    answers = [onemap("ingest", library, folder, "--each", *options) for _ in range(count)]
    for answer in answers:
        assert (answer.code, answer.json["added"], answer.json["refused"]) == (0, [], []), answer.json["refused"]
    assert labels(library) == before
    return answers[-1].json["unchanged"]


@pytest.mark.slow
def test_an_earlier_file_that_stays_in_the_folder_is_unchanged(library, onemap, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "生态保护红线2023.gpkg", *many(60))
    assert onemap("ingest", library, folder, "--each", "--covers", "district").code == 0
    write_layer(folder / "生态保护红线2024.gpkg", *many(300))  # far more: the earlier one is not doubted for it
    assert onemap("ingest", library, folder, "--each", "--sure").code == 0
    for more in ((), ("--covers", "extent")):
        same = nights(onemap, library, folder, *more)
        assert [(row["version"], row["features"]) for row in same] == [("2023", 60), ("2024", 300)]
    write_layer(folder / "生态保护红线2023.gpkg", *many(61))
    answer = onemap("ingest", library, folder, "--each", "--sure")
    assert (answer.code, refusals(answer)) == (4, ["version.label"])


def refusals(answer):
    return [problem["code"] for row in answer.json["refused"] for problem in row["problems"]]


@pytest.mark.slow
def test_an_earlier_file_is_read_and_held_against_what_was_said_of_it_then(library, onemap, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    shapes, columns = many(60)
    first = write_layer(folder / "生态保护红线2023.gpkg", shapes, {"编号": columns["BSM"], "HXMC": columns["HXMC"]})
    ground = write_layer(tmp_path / "ground.gpkg", [shapely.box(500_000, 4_200_000, 500_950, 4_200_500)])
    options = ("--covers", ground, "--accuracy", "5", "--valid-to", "2030-01-01", "--fields", "BSM=编号")
    add = ("add", library, first, "--as", "STBHHX", "--label", "2023")
    assert onemap(*add, *options).code == 0
    later = write_layer(folder / "生态保护红线2024.gpkg", *many(61))
    assert onemap("add", library, later, "--as", "STBHHX", "--label", "2024", "--covers", "district").code == 0
    assert [row["version"] for row in nights(onemap, library, folder)] == ["2023", "2024"]
    # What is said otherwise by hand is no version that is there.
    for other in (("--covers", "district"), ("--accuracy", "6"), ("--valid-to", "2031-01-01")):
        given = dict([*zip(options[::2], options[1::2], strict=True), other])
        assert onemap(*add, *(part for pair in given.items() for part in pair)).codes == ["version.label"]


def test_an_undated_file_behind_a_dated_version_is_added_once(add, library, onemap, tmp_path):
    assert add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES), "--valid-from", "2024-01-01").code == 0
    folder = tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "STBHHX.gpkg", SHAPES[::-1], NAMES)
    assert onemap("ingest", library, folder, "--each").code == 0
    assert [row["version"] for row in nights(onemap, library, folder, count=2)] == ["v2"]


@pytest.mark.slow
def test_a_retired_file_that_stays_in_the_folder_does_not_come_back(library, onemap, terminal, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "STBHHX.gpkg", SHAPES, NAMES)
    write_layer(folder / "自然保护地2024.gpkg", SHAPES[:1], {"BH": ["7"], "MC": ["山"], "GNFQ": ["核心保护区"]})
    assert onemap("ingest", library, folder, "--each", "--covers", "district").code == 0
    for code, label in (("STBHHX", "v1"), ("ZRBHD", "2024")):
        assert onemap("retire", library, code, label, "--reason", "wrong file").code == 0
    same = nights(onemap, library, folder, "--covers", "district")
    assert {row["code"]: row["retired"]["reason"] for row in same} == {"STBHHX": "wrong file", "ZRBHD": "wrong file"}
    output = terminal("ingest", library, folder, "--each", "--lang", "en")
    assert output.returncode == 0
    remarks = output.stderr.decode("utf-8")
    assert remarks.count("nothing was written") == 2
    moments = [row["retired"]["at"] for row in same]
    assert all(f"retired on {moment[:10]} {moment[11:16]} UTC (" in remarks for moment in moments)


def test_bad_features_that_are_set_aside_every_night_are_one_version(library, onemap, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    shapes, columns = many(40)
    bow = shapely.Polygon([(500_000, 4_200_900), (500_050, 4_200_950), (500_050, 4_200_900), (500_000, 4_200_950)])
    first = write_layer(folder / "生态保护红线2023.gpkg", [*shapes[1:], bow], columns)
    add = ("add", library, first, "--as", "STBHHX", "--label", "2023", "--keep-bad")
    assert onemap(*add, "--covers", "district").code == 0
    again = onemap(*add)
    assert (again.code, again.json["unchanged"], again.json["version"]) == (0, True, "2023"), again.json
    assert onemap("add", library, first, "--as", "STBHHX", "--label", "2023").codes != ["version.label"]


def test_a_file_without_a_year_beside_one_with_a_year_does_not_become_a_new_version_every_night(
    library, tmp_path, onemap
):
    folder, plan = tmp_path / "delivery", tmp_path / "plan.toml"
    folder.mkdir()
    write_layer(folder / "甲.gpkg", SHAPES[:2], {name: values[:2] for name, values in NAMES.items()})
    write_layer(folder / "乙.gpkg", SHAPES, NAMES)
    lines = [f'[[layer]]\nsource = "{name}.gpkg"\ncode = "STBHHX"\nsure = true' for name in ("甲", "乙")]
    plan.write_text("\n".join([*lines, 'label = "2020"', ""]), encoding="utf-8")
    arguments = ("ingest", library, folder, "--covers", "district", "--plan", plan)
    assert len(onemap(*arguments).json["added"]) == 2
    for more in ((), ("--each",), ("--each",)):
        answer = onemap(*arguments, *more)
        assert (answer.code, answer.json["added"]) == (0, [])
        assert sorted(row["version"] for row in answer.json["unchanged"]) == ["2020", "v1"]
    (folder / "甲.gpkg").unlink()
    write_layer(folder / "甲.gpkg", SHAPES[:3], {name: values[:3] for name, values in NAMES.items()})
    assert [row["version"] for row in onemap(*arguments).json["added"]] == ["v3"]


def test_a_version_without_a_date_says_that_another_goes_before_it(add, library, tmp_path, terminal):
    assert add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES), "--valid-from", "2024-01-01").json["in_force"] is True
    path = write_layer(tmp_path / "b.gpkg", SHAPES[::-1], NAMES)
    answer = add(path)
    assert (answer.json["in_force"], answer.json["goes_before"]) == (False, "2024-01-01")
    write_layer(tmp_path / "c.gpkg", [*SHAPES[1:], SHAPES[0]], NAMES)
    arguments = ("add", library, tmp_path / "c.gpkg", "--as", "STBHHX", "--covers", "district", "--lang", "en")
    assert "not in force: it has no date, and 2024-01-01, which has one, goes before it" in terminal(
        *arguments
    ).stdout.decode("utf-8")


def test_one_more_broken_feature_is_a_new_version_though_the_good_rows_are_the_same(add, library, onemap, tmp_path):
    assert add(write_layer(tmp_path / "a.gpkg", SHAPES, NAMES)).json["coverage_m2"] == 1_000_000
    bow = shapely.Polygon([(500_900, 4_200_900), (500_950, 4_200_950), (500_950, 4_200_900), (500_900, 4_200_950)])
    columns = {name: [*values, "9"] for name, values in NAMES.items()}
    given = ("add", library, write_layer(tmp_path / "b.gpkg", [*SHAPES, bow], columns), "--as", "STBHHX", "--keep-bad")
    answer = onemap(*given).json
    assert (answer["unchanged"], answer["set_aside"], answer["in_force"]) == (False, 1, True)
    assert answer["coverage_m2"] == 1_000_000 - 50 * 50  # its hull
    again = onemap(*given).json
    assert (again["unchanged"], again["version"]) == (True, "v2")
    # Another one, elsewhere; and none any more.
    moved = write_layer(tmp_path / "c.gpkg", [*SHAPES, shapely.affinity.translate(bow, -200)], columns)
    assert onemap(*given[:2], moved, *given[3:]).json["unchanged"] is False
    whole = onemap("add", library, tmp_path / "a.gpkg", "--as", "STBHHX", "--label", "whole").json
    assert (whole["version"], whole["unchanged"], whole["coverage_m2"]) == ("whole", False, 1_000_000)
