"""Pages of facts and tables: nothing empty stands there, figures stand under their heads, Word lies in its margins."""

import contextlib
import io
import re
import shutil
import subprocess
import zlib

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn

from onemap.layers.progress import Progress
from onemap.rules.maps.page_files import docx_file, html_file, pdf_file, printed_page, without_empty_columns

PAGE = {
    "title": "Title",
    "facts": [["a", "1"], ["b", "2"], ["c", "3"]],
    "blocks": [
        {
            "heading": "Table",
            "heads": ["unit", "name", "count", "why", "limit"],
            "rows": [["–", "x", "1", "", "–"], ["–", "y", "–", "", ""]],
            "widths": [3, 4, 2, 5, 1],
            "numbers": [2, 4],
            "note": None,
        }
    ],
}


def test_columns_that_say_nothing_are_left_out_and_the_first_stays():
    (block,) = without_empty_columns(PAGE)["blocks"]
    assert block["heads"] == ["unit", "name", "count"]
    assert block["rows"] == [["–", "x", "1"], ["–", "y", "–"]]
    assert (block["widths"], block["numbers"]) == ([3, 4, 2], [2])
    # A table without rows keeps its heads.
    empty = {**PAGE["blocks"][0], "rows": []}
    assert without_empty_columns({**PAGE, "blocks": [empty]})["blocks"] == [empty]


def test_no_column_is_narrower_than_its_longest_word_and_a_sign_stays_with_its_number():
    block = {**PAGE["blocks"][0], "heads": ["No.", "kind", "text"], "numbers": [], "widths": [1, 3, 20]}
    block["rows"] = [["1", "no construction", "< 0.0001 ha"], ["2", "建设用地建设用地建设用地", "a" * 40]]
    (printed,) = printed_page({**PAGE, "blocks": [block]})["blocks"]
    assert printed["rows"][0][2] == "<\u00a00.0001 ha"
    number, kind, text = printed["widths"]
    letter_mm = 8 * 0.3528 * 0.6
    assert kind == pytest.approx(len("construction") * letter_mm + 4) and number > 7.0
    assert number + kind + text == pytest.approx(170.0)
    roomy = {**block, "widths": [3, 8, 12]}
    (same,) = printed_page({**PAGE, "blocks": [roomy]})["blocks"]
    assert same["widths"] == pytest.approx([170 * width / 23 for width in (3, 8, 12)])


def test_pages_that_follow_stand_below_the_one_before():
    first = {"title": "All of it", "facts": PAGE["facts"], "blocks": []}
    parts = [
        {"title": f"Part {number}", "facts": [], "blocks": [{**PAGE["blocks"][0], "heading": ""}], "follows": True}
        for number in (1, 2)
    ]
    pages, none = [first, *parts], ["", "", ""]
    _, count = pdf_file(pages, none, "foot", "en", Progress())
    assert count == 1 and pdf_file([first, PAGE], none[:2], "foot", "en", Progress())[1] == 2
    document = Document(io.BytesIO(docx_file(pages, [b""] * 3, "foot")))
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.paragraph_format.page_break_before] == []
    last = document.tables[-1].rows
    kept = [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in last]
    assert kept == [True] * (len(last) - 1) + [None], "no page ends inside such a table"
    text = html_file(pages, none, "foot", "en").decode()
    assert text.count("foot") == 1 and text.count('<section class="on">') == 2 and "<h2></h2>" not in text


def test_a_head_stands_on_the_side_of_its_figures():
    text = html_file([PAGE], [""], "foot", "en").decode()
    assert '<th scope="col" class="w">name</th><th scope="col" class="n">count</th>' in text and "why" not in text
    document = Document(io.BytesIO(docx_file([PAGE], [b""], "foot")))
    head = document.tables[1].rows[0].cells
    assert [cell.paragraphs[0].alignment for cell in head] == [None, None, WD_ALIGN_PARAGRAPH.RIGHT]


def test_word_has_facts_two_by_two_lines_of_one_height_and_tables_within_its_margins():
    document = Document(io.BytesIO(docx_file([PAGE], [b""], "foot")))
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["a", "1", "b", "2"],
        ["c", "3", "", ""],
    ]
    section = document.sections[0]
    text_mm = section.page_width.mm - section.left_margin.mm - section.right_margin.mm
    for table in document.tables:
        assert sum(column.width.mm for column in table.columns) == pytest.approx(text_mm, abs=0.5)
        assert int(table._tbl.tblPr.find(qn("w:tblInd")).get(qn("w:w"))) > 0
        rules = {cell.paragraphs[0].paragraph_format.line_spacing_rule for row in table.rows for cell in row.cells}
        assert rules == {WD_LINE_SPACING.EXACTLY}


def test_a_page_without_facts_has_no_table_for_them():
    page = {**PAGE, "facts": []}
    assert len(Document(io.BytesIO(docx_file([page], [b""], ""))).tables) == 1
    assert html_file([page], [""], "", "en").decode().count("<table>") == 1


def test_a_page_for_a_browser_fits_a_narrow_screen_and_names_its_facts():
    text = html_file([PAGE], [""], "foot", "zh").decode()
    assert 'name="viewport"' in text and '<html lang="zh-CN">' in text
    assert text.count('<th scope="row">') == len(PAGE["facts"])
    assert text.count('<div class="table"') == 2  # what is wider rolls in its own box, not the page


def test_word_shades_its_heads_says_the_page_and_asks_for_chinese_glyphs():
    document = Document(io.BytesIO(docx_file([PAGE], [b""], "foot")))
    facts, table = document.tables
    shades = [[cell._tc.find(f".//{qn('w:shd')}") is not None for cell in row.cells] for row in table.rows]
    assert shades[0] == [True] * 3 and not any(shades[1] + shades[2])
    assert [cell._tc.find(f".//{qn('w:shd')}") is not None for cell in facts.rows[0].cells] == [True, False] * 2
    assert "PAGE" in document.sections[0].footer.paragraphs[0]._p.xml
    tongues = {tongue.get(qn("w:eastAsia")) for tongue in document.styles.element.iter(qn("w:lang"))}
    assert tongues == {"zh-CN"}


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_each_page_of_a_long_sheet_says_whose_it_is_and_bookmarks_lead_to_the_sheets(tmp_path):
    rows = [["–", f"row {number}", "1", "", "–"] for number in range(90)]
    sheets = [
        {**PAGE, "title": "Sheet", "parcel": name, "blocks": [{**PAGE["blocks"][0], "rows": rows}]}
        for name in ("DK-A", "DK-B")
    ]
    body, count = pdf_file(sheets, ["", ""], "foot", "en", Progress())
    target = tmp_path / "sheets.pdf"
    target.write_bytes(body)
    done = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, encoding="utf-8", check=True)
    pages = done.stdout.split("\f")[:-1]
    assert len(pages) == count and count >= 4 and count % 2 == 0
    half = count // 2
    assert not any("DK-" in pages[at] for at in (0, half))  # there the facts say it
    assert all("DK-A · Sheet" in page for page in pages[1:half])
    assert all("DK-B · Sheet" in page for page in pages[half + 1 :])
    assert b"/Outlines" in unpack_streams(body)


def unpack_streams(body: bytes) -> bytes:
    """The bytes of a PDF with its streams unpacked."""
    found = [body]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", body, re.S):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(stream))
    return b"".join(found)
