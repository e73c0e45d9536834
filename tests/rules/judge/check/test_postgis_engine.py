"""A second engine on the same data: PostGIS, with its own GEOS, measures in SQL the values in a run's tables.

The SQL works differently from the rules: it unites a layer first and cuts afterwards, without pieces, trees or threads.
Parcels and layers are read from the library and the sources, never from the run.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from onemap.tests.postgis_server import Database
from onemap.tests.rules.command import done

CAMBRIDGE = Path(__file__).resolve().parents[5] / "shared" / "data" / "cambridge"
SETBACK_M = 25.0
BY_CLASS = {"高速公路": 30.0, "国道": 20.0, "省道": 15.0, "县道": 10.0}
ELSE_M, HALF_WIDTH_M = 5.0, 6.5
RELATIVE, ABSOLUTE_M2 = 1e-6, 1e-3


@dataclass(frozen=True)
class Judgement:
    """A check's findings, and a database with its parcels `parcels`, its layers, and their coverage `coverage`."""

    findings: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame
    database: Database

    def found_values(self, rule: str, unknown: bool = False, column: str = "area_m2") -> dict[str, float]:
        """Parcel → what the tool found."""
        rows = self.findings
        rows = rows[(rows.rule == rule) & ((rows.verdict == "unknown") == unknown)]
        return dict(zip(rows.parcel, rows[column], strict=True))

    def measured_values(self, sql: str) -> dict[str, float]:
        """The values that the database measures, by parcel, if any. `sql` selects id and m2."""
        rows = self.database.rows(f"SELECT id, m2 FROM ({sql}) AS answer WHERE m2 > 1e-6")
        return {row["id"]: float(row["m2"]) for row in rows}


def assert_equal(found: dict[Any, float], measured: dict[Any, float], least: int) -> None:
    """The areas are equal except for arithmetic, and enough of them to make the comparison meaningful."""
    parcels = sorted(found.keys() | measured.keys())
    pairs = np.array([(found.get(parcel, 0.0), measured.get(parcel, 0.0)) for parcel in parcels])
    wrong = np.abs(pairs[:, 0] - pairs[:, 1]) > RELATIVE * pairs[:, 1] + ABSOLUTE_M2
    assert not wrong.any(), [(parcels[n], *pairs[n]) for n in np.flatnonzero(wrong)[:5]]
    assert min(len(found), len(measured)) >= least


def pack(folder: Path, rules: Iterable[tuple[str, str, str, str]]) -> Path:
    """A pack of rules: id, kind, layer, and what else the kind needs."""
    text = '[pack]\nid = "p"\nversion = "1"\n'
    for name, kind, layer, more in rules:
        text += f'[[rule]]\nid = "{name}"\nkind = "{kind}"\nlayer = "{layer}"\n{more}\ndepartment = "land"\n'
        text += 'verdict = "notice"\ntitle = { en = "t" }\nbasis = [{ law = "l" }]\n'
    path = folder / "pack.toml"
    path.write_text(text, encoding="utf-8")
    return path


def judgement_of(out: Path, database: Database) -> Judgement:
    return Judgement(gpd.read_file(out, layer="findings"), gpd.read_file(out, layer="overlaps"), database)


@pytest.fixture(scope="module")
def cambridge(postgis, tmp_path_factory) -> Judgement:
    """1,000 parcels of Cambridge against its zoning and its flood plain, of which a part is not known."""
    if not CAMBRIDGE.is_dir():
        pytest.skip("the real parcels of Cambridge do not lie beside the project")
    folder = tmp_path_factory.mktemp("cambridge")
    source = CAMBRIDGE / "transplant_epsg4547.gpkg"
    frame = gpd.read_file(source, layer="parcels_2014")
    frame = frame[frame.is_valid & ~frame.is_empty].iloc[::13].head(1000)
    assert len(frame) == 1000
    parcels, coverage, library = (folder / f"{name}.gpkg" for name in ("parcels", "coverage", "library"))
    frame.to_file(parcels)
    # A slanted quadrilateral, so that the edge of the known ground runs through parcels, and has no arcs inside.
    west, south, east, north = frame.total_bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    known = shapely.affinity.rotate(shapely.box(west + 900, south + 700, east - 900, north - 700), 12, origin=middle)
    gpd.GeoDataFrame(geometry=[known], crs="EPSG:4547").to_file(coverage)
    done("new", library, "--crs", "EPSG:4547")
    database = postgis.database()
    database.load("parcels", frame.geometry.to_numpy(), 0, id=frame["src_row"])
    database.load("coverage", [known], 0)
    for name in ("zoning", "flood500"):
        define = f"name={name},department=planning,library=department,kind=vector,geometry=polygon,key=src_row"
        layer = ("--layer", name, "--as", name.upper(), "--define", define, "--covers", coverage)
        done("add", library, source, *layer)
        stored = gpd.read_file(library, layer=f"{name.upper()}__1")
        database.load(name, stored.geometry.to_numpy(), 0, feature=stored["src_row"])
    rules = [
        ("avoid zoning", "avoid", "ZONING", ""),
        ("avoid flood500", "avoid", "FLOOD500", ""),
        ("within zoning", "within", "ZONING", ""),
        ("within flood500", "within", "FLOOD500", ""),
        ("setback flood500", "setback", "FLOOD500", f"distance_m = {SETBACK_M}"),
    ]
    out = folder / "out.gpkg"
    done("check", library, parcels, "--id", "src_row", "--pack", pack(folder, rules), "--out", out)
    return judgement_of(out, database)


UNITED = "(SELECT coalesce(ST_Union(geom), 'POLYGON EMPTY') AS geom FROM {} AS f WHERE ST_DWithin(f.geom, p.geom, {}))"


def over_united(layer: str, expression: str, reach_m: float = 0.0) -> str:
    """SQL: per parcel p, the area of an expression of p, the coverage c and the united features f near p."""
    near = UNITED.format(layer, reach_m)
    return f"SELECT p.id, ST_Area({expression}) AS m2 FROM parcels p CROSS JOIN coverage c CROSS JOIN LATERAL {near} f"


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "least"), [("zoning", 990), ("flood500", 40)])
def test_conflicts_of_avoid_are_those_of_the_second_engine(cambridge, layer, least):
    measured = cambridge.measured_values(over_united(layer, "ST_Intersection(p.geom, f.geom)"))
    assert_equal(cambridge.found_values(f"avoid {layer}"), measured, least)


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "least"), [("zoning", 1), ("flood500", 100)])
def test_what_avoid_cannot_judge_is_the_ground_without_coverage_and_feature(cambridge, layer, least):
    expression = "ST_Difference(ST_Difference(p.geom, c.geom), f.geom)"
    measured = cambridge.measured_values(over_united(layer, expression))
    assert_equal(cambridge.found_values(f"avoid {layer}", unknown=True), measured, least)


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "least"), [("zoning", 1), ("flood500", 500)])
def test_conflicts_of_within_are_those_of_the_second_engine(cambridge, layer, least):
    expression = "ST_Difference(ST_Intersection(p.geom, c.geom), f.geom)"
    assert_equal(
        cambridge.found_values(f"within {layer}"), cambridge.measured_values(over_united(layer, expression)), least
    )
    beyond = cambridge.measured_values(over_united(layer, "ST_Difference(p.geom, c.geom)"))
    assert_equal(cambridge.found_values(f"within {layer}", unknown=True), beyond, 100)


def conflict_with_grown(judgement: Judgement, layer: str, distance: str) -> str:
    """SQL: per parcel p its ground on the features of a layer, each grown by its own distance, as `geom`."""
    judgement.database.run(
        f"CREATE TABLE {layer}_grown AS SELECT ST_Buffer(geom, {distance}, 'quad_segs=64') AS geom FROM {layer}; "
        f"CREATE INDEX ON {layer}_grown USING gist (geom)"
    )
    return (
        "SELECT p.id, ST_Union(ST_Intersection(p.geom, g.geom)) AS geom "
        f"FROM parcels p JOIN {layer}_grown g ON ST_Intersects(p.geom, g.geom) GROUP BY p.id"
    )


def test_conflicts_of_setback_are_those_of_the_second_engine(cambridge):
    conflict = conflict_with_grown(cambridge, "flood500", str(SETBACK_M))
    hit = cambridge.measured_values(f"SELECT id, ST_Area(geom) AS m2 FROM ({conflict}) AS hit")
    assert_equal(cambridge.found_values("setback flood500"), hit, 40)
    # The coverage is convex, so what lies deeper in it than the distance is the coverage grown inwards.
    unknown = cambridge.measured_values(
        f"WITH hit AS ({conflict}), deep AS (SELECT ST_Buffer(geom, -{SETBACK_M}) AS geom FROM coverage) "
        "SELECT p.id, ST_Area(ST_Difference(ST_Difference(p.geom, deep.geom), "
        "coalesce(hit.geom, 'POLYGON EMPTY'))) AS m2 FROM parcels p CROSS JOIN deep LEFT JOIN hit USING (id)"
    )
    assert_equal(cambridge.found_values("setback flood500", unknown=True), unknown, 100)


@pytest.mark.slow
def test_least_distances_are_those_of_the_second_engine(cambridge):
    found = cambridge.found_values("setback flood500", column="distance_m")
    rows = cambridge.database.rows(
        "SELECT id, min(ST_Distance(p.geom, f.geom)) AS m FROM parcels p "
        f"JOIN flood500 f ON ST_DWithin(p.geom, f.geom, {SETBACK_M}) GROUP BY id"
    )
    measured = {row["id"]: float(row["m"]) for row in rows}
    assert len(found) >= 40 and set(found) == set(measured)
    assert max(abs(found[parcel] - measured[parcel]) for parcel in found) < 1e-6


@pytest.mark.parametrize(("layer", "least"), [("zoning", 1100), ("flood500", 40)])
def test_single_pieces_are_those_of_the_second_engine(cambridge, layer, least):
    rows = cambridge.overlaps[cambridge.overlaps.rule == f"avoid {layer}"]
    pieces_found = dict(zip(zip(rows.parcel, rows.feature, strict=True), rows.area_m2, strict=True))
    found = cambridge.database.rows(
        f"SELECT id, feature, ST_Area(ST_Intersection(p.geom, f.geom)) AS m2 FROM parcels p "
        f"JOIN {layer} f ON ST_Intersects(p.geom, f.geom)"
    )
    measured = {(row["id"], row["feature"]): float(row["m2"]) for row in found if float(row["m2"]) > 1e-6}
    assert_equal(pieces_found, measured, least)
    assert set(pieces_found) == set(measured), "not one pair more or less"


@pytest.fixture(scope="module")
def city(sample_city, postgis, tmp_path_factory) -> Judgement:
    """The sample city's parcels, its farmland, its urban boundary and its roads by class."""
    folder, made = sample_city, tmp_path_factory.mktemp("city")
    entries = json.loads((folder / "layers.json").read_text(encoding="utf-8"))
    district, parcels = (folder / f"{name}.gpkg" for name in ("district", "parcels"))
    library, out = (made / f"{name}.gpkg" for name in ("library", "out"))
    done("new", library, "--crs", "EPSG:4547", "--district", district)
    database = postgis.database()
    frame = gpd.read_file(parcels)
    database.load("parcels", frame.geometry.to_numpy(), 0, id=frame["DKBH"])
    database.load("coverage", gpd.read_file(district).geometry.to_numpy(), 0)
    for entry in entries:
        if entry["code"] not in ("YJJBNTTB", "CZKFBJ", "GL"):
            continue
        options = dict(entry["options"])
        fields = ",".join(f"{target}={source}" for target, source in options.pop("fields", {}).items())
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        given += [f"--fields={fields}"] if fields else []
        done("add", library, folder / entry["file"], "--as", entry["code"], *given)
        stored = gpd.read_file(library, layer=f"{entry['code']}__1")
        columns = {"class": stored["GLDJ"]} if entry["code"] == "GL" else {}
        database.load(entry["code"].lower(), stored.geometry.to_numpy(), 0, **columns)
    values = ", ".join(f'"{name}" = {metres}' for name, metres in BY_CLASS.items())
    distance = f'distance_m = {{ field = "GLDJ", values = {{ {values} }}, default = {ELSE_M} }}'
    rules = [
        ("avoid", "avoid", "YJJBNTTB", ""),
        ("within", "within", "CZKFBJ", ""),
        ("setback", "setback", "GL", f"{distance}\nhalf_width_m = {HALF_WIDTH_M}"),
    ]
    done("check", library, parcels, "--as-of", "2026-06-30", "--pack", pack(made, rules), "--out", out)
    return judgement_of(out, database)


@pytest.mark.slow
def test_farmland_and_boundary_of_the_sample_city_are_those_of_the_second_engine(city):
    farmland = over_united("yjjbnttb", "ST_Intersection(p.geom, f.geom)")
    assert_equal(city.found_values("avoid"), city.measured_values(farmland), 9)
    beyond = over_united("czkfbj", "ST_Difference(ST_Intersection(p.geom, c.geom), f.geom)")
    assert_equal(city.found_values("within"), city.measured_values(beyond), 20)


@pytest.mark.slow
def test_roads_of_the_sample_city_by_class_are_those_of_the_second_engine(city):
    cases = " ".join(f"WHEN '{name}' THEN {metres}" for name, metres in BY_CLASS.items())
    distance = f"(CASE class {cases} ELSE {ELSE_M} END) + {HALF_WIDTH_M}"
    conflict = conflict_with_grown(city, "gl", distance)
    assert_equal(
        city.found_values("setback"),
        city.measured_values(f"SELECT id, ST_Area(geom) AS m2 FROM ({conflict}) AS hit"),
        10,
    )


@pytest.mark.slow
def test_unions_of_pieces_are_the_findings_of_the_sample_city(city):
    """Pieces overlap where features do; united by the second engine they are the findings' ground."""
    for rule in ("avoid", "setback"):
        pieces = city.overlaps[(city.overlaps.rule == rule) & city.overlaps.reason.isna()]
        city.database.load(f"pieces {rule}", pieces.geometry.to_numpy(), 0, id=pieces.parcel)
        united = city.measured_values(f'SELECT id, ST_Area(ST_Union(geom)) AS m2 FROM "pieces {rule}" GROUP BY id')
        assert_equal(city.found_values(rule), united, 9)
