"""`build.py` on Windows and macOS, as far as this machine can show: scripts replace QGIS's programs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAC = "sys.platform = 'darwin'"
WINDOWS = "from workshop import machine; machine.IS_WINDOWS = True"


def script(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def output_lines(system: str, code: str, **environment: str) -> list[str]:
    """The output of the workshop's own code in a process that takes itself for another system."""
    lines = ["import sys", "sys.path.insert(0, 'resources')", system, "from workshop import qgis_programs", code]
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()


ASK = (
    "print(qgis_programs.find_python()); print(qgis_programs.program('qgis_process')); "
    "print(qgis_programs.settings_file().relative_to(qgis_programs.PROFILE).as_posix())"
)


@pytest.mark.parametrize(("number", "settings"), [("34011", "QGIS3.ini"), ("40201", "QGIS4.ini")])
def test_on_macos_qgis_is_found_in_the_person_s_applications(tmp_path, number, settings):
    contents = tmp_path / "Applications" / "QGIS-LTR.app" / "Contents" / "MacOS"
    python, process = script(contents / "bin/python3", f"echo {number}"), script(contents / "bin/qgis_process", "")
    assert output_lines(MAC, ASK, HOME=str(tmp_path)) == [
        str(python),
        str(process),
        f"profiles/default/QGIS/{settings}",
    ]


def test_a_qgis_that_is_too_old_is_passed_over(tmp_path):
    apps = tmp_path / "Applications"
    script(apps / "QGIS3.34.app/Contents/MacOS/bin/python3", "echo 33415")
    newer = script(apps / "QGIS.app/Contents/MacOS/bin/python3", "echo 34404")
    assert output_lines(MAC, "print(qgis_programs.find_python())", HOME=str(tmp_path)) == [str(newer)]


@pytest.mark.parametrize(("number", "settings"), [("34011", "QGIS3.ini"), ("40201", "QGIS4.ini")])
def test_on_windows_qgis_is_started_by_what_sets_up_its_libraries(tmp_path, number, settings):
    folder = tmp_path / "QGIS 3.40.11" / "bin"
    script(folder / "o4w_env.bat", "")
    python = script(folder / "python-qgis-ltr.bat", f"echo setting up; echo {number}")
    process = script(folder / "qgis_process-qgis-ltr.bat", "")
    found = output_lines(WINDOWS, ASK, PROGRAMFILES=str(tmp_path))
    assert found == [str(python), str(process), f"profiles/default/QGIS/{settings}"]
    face = "print(qgis_programs.python_of(qgis_programs.pythons.FACE))"
    assert output_lines(WINDOWS, face, PROGRAMFILES=str(tmp_path)) == [str(python)]


@pytest.mark.parametrize(("system", "screen"), [(MAC, "None"), (WINDOWS, "None"), ("", "offscreen")])
def test_where_there_is_a_screen_qgis_is_not_asked_for_another(tmp_path, system, screen):
    """The application of macOS may bring no plugin of Qt's for a screen that nobody sees."""
    code = "print(qgis_programs.program_environment().get('QT_QPA_PLATFORM'))"
    assert output_lines(system, code, HOME=str(tmp_path)) == [screen]


@pytest.mark.parametrize(
    ("system", "step"),
    [(MAC, "install QGIS for macOS from qgis.org into /Applications"), (WINDOWS, "install QGIS from qgis.org")],
)
def test_without_qgis_the_step_is_named(tmp_path, system, step):
    code = "print(qgis_programs.find_python()); print(qgis_programs.other_step())"
    python, sentence = output_lines(system, code, HOME=str(tmp_path))
    assert python == "None"
    assert step in sentence and "QGIS_PREFIX_PATH" in sentence


def test_without_the_module_venv_the_step_for_debian_and_ubuntu_is_named(tmp_path):
    bare = script(tmp_path / "python3", "exit 1")  # as Debian's without the package python3-venv: ensurepip is missing
    code = (
        f"from workshop import debian, machine, pythons; pythons._pythons = lambda: iter([{str(bare)!r}]); "
        "debian.is_root = lambda: False\n"
        "try:\n    pythons._core_python()\nexcept machine.WorkshopError as error:\n    print(error)"
    )
    (sentence,) = output_lines("", code)
    assert "sudo apt install python3-venv" in sentence and "python.org" in sentence
