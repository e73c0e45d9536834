"""The rows that two versions share: the library finds those that reading both finds, by their bytes alone."""

from datetime import date

import numpy as np
import pytest
import shapely
from shapely import box

from onemap.layers.library.chosen_features import features_near, features_of
from onemap.layers.library.library import open_library
from onemap.layers.library.version_differences import alike_rows
from onemap.layers.library.versions import read_version, versions
from onemap.layers.stores.store import DamagedTable
from onemap.rules.judge.inputs.changed_features import changed_features, changed_of_rest
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.tests.rules.run_damage import change_library

ZONES = [box(50 * n, 0, 50 * n + 40, 30 + n) for n in range(30)]
GRADES = [n % 3 for n in range(30)]
KEYS = [f"z{n}" for n in range(30)]


def edits():
    """Zones, their grades and keys, by what was done to them."""
    rows = {
        "one moved": lambda all_of: [*all_of[:7], (box(350, 9, 380, 19), 2, "z7"), *all_of[8:]],
        "one gone": lambda all_of: all_of[:11] + all_of[12:],
        "one more": lambda all_of: [*all_of[:4], (box(1, 1, 9, 9), 1, "new"), *all_of[4:]],
        "ends other": lambda all_of: [(ZONES[0], 9, "z0"), *all_of[1:-1]],
        "repeated": lambda all_of: [*all_of[:5], *((ZONES[5], 2, f"y{n}") for n in range(3)), *all_of[5:]],
        "none": lambda all_of: all_of,
        "all others": lambda all_of: [(shape.buffer(1), grade, key) for shape, grade, key in all_of],
        "value": lambda all_of: [*all_of[:20], (ZONES[20], 7, "z20"), *all_of[21:]],
        "key": lambda all_of: [*all_of[:20], (ZONES[20], GRADES[20], "other"), *all_of[21:]],
    }
    every = list(zip(ZONES, GRADES, KEYS, strict=True))
    return {name: edit(every) for name, edit in rows.items()}


def add(desk, rows, label, **dates):
    shapes, grades, keys = zip(*rows, strict=True)
    desk.layer("ZONE", shapes, {"KEY": list(keys), "GRADE": list(grades)}, label=label, **dates)


def sources(library):
    return Sources(library, versions(library), date.today(), {}, {}, (0.0, 0.0))


def bodies(shapes):
    return sorted(shapely.to_wkb(shapes))


@pytest.mark.slow
def test_what_is_read_of_two_versions_is_what_they_do_not_share(desk):
    made = edits()
    for name, rows in made.items():
        add(desk, rows, name)
    with open_library(str(desk.library)) as library:
        known = {version.label: version for version in versions(library)}
        read, before = sources(library), known["none"]
        for label, after in known.items():
            for one, other in ((before, after), (after, before)):
                alike = alike_rows(library, one, other, "KEY")
                whole = read.of_version(one, None), read.of_version(other, None)
                expected = changed_features(*whole)
                rest = [
                    read.rows_of_version(version, np.setdiff1d(np.arange(1, version.count + 1), shared))
                    for version, shared in ((one, alike.before), (other, alike.after))
                ]
                assert bodies(changed_of_rest(*rest, alike)) == bodies(expected), label
                same = [read_version(library, version, None) for version in (one, other)]
                for row, place in zip(alike.before - 1, alike.after - 1, strict=True):
                    assert same[0].geometries[row].equals_exact(same[1].geometries[place])
                    assert same[0].attributes.iloc[row].tolist() == same[1].attributes.iloc[place].tolist()
                changed = {"none": 0, "all others": 30, "repeated": 3}.get(label, 2)
                assert max(one.count, other.count) - len(alike.before) <= changed
        # Without a field that names them, features are known by their fids: none that stands elsewhere is the same.
        unnamed = alike_rows(library, before, known["one gone"], None)
        assert unnamed.before.tolist() == unnamed.after.tolist() == list(range(1, 12))


def test_checksums_that_lie_make_no_row_the_same(desk):
    made = edits()
    add(desk, made["none"], "a")
    add(desk, made["one moved"], "b")
    first = "SELECT hashes FROM onemap_row_hashes WHERE table_name = 'ZONE__1'"
    change_library(desk.library, f"UPDATE onemap_row_hashes SET hashes = ({first})")
    with open_library(str(desk.library)) as library:
        one, other = versions(library)
        alike = alike_rows(library, one, other, "KEY")
        assert sorted({*range(1, 31)} - {*alike.before.tolist()}) == [8]
    change_library(desk.library, "UPDATE onemap_row_hashes SET hashes = x'00'")
    with open_library(str(desk.library)) as library:
        assert alike_rows(library, one, other, "KEY") is None


def test_numbers_of_another_type_and_rows_that_are_gone_are_not_the_same(desk):
    made = edits()
    add(desk, made["none"], "a")
    add(desk, made["none"], "b", valid_from="2024-01-01")
    change_library(desk.library, "UPDATE \"ZONE__2\" SET grade = CAST('1' AS TEXT) WHERE fid = 2")
    change_library(desk.library, 'UPDATE "ZONE__2" SET grade = 0.5 WHERE fid = 3')
    with open_library(str(desk.library)) as library:
        one, other = versions(library)
        alike = alike_rows(library, one, other, "KEY")
        assert {*range(1, 31)} - {*alike.before.tolist()} <= {2, 3}
        assert 3 not in alike.before.tolist()
        assert features_of(library, one, np.array([1, 2, 30])).attributes["KEY"].tolist() == ["z0", "z1", "z29"]
        with pytest.raises(DamagedTable):
            features_of(library, one, np.array([30, 31]))
    change_library(desk.library, 'DELETE FROM "ZONE__2" WHERE fid = 30')
    with open_library(str(desk.library)) as library:
        assert alike_rows(library, one, other, "KEY") is None


def test_what_lies_near_some_boxes_is_what_is_near_any_of_them(desk):
    add(desk, edits()["none"], "a")
    boxes = np.array([[95.0, 10, 105, 12], [700, 100, 710, 110], [1040, 0, 1050, 9]])
    with open_library(str(desk.library)) as library:
        (version,) = (version for version in versions(library) if version.code == "ZONE")
        found = features_near(library, version, boxes)
        whole = read_version(library, version, None)
        near = [any(shape.intersects(box(*one)) for one in boxes.tolist()) for shape in whole.geometries]
        assert found.fids.tolist() == whole.fids[near].tolist() == [3, 21, 22]
        assert found.attributes.equals(whole.attributes[near].reset_index(drop=True))
    change_library(desk.library, f'DELETE FROM "rtree_{version.table}_geom" WHERE id = 9')
    with open_library(str(desk.library)) as library, pytest.raises(DamagedTable):
        features_near(library, version, boxes)
