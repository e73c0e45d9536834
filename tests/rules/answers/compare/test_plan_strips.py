"""A large plan placed in strips on disk equals the plan in memory, to the last digit."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal

from onemap.layers.errors import OneMapError
from onemap.layers.files.journal_folder import Journal
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.layers.progress import Progress
from onemap.rules.answers.compare.matrix import parse_matrix
from onemap.rules.answers.compare.plan_strips import plan_in_strips
from onemap.rules.answers.compare.plans import placed_plan, read_plan
from onemap.rules.contract.declaration import VerbContext, checked_values
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.rules.answers.compare.conftest import MATRIX

THREADS, ORIGIN = Threads(), (0.0, 0.0)
GROUND = shapely.box(-5, -5, 1000, 995)
BOUNDS = GROUND.bounds
TYPES = parse_matrix(MATRIX.replace('other = ["01"', 'silent = ["9"]\nother = ["01"'), "m")


def shapes():
    """Circles that overlap over several strips, one over nearly all, one of many points, codes that are silent."""
    dice = np.random.default_rng(11)
    middles = shapely.points(dice.uniform(-20, 1020, (200, 2)))
    circles = shapely.buffer(middles, dice.uniform(5, 60, 200), quad_segs=8).tolist()
    circles[3] = shapely.buffer(shapely.Point(500, 500), 400, quad_segs=200)
    circles[150] = shapely.box(-3000, 300, -2000, 310)  # beside the ground
    codes = dice.choice(["07", "1", "01", "9", "x", None], 200)
    codes[3] = "07"
    return list(zip(circles, codes.tolist(), strict=True))


@pytest.fixture
def plan_table(table):
    table.plan("A", shapes(), covers=shapely.box(-4000, -100, 1100, 1100))
    return table


def place_plan(library, journal=None, threads=THREADS):
    """The plan in memory, or from a journal."""
    (version,) = (one for one in versions(library) if one.code == "A")
    sources = Sources(library, (), None, {}, {}, ORIGIN)
    if journal is None:
        return placed_plan(read_plan(sources, version, BOUNDS), TYPES.a, TYPES, GROUND, threads)
    return plan_in_strips(sources, version, TYPES.a, TYPES, BOUNDS, GROUND, threads, journal, "plan-a")


def columns_of(plan):
    rows = np.arange(len(plan.polygons))
    return [
        plan.feature,
        plan.codes,
        plan.uses,
        plan.polygons.boxes,
        plan.polygons.area_m2,
        plan.polygons.points,
        shapely.to_wkb(plan.polygons.geometries(rows)),
        np.array([plan.feature_name(row) for row in rows.tolist()]),
    ]


def test_strips_on_disk_hold_what_memory_holds(plan_table, tmp_path, monkeypatch):
    with open_library(str(plan_table.library)) as library:
        whole = place_plan(library)
        assert whole.overlap.features > 100 and len(whole.polygons) > len(set(whole.feature.tolist()))
        monkeypatch.setenv("ONEMAP_BLOCK", "9")
        held, kept = columns_of(whole), []
        for _ in range(2):  # the second finds what the first has left
            strips = place_plan(library, Journal(tmp_path))
            for one, other in zip(held, columns_of(strips), strict=True):
                assert_array_equal(one, other)
            assert strips.overlap == whole.overlap
            kept.append({path.name: path.stat().st_mtime_ns for path in tmp_path.glob("plan-a-*")})
        assert kept[0] == kept[1] and len(kept[0]) == 23


def test_a_strip_that_arithmetic_breaks_down_on_names_the_feature(plan_table, tmp_path, monkeypatch):
    from onemap.rules.answers.compare import plan_strips

    def broken(geometries, wanted, threads):
        return geometries[wanted], np.zeros(len(wanted)), wanted[-1:]

    monkeypatch.setattr(plan_strips, "without_earlier", broken)
    monkeypatch.setenv("ONEMAP_BLOCK", "9")
    with open_library(str(plan_table.library)) as library, pytest.raises(OneMapError) as refused:
        place_plan(library, Journal(tmp_path))
    assert refused.value.problems[0].facts["layer"].startswith("A")
    assert str(refused.value.problems[0].facts["feature"]).startswith("A")


def test_what_a_stage_tells_rises_strip_by_strip_and_ends_with_it(plan_table, tmp_path, monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "9")
    reports = []
    with open_library(str(plan_table.library)) as library:
        place_plan(
            library, Journal(tmp_path), Threads(1, Progress(lambda share, step: reports.append(share)).part(0.2, 0.6))
        )
    assert reports == sorted(reports) and reports[0] >= 0.2 and 0.58 < reports[-1] <= 0.6
    assert len({round(share, 3) for share in reports}) > 20 and max(np.diff(reports)) < 0.03


@pytest.mark.slow
def test_a_comparison_tells_every_stage_by_its_work(plan_table, monkeypatch):
    plan_table.plan("B", [(shape, {"07": "R", "01": "E"}.get(code, "M")) for shape, code in shapes()[::-1]])
    monkeypatch.setenv("ONEMAP_BLOCK", "9")
    reports = []
    given = {"library": str(plan_table.library), "a": "A", "b": "B", "matrix": str(plan_table.matrix(MATRIX))}
    given["out"] = [str(plan_table.folder / "out.gpkg")]
    VERBS["compare"].run(
        checked_values(VERBS["compare"], given),
        VerbContext("en", Progress(lambda share, step: reports.append((share, step)))),
    )
    shares = [share for share, _ in reports]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert max(np.diff(shares)) < 0.05 and len({round(share, 2) for share in shares}) > 60
    assert list(dict.fromkeys(step for _, step in reports)) == [
        "Reading the source",
        "Overlaying the plans",
        "Making the difference spots",
        "Making the tables",
        "",
    ]
