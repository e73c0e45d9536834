"""A library in EPSG:4547 for layers, and its content read back without One Map."""

import contextlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done

ROOT = Path(__file__).resolve().parents[2]
DEFINE = "name=试验,department=land,library=base,kind=vector,geometry={}"


@dataclass
class Shelf:
    """One library; `add` defines the layer to which it adds a file, so that no schema asks for fields."""

    path: Path
    run: Callable[..., Any]

    def add(self, source: object, code: str = "T", geometry: str = "polygon", key: str = "", **options: object) -> Any:
        """Run `onemap add`, by default with --covers extent; covers=None leaves that out, True gives a bare flag."""
        define = DEFINE.format(geometry) + (f",key={key}" if key else "")
        wanted: dict[str, object] = {"covers": "extent", "define": define, **options}
        arguments: list[object] = []
        for name, value in wanted.items():
            if value is not None and value is not False:
                arguments += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
        return self.run("add", self.path, source, "--as", code, *arguments)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, values).fetchall()

    def column(self, name: str, table: str = "T__1") -> list[Any]:
        return [row[0] for row in self.rows(f'SELECT "{name}" FROM "{table}" ORDER BY 1')]

    def geometries(self, table: str = "T__1") -> np.ndarray:
        """Read geometries by the GeoPackage standard: a header of 8 bytes, an envelope of 4 doubles, then WKB."""
        blobs = [row[0] for row in self.rows(f'SELECT geom FROM "{table}" ORDER BY fid')]
        for blob in blobs:
            magic, _, flags, srs = struct.unpack("<2sBBi", blob[:8])
            assert (magic, flags, srs) == (b"GP", 0x03, 4547)
        return shapely.from_wkb([blob[40:] for blob in blobs])

    def tables(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT name FROM sqlite_master")}

    def in_force(self, day: str, code: str = "T") -> str | None:
        """The label of the version in force on a day, according to `onemap layers`."""
        found = self.run("layers", self.path, "--as-of", day).json["layers"]
        versions = next(layer["versions"] for layer in found if layer["code"] == code)
        labels = [version["label"] for version in versions if version["in_force"]]
        assert len(labels) <= 1
        return labels[0] if labels else None


def read_in_blocks(size: int, patch: Callable[[Any, str, int], None]) -> None:
    """Read, check and write sources of any size in blocks of this many features. patch: setattr, or pytest's."""
    from onemap.layers.frames import feature_table
    from onemap.layers.ingest import file_reading, staging
    from onemap.layers.quality import neighbours
    from onemap.layers.sources import reading

    patch(reading, "LARGE_BYTES", 0)
    patch(reading, "LARGE_ROWS", 1)
    for module in (staging, feature_table, file_reading):
        patch(module, "BLOCK", size)
    patch(neighbours, "POINTS_AT_ONCE", 20 * size)


@pytest.fixture(scope="session")
def empty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty library, made once: a library is one file, so tests copy it."""
    path = tmp_path_factory.mktemp("empty") / "city.gpkg"
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "new", str(path), "--crs", "EPSG:4547"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


@pytest.fixture
def shelf(tmp_path: Path, onemap: Callable[..., Any], empty_library: Path) -> Shelf:
    return Shelf(Path(shutil.copy(empty_library, tmp_path / "city.gpkg")), onemap)


@pytest.fixture
def layer_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a vector file with shapes and columns; the driver follows from the suffix, the CRS is 4547 by default."""
    import geopandas as gpd

    def write(
        name: str,
        shapes: list[shapely.Geometry | None],
        columns: dict[str, list[Any]] | None = None,
        crs: str | None = "EPSG:4547",
        **options: Any,
    ) -> Path:
        frame = gpd.GeoDataFrame(columns or {"BSM": [str(n) for n in range(1, len(shapes) + 1)]})
        frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=crs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a file without CRS, which is what some tests want
            frame.to_file(tmp_path / name, **options)
        return tmp_path / name

    return write


def box(west: float, south: float, width: float = 100, height: float = 100) -> shapely.Polygon:
    """A rectangle near the middle of zone 38; offsets in metres."""
    return shapely.box(500_000 + west, 4_000_000 + south, 500_000 + west + width, 4_000_000 + south + height)


@pytest.fixture(name="box")
def box_fixture() -> Callable[..., shapely.Polygon]:
    return box


@lru_cache
def maker_of_library(*district: float) -> Callable[[Path], None]:
    """A function that makes a library with a district (west, south, east, north) in a folder; cached by district."""

    def make(folder: Path) -> None:
        path = write_layer(folder / "district.gpkg", [shapely.box(*district)])
        done("new", folder / "library.gpkg", "--crs", "EPSG:4547", "--district", path)

    return make


@pytest.fixture(name="library")
def library_fixture(request: pytest.FixtureRequest, tmp_path: Path, copied: Callable[..., Any]) -> Path:
    """An empty library with the DISTRICT of the test's module."""
    copied(maker_of_library(*request.module.DISTRICT), tmp_path)
    return tmp_path / "library.gpkg"
