"""A city's library of fifty layers, and one parcel in it: what a planner asks while dragging a corner.

At M it has two million features: coverages, patches, large controls, and lines; the rules ask each layer for its part
on the parcel, which QGIS's clip and intersection give, too.
"""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.library.library import Library, make_library, new_place, open_library
from onemap.layers.library.version_writing import VersionFacts, add_version
from onemap.layers.progress import SILENT
from onemap.rules.verbs.work.judgement_tables import GRANTS, TABLES
from onemap.tests.bench.workload import CRS

COPIES = {"landuse": 6, "plan1": 3, "plan2": 3, "parcels": 21, "control": 9, "lines": 8}  # fifty layers
PATCHES = 10  # of so many parcels one is a patch of a layer of patches
MOVED_M = (37.0, 23.0)  # each copy lies so far from the one before
KEY = "BH"
PACK_HEAD = '[pack]\nid = "desk"\nversion = "1"\ntitle = { zh = "试验", en = "benchmark" }\n'
RULE = """
[[rule]]
id = "desk.{code}"
kind = "{kind}"
layer = "{code}"
department = "land"
verdict = "notice"
title = {{ zh = "{code}", en = "{code}" }}
basis = [{{ law = "试验", article = "第一条" }}]
"""


def layers_of(folder: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Each layer: its code, `polygon` or `line`, its geometries (n,), and their classes (n,)."""
    for name, copies in COPIES.items():
        frame = gpd.read_parquet(folder / f"{'controls' if name == 'control' else name}.parquet")
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        classes = frame[next(column for column in frame.columns if column != "geometry")].astype(str).to_numpy(object)
        for copy in range(copies):
            rows = np.arange(len(shapes))
            if name == "parcels":
                rows = rows[copy % PATCHES :: PATCHES]
            elif name == "control":
                rows = rows[copy % 3 : copy % 3 + 1]
            by = (copy * MOVED_M[0], copy * MOVED_M[1])
            ground = shapely.transform(shapes[rows], lambda xy, by=by: xy + by)
            yield f"{name.upper()}{copy + 1}", "line" if name == "lines" else "polygon", ground, classes[rows]


def make_desk(folder: Path) -> tuple[Path, Path, Path]:
    """The library, its pack and the parcel, in a workload's folder; made if they are not there."""
    library, pack, parcel = folder / "desk.gpkg", folder / "desk.toml", folder / "desk_parcel.gpkg"
    if parcel.exists():
        return library, pack, parcel
    print(f"making a library of {sum(COPIES.values())} layers in {folder}", flush=True)
    library.unlink(missing_ok=True)
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    west, south, east, north = parcels.total_bounds
    crs = pyproj.CRS(CRS)
    district = np.array([shapely.box(west, south, east, north).buffer(2000.0)], dtype=object)
    make_library(new_place(str(library), "desk"), crs, [], district, "bench", TABLES, GRANTS)
    text = PACK_HEAD
    with open_library(str(library)) as opened:
        for code, geometry, ground, classes in layers_of(folder):
            _add(opened, code, geometry, ground, classes, district[0])
            text += RULE.format(code=code, kind="cross" if geometry == "line" else "avoid")
    pack.write_text(text, encoding="utf-8")
    _parcel(parcels, folder).to_file(parcel, layer="parcel", VERSION="1.3")
    return library, pack, parcel


def _add(
    library: Library, code: str, geometry: str, ground: np.ndarray, classes: np.ndarray, district: shapely.Geometry
) -> None:
    entry = LayerEntry(
        code, {"zh": code, "en": code}, "land", "department", "vector", geometry, KEY, standard="library"
    )
    numbers = np.arange(1, len(ground) + 1)
    keys = np.array([f"{code}-{number}" for number in numbers], dtype=object)
    attributes = pd.DataFrame({KEY: keys, "DLBM": classes, "TBMJ": shapely.area(ground).astype(object)})
    frame = CleanFrame(ground, attributes, keys)
    facts = VersionFacts("v1", None, None, district, "district", f"{code}.gpkg", "0" * 64, None, "bench")
    with library.writing() as connection:
        add_version(connection, entry, frame, facts, {}, SILENT, [], is_new=True)


def _parcel(parcels: gpd.GeoDataFrame, folder: Path) -> gpd.GeoDataFrame:
    """A parcel of five hectares on the edge of the largest control."""
    controls = gpd.read_parquet(folder / "controls.parquet")
    edge = shapely.get_coordinates(shapely.get_parts(controls.geometry.iloc[0])[0].exterior)
    middle = shapely.Point(edge[len(edge) // 3])
    shape = shapely.buffer(middle, 126.0, quad_segs=8)
    return gpd.GeoDataFrame({"pid": ["P1"]}, geometry=[shape], crs=parcels.crs)
