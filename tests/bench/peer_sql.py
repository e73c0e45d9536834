"""Peers in SQL: PostGIS, DuckDB with its spatial extension, SedonaDB.

Called as: python -m onemap.tests.bench.peer_sql PEER:JOB FOLDER REPEATS; PostGIS: the server that libpq's environment
names. Loading into the engine's tables, with their indexes, is timed apart.
"""

import itertools
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from onemap.tests.bench.peer_frames import LAYERS, steep_mask
from onemap.tests.bench.timing import Work, answer_for

COMMON = "sum(ST_Area(ST_Intersection(a.geom, b.geom))) AS total"
# A parcel that lies inside is not cut: PostGIS profits of it, the others do it by themselves or lose by asking.
COVERED = (
    "sum(CASE WHEN ST_Covers(b.geom, a.geom) THEN ST_Area(a.geom) ELSE ST_Area(ST_Intersection(a.geom, b.geom)) END)"
)
MEET = "ST_Intersects(a.geom, b.geom)"
SETTINGS = ("shared_buffers", "work_mem", "maintenance_work_mem", "max_parallel_workers_per_gather")
LAND = f"SELECT {COMMON} FROM parcels a JOIN landuse b ON {MEET}"


def _frames(job: str, folder: Path, cut: bool) -> dict[str, gpd.GeoDataFrame]:
    files = {name: f"{name}_cut" if cut and name == "controls" else name for name in LAYERS[job]}
    return {name: gpd.read_parquet(folder / f"{file}.parquet") for name, file in files.items()}


def with_postgis(job: str, folder: Path, subdivided: bool = False) -> Work:
    """A private server: whole polygons, or cut by ST_Subdivide inside the timed part."""
    import psycopg

    connection = psycopg.connect("", autocommit=True)
    cursor = connection.cursor()
    for name, frame in _frames(job, folder, cut=False).items():
        _copy(cursor, name, frame)
    pieces = "ST_Subdivide({}, 128)" if subdivided else "{}"
    # What is whole in the table is asked whole; what has to be made first, or cut, becomes a table with an index.
    made = {
        "i": f"SELECT cid, {pieces.format('geom')} AS geom FROM controls" if subdivided else None,
        "iv": f"SELECT cls, {pieces.format('ST_Union(ST_Buffer(geom, dist, 8))')} AS geom FROM lines GROUP BY cls",
    }.get(job)
    by = {"i": "cid", "iv": "cls"}.get(job)
    asked = {
        "i": f"SELECT cid, {COVERED} FROM parcels a JOIN {'made' if subdivided else 'controls'} b ON {MEET} GROUP BY 1",
        "ii": LAND,
        "iii": f"SELECT {COMMON} FROM plan1 a JOIN plan2 b ON a.code1 <> b.code2 AND {MEET}",
        "iv": f"SELECT cls, {COVERED} FROM parcels a JOIN made b ON {MEET} GROUP BY 1",
    }[job]

    def work() -> list[float]:
        if made:
            cursor.execute(f"DROP TABLE IF EXISTS made; CREATE UNLOGGED TABLE made AS {made}")
            cursor.execute("CREATE INDEX ON made USING gist (geom); ANALYZE made")
        cursor.execute(asked + (" ORDER BY 1" if by else ""))
        return [row[-1] for row in cursor.fetchall()]

    work.peak_mb = lambda: _peak_of_server_mb(connection.info.backend_pid)  # type: ignore[attr-defined]
    cursor.execute("SELECT current_setting('server_version'), postgis_lib_version(), postgis_geos_version()")
    work.software = dict(zip(("PostgreSQL", "PostGIS", "GEOS"), cursor.fetchone(), strict=True))  # type: ignore[attr-defined]
    for name in SETTINGS:
        cursor.execute(f"SHOW {name}")
        work.software[name] = cursor.fetchone()[0]  # type: ignore[attr-defined]
    return work


def _copy(cursor: Any, name: str, frame: gpd.GeoDataFrame) -> None:
    columns = {column: frame[column].tolist() for column in frame.columns if column != "geometry"}
    kinds = {int: "bigint", float: "double precision", str: "text"}
    listed = ", ".join(f"{column} {kinds[type(values[0])]}" for column, values in columns.items())
    cursor.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({listed}, geom geometry)")
    bodies = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
    with cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for row in zip(*columns.values(), bodies, strict=True):
            copy.write_row(row)
    cursor.execute(f"CREATE INDEX ON {name} USING gist (geom); ANALYZE {name}")


def _peak_of_server_mb(pid: int) -> float:
    """The most that the session's process has had, without what all share; its helpers have as much again at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}
    return found["VmHWM"] - found["RssShmem"]


def connected_duckdb() -> Any:
    """DuckDB in memory with its spatial extension, on two threads."""
    import duckdb
    import duckdb_extension_spatial

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": "2"})
    home = Path(duckdb_extension_spatial.__file__).parent
    connection.execute(f"LOAD '{next(home.glob('extensions/*/spatial.duckdb_extension'))}'")
    return connection


def with_duckdb(job: str, folder: Path, cut: bool = False) -> Work:
    """Two threads; cut: fed with controls that were cut before."""
    connection = connected_duckdb()
    for name, frame in _frames(job, folder, cut).items():
        connection.register("given", _as_wkb(frame))
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * EXCLUDE (body), ST_GeomFromWKB(body) AS geom FROM given ORDER BY ordinal"
        )
        connection.unregister("given")
    asked = {
        "i": f"SELECT cid, {COMMON} FROM parcels a JOIN controls b ON {MEET} GROUP BY 1 ORDER BY 1",
        "ii": LAND,
        # With the codes in the join's condition it falls back to nested loops.
        "iii": "WITH met AS MATERIALIZED (SELECT a.geom AS g, b.geom AS h, code1, code2 FROM plan1 a JOIN plan2 b "
        f"ON {MEET}) SELECT sum(ST_Area(ST_Intersection(g, h))) FROM met WHERE code1 <> code2",
        "iv": "WITH made AS (SELECT cls, ST_Union_Agg(ST_Buffer(geom, dist, 8)) AS geom FROM lines GROUP BY 1) "
        f"SELECT cls, {COMMON} FROM parcels a JOIN made b ON {MEET} GROUP BY 1 ORDER BY 1",
    }[job]
    return lambda: [row[-1] for row in connection.execute(asked).fetchall()]


def _as_wkb(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(body=shapely.to_wkb(frame.geometry.to_numpy()), ordinal=range(len(table)))


def with_sedona(job: str, folder: Path, cut: bool = False) -> Work:
    """As many threads as there are processors for it; cut: fed with controls that were cut before."""
    import sedonadb

    session = sedonadb.connect()
    for name, frame in _frames(job, folder, cut).items():
        session.create_data_frame(frame.rename_geometry("geom")).to_memtable().to_view(name)
    asked = {
        "i": f"SELECT cid, {COMMON} FROM parcels a JOIN controls b ON {MEET} GROUP BY 1 ORDER BY 1",
        "ii": LAND,
        "iii": f"SELECT {COMMON} FROM plan1 a JOIN plan2 b ON {MEET} WHERE a.code1 <> b.code2",
    }[job]
    return lambda: list(itertools.chain(session.sql(asked).to_pandas().iloc[:, -1]))


def with_sedona_raster(_job: str, folder: Path) -> Work:
    """(v): slope by Horn in numpy, written as a tiled GeoTIFF, of which RS_ZonalStats counts whole cells."""
    import rasterio
    import sedonadb

    session = sedonadb.connect()
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    session.create_data_frame(parcels.rename_geometry("geom")).to_memtable().to_view("parcels")
    with rasterio.open(folder / "heights.tif") as grid:
        heights, transform, crs = grid.read(1).astype(float), grid.transform, grid.crs
    made = tempfile.TemporaryDirectory()
    file = Path(made.name) / "steep.tif"
    look = {"driver": "GTiff", "dtype": "float32", "nodata": math.nan, "tiled": True, "count": 1}
    place = {"height": heights.shape[0], "width": heights.shape[1], "transform": transform, "crs": crs}
    asked = f"SELECT sum(RS_ZonalStats(RS_FromPath('{file}'), geom, 1, 'mean')) AS total FROM parcels"

    def work() -> list[float]:
        with rasterio.open(file, "w", **look, **place) as steep:
            steep.write(steep_mask(heights, (transform.a, transform.e)), 1)
        return [float(session.sql(asked).to_pandas()["total"][0])]

    work.folder = made  # type: ignore[attr-defined]
    return work


PEERS: dict[str, Callable[[str, Path], Work]] = {
    "postgis": with_postgis,
    "postgis-subdivided": lambda job, folder: with_postgis(job, folder, subdivided=True),
    "duckdb": with_duckdb,
    "duckdb-cut": lambda job, folder: with_duckdb(job, folder, cut=True),
    "sedonadb": with_sedona,
    "sedonadb-cut": lambda job, folder: with_sedona(job, folder, cut=True),
    "sedonadb-zonal": with_sedona_raster,
}


def prepare_work(name: str, folder: Path) -> Work:
    """The work of `PEER:JOB`."""
    peer, _, job = name.partition(":")
    return PEERS[peer](job, folder)


if __name__ == "__main__":
    answer_for(prepare_work)
