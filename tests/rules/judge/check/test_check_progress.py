"""Progress of a check follows the work of its rules, not their number; it never goes back, and it ends."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from onemap.layers.errors import Cancelled
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.rules.answers.remedy.remedy import SearchProgress
from onemap.rules.judge.check.check import BEGUN, JUDGED, LAYERS_READ, check
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.question import CheckOptions, question_of
from onemap.rules.judge.runs import arrow_blocks
from onemap.rules.verbs.work.rerun import repeat_run

Reports = list[tuple[float, str]]


@pytest.fixture
def run_check(desk) -> Callable[[Callable[[float, str], None]], None]:
    """A check of 400 parcels by two rules: a layer of one square, and one of a thousand circles."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(20) * 40.0, np.arange(20) * 40.0))
    desk.layer("FEW", [shapely.box(0, 0, 1000, 100)])
    circles = shapely.buffer(shapely.points(np.random.default_rng(1).uniform(0, 800, (1000, 2))), 6.0, quad_segs=64)
    desk.layer("MANY", circles.tolist())
    parcels = desk.write(
        "parcels", shapely.box(x, y, x + 30, y + 30), {"parcel": [f"p{n}" for n in range(400)]}, "EPSG:4547"
    )
    pack = desk.pack(*({"id": code, "layer": code, "title": {"zh": code, "en": code}} for code in ("FEW", "MANY")))

    def run(report: Callable[[float, str], None]) -> None:
        with open_library(str(desk.library)) as library:
            question = question_of(library, CheckOptions(str(parcels), packs=(str(pack),)), "en")
            check(library, question, Threads(2, Progress(report)))

    return run


def test_a_rule_of_much_work_has_more_of_the_bar_than_one_of_little(run_check):
    reports: Reports = []
    run_check(lambda fraction, step: reports.append((fraction, step)))
    shares = [fraction for fraction, _ in reports]
    assert shares == sorted(shares)
    first = {step: fraction for fraction, step in reversed(reports)}
    tables = first["Making the tables"]
    assert (tables - first["MANY"]) > 5 * (first["MANY"] - first["FEW"]) > 0
    # Within the large one the bar moves.
    assert len({fraction for fraction, step in reports if step == "MANY"}) > 3


@pytest.mark.slow
def test_it_can_be_stopped_wherever_it_tells_how_far_it_is(run_check):
    reports: list[float] = []
    run_check(lambda fraction, step: reports.append(fraction))
    for last in (0.0, reports[len(reports) // 2], reports[-1]):

        def report(fraction: float, step: str, last: float = last) -> None:
            if fraction >= last:
                raise Cancelled

        with pytest.raises(Cancelled):
            run_check(report)


def test_a_search_tells_what_is_checked_of_what_is_expected():
    reports: Reports = []
    searching = SearchProgress(Progress(lambda fraction, step: reports.append((round(fraction, 6), step))))

    def all_of_it(progress: Progress) -> str:
        for fraction in (BEGUN, LAYERS_READ, (LAYERS_READ + JUDGED) / 2, JUDGED, 1.0):  # the third: half of the grounds
            progress.at(fraction, "inner")
        return "found"

    searching.expect(100, 2)
    assert searching.watch_check(20, all_of_it) == "found"
    # As long as nobody knows what reading takes, it is half as much as the grounds, and half of that once more.
    assert reports == [(fraction, "inner") for fraction in (0, *(round(part / 115, 6) for part in (10, 20, 30, 30)))]
    reports.clear()
    searching.expect(20)  # most of it turns out not to be needed
    searching.watch_check(20, all_of_it, "places")
    shares = [fraction for fraction, _ in reports]
    assert shares == sorted(shares)
    assert shares[0] > 0.3
    assert reports[-1] == (1.0, "places")
    searching.watch_check(10, all_of_it)  # and some that nobody expected is
    assert reports[-1] == (1.0, "inner")


def test_a_run_that_is_repeated_tells_how_many_rows_are_held_against_the_stored_ones(desk, monkeypatch):
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 8)
    desk.layer("ZONE", [shapely.box(0, 0, 1000, 5)])
    run = desk.check({f"p{n:03}": shapely.box(20 * n, 0, 20 * n + 9, 9) for n in range(80)}, {}).answer.json["run"][
        "id"
    ]
    reports: Reports = []
    with open_library(str(desk.library)) as library:
        assert repeat_run(library, run, Threads(1, Progress(lambda *pair: reports.append(pair)))).differences == []
        shares = [fraction for fraction, _ in reports]
        assert shares == sorted(shares) and shares[-1] == 1
        # Ten blocks of parcels; each is told before it is held.
        held = sorted({fraction for fraction, step in reports if 0.86 < fraction < 0.99})
        assert len(held) > 10 and max(np.diff(held)) < 0.05

        def stop(fraction: float, step: str) -> None:
            if fraction >= held[3]:
                raise Cancelled

        with pytest.raises(Cancelled):
            repeat_run(library, run, Threads(1, Progress(stop)))
