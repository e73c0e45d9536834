"""Progress: parts of parts, shares that never go back, words that stay, and a request that stops the work."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.progress import SILENT, Progress

Said = list[tuple[float, str]]


def listening() -> tuple[Progress, Said]:
    steps: Said = []
    return Progress(lambda share, step: steps.append((round(share, 6), step))), steps


def test_a_part_of_a_part_says_its_share_of_the_whole():
    progress, steps = listening()
    part = progress.part(0.5, 1.0).part(0.2, 0.6)
    for share in (0.0, 0.5, 1.0):
        part.at(share)
    assert steps == [(0.6, ""), (0.7, ""), (0.8, "")]


def test_more_than_a_part_and_less_than_nothing_of_it_are_its_ends():
    progress, steps = listening()
    part = progress.part(0.2, 0.4)
    part.at(-1.0)
    part.at(3.0)
    assert [share for share, _ in steps] == [0.2, 0.4]


def test_parts_are_as_long_as_their_costs_and_fill_the_piece():
    progress, steps = listening()
    for part in progress.part(0.0, 0.5).parts([1, 3]):
        part.at(0.0)
        part.at(1.0)
    assert [share for share, _ in steps] == [0.0, 0.125, 0.125, 0.5]
    assert progress.parts([]) == []
    for part in progress.parts([0, 0]):  # nothing to do is no division by nothing
        part.at(1.0)


def test_what_was_said_never_goes_back():
    progress, steps = listening()
    for share in (0.3, 0.1, 0.4):
        progress.at(share)
    progress.part(0.0, 0.2).forward(0.5)
    progress.check()
    assert [share for share, _ in steps] == [0.3, 0.3, 0.4, 0.4, 0.4]


def test_work_of_unknown_length_comes_nearer_to_its_end_and_never_there():
    progress, steps = listening()
    part = progress.part(0.2, 0.6)
    for _ in range(200):
        part.forward(0.1)
    shares = [share for share, _ in steps]
    assert shares[0] == 0.24 and shares == sorted(shares)
    assert 0.59 < shares[-1] <= 0.6


def test_words_stay_until_others_come_and_those_of_the_larger_piece_go_first():
    progress, steps = listening()
    progress.at(0.1, "reading")
    progress.check()
    progress.part(0.2, 0.4).at(0.0)
    progress.part(0.4, 0.6, "writing").part(0.0, 0.5, "rows").at(0.0, "geometries")
    progress.part(0.6, 1.0, "sums").forward(0.5)
    progress.at(1.0, "")
    assert [step for _, step in steps] == ["reading", "reading", "reading", "writing", "sums", ""]


@pytest.mark.parametrize(
    "ask",
    [
        lambda progress: progress.at(0.7),
        lambda progress: progress.forward(0.5),
        lambda progress: progress.check(),
        lambda progress: progress.part(0.1, 0.2).parts([1, 1])[1].check(),
    ],
)
def test_whoever_waits_stops_it_wherever_it_asks(ask):
    def report(share: float, step: str) -> None:
        raise Cancelled

    progress = Progress(report)
    with pytest.raises(Cancelled):
        ask(progress)
    ask(SILENT)
    progress.finish()  # what is done is not stopped any more


def test_the_end_is_said_of_work_that_said_how_far_it_was():
    progress, steps = listening()
    progress.finish()
    assert steps == []
    progress.part(0.0, 0.5).at(1.0, "reading")
    progress.finish()
    assert steps == [(0.5, "reading"), (1.0, "")]


def test_threads_say_it_one_after_the_other():
    progress, steps = listening()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: progress.at(number / 2000), range(2000)))
    shares = [share for share, _ in steps]
    assert len(shares) == 2000 and shares == sorted(shares)


def test_work_is_settled_by_its_last_piece_and_not_stopped_after():
    settled, reports = [], []

    def report(share, step):
        reports.append(share)
        raise Cancelled

    progress = Progress(report, lambda: settled.append(len(reports)))
    first, last = progress.parts([1, 2])
    first.settle()
    with pytest.raises(Cancelled):
        first.at(1.0)
    for _ in range(2):
        last.settle()
    last.at(1.0)
    assert settled == [1] and reports == [pytest.approx(1 / 3), 1.0]
