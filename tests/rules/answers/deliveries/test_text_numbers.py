"""Numbers of a report compared with its data: after words, in a table's row and column; in Word and in PDF."""

import docx
import pytest

from onemap.layers.bounded_process import Bounds
from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.errors import OneMapError
from onemap.layers.files.plain_pdf import plain_pdf
from onemap.layers.sources import pdf_text
from onemap.layers.sources.pdf_text import pdf_pages, read_pages
from onemap.layers.sources.word_text import word_blocks
from onemap.rules.answers.deliveries.delivery_template import delivery_template
from onemap.rules.answers.deliveries.paper_numbers import numbers_in_pdf, numbers_in_word
from onemap.tests.rules.answers.deliveries.small_delivery import PAPER, TEMPLATE_FILE, SmallDelivery

FARMLAND, LINE = "永久基本农田保护面积", "生态保护红线面积"
HEADS = ("指标", "单位", "基期年", "目标年")
ROWS = (
    (FARMLAND, "公顷", "11,000.00", "12,345.68"),
    (LINE, "公顷", "", "234.50"),
    ("建设用地总规模", "万亩", "1.5", "1.2"),
)


def page_of(*texts, between=" ET BT /F1 11 Tf "):
    """A PDF of one page with texts at points, (x, y, text) of each, as most programs show them: each in one go."""
    body = between.join(f"1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj" for x, y, text in texts)
    return plain_pdf([]).replace(b"BT /F1 14 Tf 60 760 Td  ET", f"BT /F1 11 Tf {body} ET".encode())


def table_pdf(**more):
    lefts = (60, 200, 260, 340)
    cells = [
        (x, 600 - 40 * row, text)
        for row, texts in enumerate((HEADS, *ROWS))
        for x, text in zip(lefts, texts, strict=True)
    ]
    broken = [(x, y, text) for x, y, text in cells if text and text != FARMLAND]
    return page_of(*broken[:4], (60, 560, FARMLAND[:6]), (60, 547, FARMLAND[6:]), *broken[4:], **more)


def word_file(path, *sentences):
    text = docx.Document()
    for sentence in sentences:
        text.add_paragraph(sentence)
    table = text.add_table(rows=0, cols=4)
    for row in (HEADS, *ROWS):
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    text.save(str(path))
    return path


def amounts(found):
    return [(float(one.value), one.unit) for one in found]


@pytest.mark.parametrize(
    "row, column, wanted",
    [
        (FARMLAND, "目标年", [12345.68]),
        (FARMLAND, "基期年", [11000.0]),
        (LINE, "目标年", [234.5]),
        (LINE, "基期年", []),  # an empty cell is no number of its neighbour
        ("建设用地总规模", "目标年", [1.2]),
        ("湿地面积", "目标年", []),
        (FARMLAND, "远景", []),
    ],
)
def test_a_number_stands_in_the_row_and_column_that_words_name(tmp_path, row, column, wanted):
    paper = tmp_path / "text.pdf"
    paper.write_bytes(table_pdf())
    assert [value for value, _ in amounts(numbers_in_pdf(read_pages(paper), row, column, None))] == wanted
    blocks = word_blocks(word_file(tmp_path / "text.docx"))
    assert [value for value, _ in amounts(numbers_in_word(blocks, row, column, None))] == wanted


def test_of_numbers_that_a_pdf_shows_in_one_go_none_is_taken(tmp_path):
    (tmp_path / "text.pdf").write_bytes(table_pdf(between=" "))
    pages = read_pages(tmp_path / "text.pdf")
    assert "11,000.0012,345.68" in pages[0].text
    assert numbers_in_pdf(pages, FARMLAND, "目标年", None) == []
    assert numbers_in_pdf(pages, FARMLAND, None, None) == []


SENTENCES = [
    (f"到2035年，{FARMLAND}不低于12,345.6789公顷。", [(12345.6789, "ha")]),
    (f"{FARMLAND}（2035年）为1.25万公顷", [(12500.0, "ha")]),
    (f"{FARMLAND}占全市的12.5%，为９８．５平方公里", [(98.5, "km2")]),
    (f"{FARMLAND}按批复执行", []),
    (f"{FARMLAND}为300亩；{FARMLAND}为20公顷", [(300.0, "mu"), (20.0, "ha")]),
]


@pytest.mark.parametrize("sentence, wanted", SENTENCES)
def test_a_number_behind_words_is_read_with_its_unit(tmp_path, sentence, wanted):
    middle = sentence.index(FARMLAND) + 4
    (tmp_path / "text.pdf").write_bytes(
        plain_pdf([sentence[:middle], sentence[middle:]])
    )  # a line ends within the words
    assert amounts(numbers_in_pdf(read_pages(tmp_path / "text.pdf"), FARMLAND, None, None)) == wanted
    text = docx.Document()
    text.add_paragraph(sentence)
    text.save(str(tmp_path / "text.docx"))
    assert amounts(numbers_in_word(word_blocks(tmp_path / "text.docx"), FARMLAND, None, None)) == wanted


def test_what_stands_before_a_heading_is_not_looked_at(tmp_path):
    lines = [f"{FARMLAND}为1公顷", "第二章 规划目标", f"{FARMLAND}为2公顷"]
    (tmp_path / "text.pdf").write_bytes(plain_pdf(lines))
    pages = read_pages(tmp_path / "text.pdf")
    assert amounts(numbers_in_pdf(pages, FARMLAND, None, "第二章规划目标")) == [(2.0, "ha")]
    assert numbers_in_pdf(pages, FARMLAND, None, "第九章") == []
    blocks = word_blocks(word_file(tmp_path / "text.docx", *lines))
    assert amounts(numbers_in_word(blocks, FARMLAND, None, "第二章规划目标"))[0] == (2.0, "ha")


def refusal(read, path):
    with pytest.raises(OneMapError) as refused:
        read(path)
    problem = refused.value.problems[0]
    return problem.code, getattr(problem.facts.get("reason"), "code", None)


@pytest.mark.slow
def test_a_pdf_beyond_the_bounds_is_refused_in_words(tmp_path, monkeypatch):
    paper = tmp_path / "text.pdf"
    paper.write_bytes(plain_pdf(["一"]))
    assert pdf_pages(paper)[0].text.strip() == "一"
    large = ("source.paper", "suggest.paper_large")
    with monkeypatch.context() as bound:
        bound.setattr(pdf_text, "MOST_PAGES", 0)
        assert refusal(read_pages, paper) == large
    with monkeypatch.context() as bound:
        bound.setattr(pdf_text, "MOST_SIGNS", 0)
        assert refusal(read_pages, paper) == large
    with monkeypatch.context() as bound:
        bound.setattr(pdf_text, "MOST_FILE_BYTES", 10)
        assert refusal(pdf_pages, paper) == large
    monkeypatch.setattr(pdf_text, "BOUNDS", Bounds(0.05, 2 << 30))
    assert refusal(pdf_pages, paper) == large


@pytest.mark.slow
def test_a_damaged_pdf_is_refused_in_words(tmp_path):
    paper = tmp_path / "text.pdf"
    paper.write_bytes(plain_pdf(["一"])[:60])
    assert refusal(pdf_pages, paper)[0] == "source.damaged"


def text_findings_of(delivery, folder, file="1文本/*文本.*"):
    """The findings about texts where each is looked at, and the grade."""
    text = TEMPLATE_FILE.read_text(encoding="utf-8").replace("1文本/*文本.docx", file)
    proof = delivery.prove(folder, delivery_template(text, "small", shipped_catalogue()))
    about = [one for one in proof.standing if one.check.kind == "text_number"]
    return [(one.problem.code, one.path) for one in about], proof


@pytest.mark.slow
def test_word_and_pdf_of_a_text_are_both_held_against_the_data(tmp_path):
    delivery = SmallDelivery()
    delivery.files[PAPER] = plain_pdf([f"到2035年，全市{delivery.words}为{delivery.stated}公顷。"])
    found, proof = text_findings_of(delivery, tmp_path / "clean")
    assert (found, proof.grade.grade) == ([], "accepted")
    delivery.files[PAPER] = plain_pdf([f"到2035年，全市{delivery.words}为{float(delivery.stated) + 1:.4f}公顷。"])
    found, _ = text_findings_of(delivery, tmp_path / "wrong")
    assert found == [("proof.text_number", PAPER)]


@pytest.mark.slow
def test_a_pdf_that_may_hide_its_number_is_not_checked_and_never_simply_accepted(tmp_path):
    pages_of_pictures = plain_pdf([]).replace(b"BT /F1 14 Tf 60 760 Td  ET", b"")
    no_sense = plain_pdf(["\ue000\ue001\ue002"])
    for number, content in enumerate((pages_of_pictures, no_sense)):
        delivery = SmallDelivery()
        delivery.files[PAPER] = content
        found, proof = text_findings_of(delivery, tmp_path / str(number))
        assert found == [("proof.text_unread", PAPER)]
        assert proof.grade.grade == "unproved"
        assert "{" not in proof.standing[0].record("zh")["message"]
