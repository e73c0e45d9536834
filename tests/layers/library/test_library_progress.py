"""Progress of work on a library or file follows its rows, never goes back, and ends; the work can be stopped."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from onemap.layers.errors import Cancelled
from onemap.layers.ingest.inspection import inspect
from onemap.layers.library.library import open_library
from onemap.layers.library.verification import library_problems, log_of
from onemap.layers.library.versions import content_hash, versions
from onemap.layers.progress import Progress
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.logged_rows import plain_tables
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.verbs.work.judgement_tables import TABLES
from onemap.rules.verbs.work.library_work import copy
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done

Work = Callable[[Callable[[float, str], None]], None]
ROWS = 30_000


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A file of many squares."""
    east, north = np.divmod(np.arange(ROWS), 200)
    squares = shapely.box(500_000 + 20 * east, 4_000_000 + 20 * north, 500_010 + 20 * east, 4_000_010 + 20 * north)
    return write_layer(
        tmp_path_factory.mktemp("rows") / "many.gpkg", squares.tolist(), {"BSM": [f"b{n}" for n in range(ROWS)]}
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory, source) -> Path:
    """A library with the many squares, and with one."""
    folder = tmp_path_factory.mktemp("library")
    path = folder / "city.gpkg"
    few = write_layer(folder / "few.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)], {"BSM": ["one"]})
    define = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
    done("new", path, "--crs", "EPSG:4547")
    done("add", path, few, "--as", "FEW", "--define", define, "--covers", "extent")
    done("add", path, source, "--as", "MANY", "--define", define, "--covers", "extent")
    return path


@pytest.fixture(params=["inspect", "verify", "copy"])
def work(request, source, library, tmp_path) -> Work:
    """A piece of work that tells of itself."""

    def run(report: Callable[[float, str], None]) -> None:
        if request.param == "inspect":
            inspect(str(source), None, None, "en", Progress(report))
        elif request.param == "copy":
            copy({"library": str(library), "target": str(tmp_path / "copy.gpkg")}, VerbContext("en", Progress(report)))
        else:
            with open_library(str(library)) as opened, opened.reading():
                tables = plain_tables((*LIBRARY_TABLES, *TABLES))
                assert library_problems(opened, log_of(opened, []), tables, Progress(report)) == []

    return run


def test_it_goes_by_rows_and_never_back(work):
    shares: list[float] = []
    work(lambda share, step: shares.append(share))
    assert shares == sorted(shares)
    assert len({share for share in shares if 0.1 < share < 0.9}) > 2
    assert shares[-1] > 0.8


def test_whoever_is_told_may_stop_it(work, tmp_path):
    def report(share: float, step: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        work(report)
    assert not list(tmp_path.iterdir())


def test_a_version_s_hash_is_the_same_however_many_rows_are_taken_at_once(library, monkeypatch):
    with open_library(str(library)) as opened:
        many = next(version for version in versions(opened) if version.code == "MANY")
        rows = opened.connection.read_features(many.table, ["BSM"], None, None)
    attributes = pd.DataFrame({"BSM": pd.Series(list(rows.values["BSM"]), dtype=object)})
    for at_once in (7, 20_000, ROWS):
        monkeypatch.setattr("onemap.layers.library.versions._ROWS_AT_ONCE", at_once)
        assert content_hash(rows.geometries, attributes) == many.hash
