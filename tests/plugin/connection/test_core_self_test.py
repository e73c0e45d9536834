"""The core's self-test, run by the plugin: with the real core, and with one whose library ends the process."""

import sys
from pathlib import Path

import pytest

from onemap.plugin.connection.core_self_test import run_self_test
from onemap.plugin.connection.core_session import core_python
from onemap.plugin.connection.task import Cancelled
from onemap.plugin.dock.machine_dialog import MachineDialog
from onemap.plugin.profile.paths import FOLDER
from onemap.tests.plugin.small_town import wait_for


def no_progress(fraction, step):
    """Progress without a listener."""


@pytest.mark.slow
def test_the_real_core_is_fit_here(tmp_path):
    report = tmp_path / "report.json"
    found = run_self_test(core_python().path, FOLDER / "__main__.py", "zh", report, no_progress)
    assert found.is_fit, found.text
    assert "全部通过" in found.text
    assert report.exists()


def test_a_library_that_ends_the_process_is_named(tmp_path):
    main = tmp_path / "main.py"
    main.write_text(
        "import os, pathlib, sys\n"
        'pathlib.Path(sys.argv[-1]).write_text(\'{"checks": [], "running": "library.rasterio"}\')\n'
        "os._exit(11)\n",
        encoding="utf-8",
    )
    found = run_self_test(Path(sys.executable), main, "en", tmp_path / "report.json", no_progress)
    assert (found.is_whole, found.is_fit, found.failed) == (False, False, ("library.rasterio",))
    assert "library.rasterio" in found.steps


def test_what_only_dresses_the_result_does_not_keep_the_core_from_its_work(tmp_path):
    main = tmp_path / "main.py"
    checks = [
        {"name": "sqlite", "ok": True, "detail": "3"},
        {"name": "pdf", "ok": False, "detail": "No font.", "mend": "Get one."},
    ]
    main.write_text(
        f"import json, pathlib, sys\nfacts = {{'checks': {checks!r}, 'running': None}}\n"
        "pathlib.Path(sys.argv[-1]).write_text(json.dumps(facts))\nsys.exit(3)\n",
        encoding="utf-8",
    )
    found = run_self_test(Path(sys.executable), main, "en", tmp_path / "report.json", no_progress)
    assert found.is_fit and found.failed == ("pdf",)
    assert found.steps == "No font. Get one."


def test_a_core_that_does_not_start_is_told_with_its_last_words(tmp_path):
    main = tmp_path / "main.py"
    main.write_text("sys.exit('no sqlite3')\n", encoding="utf-8")
    found = run_self_test(Path(sys.executable), main, "en", tmp_path / "report.json", no_progress)
    assert not found.is_fit and "NameError" in found.steps


def test_it_can_be_cancelled(tmp_path):
    def cancel(fraction, step):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_self_test(core_python().path, FOLDER / "__main__.py", "en", tmp_path / "report.json", cancel)


@pytest.mark.slow
def test_the_window_shows_what_was_found_and_saves_the_report(dock, tmp_path):
    dock.header.machine_requested.emit()
    dialog = dock.machine_dialog
    assert isinstance(dialog, MachineDialog) and not dialog.save_button.isEnabled()
    wait_for(dialog.save_button.isEnabled)
    assert dialog.heading.text() == "Everything works on this computer."
    assert "sqlite: SQLite" in dialog.lines.toPlainText()
    dialog.save(str(tmp_path / "sent.json"))
    assert '"onemap self-test"' in (tmp_path / "sent.json").read_text(encoding="utf-8")
    dialog.save(str(tmp_path / "gone" / "sent.json"))
    assert "“sent.json” cannot be written: its folder is not there." in dialog.heading.text()
    room = dialog.report.parent
    dialog.close()
    assert not room.exists()
