"""A check's rows are written in parts while the next ones are judged: the same rows, all of them or none."""

import threading

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.library.library import log, open_library
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.judge.check import run_in_parts
from onemap.rules.judge.runs import background_recorder
from onemap.rules.judge.runs.run_store import KEPT, stored_rows
from onemap.rules.judge.runs.stored_rows import GIVEN
from onemap.rules.verbs.work.check_work import check

RULES = (
    {"id": "zone", "layer": "ZONE", "verdict": "restricted"},
    {"id": "under", "layer": "PLAN", "where": "DLBM = '0101'", "verdict": "restricted", "under": ["zone"]},
    {
        "id": "survey",
        "kind": "composition",
        "layer": "PLAN",
        "by": ["DLBM"],
        "verdict": "notice",
        "title": {"zh": "survey", "en": "survey"},
    },
    {
        "id": "inside",
        "kind": "within",
        "layer": "ZONE",
        "verdict": "consult",
        "title": {"zh": "inside", "en": "inside"},
    },
)


@pytest.fixture(autouse=True)
def parts_of_any_size(monkeypatch):
    monkeypatch.setattr(run_in_parts, "LEAST_PARCELS", 1)


@pytest.fixture
def question(desk):
    """A library, some parcels, a few with holes or parts, and rules of several kinds."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(10) * 40.0, np.arange(7) * 40.0))
    shapes = {f"P{n}": shapely.box(x[n], y[n], x[n] + 30, y[n] + 30) for n in range(len(x))}
    shapes["P7"] = shapes["P7"].difference(shapes["P7"].centroid.buffer(5))
    shapes["P30"] = shapely.union_all([shapes["P30"], shapely.box(900, 900, 910, 910)])
    circles = shapely.buffer(shapely.points(np.random.default_rng(1).uniform(0, 400, (40, 2))), 21.0)
    desk.layer("ZONE", circles.tolist())
    strips = [shapely.box(at, -10, at + 25, 300) for at in range(-10, 400, 25)]
    desk.layer("PLAN", strips, {"DLBM": ["0101", "0701"] * 8 + ["0101"]})
    return {"library": str(desk.library), "parcels": str(desk.parcels(shapes)), "pack": [str(desk.pack(*RULES))]}


def run_check(question, report=None, **more):
    values = {**question, "facts": [], "only": [], "replace": [], **more}
    return check(values, VerbContext("en", Progress(report)))


def rows_of(out):
    """Every row of every table of a GeoPackage; of the table `run` nothing."""
    found = {}
    for name, _ in pyogrio.list_layers(out):
        table = pyogrio.read_dataframe(out, layer=name, fid_as_index=True)
        shapes = shapely.to_wkb(table.geometry.to_numpy()).tolist() if "geometry" in table else []
        columns = table.drop(columns="geometry", errors="ignore")
        found[name] = (shapes, columns.columns.tolist(), columns.astype(object).fillna("").to_numpy().tolist())
    found["run"] = found["run"][1]
    return found


def parquet_rows(out):
    """Every row of every table of a folder of Parquet; of the table `run` nothing."""
    return {path.name: pq.read_table(path).to_pylist() for path in out.iterdir() if path.stem != "run"}


@pytest.mark.slow
@pytest.mark.parametrize("form", [".gpkg", ""])
def test_parts_have_the_rows_of_the_whole(question, tmp_path, monkeypatch, form):
    written, kept = {}, {}
    for rows in (80_000, 17):
        monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", rows)
        out = tmp_path / f"out{rows}{form}"
        answer = run_check(question, out=[str(out)])
        assert answer["verdicts"]["restricted"] > 10 and sum(answer["verdicts"].values()) == 70
        with open_library(question["library"]) as library:
            kept[rows] = {name: stored_rows(library, answer["run"]["id"], name) for name in KEPT}
        written[rows] = rows_of(out) if form else parquet_rows(out)
    assert kept[17] == kept[80_000]
    assert len(kept[17]["overlaps"]) > 80 and len(kept[17]["composition"]) > 60
    assert written[17] == written[80_000] and len(written[17]) > 7


def is_judging(step):
    """Whether a step gives the number of judged parcels; for parts it does not name rules."""
    return step.startswith("Judging parcels")


def told_of(question, out):
    """The progress of a check in small parts, with the amount of written rows at each report."""
    reports = []

    def report(_share, step):
        reports.append((step, sum(path.stat().st_size for path in out.parent.rglob("*.parquet"))))

    run_check(question, report, out=[str(out)])
    return reports


@pytest.mark.slow
def test_rows_of_the_first_parts_are_written_before_the_last_is_judged(question, tmp_path, monkeypatch):
    monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", 17)
    folder = tmp_path / "result"
    folder.mkdir()
    reports = told_of(question, folder / "out")
    begun = {step: size for step, size in reversed(reports) if is_judging(step)}  # the first report of each part
    written = list(begun.values())[::-1]
    assert written[0] == 0 and len(set(written)) > 3 and written == sorted(written)
    assert max(size for _, size in reports) > written[-1]


@pytest.mark.slow
def test_what_ends_in_a_part_leaves_files_and_library_as_they_were(question, tmp_path, monkeypatch):
    monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", 17)
    out, new = tmp_path / "out.gpkg", tmp_path / "new.gpkg"
    steps = [step for step, _ in told_of(question, out)]
    before, rows = out.read_bytes(), library_rows(question)
    assert rows["onemap_runs"] == 1 and "Writing the library" in steps
    parts = list(dict.fromkeys(filter(is_judging, steps)))
    assert len(parts) > 5
    full = OneMapError("journal.failed", file="disk", reason="full")
    for failure, part in ((Cancelled(), parts[4]), (Cancelled(), parts[-1]), (full, parts[-1])):

        def report(_share, step, failure=failure, part=part):
            if step == part:
                raise failure

        with pytest.raises(type(failure)):
            run_check(question, report, out=[str(out), str(new)], overwrite=True)
        assert out.read_bytes() == before and library_rows(question) == rows
        assert not [path.name for path in tmp_path.iterdir() if ".part" in path.name or "new" in path.name]


def test_no_thread_is_left_of_what_was_stopped_even_while_somebody_looks_at_the_error(question, tmp_path, monkeypatch):
    monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", 17)
    before = set(threading.enumerate())

    def report(_share, step):
        if is_judging(step) and " 0 of " not in step:  # rows of the first part are on their way
            raise Cancelled

    with pytest.raises(Cancelled) as refusal:
        run_check(question, report, out=[str(tmp_path / "out")])
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()
    assert refusal.tb is not None  # with all that was at work then


@pytest.mark.slow
def test_others_write_into_the_library_while_rules_judge(question, tmp_path, monkeypatch):
    monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", 17)
    written = []

    def report(_share, step):
        if is_judging(step) and len(written) < 2:
            with open_library(question["library"]) as library, library.writing() as connection:
                log(connection, "somebody", "passed", "by", {})
            written.append(step)

    before = library_rows(question)["onemap_audit"]
    answer = run_check(question, report, out=[str(tmp_path / "out")])
    assert answer["run"]["recorded"] and len(written) == 2
    assert library_rows(question)["onemap_audit"] > before + 2


@pytest.mark.slow
@pytest.mark.parametrize("most", [0, 3_000])
def test_rows_that_wait_for_the_library_are_written_before_they_fill_memory(question, monkeypatch, most):
    kept = []
    for rows, waiting in ((80_000, background_recorder.MOST_HELD), (17, most)):
        monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", rows)
        monkeypatch.setattr(background_recorder, "MOST_HELD", waiting)
        answer = run_check(question)
        with open_library(question["library"]) as library:
            kept.append({name: stored_rows(library, answer["run"]["id"], name) for name in (*KEPT, GIVEN)})
    assert kept[0] == kept[1] and len(kept[0][GIVEN]) == 70


def library_rows(question):
    """The number of rows in each of a library's own tables."""
    with open_library(question["library"]) as library:
        names = ("onemap_runs", "onemap_run_blocks", "onemap_pack_texts", "onemap_audit")
        return {name: library.connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
