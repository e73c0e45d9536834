"""Values written to disk come back unchanged, whatever their types."""

from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from onemap.layers.stores.arrow_values import UnsupportedValue, arrow_column, plain_column

COLUMNS = {
    "nothing": [None, None],
    "texts": ["07", None, "", "用地"],
    "flags": [True, None, False],
    "numbers": [1, None, -(2**62)],
    "large": [2**70, 1, None],
    "floats": [0.1 + 0.2, None, -0.0, 1e308],
    "bytes": [b"\x00\xff", None],
    "of numpy": [np.int32(5), None, np.int32(-1)],
    "doubles": [np.float64(0.1), None],
    "days": [np.datetime64("2026-11-20", "D"), None],
    "moments": [np.datetime64("2026-11-20T10:00:00.123", "ms"), None],
    "dates": [date(2026, 11, 20), None],
    "times": [time(1, 2, 3), datetime(2026, 1, 2, 3, 4), pd.Timestamp("2026-01-02 03:04:05.000000006")],
    "money": [Decimal("1.10"), None],
    "mixed": ["a b", 1, 2.5, True, None, np.float32(0.1), np.int64(7), Decimal("2")],
    "lists": [["a", 1], None],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_with_values_of_the_same_types(name):
    values = COLUMNS[name]
    field, column = arrow_column(name, values)
    again = plain_column(field, pa.chunked_array([column]))
    assert [(type(value), repr(value)) for value in again] == [(type(value), repr(value)) for value in values]


def test_not_a_number_stays_what_it_is_beside_nothing():
    for values in ([float("nan"), None, 1.5], ["a", float("nan"), None], [np.float64("nan"), None]):
        field, column = arrow_column("n", values)
        again = plain_column(field, pa.chunked_array([column]))
        assert [repr(value) for value in again] == [repr(value) for value in values]


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([1]), "\ud800", ["a", object()]])
def test_a_value_that_would_not_come_back_is_told(value):
    with pytest.raises(UnsupportedValue):
        arrow_column("odd", [value, None])
