"""Pages of a case in a real Chromium, opened as files: read, moved, clicked, filled in, saved, printed."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.display.documents.blocks import Column, Document, section_of, table_under
from onemap.rules.display.documents.html_printer import PARTS, page_of
from onemap.rules.display.outputs.printed_page import PrintedPage
from onemap.rules.review.statement.content import statement_content
from onemap.rules.review.statement.page import statement_page
from onemap.rules.review.statement.reply_file import read_reply
from onemap.rules.review.statement.review_pack import shown_digest
from onemap.tests.conftest import Answer, write_layer
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.statement.cases import LONG_NAME, MARKUP, at, case_of, town
from onemap.tests.rules.review.statement.chromium import Page, program

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium")

MAP = "document.getElementById('map')"
VIEW = f"{MAP}.getAttribute('viewBox').split(' ').map(Number)"


@dataclass(frozen=True)
class Files:
    """A case's pages on disk, and what they were made from."""

    library: Path
    run: str
    statement: Path
    english: Path
    pack: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("pages")
    location, run = town(folder)
    made = Files(location, run, folder / "case.html", folder / "english.html", folder / "land.html")
    with open_library(str(location)) as library:
        case = case_of(library, run)
        for path, language, department in (
            (made.statement, "zh", None),
            (made.english, "en", None),
            (made.pack, "zh", "land"),
        ):
            content = statement_content(library, case, language, department)
            path.write_text(statement_page(library, case, content), encoding="utf-8")
    return made


@pytest.fixture
def statement(chromium: Page, files: Files) -> Page:
    chromium.open(files.statement)
    return chromium


@pytest.fixture
def pack(chromium: Page, files: Files) -> Page:
    chromium.open(files.pack)
    return chromium


def find(rule: str, parcel: str | None = None) -> str:
    """The button of a finding in the first table that has it."""
    of_parcel = f"[data-parcel='{parcel}']" if parcel else ":not([data-parcel])"
    return f"document.querySelector(\"button.find[data-rule='{rule}']{of_parcel}\")"


def piece(rule: str, parcel: str) -> str:
    return f"document.querySelector(\".piece[data-rule='{rule}'][data-parcel='{parcel}']\")"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["statement", "english", "pack"])
def test_a_page_asks_nothing_of_the_network_and_breaks_no_policy(chromium: Page, files: Files, name: str):
    path: Path = getattr(files, name)
    chromium.open(path)
    asked = [event["request"]["url"] for event in chromium.events("Network.requestWillBeSent")]
    # The browser draws its own calendar sign from data of its own.
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert chromium.events("Log.entryAdded") == []
    assert chromium.events("Runtime.exceptionThrown") == []


@pytest.mark.slow
def test_the_policy_of_a_page_stops_a_foreign_script_and_a_request(statement: Page):
    statement.ask(
        "void document.body.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))"
    )
    assert statement.ask("typeof window.bad") == "undefined"
    assert statement.ask("fetch('https://example.org/').then(() => 'went', () => 'refused')") == "refused"


def test_a_project_s_name_with_markup_stands_as_text(statement: Page):
    assert MARKUP in statement.ask("document.querySelector('h1').textContent")
    assert MARKUP in statement.ask("document.title")
    assert statement.ask("document.querySelectorAll('header script, td script, p script, svg script').length") == 0


def test_dragging_moves_the_map_and_the_wheel_zooms_about_the_pointer(statement: Page):
    x, y = statement.place(MAP)
    before = statement.ask(VIEW)
    statement.drag((x, y), (120, 60))
    moved = statement.ask(VIEW)
    assert moved[0] < before[0]
    assert moved[1] < before[1]
    assert moved[2] == pytest.approx(before[2], abs=0.01)
    point = f"new DOMPoint({x}, {y}).matrixTransform({MAP}.getScreenCTM().inverse())"
    ground = f"(() => {{ const p = {point}; return [p.x, p.y]; }})()"
    under = statement.ask(ground)
    statement.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    assert statement.ask(VIEW)[2] < moved[2] * 0.8
    assert statement.ask(ground) == pytest.approx(under, abs=0.5)


def test_the_map_can_be_moved_by_keys_alone(statement: Page):
    statement.ask(f"{MAP}.focus()")
    start = statement.ask(VIEW)
    statement.key("ArrowRight")
    assert statement.ask(VIEW)[0] > start[0]
    statement.key("+")
    assert statement.ask(VIEW)[2] < start[2]
    statement.key("0")
    assert statement.ask(VIEW) == pytest.approx(start, abs=0.01)


def test_a_finding_lights_up_on_the_map_and_leaving_it_restores_the_view(statement: Page):
    before = statement.ask(VIEW)
    statement.click(find("farmland", "DK1"))
    assert statement.ask("[...document.querySelectorAll('#map .piece.chosen')].map(p => p.dataset.parcel)") == ["DK1"]
    assert statement.ask(VIEW)[2] < before[2]
    box = statement.ask(
        f"(() => {{ const b = {piece('farmland', 'DK1')}.getBBox(); return [b.x, b.y, b.x + b.width]; }})()"
    )
    view = statement.ask(VIEW)
    assert view[0] < box[0] < box[2] < view[0] + view[2]
    assert "DK1" in statement.ask("document.getElementById('told').textContent")
    statement.key("Escape")
    assert statement.ask(VIEW) == pytest.approx(before, abs=0.01)
    assert statement.ask("document.querySelectorAll('.chosen').length") == 0


def test_a_rule_lights_up_in_every_parcel_that_it_strikes(statement: Page):
    statement.click(find("farmland"))
    struck = statement.ask("[...document.querySelectorAll('#map .piece.chosen')].map(p => p.dataset.parcel).sort()")
    assert struck == ["DK1", "DK2"]


def test_a_click_on_a_piece_lights_up_its_row(statement: Page):
    statement.click(find("farmland", "DK2"))
    statement.key("Escape")
    statement.click(f"{piece('farmland', 'DK2')}.querySelector('path')")
    rows = "[...document.querySelectorAll('tr.finding.chosen')].map(r => [r.dataset.rule, r.dataset.parcel ?? null])"
    assert ["farmland", "DK2"] in statement.ask(rows)
    assert ["farmland", "DK1"] not in statement.ask(rows)
    edge = "document.querySelector('tr.finding.chosen[data-parcel]').getBoundingClientRect()"
    seen = f"(() => {{ const b = {edge}; return b.top >= 0 && b.bottom <= innerHeight; }})()"
    assert statement.ask(seen) is True


@pytest.mark.slow
def test_pieces_on_the_same_ground_are_chosen_one_after_the_other(chromium: Page, tmp_path: Path):
    library, run = town(tmp_path, {"DK1": at(20, 300, 60, 20)})
    farm = write_layer(tmp_path / "farm.gpkg", [at(0, 280, 200, 100)], {"BSM": ["9"]})
    everywhere = tmp_path / "everywhere.gpkg"
    done("add", library, farm, "--as", "YJJBNTTB", "--label", "2", "--covers", everywhere)
    run = done("check", library, tmp_path / "parcels.gpkg", "--id", "DKBH").json["run"]["id"]
    with open_library(str(library)) as opened:
        case = case_of(opened, run)
        page = statement_page(opened, case, statement_content(opened, case, "en"))
    (tmp_path / "two.html").write_text(page, encoding="utf-8")
    chromium.open(tmp_path / "two.html")
    chosen = []
    for _ in range(3):
        chromium.click(piece("road", "DK1"))
        chosen += chromium.ask("[...document.querySelectorAll('#map .piece.chosen')].map(p => p.dataset.rule)")
    assert chosen[0] != chosen[1]
    assert chosen[0] == chosen[2]
    assert set(chosen) == {"road", "farmland"}


def test_a_parcel_with_a_name_of_sixty_signs_is_found_too(statement: Page):
    statement.click(f"document.querySelector(\"button.find[data-parcel='{LONG_NAME}']:not([data-rule])\")")
    assert statement.ask("document.querySelector('#map .parcel.chosen').dataset.parcel") == LONG_NAME


def test_a_layer_is_switched_off_and_on(statement: Page):
    box = "document.querySelector(\"input[data-layer='YJJBNTTB']\")"
    shown = "getComputedStyle(document.querySelector(\"g[data-layer='YJJBNTTB']\")).display"
    assert statement.ask(shown) != "none"
    statement.click(box)
    assert statement.ask(shown) == "none"
    statement.click(box)
    assert statement.ask(shown) != "none"


def test_a_layer_that_is_off_is_shown_while_a_finding_that_rests_on_it_is_chosen(statement: Page):
    box = "document.querySelector(\"input[data-layer='YJJBNTTB']\")"
    statement.click(box)
    statement.click(find("farmland", "DK1"))
    assert statement.ask(f"{box}.checked") is True
    statement.key("Escape")
    assert statement.ask(f"{box}.checked") is False
    statement.click(box)


def test_a_finding_is_reached_and_chosen_by_keys_alone(statement: Page):
    statement.ask(f"{find('farmland')}.focus()")
    statement.key("Enter")
    assert statement.ask("document.querySelectorAll('#map .piece.chosen').length") == 2


@pytest.mark.parametrize("name", ["statement", "english", "pack"])
def test_no_table_leaves_a_window_of_any_width(chromium: Page, files: Files, name: str):
    for width in (1400, 900, 390):
        chromium.open(getattr(files, name), width=width, height=900)
        assert chromium.ask("document.documentElement.scrollWidth <= innerWidth") is True, width


def test_a_reply_without_what_it_needs_is_not_saved(pack: Page):
    pack.click("document.querySelector('#reply button[type=submit]')")
    assert pack.ask("document.querySelectorAll('#wrong li').length") == 3
    pack.click("document.querySelector('input[name=conclusion][value=disagree]')")
    pack.fill("document.getElementById('text')", "不同意")
    pack.fill("document.getElementById('by')", "赵六")
    pack.click("document.querySelector('#reply button[type=submit]')")
    assert pack.ask("[...document.querySelectorAll('[aria-invalid]')].map(e => e.name)") == ["basis"]
    assert pack.events("Browser.downloadWillBegin") == []


def fill_form(pack: Page, **answers: str) -> Path:
    """Fill in the form as a person does, save it, and find the file."""
    pack.click(f"document.querySelector('input[name=conclusion][value={answers['conclusion']}]')")
    for name in ("text", "basis", "by"):
        pack.fill(f"document.getElementById('{name}')", answers.get(name, ""))
    if "item" in answers:
        pack.fill("document.querySelector('[data-item]')", answers["item"])
    pack.click("document.querySelector('#reply button[type=submit]')")
    return pack.next_download()


def test_what_is_filled_in_is_saved_as_a_reply_that_is_read_back(pack: Page, files: Files):
    text = '同意占用 0.8 公顷 <b>"其余"</b>不予占用。\n第二行 \\ 反斜杠 🏗'
    saved = fill_form(
        pack, conclusion="disagree", text=text, basis="土地管理法 第三十五条", by="赵六", item="已核 </p>"
    )
    assert saved.name == "School_script_document.title=_struck_-意见回复单-自然资源和规划局（土地）-1.reply.json"
    reply = read_reply(saved)
    assert (reply.conclusion, reply.text, reply.basis, reply.by) == ("disagree", text, "土地管理法 第三十五条", "赵六")
    assert reply.answers == (("land.quota", "已核 </p>"),)
    with open_library(str(files.library)) as library:
        case = case_of(library, files.run)
        assert reply.shown == shown_digest(library, case, "land")
        assert (reply.library, reply.case, reply.round, reply.department) == (library.id, case.id, 1, "land")
    saved.unlink()


@pytest.mark.slow
def test_a_department_answers_from_a_browser_and_the_command_line_takes_it_in(chromium: Page, tmp_path: Path):
    library, _ = town(tmp_path)
    opened = done("review", "open", library, tmp_path / "parcels.gpkg", "--project", MARKUP, "--by", "wang")
    case = opened.json["case"]
    early = tmp_path / "early.html"
    done("review", "export", library, case, early, "--department", "land")
    assert 'id="reply"' not in early.read_text(encoding="utf-8")
    done("review", "circulate", library, case, "--by", "wang")
    done("review", "export", library, case, tmp_path / "land.html", "--department", "land")
    chromium.open(tmp_path / "land.html")
    saved = fill_form(chromium, conclusion="disagree", text="不同意。\n<b>", basis="土地管理法", by="赵六", item="不足")
    before = saved.read_bytes()

    def taken_in(department: str = "land") -> Answer:
        return command("review", "opine", library, case, department, "--reply", saved, "--by", "wang")

    assert taken_in("water").codes == ["reply.department"]
    saved.write_bytes(before.replace("不同意".encode(), "同意".encode()))
    assert taken_in().codes == ["reply.altered"]
    saved.write_bytes(before)
    answer = taken_in()
    assert answer.code == 0, answer.json
    land = next(opinion for opinion in answer.json["opinions"] if opinion["department"] == "land")
    values = {name: land[name] for name in ("state", "conclusion", "text", "basis", "drafted_by")}
    assert values == {
        "state": "drafted",
        "conclusion": "disagree",
        "text": "不同意。\n<b>",
        "basis": "土地管理法",
        "drafted_by": "赵六",
    }
    items = {item["item"]: item["answer"] for item in answer.json["checklist"]}
    assert items["land.quota"] == "不足"
    assert taken_in().codes == ["reply.stale"], "what it answers has changed by the first"
    saved.unlink()


def test_a_name_and_a_text_are_saved_as_the_core_takes_them(pack: Page):
    pack.ask("void (document.getElementById('text').value = '同意\\v第二行\\u0001')")
    pack.ask("void (document.getElementById('by').value = '赵\\u3000\\u200b六')")
    pack.click("document.querySelector('input[name=conclusion][value=agree]')")
    pack.click("document.querySelector('#reply button[type=submit]')")
    saved = pack.next_download()
    reply = read_reply(saved)
    assert (reply.text, reply.by) == ("同意\n第二行", "赵 六")
    saved.unlink()


def test_a_page_that_was_altered_gives_a_reply_of_another_digest(chromium: Page, files: Files, tmp_path: Path):
    altered = tmp_path / "altered.html"
    page = files.pack.read_text(encoding="utf-8")
    assert page.count('"verdict":"prohibited"') >= 1
    altered.write_text(page.replace('"verdict":"prohibited"', '"verdict":"notice"'), encoding="utf-8")
    chromium.open(altered)
    saved = fill_form(chromium, conclusion="agree", text="同意", by="赵六")
    with open_library(str(files.library)) as library:
        assert read_reply(saved).shown != shown_digest(library, case_of(library, files.run), "land")
    saved.unlink()


def sent_out(folder: Path) -> tuple[Path, str, Path]:
    """A library, its case that is sent out, and the page of the land department."""
    library, _ = town(folder)
    case = done("review", "open", library, folder / "parcels.gpkg", "--project", MARKUP, "--by", "wang").json["case"]
    done("review", "circulate", library, case, "--by", "wang")
    done("review", "export", library, case, folder / "land.html", "--department", "land")
    return library, case, folder / "land.html"


def with_change(page: str, start: str, old: str, new: str) -> str:
    """A page with one text changed, the first behind a place."""
    at = page.index(old, page.index(start))
    return page[:at] + new + page[at + len(old) :]


@pytest.mark.slow
def test_whoever_changes_what_a_page_prints_and_leaves_its_data_is_refused(chromium: Page, tmp_path: Path):
    library, case, sent = sent_out(tmp_path)
    whole = sent.read_text(encoding="utf-8")
    area = re.search(r'<td class="n">(0\.\d{4})</td>', whole)
    assert area is not None
    route = re.search(r'<path[^>]* d="(M[\d. -]+)', whole)
    assert route is not None
    for number, page in enumerate(
        (
            with_change(whole, area[0], area[1], "0.0001"),
            with_change(whole, 'id="draft-text"', ">", ">0."),
            with_change(whole, "<h2>", "<h2>", "<h2>1"),
            with_change(whole, route[0], route[1], "M1 1"),
            with_change(whole, 'id="chapter_controls"', "<tbody>", '<tbody hidden data-varies="">'),
        )
    ):
        altered = tmp_path / f"altered{number}.html"
        altered.write_text(page, encoding="utf-8")
        chromium.open(altered)
        chromium.click("document.querySelector('input[name=conclusion][value=agree]')")
        chromium.fill("document.getElementById('text')", "同意")
        chromium.fill("document.getElementById('by')", "赵六")
        chromium.click("document.querySelector('#reply button[type=submit]')")
        assert "not as it was sent" in chromium.ask("document.getElementById('wrong').textContent"), number
    # Whoever brings the page's own sum in line, too, meets the core.
    page = with_change(whole, area[0], area[1], "0.0001")
    altered.write_text(page.replace(PrintedPage(whole).text_digest, PrintedPage(page).text_digest), encoding="utf-8")
    chromium.open(altered)
    saved = fill_form(chromium, conclusion="agree", text="同意", by="赵六", item="已核")
    refused = command("review", "opine", library, case, "land", "--reply", saved, "--by", "wang")
    assert refused.codes == ["reply.page"]
    assert refused.json["problems"][0]["mend"]
    saved.unlink()


@pytest.mark.parametrize("name", ["pack", "english", "statement"])
def test_a_browser_reads_a_page_as_the_core_does(chromium: Page, files: Files, name: str):
    path = getattr(files, name)
    read = PrintedPage(path.read_text(encoding="utf-8"))
    copied = path.parent / "sealed.html"
    text = path.read_text(encoding="utf-8")
    seal = (PARTS / "seal.js").read_text(encoding="utf-8")
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    first = text.index("<script>")
    sealed = f"<script>{seal}</script>{text[first:].replace(seal, '')}"
    copied.write_text(policy.sub("", text[:first]) + sealed, encoding="utf-8")
    chromium.open(copied)
    assert chromium.ask("printed.texts").split("\n") == read.texts
    assert chromium.ask("printed.drawn").split("\n") == read.drawn
    copied.unlink()


def test_the_draft_of_the_machine_is_taken_over_by_one_button(pack: Page):
    pack.click("document.getElementById('take-draft')")
    assert pack.ask("document.getElementById('reply').elements.conclusion.value") == "disagree"
    assert "</p><script>1</script>" in pack.ask("document.getElementById('text').value")
    assert pack.ask("document.getElementById('basis').value") == "《土地管理法》第三十五条"


def pages_of(pdf: Path) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: install Debian's package poppler-utils")
    run = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return run.stdout.decode().split("\f")


@pytest.mark.slow
def test_a_printed_statement_has_its_tables_maps_and_page_numbers(statement: Page, tmp_path: Path):
    pages = pages_of(statement.pdf(tmp_path / "case.pdf"))
    whole = "".join("".join(pages).split())
    for words in ("项目概况", "占用永久基本农田", "压占图：占用永久基本农田", "界址点坐标", "附件3"):
        assert words in whole
    assert f"2/{len(pages) - 1}" in "".join(pages[1].split())
    assert "保存回函文件" not in whole


@pytest.mark.slow
def test_a_printed_pack_leaves_the_form_out_and_keeps_the_draft(pack: Page, tmp_path: Path):
    whole = "".join("".join(pages_of(pack.pdf(tmp_path / "pack.pdf"))).split())
    assert "机器草拟意见" in whole
    assert "保存回函文件" not in whole


def test_the_browser_hears_of_scripts_that_fail(chromium: Page, tmp_path: Path):
    """The tests above would see it if a page threw."""
    path = tmp_path / "bad.html"
    path.write_text("<script>throw new Error('x')</script>", encoding="utf-8")
    chromium.open(path)
    found: list[Any] = chromium.events("Runtime.exceptionThrown")
    assert len(found) == 1


# Every text outside of drawings with what lies behind it, as contrast after WCAG.
CONTRASTS = """(() => {
  const parts = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('svg, script, style') || !element.getClientRects().length) continue;
    const [text, ground] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    found.push([(Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05), element.textContent.trim()]);
  }
  return found;
})()"""


@pytest.mark.slow
@pytest.mark.parametrize("screen", ["light", "dark"])
@pytest.mark.parametrize("name", ["statement", "pack", "figures"])
def test_texts_are_readable_on_a_light_and_a_dark_screen_and_paper_is_light(
    chromium: Page, files: Files, tmp_path: Path, name: str, screen: str
):
    blocks = table_under("h", (Column("a", 1), Column("b", 1)), (("1", "2"),), "en", "n")
    figures, drawn = tmp_path / "figures.html", "<svg viewBox='0 0 9 9'/>"
    section = section_of("t", (("name", "text"),), *blocks, lead="l", drawing=drawn)
    figures.write_bytes(page_of(Document("en", "foot", (section,))))
    chromium.open(figures if name == "figures" else getattr(files, name))
    preferred = [{"name": "prefers-color-scheme", "value": screen}]
    chromium.call("Emulation.setEmulatedMedia", media="", features=preferred)
    ground = "getComputedStyle(document.body).backgroundColor"
    try:
        found = chromium.ask(CONTRASTS)
        assert len(found) > 5
        assert [(round(ratio, 2), text[:40]) for ratio, text in found if ratio < 4.5] == []
        brightness = sum(map(int, re.findall(r"\d+", chromium.ask(ground))[:3]))
        assert (brightness < 150) == (screen == "dark")
        drawn = "getComputedStyle(document.querySelector('#map, svg')).backgroundColor"
        assert sum(map(int, re.findall(r"\d+", chromium.ask(drawn))[:3])) > 600, "drawings stay as they are printed"
        chromium.call("Emulation.setEmulatedMedia", media="print", features=preferred)
        assert chromium.ask(ground) in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
        assert [text for ratio, text in chromium.ask(CONTRASTS) if ratio < 4.5] == []
    finally:
        chromium.call("Emulation.setEmulatedMedia", media="", features=[])
