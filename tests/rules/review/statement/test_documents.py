"""Documents as readers get them: Word files in LibreOffice, PDF read back word by word, bad templates named."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.display.maps.fonts import chosen_fonts, installed_families
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.case_export import export_case
from onemap.rules.review.statement.content import DOCUMENTS
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.docx_maker import template
from onemap.tests.rules.command import command
from onemap.tests.rules.review.statement.bureau import DEVELOPER, MARKUP, Bureau

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("chinese_font")]  # what they share takes long to make

_TEXT = shutil.which("pdftotext")
needs_text = pytest.mark.skipif(_TEXT is None, reason="pdftotext (poppler-utils) is not installed")
CHAPTERS = [f"chapter_{name}" for name in ("conclusion", "project", "land", "controls")]
REVIEWED = [f"chapter_{name}" for name in ("differences", "opinions", "conditions", "notes")]
TABLES = [
    f"table_{name}"
    for name in ("land", "classes", "three_lines", "land_plan", "urban_plan", "department_plans", "controls", "laws")
]
ANNEXES = ("checklist", "boundary", "data", "record", "rules")


def without_spaces(text: str) -> str:
    """Text without white space and the marks that only let a name break."""
    return re.sub(r"[\s\u200b]", "", text)


def is_said(heading: str, text: str) -> bool:
    """Whether a text, squeezed, has a heading; readers of PDF may part its number from its words.

    The caption of a table is looked for without its number, which is that of this document.
    """
    heading = re.sub(r"^.*[\d}]-\d+[.　]\s*", "", heading)
    return all(without_spaces(part) in text for part in heading.split("　"))


def text_of(pdf: Path, *options: str) -> str:
    """The text that a reader sees in a PDF."""
    found = subprocess.run([_TEXT or "", *options, str(pdf), "-"], capture_output=True, check=True)
    return found.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def word_pages(
    bureau: Bureau, issued_bureau: Bureau, print_word: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., str]:
    """The text of every Word document, opened and printed by LibreOffice in one go."""
    if _TEXT is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    folder = tmp_path_factory.mktemp("word")
    files = [
        bureau.export("report.zh.docx", bureau.one, annexes="all"),
        issued_bureau.export("statement.en.docx", issued_bureau.one, "en", annexes="all"),
        issued_bureau.export("opinion.zh.docx", issued_bureau.one, department="land"),
        bureau.export("reply.zh.docx", bureau.one, document="reply", department="land"),
        bureau.export("fifty.zh.docx", bureau.fifty),
    ]
    print_word(folder, *files)
    return lambda name, *options: without_spaces(text_of(folder / f"{name}.pdf", *options))


@pytest.mark.parametrize(("kind", "language"), [("report", "zh"), ("statement", "en")])
def test_a_word_document_has_every_chapter_table_and_annex(word_pages: Callable[..., str], kind: str, language: str):
    text, labels = word_pages(f"{kind}.{language}"), words(language)
    assessments = "table_assessments_alone" if kind == "report" else "table_assessments"
    wanted = [*CHAPTERS, *REVIEWED, *TABLES, "note_not_compared", "table_opinions", assessments]
    assert [name for name in wanted if not is_said(labels[name], text)] == []
    assert [name for name in ANNEXES if not is_said(phrase(f"annex.{name}", language), text)] == []


def test_a_word_document_has_the_numbers_that_were_reckoned(word_pages: Callable[..., str]):
    text = word_pages("report.zh")
    assert "项目用地总面积1.0000公顷（15.00亩），共1个地块。" in text
    assert "其中农用地0.5000公顷（耕地0.4500公顷），建设用地0.5000公顷，未利用地0.0000公顷。" in text
    rows = word_pages("report.zh", "-layout")  # the cells of a row one after the other, wherever columns stand
    assert "边界外0.300030.0%▲限制" in rows
    assert "集体0.50000.50000.45000.00000.00000.00000.05000.00000.00000.0000" in rows
    assert "500000.000" in text
    assert "超出覆盖范围" in text


def test_names_with_markup_come_out_of_word_as_text(word_pages: Callable[..., str]):
    text = word_pages("report.zh")
    assert without_spaces(MARKUP) in text
    assert without_spaces(DEVELOPER) in text


def test_a_department_s_papers_say_what_it_was_asked_and_said(word_pages: Callable[..., str]):
    opinion, form = word_pages("opinion.zh"), word_pages("reply.zh")
    assert "项目占用永久基本农田0.2000公顷" in opinion
    assert "意见结论为：不同意。" in opinion
    assert "未签发" not in opinion
    assert "2026年11月17日" in opinion
    assert all(
        without_spaces(words("zh")[f"conclusion_{name}"]) in form for name in ("agree", "disagree", "conditional")
    )
    assert "盖章处" in form


def test_names_of_sixty_characters_are_whole_in_word(word_pages: Callable[..., str], bureau: Bureau):
    text = word_pages("fifty.zh")
    assert [name for name in bureau.names if name not in text] == []


@pytest.fixture(scope="module")
def papers(bureau: Bureau, issued_bureau: Bureau) -> dict[str, Path]:
    """The PDFs."""
    return {
        "report.zh": bureau.export("report.pdf", bureau.one, annexes="all"),
        "statement.zh": issued_bureau.export("statement.pdf", issued_bureau.one, annexes="all"),
        "statement.en": issued_bureau.export("statement.en.pdf", issued_bureau.one, "en", annexes="all"),
        "reply.en": bureau.export("reply.en.pdf", bureau.one, "en", document="reply", department="land"),
        "opinion.zh": bureau.export("opinion.pdf", bureau.one, department="land", annexes="all"),
        "fifty.zh": bureau.export("fifty.pdf", bureau.fifty),
    }


@needs_text
@pytest.mark.parametrize("name", ["report.zh", "statement.zh", "statement.en"])
def test_a_pdf_has_every_chapter_table_and_annex(papers: dict[str, Path], name: str):
    text, labels = without_spaces(text_of(papers[name])), words(name[-2:])
    assessments = "table_assessments_alone" if name == "report.zh" else "table_assessments"
    wanted = [*CHAPTERS, *REVIEWED, *TABLES, "table_opinions", assessments]
    assert [heading for heading in wanted if not is_said(labels[heading], text)] == []
    assert [annex for annex in ANNEXES if not is_said(phrase(f"annex.{annex}", name[-2:]), text)] == []


@needs_text
def test_the_tables_of_a_chapter_are_numbered_from_one(papers: dict[str, Path]):
    report, statement = (without_spaces(text_of(papers[name])) for name in ("report.zh", "statement.zh"))
    assert ("表7-1评估评价清单" in report, "表7-2" in report) == (True, False)
    assert "表7-1建设条件" in statement and "表7-2评估评价清单" in statement


@needs_text
def test_a_pdf_has_the_numbers_names_and_laws(papers: dict[str, Path]):
    text = without_spaces(text_of(papers["report.zh"]))
    assert "项目用地总面积1.0000公顷（15.00亩），共1个地块。" in text
    assert without_spaces(MARKUP) in text
    assert without_spaces(DEVELOPER) in text
    assert "第三十五条" in text
    assert "图6" in text


@needs_text
def test_an_issued_pdf_bears_number_chain_and_pack(papers: dict[str, Path], issued_bureau: Bureau):
    text = without_spaces(text_of(papers["statement.zh"]))
    case = command("review", "show", issued_bureau.library, issued_bureau.one).json
    assert case["document"] in text
    with_chain = [row for row in issued_bureau.log() if row["subject"] == issued_bureau.one]
    assert with_chain[-1]["hash"] in text
    assert "试行规则·2026.1" in text
    assert "bureau2026.1" not in text
    assert "征求意见稿" not in text


@needs_text
def test_pages_are_numbered_and_as_large_as_the_standard_says(papers: dict[str, Path]):
    pages = text_of(papers["fifty.zh"]).split("\f")[:-1]
    assert [number for number, page in enumerate(pages, start=1) if f"—{number}—" not in without_spaces(page)] == []
    facts = subprocess.run(["pdfinfo", str(papers["fifty.zh"])], capture_output=True, check=True).stdout.decode()
    assert "595.276 x 841.89 pts (A4)" in facts


@dataclass(frozen=True)
class Box:
    """A word on a page, in points from its upper left corner."""

    west: float
    north: float
    east: float
    south: float
    word: str

    @property
    def ink_east(self) -> float:
        """The end of the word's ink: a full-width stop is half empty, and the next word may begin there."""
        return self.east - (self.south - self.north) / 2 if self.word[-1] in "。，、；：）》”" else self.east

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap by more than a hair."""
        wide = min(self.ink_east, other.ink_east) - max(self.west, other.west)
        high = min(self.south, other.south) - max(self.north, other.north)
        return wide > 1.0 and high > 0.4 * min(self.south - self.north, other.south - other.north)


def boxes_by_page(pdf: Path, *, with_maps: bool = False) -> list[list[Box]]:
    """The words of each page, if not asked otherwise of those that have no map."""
    found = []
    for page in text_of(pdf, "-bbox").split("<page ")[1:]:
        rows = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', page)
        boxes = [Box(*map(float, row[:4]), row[4]) for row in rows]
        if with_maps or not any(box.word == "比例尺" or box.word.startswith("1:") for box in boxes):
            found.append(boxes)
    return found


@needs_text
@pytest.mark.parametrize("name", ["fifty.zh", "statement.en", "reply.en", "opinion.zh"])
def test_nothing_is_cut_and_nothing_lies_on_another(papers: dict[str, Path], name: str):
    millimetre = 72 / 25.4
    west, east, south = 28 * millimetre, (210 - 26) * millimetre, (297 - 20) * millimetre
    pages = boxes_by_page(papers[name])
    assert len(pages) >= 2
    for boxes in pages:
        assert [box for box in boxes if box.west < west - 1 or box.ink_east > east + 1 or box.south > south] == []
        clashes = [(one, two) for at, one in enumerate(boxes) for two in boxes[at + 1 :] if one.meets(two)]
        assert clashes == []


@needs_text
def test_fifty_parcels_with_names_of_sixty_characters_are_all_there_under_repeated_heads(
    papers: dict[str, Path], bureau: Bureau
):
    text = text_of(papers["fifty.zh"])
    assert [name for name in bureau.names if name not in without_spaces(text)] == []
    heads = [page for page in text.split("\f") if words("zh")["column_findings"] in page]
    assert len(heads) > 1


def test_the_fonts_of_a_pdf_are_embedded(papers: dict[str, Path]):
    if shutil.which("pdffonts") is None:
        pytest.skip("pdffonts (poppler-utils) is not installed")
    table = subprocess.run(["pdffonts", str(papers["report.zh"])], capture_output=True, check=True).stdout.decode()
    rows = [row.split() for row in table.splitlines()[2:]]
    assert rows
    assert {row[-5] for row in rows} == {"yes"}


def test_the_standard_s_fonts_are_chosen_where_they_are_and_a_free_one_else():
    windows = chosen_fonts(["SimSun", "SimHei", "FangSong", "KaiTi", "FZXiaoBiaoSong-B05S"])
    assert windows.families["body"] == "FangSong"
    assert windows.families["title"] == "FZXiaoBiaoSong-B05S"
    assert not windows.heavy
    free = chosen_fonts(["Noto Serif CJK SC", "Noto Sans CJK SC", "Libertinus Serif"])
    assert (free.families["body"], free.families["heading"], free.heavy) == (
        "Noto Serif CJK SC",
        "Noto Sans CJK SC",
        True,
    )
    assert "Libertinus Serif" not in installed_families()


def test_without_a_chinese_font_nothing_is_set():
    with pytest.raises(OneMapError) as refusal:
        chosen_fonts(["DejaVu Sans", "Libertinus Serif"])
    assert refusal.value.code == "statement.font"


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_shipped_templates_are_what_their_maker_makes(kind: str):
    shipped = Document(str(RESOURCES / "templates" / f"{kind}.docx"))
    assert shipped.element.body.xml == template(kind).element.body.xml


@pytest.mark.parametrize(("kind", "annexes"), [("report", "all"), ("opinion", "all"), ("reply", "none")])
def test_a_shipped_template_gives_the_document_that_is_set_without_one(bureau: Bureau, kind: str, annexes: str):
    def text(**options: Any) -> list[str]:
        department = {"department": "land"} if kind in ("opinion", "reply") else {}
        path = bureau.export("same.docx", bureau.one, document=kind, annexes=annexes, **department, **options)
        document = Document(str(path))
        foot = document.sections[0].first_page_footer.paragraphs
        # A picture has a number, a table its widths, a paragraph its looks: all is the same but the relations' names.
        body = re.sub(r'r:embed="\w+"|(docPr|cNvPr) id="\d+" name=".*?"', "", document.element.body.xml)
        return [re.sub(r">\s+<", "><", body), *(paragraph.text for paragraph in foot)]

    assert text(templates=RESOURCES / "templates") == text()


def test_a_bureau_s_own_table_stands_between_our_blocks(bureau: Bureau, own: Path):
    document = Document()
    for name in ("Heading 1", "Title", "Table Grid"):  # as in a template that somebody emptied of styles
        document.styles[name].delete()
    document.add_paragraph("{{p blocks.letterhead }}")
    table = document.add_table(rows=3, cols=1)
    for row, text in zip(table.rows, ("{%tr for row in parcels %}", "{{ row.parcel }}", "{%tr endfor %}"), strict=True):
        row.cells[0].text = text
    for name in ("table_controls", "conclusion", "opinion", "imprint"):  # an opinion's block is none in a report
        document.add_paragraph(f"{{{{p blocks.{name} }}}}")
    document.add_paragraph("{%p if blocks.maps %}")
    document.add_paragraph("{{p blocks.maps }}")
    document.add_paragraph("{%p endif %}")
    document.save(str(own / "report.docx"))
    written = Document(str(bureau.export("own.docx", bureau.one, templates=own, annexes="maps")))
    labels, lines = words("zh"), [paragraph.text for paragraph in written.paragraphs]
    assert [row.cells[0].text for row in written.tables[0].rows] == ["DK1"]
    heads = [[cell.text for cell in table.rows[0].cells] for table in written.tables[1:]]
    assert [labels["column_line"] in head for head in heads] == [True, False, False]
    assert labels["chapter_conclusion"] in lines and MARKUP in "".join(lines)
    assert {style.name for style in written.styles} >= {"Heading 1", "Title", "Table Grid"}
    assert len(written.inline_shapes) == sum(line.startswith("图") for line in lines) > 2


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A bureau's own folder of templates."""
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


def test_a_bureau_s_own_template_is_used_and_the_others_are_ours(bureau: Bureau, own: Path):
    document = template("report")
    document.add_paragraph("本局补充：{{ project.name }}，共{{ totals.parcels }}块")
    document.save(str(own / "report.docx"))
    written = Document(str(bureau.export("own.docx", bureau.one, templates=own)))
    assert f"本局补充：{MARKUP}，共1块" in [paragraph.text for paragraph in written.paragraphs]
    reply = bureau.export("reply.docx", bureau.one, templates=own, document="reply", department="land")
    assert Document(str(reply)).paragraphs


def test_a_wrong_field_in_a_paragraph_is_named_with_its_place(bureau: Bureau, own: Path, tmp_path: Path):
    document = Document()
    document.add_paragraph("{{ project.name }}")
    document.add_paragraph("{{ project.nmae }} {{ totals.hectares }}")
    document.save(str(own / "report.docx"))
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / "a.docx", "--templates", own)
    problem = answer.json["problems"][0]
    assert (answer.code, problem["code"], problem["file"], problem["field"]) == (
        3,
        "statement.template_field",
        "report.docx",
        "project.nmae",
    )
    assert "paragraph 2" in problem["message"]
    assert not (tmp_path / "a.docx").exists()


def test_every_wrong_field_is_named_even_in_the_row_of_an_empty_list(bureau: Bureau, own: Path, tmp_path: Path):
    document = Document()
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).text = "{%tr for row in differences %}"
    table.cell(1, 0).text = "{{ row.spot }}"
    table.cell(1, 1).text = "{{ row.sport }}"
    table.cell(2, 0).text = "{%tr endfor %}"
    document.sections[0].footer.paragraphs[0].text = "{{ library.nom }}"
    document.save(str(own / "report.en.docx"))
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / "a.docx", "--templates", own)
    messages = {problem["field"]: problem["message"] for problem in answer.json["problems"]}
    assert set(messages) == {"row.sport", "library.nom"}
    assert "table 1, row 2, column 2" in messages["row.sport"]
    assert "foot" in messages["library.nom"]


@pytest.mark.parametrize(
    ("text", "place"),
    [("{{ project.name }", "paragraph 2"), ("{% for row in laws %}", "paragraph 2"), ("{% fro row %}", "paragraph 2")],
)
def test_a_tag_that_cannot_be_read_is_named_with_its_place(
    bureau: Bureau, own: Path, tmp_path: Path, text: str, place: str
):
    document = Document()
    document.add_paragraph("一")
    document.add_paragraph(text)
    document.save(str(own / "report.docx"))
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / "a.docx", "--templates", own)
    assert (answer.code, answer.codes) == (3, ["statement.template_syntax"])
    assert place in answer.json["problems"][0]["message"]


def test_a_template_that_is_no_word_file_is_refused(bureau: Bureau, own: Path, tmp_path: Path):
    (own / "report.docx").write_text("no Word file")
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / "a.docx", "--templates", own)
    assert (answer.code, answer.codes) == (3, ["statement.template"])


def test_a_wrong_template_for_pdf_is_refused_with_its_reason(bureau: Bureau, own: Path, tmp_path: Path):
    (own / "statement.typ").write_text('#let d = json("content.json")\n#d.nobody', encoding="utf-8")
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / "a.pdf", "--templates", own)
    assert (answer.code, answer.codes) == (3, ["statement.template"])
    assert "nobody" in answer.json["problems"][0]["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_that_the_manual_names_is_there(bureau: Bureau, own: Path, language: str):
    manual = (RESOURCES.parent / "docs" / f"templates.{language}.md").read_text("utf-8").replace("\\|", "|")
    document = Document()
    for text in re.findall(r"`(\{[{%].*?[}%]\})`", manual.partition("##")[2].partition("| `document`")[2]):
        document.add_paragraph(text)
    document.add_paragraph("{{ opinions[0].signed_by or '–' }}")
    document.save(str(own / "report.docx"))
    assert len(document.paragraphs) > 15
    assert bureau.export("manual.docx", bureau.one, language, templates=own).exists()


def test_the_bar_moves_while_maps_are_drawn_and_pages_are_set_and_never_goes_back(bureau: Bureau, tmp_path: Path):
    reports: list[tuple[float, str]] = []
    with open_library(str(bureau.library)) as library:
        case = read_case(library, bureau.one)
        target = str(tmp_path / "told.pdf")
        export_case(
            library, case, target, None, "en", progress=Progress(lambda share, step: reports.append((share, step)))
        )
    shares = [share for share, _ in reports]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    for step in ("Drawing map 1 of", "Laying out the pages"):
        assert len({share for share, text in reports if text.startswith(step)}) > 1
