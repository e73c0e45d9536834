"""Maps of a statement: to scale, with a legend of exactly what is drawn, readable in grey, small."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.progress import SILENT
from onemap.layers.sources.redline.redline_reading import frame_of
from onemap.layers.sources.redline.redline_text import read_text
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.display.maps import map_sheet
from onemap.rules.display.maps.boundary_points import boundary_points
from onemap.rules.display.maps.map_sheet import DrawnMap, MapPage, MapSource, Paper, draw_map
from onemap.rules.display.maps.sheets_needed import conflict_pages, theme_pages
from onemap.rules.display.maps.svg_paths import round_scale
from onemap.rules.display.maps.svg_text import text_width, wrap_text
from onemap.rules.display.maps.symbols import verdict_symbol
from onemap.rules.review.statement import page_map as page_map_module
from onemap.rules.review.statement.page_map import page_map
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.review.statement.cases import EAST, LONG_NAME, NORTH, PARCELS, at, town

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


@pytest.fixture(scope="module")
def town_and_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return town(tmp_path_factory.mktemp("maps"))


@pytest.fixture(params=["zh", "en"])
def source(town_and_run: tuple[Path, str], request: pytest.FixtureRequest) -> Iterator[MapSource]:
    with open_library(str(town_and_run[0])) as library:
        yield MapSource(library, town_and_run[1], request.param)


@pytest.fixture
def english(town_and_run: tuple[Path, str]) -> Iterator[MapSource]:
    with open_library(str(town_and_run[0])) as library:
        yield MapSource(library, town_and_run[1], "en")


def texts(drawn: DrawnMap) -> list[str]:
    root = ElementTree.fromstring(drawn.svg)
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def boxes(path: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a path of relative moves."""
    points = []
    for part in re.findall(r"M[^M]*", path):
        numbers = [float(number) for number in re.findall(NUMBER, part)]
        points.append(np.cumsum(np.array(numbers).reshape(-1, 2), axis=0))
    every = np.vstack(points)
    return (*every.min(axis=0).tolist(), *every.max(axis=0).tolist())


def map_pages(source: MapSource) -> list[MapPage]:
    """The maps by theme and by rule, as a statement with both annexes has them."""
    return [*theme_pages(source, None), *conflict_pages(source, None)]


def red_lines(drawn: DrawnMap) -> list[str]:
    """The outlines of parcels; the legend's boxes are drawn with h and v."""
    root = ElementTree.fromstring(drawn.svg)
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("stroke") == "#E60012"]
    return [path for path in paths if "h" not in path]


def test_every_map_is_well_formed_complete_and_below_a_megabyte(source: MapSource):
    pages = map_pages(source)
    assert {page.theme for page in pages} == {"location", "boundary", "present_use", "controls", "conflict"}
    for page in pages:
        drawn = draw_map(source, page, project="<b>&")
        map_texts = texts(drawn)
        assert drawn.title == map_texts[0] or drawn.title.startswith(map_texts[0])
        assert "N" in map_texts
        assert any(re.search(r"1:[\d ]+$", text) for text in map_texts)
        assert any("<b>&" in text for text in map_texts)
        assert any(text.isdigit() and len(text) >= 6 for text in map_texts), "coordinates of the grid"
        assert len(drawn.svg.encode()) < 1_000_000
        assert source.record["id"] in " ".join(map_texts)


@pytest.mark.parametrize("paper", [Paper(), Paper(245, 156), Paper(100, 150)])
def test_a_parcel_is_drawn_to_the_scale_that_is_printed(english: MapSource, paper: Paper):
    drawn = draw_map(english, MapPage("boundary", parcels=("DK1",)), paper)
    left, top, right, bottom = boxes(red_lines(drawn)[0])
    assert (right - left, bottom - top) == pytest.approx((100_000 / drawn.scale, 80_000 / drawn.scale), abs=0.03)
    assert 0 < left < right < paper.width_mm
    assert 0 < top < bottom < paper.height_mm


@pytest.mark.parametrize("paper", [Paper(), Paper(245, 156)])
def test_nothing_is_written_beyond_the_paper(source: MapSource, paper: Paper):
    for page in map_pages(source):
        drawn = draw_map(source, page, paper, project="城" * 70)
        for element in ElementTree.fromstring(drawn.svg).iter(f"{SVG}text"):
            x, y, size = (float(element.get(name, "0")) for name in ("x", "y", "font-size"))
            if element.get("transform"):
                continue
            wide = text_width(element.text or "", size)
            start = x - wide / 2 if element.get("text-anchor") == "middle" else x
            assert start > -0.5, element.text
            assert start + wide < paper.width_mm + 0.5, element.text
            assert 0 < y <= paper.height_mm, (page, element.text)


def test_scales_are_round_and_the_ground_fits():
    for size in np.geomspace(1, 1e6, 200):
        scale = round_scale((0, 0, size, size / 2), 150, 150)
        assert size * 1000 / scale <= 150 * (1 + 1e-9)
        assert float(f"{scale:.2g}") == scale
        assert size < 15 or size * 1000 / scale > 150 / 1.6


def test_the_legend_names_what_is_drawn_and_nothing_else(english: MapSource):
    near = texts(draw_map(english, MapPage("conflict", "farmland", ("DK1",))))
    assert any("Occupies permanent basic farmland" in text for text in near)
    assert not any("River" in text for text in near)
    present = texts(draw_map(english, MapPage("present_use", parcels=("DK4",))))
    assert any("11 Water" in text or "11" in text.split() for text in present)
    assert not any(text.startswith("Permanent basic farmland") for text in present)


def test_a_conflict_is_drawn_with_its_verdict_s_pattern_and_named_in_the_legend(source: MapSource):
    drawn = draw_map(source, MapPage("conflict", "farmland", ("DK1", "DK2")))
    root = ElementTree.fromstring(drawn.svg)
    patterns = {p.get("id") for p in root.iter(f"{SVG}pattern")}
    used = {p.get("fill", "")[5:-1] for p in root.iter(f"{SVG}path") if p.get("fill", "").startswith("url(#")}
    assert used
    assert used <= patterns
    assert any(verdict_symbol("prohibited", source.language).title in text for text in texts(drawn))


def test_verdicts_differ_without_colour():
    looks = set()
    for verdict in VERDICTS:
        symbol = verdict_symbol(verdict, "en")
        looks.add((symbol.stroke_mm, symbol.dash, bool(symbol.fill), symbol.hatch, symbol.dots))
    assert len(looks) == len(VERDICTS)


def test_an_override_is_drawn_as_the_verdict_that_a_person_gave(town_and_run: tuple[Path, str]):
    with open_library(str(town_and_run[0])) as library:
        given = MapSource(library, town_and_run[1], "en", {("DK1", "farmland", "prohibited"): "consult"})
        map_texts = texts(draw_map(given, MapPage("conflict", "farmland", ("DK1",))))
    assert any("consult" in text for text in map_texts)
    assert not any("prohibited" in text for text in map_texts)


def test_holes_and_parts_are_drawn_and_numbered_through(english: MapSource):
    drawn = draw_map(english, MapPage("boundary", parcels=("DK2",)))
    assert red_lines(drawn)[0].count("z") == 3
    map_texts = texts(drawn)
    for number in range(1, 13):
        assert f"J{number}" in map_texts
    assert "J13" not in map_texts
    # Their coordinates stand in the annex, and only there.
    assert not any(f"{NORTH + 190:.3f}" in text for text in map_texts)
    assert any(text.startswith("12 boundary points") for text in map_texts)


def test_boundary_points_are_numbered_as_a_coordinate_file_numbers_them(tmp_path: Path):
    ground = PARCELS["DK2"]
    vector = write_layer(tmp_path / "one.gpkg", [ground], {"DKBH": ["DK2"]})
    done("redline", vector, tmp_path / "one.txt")
    text = read_text(tmp_path / "one.txt", None)
    labels = re.findall(r"^(J\d+),", (tmp_path / "one.txt").read_text("gb18030"), re.M)
    again = frame_of(text, tmp_path / "one.txt").geometries[0]
    assert list(dict.fromkeys(labels)) == [point.label for point in boundary_points(again)]
    assert shapely.equals(shapely.transform(again, lambda xy: xy - (38_000_000, 0)), ground)  # the zone's number


def test_many_boundary_points_are_left_to_the_annex(town_and_run: tuple[Path, str], english: MapSource):
    english.parcels["DK1"] = shapely.Point(EAST + 150, NORTH + 150).buffer(40)
    map_texts = texts(draw_map(english, MapPage("boundary", parcels=("DK1",))))
    assert "J1" not in map_texts
    assert any(re.match(r"\d+ boundary points", text) for text in map_texts)


def test_a_name_of_sixty_signs_is_written_out(source: MapSource):
    map_texts = texts(draw_map(source, MapPage("boundary", parcels=(LONG_NAME,))))
    assert LONG_NAME in "".join(map_texts)


def test_markup_in_a_feature_s_name_is_text(english: MapSource):
    map_texts = texts(draw_map(english, MapPage("conflict", "road", (LONG_NAME, "DK4"))))
    assert "一号<路>" in map_texts


def test_a_conflict_thinner_than_a_pencil_s_line_gets_a_ring_and_a_detail(tmp_path: Path):
    thin = {"DK1": at(220.0 - 0.05, 20, 100, 60)}
    location, run = town(tmp_path, thin)
    with open_library(str(location)) as library:
        source = MapSource(library, run, "en")
        drawn = draw_map(source, MapPage("conflict", "farmland", ("DK1",)))
    details = [text for text in texts(drawn) if text.startswith("Detail 1:")]
    assert details
    assert int(details[0].split(":")[1].replace(" ", "")) < drawn.scale
    assert 'r="2.6"' in drawn.svg


@pytest.mark.slow
def test_where_the_data_ends_is_drawn_beside_ground_that_could_not_be_judged(tmp_path: Path):
    library, _ = town(tmp_path)
    half = write_layer(tmp_path / "half.gpkg", [at(-5000, -5000, 5300, 12000)], {"n": [1]})
    done("add", library, tmp_path / "YJJBNTTB.gpkg", "--as", "YJJBNTTB", "--covers", half, "--label", "later")
    run = done("check", library, tmp_path / "parcels.gpkg", "--id", "DKBH").json["run"]["id"]
    with open_library(str(library)) as opened:
        source = MapSource(opened, run, "en")
        beside = texts(draw_map(source, MapPage("conflict", "farmland", ("DK2",))))
        away = texts(draw_map(source, MapPage("conflict", "farmland", ("DK1",))))
    assert "Where the data ends" in beside
    assert any("unknown" in text for text in beside)
    assert "Where the data ends" not in away


@pytest.mark.slow
def test_classes_whose_codes_stand_on_the_map_are_explained_by_the_legend(tmp_path: Path):
    library, _ = town(tmp_path)
    plan = write_layer(
        tmp_path / "TDGHDL.gpkg",
        [at(0, 0, 250, 500), at(250, 0, 250, 500)],
        {"BSM": ["1", "2"], "GHDLDM": ["1110", "2110"], "JQDLDM": ["1110", "1110"]},
    )
    done("add", library, plan, "--as", "TDGHDL", "--covers", "extent")
    run = done("check", library, tmp_path / "parcels.gpkg", "--id", "DKBH").json["run"]["id"]
    with open_library(str(library)) as opened:
        map_texts = texts(draw_map(MapSource(opened, run, "zh"), MapPage("plan", parcels=("DK1", "DK2"))))
    assert {"1110", "2110"} <= set(map_texts), "their codes are on the map"
    assert {"土地规划地类：11 耕地", "土地规划地类：21 城乡建设用地"} <= set(map_texts)


def test_a_parcel_without_a_finding_has_maps_too(tmp_path: Path):
    location, run = town(tmp_path, {"DK9": at(3000, 3000, 50, 50)})
    with open_library(str(location)) as library:
        source = MapSource(library, run, "zh")
        pages = map_pages(source)
        assert "conflict" not in {page.theme for page in pages}
        drawn, plan = draw_map(source, pages[0]), draw_map(source, pages[-1])
    assert "DK9" in texts(drawn)
    # What conflicts are drawn, and what else the library has there, is no background.
    assert "数据：本图没有底图图层。" in texts(plan)


def test_a_dense_town_is_thinned_until_it_is_small(town_and_run: tuple[Path, str], english: MapSource):
    """Forty thousand corners in the frame; the outlines lose what cannot be seen, and the parcel nothing."""
    near = english.near("DLTB", draw_bounds(english))
    assert near is not None
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    wave = 9 + 0.6 * np.sin(angles * 37)
    ring = np.column_stack([np.cos(angles) * wave, np.sin(angles) * wave])
    centres = [(EAST + x, NORTH + y) for x in range(0, 400, 20) for y in range(0, 400, 20)]
    wild = shapely.polygons([ring + centre for centre in centres])
    attributes = near.attributes.iloc[np.zeros(len(wild), dtype=int)].reset_index(drop=True)
    dense = replace(near, geometries=wild, attributes=attributes)
    english.near = lambda code, bounds: dense if code == "DLTB" else None  # type: ignore[method-assign]
    page = MapPage("present_use", parcels=("DK1",))
    drawn = draw_map(english, page)
    assert 50_000 < len(drawn.svg.encode()) < map_sheet.MOST_BYTES
    left, _, right, _ = boxes(red_lines(drawn)[0])
    assert right - left == pytest.approx(100_000 / drawn.scale, abs=0.03)


def draw_bounds(source: MapSource) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(np.array(list(source.parcels.values()), dtype=object)).tolist()
    return west, south, east, north


def test_fifty_parcels_far_apart_share_sheets(tmp_path: Path):
    spread = {f"DK{n:02d}": at(n % 10 * 400, n // 10 * 400, 30, 30) for n in range(50)}
    location, run = town(tmp_path, spread)
    with open_library(str(location)) as library:
        source = MapSource(library, run, "en")
        pages = map_pages(source)
        assert len(pages) <= 60
        drawn = draw_map(source, pages[0])
    assert any("50 parcels" in text for text in texts(drawn))


@pytest.mark.parametrize("text", ["一二三四五六七八九十", "one two three four five", "A" * 60, "", "字 word 字"])
def test_wrapped_lines_hold_all_of_the_text_and_fit(text: str):
    lines = wrap_text(text, 2.0, 9.0)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line, 2.0) <= 9.0 for line in lines)


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one():
    assert wrap_text("永久基本农田（含可调整）", 2.0, 22.5) == ["永久基本农田（含可调", "整）"]
    assert wrap_text("一二三四（五）", 2.0, 10.5) == ["一二三四", "（五）"]


def test_the_present_use_is_the_base_of_the_map_in_a_page_from_the_start(english: MapSource):
    drawn = str(page_map(english))
    (box,) = [tag for tag in re.findall(r"<input[^>]*>", drawn) if 'data-layer="DLTB"' in tag]
    assert "checked" in box
    assert '<g data-layer="DLTB">' in drawn
    assert drawn.index('<g data-layer="DLTB">') < drawn.index('<g data-layer="pieces">'), "below what it carries"


def test_a_map_in_a_page_is_the_finest_that_fits_and_no_larger_than_its_points_say(
    english: MapSource, monkeypatch: pytest.MonkeyPatch
):
    page = page_map_module._PageMap(english, None, SILENT)
    every = [[layer.thin(*thinning) for layer in page.layers] for thinning in page_map_module._THINNED]
    drawn = [str(page.html(layers)) for layers in every]
    sizes = [len(one.encode()) for one in drawn]
    assert all(0 < sum(layer.least_bytes for layer in layers) < size for layers, size in zip(every, sizes, strict=True))
    for size in sizes:
        monkeypatch.setattr(page_map_module, "MOST_BYTES", size)
        assert str(page_map(english)) == next(one for one, own in zip(drawn, sizes, strict=True) if own <= size)
    monkeypatch.setattr(page_map_module, "MOST_BYTES", 0)
    assert str(page_map(english)) == drawn[-1], "better too large than none"


def test_a_notice_along_a_red_line_is_wide_enough_to_be_seen_on_either_side(tmp_path: Path):
    location, run = town(tmp_path, {"same": at(700, 700, 50, 50), "around": at(690, 690, 100, 100)})
    with open_library(str(location)) as library:
        page = str(page_map(MapSource(library, run, "en")))
    widths = {}
    for name in ("same", "around"):
        (group,) = re.findall(rf'<g class="piece" data-parcel="{name}"[^>]*>.*?</g>', page)
        widths[name] = float(re.findall(r'stroke-width="([\d.]+)"', group)[-1])
    red = float(re.findall(r'<g class="parcel".*?stroke-width="([\d.]+)"', page)[0])
    assert widths["around"] < red < widths["same"] - 2, "a pixel on either side"
