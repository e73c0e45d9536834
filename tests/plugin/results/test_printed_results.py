"""The results as a page to be printed: law beside the rule, figures on the right, its head on every page."""

import re
import subprocess
from dataclasses import replace

import pytest

from onemap.plugin.results.result_export import html_table, print_page, results_page
from onemap.plugin.results.results import CheckedParcel, Finding, RunOnDisplay

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
    assert (
        page.count("align='right'>1,221 m²") == 60 and "1,234 m²" not in page
    )  # on the ellipsoid, as in every document
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
        assert re.search(rf"\b{number}\s*$", one)


def test_a_plain_table_has_no_widths():
    assert "width='" not in html_table("T", ["a"], [["1\n2"]]).split("<thead>")[1]


def test_what_is_measured_in_the_plane_can_be_held_against_the_printed_area():
    found = finding(1)
    assert found.in_print(1234.5) == pytest.approx(1221.4) and found.in_print(617.25) == pytest.approx(610.7)
    assert found.in_print(None) is None
    # A finding without ground, or of a run that kept no area on the ellipsoid.
    assert replace(found, area_m2=None, ellipsoidal_m2=None).in_print(5.0) == 5.0
