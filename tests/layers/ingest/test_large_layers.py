"""A large source is added block by block through a journal: equal to the last digit, even after a kill."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.files.journal_folder import Journal
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.layers.quality import neighbours
from onemap.tests.layers.conftest import ROOT, read_in_blocks

SIDE = 18
BLOCK = 50
NAMES = ["many.gpkg", "many.shp", "many.geojson"]
KILLED = """
import os, signal, sys
from pathlib import Path
from onemap.tests.layers.ingest import test_large_layers as large
step, least = sys.argv[3], float(sys.argv[4])
def report(fraction, now):
    if now.startswith(step) and fraction >= least:
        os.kill(os.getpid(), signal.SIGKILL)
large.read_in_blocks(large.BLOCK, setattr)
large.take_for_giants(setattr)
large.add_patches(Path(sys.argv[1]), Path(sys.argv[2]), report)
"""


@pytest.fixture
def in_blocks(monkeypatch):
    """Blocks of 50 features, for sources of any size."""
    read_in_blocks(BLOCK, monkeypatch.setattr)


@pytest.fixture(scope="module", autouse=True)
def giants():
    """A comb of some hundred corners is a giant, in whatever size the source is read."""
    with pytest.MonkeyPatch.context() as patch:
        take_for_giants(patch.setattr)
        yield


def take_for_giants(patch):
    """Cut up polygons of a tenth of the usual size into smaller pieces. patch: setattr, or pytest's."""
    patch(neighbours, "GIANT", neighbours.GIANT // 10)
    patch(neighbours, "_PIECE", neighbours._PIECE // 10)


def planted_errors():
    """Patches side by side with every kind of error among them, and a giant over some of them: shapes and columns."""
    chance = np.random.default_rng(5)
    at = np.stack(np.meshgrid(np.arange(SIDE + 1), np.arange(SIDE + 1), indexing="ij"), axis=-1) * 30.0
    corners = at + chance.uniform(-8, 8, at.shape) + [500_000, 4_000_000]
    rings = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=2)
    shapes = shapely.polygons(rings.reshape(-1, 4, 2))
    order = chance.permutation(len(shapes))
    shapes[order[:20]] = shapely.transform(shapes[order[:20]], lambda xy: xy + [1.3, 0.7])
    for place in order[20:24].tolist():
        x, y = shapes[place].centroid.coords[0]
        shapes[place] = shapely.Polygon([(x, y), (x + 9, y + 9), (x + 9, y), (x, y + 9)])
    teeth = [shapely.box(499_950, 4_000_000 + k, 500_300 + k / 10, 4_000_000.4 + k) for k in range(0, 520, 10)]
    comb = shapely.union_all([shapely.box(499_940, 3_999_990, 499_950, 4_000_530), *teeth])
    assert shapely.get_num_coordinates(comb) > neighbours.GIANT > shapely.get_num_coordinates(shapes).max()
    rest = np.delete(shapes, order[24:30])
    shapes = np.concatenate([rest, shapes[order[30:35]], [comb]])
    shapes[[7, 250]] = None
    rows = np.arange(len(shapes))
    keys = np.array([f"1301{row:014d}" for row in rows], dtype=object)
    keys[order[:5]], keys[order[50:53]] = keys[order[40:45]], None
    classes = np.array(["0101", "0103", "0301", "0702"], dtype=object)[rows % 4]
    classes[order[60:64]] = ["99", None, "9X", "旱地"]
    names = np.array(["水田", "旱地", "乔木林地", "农村宅基地"], dtype=object)[rows % 4]
    names[order[70:75]] = "果园"
    areas = np.round(np.nan_to_num(shapely.area(shapes)), 2)
    areas[order[80:90]] *= 1.1
    years = np.array([str(2023 + row % 2) for row in rows], dtype=object)  # numbers as text, all of them
    counts = np.where(rows % 5 == 0, np.nan, rows.astype(float))
    return shapes, {"BSM": keys, "DLBM": classes, "DLMC": names, "TBMJ": areas, "SJNF": years, "N": counts}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The planted errors as a GeoPackage, a shapefile of GB 18030, and a GeoJSON."""
    folder = tmp_path_factory.mktemp("planted")
    shapes, columns = planted_errors()
    for name, options in (
        ("many.gpkg", {"driver": "GPKG", "geometry_type": "Polygon"}),
        ("many.shp", {"driver": "ESRI Shapefile", "geometry_type": "Polygon", "encoding": "gb18030"}),
        ("many.geojson", {"driver": "GeoJSON", "geometry_type": "Polygon"}),
    ):
        values = list(columns.values())
        pyogrio.raw.write(folder / name, shapely.to_wkb(shapes), values, list(columns), crs="EPSG:4547", **options)
    return folder


def add_patches(library, source, report=None, **wishes):
    """Add a source as the land survey's patches; return the answer of `add`."""
    usual = {"covers": "extent", "keep_bad": True, "normalising": SourceOptions(repair=True)}
    wanted = AddOptions("DLTB", **{**usual, **wishes})
    with open_library(str(library)) as opened:
        return Intake(opened, lambda code: (), "me", "en").add(str(source), wanted, Progress(report))


def stored_rows(library):
    """All that a library keeps of its versions and their problems, besides when it was written."""
    tables = {}
    connection = sqlite3.connect(library)
    for name in ("onemap_versions", "onemap_row_hashes", "onemap_problems", "DLTB__1", "DLTB__1__bad"):
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")') if row[1] != "recorded_at"]
        where = "WHERE table_name <> 'onemap_problems'" if name == "onemap_row_hashes" else ""  # they say when
        rows = connection.execute(f'SELECT {", ".join(columns)} FROM "{name}" {where}')
        tables[name] = [repr(row) for row in rows]
    connection.close()
    return tables


def parts_of(library):
    return sorted(path.name for path in library.parent.glob("*.work.part/*/*") if path.name != "lock")


@pytest.fixture
def libraries(tmp_path, empty_library):
    """As many empty libraries as are asked for, each in a folder of its own."""

    def make(name):
        (tmp_path / name).mkdir()
        return Path(shutil.copy(empty_library, tmp_path / name / "city.gpkg"))

    return make


@pytest.fixture(scope="module")
def whole(tmp_path_factory, empty_library, sources):
    """The answer and the rows when a layer is read at once, by file and by whether invalid rings are repaired."""

    @cache
    def outcome(name, repair):
        library = Path(shutil.copy(empty_library, tmp_path_factory.mktemp("whole") / "city.gpkg"))
        return add_patches(library, sources / name, normalising=SourceOptions(repair=repair)), stored_rows(library)

    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("repair", [pytest.param(True, marks=pytest.mark.nightly), False])
@pytest.mark.parametrize("name", NAMES)
def test_a_layer_of_planted_errors_is_the_same_in_blocks_of_fifty_as_at_once(
    libraries, sources, whole, monkeypatch, name, repair
):
    at_once = whole(name, repair)
    read_in_blocks(BLOCK, monkeypatch.setattr)
    library, steps = libraries("blocked"), []
    answer = add_patches(
        library,
        sources / name,
        lambda share, step: steps.append((share, step)),
        normalising=SourceOptions(repair=repair),
    )
    assert (answer, stored_rows(library)) == at_once
    found = {problem["code"] for problem in answer["problems"]}
    wanted = {"topology.overlap", "topology.gap", "topology.duplicate", "key.repeated", "key.null", "value.code"}
    assert found >= wanted | {"area.declared", "value.name", "value.missing", "field.as_number", "geometry.null"}
    assert len({share for share, step in steps if step == "Reading the source"}) >= 7  # it was read in blocks
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)
    assert parts_of(library) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "least"),
    [
        ("Reading", 0.1),
        ("Checking", 0.36),
        pytest.param("Checking", 0.5, marks=pytest.mark.nightly),
        ("Writing", 0.9),
    ],
)
def test_a_core_that_is_killed_goes_on_where_it_was_and_comes_to_the_same(
    libraries, sources, whole, monkeypatch, step, least
):
    at_once = whole("many.gpkg", True)
    read_in_blocks(BLOCK, monkeypatch.setattr)
    library = libraries("killed")
    before = kept_bytes(library)
    command = [sys.executable, "-P", "-c", KILLED, str(library), str(sources / "many.gpkg"), step, str(least)]
    ended = subprocess.run(
        command, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert kept_bytes(library) == before
    done, again = set(parts_of(library)), []
    assert done

    def keep(self, name, write, keep=Journal.keep):
        again.append(name)
        return keep(self, name, write)

    monkeypatch.setattr(Journal, "keep", keep)
    assert (add_patches(library, sources / "many.gpkg"), stored_rows(library)) == at_once
    if step == "Reading":  # two workers keep the rows: a part behind one that the kill cut off is made again with it
        rows = sorted(name for name in done if name.startswith("rows-") and name.endswith(".arrow"))
        at = next((at for at, name in enumerate(rows) if int(name[-12:-6]) != at), len(rows))
        done -= set(rows[at:])
        assert done
    assert done.isdisjoint(again)
    assert bool(again) == (step != "Writing")
    assert parts_of(library) == []


def kept_bytes(library):
    """The content of a library, as SQLite's own dump."""
    connection = sqlite3.connect(library)
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


@pytest.mark.slow
def test_a_source_that_has_changed_finds_nothing_of_the_journal(libraries, sources, in_blocks, tmp_path):
    library, source = libraries("changed"), Path(shutil.copy(sources / "many.gpkg", tmp_path / "changed.gpkg"))

    def stop(share, step):
        if step == "Writing the library":
            raise Cancelled

    with pytest.raises(Cancelled):
        add_patches(library, source, stop)
    assert parts_of(library)
    shapes, columns = planted_errors()
    columns["BSM"][3] = "another"
    options = {"driver": "GPKG", "geometry_type": "Polygon", "crs": "EPSG:4547", "layer": "many"}
    pyogrio.raw.write(source, shapely.to_wkb(shapes), list(columns.values()), list(columns), **options)
    add_patches(library, source)
    connection = sqlite3.connect(library)
    assert connection.execute("SELECT count(*) FROM DLTB__1 WHERE BSM = 'another'").fetchone() == (1,)
    connection.close()


def test_a_source_that_changes_while_it_is_read_is_refused(libraries, sources, in_blocks, tmp_path):
    library, source = libraries("changing"), Path(shutil.copy(sources / "many.shp", tmp_path / "many.shp"))
    for end in (".dbf", ".shx", ".prj", ".cpg"):
        shutil.copy(sources / f"many{end}", tmp_path / f"many{end}")
    before = kept_bytes(library)

    def change(share, step):
        if share > 0.2:
            os.utime(tmp_path / "many.dbf", ns=(0, 0))

    with pytest.raises(OneMapError) as error:
        add_patches(library, source, change)
    assert error.value.code == "source.changed"
    assert (kept_bytes(library), parts_of(library)) == (before, [])


def problems_of(library, source, **wishes):
    with pytest.raises(OneMapError) as error:
        add_patches(library, source, **wishes)
    return [(problem.code, json.dumps(problem.facts, default=repr)) for problem in error.value.problems]


@pytest.mark.parametrize(
    "wishes",
    [
        {"keep_bad": False, "normalising": SourceOptions()},
        {"normalising": SourceOptions(crs="EPSG:4490")},
        {"normalising": SourceOptions(crs="EPSG:4525")},
        {"normalising": SourceOptions(fields={"DLBM": "nothing"})},
        {"encoding": "ascii"},
    ],
)
@pytest.mark.parametrize("name", ["many.gpkg", "many.geojson"])
@pytest.mark.slow
def test_what_is_refused_at_once_is_refused_in_blocks_with_the_same_words(
    libraries, sources, monkeypatch, name, wishes
):
    at_once = problems_of(libraries("whole"), sources / name, **wishes)
    read_in_blocks(BLOCK, monkeypatch.setattr)
    library = libraries("blocked")
    assert problems_of(library, sources / name, **wishes) == at_once
    assert parts_of(library) == []


@pytest.mark.slow
def test_another_plane_is_reached_block_by_block_too(libraries, sources, in_blocks, monkeypatch, tmp_path):
    shapes, columns = planted_errors()
    shapes = shapely.transform(shapes, lambda xy: xy + [39_000_000, 0])
    source = tmp_path / "zone.gpkg"
    options = {"driver": "GPKG", "geometry_type": "Polygon", "crs": "EPSG:4527"}
    pyogrio.raw.write(source, shapely.to_wkb(shapes), list(columns.values()), list(columns), **options)
    blocked = add_patches(libraries("blocked"), source)
    monkeypatch.undo()
    assert add_patches(libraries("whole"), source) == blocked
    assert blocked["features"] == len(shapes) - 2


@pytest.mark.slow
def test_text_that_is_no_utf8_from_the_middle_on_is_read_anew_as_gb18030(libraries, in_blocks, monkeypatch, tmp_path):
    source = tmp_path / "old.gpkg"
    shapes, columns = planted_errors()
    options = {"driver": "GPKG", "geometry_type": "Polygon", "crs": "EPSG:4547", "SPATIAL_INDEX": "NO"}
    pyogrio.raw.write(source, shapely.to_wkb(shapes), [columns["BSM"]], ["BSM"], **options)
    connection = sqlite3.connect(source)
    connection.execute("ALTER TABLE old ADD COLUMN DLMC TEXT")
    connection.execute("UPDATE old SET DLMC = CAST(x'BAB5B5D8' AS TEXT) WHERE fid > 200")
    connection.commit()
    connection.close()
    blocked = add_patches(libraries("blocked"), source)
    assert blocked["encoding"] == "gb18030"
    monkeypatch.undo()
    assert add_patches(libraries("whole"), source) == blocked


@pytest.mark.slow
def test_what_needs_no_look_at_the_data_is_refused_before_it_is_read(libraries, sources, in_blocks):
    library, shares = libraries("early"), []
    add_patches(library, sources / "many.gpkg", label="2025")

    def report(share, step):
        shares.append(share)

    # With its bad features the file is more than the version that it became without them.
    used = {"label": "2025", "keep_bad": False}
    for wishes, code in ((used, "version.label"), ({"covers": "district"}, "coverage.no_district")):
        with pytest.raises(OneMapError) as error:
            add_patches(library, sources / "many.gpkg", report, **wishes)
        assert error.value.code == code
    assert set(shares) == {0.0}
    again = add_patches(library, sources / "many.gpkg", label="2025")
    assert (again["unchanged"], again["version"]) == (True, "2025")


def write_town(path, size):
    """A GeoJSON of this many bytes: fields of six corners each, WGS 84."""
    chance = np.random.default_rng(5)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        row = 0
        while file.tell() < size:
            west, south = 120 + row % 800 * 0.0003, 30 + row // 800 * 0.0003
            turns, far = np.arange(6) / 6 * 2 * np.pi, chance.uniform(0.00008, 0.00013, 6)
            ring = np.column_stack([west + far * np.cos(turns), south + far * np.sin(turns)]).round(7).tolist()
            feature = {
                "type": "Feature",
                "properties": {"BSM": str(row), "DKBH": f"地块{row:07d}", "MJ": row / 8},
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
            file.write((",\n" if row else "") + json.dumps(feature, ensure_ascii=False))
            row += 1
        file.write("]}")
    return row


# A program, and the most memory that it had itself: what wait() tells begins with the memory of whoever started it.
TELLING = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(open("/proc/self/status").read(), file=sys.stderr)
"""


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is told in kilobytes on Linux")
def test_a_geojson_of_143_megabytes_takes_less_than_600(libraries, tmp_path):
    library, source = libraries("town"), tmp_path / "town.geojson"
    rows = write_town(source, 143_000_000)
    command = [sys.executable, "-I", "-X", "utf8", "-c", TELLING, str(ROOT / "__main__.py"), "add", library, source]
    define = "name=地块,department=land,library=base,kind=vector,geometry=polygon"
    options = ["--as", "TOWN", "--define", define, "--covers", "extent", "--progress", "none"]
    done = subprocess.run(list(map(str, [*command, *options])), capture_output=True, check=True, text=True)
    connection = sqlite3.connect(library)
    assert connection.execute("SELECT count(*) FROM TOWN__1").fetchone() == (rows,)
    connection.close()
    peak = next(int(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("VmHWM:"))
    assert 100 * 1024 < peak < 600 * 1024  # kB
