"""PostGIS on the benchmark's county: the checks that SQL can express, each timed separately.

Loading with indexes is timed separately. On a clean county both programs must count zero.
"""

import time
from pathlib import Path

import pyogrio

from onemap.tests.bench.benchmark_programs import SERVER_SETTINGS
from onemap.tests.postgis_server import Database, private_server

SETTINGS = {**SERVER_SETTINGS, "work_mem": "128MB", "max_wal_size": "4GB"}
COLUMNS = {"DLTB": "tbmj", "XZQ": "xzqdm", "YJJBNT": "xzqdm"}
QUESTIONS = {
    "overlap DLTB": "SELECT count(*) FROM dltb a JOIN dltb b ON a.ctid < b.ctid AND a.geom && b.geom "
    "AND ST_Relate(a.geom, b.geom, '2********')",
    "gap DLTB in XZQ": "WITH filled AS (SELECT t.xzqdm, t.geom, ST_Union(d.geom) AS ground FROM xzq t JOIN dltb d "
    "ON t.geom && d.geom AND ST_Contains(t.geom, ST_PointOnSurface(d.geom)) GROUP BY 1, 2) "
    "SELECT count(*) FROM filled WHERE ST_Area(ST_Difference(geom, ground)) > 0.01",
    "duplicate DLTB": "SELECT count(*) FROM (SELECT 1 FROM dltb GROUP BY ST_AsBinary(ST_Normalize(geom)) "
    "HAVING count(*) > 1) same",
    "small DLTB": "SELECT count(*) FROM dltb WHERE ST_Area(geom) < 200",
    "stated_area DLTB": "SELECT count(*) FROM dltb WHERE "
    "abs(ST_Area(ST_Transform(geom, 4490)::geography) - tbmj::float) > greatest(1, tbmj::float / 1000)",
    "inside DLTB in XZQ": "SELECT count(*) FROM dltb d WHERE NOT EXISTS (SELECT 1 FROM xzq t "
    "WHERE t.geom && d.geom AND ST_Covers(t.geom, d.geom))",
    "overlap YJJBNT": "SELECT count(*) FROM yjjbnt a JOIN yjjbnt b ON a.ctid < b.ctid AND a.geom && b.geom "
    "AND ST_Relate(a.geom, b.geom, '2********')",
    "inside YJJBNT in DLTB": "SELECT count(*) FROM yjjbnt f WHERE NOT EXISTS (SELECT 1 FROM dltb d "
    "WHERE d.geom && f.geom AND ST_Covers(d.geom, f.geom))",
    "valid DLTB": "SELECT count(*) FROM dltb WHERE NOT ST_IsValid(geom)",
}


def print_postgis(path: Path) -> None:
    """Load the county into a server of its own, ask, print seconds by the clock. Raises postgis_server.Absent."""
    with private_server(SETTINGS) as server:
        database = server.database()
        began = time.perf_counter()
        for code, column in COLUMNS.items():
            _load(database, path, code, column)
        print(f"PostGIS: loaded in {time.perf_counter() - began:.0f} s by the clock")
        whole = time.perf_counter()
        for name, sql in QUESTIONS.items():
            began = time.perf_counter()
            found = database.run(sql).splitlines()[-1]
            print(f"  {name:32} {found:>9} {time.perf_counter() - began:>8.1f} s")
        print(f"PostGIS: asked in {time.perf_counter() - whole:.0f} s by the clock")


def _load(database: Database, path: Path, code: str, column: str) -> None:
    frame = pyogrio.read_dataframe(path, layer=code, columns=[column.upper()])
    srid = frame.crs.to_epsg()
    database.load(code.lower(), frame.geometry.to_numpy(), srid, **{column: frame[column.upper()].tolist()})
