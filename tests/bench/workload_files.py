"""The workload as files for every program of the benchmark, made once for each size."""

import hashlib
from pathlib import Path

import geopandas as gpd
import rasterio

from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.tests.bench import workload

GRID_CELLS = 4000


def workload_folder(size: str, home: Path, cells: int = GRID_CELLS) -> Path:
    """The folder home/SIZE with all layers and the terrain; made if it is not there as this code makes it."""
    folder, sources = home / size, [Path(workload.__file__), Path(__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = folder / "made"
    if stamp.exists() and stamp.read_text() == digest:
        return folder
    print(f"making the workload of size {size} in {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    layers, city = workload.layers_of(size)
    cut = subdivide_polygons(layers["controls"].geometry.to_numpy())
    layers["controls_cut"] = gpd.GeoDataFrame({"cid": cut.owner}, geometry=cut.geometries, crs=workload.CRS)
    for name, frame in layers.items():
        frame.to_parquet(folder / f"{name}.parquet")
        if name not in ("lines", "controls_cut"):
            # The GDAL of QGIS 3.40 reads this edition of GeoPackage without a warning.
            frame.to_file(folder / f"{name}.gpkg", layer=name, VERSION="1.3")
    _write_heights(folder / "heights.tif", city, cells)
    stamp.write_text(digest)
    return folder


def _write_heights(path: Path, city: tuple[float, float], cells: int) -> None:
    """The terrain as a GeoTIFF that covers the city."""
    west, north = workload.WEST, workload.SOUTH + city[1]
    transform = rasterio.Affine(city[0] / cells, 0, west, 0, -city[1] / cells, north)
    profile = {"driver": "GTiff", "width": cells, "height": cells, "count": 1, "dtype": "float32", "crs": workload.CRS}
    with rasterio.open(path, "w", transform=transform, **profile) as file:
        file.write(workload.heights_m(cells), 1)
