"""Only a person states a kind: no column of a file of parcels does, however the file is read."""

import json

import geopandas as gpd
import pytest
from shapely import box

import onemap as package
from onemap.layers.sources import reading
from onemap.rules.judge.distributed import parcel_reader
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import pack_text
from onemap.tests.test_serve import Served, end_core

PACK = pack_text(
    {"id": "farmland", "layer": "YJJBNTTB", "unless": ["temporary"]},
    id="p",
    **{"class.temporary": {"title": {"zh": "临时用地", "en": "Temporary land"}, "kinds": ["temporary_land"]}},
)
KIND = "施工临时用地"
FACTS = f'[地块]\nXMLX = "{KIND}"\nLSYDQX = 2099-11-23\nLSYDPZ = "x"\n'


class Town:
    """A library with farmland under five parcels; a rule spares temporary land, which only a person can state."""

    def __init__(self, folder):
        self.folder, self.library, self.parcels = folder, folder / "town.gpkg", folder / "parcels.gpkg"
        (folder / "p.toml").write_text(PACK, encoding="utf-8")
        (folder / "facts.toml").write_text(FACTS, encoding="utf-8")
        farmland = gpd.GeoDataFrame({"BSM": ["f"]}, geometry=[box(499_000, 4_199_000, 502_000, 4_202_000)], crs=4547)
        farmland.to_file(folder / "farmland.gpkg")
        done("new", self.library, "--crs", "EPSG:4547", "--pack", folder / "p.toml")
        done("add", self.library, folder / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "extent")

    def frame(self, column="stated_kind"):
        """Parcels with a column that calls them temporary land."""
        grounds = [box(500_000 + at, 4_200_000, 500_100 + at, 4_200_100) for at in range(0, 500, 100)]
        return gpd.GeoDataFrame({"DKBH": list("ABCDE"), column: KIND}, geometry=grounds, crs=4547)

    def prohibited(self, *more):
        """The number of prohibited parcels."""
        return done("check", self.library, self.parcels, *more, "--unrecorded").json["verdicts"]["prohibited"]


@pytest.fixture(scope="module")
def town_made_once(tmp_path_factory):
    return Town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def town(town_made_once):
    town_made_once.frame().to_file(town_made_once.parcels)
    return town_made_once


@pytest.fixture
def by_parts(monkeypatch):
    """Every file is large, and is read two rows at a time."""

    def begin():
        monkeypatch.setenv("ONEMAP_BLOCK", "2")
        monkeypatch.setattr(reading, "LARGE_BYTES", 0)
        monkeypatch.setattr(reading, "LARGE_ROWS", 0)
        monkeypatch.setattr(parcel_reader, "_ROWS", 2)

    return begin


def by_several_files(town):
    whole = town.frame()
    whole[:2].to_file(town.parcels)
    whole[2:].to_file(town.folder / "more.gpkg")
    return town.prohibited(town.folder / "more.gpkg")


def by_a_field_of_another_name(town):
    town.frame("STATED").to_file(town.parcels)
    return town.prohibited("--fields", "stated_kind=STATED")


def by_a_frame(town):
    with package.open(town.library) as library:
        return library.check(town.frame(), record=False).verdict_counts["prohibited"]


def by_partitions(town):
    dask_geopandas = pytest.importorskip("dask_geopandas")
    with package.open(town.library) as library:
        frame = dask_geopandas.from_geopandas(town.frame(), npartitions=2)
        return library.check(frame).verdict_counts["prohibited"]


def by_sheet(town):
    target = town.folder / "sheets.json"
    done("sheet", town.library, town.parcels, target, "--overwrite")
    sheets = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    return [sheet["verdict"] for sheet in sheets].count("prohibited")


def by_remedy(town):
    answer = done("remedy", town.library, town.parcels).json
    return answer["parcels"] - answer["passing"]


def by_review(town):
    return done("review", "open", town.library, town.parcels, "--project", "x").json["verdicts"]["prohibited"]


WAYS = [Town.prohibited, by_several_files, by_a_field_of_another_name, by_a_frame, by_partitions, by_sheet, by_remedy]
WAYS += [by_review]


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_is_read_at_once_states_no_kind(town, way):
    assert way(town) == 5


@pytest.mark.parametrize("way", [Town.prohibited, by_sheet, by_remedy])
def test_a_file_that_is_read_by_parts_states_no_kind(town, by_parts, way):
    by_parts()
    assert way(town) == 5


@pytest.mark.parametrize("name", ["STATED_KIND", "Stated_Kind"])
def test_a_column_in_other_letters_states_no_kind_either(town, by_parts, name):
    town.frame(name).to_file(town.parcels)
    at_once = town.prohibited()
    by_parts()
    assert (at_once, town.prohibited()) == (5, 5)


@pytest.mark.slow
def test_workers_of_a_cluster_are_handed_no_kind(town, by_parts):
    pytest.importorskip("distributed")
    by_parts()
    assert town.prohibited("--scheduler", "local", "--workers", "1") == 5


@pytest.mark.slow
def test_a_core_that_serves_is_told_no_kind(town):
    core = Served()
    core.ask("check", 1, library=str(town.library), parcels=[str(town.parcels)], unrecorded=True)
    assert core.answer()["result"]["verdicts"]["prohibited"] == 5
    end_core(core)


def by_data(town, by_parts):
    """The number of prohibited parcels by a file of facts, read at once and by parts."""
    facts = town.folder / "facts.toml"
    at_once = town.prohibited("--data", facts)
    by_parts()
    return at_once, town.prohibited("--data", facts)


def test_what_a_person_states_reaches_parcels_in_blocks(town, by_parts):
    assert by_data(town, by_parts) == (0, 0)  # above the column of the same name, which says nothing
    town.frame("XMLX").to_file(town.parcels)
    assert town.prohibited() == 5  # what a parcel calls itself states nothing
    assert by_data(town, by_parts) == (0, 0)


def test_a_stated_kind_that_parcels_call_otherwise_is_told(town):
    town.frame("XMLX").assign(XMLX=["住宅小区", "住宅小区", KIND, None, "住宅小区"]).to_file(town.parcels)
    asked = "check", town.library, town.parcels, "--data", town.folder / "facts.toml", "--unrecorded"
    answer = done(*asked).json
    assert answer["verdicts"]["prohibited"] == 0  # what a person states goes before a text
    (problem,) = answer["problems"]
    assert (problem["code"], problem["feature"]) == ("project.kind_stated", "A")
    assert all(text in problem["message"] for text in ("3 parcels", "住宅小区", KIND))
