"""The parts of the core's libraries that set-up deletes exist, and no library uses them."""

import re
from pathlib import Path

import pytest

from onemap.plugin.connection.core_trim import UNUSED, site_folders, trim

CHECKOUT = Path(__file__).resolve().parents[3] / ".venv"


def test_named_folders_go_and_all_else_stays(tmp_path):
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    for name in (*UNUSED, "pandas/core", "pytest/tests"):
        folder = site / name.replace("*", "stats")
        folder.mkdir(parents=True)
        (folder / "module.py").write_text("")
    trim(tmp_path)
    assert sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("*.py")) == [
        "pandas/core",
        "pytest/tests",
    ]
    (tmp_path / "Lib" / "site-packages").mkdir(parents=True)
    assert len(site_folders(tmp_path)) == 2


@pytest.mark.slow
def test_each_folder_is_there_in_the_library_and_nothing_outside_tests_imports_it():
    folders = site_folders(CHECKOUT)
    if not folders:
        pytest.skip("the checkout has no environment of the core")
    (site,) = folders
    for name in (one for one in UNUSED if one.endswith("/tests") and not one.startswith("numba")):
        assert any(folder.is_dir() for folder in site.glob(name)), name
        package = name.partition("/")[0]
        module = re.escape(name.replace("/", ".")).replace(r"\*", r"\w+")
        written = re.compile(rf"^\s*(from|import) {module}\b", re.MULTILINE)
        for path in (site / package).rglob("*.py"):
            if not {"tests", "testing", "conftest.py", "_precompute"} & set(path.relative_to(site).parts):
                assert not written.search(path.read_text(encoding="utf-8")), f"{path} uses {name}"
