"""A GeoPackage read in parts gives every row once and in order, whatever the numbers of its rows."""

import sqlite3

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.sources.gdal.vector_stream import vector_stream

FIDS = [900, 3, 4, 5, 41, 7, 2_000_000_000, 11, 12, 13, -6, 50, 51, 52, 53]
VIEW = """
CREATE VIEW "back" AS SELECT fid AS OGC_FID, geom, "NAME" FROM "rows" ORDER BY fid DESC;
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('back', 'features', 'back', 4547);
INSERT INTO gpkg_geometry_columns VALUES ('back', 'geom', 'POINT', 4547, 0, 0);
"""


@pytest.fixture(scope="module")
def numbered_points(tmp_path_factory):
    """Points with gaps between their fids, beside a view that shows them from the last to the first."""
    path = tmp_path_factory.mktemp("numbered") / "rows.gpkg"
    points = shapely.to_wkb(shapely.points(np.arange(len(FIDS)), 0.0))
    names = np.array([f"{fid}" for fid in FIDS], dtype=object)
    options = {"geometry_type": "Point", "crs": "EPSG:4547", "layer": "rows", "SPATIAL_INDEX": "NO"}
    pyogrio.raw.write(path, points, [names], ["NAME"], driver="GPKG", **options)
    with sqlite3.connect(path) as connection:
        for row, fid in enumerate(FIDS, start=1):  # far from all others first, so that none is there twice
            connection.execute('UPDATE "rows" SET fid = ? WHERE fid = ?', (fid + 10**10, row))
        connection.execute('UPDATE "rows" SET fid = fid - 10000000000')
        connection.executescript(VIEW)
    return path


@pytest.mark.parametrize("size", [1, 4, 15, 16])
@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize(("layer", "order"), [("rows", sorted(FIDS)), ("back", sorted(FIDS, reverse=True))])
def test_every_row_is_read_once(numbered_points, layer, order, first, size):
    with vector_stream(numbered_points, layer, None) as stream:
        frames = [frame for frame, _ in stream.blocks("UTF-8", first, size)]
    names = [name for frame in frames for name in frame.attributes["NAME"]]
    assert names == [str(fid) for fid in order[first:]]
    where = [FIDS.index(int(name)) for name in names]
    assert shapely.get_x(np.concatenate([frame.geometries for frame in frames])).tolist() == where
    assert max(len(frame.geometries) for frame in frames) <= size
