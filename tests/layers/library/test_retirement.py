"""A version added by mistake is retired from its first day on, and can be put back."""

import sqlite3
from contextlib import closing

import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import in_force, last_version, versions
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done


def box(east, side=100.0):
    return shapely.box(500_000 + east, 4_200_000, 500_000 + east + side, 4_200_000 + side)


def made_library(folder):
    """Two versions of the red line, of which the second is a mistake."""
    path = folder / "library.gpkg"
    district = write_layer(folder / "district.gpkg", [box(0, 1000.0)])
    done("new", path, "--crs", "EPSG:4547", "--district", district)
    add = ("add", path, "--as", "STBHHX", "--covers", "district")
    columns = {"BSM": ["1"], "HXMC": ["甲"], "LHLX": ["乙"]}
    done(*add, write_layer(folder / "a.gpkg", [box(0)], columns), "--valid-from", "2024-01-01")
    done(*add, write_layer(folder / "b.gpkg", [box(500)], columns), "--valid-from", "2025-01-01")


@pytest.fixture
def library(tmp_path, copied):
    copied(made_library, tmp_path)
    return tmp_path / "library.gpkg"


def states(onemap, library):
    listed = next(row for row in onemap("layers", library).json["layers"] if row["code"] == "STBHHX")
    return {one["label"]: (one["in_force"], one["today"], one["retired"] is not None) for one in listed["versions"]}


def verdict(onemap, library, tmp_path, *options):
    parcel = tmp_path / "parcel.gpkg"
    if not parcel.exists():
        write_layer(parcel, [box(0)], {"DKBH": ["P"]})
    answer = onemap("check", library, parcel, "--only", "STBHHX", *options).done()
    return next(name for name, count in answer.json["verdicts"].items() if count), answer.json["run"]["id"]


def retire(onemap, library, *options, label="2025-01-01"):
    return onemap("retire", library, "STBHHX", label, "--reason", "wrong file", "--by", "王工", *options)


def test_a_retired_version_judges_nothing_and_comes_back_with_undo(library, onemap, tmp_path):
    judged, run = verdict(onemap, library, tmp_path)
    assert judged == "clear"
    before = onemap("layers", library).json
    answer = retire(onemap, library)
    assert (answer.code, answer.json["version"], answer.json["retired"]["who"]) == (0, "2025-01-01", "王工")
    assert states(onemap, library) == {
        "2024-01-01": (True, "in_force", False),
        "2025-01-01": (False, "retired", True),
    }
    assert verdict(onemap, library, tmp_path)[0] == "prohibited"
    assert verdict(onemap, library, tmp_path, "--as-of", "2025-06-01")[0] == "prohibited"
    with closing(sqlite3.connect(library)) as connection:  # what other programs see as the layer
        assert connection.execute("SELECT count(*), min(OGC_FID) FROM STBHHX").fetchone() == (1, 1)
    # What was judged with it stays: it can be read, and gives the same rows again.
    assert onemap("verify", library, "--run", run).json["ok"]
    assert onemap("explain", library, run, "P", "STBHHX").code in (0, 3)
    assert onemap("compare", library, "STBHHX@2024-01-01", "STBHHX@2025-01-01").codes != ["compare.label"]
    rows = [row for row in onemap("history", library, "STBHHX").json["rows"] if row["action"] == "retire"]
    assert [(row["who"], row["subject"], row["detail"]["reason"]) for row in rows] == [
        ("王工", "STBHHX__2", "wrong file")
    ]
    assert retire(onemap, library).codes == ["retire.again"]
    assert retire(onemap, library, "--undo").json["retired"] is None
    assert retire(onemap, library, "--undo").codes == ["retire.undone"]
    assert onemap("layers", library).json == before
    assert verdict(onemap, library, tmp_path)[0] == "clear"
    assert onemap("verify", library).json == {"ok": True, "problems": []}


def test_at_a_moment_before_it_was_retired_it_still_was_in_force(library, onemap, tmp_path):
    with open_library(str(library)) as opened:
        moment = versions(opened)[-1].recorded_at
    assert retire(onemap, library).code == 0
    assert verdict(onemap, library, tmp_path, "--known-at", moment)[0] == "clear"


def test_without_another_version_nothing_is_known(library, onemap, tmp_path):
    assert retire(onemap, library).code == 0
    assert retire(onemap, library, label="2024-01-01").code == 0
    assert verdict(onemap, library, tmp_path)[0] == "unknown"
    with closing(sqlite3.connect(library)) as connection:
        assert connection.execute("SELECT count(*) FROM STBHHX").fetchone() == (0,)
    with open_library(str(library)) as opened:
        assert last_version(opened, "STBHHX") is None
    assert onemap("verify", library).json["ok"]


def test_after_it_the_next_version_is_added_and_the_same_file_is_no_version_that_is_there(library, onemap, tmp_path):
    assert retire(onemap, library).code == 0
    add = ("add", library, tmp_path / "b.gpkg", "--as", "STBHHX", "--covers", "district")
    assert onemap(*add, "--valid-from", "2025-01-01").codes == ["version.label"]
    again = onemap(*add, "--valid-from", "2025-01-01", "--label", "again")
    assert (again.code, again.json["unchanged"]) == (0, False)
    with closing(sqlite3.connect(library)) as connection:
        assert connection.execute("SELECT count(*) FROM STBHHX").fetchone() == (1,)
    with open_library(str(library)) as opened:
        found = in_force(versions(opened), opened.today())
        assert found is not None and found.label == "again"
    assert onemap("verify", library).json["ok"]


def test_who_strikes_out_a_retirement_is_named(library, onemap):
    assert retire(onemap, library).code == 0
    with closing(sqlite3.connect(library)) as connection:
        connection.execute("DELETE FROM onemap_library WHERE key = 'retired.STBHHX__2'")
        connection.commit()
    found = onemap("verify", library)
    assert (found.code, found.codes) == (5, ["verify.record_gone"])


def test_a_changed_retirement_is_not_written_on(library, onemap):
    assert retire(onemap, library).code == 0
    with closing(sqlite3.connect(library)) as connection:
        connection.execute("UPDATE onemap_library SET value = replace(value, 'wrong', 'right') WHERE key LIKE 'ret%'")
        connection.commit()
    assert retire(onemap, library, "--undo").codes == ["library.altered"]
    with closing(sqlite3.connect(library)) as connection:
        connection.execute("UPDATE onemap_library SET value = 'x' WHERE key LIKE 'ret%'")
        connection.commit()
    assert onemap("layers", library).codes == ["library.damaged"]


@pytest.mark.parametrize(
    ("code", "label", "refusal"),
    [("STBHHX", "2023", "retire.label"), ("NOTHING", "v1", "layer.unknown")],
)
def test_what_is_not_there_is_not_retired(library, onemap, code, label, refusal):
    assert onemap("retire", library, code, label, "--reason", "x").codes == [refusal]


def test_a_reason_is_asked_for(library, onemap):
    answer = onemap("retire", library, "STBHHX", "2025-01-01")
    assert (answer.code, answer.codes) == (2, ["usage.arguments"])


def test_a_copy_keeps_what_was_retired(library, onemap, tmp_path):
    assert retire(onemap, library).code == 0
    target = tmp_path / "copy.gpkg"
    assert onemap("copy", library, target).code == 0
    assert states(onemap, target) == states(onemap, library)
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM STBHHX").fetchone() == (1,)
    assert onemap("verify", target).json["ok"]
    assert onemap("retire", target, "STBHHX", "2025-01-01", "--reason", "y", "--undo").code == 0
    assert onemap("verify", target).json["ok"]
