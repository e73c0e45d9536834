"""The shipped pack changed in an editor: another number, another answer; a slip is named by its line."""

import pytest
from shapely import LineString, box

from onemap.layers.shipped_files import RESOURCES
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

SHIPPED = RESOURCES / "indicators" / "city-checkup.toml"


def made_homes(folder):
    """A row of homes along a street, and a park at its western end."""
    desk = Desk(folder, command)
    done("new", desk.library, "--crs", "EPSG:4547")
    shapes = [box(0, 0, 1000, 40), box(-60, 0, 0, 40)]
    columns = {"BSM": ["1", "2"], "DLBM": ["0701", "0810"], "TBMJ": [40_000.0, 2_400.0]}
    source = desk.write("survey", shapes, columns, "EPSG:4547")
    done("add", desk.library, source, "--as=DLTB", "--covers=extent", "--valid-from=2020-12-31")
    desk.layer("UNITS", [box(-60, 0, 1000, 40)], {"NAME": ["W"]})
    source = desk.write("streets", [LineString([(0, 20), (1000, 20)])], {"DLBH": ["a"], "DLDJ": ["支路"]}, "EPSG:4547")
    ground = desk.write("ground", [box(-500, -500, 1500, 500)], {"n": [1]}, "EPSG:4547")
    done("add", desk.library, source, "--as=CSDL", "--covers", ground)


@pytest.fixture
def homes(desk, copied):
    copied(made_homes, desk.folder)


def ask(desk, pack, code=0):
    given = ("--unit=UNITS", "--unit-field=NAME", "--only=parks.reach", "--as-of=2021-06-01")
    answer = desk.run("indicators", desk.library, f"--pack={pack}", *given)
    assert answer.code == code, answer.json
    return answer.json


def test_another_speed_is_another_reach(desk, homes):
    own = desk.folder / "ours.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    own.write_text(text.replace("speed_kmh = 3.6", "speed_kmh = 6", 1), encoding="utf-8-sig")  # as Notepad saves it
    rows = [ask(desk, pack)["indicators"][0] for pack in ("city-checkup", own)]
    assert [row["way"] for row in rows] == ["network", "network"]
    # 250 and 450 m of the street, and 50 m beyond its end but for the corners of the strip of 40 m.
    end = (50**2 - 20**2) ** 0.5
    for row, metres in zip(rows, (250, 450), strict=True):
        assert 100 * (metres + end) / 1000 < row["value"] < 100 * (metres + 50) / 1000


@pytest.mark.parametrize(
    ("before", "after", "code", "key"),
    [
        ('bound = "floor"', 'bound = "flor"', "indicator.value", "bound"),
        ('unit = "km2"', 'unit = "km"', "indicator.measure", "unit"),
        ('formula = "arable.net"', 'formula = "arable.nett"', "indicator.term", "formula"),
        ('layer = "YJJBNT"', 'layer = "YJJBN"', "indicator.layer", "layer"),
        ("where = \"DLBM LIKE '03%' AND", 'where = "DLBM LIKE 03% AND', "indicator.condition", "where"),
        ("warn = 0.98", 'warn = "98 %"', "indicator.type", "warn"),
        # Slips that nobody would see: the status would be ok for ever.
        ("warn = 0.98", "warn = 98", "indicator.option", "warn"),
        ("warn = 0.98", "warn = 1.02", "indicator.option", "warn"),
        ("target = 1.3", "base = { 2020 = 1 }\ntarget = 1.3", "indicator.option", "base"),
        (
            "where = \"DLBM LIKE '03%' AND",
            "where = \"DLBM = '0301' AND DLBM = '0302' AND",
            "indicator.condition",
            "where",
        ),
        ("minutes = 5", "minuten = 5", "indicator.key", "minuten"),
        ("least_known = 0.99", "least_know = 0.99", "indicator.key", "least_know"),
    ],
)
def test_a_slip_is_refused_with_its_line_and_key(desk, homes, before, after, code, key):
    own = desk.folder / "ours.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    line = text[: text.index(before)].count("\n") + 1
    own.write_text(text.replace(before, after, 1), encoding="utf-8")
    problems = ask(desk, own, code=3)["problems"]
    found = {(problem["code"], problem["field"]): problem["message"] for problem in problems}
    assert (code, key) in found and f"Line {line} of ours.toml" in found[code, key], problems
