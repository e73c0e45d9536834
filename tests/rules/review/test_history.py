"""The log as people read it: of everything, of a layer, of a case, and as files."""

import csv
import json
from itertools import pairwise

import openpyxl
import pytest

from onemap.tests.rules.command import command, done


def test_the_log_tells_every_write_in_order_and_ends_with_the_chain_s_head(town, walk):
    walk("issued")
    history = done("history", town.library).json
    assert [row["number"] for row in history["rows"]] == list(range(1, len(history["rows"]) + 1))
    assert history["rows"][0]["action"] == "new"
    assert history["head"] == history["rows"][-1]["hash"]
    assert all(after["previous_hash"] == before["hash"] for before, after in pairwise(history["rows"]))


def test_the_log_of_a_layer_and_of_a_case_holds_only_theirs(town, walk):
    case = walk("circulating")
    layer = done("history", town.library, "FARM").json["rows"]
    assert [row["subject"] for row in layer] == ["FARM", "FARM__1"]
    of_case = done("history", town.library, "--case", case).json["rows"]
    assert of_case == done("history", town.library, case).json["rows"]
    assert {row["subject"].split(" ")[0] for row in of_case[1:]} == {case}
    assert done("history", town.library, "DLTB").json["rows"] == []
    assert command("history", town.library, "NOTHING").codes == ["history.unknown"]


def test_no_opinion_s_words_stand_in_the_log(town, walk):
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "尚未公开的意见", on="2026-03-03")
    assert "尚未公开" not in json.dumps(done("history", town.library).json, ensure_ascii=False)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_the_log_is_written_as_a_file_that_holds_every_row(town, walk, suffix):
    case = town.open(project="=cmd|x", on="2026-03-02", parcels=None)
    town.done("circulate", case, on="2026-03-02", by="=1+1")
    out = town.folder / f"log{suffix}"
    rows = done("history", town.library, case, "--out", out).json["rows"]
    if suffix == ".csv":
        with out.open(encoding="utf-8-sig", newline="") as text:
            written = [row["hash"] for row in csv.DictReader(text)]
    elif suffix == ".json":
        written = [row["hash"] for row in json.loads(out.read_text(encoding="utf-8"))]
    else:
        sheet = openpyxl.load_workbook(out)["Technical"]
        written = [sheet.cell(row, 9).value for row in range(2, sheet.max_row + 1)]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert written == [row["hash"] for row in rows]
    assert command("history", town.library, "--out", out).codes == ["out.exists"]
    done("history", town.library, "--out", out, "--overwrite")


def test_the_log_is_written_in_no_other_form(town):
    assert command("history", town.library, "--out", town.folder / "log.pdf").codes == ["history.format"]
    assert command("history", town.library, "--out", town.folder / "none" / "log.csv").codes == ["out.folder"]
