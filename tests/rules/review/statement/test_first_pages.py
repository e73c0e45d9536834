"""Documents with a bureau's head: the conclusion is on page one, an opinion has one or two pages, no codes."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from onemap.layers.messages import phrase
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.pdf_documents import pdf_document
from onemap.rules.review.statement.printed_content import printed_texts
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.statement.bureau import Bureau
from onemap.tests.rules.review.statement.test_documents import (
    boxes_by_page,
    needs_text,
    text_of,
    without_spaces,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("chinese_font")]  # what they share takes long to make
PROFILE = """
authority = "云州市自然资源和规划局"
code = "云自然资预审"
addressees = ["云州市人民政府"]
copies = ["云州市发展和改革委员会"]
contact = "王某，0311-12345678"
[departments.land]
name = { zh = "云州自然资源局", en = "Yunzhou Land" }
unit = "云州市自然资源和规划局"
code = "云自然资审"
"""
DOCUMENT_HEAD = """head = "document"
signatory = "李某"
"""


@pytest.fixture(scope="module")
def headed_bureau(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A copy of the bureau that has kept its profile and issued a case."""
    copied = bureau.copied(tmp_path_factory.mktemp("headed"), PROFILE)
    copied.issue(copied.one)
    return copied


def exported(bureau: Bureau, suffix: str, language: str = "zh", annexes: str = "all") -> Path:
    """The statement of a case with such annexes, written once: of a case that is issued it is the same again."""
    name = f"statement-{language}-{annexes}.{suffix}"
    target = bureau.folder / name
    if target.exists():
        return target
    return bureau.export(name, bureau.one, language, document="statement", annexes=annexes)


def pages(pdf: Path) -> list[str]:
    return [without_spaces(page) for page in text_of(pdf).split("\f")[:-1]]


@needs_text
def test_page_one_is_the_conclusion_under_the_bureau_s_head(headed_bureau: Bureau):
    first = pages(headed_bureau.export("statement.pdf", headed_bureau.one))[0]
    labels = words("zh")
    assert "云州市自然资源和规划局" in first
    assert "演练云自然资预审〔2026〕1号" in first
    assert "云州市人民政府：" in first
    assert "综合结论：不符合。" in first
    for name in ("table_gravest", "table_departments_verdicts"):
        assert all(without_spaces(part) in first for part in labels[name].split("　"))
    assert "占用永久基本农田" in first and "0.2000ha" in first and "第三十五条" in first
    assert "云州自然资源局" in first
    assert "未检1条" in first  # the water department's layer was never loaded
    assert labels["chapter_project"] not in first


@needs_text
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("department", ["land", "water", "transport"])
def test_an_opinion_answers_in_one_page_or_two(headed_bureau: Bureau, department: str, language: str):
    found = pages(headed_bureau.export("opinion.pdf", headed_bureau.one, language, department=department))
    assert 1 <= len(found) <= 2
    # Name and day stand on a page with the last words.
    assert "2026" in found[-1] and len(found[-1]) > 60


@needs_text
def test_the_mark_stands_30_mm_below_the_edge_and_no_character_is_alone(headed_bureau: Bureau):
    boxes = boxes_by_page(headed_bureau.export("opinion.pdf", headed_bureau.one, department="land"))[0]
    mark = next(box for box in boxes if box.word.startswith("云州市自然资源和规划局"))
    assert abs(mark.north / 72 * 25.4 - 30) < 4
    assert min(box.west for box in boxes) > 27.5 / 25.4 * 72


@needs_text
def test_annexes_are_left_out_or_asked_for(headed_bureau: Bureau):
    counts = {names: len(pages(exported(headed_bureau, "pdf", annexes=names))) for names in ("none", "record", "all")}
    assert counts["none"] < counts["record"] < counts["all"]
    bare = pages(exported(headed_bureau, "pdf", annexes="none"))
    assert not any(page.startswith("附件") or "附件：" in page for page in bare)
    answer = command(
        "review",
        "export",
        headed_bureau.library,
        headed_bureau.one,
        headed_bureau.folder / "x.pdf",
        "--annexes",
        "some",
    )
    assert answer.code == 2


@needs_text
@pytest.mark.parametrize("suffix", [".pdf", ".docx"])
def test_maps_of_each_conflict_are_asked_for_and_a_report_says_so(headed_bureau: Bureau, suffix: str):
    usual = headed_bureau.export(f"usual{suffix}", headed_bureau.one, document="report")
    each = headed_bureau.export(f"each{suffix}", headed_bureau.one, document="report", annexes="maps,conflicts")
    labels, read = words("zh"), without_spaces if suffix == ".pdf" else read_word
    names = [phrase(f"annex.{name}", "zh") for name in ("rules", "data", "conflicts")]
    note = without_spaces(labels["note_not_printed"].format(names="、".join(names)))
    text, whole = (read(text_of(path) if suffix == ".pdf" else path) for path in (usual, each))
    assert note in text and note not in whole
    assert "压占总图" in text and "压占图：占用永久基本农田" not in text
    assert "图1" in text and len(re.findall(r"图\d+", whole)) > len(re.findall(r"图\d+", text)) - text.count("图号")


def read_word(path: Path) -> str:
    """Text and alternative texts of a Word file."""
    document = Document(str(path))
    labels = [shape._inline.docPr.get("descr") or "" for shape in document.inline_shapes]
    assert labels and all("比例尺1:" in label and "地块：" in label for label in labels)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return without_spaces("".join([*(paragraph.text for paragraph in document.paragraphs), *cells]))


def test_a_finding_that_several_maps_show_names_each(bureau: Bureau):
    content = bureau.content(bureau.fifty, document="report", annexes="parcels,maps")
    maps = {map_["number"]: set(map_["parcels"]) for map_ in content["figures"] if map_["theme"] == "conflict"}
    found = {row["rule"]: row["shown_on"] for row in content["controls"]}
    for rule, numbers in found.items():
        rows = [row for row in content["parcel_findings"] if row["rule"] == rule and row["state"] != "clear"]
        parcels = {row["parcel"] for row in rows if row["counted"]}
        assert numbers == [number for number, names in maps.items() if names & parcels]
    assert sorted(map(len, found.values())) == [2, 6] and found["hazard.prone"] == list(maps)
    assert all(row["figure"] == row["shown_on"][0] for row in content["controls"])
    (first, *_, last), (one, other) = sorted(found.values(), key=len, reverse=True)
    printed = {row["figure"] for row in printed_texts(content)["controls"]}
    assert printed == {f"{first}–{last}", f"{one}、{other}"}
    word = Document(str(bureau.export("fifty.docx", bureau.fifty, document="report", annexes="parcels,maps")))
    cells = {cell.text for table in word.tables for row in table.rows for cell in row.cells}
    assert printed <= cells


@needs_text
def test_a_finding_names_the_map_of_all_where_it_has_none_of_its_own(headed_bureau: Bureau):
    content = headed_bureau.content(headed_bureau.one, document="report", annexes="parcels,maps")
    themes = {figure["number"]: (figure["theme"], figure["rule"]) for figure in content["figures"]}
    shown = [themes[row["figure"]] for row in content["controls"] if row["state"] == "conflict" and row["counted"]]
    assert shown and set(shown) == {("conflict", None)}
    every = headed_bureau.content(headed_bureau.one)
    themes = {figure["number"]: figure["rule"] for figure in every["figures"]}
    counted = [row for row in every["controls"] if row["state"] == "conflict" and row["counted"]]
    assert counted and all(themes[row["figure"]] == row["rule"] for row in counted)


@needs_text
def test_two_maps_stand_on_a_page(headed_bureau: Bureau):
    found = pages(headed_bureau.export("maps.pdf", headed_bureau.one, document="report", annexes="maps"))
    captions = [len(re.findall(r"图\d+(?!、)", page)) for page in found if "比例尺" in page]
    assert captions[0] == 1 and max(captions) == 2  # the town has a page of its own
    assert sum(captions) >= 2 * (len(captions) - 1)


@needs_text
def test_what_nobody_answered_stands_in_a_row_of_its_department(headed_bureau: Bureau):
    content = headed_bureau.content(headed_bureau.one)
    rows = printed_texts(content)["sentences"]["checklist"]
    kinds = {(item["department"], item["reason_text"]) for item in content["checklist"]}
    assert len(rows) == len(kinds)
    titles = "".join(row["title"] for row in rows)
    assert all(item["title"].removeprefix("是否") in titles for item in content["checklist"])
    assert rows[-1]["numbers"].endswith(str(len(content["checklist"])))


def annexes_in_pdf(path: Path) -> tuple[list[str], list[str]]:
    """The annexes that the text names, and those that begin a page, each with its number."""
    found = pages(path)
    signed = next(page for page in found if "附件：" in page)
    listed = re.split(r"\d\.", signed.split("附件：")[1].split("云州市自然资源和规划局")[0])
    heads = []
    for boxes in boxes_by_page(path, with_maps=True):
        mark = next((box for box in boxes if abs(box.north - 37 / 25.4 * 72) < 8), None)
        if mark is None or mark.word != "附件":
            continue
        assert abs(mark.west - 28 / 25.4 * 72) < 2, "at the margin"
        title = next(box for box in boxes if box.south - box.north > 20)  # the only one in letters of 22 points
        middle = (28 + (210 - 26)) / 2 / 25.4 * 72
        assert abs((title.west + title.east) / 2 - middle) < 3, "in the middle"
        assert 45 < title.north - mark.north < 75, "on the third line"
        heads.append(title.word)
    return [line for line in listed if line], heads


def annexes_in_word(path: Path) -> tuple[list[str], list[str]]:
    """The same of a Word file; a mark begins a page, at the margin, and its title follows in the middle."""
    paragraphs = [paragraph for paragraph in Document(str(path)).paragraphs if paragraph.text.strip()]
    first = next(at for at, paragraph in enumerate(paragraphs) if paragraph.text.startswith("附件："))
    listed, heads = [], []
    for paragraph in paragraphs[first:]:
        if not re.match(r"(附件：)?(\d\. )?\S", paragraph.text) or "云州市自然资源和规划局" in paragraph.text:
            break
        assert paragraph.paragraph_format.first_line_indent.pt < 0, "a further line begins where the name does"
        listed.append(re.sub(r"^(附件：)?(\d\. )?", "", paragraph.text))
    for mark, title in itertools.pairwise(paragraphs):
        if re.fullmatch(r"附件\d?", mark.text):
            assert mark.paragraph_format.page_break_before and mark.paragraph_format.first_line_indent is None
            assert title.style.name == "Heading 1" and title.alignment == WD_ALIGN_PARAGRAPH.CENTER
            heads.append(title.text)
    return listed, heads


def annexes_in_page(path: Path) -> tuple[list[str], list[str]]:
    """The same of a page for a browser."""
    page = path.read_text("utf-8")
    listed = re.search(r'<p class="attached"><span>附件：</span><span>(.*?)</span></p>', page, re.S)
    heads = re.findall(r'<p class="annex-mark">附件\d?</p>\s*<h2>(.*?)</h2>', page)
    return [re.sub(r"^\d\. ", "", line.strip()) for line in listed[1].split("<br>")] if listed else [], heads


@needs_text
@pytest.mark.parametrize("annexes", ["record", "checklist,boundary,rules", "all"])
@pytest.mark.parametrize("read", [annexes_in_pdf, annexes_in_word, annexes_in_page])
def test_annexes_begin_a_page_each_under_mark_and_title_as_the_text_names_them(
    headed_bureau: Bureau, annexes: str, read: Callable[[Path], tuple[list[str], list[str]]]
):
    suffix = {annexes_in_pdf: "pdf", annexes_in_word: "docx", annexes_in_page: "html"}[read]
    path = exported(headed_bureau, suffix, annexes=annexes)
    listed, heads = read(path)
    assert listed == heads
    names = ["parcels", "checklist", "boundary", "data", "record", "rules", "maps"] if annexes == "all" else annexes
    ordered = names if isinstance(names, list) else names.split(",")
    assert heads == [phrase(f"annex.{name}", "zh") for name in ordered]


@needs_text
def test_one_annex_alone_has_no_number(headed_bureau: Bureau):
    found = pages(exported(headed_bureau, "pdf", annexes="record"))
    assert any("附件：检测与存证" in page for page in found)
    assert any(page.startswith("附件检测与存证") for page in found)


@needs_text
def test_a_column_without_a_value_is_left_out(headed_bureau: Bureau):
    text = without_spaces(text_of(exported(headed_bureau, "pdf")))
    assert without_spaces(words("zh")["column_assessment"]) in text
    assert re.search(r"由主管部门确定–", text) is None


@needs_text
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_layer_or_pack_code_and_no_row_of_dashes_stands_in_a_document(headed_bureau: Bureau, language: str):
    text = text_of(exported(headed_bureau, "pdf", language))
    for code in ("YJJBNTTB", "DLTB", "JSYDGZQ", "CZKFBJ", "DZZHYFQ"):
        # The hash and the file from which a version came may bear its name.
        assert not re.search(rf"(?<![\w/]){code}(?!\.gpkg|\w)", text), code
    assert [line for line in text.splitlines() if re.fullmatch(r"[–\s]{3,}", line)] == []


def test_the_word_file_has_head_title_and_seal_s_place(headed_bureau: Bureau):
    document = Document(str(headed_bureau.export("statement.docx", headed_bureau.one)))
    lines = [paragraph.text for paragraph in document.paragraphs]
    assert lines[0] == "云州市自然资源和规划局"
    assert "云州市人民政府：" in lines
    assert "抄送：云州市发展和改革委员会。" in lines
    assert "2026年11月19日" in lines
    unit, day = (
        document.paragraphs[lines.index("2026年11月19日") - 1],
        document.paragraphs[lines.index("2026年11月19日")],
    )
    assert unit.text == lines[0]  # over the middle of the day (7.3.5.1)
    assert {unit.alignment, day.alignment} == {WD_ALIGN_PARAGRAPH.CENTER}
    assert unit.paragraph_format.left_indent == day.paragraph_format.left_indent
    assert not any("{" in line and "%" in line for line in lines if "7*7" not in line and "if %" not in line)


def test_the_word_file_of_a_document_has_number_and_signatory_on_one_line_over_the_red_one(
    headed_bureau: Bureau, tmp_path: Path
):
    copied = headed_bureau.copied(tmp_path, PROFILE.replace("[departments", f"{DOCUMENT_HEAD}[departments", 1))
    document = Document(str(copied.export("statement.docx", copied.one)))
    mark, number = document.paragraphs[0], next(line for line in document.paragraphs if "签发人" in line.text)
    assert mark.text == "云州市自然资源和规划局文件" and not mark._p.xpath(".//w:pBdr")
    assert re.fullmatch(r"　.*〔2026〕1号\t签发人：李某　", number.text)
    assert number._p.xpath(".//w:pBdr/w:bottom[@w:val='single']")


def without_seal(bureau: Bureau, folder: Path, authority: str) -> Bureau:
    """A copy of a bureau of some name that seals nothing."""
    return bureau.copied(folder, f"seal = false\n{PROFILE.replace('云州市自然资源和规划局', authority)}")


EDGE, CHARACTER = (210 - 26) / 25.4 * 72, 16  # the right edge of the text, in points, and how wide a character is


@needs_text
def test_without_a_seal_name_and_day_stand_two_characters_from_the_right(headed_bureau: Bureau, tmp_path: Path):
    copied = without_seal(headed_bureau, tmp_path, "云州市自然资源和规划局")
    boxes = boxes_by_page(copied.export("statement.pdf", copied.one, annexes="none"))[-1]
    unit = next(box for box in boxes if box.word == "云州市自然资源和规划局")
    day = next(box for box in boxes if box.word == "2026" and box.north > unit.south)
    assert abs(unit.east - (EDGE - 2 * CHARACTER)) < 1
    assert abs(day.west - (unit.west + 2 * CHARACTER)) < 1


@pytest.mark.slow
@needs_text
@pytest.mark.parametrize("authority", ["云州市自然资源和规划局", "云州市水务局"])
def test_without_a_seal_the_word_file_stands_as_the_pdf_does(
    headed_bureau: Bureau, print_word: Callable[..., None], tmp_path: Path, authority: str
):
    copied = without_seal(headed_bureau, tmp_path, authority)
    path = copied.export("statement.docx", copied.one, annexes="none")
    print_word(tmp_path, path)
    boxes = boxes_by_page(path.with_suffix(".pdf"))[-1]
    unit = next(box for box in reversed(boxes) if box.word == authority)
    day = [box for box in boxes if box.north >= unit.south][:6]  # 2026 年 11 月 19 日
    assert "".join(box.word for box in day) == "2026年11月19日"
    last = max(unit, day[-1], key=lambda box: box.east) if len(authority) < 8 else unit
    assert abs(last.east - (EDGE - 2 * CHARACTER)) < 1
    # A font of this machine's may have digits wider than half a character; a day that ends at the edge begins earlier.
    wider = 8 * ((day[0].east - day[0].west) / 4 - CHARACTER / 2) if last is day[-1] else 0.0
    assert abs(day[0].west + wider - (unit.west + 2 * CHARACTER)) < CHARACTER / 2


def test_without_a_profile_nothing_false_is_printed(issued_bureau: Bureau):
    lines = [
        paragraph.text for paragraph in Document(str(issued_bureau.export("s.docx", issued_bureau.one))).paragraphs
    ]
    assert "抄送" not in "".join(lines) and "审查单位" not in "".join(lines)


def test_names_of_the_profile_reach_the_words_and_the_answer_names_missing_fonts(headed_bureau: Bureau):
    given = done("words", headed_bureau.library).json["departments"]
    assert (given["land"], given["water"]) == ("Yunzhou Land", "Water")
    assert done("words").json["departments"]["land"] == "Land"
    target = headed_bureau.folder / "fonts.pdf"
    answer = done("review", "export", headed_bureau.library, headed_bureau.one, target, "--overwrite").json
    assert (answer["fonts"] is None) == (not chosen_fonts().instead)


def test_a_bad_profile_is_not_kept(bureau: Bureau, tmp_path: Path):
    wrong = tmp_path / "wrong.profile.toml"
    wrong.write_text('heads = "letter"', encoding="utf-8")
    answer = command("keep", bureau.library, wrong)
    assert (answer.code, answer.codes, answer.json["problems"][0]["field"]) == (3, ["profile.key"], "heads")


def test_what_has_been_superseded_is_said_once_by_its_name(bureau: Bureau, tmp_path: Path):
    changed = bureau.copied(tmp_path)
    changed.step("circulate", changed.one)
    source, covers = tmp_path / "YJJBNTTB.gpkg", bureau.folder / "everywhere.gpkg"
    frame = gpd.read_file(bureau.folder / source.name)
    frame.set_geometry(frame.translate(1, 0)).to_file(source)  # of the same ground no opinion would be stale
    done(
        *("add", changed.library, source, "--as", "YJJBNTTB", "--covers", covers),
        *("--label", "2026版", "--valid-from", "2026-11-01"),
    )
    document = Document(str(changed.export("s.docx", changed.one)))
    remarks = [paragraph.text for paragraph in document.paragraphs if paragraph.text.startswith("注意：")]
    title = "永久基本农田图斑"
    assert remarks == [f"注意：自然资源和规划局（土地）的意见所依据的数据或规则已更新（{title}）。"]


@needs_text
@pytest.mark.parametrize("annexes", ["all", "parcels,maps", "none"])
def test_copies_stand_on_the_last_page_behind_the_annexes_that_the_text_names(headed_bureau: Bureau, annexes: str):
    found = pages(exported(headed_bureau, "pdf", annexes=annexes))
    assert ["抄送" in page for page in found] == [False] * (len(found) - 1) + [True]
    assert "抄送" not in found[-1][:20], "no page for the copies alone"
    signed = next(page for page in found if "2026年11月19日" in page and "联系人" in page)
    assert ("附件：" in signed) == (annexes != "none")
    if annexes == "parcels,maps":
        assert "附件：1.分地块情况2.附图" in signed
    word = Document(str(exported(headed_bureau, "docx", annexes=annexes)))
    lines = [paragraph.text for paragraph in word.paragraphs if paragraph.text.strip()]
    copies = next(place for place, line in enumerate(lines) if line.startswith("抄送："))
    day = next(place for place, line in enumerate(lines) if line == "2026年11月19日")
    # Without an annex their frame is held before the last words: the one page that bears the day has the copies too.
    assert (copies < day) if annexes == "none" else (copies == len(lines) - 1)
    assert any(line.startswith("附件：") for line in lines) == (annexes != "none")
    breaks = [paragraph for paragraph in word.paragraphs if 'w:type="page"' in paragraph._p.xml]
    assert not breaks, "a break that stands alone may make an empty page"


@needs_text
def test_a_number_that_its_cell_holds_stays_whole(headed_bureau: Bureau):
    assert headed_bureau.one in text_of(exported(headed_bureau, "pdf", annexes="record"))


def test_a_reply_form_speaks_to_one_office_and_names_who_wrote_its_draft(headed_bureau: Bureau):
    form = Document(str(headed_bureau.export("form.docx", headed_bureau.one, document="reply", department="water")))
    lines = [paragraph.text for paragraph in form.paragraphs if paragraph.text.strip()]
    assert len([line for line in lines if line.endswith("：")]) == 1
    labels = words("zh")
    assert len({labels["reply_draft"], labels["reply_written"]} & set(lines)) == 1


def content_of(bureau: Bureau, name: str, language: str = "zh", **options: str) -> dict[str, Any]:
    """The content of a document of the case, without maps, to be filled up and set."""
    return {**bureau.content(bureau.one, language, document=name, **options), "figures": []}


def pages_set(content: dict[str, Any], target: Path) -> list[str]:
    target.write_bytes(pdf_document(content, []))
    return pages(target)


@needs_text
def test_the_record_stands_on_one_page_wherever_it_begins(headed_bureau: Bureau, tmp_path: Path):
    content = content_of(headed_bureau, "statement", annexes="parcels,record")
    last = words("zh")["record_chain"].partition("（")[0]
    for count in range(8, 28, 4):
        longer = {**content, "parcels": (content["parcels"] * count)[:count]}
        (held,) = [page for page in pages_set(longer, tmp_path / "record.pdf") if last in page]
        assert "检测与存证" in held and words("zh")["record_case"] in held


@needs_text
def test_the_row_of_a_department_stays_on_its_page(headed_bureau: Bureau, tmp_path: Path):
    content = content_of(headed_bureau, "statement", annexes="none")
    (row, *_) = content["opinions"]
    texts = [f"始{at}。{'甲' * 250}。终{at}" for at in range(10)]
    content["opinions"] = [{**row, "text": text, "paragraphs": [text], "basis_text": "", "basis": ""} for text in texts]
    found = pages_set(content, tmp_path / "rows.pdf")
    for at in range(10):
        assert any(f"始{at}。" in page and f"终{at}" in page for page in found)


@needs_text
def test_an_english_opinion_of_many_points_has_two_pages(headed_bureau: Bureau, tmp_path: Path):
    """Its letters are smaller: set as the standard sets Chinese it would be half as long again."""
    content = content_of(headed_bureau, "opinion", "en", department="land", annexes="none")
    sentence = "3.7106 ha of the site are permanent basic farmland, against article 35 of the law; move the site."
    (row,) = content["opinions"]
    content["opinions"] = [{**row, "paragraphs": [f"{at}. {sentence}" for at in range(1, 17)]}]
    assert len(pages_set(content, tmp_path / "opinion.pdf")) <= 2
