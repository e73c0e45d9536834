"""Columns written as texts at once equal the texts of `json.dumps` and `repr`, value by value."""

import hashlib
import json
import math
import zlib

import numpy as np
import pyarrow as pa
import pytest

from onemap.layers.library.value_texts import json_values, row_texts
from onemap.layers.library.versions import digest_field, row_hashes

TEXTS = ["0101", "城区", "a'b", 'a"b', "a\\b", "tab\there", "nul\0", "del\x7f", "", " ", "　", "\u200b", "😀", None]
WHOLE = [0, -1, 7, 2**53 + 1, -(2**63), 2**63 - 1, None]
COLUMNS = {
    "plain": ["0101", "0102", "a, b", "(x)", None],
    "chinese": ["城区", "河道（一）", "", None],
    "signs": TEXTS,
    "whole": WHOLE,
    "beyond": [2**64, 1],
    "points": [0.0, -0.0, 1.0, -901.25, 0.1, 1 / 3, 123456789.0, None],
    "far": [1e-5, 9.99e-5, 1e-4, 9999999999.999998, 1e10, 1e15, 1e16, 1.5e300, 5e-324],
    "none": [math.nan, math.inf, -math.inf, 1.0],
    "nothing": [None, None],
    "empty": [],
    "mixed": [1, "1", 1.0, True, None],
    "truths": [True, False],
    "bytes": [b"\x00'", b"", None],
    "stray": ["\udcff", "a"],
}


def _json(values: list) -> str:
    return json.dumps(values, ensure_ascii=False, default=lambda value: {"blob": bytes(value).hex()})


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_written_as_value_by_value(name):
    values = COLUMNS[name]
    assert bytes(json_values(values)) == _json(values)[1:-1].encode(errors="surrogatepass")
    found = row_texts([values])
    assert found == [repr((value,)).encode(errors="backslashreplace") for value in values]


@pytest.mark.parametrize("name", ["plain", "chinese", "signs", "whole", "points", "far", "none"])
def test_a_column_of_arrow_is_written_as_its_values(name):
    column = pa.array([None, *COLUMNS[name]])[1:]  # which does not begin where its bytes do
    assert bytes(json_values(column)) == bytes(json_values(COLUMNS[name]))
    assert row_texts([column]) == row_texts([COLUMNS[name]])


def test_numbers_by_chance_have_the_digits_of_python():
    chance = np.random.default_rng(20)
    size = 10 ** chance.uniform(-5, 11, 30_000) * chance.choice([-1, 1], 30_000)
    bits = chance.integers(0, 2**63, 30_000).view(np.float64)
    whole = chance.integers(-(2**53), 2**53, 30_000).astype(float)
    for numbers in (size, np.round(size, 2), np.round(size), bits, whole):
        some = numbers[np.isfinite(numbers)]
        fit = some[(np.abs(some) >= 1e-4) & (np.abs(some) < 1e10)].tolist()
        for values in (some.tolist(), fit):
            assert bytes(json_values(values)) == _json(values)[1:-1].encode()
            assert row_texts([values]) == [repr((value,)).encode() for value in values]


def test_rows_of_several_columns_are_tuples():
    columns = [["0101", "a'b", "c", None, "x"], [1, 2, 3, 4, None], [1.5, 2.0, None, 1e20, 0.0]]
    assert row_texts(columns) == [repr(row).encode() for row in zip(*columns, strict=True)]
    before = [0, 1, 2, 3, 4]
    by_hand = [zlib.crc32(repr(row).encode(), at) for at, row in enumerate(zip(*columns, strict=True))]
    assert row_hashes(before, columns).tolist() == by_hand
    assert row_hashes(before, []).tolist() == [zlib.crc32(b"()", at) for at in before]
    with pytest.raises(ValueError):
        row_hashes([0, 1], columns)


def test_a_fields_hash_does_not_tell_its_blocks():
    values = ["0101", "a'b", None, "城", "x"]
    whole, parts = hashlib.sha256(), hashlib.sha256()
    digest_field(whole, "名", [values])
    digest_field(parts, "名", [values[:2], [], pa.array(values[2:])])
    assert whole.hexdigest() == parts.hexdigest()
    assert whole.hexdigest() == hashlib.sha256(json.dumps(["名", values], ensure_ascii=False).encode()).hexdigest()
