"""Which division contains which, by their codes."""

import pytest

from onemap.layers.catalogue.unit_codes import plain_unit_code, unit_stem, unit_stems


@pytest.mark.parametrize(
    ("code", "stems"),
    [
        ("310000", ["31"]),
        ("130100", ["1301", "13"]),
        ("130100000000", ["1301", "13"]),
        ("310110", ["310110", "3101", "31"]),
        ("310112101010", ["310112101010", "310112101", "310112", "3101", "31"]),
        ("130102001000", ["130102001", "130102", "1301", "13"]),
        ("1399", ["1399", "13"]),
        ("新华区", ["新华区"]),
        ("", [""]),
    ],
)
def test_a_code_begins_as_those_of_all_that_it_lies_within(code, stems):
    assert unit_stems(code) == stems and unit_stem(code) == stems[0]
    assert unit_stem(plain_unit_code(code)) == stems[0]
