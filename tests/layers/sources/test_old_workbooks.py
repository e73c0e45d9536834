"""Old workbooks whose records name absurd rows, columns or counts are refused before memory is allocated."""

import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from onemap.layers.errors import OneMapError
from onemap.layers.sources.sheets.compound_file import file_of, stream_of
from onemap.layers.sources.sheets.old_workbook import checked_workbook
from onemap.layers.sources.sheets.sheet_grid import grids_of
from onemap.tests.test_serve import Served, limited_core

__all__ = ["limited_core"]  # a fixture

PATH = Path(__file__).parents[1] / "data" / "boundary.xls"
STREAM = stream_of(PATH.read_bytes(), ("Workbook", "Book"))
# The sheet's last record before its merged cells: row 12, column D, a number.
LAST_CELL = struct.pack("<HHHH", 0x027E, 10, 11, 3)
DIMENSIONS = struct.pack("<HHIIHH", 0x0200, 14, 0, 12, 0, 4)
TEXTS = struct.pack("<HHII", 0x00FC, 238, 21, 16)
SHEET = struct.pack("<HHI", 0x0085, 14, 0x5B9)
CODE_PAGE = struct.pack("<HHH", 0x0042, 2, 1200)


def changed_workbook(old: bytes, new: bytes) -> bytes:
    assert STREAM.count(old) == 1
    return file_of("Workbook", STREAM.replace(old, new))


def at_cell(row: int, column: int) -> bytes:
    return changed_workbook(LAST_CELL, struct.pack("<HHHH", 0x027E, 10, row, column))


FAR = at_cell(65_535, 255)
DAMAGED = {
    "column 65536": (at_cell(11, 65_535), "sheet.beyond"),
    "the last row and column": (at_cell(65_535, 65_535), "sheet.beyond"),
    "the last cell of all": (FAR, "sheet.spread"),
    "two thousand million texts": (
        changed_workbook(TEXTS, struct.pack("<HHII", 0x00FC, 238, 21, 2**31 - 1)),
        "source.damaged",
    ),
    "a text that is not there": (
        changed_workbook(
            struct.pack("<HHHHHI", 0x00FD, 10, 11, 2, 15, 15), struct.pack("<HHHHHI", 0x00FD, 10, 11, 2, 15, 16)
        ),
        "source.damaged",
    ),
    "a locked one": (changed_workbook(CODE_PAGE, struct.pack("<HHHHH", 0x002F, 2, 1, 0x0042, 0)), "source.locked"),
    "a sheet beyond the end": (changed_workbook(SHEET, struct.pack("<HHI", 0x0085, 14, 2**31)), "source.damaged"),
}

LIMITED = pytest.mark.skipif(
    sys.platform == "win32", reason="a limit of memory is set by resource, which Windows has not"
)


@pytest.fixture
def workbook(tmp_path) -> Callable[[bytes], Path]:
    """A file with this content."""

    def make(content: bytes) -> Path:
        path = tmp_path / "a.xls"
        path.write_bytes(content)
        return path

    return make


def values(content: bytes) -> list[list]:
    """The values of a workbook, as the library reads them."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 1_000_000, 4096 * 1022, 4096 * 3000 + 5])
def test_a_stream_that_was_written_is_read_again(size):
    stream = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert stream_of(file_of("Book", stream), ("Workbook", "Book"))[:size] == stream


def test_of_a_whole_workbook_every_value_and_merged_cell_stays():
    checked = checked_workbook(PATH, 1000)
    assert values(checked) == values(PATH.read_bytes())
    whole, copy = (CalamineWorkbook.from_filelike(io.BytesIO(one)) for one in (PATH.read_bytes(), checked))
    assert copy.sheet_names == whole.sheet_names
    assert copy.get_sheet_by_index(0).merged_cell_ranges == whole.get_sheet_by_index(0).merged_cell_ranges


@pytest.mark.parametrize(("content", "code"), DAMAGED.values(), ids=DAMAGED)
def test_a_workbook_out_of_proportion_is_refused(workbook, content, code):
    with pytest.raises(OneMapError) as raised:
        grids_of(workbook(content), None)
    assert raised.value.code == code


def refusal(core: Served, path: Path) -> str:
    """The code by which a core refuses a file."""
    return core.outcome("inspect", source=str(path))["problems"][0]["code"]


@pytest.mark.slow
@LIMITED
@pytest.mark.parametrize("name", ["the last row and column", "two thousand million texts"])
def test_a_refusal_takes_no_memory(limited_core, workbook, name):
    content, code = DAMAGED[name]
    assert refusal(limited_core, workbook(content)) == code


@pytest.mark.parametrize(("language", "words"), [("en", ("row 12", "column 301")), ("zh", ("第 12 行", "第 301 列"))])
def test_a_refusal_names_sheet_row_and_column(onemap, workbook, language, words):
    (problem,) = onemap("inspect", workbook(at_cell(11, 300)), "--lang", language).json["problems"]
    assert (problem["code"], problem["file"], problem["layer"]) == ("sheet.beyond", "a.xls", "界址点")
    assert [word for word in words if word not in problem["message"]] == []
    assert problem["mend"]


def test_what_a_sheet_says_of_its_size_is_not_believed(workbook):
    endless = changed_workbook(DIMENSIONS, struct.pack("<HHIIHH", 0x0200, 14, 0, 2**32 - 1, 0, 65_535))
    assert grids_of(workbook(endless), None)[0].rows == grids_of(PATH, None)[0].rows


def test_rows_in_any_order_keep_every_cell(workbook):
    # Left to itself the library drops what lies below the row of the last record.
    place = STREAM.index(LAST_CELL)
    first = STREAM.index(struct.pack("<HHHH", 0x00FD, 10, 0, 0))
    turned = STREAM[:first] + STREAM[place : place + 14] + STREAM[first:place] + STREAM[place + 14 :]
    assert grids_of(workbook(file_of("Workbook", turned)), None)[0].rows == grids_of(PATH, None)[0].rows


def test_sheets_that_share_their_records_are_refused(workbook):
    record = STREAM[STREAM.index(SHEET) : STREAM.index(SHEET) + 18]
    twice = 8 * len(record)
    begin = struct.pack("<HHI", 0x0085, 14, 0x5B9 + twice)
    stream = STREAM.replace(record, 9 * (begin + record[8:]))
    with pytest.raises(OneMapError) as raised:
        grids_of(workbook(file_of("Workbook", stream)), None)
    assert raised.value.code == "source.damaged"


def looped_workbook(chain: str) -> bytes:
    """The workbook with a chain that goes on where it began: the library that reads it would follow it for ever."""
    content = bytearray(PATH.read_bytes())
    if chain == "list of tables":
        last = len(content) // 512 - 1
        struct.pack_into("<II", content, 68, last, 1)
        return bytes(content) + struct.pack("<128I", *[0xFFFFFFFF] * 127, last)
    (table,) = struct.unpack_from("<I", content, 76)
    (first,) = struct.unpack_from("<I", content, 48 if chain == "directory" else 60)
    struct.pack_into("<I", content, (table + 1) * 512 + 4 * first, first)
    return bytes(content)


@pytest.mark.slow
@LIMITED
@pytest.mark.parametrize("chain", ["list of tables", "directory", "table of small sectors"])
def test_a_chain_without_an_end_is_followed_no_further_than_the_file_is_long(limited_core, workbook, chain):
    assert refusal(limited_core, workbook(looped_workbook(chain))) == "source.damaged"
