"""Compiled and plain loops give the same bits, and compiled code is stored where that is allowed."""

import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import shapely

from onemap.rules.judge.overlay import compiler, kernel_ground
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.compiler import SWITCH, is_compiler_there, is_worth_compiling
from onemap.rules.judge.overlay.flat_polygons import flat_pairs
from onemap.rules.judge.overlay.pair_ground import common_ground, remaining_ground
from onemap.rules.judge.overlay.threads import Threads

needs_compiler = pytest.mark.skipif(not is_compiler_there(), reason="numba is not installed")


def rings(chance: np.random.Generator, count: int, at: float) -> np.ndarray:
    """Irregular polygons, some with a hole, whose corners are on a grid of 5 m or anywhere."""
    made = []
    for _ in range(count):
        turns = np.sort(chance.uniform(0, 2 * np.pi, chance.integers(3, 60)))
        points = (
            chance.uniform(0, 40, 2) + chance.uniform(10, 50, (len(turns), 1)) * np.c_[np.cos(turns), np.sin(turns)]
        )
        points = np.round(points / 5) * 5 if chance.random() < 0.4 else points
        ground = shapely.make_valid(shapely.Polygon(points + at))
        ground = max(shapely.get_parts(ground), key=shapely.area)
        if chance.random() < 0.3:
            ground = ground.difference(ground.representative_point().buffer(2))
        made.append(ground if ground.geom_type in ("Polygon", "MultiPolygon") else shapely.box(at, at, at + 9, at + 7))
    return np.array(made, dtype=object)


def bits_of(left: np.ndarray, right: np.ndarray) -> list[bytes]:
    areas, errors = common_areas(left, right, Threads())
    pairs = flat_pairs(left, right, Threads())
    grounds = [work(pairs, Threads()) for work in (common_ground, remaining_ground)]
    masks = [mask.tobytes() for _, mask in grounds]
    return [
        areas.tobytes(),
        errors.tobytes(),
        *masks,
        *(str(shapely.to_wkb(found.geometries).tolist()).encode() for found, _ in grounds),
        *(found.area_m2.tobytes() for found, _ in grounds),
    ]


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("at", [0.0, 38_421_300.25])
def test_compiled_loops_give_the_bits_of_plain_ones(sum_by, at):
    chance = np.random.default_rng(33)
    left, right = rings(chance, 700, at), rings(chance, 700, at)
    right[:40] = left[:40]
    found = []
    for way in ("loops", "compiled"):
        sum_by(way)
        found.append(bits_of(left, right))
    assert found[0] == found[1]


@needs_compiler
def test_large_polygons_give_the_same_bits_too(sum_by):
    turns = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    coast = 400 + 30 * np.sin(13 * turns) + np.random.default_rng(1).uniform(0, 2, 3000)
    shore = shapely.Polygon(np.c_[coast * np.cos(turns), coast * np.sin(turns)])
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-450, 450, 60.0), np.arange(-450, 450, 60.0)))
    left = shapely.box(x, y, x + 47.3, y + 51.7)
    left = np.r_[left, shapely.transform(shore, lambda xy: xy + 7.25)]
    found = []
    for way in ("loops", "compiled"):
        sum_by(way)
        found.append(bits_of(left, np.full(len(left), shore)))
    assert found[0] == found[1]


def test_few_pairs_do_not_load_the_compiler(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(compiler, "_STARTED", threading.Event())
    assert not is_worth_compiling(compiler.MUCH)
    assert is_worth_compiling(compiler.MUCH + 1) == compiler.is_kept()
    assert is_worth_compiling(compiler.VERY_MUCH + 1) == is_compiler_there()
    monkeypatch.setenv(SWITCH, "0")
    assert not is_worth_compiling(1e12)


@needs_compiler
def test_what_nobody_has_kept_is_not_loaded_ahead(monkeypatch, tmp_path):
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(compiler, "_STARTED", threading.Event())
    monkeypatch.setattr(compiler, "_folder", lambda: tmp_path)
    for name in ("sums", "ground", "rings"):
        assert not compiler.is_kept()
        assert not is_worth_compiling(compiler.MUCH + 1)
        (tmp_path / f"{name}.code").write_bytes(b"")
    assert compiler.is_kept()
    assert is_worth_compiling(compiler.MUCH + 1)
    monkeypatch.setenv(SWITCH, "0")
    assert not compiler.is_kept()


ASKED = """
import sys
sys.path.insert(0, sys.argv[1])
import runpy
runpy.run_path(sys.argv[1] + "/__main__.py")["_register_package"]()
import shapely
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.threads import Threads
squares = shapely.box([0, 1], 0, [2, 3], 2)
areas, errors = common_areas(squares[:1], squares[1:], Threads())
assert "llvmlite" in sys.modules
print(areas[0], "numba" in sys.modules)
"""


@pytest.mark.slow
@needs_compiler
def test_what_is_kept_is_loaded_without_the_compiler_and_what_is_damaged_made_anew(tmp_path):
    root = Path(__file__).resolve().parents[4]
    places = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "HOME": str(tmp_path), SWITCH: "1"}
    barred = tmp_path / "barred"
    barred.write_text("")
    code = f"import sys\nsys.prefix = {str(barred)!r}\n{ASKED}"

    def run_program() -> str:
        command = [sys.executable, "-I", "-c", code, str(root)]
        return subprocess.run(command, capture_output=True, check=True, text=True, env=os.environ | places).stdout

    assert run_program() == "2.0 True\n"
    (kept,) = tmp_path.rglob("sum_pairs-*")
    assert run_program() == "2.0 False\n"
    kept.write_bytes(kept.read_bytes()[:1000])
    assert run_program() == "2.0 True\n"
    assert run_program() == "2.0 False\n"


@needs_compiler
def test_arrays_that_are_not_as_the_kernel_takes_them_are_refused_and_not_misread():
    proved = np.zeros(1, dtype=np.int64)
    ring = np.array([[0.0, 4.0, 4.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
    work = compiler.compiled_function(kernel_ground.prove_rings)
    work(*ring.copy(), np.array([4]), 0, 1, proved)
    assert proved[0] == 1
    for x, y in ((ring[0, ::2], ring[1, ::2]), ring.astype(np.float32)):
        with pytest.raises(TypeError):
            work(x, y, np.array([4]), 0, 1, proved)


def sines(values: np.ndarray, found: np.ndarray) -> int:
    for at in range(len(values)):
        found[at] = math.sin(values[at])
    return len(values)


@pytest.mark.slow
@needs_compiler
def test_code_that_asks_for_more_than_itself_is_left_to_the_compiler_and_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(compiler, "_STARTED", threading.Event())
    monkeypatch.setattr(compiler, "_folder", lambda: tmp_path)
    pytest.importorskip("numba.extending").register_jitable(sines)  # as functions of the kernel are
    values, found = np.linspace(0, 6, 7), np.zeros(7)
    assert compiler.compiled_function(sines)(values, found) == 7
    assert found == pytest.approx(np.sin(values), abs=1e-15)
    assert list(tmp_path.iterdir()) == []


CODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import runpy
runpy.run_path(sys.argv[1] + "/__main__.py")["_register_package"]()
if sys.argv[2]:
    sys.prefix = sys.argv[2]
from onemap.rules.judge.overlay import compiler
print(json.dumps(str(compiler._folder() or "")))
"""


def folder_with(prefix: Path, cache: Path) -> str:
    root = Path(__file__).resolve().parents[4]
    places = {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-I", "-c", CODE, str(root), str(prefix)],
        capture_output=True,
        check=True,
        env=os.environ | places,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
@needs_compiler
def test_it_is_kept_in_the_environment_else_with_the_user_else_nowhere(tmp_path):
    prefix, cache = tmp_path / "prefix", tmp_path / "cache"
    assert Path(folder_with(prefix, cache)).parent == prefix / "share"
    # A file where a folder would be made: nobody may write there, not even root.
    barred = tmp_path / "barred"
    barred.write_text("")
    found = Path(folder_with(barred, cache))
    assert cache in found.parents and found.is_dir()
    assert folder_with(barred, barred) == ""
