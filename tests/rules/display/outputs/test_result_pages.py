"""A check's results as a PDF: each parcel with law and numbers, the head on every page, nothing cut."""

import re
import shutil
import subprocess

import pytest
from shapely import box

from onemap.rules.display.outputs import to_pages

PDF_TO_TEXT = shutil.which("pdftotext")
pytestmark = pytest.mark.skipif(PDF_TO_TEXT is None, reason="pdftotext (poppler-utils) is not installed")


def pages_of(path):
    """The text of each page, in its layout."""
    text = subprocess.run([PDF_TO_TEXT, "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    return text.split("\f")[:-1]


@pytest.fixture
def pack(desk):
    """Ground that is banned, known in the west alone; two rules on it, and one whose layer is not there."""
    desk.layer("ZONE", [box(0, 0, 2, 10)], covers=box(-99, -99, 20, 99))
    first = {"id": "first", "layer": "ZONE", "title": {"zh": "第一条规则", "en": "First rule"}}
    second = {**first, "id": "second", "title": {"zh": "第二条规则", "en": "Second rule"}}
    absent = {"id": "absent", "layer": "GYL", "title": {"zh": "占用公益林", "en": "On forest"}, "missing": "checklist"}
    return desk.pack(first, second, absent)


@pytest.mark.slow
def test_a_parcel_stands_with_its_findings_the_gravest_first(desk, pack):
    parcels = desk.parcels({"A": box(50, 0, 60, 10), "B": box(0, 0, 10, 10), "C": box(12, 0, 18, 10)})
    target = desk.folder / "results.pdf"
    assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", target).code == 0
    (page,) = pages_of(target)
    rows = [line.split() for line in page.splitlines() if re.match(r"\s*[ABC]\s", line)]
    # Of two rules that leave the same ground of one layer open there is one row.
    assert [(row[0], row[2]) for row in rows] == [
        *[("B", "prohibited")] * 3,
        *[("A", "unknown")] * 2,
        ("C", "clear"),
    ]
    found = [line for line in page.splitlines() if re.match(r"\s*B\s", line)][1]
    assert "First rule" in found and re.search(r"\b20 m²\s+20\.0%", found)
    assert "First rule, Second rule" in page
    assert "Parcels: ■ prohibited 1 · ? unknown 1 · ✓ clear 1" in page.replace("√", "✓")
    assert "Rules not asked" in page and "On forest" in page and "ZONE v1" in page


@pytest.mark.slow
def test_the_head_is_on_every_page_and_each_row_whole(desk, pack):
    parcels = desk.parcels({f"P{n:03}": box(0, n * 0.01, 10, 10 + n * 0.01) for n in range(120)})
    target = desk.folder / "results.pdf"
    assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", target, lang="zh").code == 0
    pages = pages_of(target)
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert re.search(rf"\b{number} ?/ ?{len(pages)}\s*$", page)
    inner = pages[1:-2]
    assert all("规则、法律依据" in page and "占比" in page for page in inner)
    rows = [line for page in pages for line in page.splitlines() if re.match(r"\s*P\d{3}\s", line)]
    assert len(rows) == 120 * 3 and all("禁止" in row for row in rows)


@pytest.mark.slow
def test_a_trial_names_the_parcels_whose_verdict_differs(desk, pack):
    parcels = desk.parcels({"A": box(50, 0, 60, 10), "B": box(0, 0, 10, 10)})
    asked = ("check", desk.library, parcels, "--pack", pack)
    before = desk.run(*asked).json["run"]["id"]
    other = desk.write("other", [box(300, 0, 310, 10)], {"KEY": ["1"]}, "EPSG:4547")
    target = desk.folder / "trial.pdf"
    assert desk.run(*asked, "--against", before, "--replace", f"ZONE={other}", "--out", target).code == 0
    text = "\n".join(pages_of(target))
    assert "Results of a trial" in text and "Changed verdicts" in text
    (turned,) = re.findall(r"^\s*B\s+prohibited\s+(\w+)\s+First rule", text, re.MULTILINE)
    assert turned in ("clear", "unknown")
    again = desk.folder / "again.pdf"
    assert desk.run("runs", desk.library, before, "--out", again).code == 0
    assert "Changed verdicts" not in "\n".join(pages_of(again))


def test_more_than_anybody_turns_over_is_refused_and_nothing_kept(desk, pack, monkeypatch):
    monkeypatch.setattr(to_pages, "MOST_ROWS", 3)
    parcels = desk.parcels({"A": box(50, 0, 60, 10), "B": box(0, 0, 10, 10)})
    target = desk.folder / "results.pdf"
    refused = desk.run("check", desk.library, parcels, "--pack", pack, "--out", target)
    assert (refused.code, refused.codes) == (3, ["out.too_many_pages"])
    assert not target.exists() and desk.run("runs", desk.library).json["runs"] == []
