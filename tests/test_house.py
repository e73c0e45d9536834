"""The house as a test: who may import whom, what every public name owes its reader, words for every error."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("layers", "rules", "plugin")
# The sample city's maker and the catalogue are data, so both rooms of the core may reach them.
MAY_IMPORT = {
    "layers": {"layers", "resources"},
    "rules": {"rules", "layers", "resources"},
    "plugin": {"plugin"},
    "resources": {"resources", "layers"},
}
QT = {"qgis", "PyQt5", "PyQt6", "processing", "sip"}
# Packages that are imported by another name.
IMPORTED_AS = {"chinesecalendar": "chinese_calendar", "python_docx": "docx"}
LINE_LIMIT = 400
AT_THE_ROOT = {
    "metadata.txt",
    "__init__.py",
    "__main__.py",
    "build.py",
    "pyproject.toml",
    "layers",
    "rules",
    "plugin",
    "resources",
    "tests",
    "docs",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


HOUSE = [path for path in sources(*ROOMS, "resources") if "workshop" not in path.parts]
CORE_ROOT = [ROOT / "__main__.py"] if (ROOT / "__main__.py").exists() else []
OLD_PYTHON = [ROOT / "build.py", ROOT / "__init__.py", *sources("plugin", "resources/workshop")]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of every import anywhere in a tree; an imported name counts as a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            yield from ((node.lineno, f"{dots}{node.module or ''}.{alias.name}") for alias in node.names)


def wrong_imports(tree: ast.AST, room: str, known: set[str]) -> list[str]:
    """What a file of one room imports and must not, in words.

    known: the modules outside our rooms that the plugin may use.
    """
    wrong = []
    for line, module in imports(tree):
        first, _, rest = module.partition(".")
        if module.startswith("."):
            wrong.append(f"line {line}: {module} is relative; write it in full")
        elif first in MAY_IMPORT:
            wrong.append(f"line {line}: {module} is a second name of onemap.{module}")
        elif first == "onemap":
            if rest.partition(".")[0] not in MAY_IMPORT[room]:
                wrong.append(f"line {line}: {room} must not import {module}")
        elif first in QT and room != "plugin":
            wrong.append(f"line {line}: {room} must not see QGIS or Qt ({module})")
        elif room == "plugin" and first not in known:
            wrong.append(f"line {line}: {module} is neither QGIS's, nor Qt's, nor the standard library's")
    return wrong


def plugin_may_use() -> set[str]:
    return set(sys.stdlib_module_names) | QT | {"osgeo"}


@pytest.mark.parametrize("path", HOUSE, ids=name)
def test_imports_point_one_way(path: Path):
    room = path.relative_to(ROOT).parts[0]
    assert wrong_imports(tree_of(path), room, plugin_may_use()) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("layers", "from onemap.rules.packs import read_pack"),
        ("layers", "import qgis.core"),
        ("rules", "from qgis.PyQt.QtCore import QObject"),
        ("rules", "from onemap.plugin import main"),
        ("rules", "from onemap import plugin"),
        ("rules", "from layers.crs import zone_of"),
        ("rules", "from . import packs"),
        ("plugin", "from onemap.layers import crs"),
        ("plugin", "import shapely"),
        ("plugin", "def late():\n    import numpy"),
    ],
)
def test_the_walls_would_stop_a_wrong_import(room: str, line: str):
    assert wrong_imports(ast.parse(line), room, plugin_may_use())


@pytest.mark.parametrize("path", CORE_ROOT, ids=name)
def test_the_core_s_door_sees_no_qgis(path: Path):
    used = {module.partition(".")[0] for _, module in imports(tree_of(path))}
    assert not used & QT
    assert not any(module.startswith("onemap.plugin") for _, module in imports(tree_of(path)))


def test_the_core_imports_no_package_that_it_does_not_require():
    folder = ROOT / "resources" / "requirements"
    lines = [line for file in ("core.txt", "cluster.txt") for line in (folder / file).read_text().splitlines()]
    required = {re.split(r"[<>=~! ]", line)[0].replace("-", "_") for line in lines if line and not line.startswith("#")}
    core = [path for path in [*HOUSE, *CORE_ROOT] if path.relative_to(ROOT).parts[0] != "plugin"]
    required |= {IMPORTED_AS[package] for package in required & set(IMPORTED_AS)}
    used = {module.partition(".")[0]: name(path) for path in core for _, module in imports(tree_of(path))}
    known = set(sys.stdlib_module_names) | required | {"onemap"}
    assert {module: file for module, file in used.items() if module not in known} == {}


def test_each_module_has_one_name():
    found = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import importlib.util as u, onemap; print(*map(u.find_spec, ['layers', 'rules', 'plugin']))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["None"] * 3
    assert importlib.util.find_spec("onemap") is not None


@pytest.mark.parametrize("path", OLD_PYTHON, ids=name)
def test_what_runs_outside_the_core_speaks_python_3_9(path: Path):
    ast.parse(path.read_text(encoding="utf-8"), filename=name(path), feature_version=(3, 9))


def undocumented(tree: ast.Module) -> list[str]:
    """Public modules, classes, functions and methods without a docstring."""
    without = [] if ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            without += [] if ast.get_docstring(node) else [node.name]
            if isinstance(node, ast.ClassDef):
                methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
                without += [
                    f"{node.name}.{item.name}"
                    for item in methods
                    if not item.name.startswith("_") and not ast.get_docstring(item)
                ]
    return without


@pytest.mark.parametrize("path", HOUSE, ids=name)
def test_every_public_name_says_what_it_is(path: Path):
    assert undocumented(tree_of(path)) == []


@pytest.mark.parametrize("path", [*HOUSE, *CORE_ROOT, *OLD_PYTHON], ids=name)
def test_no_file_is_longer_than_a_person_reads(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINE_LIMIT


def test_no_drawer_for_odds_and_ends():
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "core"}
    assert [name(path) for path in HOUSE if path.stem in drawers] == []


def test_nothing_but_the_house_stands_at_the_root():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout, so what belongs to the project is not known")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip(f"git does not say what belongs to the project: {listed.stderr.strip()}")
    tops = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {top for top in tops if not top.startswith(".")} <= AT_THE_ROOT


CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
RAISED_BY = re.compile(r"(Error|Problem|problem|refuse|refusal)$")


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Every error code written as the first argument, or as `code=`, of an error or a problem."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if not RAISED_BY.search(called):
            continue
        arguments = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
        for argument in arguments:
            for part in ast.walk(argument):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield part.value


def codes_used() -> set[str]:
    core = [path for path in [*HOUSE, *CORE_ROOT] if path.relative_to(ROOT).parts[0] != "plugin"]
    return {code for path in core for code in codes_in(tree_of(path))}


def messages(language: str) -> dict[str, dict]:
    """The tables [subject.problem] with a message, by code."""
    text = (ROOT / "resources" / "messages" / f"{language}.toml").read_text(encoding="utf-8")
    return {
        f"{subject}.{problem}": words
        for subject, problems in tomllib.loads(text).items()
        if isinstance(problems, dict)
        for problem, words in problems.items()
        if isinstance(words, dict) and "message" in words
    }


LANGUAGES = [language for language in ("zh", "en") if (ROOT / "resources" / "messages" / f"{language}.toml").exists()]


# What is told and needs nothing done: remarks about data that was taken as it is.
REMARKS = {
    "crs.identity",
    "crs.transformed",
    "domain.decoded",
    "geometry.m_dropped",
    "geometry.repaired",
    "geometry.stroked",
    "geometry.z_dropped",
    "problems.more",
    "source.remark",
}
# Parts of other sentences.
FRAGMENTS = ("suggest.", "kind.", "toml.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_sentence_and_a_mend(language: str):
    said = messages(language)
    assert codes_used() - set(said) == set()
    assert [code for code, words in said.items() if not words["message"].strip()] == []
    errors = {code for code in said if code not in REMARKS and not code.startswith(FRAGMENTS)}
    assert [code for code in sorted(errors) if not said[code].get("mend", "").strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_kept_for_an_error_that_cannot_happen(language: str):
    constants = {
        part.value
        for path in [*HOUSE, *CORE_ROOT]
        for part in ast.walk(tree_of(path))
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    # f"kind.{geometry}" stands for every code that begins so.
    beginnings = tuple(text for text in constants if re.fullmatch(r"[a-z_]+\.", text))
    unused = set(messages(language)) - codes_used() - constants
    assert {code for code in unused if not code.startswith(beginnings)} == set()


def facts(sentence: str) -> set[str]:
    return set(re.findall(r"{(\w+)", sentence))


def test_both_languages_tell_the_same_facts():
    if len(LANGUAGES) < 2:
        pytest.skip("resources/messages does not hold both languages yet")
    zh, en = messages("zh"), messages("en")
    assert set(zh) == set(en)
    assert {code for code in en if facts(zh[code]["message"]) != facts(en[code]["message"])} == set()


def packs() -> list[Path]:
    return sorted((ROOT / "resources" / "packs").glob("*.toml"))


@pytest.mark.parametrize("path", packs(), ids=name)
def test_every_rule_names_its_basis(path: Path):
    rules = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
    assert rules
    assert [rule["id"] for rule in rules if not rule.get("basis")] == []
