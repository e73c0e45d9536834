"""The documents name only what exists: every path, link, module and function; the picture matches the imports."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onemap.resources.workshop import architecture

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
TOPS = ("layers", "rules", "plugin", "resources", "tests", "docs")
# A file or a folder below one of ours, also inside a command.
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(TOPS)})/(?:[\w./*-]*[\w*/])?")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(r"\bonemap(?:\.(?:layers|rules|plugin))(?:\.\w+)+")
IMPORT = re.compile(r"from (onemap\.[\w.]+) import (\w+)")
# `folder/module.py`, `name()`: the function stands in the file.
FUNCTION = re.compile(r"`([\w/]+\.py)`, `(\w+)\(\)`")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def is_there(path: str) -> bool:
    """Whether a path that a document names exists; NAME, as in rules/judge/kinds/NAME.py, is any name."""
    return next(ROOT.glob(path.rstrip("/").replace("NAME", "*")), None) is not None


def module_file(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split(".")[1:])
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None)


def defined_names(path: Path) -> Iterator[str]:
    """The names of all functions, methods and classes of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def is_known(name: str) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    owner, _, last = name.rpartition(".")
    file = module_file(owner)
    return module_file(name) is not None or (file is not None and last in defined_names(file))


def test_every_path_that_a_document_names_is_there():
    named = {(document, path) for document in NAMES for path in PATH.findall(text_of(document))}
    assert sorted((document, path) for document, path in named if not is_there(path)) == []


def test_the_readme_s_map_names_every_folder_of_the_core():
    named = set(re.findall(r"`((?:layers|rules)/[a-z_/]+/)`", text_of("README.md")))
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for room in ("layers", "rules")
        for path in (ROOT / room).rglob("[a-z]*.py")
    }
    unnamed = [
        folder for folder in sorted(folders - {"layers"}) if not any(f"{folder}/".startswith(one) for one in named)
    ]
    assert unnamed == []


def test_every_relative_link_leads_somewhere():
    links = [(document, link.partition("#")[0]) for document in NAMES for link in LINK.findall(text_of(document))]
    targets = {(document, link): (ROOT / document).parent / link for document, link in links if "://" not in link}
    assert sorted(place for place, target in targets.items() if not target.exists()) == []


def mark_of(heading: str) -> str:
    """The part of a link to a heading after `#`, as GitHub and the guide inside QGIS make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_link_to_a_heading_leads_to_one():
    linked = [
        (document, link)
        for document in NAMES
        for link in LINK.findall(text_of(document))
        if "#" in link and "://" not in link
    ]
    assert linked
    for document, link in linked:
        name, _, mark = link.partition("#")
        text = ((ROOT / document).parent / name if name else ROOT / document).read_text(encoding="utf-8")
        assert mark in map(mark_of, re.findall(r"^#+ (.*)$", text, re.MULTILINE)), (document, link)


def unseen_emphasis(line: str) -> list[str]:
    """Where `**` makes nothing bold: Markdown wants a space between a mark inside and a letter outside."""
    text = re.sub(r"`[^`]*`", lambda code: "x" * len(code[0]), line)
    unseen = []
    for number, sign in enumerate(re.finditer(r"\*\*", text)):
        before, after = text[: sign.start()][-1:] or " ", text[sign.end() :][:1] or " "
        inside, outside = (after, before) if number % 2 == 0 else (before, after)
        if inside.isspace() or (not inside.isalnum() and outside.isalnum()):
            unseen.append(text[max(0, sign.start() - 12) : sign.end() + 12])
    return unseen


def test_what_is_bold_is_seen_as_bold():
    assert unseen_emphasis("按**加入…**后") and not unseen_emphasis("按**加入…** 后，**Check**, **a**b")
    fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    texts = [(document, fence.sub("", text_of(document))) for document in NAMES]
    assert [
        (name, place) for name, text in texts for line in text.splitlines() for place in unseen_emphasis(line)
    ] == []


def shape_of(document: str) -> list[str]:
    """The beginning of each line that is a heading, a step, a row, code, a picture or an item."""
    return re.findall(r"^(?:#+(?= )|\d\.|\||```|!|-)", text_of(document), re.MULTILINE)


@pytest.mark.parametrize("english", [name for name in NAMES if name.endswith(("guide/en.md", ".en.md", "security.md"))])
def test_a_document_says_the_same_in_both_languages(english):
    chinese = re.sub(r"(?<=\bsecurity\.)md$|\ben\.md$", "zh.md", english)
    assert shape_of(english) == shape_of(chinese)


def test_every_module_that_a_document_names_is_there():
    named = set()
    for document in NAMES:
        text = text_of(document)
        named |= {(document, name) for name in MODULE.findall(text)}
        named |= {(document, f"{module}.{name}") for module, name in IMPORT.findall(text)}
    assert sorted((document, name) for document, name in named if not is_known(name)) == []


def test_every_option_that_a_document_gives_a_verb_is_one_of_the_verb():
    sections = re.split(r"^### ", text_of("docs/reference.en.md"), flags=re.MULTILINE)[1:]
    option = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
    options = {section.partition("\n")[0]: set(option.findall(section)) for section in sections}
    everywhere = {"--json", "--lang", "--progress", "--output-encoding", "--log", "--help", "--version"}
    call = re.compile(rf"\bonemap (?:--\S+ \S+ )*({'|'.join(sorted(options, key=len, reverse=True))})\b([^`\n|]*)")
    documents = [name for name in NAMES if "reference." not in name]
    calls = [(name, *found.groups()) for name in documents for found in call.finditer(text_of(name))]
    assert len(calls) > 100
    given = {(name, verb, word) for name, verb, rest in calls for word in option.findall(rest)}
    assert sorted(row for row in given if row[2] not in options[row[1]] | everywhere) == []


def tables_in(path: str, name: str) -> int:
    return len(tomllib.loads(text_of(path))[name])


def test_what_the_documents_count_is_so_many():
    counted = {
        "rules with articles": tables_in("resources/packs/city-preliminary.toml", "rule"),
        "indicators for area units": tables_in("resources/indicators/city-checkup.toml", "indicator"),
        "matrices": len(list((ROOT / "resources" / "matrices").glob("*.toml"))),
    }
    numbers_in_changelog = {
        words: int(number) for number, words in re.findall(rf"(\d+) ({'|'.join(counted)})", text_of("CHANGELOG.md"))
    }
    assert numbers_in_changelog == counted


def test_every_function_that_a_document_names_stands_in_its_file():
    named = {(file, name) for document in NAMES for file, name in FUNCTION.findall(text_of(document))}
    assert named
    assert sorted((file, name) for file, name in named if name not in defined_names(ROOT / file)) == []


def test_the_tests_would_see_a_path_that_is_gone():
    assert PATH.findall("see `rules/gone/here.py`, layers/ and onemap/rules/x.py") == ["rules/gone/here.py", "layers/"]
    assert not is_there("rules/gone/here.py") and is_there("rules/judge/kinds/NAME.py") and is_there("layers/")


def test_the_picture_of_the_architecture_is_that_of_the_imports():
    drawn = architecture.PICTURE.read_text(encoding="utf-8")
    assert drawn == architecture.picture(), "draw it anew: python3 build.py architecture"


def folder(name: str, *imports: str) -> architecture.Folder:
    return architecture.Folder(name, "", frozenset(imports))


@pytest.mark.parametrize(
    ("folders", "floors"),
    [
        ([folder("a", "b"), folder("b", "c"), folder("c")], [["a"], ["b"], ["c"]]),
        ([folder("a", "c"), folder("b"), folder("c")], [["a"], ["b", "c"]]),
        ([folder("a", "b"), folder("b", "c", "d"), folder("c", "b"), folder("d")], [["a"], ["b", "c"], ["d"]]),
    ],
)
def test_a_folder_stands_above_all_that_it_imports_and_a_circle_on_one_floor(folders, floors):
    assert [[item.name for item in floor] for floor in architecture.floors(folders)] == floors


def test_every_decision_has_a_status_a_day_and_a_line_in_the_index():
    files = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    index = text_of("docs/decisions/README.md")
    for number, path in enumerate(files, 1):
        head, _, status, *_ = path.read_text(encoding="utf-8").splitlines()
        assert path.name.startswith(f"{number:02}-")
        assert head.startswith(f"# {number}. ") and re.match(r"Status: .+ Date: 20\d\d-\d\d-\d\d", status), path.name
        assert f"- [{number}]({path.name}). {head.partition('. ')[2]}." in index
