"""The results as a page to be printed: law beside the rule, figures on the right, its head on every page."""

import re
import subprocess
from dataclasses import replace

import pytest

from onemap.plugin.desk.results.print_pages import Strip, page_parts, print_page
from onemap.plugin.desk.results.result_export import html_table, results_page
from onemap.plugin.desk.results.results import CheckedParcel, Finding, RunOnDisplay

FACTS = {"layer": "L", "version": "1", "length_m": None, "distance_m": None, "value": None, "features": 1}
FACTS |= {"counted": True, "reason": "", "replaced": "", "estimated": False, "assumed": False, "area_low_m2": None}
FACTS |= {"area_high_m2": None, "within_error": False, "area_check_m2": None, "check_differs": False}


def finding(row: int) -> Finding:
    basis = "中华人民共和国土地管理法 第三十五条 <a & b>"
    named = {"parcel": f"P{row:03}", "rule": "farmland", "title": "On farmland", "basis": basis, **FACTS}
    return Finding(
        row=row, verdict="prohibited", department="land", area_m2=1234.5, ellipsoidal_m2=1221.4, share=0.5, **named
    )


@pytest.fixture
def page() -> str:
    parcels = [CheckedParcel(row, f"P{row:03}", "prohibited", 2469.0, 2467.0, (finding(row),)) for row in range(1, 61)]
    answer = {"run": {"parameters": {}}, "verdicts": {"prohibited": 60}, "rules": 1}
    return results_page(RunOnDisplay("", answer, "Town", "town.gpkg", {}), parcels)


def test_a_finding_stands_with_its_law_and_figures_on_the_right(page):
    assert page.count("中华人民共和国土地管理法 第三十五条 &lt;a &amp; b&gt;") == 60
    # On the ellipsoid, as in every document.
    assert page.count("align='right'>1,221 m²") == 60 and "1,234 m²" not in page
    widths = [int(one) for one in re.findall(r"<th width='(\d+)%'", page)]
    assert 95 <= sum(widths[-7:]) <= 100


def test_on_paper_the_head_is_repeated_and_pages_have_numbers(page, tmp_path):
    print_page(page, str(tmp_path / "results.pdf"))
    command = ["pdftotext", "-layout", tmp_path / "results.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) > 1
    for number, one in enumerate(pages, start=1):
        assert "Share" in one or "占比" in one
        assert re.search(rf"\b{number} ?/ ?{len(pages)}\s*$", one)
    rows = [line for one in pages for line in one.splitlines() if "On farmland" in line]
    assert len(rows) == 60 and all(re.match(r"\s*P\d{3}\b", row) for row in rows)  # wherever a page ends


def test_the_last_row_of_a_page_has_its_line_below(tmp_path):
    for lines in (1, 2):  # so that the edge of a page falls elsewhere in a row each time
        rows = [[f"A{row:03}", "\n".join(f"{row:03}.{line}" for line in range(lines))] for row in range(90)]
        print_page(html_table("T", ["Parcel", "Lines"], rows, (30, 70)), str(tmp_path / "table.pdf"))
        subprocess.run(["pdftoppm", "-r", "96", "-gray", tmp_path / "table.pdf", tmp_path / f"page{lines}"], check=True)
        for path in tmp_path.glob(f"page{lines}-*.pgm"):
            _magic, width, height, _most, pixels = path.read_bytes().split(maxsplit=4)
            wide = int(width)
            shades = [pixels[y * wide + wide // 4 : y * wide + 3 * wide // 4] for y in range(int(height))]
            lowest = max(y for y, row in enumerate(shades) if min(row) < 200)
            assert max(shades[lowest]) < 200 or max(shades[lowest - 1]) < 200, path.name


def test_no_row_is_parted_between_two_pages(tmp_path):
    for lines in (2, 3, 5, 7):  # so that the edge of a page falls elsewhere in a row each time
        rows = [[f"A{row:03}", "\n".join(f"{row:03}.{line}" for line in range(lines))] for row in range(90)]
        target = tmp_path / f"{lines}.pdf"
        print_page(html_table("T", ["Parcel", "Lines"], rows, (30, 70)), str(target))
        text = subprocess.run(["pdftotext", "-layout", target, "-"], capture_output=True, text=True).stdout
        pages = text.split("\f")[:-1]
        assert len(pages) > 1
        whole = [re.findall(r"\b(\d{3})\.\d", page) for page in pages]
        assert all(page.count(row) == lines for page in whole for row in set(page))
        assert sorted(row for page in whole for row in set(page)) == [f"{row:03}" for row in range(90)]
        assert all("Parcel" in page for page in pages)


def test_what_is_higher_than_a_page_is_cut_and_nothing_is_lost():
    strips = [Strip(0, 30), Strip(30, 130, (0, 10)), Strip(130, 150, (0, 10))]
    parts = page_parts(strips, 50)
    assert [(part.top, part.bottom) for part in parts] == [(0, 30), (30, 70), (70, 110), (110, 150)]
    assert [part.head for part in parts] == [None, (0, 10), (0, 10), (0, 10)]


def test_a_plain_table_has_no_widths():
    assert "width='" not in html_table("T", ["a"], [["1\n2"]]).split("<thead>")[1]


def test_what_is_measured_in_the_plane_can_be_held_against_the_printed_area():
    found = finding(1)
    assert found.in_print(1234.5) == pytest.approx(1221.4) and found.in_print(617.25) == pytest.approx(610.7)
    assert found.in_print(None) is None
    # A finding without ground, or of a run that kept no area on the ellipsoid.
    assert replace(found, area_m2=None, ellipsoidal_m2=None).in_print(5.0) == 5.0
