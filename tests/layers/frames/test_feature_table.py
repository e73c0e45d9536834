"""A table of features is the same in memory and on disk, and reuses what an earlier attempt has left."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import shapely

from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.feature_table import AREA, BOX, LENGTH, POINTS, Features, FeatureTable
from onemap.layers.stores.arrow_values import UnsupportedValue

SIZES = (7, 0, 1, 5)


def some(number):
    """Features of a part: polygons, a number and a truth of each, fields of one type and of several."""
    chance = np.random.default_rng(number)
    count = SIZES[number]
    centres = shapely.points(chance.uniform(0, 1000, (count, 2)))
    fields = pd.DataFrame(
        {
            "box": [f"值{row}" for row in range(count)],
            "n": pd.Series([row if row % 2 else None for row in range(count)], dtype=object),
            "mixed": pd.Series([row if row % 2 else str(row) for row in range(count)], dtype=object),
        }
    )
    numbers = {"at": np.arange(count) + 100 * number, "is_odd": np.arange(count) % 2 == 1}
    return Features(shapely.buffer(centres, 3.5, quad_segs=2), numbers, fields, about={"part": number})


def table_of_parts(journal=None, make=some):
    table = FeatureTable(journal)
    for number in range(len(SIZES)):
        table.add(f"part-{number}", partial(make, number))
    return table


def test_rows_on_disk_are_those_in_memory_in_any_order(tmp_path):
    held, kept = table_of_parts(), table_of_parts(Journal(tmp_path))
    assert len(held) == len(kept) == sum(SIZES) and held.abouts() == kept.abouts()
    names = (BOX, AREA, LENGTH, POINTS, "at", "is_odd")
    for one, other in zip(held.columns(*names), kept.columns(*names), strict=True):
        assert one.dtype == other.dtype and (one == other).all()
    for rows in (np.arange(13), np.array([12, 0, 7, 7, 3]), np.array([6, 8]), np.array([], dtype=np.int64)):
        assert (shapely.to_wkb(held.geometries(rows)) == shapely.to_wkb(kept.geometries(rows))).all()
        if (np.diff(rows) > 0).all():
            one, other = held.bodies(rows), kept.bodies(rows)
            assert one.column.equals(other.column) and (one.boxes == other.boxes).all()
            for name in held.field_names:
                assert held.values(name, rows) == kept.values(name, rows)
    assert held.field_names == kept.field_names == ["box", "n", "mixed"]  # one is called as a number of the table
    assert [kept.types(name) for name in kept.field_names] == [{str}, {int}, {str, int}]
    assert [held.types(name) for name in held.field_names] == [{str}, {int}, {str, int}]


def test_texts_and_numbers_are_columns_on_disk_and_plain_values_in_memory(tmp_path):
    held, kept, rows = table_of_parts(), table_of_parts(Journal(tmp_path)), np.arange(7)
    assert kept.arrow_values("box", rows).to_pylist() == held.values("box", rows)
    assert kept.arrow_values("mixed", rows) is None and held.arrow_values("box", rows) is None


def test_what_is_there_is_not_made_again(tmp_path):
    table_of_parts(Journal(tmp_path))
    (tmp_path / "part-2").unlink()
    made = []

    def make(number):
        made.append(number)
        return some(number)

    again = table_of_parts(Journal(tmp_path), make)
    assert made == [2] and (again.columns("at")[0] == table_of_parts().columns("at")[0]).all()


def test_a_table_without_a_part_has_no_row_and_its_numbers_have_their_types():
    table = FeatureTable(none=some(1))
    at, is_odd, boxes = table.columns("at", "is_odd", BOX)
    assert len(table) == 0 and at.dtype == np.int64 and is_odd.dtype == bool and boxes.shape == (0, 4)
    assert len(table.geometries(np.arange(0))) == 0


def test_a_value_that_would_not_come_back_is_refused_and_leaves_no_part(tmp_path):
    odd = pd.DataFrame({"odd": pd.Series([object()], dtype=object)})
    with pytest.raises(UnsupportedValue):
        FeatureTable(Journal(tmp_path)).add("part", lambda: Features(np.array([shapely.box(0, 0, 1, 1)]), fields=odd))
    assert list(tmp_path.iterdir()) == []
