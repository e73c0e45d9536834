"""A large file is read block by block; progress moves meanwhile, and the reading can be cancelled."""

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.errors import Cancelled
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress

DEFINE = "name=点,department=land,library=base,kind=vector,geometry=point"
POINTS = 120_000  # of which 50,000 are read at once


@pytest.fixture(scope="module")
def many_points(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "many.gpkg"
    east, north = np.divmod(np.arange(POINTS), 400)
    wkb = shapely.to_wkb(shapely.points(500_000 + east, 4_000_000 + north))
    options = {"geometry_type": "Point", "crs": "EPSG:4547", "driver": "GPKG", "SPATIAL_INDEX": "NO"}
    pyogrio.raw.write(path, wkb, [np.arange(POINTS)], ["BSM"], **options)
    return path


def steps_until(shelf, source, stop):
    """Add until `stop` says so; return all reports of progress."""
    steps = []

    def report(fraction, step):
        steps.append((fraction, step))
        if stop(fraction, step):
            raise Cancelled

    with open_library(str(shelf.path)) as library:
        try:
            wishes = AddOptions("T", define=DEFINE, covers="extent")
            Intake(library, lambda _: (), "me", "en").add(str(source), wishes, Progress(report))
        except Cancelled:
            steps.append((None, "cancelled"))
    return steps


def test_progress_moves_while_a_file_is_read(shelf, many_points):
    steps = steps_until(shelf, many_points, lambda fraction, step: step == "Writing the library")
    reading = [fraction for fraction, step in steps if step == "Reading the source"]
    assert reading == sorted(reading)
    assert len(set(reading)) >= 5  # its beginning, three blocks, and the look for arcs
    assert 0 < reading[1] < reading[-1] <= 0.55


@pytest.mark.parametrize("at", [0.05, 0.1, 0.2, 0.3])
def test_a_cancellation_while_reading_ends_it_and_leaves_nothing(shelf, many_points, at):
    before = shelf.path.read_bytes()
    steps = steps_until(shelf, many_points, lambda fraction, step: step == "Reading the source" and fraction >= at)
    assert steps[-1] == (None, "cancelled")
    assert {step for _, step in steps[:-1]} == {"Reading the source"}
    assert shelf.path.read_bytes() == before
    assert "T__1" not in shelf.tables()
