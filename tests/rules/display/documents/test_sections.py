"""Sections of facts and tables: nothing empty, figures below their heads, Word's margins kept."""

import contextlib
import io
import re
import shutil
import subprocess
import zlib

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn

from onemap.layers.progress import Progress
from onemap.rules.display.documents.blocks import (
    LEFT,
    RIGHT,
    Column,
    Heading,
    Section,
    Table,
    printable,
    rows_of,
    section_of,
    table_under,
    without_empty_columns,
)
from onemap.rules.display.documents.blocks import (
    Document as Content,
)
from onemap.rules.display.documents.html_printer import page_of
from onemap.rules.display.documents.typst_printer import pdf_of
from onemap.rules.display.documents.word_printer import docx_of

FACTS = (("a", "1"), ("b", "2"), ("c", "3"))
HEADS = (("unit", 3, LEFT), ("name", 4, LEFT), ("count", 2, RIGHT), ("why", 5, LEFT), ("limit", 1, RIGHT))
COLUMNS = tuple(Column(head, mm, align, is_optional=at > 0) for at, (head, mm, align) in enumerate(HEADS))
CELLS = (("–", "x", "1", "", "–"), ("–", "y", "–", "", ""))
TABLE = Table(COLUMNS, rows_of(CELLS))
PAGE = section_of("Title", FACTS, *table_under("Table", COLUMNS, CELLS, "en"))


def content(*sections: Section, foot: str = "foot", language: str = "en") -> Content:
    return Content(language, foot, sections)


def word(*sections: Section) -> DocxDocument:
    return Document(io.BytesIO(docx_of(content(*sections))))


def page(*sections: Section, language: str = "en") -> str:
    return page_of(content(*sections, language=language)).decode()


def test_columns_that_say_nothing_are_left_out_and_the_first_stays():
    filled = without_empty_columns(TABLE)
    assert [column.head for column in filled.columns] == ["unit", "name", "count"]
    assert [row.cells for row in filled.rows] == [(("–",), ("x",), ("1",)), (("–",), ("y",), ("–",))]
    assert [column.mm for column in filled.columns] == pytest.approx([5, 20 / 3, 10 / 3])
    assert [column.align for column in filled.columns] == [LEFT, LEFT, RIGHT]
    # A table without rows keeps its heads, and a column whose total says something stays.
    assert without_empty_columns(Table(COLUMNS, ())).columns == COLUMNS
    total = Table(COLUMNS, rows_of(CELLS), total=("all", "", "", "", "9"))
    assert [column.head for column in without_empty_columns(total).columns] == ["unit", "name", "count", "limit"]


def test_no_column_is_narrower_than_its_longest_word_and_a_sign_stays_with_its_number():
    def printed_table(widths: tuple[float, ...]) -> Table:
        columns = [Column(head, mm) for head, mm in zip(("No.", "kind", "text"), widths, strict=True)]
        rows = [("1", "no construction", "< 0.0001 ha"), ("2", "建设用地建设用地建设用地", "a" * 40)]
        ((_, table),) = (
            one.blocks for one in printable(content(Section("t", table_under("h", columns, rows, "en")))).sections
        )
        return table

    table = printed_table((1, 3, 20))
    assert table.rows[0].cells[2] == ("<\u00a00.0001 ha",)
    number, kind, text = (column.mm for column in table.columns)
    letter_mm = 8 * 0.3528 * 0.6
    assert kind == pytest.approx(len("construction") * letter_mm + 4) and number > 7.0
    assert number + kind + text == pytest.approx(170.0)
    assert [column.mm for column in printed_table((3, 8, 12)).columns] == pytest.approx(
        [170 * mm / 23 for mm in (3, 8, 12)]
    )


@pytest.mark.slow
def test_pages_that_follow_stand_below_the_one_before():
    first = section_of("All of it", FACTS)
    parts = [section_of(f"Part {number}", (), TABLE, follows=True) for number in (1, 2)]
    pages = [first, *parts]
    assert pdf_of(content(*pages), Progress())[1] == 1 and pdf_of(content(first, PAGE), Progress())[1] == 2
    document = word(*pages)
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.paragraph_format.page_break_before] == []
    last = document.tables[-1].rows
    kept = [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in last]
    assert kept == [True] * (len(last) - 1) + [None], "no page ends inside such a table"
    text = page(*pages)
    assert text.count("foot") == 1 and text.count('<section class="on">') == 2 and "<h2></h2>" not in text


def test_a_head_stands_on_the_side_of_its_figures():
    text = page(PAGE)
    assert '<th scope="col" class="w">name</th><th scope="col" class="n">count</th>' in text and "why" not in text
    document = word(PAGE)
    head = document.tables[1].rows[0].cells
    assert [cell.paragraphs[0].alignment for cell in head] == [None, None, WD_ALIGN_PARAGRAPH.RIGHT]


def test_word_has_facts_two_by_two_lines_of_one_height_and_tables_within_its_margins():
    document = word(PAGE)
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["a", "1", "b", "2"],
        ["c", "3", "3", "3"],  # one cell: the last fact has its row to itself
    ]
    section = document.sections[0]
    text_mm = section.page_width.mm - section.left_margin.mm - section.right_margin.mm
    for table in document.tables:
        assert sum(column.width.mm for column in table.columns) == pytest.approx(text_mm, abs=0.5)
        assert int(table._tbl.tblPr.find(qn("w:tblInd")).get(qn("w:w"))) > 0
        rules = {cell.paragraphs[0].paragraph_format.line_spacing_rule for row in table.rows for cell in row.cells}
        assert rules == {WD_LINE_SPACING.EXACTLY}


def test_a_page_without_facts_has_no_table_for_them():
    bare = section_of("Title", (), Heading("Table"), TABLE)
    assert len(word(bare).tables) == 1
    assert page(bare).count("<table") == 1


def test_a_page_for_a_browser_fits_a_narrow_screen_and_names_its_facts():
    text = page(PAGE, language="zh")
    assert 'name="viewport"' in text and '<html lang="zh-CN">' in text
    assert text.count('<th scope="row">') == len(FACTS)
    assert text.count('<div class="table"') == 2  # what is wider rolls in its own box, not the page


def test_word_shades_its_heads_says_the_page_and_asks_for_chinese_glyphs():
    document = word(PAGE)
    facts, table = document.tables
    shades = [[cell._tc.find(f".//{qn('w:shd')}") is not None for cell in row.cells] for row in table.rows]
    assert shades[0] == [True] * 3 and not any(shades[1] + shades[2])
    assert [cell._tc.find(f".//{qn('w:shd')}") is not None for cell in facts.rows[0].cells] == [True, False] * 2
    assert "PAGE" in document.sections[0].footer.paragraphs[0]._p.xml
    tongues = {tongue.get(qn("w:eastAsia")) for tongue in document.styles.element.iter(qn("w:lang"))}
    assert tongues == {"zh-CN"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_each_page_of_a_long_sheet_says_whose_it_is_and_bookmarks_lead_to_the_sheets(tmp_path):
    rows = [["–", f"row {number}", "1", "", "–"] for number in range(90)]
    sheets = [section_of("Sheet", FACTS, Table(COLUMNS, rows_of(rows)), name=name) for name in ("DK-A", "DK-B")]
    body, count = pdf_of(content(*sheets), Progress())
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


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.parametrize("long", ["经研究，" * 1000, "第一条\n" * 90], ids=["signs", "lines"])
def test_a_text_that_no_page_holds_goes_on_on_the_next_one(long):
    """4,000 signs, or 90 lines. What lies outside a page is no text of it."""
    body, _ = pdf_of(content(section_of("t", (), Table(COLUMNS, rows_of([("–", long, "1", "", "–")])))), Progress())
    text = subprocess.run(["pdftotext", "-", "-"], input=body, capture_output=True, check=True).stdout.decode()
    assert text.count(long[1]) == long.count(long[1])


def unpack_streams(body: bytes) -> bytes:
    """The bytes of a PDF with its streams unpacked."""
    found = [body]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", body, re.S):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(stream))
    return b"".join(found)
