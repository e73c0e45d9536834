"""`onemap self-test`: passes here, names what fails with the next step, and survives to say so."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from onemap.layers.software import installed_versions, outdated_libraries, required_versions
from onemap.rules.verbs.work.self_test_work import LIBRARIES

MAIN = Path(__file__).resolve().parents[4] / "__main__.py"


@pytest.fixture
def broken_core():
    """The core as a program in which something was made to fail before it starts."""

    def run(prelude: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        start = f"sys.argv = [{str(MAIN)!r}, *sys.argv[1:]]\nrunpy.run_path(sys.argv[0], run_name='__main__')"
        code = f"import sys, runpy\n{prelude}\n{start}"
        command = [sys.executable, "-I", "-X", "utf8", "-c", code, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)

    return run


@pytest.mark.slow
def test_everything_works_here_and_the_report_says_it_without_names_of_persons(core, tmp_path):
    report = tmp_path / "report.json"
    done = core("self-test", "--json", "--report", report)
    answer = json.loads(done.stdout)
    assert done.returncode == 0, answer
    assert b"GDAL_SKIP" not in done.stderr  # what libraries mutter while they load is not for people
    assert answer["ok"] and all(set(check) >= {"name", "ok", "detail"} for check in answer["checks"])
    facts = json.loads(report.read_text(encoding="utf-8"))
    assert facts["checks"] == answer["checks"] and facts["ok"] and facts["running"] is None
    assert facts["versions"] == installed_versions()
    assert str(Path.home()) not in report.read_text(encoding="utf-8")


def test_every_library_that_the_core_asks_for_is_tried():
    assert set(required_versions()) == set(LIBRARIES) | {"llvmlite", "numba"}


def test_versions_are_compared_as_numbers(monkeypatch):
    real = metadata.version
    for version, found in (("0.10", []), ("0.5.7", ["cql2 0.5.7 < 0.6"])):
        monkeypatch.setattr(metadata, "version", lambda name, v=version: v if name == "cql2" else real(name))
        assert [line for line in outdated_libraries() if "cql2" in line] == found


# Another version is put in the place of what the installed package says of itself.
WITHOUT_SQLITE_AND_WITH_AN_OLDER_LIBRARY = """
import importlib.metadata as m; real = m.version
m.version = lambda name: '0.5.7' if name == 'cql2' else real(name)
sys.modules['_sqlite3'] = None
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "step"), [("en", "Name a Python from python.org"), ("zh", "python.org 的 Python")]
)
def test_a_python_without_sqlite_and_a_library_older_than_allowed_are_told_with_what_to_do(broken_core, language, step):
    done = broken_core(WITHOUT_SQLITE_AND_WITH_AN_OLDER_LIBRARY, "self-test", "--lang", language)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    colon = {"en": ":", "zh": "："}[language]
    at = next(number for number, line in enumerate(lines) if line.startswith(f"✗ sqlite{colon}"))
    assert step in lines[at + 1]
    assert [line[0] for line in lines if f" versions{colon}" in line and "cql2 0.5.7 < 0.6" in line] == ["✗"]
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_where_the_main_library_does_not_load_it_still_speaks(broken_core):
    done = broken_core("sys.modules['numpy'] = None", "self-test", "--lang", "en")
    assert done.returncode == 3
    assert "✗ numpy: The library numpy cannot be loaded" in done.stdout
    assert "✓ typst" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


ENDS_THE_PROCESS = """
import os
class Ender:
    def find_spec(self, name, path=None, target=None):
        if name == "rasterio":
            os._exit(11)
sys.meta_path.insert(0, Ender())
"""


@pytest.mark.slow
def test_a_library_that_takes_the_process_down_is_named_in_the_report(broken_core, tmp_path):
    report = tmp_path / "report.json"
    assert broken_core(ENDS_THE_PROCESS, "self-test", "--report", report).returncode == 11
    facts = json.loads(report.read_text(encoding="utf-8"))
    assert (facts["ok"], facts["running"]) == (False, "library.rasterio")


def test_a_report_takes_nobody_s_file(onemap, tmp_path):
    foreign = tmp_path / "letter.json"
    foreign.write_text('{"dear": "reader"}', encoding="utf-8")
    assert onemap("self-test", "--report", foreign).codes == ["out.exists"]
    assert foreign.read_text(encoding="utf-8") == '{"dear": "reader"}'
    assert onemap("self-test", "--report", tmp_path / "nowhere" / "report.json").codes == ["out.folder"]


@pytest.mark.slow
def test_the_versions_are_told_as_text_and_as_json(core):
    output = core("--version").stdout.decode()
    assert output.splitlines()[0] == f"onemap {installed_versions()['onemap']}"
    assert "shapely" in output
    assert json.loads(core("--version", "--json").stdout)["versions"] == installed_versions()


@pytest.mark.slow
def test_the_versions_are_told_where_a_library_does_not_load(broken_core):
    done = broken_core("sys.modules['numpy'] = sys.modules['_sqlite3'] = None", "--version")
    assert done.returncode == 0 and "sqlite –" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_words_for_people_are_in_the_encoding_that_is_asked_for(core, tmp_path, encoding):
    done = core("layers", tmp_path / "none.gpkg", "--lang", "zh", "--output-encoding", encoding)
    assert done.returncode == 3
    assert "找不到资料库" in done.stderr.decode(encoding)


@pytest.mark.slow
def test_json_is_utf8_whatever_is_asked_for_and_a_wrong_encoding_is_refused(core, tmp_path):
    done = core("layers", tmp_path / "none.gpkg", "--json", "--lang", "zh", "--output-encoding=gbk")
    assert "找不到资料库" in json.loads(done.stdout.decode("utf-8"))["problems"][0]["message"]
    wrong = core("layers", tmp_path / "none.gpkg", "--output-encoding", "klingon", "--lang", "en")
    assert wrong.returncode == 2 and b"--output-encoding" in wrong.stderr
