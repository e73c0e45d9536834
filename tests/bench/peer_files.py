"""A check from file to file by a user's own script with a peer: parcels and controls in, overlaps and verdicts out.

Called as: python -m onemap.tests.bench.peer_files ENGINE PARCELS.gpkg CONTROLS.gpkg OUT.gpkg

Each script does exactly what a check does: it validates the parcels, subdivides the controls first, because it would
never end otherwise, joins the pieces, measures in the plane and on the ellipsoid, and writes the tables with rows.
"""

import json
import sys
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from onemap.tests.bench.peer_sql import connected_duckdb
from onemap.tests.bench.timing import software_here

MOST_VERTICES = 128
EQUAL_AREA = "+proj=cea +ellps=GRS80 +type=crs"  # straight edges in it are those of the land survey's rule
VERDICTS = ("prohibited", "restricted", "notice")
Fragments = tuple[np.ndarray, np.ndarray, np.ndarray]


def polygon_halves(polygon: shapely.Geometry) -> list[shapely.Geometry]:
    """A polygon halved across its longer side until no part has more than MOST_VERTICES vertices."""
    done, left = [], [polygon]
    while left:
        part = left.pop()
        if shapely.get_num_coordinates(part) <= MOST_VERTICES:
            done.append(part)
            continue
        west, south, east, north = part.bounds
        x, y = (west + east) / 2, (south + north) / 2
        across = east - west > north - south
        boxes = (
            ((west, south, x, north), (x, south, east, north))
            if across
            else ((west, south, east, y), (west, y, east, north))
        )
        for box in boxes:
            clipped = shapely.get_parts(shapely.clip_by_rect(part, *box))
            left += list(clipped[shapely.get_type_id(clipped) == shapely.GeometryType.POLYGON])
    return done


def by_shapely(parcels: np.ndarray, pieces: np.ndarray, control: np.ndarray) -> Fragments:
    """Index, predicate, intersection of whole arrays."""
    shapely.prepare(pieces)
    piece, parcel = shapely.STRtree(parcels).query(pieces, predicate="intersects")
    return parcel, control[piece], shapely.intersection(parcels[parcel], pieces[piece])


def by_geopandas(parcels: np.ndarray, pieces: np.ndarray, control: np.ndarray) -> Fragments:
    """geopandas.overlay."""
    one = gpd.GeoDataFrame({"parcel": np.arange(len(parcels))}, geometry=parcels)
    found = gpd.overlay(one, gpd.GeoDataFrame({"control": control}, geometry=pieces), keep_geom_type=True)
    return found["parcel"].to_numpy(), found["control"].to_numpy(), np.asarray(found.geometry, dtype=object)


def by_duckdb(parcels: np.ndarray, pieces: np.ndarray, control: np.ndarray) -> Fragments:
    """DuckDB's spatial join, two threads."""
    connection = connected_duckdb()
    connection.register("one", pd.DataFrame({"parcel": np.arange(len(parcels)), "body": shapely.to_wkb(parcels)}))
    connection.register("other", pd.DataFrame({"control": control, "body": shapely.to_wkb(pieces)}))
    for table in ("one", "other"):
        connection.execute(
            f"CREATE TABLE {table}s AS SELECT * EXCLUDE (body), ST_GeomFromWKB(body) AS geom FROM {table}"
        )
    found = connection.execute(
        "SELECT parcel, control, ST_AsWKB(ST_Intersection(a.geom, b.geom)) AS body "
        "FROM ones a JOIN others b ON ST_Intersects(a.geom, b.geom)"
    ).fetchnumpy()
    return found["parcel"], found["control"], shapely.from_wkb([bytes(body) for body in found["body"]])


def by_sedonadb(parcels: np.ndarray, pieces: np.ndarray, control: np.ndarray) -> Fragments:
    """SedonaDB's spatial join."""
    import sedonadb

    session = sedonadb.connect()
    one = gpd.GeoDataFrame({"parcel": np.arange(len(parcels))}, geometry=parcels)
    other = gpd.GeoDataFrame({"control": control}, geometry=pieces)
    for name, frame in (("one", one), ("other", other)):
        session.create_data_frame(frame).to_memtable().to_view(name)
    found = session.sql(
        "SELECT parcel, control, ST_Intersection(a.geometry, b.geometry) AS ground "
        "FROM one a JOIN other b ON ST_Intersects(a.geometry, b.geometry)"
    ).to_pandas()
    return found["parcel"].to_numpy(), found["control"].to_numpy(), np.asarray(found["ground"], dtype=object)


ENGINES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Fragments]] = {
    "shapely": by_shapely,
    "geopandas": by_geopandas,
    "duckdb": by_duckdb,
    "sedonadb": by_sedonadb,
}


def joined_fragments(fragments: Fragments) -> Fragments:
    """One ground for each parcel and control."""
    parcel, control, ground = fragments
    kept = shapely.area(ground) > 0
    parcel, control, ground = parcel[kept], control[kept], ground[kept]
    order = np.lexsort((control, parcel))
    parcel, control, ground = parcel[order], control[order], ground[order]
    pair = parcel * (control.max(initial=0) + 1) + control
    _, first, count = np.unique(pair, return_index=True, return_counts=True)
    result = ground[first]
    for at in np.flatnonzero(count > 1):
        result[at] = shapely.union_all(ground[first[at] : first[at] + count[at]])
    return parcel[first], control[first], result


def main(engine: str, parcels_file: str, controls_file: str, out: str) -> None:
    """Read, prove, overlay, judge, measure, and write what `onemap check` writes: parcels, findings, overlaps."""
    parcels = gpd.read_file(parcels_file, use_arrow=True)
    controls = gpd.read_file(controls_file, use_arrow=True)
    if not (parcels["pid"].is_unique and parcels.is_valid.all() and (parcels.area > 0).all()):
        raise ValueError(parcels_file)
    is_land = "lid" in controls  # land use: small patches, each of which is shown, and none forbids
    cut = [[polygon] if is_land else polygon_halves(polygon) for polygon in controls.geometry]
    number = np.arange(len(controls)) if is_land else controls["cid"].to_numpy()
    control = np.repeat(number, [len(parts) for parts in cut])
    pieces = np.array([part for parts in cut for part in parts], dtype=object)
    polygons = np.asarray(parcels.geometry, dtype=object)
    parcel, control, ground = joined_fragments(ENGINES[engine](polygons, pieces, control))
    severity = np.full(len(parcel), VERDICTS.index("notice")) if is_land else control
    worst = np.full(len(parcels), len(VERDICTS))
    np.minimum.at(worst, parcel, severity)
    parcels["verdict"] = np.array([*VERDICTS, "clear"])[worst]
    parcels["findings"] = np.bincount(parcel, minlength=len(parcels))
    overlaps = gpd.GeoDataFrame(
        {"parcel": parcels["pid"].to_numpy()[parcel], "cid": control}, geometry=ground, crs=parcels.crs
    )
    if is_land:
        overlaps = overlaps.rename(columns={"cid": "lid"}).assign(dlbm=controls["dlbm"].to_numpy()[control])
    for frame in (parcels, overlaps):
        frame["area_m2"] = frame.area
        frame["area_ellipsoidal_m2"] = frame.to_crs(EQUAL_AREA).area
    findings = overlaps.assign(
        verdict=np.array(VERDICTS)[severity], share=overlaps["area_m2"] / parcels["area_m2"].to_numpy()[parcel]
    )
    for layer, frame in (("parcels", parcels), ("findings", findings), ("overlaps", overlaps)):
        frame.to_file(out, layer=layer)
    print(json.dumps(software_here()))


if __name__ == "__main__":
    main(*sys.argv[1:])
