"""The outline of documents: a new line in it is a new column in all documents, and every line is used."""

import copy
import io
import re

import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.shipped_files import shipped_table
from onemap.rules.display.documents.blocks import Table
from onemap.rules.display.documents.word_tables import hold_rows
from onemap.rules.judge.findings.citations import cited_basis
from onemap.rules.review.statement import outline
from onemap.rules.review.statement.content import DOCUMENTS as KINDS
from onemap.rules.review.statement.docx_documents import docx_document
from onemap.rules.review.statement.outline import WIDTH_MM, chapters, places, printed_outline
from onemap.rules.review.statement.word_paper import new_paper
from onemap.tests.rules.review.statement.bureau import MARKUP, Bureau
from onemap.tests.rules.review.statement.test_documents import needs_text, text_of, without_spaces

DOCUMENTS = [
    *(places(printer, kind) for printer in ("word", "pdf") for kind in KINDS),
    places("screen", "statement"),
    places("screen", "opinion", "land"),
]


def tables(where: tuple[str, ...], language: str = "zh") -> list[outline.Node]:
    return [part for chapter in chapters(where, language) for part in chapter["parts"] if "table" in part]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("where", DOCUMENTS, ids="-".join)
def test_every_table_fits_the_paper(where: tuple[str, ...], language: str):
    for table in tables(where, language):
        widths = [column["mm"] for column in table["columns"]]
        assert min(widths) >= 7, table["table"]
        assert sum(widths) <= WIDTH_MM + 1e-9, table["table"]


def test_every_column_and_table_of_the_outline_stands_in_a_document():
    shown = [table for where in DOCUMENTS for table in tables(where)]
    outlined = shipped_table(outline._OUTLINE)
    assert {column["name"] for table in shown for column in table["columns"]} == set(outlined["columns"])
    declared = outlined["tables"]
    models = {table["like"] for table in declared.values() if "like" in table}
    assert {table["table"] for table in shown} | models == set(declared)


@pytest.fixture
def added_column(monkeypatch: pytest.MonkeyPatch) -> str:
    """The project's name as a further column of the parcels, by one line and its name in the table."""
    changed = copy.deepcopy(shipped_table(outline._OUTLINE))
    changed["columns"]["name_of_project"] = {"head": "field_name", "text": "<{{ project.name }}>", "mm": 30}
    changed["tables"]["parcels"]["columns"].append("name_of_project")
    changed["tables"]["parcels"]["screen"]["columns"].append("name_of_project")
    monkeypatch.setattr(outline, "shipped_table", lambda name: changed)
    return f"<{MARKUP}>"


@pytest.mark.slow
def test_a_further_column_stands_in_word_and_page(added_column: str, bureau: Bureau):
    document = Document(str(bureau.export("more.docx", bureau.one)))
    assert added_column in {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    page = bureau.export("more.html", bureau.one).read_text("utf-8")
    assert "&lt;城北小学 &lt;b&gt;A&amp;B&lt;/b&gt; {{ 7*7 }}" in page


@pytest.mark.slow
@needs_text
@pytest.mark.usefixtures("chinese_font")
def test_a_further_column_stands_in_the_pdf(added_column: str, bureau: Bureau):
    assert without_spaces(added_column) in without_spaces(text_of(bureau.export("more.pdf", bureau.one), "-raw"))


def test_a_law_stands_once_in_a_line_with_its_articles():
    basis = "规划法 第三十五条；规划法 第三十八条；管理的通知 第一条；规划法 第三十五条\n森林法 第三十七条"
    wanted = "《规划法》第三十五条、第三十八条；管理的通知 第一条\n《森林法》第三十七条"
    assert cited_basis(basis, "zh") == wanted
    assert cited_basis("A 1; A 2; B", "en") == "A 1, 2; B"


def test_only_a_row_longer_than_half_a_page_may_go_on_on_the_next():
    document = Document()
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).text, table.cell(1, 0).text = "已签发", "长" * 500
    hold_rows(document.element.body)
    held = [row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows]
    assert held == [True, False]


@pytest.mark.parametrize(("letters", "repeats"), [(900, True), (1100, False)])
def test_a_table_with_a_row_of_more_than_a_page_does_not_repeat_its_head(letters: int, repeats: bool):
    document = Document()
    table = document.add_table(rows=2, cols=1)
    table.cell(1, 0).text = "长" * letters
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    hold_rows(document.element.body)
    assert bool(document.element.body.xpath(".//w:tblHeader")) == repeats


def test_a_full_line_of_a_word_title_is_not_spread():
    styles = new_paper().styles.element
    assert not styles.xpath("w:style[@w:styleId='Title']/w:rPr/w:spacing")


# Of the letters' size: the mean width of a letter of the widest fonts that stand in for a missing one.
WIDE_EM, MM_A_POINT, BESIDE_MM = 0.66, 25.4 / 72, 2.0


@pytest.mark.parametrize("where", DOCUMENTS[: 2 * len(KINDS)], ids="-".join)
def test_no_head_and_no_department_on_paper_breaks_within_a_word_even_in_a_wide_font(where: tuple[str, ...]):
    departments = [group["en"] for group in named_groups()["departments"].values()]
    for table in tables(where, "en"):
        for column in table["columns"]:
            texts = [column["head"], *(departments if column["name"].startswith("department") else ())]
            longest = max(len(word) for text in texts for word in re.split(r"[\s-]+", text))
            needed = longest * WIDE_EM * table["size"] * MM_A_POINT + BESIDE_MM
            assert needed <= column["mm"], (table["table"], column["name"])


@pytest.mark.slow
def test_tables_are_numbered_without_a_gap_whichever_stand(bureau: Bureau):
    content = bureau.content(bureau.one, document="statement")
    content |= {"figures": [], "gravest": [], "controls": []}  # as of a site on which nothing was found
    captions = [
        part.caption
        for chapter in printed_outline(content, places("pdf", "statement"))[1]
        for part in chapter["parts"]
        if isinstance(part, Table) and part.caption
    ]
    assert captions[0] == "表1-1　各部门检测判定和意见结论"
    assert "表4-1　三区三线占用情况" in captions
    document = Document(io.BytesIO(docx_document(content, [])))
    written = [paragraph.text for paragraph in document.paragraphs if re.match(r"附?表\d", paragraph.text)]
    assert written == [caption for caption in captions if re.match(r"附?表\d", caption)]
