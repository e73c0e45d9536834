"""One piece of ground has one number: on the page, in its chart and table, in the sheet, on the command line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyproj
import pytest
from shapely.geometry import box

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done

WEST, EAST = box(540_000, 4_212_000, 541_000, 4_213_000), box(541_000, 4_212_000, 543_000, 4_213_000)


def made_survey(folder: Path) -> None:
    """Two patches, one of which became a town."""
    library, district = folder / "a.gpkg", write_layer(folder / "district.gpkg", [WEST.union(EAST)])
    done("new", library, "--crs=EPSG:4547", "--district", district)
    for label, classes in (("2020", ["0102", "0102"]), ("2023", ["0102", "0701"])):
        source = write_layer(folder / f"DLTB{label}.gpkg", [WEST, EAST], {"BSM": ["1", "2"], "DLBM": classes})
        dated = ("--label", label, "--valid-from", f"{label}-12-31", "--covers=district")
        done("add", library, source, "--as=DLTB", *dated)


@pytest.fixture
def survey(tmp_path: Path, copied: Callable[..., Any]) -> Path:
    copied(made_survey, tmp_path)
    return tmp_path / "a.gpkg"


def figures(path: Path) -> set[str]:
    """The hectares with four decimals on a page, in its chart and tables."""
    text = re.sub(r"<[^>]+>", "\n", path.read_text(encoding="utf-8"))
    return set(re.findall(r"(?<![\d,.])[\d,]+\.\d{4}(?!\d)", text))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_statistics_say_the_ellipsoid_s_hectares_everywhere(survey, tmp_path, onemap, lang):
    page = tmp_path / "page.html"
    answer = onemap("statistics", survey, "DLTB", "--by=DLBM/group", "--page", page, lang=lang).json
    wanted = {f"{row['area_ellipsoidal_m2'] / 10_000:,.4f}" for row in answer["rows"]}
    plane = {f"{row['area_m2'] / 10_000:,.4f}" for row in answer["rows"]}
    assert not wanted & plane, "the ground is large enough to tell them apart"
    text = result_text("statistics", answer, lang)
    assert all(one in text for one in wanted) and not any(one in text for one in plane)
    assert wanted <= figures(page) and not plane & figures(page)
    assert not re.search(r"[0-9a-f]{8}", re.sub(r"#[0-9A-Fa-f]{6}|\d{8,}", "", text))


def test_the_ellipsoid_s_figures_of_a_ground_sum_to_it_and_are_those_that_people_read(survey, tmp_path, onemap):
    """Half a kilometre of each patch, and ground of no district: by the formula, patch by patch."""
    asked, patches = box(540_500, 4_212_000, 541_500, 4_214_000), [box(540_500, 4_212_000, 541_000, 4_213_000)]
    patches.append(box(541_000, 4_212_000, 541_500, 4_213_000))
    ground = write_layer(tmp_path / "ground.gpkg", [asked])
    answer = onemap("statistics", survey, "DLTB@2023", "--by=DLBM", "--within", ground, lang="en").json
    crs = pyproj.CRS.from_epsg(4547)
    rows = {row["keys"]["DLBM"]: row["area_ellipsoidal_m2"] for row in answer["rows"]}
    assert [rows["0102"], rows["0701"]] == pytest.approx(ellipsoidal_areas_m2(np.array(patches), crs), abs=1e-3)
    (whole_m2,), (unit,), total = ellipsoidal_areas_m2(np.array([asked]), crs), answer["units"], answer["total"]
    rest_m2 = unit["without_feature_ellipsoidal_m2"] + unit["outside_coverage_ellipsoidal_m2"]
    assert sum(rows.values()) + rest_m2 == pytest.approx(whole_m2, abs=1e-6) == unit["area_ellipsoidal_m2"]
    assert unit["outside_coverage_m2"] == pytest.approx(1_000_000, abs=0.01)
    north = ellipsoidal_areas_m2(np.array([box(540_500, 4_213_000, 541_500, 4_214_000)]), crs)
    beyond_m2 = total["outside_coverage_ellipsoidal_m2"]
    assert beyond_m2 == pytest.approx(north[0], abs=0.1) != pytest.approx(1e6, abs=10)
    assert total["units_ellipsoidal_m2"] == unit["area_ellipsoidal_m2"]
    (beyond,) = [
        line for line in result_text("statistics", answer, "en").splitlines() if "outside the coverage" in line
    ]
    assert f" {beyond_m2 / 10_000:,.4f} " in beyond


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_transitions_have_one_figure_and_groups_no_code(survey, tmp_path, onemap, lang):
    page, sheet = tmp_path / "page.html", tmp_path / "sheet.xlsx"
    asked = ("DLTB@2020", "DLTB@2023", "--by=DLBM/group", "--page", page, "--out", sheet)
    answer = onemap("transitions", survey, *asked, lang=lang).json
    (changed,) = [row for row in answer["rows"] if row["from"] != row["to"]]
    area, plane = (f"{changed[name] / 10_000:,.4f}" for name in ("area_ellipsoidal_m2", "area_m2"))
    text = result_text("transitions", answer, lang)
    assert area in text and area in figures(page) and plane not in text and plane not in figures(page)
    cells = [str(cell) for rows in openpyxl.load_workbook(sheet) for row in rows.values for cell in row if cell]
    for code in ("farm", "built"):
        assert not re.search(rf"\b{code}\b (?!land)", text) and code not in cells
        assert not any(cell.startswith(f"{code} ") for cell in cells)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_indicator_s_chart_has_the_numbers_of_its_table(survey, tmp_path, onemap, lang):
    page = tmp_path / "page.html"
    asked = ("--only=built.total,built.intensity,built.housing", "--unrecorded", "--page", page)
    answer = onemap("indicators", survey, *asked, lang=lang).json
    assert any(row["value"] is not None for row in answer["indicators"])
    chart, _, table = page.read_text(encoding="utf-8").partition("</svg>")
    drawn = re.findall(r">([\d,]+\.\d+) [^<]+</text>", chart)
    assert drawn and all(f">{number} " in table for number in drawn)
