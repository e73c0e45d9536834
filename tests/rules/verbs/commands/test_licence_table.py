"""The list of licences names all that One Map requires, and no advice leads to a stranger's package."""

import re
import subprocess
import tomllib
from importlib.metadata import distribution

import pytest

from onemap.rules.verbs.commands.licence_table import direct_dependencies, licence_of
from onemap.rules.verbs.commands.reference import DOCS
from onemap.tests.conftest import ROOT

ADVICE = re.compile(r"(?:pip3?|uv|pipx)[\w\s.-]*?\binstall\b[^\n]*?[\s\"'`]onemap(?![-_/.]|\w)|\bonemap\[[a-z]+\]")
SUFFIXES = {".py", ".md", ".toml", ".txt", ".ts", ".json", ".html", ".js"}


def table() -> dict[str, str]:
    rows = re.findall(r"^\| (\S+) \| (.+) \|$", (DOCS / "licences.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name.lower(): licence for name, licence in rows}


def test_every_library_that_is_asked_for_stands_there_with_its_licence():
    written = table()
    direct = direct_dependencies()
    assert len(direct) > 20
    wrong = {
        name: written.get(distribution(name).metadata["Name"].lower())
        for name in direct
        if written.get(distribution(name).metadata["Name"].lower()) != licence_of(distribution(name))
    }
    assert wrong == {}, "write it anew: python3 build.py reference"
    assert "–" not in written.values()


def test_the_licences_that_decide_the_whole_are_those_that_the_page_speaks_of():
    licences = {name: licence_of(distribution(name)) for name in ("psycopg", "pyarrow", "typst")}
    assert licences == {"psycopg": "LGPL-3.0-only", "pyarrow": "Apache-2.0", "typst": "Apache-2.0"}
    assert not [name for name, licence in table().items() if re.search(r"GPL-?2(\.0)?-only|proprietary", licence, re.I)]


@pytest.mark.slow
def test_no_advice_leads_to_a_strangers_package():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.splitlines()]
    assert len(files) > 500
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in files
        if path.suffix in SUFFIXES
        and path.is_file()
        and path != ROOT / "tests/rules/verbs/commands/test_licence_table.py"
        for found in ADVICE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_the_search_for_advice_finds_it():
    for text in (
        'pip install "onemap[cluster]"',
        "pip install onemap",
        "uv pip install -U onemap",
        "onemap[cluster]",
    ):
        assert ADVICE.search(text), text
    for text in (
        "pip install onemap-planning",
        "pip install ./onemap_planning.whl",
        "pip install -r onemap/core.txt",
    ):
        assert not ADVICE.search(text), text


def test_the_distribution_has_a_name_of_its_own_and_the_command_keeps_its():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "onemap-planning"
    assert set(project["scripts"]) == {"onemap"}
