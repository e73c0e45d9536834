"""The headroom of a quota beside built, approved and reviewed ground; in hectares and in days, by hand."""

import re
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from onemap.rules.display.charts.chart_fills import UNKNOWN
from onemap.rules.display.charts.quota_bars import PART_FILLS
from onemap.rules.numbers.indicators.indicators import VALUE_COLUMNS
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.rules.command import command, done
from onemap.tests.rules.numbers.indicators.small_packs import pack_of
from onemap.tests.rules.review.conftest import Town, ground, write

BUILT = "DLBM LIKE '07%'"
TERMS = {
    "built": f'kind = "area"\nlayer = "DLTB"\nwhere = "{BUILT}"',
    "free": f'kind = "area"\nlayer = "DLTB"\nwhere = "NOT ({BUILT})"',
    "supplied": f'kind = "area"\nlayer = "GDDK"\noutside = [{{ layer = "DLTB", where = "{BUILT}" }}]',
    "review": f'kind = "review"\noutside = ["GDDK", {{ layer = "DLTB", where = "{BUILT}" }}]',
}
RULE = '[[checklist]]\nid = "policy"\ndepartment = "reform"\ntitle = { zh = "产业政策", en = "Industrial policy" }\n'
YEARS_OF_SURVEYS = ("2018-12-31", "2020-12-31")
DAYS = 365 + 366


def pack_of_land(folder, terms, formula, target, bound="ceiling", committed=None, name="quota"):
    """A pack of one indicator, `land`."""
    keys = f'id = "land"\ntitle = {{ zh = "题", en = "Land" }}\nformula = "{formula}"\nunit = "ha"\n'
    keys += f'bound = "{bound}"\ntarget = {target}\n' + (f'committed = "{committed}"' if committed else "")
    return pack_of(Town(folder), terms, keys, name=name)


def quota(folder, target, bound="ceiling", committed="supplied + review", formula="built"):
    return pack_of_land(folder, TERMS, formula, target, bound, committed)


def made_town(folder):
    """16 ha; built are 4 ha in 2018 and 5 ha in 2020; a plot of 1 ha is supplied, of which 0.5 ha are built."""
    made = Town(folder)
    district = write(folder / "district.gpkg", [ground(0, 0, 400, 400)], {"n": [1]})
    done("new", made.library, "--crs=EPSG:4547", "--district", district, "--rehearsal", "--pack", made.pack(RULE))
    for day, edge in zip(YEARS_OF_SURVEYS, (100, 125), strict=True):
        shapes = [ground(0, 0, edge, 400), ground(edge, 0, 400, 400)]
        columns = {"BSM": [f"{n:018d}" for n in (1, 2)], "DLBM": ["0701", "0103"]}
        source = write(folder / f"survey{edge}.gpkg", shapes, columns)
        done("add", made.library, source, "--as=DLTB", "--covers=district", f"--valid-from={day}")


@pytest.fixture
def town(tmp_path, copied):
    copied(made_town, tmp_path)
    return Town(tmp_path)


def supply(town):
    source = write(town.folder / "supplied.gpkg", [ground(75, 0, 175, 100)], {"DKBH": ["G1"]})
    done("add", town.library, source, "--as=GDDK", "--covers=district", "--valid-from=2020-12-31")


def in_review(town):
    """A case of 1 ha on the plot and beside it: 0.5 ha are neither built nor supplied."""
    parcels = write(town.folder / "asked.gpkg", [ground(125, 50, 225, 150)], {"DKBH": ["D1"]})
    return town.open(parcels=parcels, on="2021-03-01")


def answer_of(town, pack, *days):
    given = [f"--as-of={day}" for day in days or ("2021-06-01",)]
    return done("indicators", town.library, f"--pack={pack}", *given).json


def test_what_is_supplied_and_in_review_is_told_beside_the_quota(town, tmp_path):
    supply(town)
    case = in_review(town)
    pack = quota(tmp_path, 6.5)
    found = answer_of(town, pack, "2018-12-31", "2021-06-01")
    first, row = found["indicators"]
    assert (row["value"], row["headroom"]) == (pytest.approx(5.0, rel=1e-5), pytest.approx(1.5, rel=1e-4))
    # Supplied and not built: 50 m × 100 m. In review: 100 m × 100 m, of which 50 m × 50 m are supplied.
    assert row["committed"] == pytest.approx(0.5 + 0.75, rel=1e-4)
    assert row["free"] == pytest.approx(0.25, rel=1e-3)
    assert row["pace"] == pytest.approx(1.0 / DAYS * 365.25, rel=1e-4)
    assert row["days_left"] == pytest.approx(0.25 * DAYS, rel=1e-3)
    assert (row["status"], row["days_reason"], row["committed_reason"]) == ("ok", None, None)
    assert [(one["term"], one["features"]) for one in row["spoken_for"]] == [("supplied", 1), ("review", 1)]
    assert (first["days_left"], first["days_reason"]) == (None, "no_pace")
    assert (first["committed"], first["committed_reason"]) == (None, "not_in_force"), "no plots are known of 2018"
    run = found["run"]["id"]
    tight = answer_of(town, quota(tmp_path, 6.0))["indicators"][0]
    assert (tight["status"], tight["reason"]) == ("warn", "committed"), "it holds today, and will not"
    assert (tight["free"], tight["days_reason"]) == (pytest.approx(-0.25, rel=1e-3), "no_pace")
    town.done("withdraw", case, "--reason", "不办了", on="2021-07-01", by="lead")
    assert done("verify", town.library, "--run", run).json["ok"], "by what was known then"
    later = answer_of(town, pack, "2021-08-01")["indicators"][0]
    assert later["committed"] == pytest.approx(0.5, rel=1e-4), "the case is withdrawn"


def test_a_quota_s_page_writes_its_numbers_as_the_page_of_values_does(town, tmp_path):
    supply(town)
    page = tmp_path / "page.html"
    pack = quota(tmp_path, 5.25)
    done("indicators", town.library, f"--pack={pack}", "--as-of=2021-06-01", f"--page={page}")
    text = page.read_text(encoding="utf-8")
    assert "Indicators of the district, 2021-06-01" in text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", text)
    value = cells.index("Land")
    assert cells[value + 1 : value + 3] == ["5.00 ha", "5.25"]
    assert "0.25" not in cells  # half a hectare is committed
    assert {"5.00", "5.25", "0.50", "−0.25"} <= set(cells)


def test_a_floor_is_eaten_by_what_is_committed(town, tmp_path):
    supply(town)
    in_review(town)
    row = answer_of(town, quota(tmp_path, 10.0, "floor", formula="free"), "2018-12-31", "2021-06-01")["indicators"][1]
    assert (row["value"], row["headroom"]) == (pytest.approx(11.0, rel=1e-5), pytest.approx(1.0, rel=1e-4))
    assert (row["status"], row["reason"], row["days_left"]) == ("warn", "committed", 0.0)
    assert row["pace"] < 0


def test_what_is_committed_is_unknown_where_a_layer_is_missing_and_never_nothing(town, tmp_path):
    row = answer_of(town, quota(tmp_path, 6.0), "2018-12-31", "2021-06-01")["indicators"][1]
    assert (row["committed"], row["committed_reason"], row["free"]) == (None, "layer_missing", None)
    assert row["headroom"] == pytest.approx(1.0, rel=1e-4)
    assert (row["days_left"], row["days_reason"]) == (None, "layer_missing")


def test_what_does_not_shrink_has_no_days(town, tmp_path):
    supply(town)
    row = answer_of(town, quota(tmp_path, 4.0, "floor"), "2018-12-31", "2021-06-01")["indicators"][1]
    assert (row["days_left"], row["days_reason"]) == (None, "not_used") and row["pace"] > 0


def test_the_warning_has_the_room_and_the_days_by_itself(town, tmp_path):
    supply(town)
    pack = quota(tmp_path, "5.6\nwarn = 0.85")
    asked = ("warnings", town.library, f"--pack={pack}", "--as-of=2021-06-01")
    (row,) = [row for row in done(*asked).json["warnings"] if row["kind"] == "quota"]
    assert (row["status"], row["limit"], row["headroom"]) == ("warn", 5.6, pytest.approx(0.6, rel=1e-3))
    assert (row["committed"], row["free"]) == (pytest.approx(0.5, rel=1e-3), pytest.approx(0.1, rel=1e-2))
    assert row["days_left"] == pytest.approx(0.1 * DAYS, rel=1e-2)
    lines = result_text("warnings", done(*asked).json, "en").splitlines()
    (line,) = [line for line in lines if "5.00 / 5.60 ha" in line]
    assert "0.10 ha free for 73 days" in line


@pytest.mark.parametrize(
    ("committed", "code"),
    [("nope", "indicator.term"), ("built /", "indicator.formula"), ("built / built", "indicator.measure")],
)
def test_a_wrong_formula_of_what_is_committed_is_refused_with_line_and_key(town, tmp_path, committed, code):
    pack = quota(tmp_path, 5.0, committed=committed)
    answer = command("indicators", town.library, f"--pack={pack}")
    (problem,) = answer.json["problems"]
    assert answer.code == 3 and (problem["code"], problem["field"]) == (code, "committed")
    line = pack.read_text(encoding="utf-8").splitlines().index(f'committed = "{committed}"') + 1
    assert f"Line {line} of quota.toml" in problem["message"]


SVG = "{http://www.w3.org/2000/svg}"


def drawn_parts(svg):
    """The widths of the parts of the one bar, by colour: the legend's swatches are all of one width."""
    boxes = [one for one in ElementTree.fromstring(svg).iter(f"{SVG}rect") if float(one.get("height")) == 4.6]
    return {one.get("fill"): float(one.get("width")) for one in boxes}


@pytest.mark.parametrize("width", ["0", "2001", "9" * 40, "wide"])
def test_a_chart_wider_than_any_sheet_is_refused_before_it_is_drawn(town, onemap, width):
    answer = onemap("indicators", town.library, f"--charts={width}")
    assert (answer.code, answer.codes) == (2, ["usage.value"])


def test_the_chart_of_a_quota_is_as_long_as_its_parts(town, tmp_path):
    supply(town)
    in_review(town)
    asked = ("indicators", town.library, f"--pack={quota(tmp_path, 6.5)}", "--as-of=2021-06-01", "--states=1")
    sheet, page = tmp_path / "quota.xlsx", tmp_path / "quota.html"
    answer = done(*asked, "--charts=120", "--out", sheet, "--page", page).json
    (chart,) = [one for one in answer["charts"] if one["kind"] == "quota"]
    assert (chart["pack"], chart["id"], chart["unit"]) == ("town", "land", None) and 'width="120mm"' in chart["svg"]
    parts = drawn_parts(chart["svg"])
    existing, approved, review, free = (parts[fill.colour] for fill in PART_FILLS.values())
    assert [approved / existing, review / existing, free / existing] == pytest.approx([0.1, 0.15, 0.05], abs=0.002)
    sentence = "5.00 ha existing, 0.50 ha approved, 0.75 ha in review, 0.25 ha free"
    words = re.sub(r"<[^>]+>", " ", chart["svg"])
    assert sentence in " ".join(words.split()) and "lasts 183 days" in " ".join(words.split())
    assert chart["svg"].split("<rect")[1:] and "Quota left" in page.read_text(encoding="utf-8")
    book = load_workbook(sheet)
    heads = [cell.value for cell in next(book["Indicators"].iter_rows(max_row=1))]
    assert {"Headroom", "Approved and in review", "Free", "Pace, a year", "Days left", "Trend"} <= set(heads)
    assert not set(heads) & set(VALUE_COLUMNS), "heads are words"
    drawn = [[cell.value for cell in row] for row in book["Charts"].iter_rows()]
    (row,) = [row for row in drawn if row[1:2] and isinstance(row[1], float) and row[1] == pytest.approx(5.0, rel=1e-4)
              and isinstance(row[2], float) and row[2] == pytest.approx(0.5, rel=1e-3)]  # fmt: skip
    assert row[3:6] == pytest.approx([0.75, 0.25, 6.5], rel=1e-2)
    stacked = book["Charts"]._charts[-1]
    assert (stacked.grouping, len(stacked.series)) == ("stacked", 4), "the target is no part of what is there"


def test_a_quota_of_which_nobody_knows_what_is_committed_is_hatched(town, tmp_path):
    asked = ("indicators", town.library, f"--pack={quota(tmp_path, 6.5)}", "--as-of=2021-06-01", "--charts=120")
    (chart,) = [one for one in done(*asked).json["charts"] if one["kind"] == "quota"]
    parts = drawn_parts(chart["svg"])
    assert set(parts) == {PART_FILLS["existing"].colour, UNKNOWN.colour} and "unknown" in chart["svg"]


FIELDS = 'layer = "DLTB"\nwhere = "DLBM = \'0103\'"'
NET_TERMS = {"arable": f'kind = "net"\n{FIELDS}', "asked": f'kind = "review"\n{FIELDS}\noutside = ["GDDK"]'}


@pytest.mark.parametrize(("net", "asked"), [(99000.0, 0.75 * 0.9), (None, None)])
def test_what_is_in_review_eats_a_net_quota_by_its_net_area(town, tmp_path, net, asked):
    """11 ha of fields, of them 9.9 ha without ridges: of the 0.75 ha that are asked for, 0.675 ha."""
    supply(town)
    shapes = [ground(0, 0, 125, 400), ground(125, 0, 400, 400)]
    columns = {"BSM": [f"{n:018d}" for n in (1, 2)], "DLBM": ["0701", "0103"], "TBDLMJ": [50000.0, net]}
    source = write(tmp_path / "net.gpkg", shapes, columns)
    done("add", town.library, source, "--as=DLTB", "--covers=district", "--valid-from=2020-12-31", "--label=net")
    in_review(town)
    pack = pack_of_land(tmp_path, NET_TERMS, "arable", 9, "floor", "asked", "net")
    (row,) = answer_of(town, pack)["indicators"]
    assert row["committed"] == (None if asked is None else pytest.approx(asked, rel=1e-6))
    assert row["in_review"] == row["committed"] and row["committed_reason"] == (None if asked else "no_value")
    if asked:
        assert row["free"] == pytest.approx(9.9 - 9 - asked, rel=1e-6)
        assert [(one["term"], one["features"]) for one in row["spoken_for"]] == [("asked", 1)]


INSIDE = {"open": 'kind = "area"\nlayer = "GDDK"\ninside = ["CZKFBJ"]'}


def test_the_pace_is_that_of_whichever_layer_changes(town, tmp_path):
    """Of a plot of 4 ha the boundary takes 1 ha in 2019, 2 ha in 2020: a hectare a year, and 2 ha are free."""
    plot = write(tmp_path / "plot.gpkg", [ground(0, 0, 100, 400)], {"DKBH": ["G1"]})
    done("add", town.library, plot, "--as=GDDK", "--covers=district", "--valid-from=2018-12-31")
    for year, edge in ((2019, 100), (2020, 200)):
        line = write(tmp_path / f"line{year}.gpkg", [ground(0, 0, 400, edge)], {"BSM": ["1"]})
        done("add", town.library, line, "--as=CZKFBJ", "--covers=district", f"--valid-from={year}-06-30")
    pack = pack_of_land(tmp_path, INSIDE, "open", 4, name="inside")
    _, row = answer_of(town, pack, "2020-01-01", "2021-01-01")["indicators"]
    assert (row["pace"], row["free"]) == (pytest.approx(1.0 / 366 * 365.25, rel=1e-4), pytest.approx(2.0, rel=1e-4))
    assert row["days_left"] == pytest.approx(2 * 366, rel=1e-3)
