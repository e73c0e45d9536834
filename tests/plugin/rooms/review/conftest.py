"""A parcel to review, and a desk for reviewing it."""

import shutil

import pytest

from onemap.tests.plugin.review_desk import Desk
from onemap.tests.plugin.small_town import box, write_layer


@pytest.fixture
def one_parcel(town):
    """Parcel A: half of it on farmland."""
    path = town / "one.gpkg"
    return path if path.exists() else write_layer(path, ["DKBH"], [(box(100, 100, 100, 100), "A")])


@pytest.fixture
def desk(rehearsal_library, canvas, shared_core, tmp_path):
    """A desk with its own library for rehearsals, in which a step may be of any day."""
    path = tmp_path / "review.gpkg"
    shutil.copyfile(rehearsal_library, path)
    made = Desk(path, canvas, core=shared_core)
    yield made
    made.tab.close_down()
    made.tab.deleteLater()
