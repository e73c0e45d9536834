"""PostGIS tables as sources: read in one snapshot, and messages never contain a password."""

from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.proof_beside import Provers
from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.sources import postgis
from onemap.layers.sources.postgis import open_database

PLAN = """
CREATE SCHEMA gh;
CREATE TABLE gh."永久基本农田" (id integer PRIMARY KEY, "BSM" text, dlbm character(6), mj numeric(15,2), sl bigint,
  rq date, ok boolean, mark geometry(Point, 4547), geom geometry(Polygon, 4547));
INSERT INTO gh."永久基本农田" VALUES
 (2, 'B', '0102', 100.50, 9007199254740993, '2026-01-02', false, NULL,
  ST_MakeEnvelope(500200,4000000,500300,4000100,4547)),
 (1, 'A', '0101', NULL, NULL, NULL, NULL, NULL, ST_MakeEnvelope(500000,4000000,500100,4000100,4547));
CREATE TABLE plain (id integer);
CREATE TABLE arcs (geom geometry);
INSERT INTO arcs VALUES (ST_SetSRID('CURVEPOLYGON(CIRCULARSTRING(499000 4000000, 500000 4001000, 501000 4000000,
 500000 3999000, 499000 4000000))'::geometry, 4547));
CREATE TABLE mixed (geom geometry);
INSERT INTO mixed VALUES (ST_SetSRID(ST_MakePoint(1, 2), 4547)), (ST_SetSRID(ST_MakePoint(1, 2), 4490));
CREATE TABLE bare (geom geometry);
INSERT INTO bare VALUES (ST_MakeEnvelope(500000,4000000,500100,4000100)), (NULL);
CREATE TABLE nothing (geom geometry(Polygon, 4547));
"""


@pytest.fixture
def database(postgis):
    made = postgis.database()
    made.run(PLAN)
    return made


def test_tables_are_layers_and_a_table_is_read_as_it_stands(onemap, shelf, database):
    layers = {layer["name"]: layer for layer in onemap("inspect", database.url).json["layers"]}
    assert {name: layer["count"] for name, layer in layers.items()} == {
        "gh.永久基本农田.mark": 2,
        "gh.永久基本农田.geom": 2,
        "public.arcs": 1,
        "public.bare": 2,
        "public.mixed": None,
        "public.nothing": 0,
    }
    assert [p["code"] for p in layers["public.mixed"]["problems"]] == ["postgis.several_systems"]
    layer = layers["gh.永久基本农田.geom"]
    assert (layer["crs"]["code"], layer["geometry"], layer["encoding"]) == ("EPSG:4547", "Polygon", "utf-8")
    assert shelf.add(database.url).codes == ["source.layer_needed"]
    answer = shelf.add(database.url, layer="gh.永久基本农田.geom", key="BSM")
    assert (answer.code, answer.json["features"]) == (0, 2)
    rows = shelf.rows('SELECT "BSM", dlbm, mj, sl, rq, ok FROM "T__1" ORDER BY fid')
    assert rows == [("A", "0101", None, None, None, None), ("B", "0102", 100.5, 9007199254740993, "2026-01-02", 0)]
    assert [shape.bounds[0] for shape in shelf.geometries()] == [500000, 500200]


@pytest.mark.slow
def test_a_table_is_named_in_the_address(shelf, database):
    for label, table in enumerate(("public.arcs", "arcs", '"public"."arcs"')):
        answer = shelf.add(f"{database.url}&table={table}", label=label)
        assert [p["code"] for p in answer.json["problems"]] == ["geometry.stroked"]
    area = shelf.geometries()[0].area
    assert 3_141_592 - 70 < area < 3_141_593
    assert shelf.add(f"{database.url}&table=missing").codes == ["source.layer_unknown"]
    assert shelf.add(f"{database.url}&table=plain").codes == ["source.empty"]  # a table without geometry, by its name
    assert shelf.add(f"{database.url}&table=nothing").codes == ["source.empty"]
    assert shelf.add(f"{database.url}&table=bare").codes == ["crs.missing", "geometry.null"]


def test_of_many_polygons_no_geometry_is_made(database, monkeypatch):
    bow = "ST_GeomFromText('POLYGON((0 0, 9 9, 9 0, 0 9, 0 0))', 4547)"
    squares = "SELECT n, ST_MakeEnvelope(n, 0, n + 1, 1, 4547) FROM generate_series(1, 20) n"
    database.run(
        f"CREATE TABLE many (id integer PRIMARY KEY, geom geometry(Polygon, 4547)); INSERT INTO many {squares}"
    )
    database.run(f"INSERT INTO many VALUES (0, {bow})")

    def read(provers):
        with postgis.open_database(f"{database.url}&table=many") as opened:
            return opened.read(*opened.tables(), provers)

    monkeypatch.setattr(postgis, "WORTH_ROWS", 20)
    plain, proved = read(Provers()), read(Provers(1))
    assert isinstance(proved.shapes, ShapeColumn) and isinstance(plain.shapes, np.ndarray)
    assert shapely.to_wkb(proved.geometries).tolist() == shapely.to_wkb(plain.geometries).tolist()
    assert proved.valid.tolist() == [False, *[True] * 20] and proved.source_hash == plain.source_hash


def test_the_same_rows_have_the_same_hash_and_others_another(shelf, database):
    hashes = []
    for label in range(3):
        if label == 2:
            database.run("UPDATE gh.\"永久基本农田\" SET dlbm = '0103' WHERE id = 1")
        source = f"{database.url}&table=gh.永久基本农田.geom"
        assert shelf.add(source, label=label).code == 0
        hashes.append(shelf.rows("SELECT source_hash FROM onemap_versions ORDER BY rowid DESC")[0][0])
    assert hashes[0] == hashes[1] != hashes[2]


def test_values_that_python_has_no_type_for_come_as_the_server_writes_them(shelf, database):
    box = "ST_MakeEnvelope(500000,4000000,500100,4000100,4547)"
    database.run(
        f"""CREATE TABLE odd (id integer PRIMARY KEY, geom geometry(Polygon, 4547), valid_to date, seen timestamptz,
          opens time, term interval, facts jsonb, number numeric(30), years int4range);
        INSERT INTO odd VALUES
          (1, {box}, '2026-01-02', '2026-01-02 03:04:05Z', '10:30', '1 month', '{{"a": [1]}}', 7, '[1,5)'),
          (2, {box}, 'infinity', '-infinity', '24:00', '36 hours', '[1, null]',
           123456789012345678901234567890, 'empty'),
          (3, {box}, '0044-03-15 BC', '12026-01-01 00:00Z', NULL, NULL, 'null', -9223372036854775808, NULL)"""
    )
    assert shelf.add(f"{database.url}&table=odd").code == 0
    rows = shelf.rows('SELECT valid_to, opens, term, facts, number, years FROM "T__1" ORDER BY fid')
    assert rows == [
        ("2026-01-02", "10:30:00", "1 mon", '{"a": [1]}', "7", "[1,5)"),
        ("infinity", "24:00:00", "36:00:00", "[1, null]", "123456789012345678901234567890", "empty"),
        ("0044-03-15 BC", None, None, "null", "-9223372036854775808", None),
    ]
    moments = [row[0] for row in shelf.rows('SELECT seen FROM "T__1" ORDER BY fid')]
    assert moments[0].startswith("2026-01-0") and moments[1] == "-infinity" and moments[2].startswith("12026-01-01")


def test_moments_and_lists_read_as_those_of_files(shelf, database, layer_file, box):
    frame = {
        "at": pd.to_datetime(["2026-01-02", "2026-01-02 03:04:05.678"], format="ISO8601"),
        "n": np.float32([0.1, 1.1]),
    }
    shelf.add(layer_file("a.gpkg", [box(0, 0), box(200, 0)], frame)).done()
    moments = [("2026-01-02", 0.1), ("2026-01-02T03:04:05.678", 1.1)]
    assert shelf.rows('SELECT "at", n FROM "T__1" ORDER BY fid') == moments
    boxes = [f"ST_MakeEnvelope({left},4000000,{left + 100},4000100,4547)" for left in (500000, 500200)]
    database.run(
        f"""CREATE TABLE listed (id integer PRIMARY KEY, at timestamp, n real, zoned timestamptz, truths boolean[],
          texts text[], numbers numeric[], geom geometry(Polygon, 4547));
        INSERT INTO listed VALUES
          (1, '2026-01-02', 0.1, '2026-01-02 08:00:00.000001+08', '{{t,f}}', '{{a,NULL}}', '{{1.50,2}}', {boxes[0]}),
          (2, '2026-01-02 03:04:05.678', 1.1, NULL, '{{}}', NULL, '{{{{1,2}},{{3,4}}}}', {boxes[1]})"""
    )
    shelf.add(f"{database.url}&table=listed", label="2").done()
    assert shelf.rows('SELECT "at", n FROM "T__2" ORDER BY fid') == moments
    assert shelf.rows('SELECT zoned, truths, texts, numbers FROM "T__2" ORDER BY fid') == [
        ("2026-01-02T00:00:00.000001+00:00", "1, 0", "a, ", "1.5, 2"),
        (None, "", None, "1, 2, 3, 4"),
    ]


def test_postgis_is_found_in_any_schema_and_without_it_a_named_table_is_read(shelf, onemap, database):
    for name in ("elsewhere", "without"):
        database.run(f"CREATE DATABASE {name} TEMPLATE template0")
    elsewhere, without = (replace(database, name=name) for name in ("elsewhere", "without"))
    elsewhere.run("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis")
    elsewhere.run("ALTER DATABASE elsewhere SET search_path = nowhere")
    elsewhere.run(
        "CREATE TABLE public.plots AS SELECT 1 AS id,"
        " gis.ST_SetSRID(gis.ST_MakePoint(500000, 4000000), 4547)::gis.geometry(Point, 4547) AS geom"
    )
    assert [layer["name"] for layer in onemap("inspect", elsewhere.url).json["layers"]] == ["public.plots"]
    assert shelf.add(f"{elsewhere.url}&table=plots", geometry="point").code == 0
    without.run("CREATE TABLE people AS SELECT 'A' AS unit, 12 AS people")
    assert onemap("inspect", without.url).codes == ["postgis.lacking"]
    (people,) = onemap("inspect", f"{without.url}&table=people").json["layers"]
    assert (people["count"], people["geometry"]) == (1, None)


def test_no_habit_of_a_server_changes_what_is_read(shelf, database):
    database.run(
        'ALTER TABLE gh."永久基本农田" ADD COLUMN v double precision, ADD COLUMN d interval, ADD COLUMN b bytea'
    )
    database.run("UPDATE gh.\"永久基本农田\" SET v = 0.1::float8 + 0.2, d = '1 day 2 hours', b = '\\x00ff'")
    source = f"{database.url}&table=gh.永久基本农田.geom"
    hashes = []
    for label in range(2):
        shelf.add(source, label=label).done()
        hashes.append(shelf.rows("SELECT source_hash FROM onemap_versions ORDER BY rowid DESC")[0][0])
        database.take_habits()
    assert hashes[0] == hashes[1]
    assert shelf.rows('SELECT rq, v FROM "T__1" ORDER BY fid') == [(None, 0.1 + 0.2), ("2026-01-02", 0.1 + 0.2)]


def test_a_service_is_an_address_too(shelf, database, tmp_path, monkeypatch):
    services = tmp_path / "services.conf"
    services.write_text(f"[plans]\nhost={database.folder}\nuser=onemap\ndbname={database.name}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    for label, source in enumerate(("service=plans table=public.arcs", "service=plans?table=public.arcs")):
        assert shelf.add(source, label=label).json["features"] == 1


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql://reader:hush-hush@127.0.0.1:1/city?table=public.a", "postgis.unreachable"),
        ("postgresql://reader:hush-hush@127.0.0.1:1", "postgis.unreachable"),
        ("postgresql://127.0.0.1:1/city?user=reader&password=hush-hush", "postgis.unreachable"),
        ("postgresql://reader:hush-hush@127.0.0.1:no/city?wrong=1", "postgis.address"),
        ("postgresql://[hush-hush", "postgis.address"),
        ("service=absent password=hush-hush", "postgis.unreachable"),
    ],
)
def test_a_password_is_never_repeated(onemap, address, code):
    answer = onemap("inspect", address)
    assert answer.codes == [code]
    assert "hush" not in str(answer.json) + answer.stderr


def test_a_table_without_the_right_to_read_is_not_offered(onemap, database):
    # Roles are the whole server's, which other tests use too.
    database.run(
        "CREATE ROLE arc_reader LOGIN; GRANT USAGE ON SCHEMA gh TO arc_reader; "
        "GRANT SELECT ON public.arcs TO arc_reader"
    )
    url = database.url.replace("user=onemap", "user=arc_reader")
    assert [layer["name"] for layer in onemap("inspect", url).json["layers"]] == ["public.arcs"]


def test_a_schema_that_may_not_be_used_hides_no_other(onemap, database):
    database.run("CREATE ROLE table_reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA gh, public TO table_reader")
    url = database.url.replace("user=onemap", "user=table_reader")
    names = [layer["name"] for layer in onemap("inspect", url).done().json["layers"]]
    assert names == ["public.arcs", "public.bare", "public.mixed", "public.nothing"]
    assert onemap("inspect", f"{url}&table=gh.永久基本农田").codes == ["postgis.refused"]


def test_a_table_of_several_geometries_is_asked_for_by_column(shelf, database):
    box = "ST_MakeEnvelope({0},4000000,{0}+100,4000100,4547)"
    columns = "old geometry(Polygon, 4547), new geometry(Polygon, 4547)"
    values = f"{box.format(500000)}, {box.format(500200)}"
    database.run(f"CREATE TABLE moved ({columns}); INSERT INTO moved VALUES ({values})")
    refused = shelf.add(f"{database.url}&table=moved")
    assert refused.codes == ["source.layer_needed"]
    assert "public.moved.old, public.moved.new" in refused.json["problems"][0]["message"]
    for label, (column, left) in enumerate((("old", 500000), ("new", 500200)), start=1):
        shelf.add(f"{database.url}&table=moved.{column}", label=label).done()
        assert shelf.geometries(f"T__{label}")[0].bounds[0] == left


@pytest.mark.parametrize("name", ['gh.规划 "一" %v1.2', '规划 "一" %v1.2', '"gh"."规划 ""一"" %v1.2"'])
def test_a_table_may_be_called_anything(onemap, database, name):
    database.run('CREATE TABLE gh."规划 ""一"" %v1.2" ("名""%" text, geom geometry(Point, 4547))')
    (layer,) = onemap("inspect", f"{database.url}&table={quote(name)}").done().json["layers"]
    assert (layer["name"], [field["name"] for field in layer["fields"]]) == ('gh.规划 "一" %v1.2', ['名"%'])


def test_a_materialized_view_without_geometry_is_read_by_its_name(onemap, database):
    database.run("CREATE MATERIALIZED VIEW gh.people AS SELECT 'A' AS unit, 12 AS people")
    (people,) = onemap("inspect", f"{database.url}&table=gh.people").done().json["layers"]
    assert (people["count"], people["geometry"]) == (1, None)


def test_geography_is_read_as_geometry(shelf, database):
    database.run(
        "CREATE TABLE globe AS SELECT ST_Transform(ST_MakeEnvelope(500000,4000000,500100,4000100,4547),4490)::geography"
        "(Polygon, 4490) AS place"
    )
    shelf.add(f"{database.url}&table=globe").done()
    assert shelf.geometries()[0].area == pytest.approx(10_000, abs=0.01)


def test_a_domain_over_geometry_is_read_as_geometry(shelf, onemap, database):
    """Also one over a domain; the system that it declares is that of a table without rows."""
    database.run(
        "CREATE DOMAIN ground AS geometry(Polygon, 4547); CREATE DOMAIN plot AS ground CHECK (NOT ST_IsEmpty(VALUE));"
        "CREATE TABLE plots (id int PRIMARY KEY, place plot);"
        "CREATE TABLE no_plots AS SELECT * FROM plots;"
        "INSERT INTO plots VALUES (1, ST_MakeEnvelope(500000,4000000,500100,4000100,4547))"
    )
    (bare,) = onemap("inspect", f"{database.url}&table=no_plots").json["layers"]
    assert (bare["count"], bare["crs"]["code"], [one["name"] for one in bare["fields"]]) == (0, "EPSG:4547", ["id"])
    shelf.add(f"{database.url}&table=plots").done()
    assert shelf.geometries()[0].area == pytest.approx(10_000)


def test_surfaces_are_read_and_heights_and_measures_are_told(shelf, onemap, database):
    corners = "500000 4000000{0}, 500100 4000000{0}, 500000 4000100{0}, 500000 4000000{0}"
    triangle = f"(({corners.format(' 5')}))"
    texts = [f"TRIANGLE Z {triangle}", f"TIN Z ({triangle})", f"POLYHEDRALSURFACE Z ({triangle})"]
    texts.append(f"POLYGON ZM (({corners.format(' 5 6')}))")
    values = ", ".join(f"('SRID=4547;{text}')" for text in texts)
    database.run(f"CREATE TABLE faces (geom geometry); INSERT INTO faces VALUES {values}")
    answer = shelf.add(f"{database.url}&table=faces").done()
    assert answer.codes[:3] == ["geometry.z_dropped", "geometry.m_dropped", "geometry.surfaces"]
    assert answer.json["problems"][2]["message"].startswith("3 features are surfaces")
    assert [shape.area for shape in shelf.geometries()] == [5000] * 4
    database.run("CREATE TABLE round AS SELECT 'SRID=4547;CIRCULARSTRING Z (0 0 5, 1 1 5, 2 0 5)'::geometry AS geom")
    (layer,) = onemap("inspect", f"{database.url}&table=round").json["layers"]
    assert [problem["code"] for problem in layer["problems"]] == ["geometry.z_dropped", "geometry.stroked"]


def test_lost_text_is_refused_in_a_key(shelf, database):
    database.run("""UPDATE gh."永久基本农田" SET "BSM" = 'A' || U&'\\FFFD' WHERE id = 1""")
    source = f"{database.url}&table=gh.永久基本农田.geom"
    assert shelf.add(source, key="BSM").codes == ["encoding.replaced"]


def test_an_empty_column_keeps_its_declared_system(shelf, database):
    database.run("INSERT INTO nothing VALUES (NULL)")
    assert shelf.add(f"{database.url}&table=nothing").codes == ["geometry.null"]


def test_a_source_is_only_read(database):
    with pytest.raises(OneMapError) as refusal, open_database(database.url) as opened:
        opened.connection.execute("DELETE FROM arcs")
    assert refusal.value.code == "postgis.refused"
    with psycopg.connect(database.url) as connection:
        assert shapely.from_wkb(connection.execute("SELECT geom FROM bare LIMIT 1").fetchone()[0]).area == 10_000
        assert connection.execute("SELECT count(*) FROM arcs").fetchone() == (1,)
