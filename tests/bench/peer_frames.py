"""Peers on arrays in Python: geopandas, shapely, gometry, dask-geopandas, exactextract, Geod of pyproj.

Called as: python -m onemap.tests.bench.peer_frames PEER:JOB FOLDER REPEATS
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from onemap.tests.bench.timing import Work, answer_for, peak_mb

LAYERS = {
    "i": ("parcels", "controls"),
    "ii": ("parcels", "landuse"),
    "iii": ("plan1", "plan2"),
    "iv": ("parcels", "lines"),
}


def _frames(job: str, folder: Path, cut: bool = False) -> list[gpd.GeoDataFrame]:
    names = [f"{name}_cut" if cut and name == "controls" else name for name in LAYERS[job]]
    return [gpd.read_parquet(folder / f"{name}.parquet") for name in names]


def overlay_totals(job: str, one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> Sequence[float]:
    """The totals of a job by geopandas.overlay."""
    if job == "iv":
        grown = other.assign(geometry=other.geometry.buffer(other.dist.to_numpy(), resolution=8))
        other = grown.dissolve("cls").reset_index()[["cls", "geometry"]]
    found = gpd.overlay(one, other, how="intersection", keep_geom_type=True)
    if job == "ii":
        return [found.area.sum()]
    if job == "iii":
        return [found[found.code1 != found.code2].area.sum()]
    by = found[{"i": "cid", "iv": "cls"}[job]]
    return found.area.groupby(by).sum().sort_index().to_numpy()


def with_geopandas(job: str, folder: Path, cut: bool = False) -> Work:
    """geopandas.overlay with its defaults; cut: with controls that were subdivided before."""
    one, other = _frames(job, folder, cut)
    return lambda: overlay_totals(job, one, other)


def with_shapely(job: str, folder: Path) -> Work:
    """A careful script: an index, a predicate, intersections of whole arrays; one thread."""
    one, other = _frames(job, folder)
    parcels, others = (np.asarray(frame.geometry.to_numpy(), dtype=object) for frame in (one, other))

    def buffered_classes() -> tuple[np.ndarray, np.ndarray]:
        grown = shapely.buffer(others, other.dist.to_numpy(), quad_segs=8)
        names, owner = np.unique(other.cls.to_numpy(dtype=str), return_inverse=True)
        return np.array([shapely.union_all(grown[owner == at]) for at in range(len(names))]), names

    def work() -> np.ndarray:
        features = buffered_classes()[0] if job == "iv" else others
        if job in ("i", "iv"):
            shapely.prepare(features)
            feature, parcel = shapely.STRtree(parcels).query(features, predicate="intersects")
        else:
            parcel, feature = shapely.STRtree(features).query(parcels, predicate="intersects")
        if job == "iii":
            kept = one.code1.to_numpy()[parcel] != other.code2.to_numpy()[feature]
            parcel, feature = parcel[kept], feature[kept]
        areas = shapely.area(shapely.intersection(parcels[parcel], features[feature]))
        return np.bincount(feature, areas, len(features)) if job in ("i", "iv") else np.array([areas.sum()])

    return work


def with_gometry(job: str, folder: Path) -> Work:
    """An engine that shares no line with GEOS: its join and its intersections of whole arrays."""
    import gometry

    one, other = _frames(job, folder)
    left, right = (gometry.from_wkb(shapely.to_wkb(frame.geometry.to_numpy()).tolist()) for frame in (one, other))

    def work() -> list[float]:
        parcel, feature = (np.asarray(ids) for ids in gometry.join(left, right))
        if job == "iii":
            kept = one.code1.to_numpy()[parcel] != other.code2.to_numpy()[feature]
            parcel, feature = parcel[kept], feature[kept]
        return [float(np.nansum(gometry.area(gometry.intersection(left[parcel], right[feature]))))]

    return work


def with_dask(job: str, folder: Path) -> Work:
    """dask-geopandas on two processes of one thread: parcels in parts, each with the features near it."""
    import dask_geopandas
    from distributed import Client, LocalCluster

    one, other = _frames(job, folder)
    one = one.iloc[np.argsort(one.hilbert_distance().to_numpy())]
    client = Client(LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None))
    parts = dask_geopandas.from_geopandas(one, npartitions=8, sort=False).persist()
    features = client.scatter(other, broadcast=True)

    def part(parcels: gpd.GeoDataFrame, features: gpd.GeoDataFrame) -> float:
        near = features.iloc[np.unique(features.sindex.query(shapely.box(*parcels.total_bounds)))]
        return overlay_totals(job, parcels, near)[0]

    def work() -> list[float]:
        pieces = client.compute(parts.to_delayed())
        return [sum(client.gather([client.submit(part, piece, features, pure=False) for piece in pieces]))]

    work.peak_mb = lambda: sum(client.run(peak_mb).values()) + (peak_mb() or 0.0)  # type: ignore[attr-defined]
    return work


def steep_mask(heights: np.ndarray, cell_m: tuple[float, float]) -> np.ndarray:
    """Where (rows, columns) slope by Horn is above 25 degrees: 1 or 0, NaN at the rim. cell_m: east and south."""
    z = np.pad(heights, 1, constant_values=np.nan)
    rows, columns = heights.shape

    def at(down: int, right: int) -> np.ndarray:
        return z[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]

    east = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - (at(-1, -1) + 2 * at(0, -1) + at(1, -1))
    south = at(1, -1) + 2 * at(1, 0) + at(1, 1) - (at(-1, -1) + 2 * at(-1, 0) + at(-1, 1))
    slope = np.degrees(np.arctan(np.hypot(east / (8 * cell_m[0]), south / (8 * cell_m[1]))))
    return np.where(np.isnan(slope), np.nan, slope > 25.0)


def with_exactextract(_job: str, folder: Path) -> Work:
    """(v): slope by Horn in numpy, then the exact mean of the mask by parcel."""
    import rasterio
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    parcels = gpd.read_parquet(folder / "parcels.parquet")
    with rasterio.open(folder / "heights.tif") as grid:
        heights, transform, bounds = grid.read(1).astype(float), grid.transform, grid.bounds

    def work() -> list[float]:
        steep = steep_mask(heights, (transform.a, transform.e))
        source = NumPyRasterSource(steep, bounds.left, bounds.bottom, bounds.right, bounds.top, nodata=np.nan)
        found = exact_extract(source, parcels, "mean", output="pandas", strategy="feature-sequential")
        return [float(found["mean"].sum())]

    return work


def with_geod(_job: str, folder: Path) -> Work:
    """(vii): coordinates turned to degrees at once, then geodesic polygons one by one."""
    import pyproj

    frame = gpd.read_parquet(folder / "parcels.parquet")
    crs = pyproj.CRS(frame.crs)
    parcels, geod = shapely.orient_polygons(np.asarray(frame.geometry.to_numpy(), dtype=object)), crs.get_geod()
    inverse = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)

    def work() -> list[float]:
        degrees = shapely.transform(parcels, lambda xy: np.column_stack(inverse.transform(xy[:, 0], xy[:, 1])))
        return [sum(geod.geometry_area_perimeter(polygon)[0] for polygon in degrees)]

    return work


PEERS: dict[str, Callable[[str, Path], Work]] = {
    "geopandas": with_geopandas,
    "geopandas-cut": lambda job, folder: with_geopandas(job, folder, cut=True),
    "shapely": with_shapely,
    "dask-geopandas": with_dask,
    "gometry": with_gometry,
    "exactextract": with_exactextract,
    "geod": with_geod,
}


def prepare_work(name: str, folder: Path) -> Work:
    """The work of `PEER:JOB`."""
    peer, _, job = name.partition(":")
    return PEERS[peer](job, folder)


if __name__ == "__main__":
    answer_for(prepare_work)
