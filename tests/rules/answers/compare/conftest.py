"""Two plans drawn in the test and compared, and the tables read back as another program would read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from onemap.tests.conftest import write_layer
from onemap.tests.rules.made_libraries import FilledLibrary, as_wkb

MATRIX = """
title = "test"
[a]
field = "USE"
construction = ["07", "1"]
other = ["01", "03", "19"]
[b]
field = "USE"
construction = ["R", "M"]
other = ["E"]
[[unlike]]
a = ["07"]
b = ["M"]
"""
GROUND = box(0, 0, 1000, 1000)
Shapes = Sequence[tuple[Any, str | None]]


@dataclass
class ComparedPlans:
    """A comparison's answer, and its tables as written."""

    answer: dict[str, Any]
    out: Path

    @property
    def spots(self) -> gpd.GeoDataFrame:
        return plain(gpd.read_file(self.out, layer="spots"))

    @property
    def matrix(self) -> pd.DataFrame:
        return plain(pd.DataFrame(gpd.read_file(self.out, layer="matrix")))

    def areas(self) -> dict[str, float]:
        """The area of the spots of each type."""
        return self.spots.groupby("type")["area_m2"].sum().to_dict()

    def counts(self) -> dict[str, int]:
        """The number of spots of each type."""
        return self.spots.groupby("type").size().to_dict()


def plain(frame: Any) -> Any:
    """A frame in which nulls of text columns are None."""
    for name in frame.columns:
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


@dataclass
class Table:
    """A library with plans A and B, each added from pairs of shape and code."""

    folder: Path
    run: Callable[..., Any]
    filled: FilledLibrary | None = None

    @property
    def library(self) -> Path:
        return self.folder / "library.gpkg"

    def plan(self, code: str, shapes: Shapes, covers: Any = GROUND, field: str = "USE", **options: Any) -> None:
        columns: Mapping[str, Any] = {
            "KEY": [f"{code}{n}" for n in range(1, len(shapes) + 1)],
            field: pd.Series([use for _, use in shapes], dtype=object),
        }
        define = f"name={code},department=planning,library=department,kind=vector,geometry=polygon,key=KEY"
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]

        def files() -> list[Path]:
            source = write_layer(self.folder / f"{code}.gpkg", [shape for shape, _ in shapes], columns)
            return [source, write_layer(self.folder / f"{code}_covers.gpkg", [covers])]

        def add(written: Sequence[Path]) -> Any:
            source, ground = written
            return self.run("add", self.library, source, "--as", code, "--covers", ground, "--define", define, *given)

        uses = [use for _, use in shapes]
        asked = code, as_wkb([shape for shape, _ in shapes]), uses, field, as_wkb(covers), define, given
        answer = self.filled.step(asked, files, add) if self.filled else add(files())
        assert answer.code == 0, answer.json

    def matrix(self, text: str = MATRIX) -> Path:
        path = self.folder / "matrix.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def compare(self, a: str = "A", b: str = "B", matrix: str = MATRIX, **options: Any) -> ComparedPlans:
        out = self.folder / "out.gpkg"
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        written = ("--out", out, "--overwrite")
        answer = self.run("compare", self.library, a, b, "--matrix", self.matrix(matrix), *written, *given).done()
        return ComparedPlans(answer.json, out)


@pytest.fixture
def table(tmp_path: Path, onemap: Callable[..., Any], fill: Callable[[Path], FilledLibrary | None]) -> Table:
    made = Table(tmp_path, onemap)
    made.filled = fill(made.library)
    return made
