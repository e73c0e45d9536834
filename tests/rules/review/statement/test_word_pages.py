"""The Word file on the desk: the conclusion on page one, tables alike everywhere, nothing empty."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.ns import qn

from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.docx_documents import docx_document
from onemap.rules.review.statement.outline import WIDTH_MM
from onemap.tests.rules.review.statement.bureau import Bureau
from onemap.tests.rules.review.statement.test_documents import needs_text, text_of, without_spaces

PROFILE = """
authority = "云州市自然资源和规划局"
code = "云自然资预审"
addressees = ["云州市人民政府"]
copies = ["云州市发展和改革委员会"]
"""


@pytest.fixture(scope="module")
def headed_bureau(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A copy of the bureau that writes letters under its own head."""
    return bureau.copied(tmp_path_factory.mktemp("letters"), PROFILE)


# As projects and departments have them: department, what was asked of it, the last one, title, project, developer.
NAMES = {
    "zh": (
        "自然资源和规划局（规划）",
        "已检 14 条，未检 12 条（图层未入库）",
        "末位部门",
        ["云州市城北第三小学新建工程", "用地并联预审会审意见书"],
        "云州市城北第三小学新建工程",
        "云州市教育局",
    ),
    "en": (
        "Municipal utilities",
        "14 of 26; the layer was never loaded",
        "Last department",
        ["Consolidated statement:", "云州市城北第三小学新建工程"],
        "云州市城北第三小学新建工程",
        "云州市教育局",
    ),
}


def full_content(bureau: Bureau, language: str) -> dict[str, Any]:
    """A statement's content with all ten departments and three grave findings, of names as projects have them."""
    content = bureau.content(bureau.one, language, document="statement", annexes="none")
    department, asked, last, title_lines, project, developer = NAMES[language]
    row = {**content["departments"][0], "department_title": department}
    row["short"] = asked
    content["departments"] = [row] * 9 + [{**row, "department_title": last}]
    content["gravest"] = (content["gravest"] * 3)[:3]
    content["document"] |= {"mark": "", "title_lines": title_lines}
    names = {"name": project, "developer": developer}
    for known in content["project"]["known"]:
        known["value"] = names.get(known["key"], known["value"])
    content["figures"] = []
    return content


@pytest.mark.slow
@needs_text
@pytest.mark.parametrize("language", ["zh", "en"])
def test_ten_departments_and_three_findings_stand_on_page_one(
    headed_bureau: Bureau, print_word: Callable[..., None], language: str
):
    """In English too, in the wide letters that stand in where Times New Roman is not installed."""
    made = headed_bureau.folder / f"full.{language}.docx"
    made.write_bytes(docx_document(full_content(headed_bureau, language), []))
    print_word(headed_bureau.folder, made)
    first, second = text_of(made.with_suffix(".pdf")).split("\f")[:2]
    assert without_spaces(NAMES[language][2]) in without_spaces(first)
    assert without_spaces(second).startswith(without_spaces(words(language)["chapter_project"]))


@pytest.mark.slow
def test_lines_in_tables_are_as_high_whichever_fonts_a_machine_has(headed_bureau: Bureau):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one, document="statement")))
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    lines = {paragraph.paragraph_format.line_spacing_rule for cell in cells for paragraph in cell.paragraphs}
    assert len(cells) > 100 and lines == {WD_LINE_SPACING.EXACTLY}


@pytest.mark.slow
def test_where_plans_were_not_compared_a_sentence_says_so_and_no_empty_table_stands(headed_bureau: Bureau):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one, document="statement")))
    lines, labels = [paragraph.text for paragraph in document.paragraphs], words("zh")
    assert labels["note_not_compared"] in lines
    assert labels["table_differences"] not in lines
    heads = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    assert not any(labels["column_decision"] in head for head in heads)


@pytest.mark.slow
def test_a_letter_s_copies_lie_at_the_foot_without_a_line(headed_bureau: Bureau):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one, document="statement")))
    copies = next(paragraph for paragraph in document.paragraphs if paragraph.text.startswith("抄送："))
    assert copies._p.pPr.find(qn("w:framePr")).get(qn("w:yAlign")) == "bottom"
    assert copies._p.pPr.find(qn("w:pBdr")) is None


@pytest.mark.slow
@pytest.mark.parametrize(("language", "indent_pt"), [("zh", 32), ("en", None)])
def test_a_chapter_s_heading_is_indented_in_chinese_by_two_characters(
    headed_bureau: Bureau, language: str, indent_pt: Any
):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one, language, document="statement")))
    first = next(paragraph for paragraph in document.paragraphs if paragraph.style.name == "Heading 1")
    indent = first.paragraph_format.first_line_indent
    assert (indent.pt if indent is not None else None) == indent_pt


@pytest.mark.slow
def test_no_column_of_the_assessments_is_empty(headed_bureau: Bureau, tmp_path: Path):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one, document="statement")))
    labels = words("zh")
    table = next(t for t in document.tables if labels["column_assessment"] in [cell.text for cell in t.rows[0].cells])
    for column in table.columns:
        assert any(cell.text.strip("–") for cell in column.cells[1:]), column.cells[0].text


@pytest.mark.parametrize("annexes", ["none", "all"])
def test_a_column_that_no_row_fills_is_left_out_and_its_table_as_wide_as_the_others(
    headed_bureau: Bureau, annexes: str
):
    path = headed_bureau.export(f"{annexes}.docx", headed_bureau.one, document="statement", annexes=annexes)
    found, label = [], words("zh")["column_figure"]
    for table in Document(str(path)).tables:
        heads = [cell.text for cell in table.rows[0].cells]
        widths = [column.width.mm for column in table.columns]
        assert sum(widths) == pytest.approx(WIDTH_MM, abs=0.2), heads
        assert [cell.width.mm for cell in table.rows[0].cells] == pytest.approx(widths, abs=0.1)
        if label in heads:
            found.append([cell.text for cell in table.columns[heads.index(label)].cells[1:]])
    assert all(any(text not in ("", "–") for text in texts) for texts in found)
    assert bool(found) == (annexes == "all")  # without maps no row names a figure
