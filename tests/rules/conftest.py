"""A desk for trying rules: a library, layers drawn in the test, a pack of its own, and the tables of a check."""

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.rules.judge.overlay import compiler
from onemap.tests.machines import windows_like
from onemap.tests.rules.made_libraries import FilledLibrary, MadeLibraries, as_wkb, may_be_copied
from onemap.tests.rules.small_pack import pack_text

if TYPE_CHECKING:
    from onemap.tests.rules.review.statement.chromium import Page

FAR = shapely.box(-10_000, -10_000, 10_000, 10_000)


@dataclass
class Outcome:
    """A check's answer, and its tables read back from the GeoPackage that the check wrote."""

    answer: Any
    out: Path

    def table(self, name: str) -> gpd.GeoDataFrame:
        frame = gpd.read_file(self.out, layer=name)
        if "reason" in frame:
            frame["reason"] = frame["reason"].astype(object).where(frame["reason"].notna(), None)
        return frame

    def finding(self, parcel: str, rule: str = "r", unknown: bool = False) -> Any:
        """The only row of a parcel and a rule, or None."""
        rows = self.table("findings")
        rows = rows[(rows.parcel == parcel) & (rows.rule == rule) & ((rows.verdict == "unknown") == unknown)]
        assert len(rows) <= 1
        return rows.iloc[0] if len(rows) else None

    def hits(self, rule: str = "r") -> dict[str, float]:
        """The area of the conflict of each parcel; excused parcels have none."""
        rows = self.table("findings")
        rows = rows[(rows.rule == rule) & ~rows.verdict.isin(["unknown", "clear"])]
        return dict(zip(rows.parcel, rows.area_m2, strict=True))

    def unknowns(self, rule: str = "r") -> dict[str, tuple[float, str]]:
        """The area of each parcel that could not be judged, and the reason."""
        rows = self.table("findings")
        rows = rows[(rows.rule == rule) & (rows.verdict == "unknown")]
        return {p: (a, r) for p, a, r in zip(rows.parcel, rows.area_m2, rows.reason, strict=True)}

    def verdicts(self) -> dict[str, str]:
        rows = self.table("parcels")
        return dict(zip(rows.parcel, rows.verdict, strict=True))


@dataclass
class Desk:
    """One library in its own folder. Layers are given as shapes and, if needed, columns."""

    folder: Path
    run: Callable[..., Any]
    filled: FilledLibrary | None = None

    @property
    def library(self) -> Path:
        return self.folder / "library.gpkg"

    def write(self, name: str, shapes: Sequence[Any], columns: Mapping[str, Sequence[Any]], crs: str) -> Path:
        path = self.folder / f"{name}.gpkg"
        frame = gpd.GeoDataFrame(dict(columns)).set_geometry(gpd.GeoSeries(list(shapes), crs=crs))
        frame.to_file(path, layer=name, mode="w")
        return path

    def layer(
        self,
        code: str,
        shapes: Sequence[Any],
        columns: Mapping[str, Sequence[Any]] | None = None,
        covers: Any = FAR,
        geometry: str = "polygon",
        **options: Any,
    ) -> dict[str, Any]:
        """Add a version of a layer that the test defines; `covers`: a polygon, or "extent"."""
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        define = f"name={code},department=land,library=department,kind=vector,geometry={geometry},key=KEY"

        def files() -> list[Path]:
            keys = {"KEY": [f"f{n}" for n in range(1, len(shapes) + 1)]}
            source = self.write(f"{code}_source", shapes, {**keys, **(columns or {})}, "EPSG:4547")
            coverage = [] if isinstance(covers, str) else [covers]
            return [source, *(self.write(f"{code}_coverage", [one], {"n": [1]}, "EPSG:4547") for one in coverage)]

        def add(written: Sequence[Path]) -> Any:
            ground = (*written[1:], covers)[0]
            return self.run(
                "add", self.library, written[0], "--as", code, "--covers", ground, "--define", define, *given
            )

        asked = as_wkb(shapes), columns, covers if isinstance(covers, str) else as_wkb(covers), define, given
        answer = self.filled.step((code, *asked), files, add) if self.filled else add(files())
        return answer.done().json

    def damage_coverage(self, code: str, *boxes: Any) -> None:
        """Give a layer's versions a coverage of overlapping polygons, on which no overlay can prove its result."""
        ground = shapely.MultiPolygon(list(boxes))
        assert not ground.is_valid
        with sqlite3.connect(self.library) as connection:
            sql = "UPDATE onemap_versions SET coverage = ? WHERE table_name LIKE ? || '\\_\\_%' ESCAPE '\\'"
            assert connection.execute(sql, (ground.wkb, code)).rowcount
        connection.close()

    def pack(self, *rules: Mapping[str, Any], id: str = "test", classes: str = "") -> Path:
        """Write a pack of rules on the test's layers; keys that a rule leaves out are filled in.

        classes: the text of its classes of projects.
        """
        path = self.folder / f"{id}.toml"
        path.write_text(pack_text(*rules, id=id) + classes, encoding="utf-8")
        return path

    def parcels(self, parcels: Mapping[str, Any], columns: Mapping[str, Sequence[Any]] | None = None) -> Path:
        columns = {"DKBH": list(parcels), **(columns or {})}
        return self.write("parcels", list(parcels.values()), columns, "EPSG:4547")

    def check(
        self,
        parcels: Mapping[str, Any],
        *rules: Mapping[str, Any],
        columns: Mapping[str, Sequence[Any]] | None = None,
        **options: Any,
    ) -> Outcome:
        """Check parcels against rules, or else against the pack written last, and read the tables back."""
        pack = self.pack(*rules) if rules else self.folder / "test.toml"
        out = self.folder / "out.gpkg"
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        answer = self.run(
            "check", self.library, self.parcels(parcels, columns), "--pack", pack, "--out", out, "--overwrite", *given
        ).done()
        return Outcome(answer, out)


@pytest.fixture(scope="session")
def made_libraries(tmp_path_factory: pytest.TempPathFactory) -> MadeLibraries:
    """The libraries that the tests of this process have filled, for copying."""
    return MadeLibraries(tmp_path_factory.mktemp("made"))


@pytest.fixture
def fill(
    request: pytest.FixtureRequest, made_libraries: MadeLibraries, onemap: Callable[..., Any]
) -> Callable[[Path], FilledLibrary | None]:
    """Return a function that makes a library to be filled step by step, as a copy unless the test replaces code."""

    def at(path: Path) -> FilledLibrary | None:
        filled = FilledLibrary(path, made_libraries, windows_like.runs_here(request.node))
        new = ("new", path, "--crs", "EPSG:4547")
        answer = filled.step(new[2:], list, lambda _: onemap(*new)) if may_be_copied(request) else onemap(*new)
        assert answer.code == 0, answer.json
        return filled if may_be_copied(request) else None

    return at


@pytest.fixture
def desk(tmp_path: Path, onemap: Callable[..., Any], fill: Callable[[Path], FilledLibrary | None]) -> Desk:
    made = Desk(tmp_path, onemap)
    made.filled = fill(made.library)
    return made


@pytest.fixture(scope="session")
def made_town(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A town of 60 parcels, their file, and a pack with every kind of rule; made once, to be copied."""
    from onemap.tests.rules.changing_town import RULES, Town
    from onemap.tests.rules.command import command, done

    desk = Desk(tmp_path_factory.mktemp("town"), command)
    done("new", desk.library, "--crs", "EPSG:4547")
    made = Town(desk, 5)
    desk.pack(*RULES)
    desk.parcels(made.parcels, {"USE": made.wanted})
    return made


@pytest.fixture
def town(made_town: Any, tmp_path: Path, onemap: Callable[..., Any]) -> Any:
    """A copy of the town for one test."""
    return made_town.copied(tmp_path / "town", onemap)


@pytest.fixture
def broken_overlay(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make an overlay, by its full name, fail on every grid, since no valid ground is known on which it does."""

    def no_ground(left: np.ndarray, right: np.ndarray, threads: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(left), None, dtype=object), np.ones(len(left), dtype=bool)

    return lambda name: monkeypatch.setattr(name, no_ground)


@pytest.fixture
def break_overlays(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every overlay of pairs fail on every grid, whoever calls it."""

    def nothing_proved(operation: Any, left: np.ndarray, *rest: Any) -> tuple[FlatGround, np.ndarray]:
        return FlatGround.empty(len(left)), np.ones(len(left), dtype=bool)

    return lambda: monkeypatch.setattr("onemap.rules.judge.overlay.overlay._proved_ground", nothing_proved)


@pytest.fixture
def sum_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose how sums and ground are computed from now on: by `loops`, `compiled` loops, or `arrays` and GEOS."""

    def choose(way: str) -> None:
        if way == "loops":
            monkeypatch.delenv(compiler.SWITCH, raising=False)
            monkeypatch.setattr(compiler, "_STARTED", threading.Event())
            for bound in ("MUCH", "VERY_MUCH"):
                monkeypatch.setattr(compiler, bound, math.inf)
        else:
            monkeypatch.setenv(compiler.SWITCH, "1" if way == "compiled" else "0")

    return choose


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Page"]:
    """A page of a browser without a window."""
    from onemap.tests.rules.review.statement.chromium import browser

    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page
