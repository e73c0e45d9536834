"""The maps of a comparison have a base: faint present use, and roads with names, as of the comparison's day."""

import re
from pathlib import Path

import pytest
from shapely.geometry import LineString, box

from onemap.layers.library.library import open_library
from onemap.rules.answers.compare.atlas.atlas_maps import AtlasMaps
from onemap.rules.answers.compare.atlas.atlas_source import BY_CLUSTER, atlas_source
from onemap.rules.answers.compare.atlas.comparison_page import comparison_page
from onemap.rules.display.documents.blocks import Figures, Section
from onemap.rules.display.maps import ground_below
from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, Table
from onemap.tests.rules.command import command, done

TYPES = ("03", "04", "05")


def add(table: Table, source: Path, code: str, year: str) -> None:
    done("add", table.library, source, "--as", code, "--covers", "extent", *_in_force_from(year))


def _in_force_from(year: str) -> tuple[str, ...]:
    return "--valid-from", f"{year}-12-31", "--label", year


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A factory in plan A only, on present fields with a road through them; library and run."""
    folder = tmp_path_factory.mktemp("ground")
    table = Table(folder, command)
    done("new", table.library, "--crs", "EPSG:4547")
    factory = box(400, 400, 600, 600)
    table.plan("A", [(factory, "0711"), (GROUND.difference(factory), "01")])
    table.plan("B", [(GROUND, "E")])
    columns = {"BSM": ["1", "2"], "DLBM": ["0101", "0301"]}
    use = write_layer(folder / "use.gpkg", [box(0, 0, 500, 1000), box(500, 0, 1000, 1000)], columns)
    add(table, use, "DLTB", "2023")
    road = write_layer(folder / "road.gpkg", [LineString([(0, 520), (1000, 520)])], {"DLBH": ["1"], "DLMC": ["长安路"]})
    add(table, road, "CSDL", "2023")
    run = table.compare().answer["run"]["id"]
    later = write_layer(folder / "later.gpkg", [GROUND], {"BSM": ["3"], "DLBM": ["0701"]})
    add(table, later, "DLTB", "2024")
    return table.library, str(run)


def _map_of(section: Section) -> str:
    """The one map of a report."""
    (svg,) = [figure.svg for block in section.blocks if isinstance(block, Figures) for figure in block.figures]
    return svg


def words(svg: str) -> str:
    return "".join(re.findall(r">([^<>]+)<", svg))


def test_every_map_lies_on_the_present_use_of_the_time_of_the_comparison(town):
    path, run = town
    with open_library(str(path)) as library:
        source = atlas_source(library, run, BY_CLUSTER, TYPES, 10)
        maps = AtlasMaps(library, source, "zh", "serif")
        for svg in (maps.overview(150.0), _map_of(comparison_page(library, run, "zh"))):
            text = words(svg)
            assert "底图：地类图斑2023、城市道路2023" in text.replace(" ", "")
            assert "01耕地" in text.replace(" ", "") and "2024" not in text
            assert text.index("03") < text.index("底图")  # the differences first


def test_a_ground_that_is_too_much_for_a_page_is_left_out_and_not_named(town, monkeypatch):
    path, run = town
    monkeypatch.setattr(ground_below, "MOST_BYTES", 10)
    with open_library(str(path)) as library:
        text = words(_map_of(comparison_page(library, run, "zh")))
    assert "底图" not in text and "耕地" not in text and "03" in text
