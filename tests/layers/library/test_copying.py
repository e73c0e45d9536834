"""A library copied from a file to a server and back is equal in every row, or is not written at all."""

import contextlib
import sqlite3

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import read_version, versions
from onemap.tests.conftest import write_layer
from onemap.tests.layers.conftest import box
from onemap.tests.rules.command import done

PLAIN = ("onemap_library", "onemap_packs", "onemap_district", "onemap_catalogue", "onemap_versions", "onemap_audit")
CATALOGUE = """[OWN]
title = "自有"
department = "land"
library = "base"
kind = "vector"
geometry = "polygon"
"""


def made_library(folder):
    """A library with a district, a layer of two versions, one of a city's own, and features set aside."""
    path = folder / "full.gpkg"
    path.with_suffix(".catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    district = write_layer(folder / "district.gpkg", [box(-1000, -1000, 5000, 5000)])
    done("new", path, "--crs", "EPSG:4547", "--name", "全", "--district", district)
    define = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
    first = write_layer(folder / "a.gpkg", [box(0, 0), box(200, 0)], {"BSM": ["A", "B"], "面积": [0.1 + 0.2, None]})
    second = write_layer(folder / "b.gpkg", [box(0, 0), None], {"BSM": ["A", "B"], "数": [9007199254740993, 1]})
    done("add", path, first, "--as", "T", "--covers", "district", "--define", define)
    done("add", path, second, "--as", "T", "--keep-bad")
    done("add", path, first, "--as", "OWN", "--covers", "district")


@pytest.fixture
def full(tmp_path, copied):
    copied(made_library, tmp_path)
    return tmp_path / "full.gpkg"


def content(location):
    """Everything in a library, by plain SQL and as its versions are read."""
    with open_library(str(location)) as library:
        tables = {name: sorted(map(repr, library.connection.execute(f"SELECT * FROM {name}"))) for name in PLAIN}
        stored = {
            version: [read_version(library, version, None).attributes.to_dict("list")] for version in versions(library)
        }
        named = [
            name for name in library.connection.own_tables() if name.startswith(("T__", "OWN__", "onemap_problems"))
        ]
        return tables, stored, named, library.id, library.chain_head(), list(library.catalogue())


@pytest.mark.slow
def test_a_copy_on_a_server_and_one_back_in_a_file_are_equal_to_the_first(full, postgis, onemap, tmp_path):
    url = f"{postgis.database().url}&schema=copied"
    answer = onemap("copy", full, url)
    assert (answer.code, answer.json["library"], answer.json["versions"]) == (0, url, 3)
    back = tmp_path / "back.gpkg"
    again = onemap("copy", url, back)
    assert again.json["versions"] == answer.json["versions"]
    assert again.json["log"] == answer.json["log"] + 1
    first, there, last = content(full), content(url), content(back)
    assert there[1:4] == first[1:4] == last[1:4]
    assert there[5:] == first[5:] == last[5:]
    assert "T__2__bad" in first[2]
    # The log of a copy goes on with an entry that names the original's head.
    (number, head), logs = first[4], [part[0].pop("onemap_audit") for part in (first, there, last)]
    assert [len(log) - len(logs[0]) for log in logs] == [0, 1, 2]
    assert set(logs[0]) < set(logs[1]) < set(logs[2])
    assert (answer.json["log"], answer.json["head"]) == (number, head) and head in logs[1][-1]
    assert last[0] == first[0]
    facts_there = [row for row in there[0].pop("onemap_library") if "file:" not in row]
    assert facts_there == first[0]["onemap_library"]
    assert all(rows == first[0][name] for name, rows in there[0].items())
    assert back.with_suffix(".catalogue.toml").read_text(encoding="utf-8") == CATALOGUE
    for location in (url, back):
        assert onemap("verify", location).json["ok"]
        assert [layer["code"] for layer in onemap("layers", location).json["layers"] if layer["versions"]] == [
            "OWN",
            "T",
        ]


@pytest.mark.slow
def test_a_copy_goes_on_where_the_original_left_off(full, postgis, onemap, layer_file):
    url = f"{postgis.database().url}&schema=copied"
    assert onemap("copy", full, url).code == 0
    more = layer_file("c.gpkg", [box(0, 0)], {"BSM": ["C"]})
    assert onemap("add", url, more, "--as", "T").json["table"] == "T__3"
    assert onemap("add", url, more, "--as", "OWN").json["table"] == "OWN__2"
    assert onemap("verify", url).json["ok"]


def test_a_copy_takes_nobodys_place(full, postgis, onemap, tmp_path):
    database = postgis.database()
    url = f"{database.url}&schema=copied"
    assert onemap("copy", full, url).code == 0
    assert onemap("copy", full, url).codes == ["library.exists"]
    assert onemap("copy", url, full).codes == ["library.exists"]
    assert onemap("copy", full, tmp_path / "none" / "x.gpkg").codes == ["library.folder"]
    assert onemap("copy", tmp_path / "none.gpkg", tmp_path / "x.gpkg").codes == ["library.missing"]
    beside = tmp_path / "x.catalogue.toml"
    beside.write_text("# another's")
    assert onemap("copy", full, tmp_path / "x.gpkg").codes == ["out.failed"]
    assert not (tmp_path / "x.gpkg").exists()
    assert beside.read_text() == "# another's"


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        'UPDATE "T__1" SET "BSM" = \'X\' WHERE fid = 2',
        'DELETE FROM "T__1" WHERE fid = 1',
        'DROP TABLE "T__2"',
        'UPDATE "T__1" SET fid = 7 WHERE fid = 2',
    ],
)
def test_a_damaged_library_is_not_copied(full, postgis, onemap, damage):
    with contextlib.closing(sqlite3.connect(full, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS rtree_T__1_geom_delete")
        for trigger in ("update1", "update2", "update3", "update4"):
            connection.execute(f"DROP TRIGGER IF EXISTS rtree_T__1_geom_{trigger}")
        connection.execute(damage)
    database = postgis.database()
    assert onemap("copy", full, f"{database.url}&schema=copied").codes == ["copy.damaged"]
    assert database.rows("SELECT count(*) AS n FROM pg_namespace WHERE nspname = 'copied'") == [{"n": "0"}]


def test_rasters_that_lie_beside_the_file_are_not_left_behind(tmp_path, onemap, postgis):
    grid = tmp_path / "dem.tif"
    options = {"driver": "GTiff", "height": 4, "width": 4, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    with rasterio.open(grid, "w", transform=from_origin(500_000, 4_000_000, 10, 10), **options) as written:
        written.write(np.ones((1, 4, 4), dtype="float32"))
    path = tmp_path / "city.gpkg"
    assert onemap("new", path, "--crs", "EPSG:4547").code == 0
    assert onemap("add", path, grid, "--as", "DEM", "--covers", "extent").code == 0
    url = f"{postgis.database().url}&schema=copied"
    assert onemap("copy", path, url).code == 0
    refused = onemap("add", url, grid, "--as", "DEM", "--covers", "extent", "--copy")
    assert refused.codes == ["raster.no_folder"]
    assert onemap("add", path, grid, "--as", "DEM", "--covers", "extent", "--copy").code == 0
    assert onemap("copy", path, tmp_path / "other.gpkg").codes == ["copy.rasters"]
