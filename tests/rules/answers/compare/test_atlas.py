"""The printed atlas read back: a page for every cluster with its numbers, in both languages, nothing cut."""

import contextlib
import html
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from docx import Document
from shapely.affinity import translate
from shapely.geometry import box

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.rules.answers.compare.atlas.atlas import write_atlas
from onemap.rules.answers.compare.triage import TRIAGED
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, MATRIX, Table
from onemap.tests.rules.command import command, done

_TEXT = shutil.which("pdftotext")
pytestmark = pytest.mark.skipif(_TEXT is None, reason="pdftotext (poppler-utils) is not installed")
_POINTS_PER_MM = 72 / 25.4


@pytest.fixture(scope="module", autouse=True)
def _chinese_font() -> None:
    try:
        chosen_fonts()
    except OneMapError:
        pytest.skip("no font with Chinese (fonts-noto-cjk) is installed")


@dataclass
class Town:
    """A library with one comparison: its answer, and its clusters and spots as they were written."""

    table: Table
    answer: dict[str, Any]
    clusters: gpd.GeoDataFrame
    spots: gpd.GeoDataFrame

    @property
    def library(self) -> Path:
        return self.table.library

    @property
    def run(self) -> str:
        return str(self.answer["run"]["id"])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """1 km of a town: a road that B draws 6 m further north, a renamed class of works, a factory, a sliver."""
    table = Table(tmp_path_factory.mktemp("town"), command)
    done("new", table.library, "--crs", "EPSG:4547")
    road = [box(x, 500, x + 190, 520) for x in (0, 200, 400, 600, 800)]
    works = [box(100 + 80 * n, 100, 160 + 80 * n, 180) for n in range(10)]
    factory, sliver = box(700, 700, 900, 900), box(100, 300, 200, 301)
    fields = GROUND
    for shape in [*road, *works, factory, sliver]:
        fields = fields.difference(shape)
    plan = [*((shape, "0702") for shape in road), *((shape, "0788") for shape in works)]
    table.plan("A", [*plan, (factory, "0711"), (sliver, "0701"), (fields, "01")])
    north = [translate(shape, 0, 6) for shape in road]
    other = GROUND
    for shape in [*north, *works]:
        other = other.difference(shape)
    table.plan("B", [*((shape, "R9") for shape in north), *((shape, "M1") for shape in works), (other, "E")])
    found = table.compare()
    clusters = gpd.read_file(found.out, layer="clusters").set_index("cause", drop=False)
    # The answer to a cluster stands in the library, not in the run, and has to be printed all the same.
    works_cluster = clusters.loc["classification", "cluster"]
    command("decide", table.library, works_cluster, "keep-b", "--reason", "按代码表核对: renamed", "--by", "Wang")
    return Town(table, found.answer, clusters, found.spots)


Printed = Callable[..., tuple[Path, dict[str, Any]]]


@pytest.fixture(scope="module")
def print_atlas(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """Print the atlas with some options in a language, once; gives the file and the verb's answer."""

    @cache
    def run(*options: str, lang: str = "en") -> tuple[Path, dict[str, Any]]:
        target = tmp_path_factory.mktemp("atlas") / f"atlas.{lang}.pdf"
        return target, done("atlas", town.library, town.run, target, *options, lang=lang).json

    return run


@pytest.fixture(scope="module")
def write_report(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Write the report of the comparison in a language and a form, once."""

    @cache
    def run(lang: str, suffix: str) -> Path:
        target = tmp_path_factory.mktemp("report") / f"report{suffix}"
        done("comparison", town.library, town.run, target, lang=lang)
        return target

    return run


def text_of(pdf: Path, *options: str) -> str:
    assert _TEXT is not None
    done = subprocess.run([_TEXT, *options, str(pdf), "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def pages(pdf: Path, *options: str) -> list[str]:
    return text_of(pdf, *options).split("\f")[:-1]


def without_spaces(text: str) -> str:
    """Text without white space and the marks that only let a name break."""
    return re.sub(r"[\s\u200b]", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cluster_has_its_page_with_its_figures_the_largest_first(town, print_atlas, lang):
    works = town.clusters.loc["classification", "cluster"]
    pdf, answer = print_atlas(lang=lang)
    texts = [without_spaces(page) for page in pages(pdf)]
    clusters = town.clusters.sort_values("area_m2", ascending=False)
    assert sorted(clusters["cause"]) == ["boundary_shift", "classification", "digitising", "policy"]
    assert (answer["sheets"], answer["left_out"], len(texts)) == (4, 0, 2 + 4)
    assert "@" not in texts[0]  # plans are named by title and version, not by the codes of their layers
    for number, (page, row) in enumerate(zip(texts[2:], clusters.itertuples(), strict=True), start=1):
        word = "图幅" if lang == "zh" else "Sheet"
        assert f"{word}{number}" in page and row.cluster in page and row.cluster in texts[1]
        assert f"{row.area_m2 / 10_000:,.4f}" in page
        mine = town.spots[town.spots["cluster"] == row.cluster].sort_values("area_m2", ascending=False)
        assert all(spot in page for spot in mine["spot"].iloc[:1])
        assert sum(spot in page for spot in mine["spot"]) == min(8, len(mine))
    decided = next(page for page in texts[2:] if works in page)
    assert ("按规划二保留" if lang == "zh" else "keepasinB") in decided and "按代码表核对:renamed" in decided
    more = "另有较小图斑2个，共0.9600公顷" if lang == "zh" else "2smallerspots,0.9600hatogether"
    assert more in decided
    factory = next(page for page in texts[2:] if "0711" in page)
    assert ("仅规划一为建设" if lang == "zh" else "constructioninplanAonly") in factory and "174" in factory


@pytest.mark.slow
def test_the_printed_hectares_of_the_matrix_sum_to_the_printed_total(town, print_atlas):
    pdf, _ = print_atlas()
    rows = re.findall(r"([\d,]+\.\d{4})\s+(?:< )?(\d+\.\d)%", pages(pdf, "-layout")[0])
    *parts, total = [round(float(area.replace(",", "")) * 10_000) for area, _ in rows]
    assert len(parts) == len(town.answer["matrix"]) and sum(parts) == total == 1_000_000


def test_what_is_left_out_is_said_on_the_cover(town, print_atlas):
    pdf, answer = print_atlas("--most", "1")
    smallest = town.clusters["area_m2"].sort_values()[:3]
    assert answer["left_out"] == 3 and answer["left_out_m2"] == pytest.approx(smallest.sum())
    texts = [without_spaces(page) for page in pages(pdf)]
    assert len(texts) == 3
    assert f"Notprinted:the3smallestof4clusters,{smallest.sum() / 10_000:,.4f}ha" in texts[0]


@pytest.mark.slow
def test_one_page_for_each_spot_of_the_types_that_are_wanted(town, print_atlas):
    pdf, answer = print_atlas("--by", "spot", "--type", "05,03")
    wanted = town.spots[town.spots["type"].isin(["03", "05"])]
    texts = [without_spaces(page) for page in pages(pdf)]
    assert answer["types"] == ["03", "05"] and answer["sheets"] == len(wanted)
    sheets = texts[-len(wanted) :]
    shown = [[spot for spot in wanted["spot"] if spot in page] for page in sheets]
    assert sorted(shown) == sorted([spot] for spot in wanted["spot"]) and "Sheet1" in sheets[0]
    other = town.spots[~town.spots["type"].isin(["03", "05"])]["spot"]
    assert not [spot for spot in other if any(spot in page for page in texts)]


def test_a_decision_bears_the_day_of_the_clock_here_not_of_greenwich(town, tmp_path, in_zone):
    library = shutil.copyfile(town.library, tmp_path / "town.gpkg")
    with contextlib.closing(sqlite3.connect(library)) as opened, opened:
        opened.execute("UPDATE onemap_decisions SET at = '2026-12-01T03:00:00.000000Z'")  # 22:00 in New York
    in_zone("America/New_York")
    done("atlas", library, town.run, tmp_path / "atlas.pdf", "--by", "cluster", lang="en")
    text = without_spaces(text_of(tmp_path / "atlas.pdf"))
    assert "Wang2026-11-30" in text and "Wang2026-12-01" not in text


def test_spots_without_a_cluster_are_no_silent_loss(town, print_atlas):
    pdf, answer = print_atlas("--type", "01")
    agreed = town.spots[town.spots["type"] == "01"]
    assert answer["sheets"] == 0 and answer["without_sheet"] == len(agreed) == 1
    cover, *_ = (without_spaces(page) for page in pages(pdf))
    assert f"1spotofthesetypes({agreed['area_m2'].sum() / 10_000:,.4f}ha)belongstonocluster" in cover


@pytest.mark.slow
@pytest.mark.parametrize(("lang", "by"), [("zh", "cluster"), ("en", "spot")])
def test_nothing_is_cut(town, print_atlas, lang, by):
    pdf, _ = print_atlas(*([] if by == "cluster" else ["--by", by]), lang=lang)
    west, east, south = (millimetres * _POINTS_PER_MM for millimetres in (15, 195, 297 - 6))
    boxes = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">', text_of(pdf, "-bbox"))
    assert len(boxes) > 200
    found = [tuple(map(float, row)) for row in boxes]
    assert [row for row in found if row[0] < west - 1 or row[2] > east + 1 or row[1] < 14 or row[3] > south] == []


def test_what_cannot_be_printed_is_refused_and_nothing_is_written(town, tmp_path):
    target = tmp_path / "new.pdf"
    refused: list[tuple[tuple[Any, ...], int, str]] = [
        (("no-such-run", target), 3, "run.unknown"),
        ((town.run, tmp_path / "new.odt"), 3, "statement.suffix"),
        ((town.run, tmp_path / "nowhere" / "new.pdf"), 3, "out.folder"),
        ((town.run, target, "--type", "06"), 2, "usage.value"),
        ((town.run, target, "--most", "0"), 2, "usage.value"),
    ]
    for arguments, code, problem in refused:
        answer = command("atlas", town.library, *arguments)
        assert (answer.code, answer.codes) == (code, [problem]), answer.json
    assert list(tmp_path.iterdir()) == []
    target.write_bytes(b"mine")
    answer = command("atlas", town.library, town.run, target)
    assert (answer.code, answer.codes) == (3, ["out.exists"]) and target.read_bytes() == b"mine"


def test_a_run_that_is_no_comparison_is_refused(town, tmp_path):
    copy = shutil.copy(town.library, tmp_path / "copy.gpkg")
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE onemap_runs SET record = replace(record, '\"compare\"', '\"check\"')")
    answer = command("atlas", copy, town.run, tmp_path / "new.pdf")
    assert (answer.code, answer.codes) == (3, ["run.kind"])


class StopHere(Exception):
    """Raised between two pages by the caller."""


def test_it_may_be_stopped_between_two_pages_and_leaves_nothing(town, tmp_path):
    def report(fraction: float, step: str) -> None:
        if "2 of 4" in step:
            raise StopHere

    target = str(tmp_path / "stopped.pdf")
    with open_library(str(town.library)) as library, pytest.raises(StopHere):
        write_atlas(library, town.run, target, "cluster", TRIAGED, 9, "en", False, Progress(report))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_for_word_has_the_pages_figures_and_a_map_for_each(
    town: Town, tmp_path: Path, onemap: Callable[..., Any], lang: str
):
    target = tmp_path / "atlas.docx"
    onemap("atlas", town.library, town.run, target, lang=lang).done()
    document = Document(str(target))
    heads = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    clusters = town.clusters.sort_values("area_m2", ascending=False)
    assert len(document.inline_shapes) == 1 + len(clusters)
    for head, row in zip(heads[1:], clusters.itertuples(), strict=True):
        # The heading says what the sheet shows; the number that `decide` asks for stands below it.
        assert row.cluster not in head and f"{row.area_m2 / 10_000:,.4f}" in head
    facts = [paragraph.text for paragraph in document.paragraphs]
    assert all(any(row.cluster in line for line in facts) for row in clusters.itertuples())
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    # The overview begins a page, so that the index below it never has one of its own; no column is dashes alone.
    (overview,) = [one for one in document.paragraphs if one.text == heads[0]]
    assert overview.paragraph_format.page_break_before
    columns = [[cell.text for cell in column.cells][1:] for table in document.tables[3:] for column in table.columns]
    assert [column for column in columns if set(column) == {"–"}] == []
    assert set(town.spots["spot"]) & cells
    assert ("按规划二保留" if lang == "zh" else "keep as in B") in "\n".join(cells)
    index = document.tables[2]  # after facts and matrix
    assert [row.cells[1].text for row in index.rows[1:]] == list(clusters["cluster"])
    foot = document.sections[0].footer.paragraphs[0]._p.xml
    assert town.run in foot and "PAGE" in foot


@pytest.mark.slow
@pytest.mark.parametrize(("lang", "title"), [("zh", "0701 城镇住宅用地"), ("en", "0701 Urban housing")])
def test_a_code_of_a_plan_s_classes_stands_with_its_title(
    table: Table, tmp_path: Path, onemap: Callable[..., Any], lang: str, title: str
):
    ground = box(0, 0, 400, 400)
    source = write_layer(tmp_path / "survey.gpkg", [ground], {"BSM": ["1"], "DLBM": ["0701"], "TBMJ": [160000.0]})
    covers = write_layer(tmp_path / "covers.gpkg", [ground])
    assert onemap("add", table.library, source, "--as", "DLTB", "--covers", covers).code == 0
    table.plan("B", [(ground, "E")], covers=ground)
    matrix = MATRIX.replace('field = "USE"', 'field = "DLBM"', 1)
    answer = table.compare("DLTB", "B", matrix).answer
    assert answer["class_titles"] == {"a": {"0701": "Urban housing"}, "b": {}}
    run = answer["run"]["id"]
    for verb, name in (("comparison", "report.docx"), ("comparison", "report.html"), ("comparison", "report.pdf")):
        target = tmp_path / name
        assert onemap(verb, table.library, run, target, lang=lang).code == 0
        assert without_spaces(title) in without_spaces(report_text(target))
    atlas = tmp_path / "atlas.docx"
    assert onemap("atlas", table.library, run, atlas, "--by", "spot", lang=lang).code == 0
    assert title in report_text(atlas)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_plans_that_differ_nowhere_have_no_empty_tables(
    table: Table, tmp_path: Path, onemap: Callable[..., Any], lang: str
):
    ground = box(0, 0, 400, 400)
    table.plan("A", [(ground, "0702")], covers=ground)
    table.plan("B", [(ground, "R9")], covers=ground)
    run = table.compare("A", "B").answer["run"]["id"]
    target = tmp_path / "report.docx"
    assert onemap("comparison", table.library, run, target, lang=lang).code == 0
    document = Document(str(target))
    heads = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 2"]
    assert heads == ["按类型" if lang == "zh" else "By type"]


def report_text(path: Path) -> str:
    """All words of a report in any form."""
    if path.suffix == ".docx":
        document = Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    if path.suffix == ".html":
        return html.unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))
    done = subprocess.run([str(_TEXT), "-raw", str(path), "-"], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.replace("\u200b", "")


@pytest.mark.parametrize("suffix", [".docx", ".html", ".pdf"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_comparison_has_a_report_with_its_conclusion_first(
    town: Town, write_report: Callable[[str, str], Path], lang: str, suffix: str
):
    text = report_text(write_report(lang, suffix))
    differing = town.spots[town.spots["type"].isin(["03", "04", "05"])]
    area_m2 = {kind: part.geometry.area.sum() for kind, part in town.spots.groupby("type")}
    decided = differing[differing["cause"] == "classification"]
    assert 0 < len(decided) < len(differing)
    whole_ha = GROUND.area / 1e4
    facts = {
        "zh": (
            f"共比对 {whole_ha:.4f} 公顷。",
            f"计 {len(differing)} 个图斑。",
            f"已有处理意见 {len(decided)} 个，待定 {len(differing) - len(decided)} 个。",
        ),
        "en": (
            f"{whole_ha:.4f} ha were compared.",
            f"in {len(differing)} spots.",
            f"{len(decided)} are decided, {len(differing) - len(decided)} are open.",
        ),
    }[lang]
    plain = re.sub(r"\s+", " ", text) if lang == "en" else re.sub(r"\s+", "", text)
    for fact in facts:
        assert (fact if lang == "en" else fact.replace(" ", "")) in plain
    for kind in ("03", "05"):
        assert f"{area_m2[kind] / 1e4:.4f}" in text
    assert "4.0000" in text  # the factory of 200 m by 200 m, in plan A only
    assert set(differing["spot"]) & set(re.findall(r"S[0-9a-f]{12}", text))
    assert ("按规划二保留" if lang == "zh" else "keep as in B") in text and "Wang" in text
    assert "None" not in text and "comparison_page" not in text


def test_a_report_of_a_comparison_is_drawn_and_refused_as_it_should(
    town: Town, write_report: Callable[[str, str], Path], tmp_path: Path, onemap: Callable[..., Any]
):
    target = write_report("en", ".docx")
    assert len(Document(str(target)).inline_shapes) == 1
    for words, code in (
        ((town.run, target), "out.exists"),
        ((town.run, tmp_path / "report.txt"), "statement.suffix"),
        (("20200101T000000-00000000", tmp_path / "new.pdf"), "run.unknown"),
    ):
        answer = onemap("comparison", town.library, *words)
        assert answer.code == 3 and answer.json["problems"][0]["code"] == code
    drawn = write_report("en", ".html").read_text(encoding="utf-8")
    assert "<svg" in drawn and not re.search(r"https?://(?!www\.w3\.org)", drawn)  # it fetches nothing


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_hectares_of_the_report_s_sentence_sum_to_what_was_compared(
    town: Town, write_report: Callable[[str, str], Path], lang: str
):
    text = re.sub(r"<[^>]+>", "\n", write_report(lang, ".html").read_text(encoding="utf-8"))
    lead = text.partition(town.run)[0]
    whole, *parts = [round(float(text.replace(",", "")) * 10_000) for text in re.findall(r"[\d,]+\.\d{4}", lead)]
    assert len(parts) > 1 and sum(parts) == whole
    assert not re.search(r"\([a-z]+(-[a-z]+)+\)", text), "no id of a matrix beside its title"
