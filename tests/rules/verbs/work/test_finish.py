"""Written results are final: a request to stop that comes later is ignored, in every verb."""

from shapely import box

from onemap.layers.errors import Cancelled
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.verbs.commands.verbs import VERBS


def test_a_version_that_is_added_is_not_cancelled_any_more(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)])
    source = desk.write("more", [box(0, 0, 20, 20)], {"KEY": ["1"]}, "EPSG:4547")

    def added():
        with open_library(str(desk.library)) as library:
            return [version.label for version in versions(library)]

    before = added()

    def report(fraction, step):
        if fraction >= 1:
            assert len(added()) == 2
            raise Cancelled

    values = {"library": str(desk.library), "source": str(source), "as": "ZONE", "label": "more", "covers": "extent"}
    found = VERBS["add"].run(values, VerbContext("en", Progress(report)))
    assert found["features"] == 1 and added() == [*before, "more"]
