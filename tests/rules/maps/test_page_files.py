"""Pages of facts and tables: nothing empty stands there, figures stand under their heads, Word lies in its margins."""

import io

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn

from onemap.rules.maps.page_files import docx_file, html_file, without_empty_columns

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


def test_a_head_stands_on_the_side_of_its_figures():
    text = html_file([PAGE], [""], "foot", "en").decode()
    assert '<th>name</th><th class="n">count</th>' in text and "why" not in text
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
