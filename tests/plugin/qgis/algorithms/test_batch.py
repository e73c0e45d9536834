"""Three files in QGIS's batch dialog: each row has its own values and messages, and a bad one affects no other."""

import shutil

import pytest
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from qgis.PyQt.QtWidgets import QTextEdit

from onemap.tests.plugin.qgis.algorithms.conftest import algorithm
from onemap.tests.plugin.small_town import box, wait_for, write_layer

pytestmark = pytest.mark.slow


class Batch(BatchAlgorithmDialog):
    """The dialog, which also records results and errors of its rows."""

    ended = None

    def createSummaryTable(self, results, errors):
        self.ended = results, errors
        super().createSummaryTable(results, errors)


@pytest.fixture
def run_batch(provider):
    """Run rows of (values, places of outputs); return the results by row, the errors, and the log row by row."""
    made = []

    def run(verb, rows):
        made.append(Batch(algorithm(verb)))
        dialog = made[-1]
        dialog.show()
        listed = [{"PARAMETERS": values, "OUTPUTS": outputs} for values, outputs in rows]
        dialog.mainWidget().load_batch_file_3_40_version({"rows": listed})
        dialog.runAlgorithm()
        wait_for(lambda: dialog.ended is not None)
        results, errors = dialog.ended
        log = "\n".join(view.toPlainText() for view in dialog.findChildren(QTextEdit))
        words = log.split("Processing algorithm ")[1:]
        assert len(words) == len(rows)
        return [row["results"] for row in results], ["".join(row["errors"]) for row in errors], words

    yield run
    for dialog in made:
        dialog.close()


@pytest.fixture
def three_files(town, tmp_path):
    """Parcels, a file that is none, and parcels."""
    write_layer(tmp_path / "other.gpkg", ["DKBH"], [(box(400, 100, 100, 100), "B")])
    (tmp_path / "bad.gpkg").write_bytes(b"no")
    return [str(town / "parcels.gpkg"), str(tmp_path / "bad.gpkg"), str(tmp_path / "other.gpkg")]


def test_parcels_are_checked_row_by_row(run_batch, library, three_files, tmp_path):
    outputs = [
        {"CHECKED": str(tmp_path / f"{number}.gpkg"), "FINDINGS": "TEMPORARY_OUTPUT", "OVERLAPS": ""}
        for number in range(3)
    ]
    rows = [({"LIBRARY": library, "PARCELS": path}, out) for path, out in zip(three_files, outputs, strict=True)]
    results, errors, words = run_batch("check", rows)
    assert [row["VERDICT"] for row in results] == ["prohibited", "unknown"]
    assert [set(row) & {"CHECKED", "FINDINGS", "OVERLAPS"} for row in results] == [{"CHECKED", "FINDINGS"}] * 2
    assert len(errors) == 1 and errors[0].startswith("bad.gpkg is damaged")
    assert "Checked 3 parcels" in words[0] and "bad.gpkg is damaged" in words[1] and "Checked 1 parcel" in words[2]
    assert not any("Aliases" in row for row in words)  # QGIS's complaint of every column that has a name for people
    assert [(tmp_path / f"{number}.gpkg").exists() for number in range(3)] == [True, False, True]


def test_sheets_are_made_row_by_row(run_batch, library, three_files, tmp_path):
    targets = [tmp_path / f"{number}.html" for number in range(3)]
    rows = [
        ({"LIBRARY": library, "PARCELS": path}, {"TARGET": str(target)})
        for path, target in zip(three_files, targets, strict=True)
    ]
    results, errors, _ = run_batch("sheet", rows)
    assert [row["TARGET"] for row in results] == [str(targets[0]), str(targets[2])]
    assert len(errors) == 1 and errors[0].startswith("bad.gpkg is damaged")
    assert [target.exists() for target in targets] == [True, False, True]


def test_folders_are_taken_in_row_by_row(run_batch, empty_library, tmp_path):
    folders = [tmp_path / name for name in ("first", "none", "second")]
    for folder, code in ((folders[0], "STBHHX"), (folders[2], "YJJBNTTB")):
        folder.mkdir()
        write_layer(folder / f"{code}.gpkg", ["BSM"], [(box(0, 0, 10, 10), "1")])
    library = tmp_path / "library.gpkg"
    shutil.copyfile(empty_library, library)
    rows = [({"LIBRARY": str(library), "FOLDER": str(folder), "COVERS": "district"}, {}) for folder in folders]
    results, errors, words = run_batch("ingest", rows)
    assert len(results) == 2 and len(errors) == 1 and "none" in errors[0]
    assert "STBHHX" in words[0] and "YJJBNTTB" in words[2] and "STBHHX" not in words[2]
