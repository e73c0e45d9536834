"""The same sources in a file and on a server: every table of a run is equal, row by row and digit by digit."""

from datetime import date, timedelta

import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.rules.judge.runs.run_store import GIVEN, KEPT, stored_rows

WEST, SOUTH = 500_000, 4_000_000
RULES = (
    {"id": "zone", "layer": "ZONE", "kind": "avoid", "where": "TBLX <> '储备'", "min_width_m": 0.5},
    {"id": "road", "layer": "ROAD", "kind": "setback", "distance_m": 30.5, "verdict": "restricted"},
    {"id": "line", "layer": "ROAD", "kind": "cross", "verdict": "notice"},
    {"id": "well", "layer": "WELL", "kind": "near", "distance_m": 90, "verdict": "notice"},
    {"id": "inside", "layer": "ZONE", "kind": "within", "verdict": "consult"},
    {"id": "ground", "layer": "ZONE", "kind": "composition", "by": ["TBLX"]},
    {"id": "none", "layer": "WELL", "kind": "near", "distance_m": 5, "where": "ZT = 'x'", "verdict": "notice"},
)


def at(x, y):
    return WEST + x, SOUTH + y


@pytest.fixture
def sources(desk):
    """Files of three layers with awkward numbers, a district, and parcels."""
    zones = [shapely.Point(at(97 * n, 61 * n)).buffer(83.3, quad_segs=5) for n in range(12)]
    roads = [shapely.LineString([at(-50, 40 * n), at(300, 47.7 * n), at(1300, 33.3 * n)]) for n in range(4)]
    wells = [shapely.Point(at(131.7 * n, 77.3 * n)) for n in range(9)]
    kinds = ["甲", "储备", None, "O'Neil %"]
    files = {
        "ZONE": desk.write("zone", zones, {"KEY": [f"z{n}" for n in range(12)], "TBLX": kinds * 3}, "EPSG:4547"),
        "ROAD": desk.write("road", roads, {"KEY": [f"r{n}" for n in range(4)]}, "EPSG:4547"),
        "WELL": desk.write(
            "well", wells, {"KEY": [f"w{n}" for n in range(9)], "ZT": ["x", None, "y"] * 3}, "EPSG:4547"
        ),
    }
    district = desk.write("district", [shapely.box(*at(-500, -500), *at(2000, 2000))], {"n": [1]}, "EPSG:4547")
    parcels = {f"p{n}": shapely.Point(at(150 * n, 95 * n)).buffer(71.7, quad_segs=3) for n in range(9)}
    pack = desk.pack(*RULES)
    return files, district, desk.parcels(parcels), pack


def fill_library(onemap, location, sources, *, twice):
    """A library with every layer, and the answer of a check in it."""
    files, district, parcels, pack = sources
    assert onemap("new", location, "--crs", "EPSG:4547", "--district", district).code == 0
    hashes = []
    for code, kind in (("ZONE", "polygon"), ("ROAD", "line"), ("WELL", "point")):
        define = f"name={code},department=land,library=base,kind=vector,geometry={kind},key=KEY"
        for day in ["2026-01-01", "2026-02-01"][: 2 if twice else 1]:
            arguments = ("--as", code, "--define", define, "--valid-from", day, "--covers", "district")
            answer = onemap("add", location, files[code], *arguments).done()
            hashes.append((answer.json["table"], answer.json["hash"], answer.json["coverage_m2"]))
    answer = onemap("check", location, parcels, "--pack", pack).done()
    return hashes, answer.json


def tables(location, run):
    with open_library(str(location)) as library:
        return {name: [(row.content, row.wkb) for row in stored_rows(library, run, name)] for name in (*KEPT, GIVEN)}


@pytest.mark.slow
def test_versions_runs_and_explanations_are_equal_in_a_file_and_on_a_server(desk, sources, postgis, onemap, tmp_path):
    url = f"{postgis.database().url}&schema=both"
    path = tmp_path / "both.gpkg"
    (in_file, first), (on_server, second) = (fill_library(onemap, place, sources, twice=True) for place in (path, url))
    assert in_file == on_server
    assert first["verdicts"] == second["verdicts"]
    assert sum(first["verdicts"].values()) == 9
    found, again = tables(path, first["run"]["id"]), tables(url, second["run"]["id"])
    assert {name: len(rows) for name, rows in found.items()}["overlaps"] > 5
    for name in found:
        assert found[name] == again[name], name
    for verb in ("layers", "verify"):
        answers = [onemap(verb, place).json for place in (path, url)]
        for answer in answers:
            for layer in answer.get("layers", ()):
                for version in layer["versions"]:
                    version.pop("recorded_at")
        own = {"name": "", "account": None}  # who has logged in, in a file nobody
        assert answers[0] | own == answers[1] | own
    steps = [
        onemap("explain", place, run["run"]["id"], "p1", "zone").json["steps"][1:]
        for place, run in ((path, first), (url, second))
    ]
    assert steps[0][0:] == steps[1][0:]


@pytest.mark.slow
def test_a_run_is_repeated_on_the_other_store_without_a_difference(desk, sources, postgis, onemap, tmp_path):
    path, url = tmp_path / "first.gpkg", f"{postgis.database().url}&schema=second"
    _, answer = fill_library(onemap, path, sources, twice=False)
    assert onemap("copy", path, url).code == 0
    run = answer["run"]["id"]
    assert onemap("verify", url, "--run", run).json == {"ok": True, "problems": []}
    later = (date.today() + timedelta(days=1)).isoformat()
    changed = onemap("check", url, sources[2], "--pack", sources[3], "--against", run, "--as-of", later)
    assert (changed.code, changed.json["changed"]) == (0, [])
    assert tables(path, run) == tables(url, run)


@pytest.mark.slow
def test_runs_against_an_earlier_one_are_equal_in_a_file_and_on_a_server(desk, sources, postgis, onemap, tmp_path):
    path, url = tmp_path / "refer.gpkg", f"{postgis.database().url}&schema=refer"
    parcels, runs = sources[2], []
    for location in (path, url):
        _, answer = fill_library(onemap, location, (*sources[:2], parcels, sources[3]), twice=False)
        runs.append(answer["run"]["id"])
    moved = {f"p{n}": shapely.Point(at(150 * n, 95 * n)).buffer(71.7 if n != 4 else 60, quad_segs=3) for n in range(9)}
    parcels = desk.parcels(moved)
    for location, first in zip((path, url), tuple(runs), strict=True):
        answer = onemap("check", location, parcels, "--pack", sources[3], "--against", first)
        assert (answer.code, answer.json["run"]["computed"]) == (0, len(RULES))
        runs.append(answer.json["run"]["id"])
    assert tables(path, runs[2]) == tables(url, runs[3])
    assert onemap("verify", url, "--run", runs[3]).json == {"ok": True, "problems": []}
