"""A random town on the central meridian, where plane and ellipsoid agree, with every layer of a city check-up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, box
from shapely.geometry.base import BaseGeometry

WEST, SOUTH, SIZE_M, CELLS = 500_000.0, 4_200_000.0, 2_000.0, 16
TOWN = box(WEST, SOUTH, WEST + SIZE_M, SOUTH + SIZE_M)
CLASSES = ["0101", "0102", "0103", "0201K", "0301", "0302", "0303", "0401", "0601", "0701", "0702", "0810", "1003"]
CLASSES += ["1101", "1102", "1105", "1201", "1202", "0103"]
# Of boxes thrown at random over the town, some across its border: how many, and their further columns.
BOXES: dict[str, tuple[int, dict[str, list[Any]]]] = {
    "YJJBNT": (12, {"YJJBNTMJ": [900.0, 1200.0, 1500.0]}),
    "YJJBNTTB": (30, {"YJJBNTMJ": [800.0, 1000.0, 2000.0], "DLBM": ["0101"]}),
    "GBZNT": (10, {}),
    "NYLQ": (6, {}),
    "SSNYD": (8, {}),
    "STBHHX": (4, {}),
    "LDYZT": (9, {}),
    "GYL": (5, {}),
    "TRL": (5, {}),
    "ZRBHD": (4, {"MC": ["山", "山", "河"]}),
    "YYSSYBHQ": (3, {}),
    "CZKFBJ": (7, {}),
    "KGDK": (20, {"GHZT": ["现行", "现行", "历史"]}),
    "ZZ_NYDZYFW": (9, {}),
    "GDDK": (12, {}),
    "PZWJSTD": (4, {}),
    "CSGXFW": (3, {}),
    "WWBHFW": (9, {"MC": ["塔", "桥", None]}),
    "LSWHJQ": (4, {"MC": ["街", "巷"]}),
    "LSWHBHX": (3, {}),
    "XZHQ": (2, {}),
    "JZW": (60, {"JZGD": [12.0, 99.0, 101.0, 100.0]}),
}


class MadeTown:
    """The town's layers as frames by code, the units among them, and the library that they are added to."""

    def __init__(self, folder: Path, onemap: Callable[..., Any], seed: int = 7) -> None:
        self._random, self._folder, self._onemap = np.random.default_rng(seed), folder, onemap
        self.library = folder / "town.gpkg"
        district = folder / "district.gpkg"
        gpd.GeoDataFrame(geometry=[TOWN], crs="EPSG:4547").to_file(district)
        rules = folder / "none.toml"  # no rule asks for fields that the town does not have
        rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
        onemap("new", self.library, "--crs=EPSG:4547", "--district", district, "--pack", rules).done()
        half = WEST + 0.43 * SIZE_M
        codes = {"XZQDM": ["139901001", "139901002"], "XZQMC": ["西", "东"]}
        grounds = [box(WEST, SOUTH, half, SOUTH + SIZE_M), box(half, SOUTH, WEST + SIZE_M, SOUTH + SIZE_M)]
        self.frames = {"XZQ": self._frame(grounds, codes), "DLTB@2020": self._patches(), "DLTB": self._patches()}
        for code, (count, columns) in BOXES.items():
            self.frames[code] = self._frame([self._box() for _ in range(count)], self._columns(count, columns))
        classes = {"GLDJ": ["高速公路", "省道", "县道"]}
        self.frames["GL"] = self._frame([self._line() for _ in range(9)], self._columns(9, classes))
        self.frames["TL"] = self._frame([self._line() for _ in range(3)], {})
        self.frames["DXZHGL"] = self._frame(
            [self._line() for _ in range(4)], self._columns(4, {"ZT": ["现状", "规划"]})
        )
        self.frames |= {code: self._frame([self._line() for _ in range(3)], {}) for code in ("DXGX", "RQGD")}
        self.frames["DZZHYHD"] = self._frame([Point(*self._place()) for _ in range(17)], {})
        years = {"ND": [2024, 2024], "CZRK": [40_000, 60_000], "CZRKCZ": [10_000, 50_000]}
        self.people = pd.DataFrame({"XZQDM": codes["XZQDM"], **years})
        self._add_all()

    def _columns(self, count: int, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {name: [values[at % len(values)] for at in range(count)] for name, values in columns.items()}

    def _place(self) -> tuple[float, float]:
        east, north = self._random.uniform(-0.05, 1.05, 2) * SIZE_M
        return WEST + east, SOUTH + north

    def _box(self) -> BaseGeometry:
        (east, north), (width, height) = self._place(), self._random.uniform(0.03, 0.25, 2) * SIZE_M
        return box(east, north, east + width, north + height)

    def _line(self) -> BaseGeometry:
        return LineString([self._place() for _ in range(4)])

    def _patches(self) -> gpd.GeoDataFrame:
        """A survey without gap or overlap; each patch with a net area that is not its drawn one."""
        side = SIZE_M / CELLS
        shapes = [
            box(WEST + x * side, SOUTH + y * side, WEST + (x + 1) * side, SOUTH + (y + 1) * side)
            for x in range(CELLS)
            for y in range(CELLS)
        ]
        count = len(shapes)
        codes = self._random.choice(CLASSES, count)
        towns = self._random.choice(["201", "202A", "203", "203A", "204"], count)
        built = [code[:2] in ("06", "07", "08") or code in ("1201",) for code in codes]
        columns = {
            "DLBM": codes,
            "CZCSXM": [town if is_built else None for town, is_built in zip(towns, built, strict=True)],
            "TBMJ": np.round([shape.area for shape in shapes], 2),
            "TBDLMJ": np.round(self._random.uniform(0.85, 1.0, count) * shapes[0].area, 2),
            "ZZSXDM": self._random.choice(["LS", "FLS", "WG"], count),
            "GDPDJB": self._random.choice(["1", "2", "5"], count),
        }
        return self._frame(shapes, columns)

    def _frame(self, shapes: list[BaseGeometry], columns: Any) -> gpd.GeoDataFrame:
        keys = [f"{place:018d}" for place in range(1, len(shapes) + 1)]
        return gpd.GeoDataFrame({"KEY": keys, **columns}, geometry=shapes, crs="EPSG:4547")

    def _add_all(self) -> None:
        keys = self._keys()
        for name, frame in self.frames.items():
            code, _, year = name.partition("@")
            path = self._folder / f"{code}{year}.gpkg"
            frame.rename(columns={"KEY": keys[code]}).to_file(path)
            day = f"--valid-from={year or '2024'}-12-31"
            answer = self._onemap("add", self.library, path, "--as", code, "--covers=district", day)
            assert answer.code == 0, (name, answer.json)
        path = self._folder / "people.csv"
        self.people.to_csv(path, index=False)
        assert self._onemap("add", self.library, path, "--as=RKTJ", "--valid-from=2024-12-31").code == 0

    def _keys(self) -> dict[str, str]:
        from onemap.layers.catalogue.catalogue import shipped_catalogue

        return {code: str(entry.key) for code, entry in shipped_catalogue().items()}
