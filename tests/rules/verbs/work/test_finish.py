"""Written results are final: a request to stop that comes later is ignored, in every verb."""

import pytest
from shapely import box

from onemap.layers.errors import Cancelled
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.verbs.commands.command_line import _ProgressLine
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


def values_and_files(verb, desk):
    """The values of a verb, and the files that it writes."""
    library, target = str(desk.library), desk.folder / "result.zip"
    if verb == "deliver":
        return {"library": library, "target": str(target), "layers": ["ZONE"], "to": "B", "secrecy": "public"}, [target]
    files = [desk.folder / "result.gpkg", desk.folder / "result.csv"]
    given = {"library": library, "parcels": [str(desk.parcels({"A": box(0, 0, 5, 5)}))], "out": [*map(str, files)]}
    return {**given, "pack": [str(desk.pack({"layer": "ZONE"}))]}, files


@pytest.mark.parametrize("is_before", [False, True])
@pytest.mark.parametrize("verb", ["check", "deliver"])
def test_who_asks_to_stop_as_results_take_their_places_gets_all_of_them_and_before_none(desk, verb, is_before):
    desk.layer("ZONE", [box(0, 0, 10, 10)])
    values, files = values_and_files(verb, desk)
    line = _ProgressLine("none")

    def settle():
        for step in (line.stop, line.settle) if is_before else (line.settle, line.stop):
            step()

    before = desk.library.read_bytes()
    context = VerbContext("en", Progress(line, settle))
    if is_before:
        with pytest.raises(Cancelled):
            VERBS[verb].run(values, context)
    else:
        VERBS[verb].run(values, context)
    assert [file.exists() for file in files] == [not is_before] * len(files)
    assert (desk.library.read_bytes() == before) == is_before
    assert not list(desk.folder.glob("*.part"))
