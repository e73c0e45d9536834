"""Lines without codes, ground outside them, and the contradictions among all plans of a library."""

import pandas as pd
import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.answers.compare.matrix import matrix_text
from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, MATRIX, Table
from onemap.tests.rules.command import command, done

HEAD, B_SIDE = MATRIX.split("[b]")[0], '\n[b]\nevery = "{use}"\n'


def types(found):
    return {kind: round(area) for kind, area in found.areas().items()}


def test_a_line_without_codes_has_one_use_everywhere(table):
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(100, 0, 200, 100), "01")])
    table.plan("B", [(box(50, 0, 150, 100), None)])
    assert types(table.compare(matrix=HEAD + B_SIDE.format(use="other"))) == {"03": 5000, "01": 5000, "98": 10_000}


def test_a_boundary_speaks_outside_and_may_be_silent_inside(table):
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(100, 0, 200, 100), "01")])
    table.plan("B", [(box(50, 0, 150, 100), None)], covers=box(0, 0, 300, 100))
    matrix = HEAD + B_SIDE.format(use="silent") + 'elsewhere = "other"\n'
    # Outside: construction 5000, fields 5000, and 10 000 m² of which only the boundary speaks; inside only the plan.
    assert types(table.compare(matrix=matrix)) == {"03": 5000, "01": 5000, "98": 20_000}
    matrix = HEAD + B_SIDE.format(use="construction") + 'elsewhere = "other"\n'
    assert types(table.compare(matrix=matrix)) == {"02": 5000, "03": 5000, "01": 5000, "04": 5000, "98": 10_000}


def test_two_lines_that_exclude_each_other_conflict_where_both_are(table):
    table.plan("A", [(box(0, 0, 100, 100), None)])
    table.plan("B", [(box(50, 0, 150, 100), None)])
    matrix = 'title = "t"\nexclusive = true\n[a]\nevery = "other"\n' + B_SIDE.format(use="other")
    found = table.compare(matrix=matrix)
    assert types(found) == {"05": 5000, "98": 10_000}
    assert found.spots[found.spots["type"] == "05"]["conflict"].all()


def add(table, code, shapes, columns):
    source = write_layer(
        table.folder / f"{code}.gpkg", shapes, {"BSM": [str(n) for n in range(len(shapes))], **columns}
    )
    coverage = write_layer(table.folder / "covers.gpkg", [GROUND])
    table.run("add", table.library, source, "--as", code, "--covers", coverage).done()


def made_city(folder):
    """Farmland, a red line over part of it, a boundary, a land plan that builds on all three, and a survey."""
    table = Table(folder, command)
    done("new", table.library, "--crs", "EPSG:4547")
    add(table, "YJJBNTTB", [box(0, 0, 300, 100)], {"DLBM": ["0101"]})
    add(table, "STBHHX", [box(200, 0, 500, 100)], {})
    add(table, "CZKFBJ", [box(450, 0, 900, 100)], {"GHFQMC": ["城镇集中建设区"]})
    add(table, "TDGHDL", [box(100, 0, 250, 100), box(250, 0, 1000, 100)], {"GHDLDM": ["2110", "1110"]})
    add(table, "DLTB", [GROUND], {"DLBM": ["0701"]})


@pytest.fixture
def city(table, copied):
    copied(made_city, table.folder)
    return table


def test_every_pair_is_compared_and_said_in_hectares(city):
    out = city.folder / "who.xlsx"
    answer = city.run("contradictions", city.library, "--out", out)
    assert answer.code == 0 and answer.json["ok"]
    found = {(row["a"], row["b"]): round(row["conflict_ha"], 6) for row in answer.json["pairs"]}
    assert found == {
        ("YJJBNTTB", "STBHHX"): 1.0,
        ("YJJBNTTB", "CZKFBJ"): 0.0,
        ("STBHHX", "CZKFBJ"): 0.5,
        ("TDGHDL", "YJJBNTTB"): 1.5,
        ("TDGHDL", "STBHHX"): 0.5,
        ("TDGHDL", "CZKFBJ"): 1.5,
    }
    sheets = pd.read_excel(out, sheet_name=None, engine="openpyxl")
    assert set(sheets) == {"Contradictions", "Hectares in conflict"}
    pairs = sheets["Contradictions"]
    assert {"Land", "Planning"} <= set(pairs["Department of plan A"]) | set(pairs["Department of plan B"])
    assert not any("_" in head for head in pairs.columns), "heads are words with units"
    wide = sheets["Hectares in conflict"].set_index("In conflict (ha)")
    titles = {code: entry.title["en"] for code, entry in shipped_catalogue().items()}
    assert wide.loc[titles["TDGHDL"], titles["YJJBNTTB"]] == pytest.approx(1.5)


@pytest.mark.slow
def test_each_pair_is_a_run_whose_spots_can_be_decided(city):
    pairs = city.run("contradictions", city.library).json["pairs"]
    run = next(row["run"] for row in pairs if (row["a"], row["b"]) == ("TDGHDL", "STBHHX"))
    assert city.run("verify", city.library, "--run", run).json == {"ok": True, "problems": []}


def test_a_pair_that_cannot_be_compared_says_why_and_stops_nothing(city):
    add_elsewhere = write_layer(
        city.folder / "far.gpkg", [box(5000, 5000, 6000, 6000)], {"BH": ["1"], "BHDJ": ["I"], "SFGYL": ["是"]}
    )
    answer = city.run("add", city.library, add_elsewhere, "--as", "LDYZT", "--covers", "extent").done()
    answer = city.run("contradictions", city.library, "--out", city.folder / "who.xlsx").done()
    pairs = answer.json["pairs"]
    (row,) = [row for row in pairs if row["a"] == "LDYZT"]
    assert row["conflict_ha"] is None and "TDGHDL" in row["reason"]
    assert len(pairs) == 8
    wide = pd.read_excel(city.folder / "who.xlsx", sheet_name="Hectares in conflict", index_col=0, engine="openpyxl")
    titles = {code: entry.title["en"] for code, entry in shipped_catalogue().items()}
    assert pd.isna(wide.loc[titles["LDYZT"], titles["TDGHDL"]]), "what could not be compared is not free of conflict"


@pytest.mark.slow
def test_a_city_s_own_matrix_adds_its_pairs(city):
    city.plan("OWN", [(box(0, 0, 100, 100), "07")])
    matrix = city.folder / "own.toml"
    text = (
        'title = "own"\nfor_a = ["OWN"]\nfor_b = ["YJJBNTTB"]\n' + HEAD.split("\n", 2)[2] + B_SIDE.format(use="other")
    )
    matrix.write_text(text, encoding="utf-8")
    pairs = city.run("contradictions", city.library, "--matrix", matrix).json["pairs"]
    assert {(r["a"], r["b"]): r["conflict_ha"] for r in pairs}[("OWN", "YJJBNTTB")] == pytest.approx(1.0)


def test_a_library_without_plans_has_no_pairs(table):
    answer = table.run("contradictions", table.library, "--out", table.folder / "who.gpkg")
    assert answer.code == 0 and answer.json["pairs"] == []


def test_only_pairs_with_a_layer_that_is_named_are_compared(city):
    pairs = city.run("contradictions", city.library, "--only", "STBHHX").json["pairs"]
    assert {(row["a"], row["b"]) for row in pairs} == {
        *(("YJJBNTTB", "STBHHX"), ("STBHHX", "CZKFBJ"), ("TDGHDL", "STBHHX")),
    }
    assert city.run("contradictions", city.library, "--only", "NOPE").codes == ["layer.unknown"]


def test_two_plans_that_are_read_alike_are_one_pair(table):
    add(table, "KGDK", [GROUND], {"DKBH": ["1"], "YDXZDM": ["R2"]})
    add(table, "YDBJ", [GROUND], {"BH": ["1"], "YDDM": ["E2"]})
    (row,) = table.run("contradictions", table.library).json["pairs"]
    assert (row["a"], row["b"], row["ha_03"], row["ha_04"]) == ("KGDK", "YDBJ", row["compared_ha"], 0.0)


PLOT, BESIDE = box(0, 0, 100, 100), box(200, 0, 300, 100)
KEYS = {"KGDK": "DKBH", "DLHX": "HXBH", **dict.fromkeys(("TDGHDL", "YJJBNTTB", "STBHHX", "CZKFBJ"), "BSM")}
ASKED_FOR = {"ZRBHD": ("GNFQ", "核心区"), "SD": ("JB", "一般湿地"), "CZKFBJ": ("GHFQMC", "城镇集中建设区")}  # by rules


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b", "columns_a", "columns_b", "matrix", "expected"),
    [
        ("TDGHDL", "ZRBHD", {"GHDLDM": ["2110", "1110"]}, {}, "land-protected", {"03": 5000, "01": 5000}),
        ("KGDK", "HLGLFW", {"YDXZDM": ["R2", "E1"]}, {}, "urban-protected", {"03": 5000, "01": 5000}),
        (
            "TDGHDL",
            "YYSSYBHQ",
            {"GHDLDM": ["2110", "2110"]},
            {"BHJB": ["一级", "准"]},
            "land-water-source",
            {"03": 5000},
        ),
        (
            "KGDK",
            "YYSSYBHQ",
            {"YDXZDM": ["M", "E1"]},
            {"BHJB": ["二级", "一级"]},
            "urban-water-source",
            {"03": 5000, "01": 5000},
        ),
        ("DLHX", "KGDK", {}, {"YDXZDM": ["R2", "S1"]}, "road-urban", {"04": 5000, "01": 5000}),
        ("DLHX", "KGDK", {}, {"YDXZDM": ["1401", "1207"]}, "road-urban", {"04": 5000, "01": 5000}),
        ("TLAQBHQ", "KGDK", {}, {"YDXZDM": ["0701", "1401"]}, "corridor-urban", {"04": 5000, "01": 5000}),
        ("YJJBNTTB", "SD", {}, {}, "farmland-protected", {"05": 10_000}),
        ("CYYQ", "STBHHX", {}, {}, "parks-protected", {"03": 10_000}),
        ("CSGXFW", "CZKFBJ", {}, {}, "parks-boundary", {"03": 10_000}),
    ],
)
def test_every_department_s_plans_are_held_against_the_others(table, a, b, columns_a, columns_b, matrix, expected):
    """Two squares of each plan, half over the other's; of the boundary the other half is outside."""
    east = [box(50, 0, 150, 100), box(250, 0, 350, 100)]
    for code, shapes, columns in ((a, [PLOT, BESIDE], columns_a), (b, east, columns_b)):
        more = {name: [value] * 2 for name, value in (ASKED_FOR[code],)} if code in ASKED_FOR else {}
        named = {KEYS.get(code, "BH"): ["1", "2"], **more, **columns}
        source = write_layer(table.folder / f"{code}.gpkg", shapes, named)
        covers = write_layer(table.folder / "covers.gpkg", [GROUND])
        table.run("add", table.library, source, "--as", code, "--covers", covers).done()
    (row,) = table.run("contradictions", table.library, "--only", a).json["pairs"]
    assert (row["a"], row["b"], row["matrix"]) == (a, b, matrix) and row["reason"] is None
    found = types(table.compare(a, b, matrix=matrix_text(matrix)[0]))
    assert {kind: area for kind, area in found.items() if kind != "98"} == expected
