"""The house as a test: which imports are allowed, sizes, names, and words for every error."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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

# The folders of each room from the top to the ground: imports only go downwards.
FLOORS = {
    "layers": """
        delivery ingest publishing sources sources/vct sources/sheets sources/drawing sources/redline
        sources/open_formats sources/gdal
        library rasters crs quality frames stores/server stores files catalogue geometry .
    """,
    "rules": """
        python
        verbs verbs/commands verbs/web verbs/work
        numbers numbers/warnings numbers/indicators
        review/statement review/proofs review review/cases
        answers answers/deliveries answers/sheet answers/compare/atlas answers/remedy answers/identify answers/readings
        answers/statistics answers/compare
        display display/letterhead display/outputs display/documents display/charts display/rows display/maps
        judge judge/distributed judge/check judge/incremental judge/runs judge/findings judge/question judge/packs
        judge/kinds judge/inputs judge/overlay
        contract .
    """,
    "plugin": """
        . dock
        qgis qgis/algorithms qgis/expressions qgis/scene qgis/services
        rooms rooms/check rooms/deliveries rooms/review rooms/remedy rooms/compare rooms/numbers rooms/statistics
        rooms/identify
        desk desk/parcels desk/packs desk/add desk/results desk/map desk/library desk/guide desk/answers
        widgets connection words profile
    """,
}
MODULES_IN_A_FOLDER = 25
LINES_OF_A_FILE = 600
LINES_OF_A_FUNCTION = 50
VALUES_BY_POSITION = 9  # are too many; from the fourth on a name says more
DOORS, FOLDERS_OF_RULES, FLOORS_OF_RULES = 8, 36, 18
# A participle or a preposition alone says what was done to a thing, or where it is, not what it is.
PARTICIPLES = {
    "against", "annexed", "answered", "apart", "around", "arriving", "asked", "away", "beside", "beyond",
    "bracketed", "built", "called", "changed", "checked", "chosen", "clipped", "closed", "compared", "consulted",
    "counted", "covered", "covering", "crossing", "declared", "decoded", "delivered", "dissolved", "done",
    "drafted", "drawn", "dropped", "enacted", "expected", "filled", "filtered", "fitting", "found", "given",
    "grouped", "handed", "handling", "heard", "held", "here", "importing", "installed", "interleaved",
    "intersecting", "joined", "judged", "kept", "known", "left", "linked", "listed", "located", "looked", "made",
    "marked", "matching", "meant", "measured", "merged", "moved", "moving", "named", "narrowed",
    "normalised", "noted", "numbered", "occurring", "opened", "packed", "parsed", "parted", "picked",
    "placed", "planned", "prepared", "preparing", "printed", "promised", "quoted", "recorded", "refused", "renamed",
    "required", "restarted", "rewritten", "rounding", "said", "scaled", "seen", "sent", "shared", "sharing", "shown",
    "signed", "sorted", "spared", "speaking", "spoken", "squeezed", "standing", "started", "stored", "subdivided",
    "superseded", "surveyed", "tagged", "taken", "titled", "together", "told", "touching", "tried", "typed",
    "unfolded", "unpacked", "untouched", "unwrapped", "used", "vanishing", "waited", "wanted", "wanting", "widened",
    "wrapped", "written",
}  # fmt: skip
# What a variable or a parameter of the product may not be called either; sides, wishes and places are what they hold.
BARE_NAMES = PARTICIPLES | {
    "added", "begun", "broken", "brought", "computed", "drawn", "gone", "got", "left_out", "lost", "met", "missed",
    "needed", "passed", "set_aside", "stated", "turned", "unasked",
}  # fmt: skip
BARE_NAMES -= {"against", "apart", "expected", "here", "left", "required"}
NAMED_OUTSIDE = {"plugin/qgis/algorithms/": "beside", "rules/python/": "shared"}  # by QGIS's own dialogs, by a contract
SQL_STATEMENT = re.compile(
    r"\b(SELECT\s[^<>]*\sFROM|INSERT\s+INTO|DELETE\s+FROM|UPDATE\s.*\sSET|(CREATE|DROP)\s+(TABLE|VIEW|INDEX))\s",
    re.DOTALL,
)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "core"}
# Where a module is named in a string, because it is loaded only when it is needed or on another machine.
NAMES_MODULES = {
    "rules/contract/declaration.py",
    "rules/verbs/commands/serve.py",
    "rules/judge/distributed/cluster_task.py",
}
AT_THE_ROOT = {
    "metadata.txt",
    "py.typed",
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
    "CONTRIBUTING.md",
    "LICENSE",
    "CHANGELOG.md",
}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


HOUSE = [path for path in sources(*ROOMS, "resources") if "workshop" not in path.parts]
CORE_ROOT = [ROOT / "__main__.py"]
PRODUCT = [*HOUSE, *CORE_ROOT, ROOT / "build.py", ROOT / "__init__.py", *sources("resources/workshop")]


def nodes_in(text: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text)))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Every node of a file's tree; most of what is read here is read by several tests."""
    return nodes_in(path.read_text(encoding="utf-8"))


def hold_wall(offenders: Iterable[str]) -> None:
    """Fail with all that breaks a wall, one a line."""
    if lines := list(offenders):
        pytest.fail("\n".join(["", *lines]), pytrace=False)


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of every import anywhere in a file; an imported name counts as a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            yield from ((node.lineno, f"{dots}{node.module or ''}.{alias.name}") for alias in node.names)


def wrong_imports(nodes: Iterable[ast.AST], room: str, known: set[str]) -> list[str]:
    """The forbidden imports of a file of one room, in words.

    known: the modules outside our rooms that the plugin may use.
    """
    wrong = []
    for line, module in imports(nodes):
        first, _, rest = module.partition(".")
        if first in MAY_IMPORT:
            wrong.append(f"{line}: {module} is a second name of onemap.{module}")
        elif first == "onemap":
            if rest.partition(".")[0] not in MAY_IMPORT[room]:
                wrong.append(f"{line}: {room} must not import {module}")
        elif first in QT and room != "plugin":
            wrong.append(f"{line}: {room} must not see QGIS or Qt ({module})")
        elif room == "plugin" and first not in known:
            wrong.append(f"{line}: {module} is neither QGIS's, nor Qt's, nor the standard library's")
    return wrong


def plugin_may_use() -> set[str]:
    return set(sys.stdlib_module_names) | QT | {"osgeo"}


@pytest.fixture(scope="module", autouse=True)
def parsed_house():
    """Every module of the house, parsed once for all tests."""
    for path in HOUSE:
        nodes_of(path)


def test_imports_between_rooms_point_one_way():
    may_use = plugin_may_use()
    wrong = {path: wrong_imports(nodes_of(path), path.relative_to(ROOT).parts[0], may_use) for path in HOUSE}
    hold_wall(f"{name(path)}:{line}" for path, lines in wrong.items() for line in lines)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("layers", "from onemap.rules.judge.packs import read_pack"),
        ("layers", "import qgis.core"),
        ("rules", "from qgis.PyQt.QtCore import QObject"),
        ("rules", "from onemap.plugin import main"),
        ("rules", "from onemap import plugin"),
        ("rules", "from layers.crs import zone_of"),
        ("plugin", "from onemap.layers import crs"),
        ("plugin", "import shapely"),
        ("plugin", "def late():\n    import numpy"),
    ],
)
def test_the_walls_would_stop_a_wrong_import(room: str, line: str):
    assert wrong_imports(nodes_in(line), room, plugin_may_use())


Module = str
Arrows = Mapping[Module, Mapping[Module, int]]


@cache
def modules() -> dict[Module, Path]:
    """Every module of the house by its dotted name."""
    dotted = {path: ".".join(("onemap", *path.relative_to(ROOT).with_suffix("").parts)) for path in HOUSE}
    return {text.removesuffix(".__init__"): path for path, text in dotted.items()}


@cache
def arrows() -> Arrows:
    """Which module imports which, and in what line; imports in functions and for types alone count too."""
    known, found = modules(), {}
    for module, path in known.items():
        found[module] = {}
        for line, target in imports(nodes_of(path)):
            owner = target if target in known else target.rpartition(".")[0]
            if owner in known and owner != module:
                found[module].setdefault(owner, line)
    return found


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The nodes that reach themselves, grouped by circle."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            place = todo.pop()
            if place not in seen:
                seen.add(place)
                todo += graph.get(place, ())
        reach[start] = seen
    inside = [start for start in graph if start in reach[start]]
    groups = {frozenset(b for b in inside if b in reach[a] and a in reach[b]) for a in inside}
    return sorted(sorted(group) for group in groups)


def test_no_modules_import_each_other_in_a_circle():
    hold_wall(" ↔ ".join(circle) for circle in circles(arrows()))


def test_a_circle_would_be_seen():
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}) == [["b", "c"]]


def folder_of(module: Module) -> str:
    """A module's folder inside its room; "." for the room itself."""
    return modules()[module].parent.relative_to(ROOT).as_posix().partition("/")[2] or "."


def folder_arrows(room: str) -> dict[str, dict[str, str]]:
    """Folder → folder below → the place of one import between them."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for module, targets in arrows().items():
        if not module.startswith(f"onemap.{room}"):
            continue
        found.setdefault(folder_of(module), {})
        for target, line in targets.items():
            if target.startswith(f"onemap.{room}") and folder_of(target) != folder_of(module):
                place = f"{name(modules()[module])}:{line} imports {target}"
                found[folder_of(module)].setdefault(folder_of(target), place)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_between_folders_imports_go_downwards(room: str):
    order = {folder: place for place, folder in enumerate(FLOORS[room].split())}
    there = {folder_of(module) for module in modules() if module.startswith(f"onemap.{room}")}
    assert there == set(order), "FLOORS names every folder, and none that is not there"
    hold_wall(
        place
        for folder, below in folder_arrows(room).items()
        for target, place in below.items()
        if order[target] < order[folder]
    )


@pytest.mark.parametrize("room", ["rules", "plugin"])
def test_whoever_opens_a_room_sees_few_doors_each_above_the_next(room: str):
    doors = [folder.partition("/")[0] for folder in FLOORS[room].split() if folder != "."]
    in_order = list(dict.fromkeys(doors))
    assert len(in_order) <= DOORS
    # Imports go down between folders; where those of a door stand together, they do so between doors.
    assert doors == sorted(doors, key=in_order.index)


def test_the_rules_have_few_folders_on_few_floors():
    graph = folder_arrows("rules")

    @cache
    def floor(folder: str) -> int:
        return 1 + max((floor(below) for below in graph.get(folder, ())), default=0)

    folders = {folder_of(module) for module, path in modules().items() if path.name != "__init__.py"} & graph.keys()
    assert len(folders) <= FOLDERS_OF_RULES
    assert max(map(floor, folders)) <= FLOORS_OF_RULES


def test_no_folder_holds_more_modules_than_a_person_surveys():
    files = [path for path in [*PRODUCT, *sources("tests")] if path.name != "__init__.py"]
    counts = Counter(path.parent for path in files)
    hold_wall(f"{name(folder)}: {n}" for folder, n in counts.items() if n > MODULES_IN_A_FOLDER)


def test_no_file_is_longer_than_a_person_reads():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PRODUCT}
    hold_wall(f"{name(path)}: {lines}" for path, lines in lengths.items() if lines > LINES_OF_A_FILE)


def definitions(nodes: Iterable[ast.AST]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    return (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{name(path)}:{node.lineno} {node.name}: {lines}"
        for path in PRODUCT
        for node in definitions(nodes_of(path))
        if not isinstance(node, ast.ClassDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_A_FUNCTION
    ]
    hold_wall(long)


def test_no_call_hands_over_a_row_of_values_without_their_names():
    takes_any = {
        node.name
        for path in PRODUCT
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and node.args.vararg is not None
    }
    hold_wall(
        f"{name(path)}:{node.lineno}: {node.func.id} takes {len(node.args)} values by position"
        for path in PRODUCT
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in takes_any
        if len(node.args) >= VALUES_BY_POSITION
    )


def untyped_values(node: ast.AST) -> Iterator[int]:
    """The lines on which a definition takes or gives a `dict[str, Any]`; of a class its fields and public methods."""
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and "dict[str, Any]" in ast.unparse(part.annotation):
                yield part.lineno
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name.startswith("_"):
                yield from untyped_values(part)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        for annotation in filter(None, (*(one.annotation for one in arguments), node.returns)):
            if "dict[str, Any]" in ast.unparse(annotation):
                yield annotation.lineno


def test_between_folders_of_the_core_values_have_a_type():
    """What is handed on as JSON is a `Record`; what a folder makes for another is a class or a TypedDict."""
    files = set(sources("layers", "rules"))
    core = {module: path for module, path in modules().items() if path in files}
    wanted = {
        (node.module, alias.name)
        for path in core.values()
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and node.module in core and core[node.module].parent != path.parent
        for alias in node.names
    }
    hold_wall(
        f"{name(path)}:{line}: {node.name} is asked for by another folder"
        for module, path in core.items()
        for node in definitions(nodes_of(path))
        if (module, node.name) in wanted
        for line in untyped_values(node)
    )


@pytest.mark.parametrize(
    "text",
    [
        "def areas() -> list[dict[str, Any]]: ...",
        "def show(answer: dict[str, Any]): ...",
        "async def show(answer: dict[str, Any]): ...",
        "class A:\n  b: dict[str, Any]",
        "class A:\n  def b(self) -> dict[str, Any]: ...",
    ],
)
def test_a_value_without_a_type_would_be_seen(text: str):
    assert list(untyped_values(ast.parse(text).body[0]))


def test_every_module_has_a_name_of_its_own():
    files = [path for path in [*PRODUCT, *sources("tests")] if path.name not in ("__init__.py", "conftest.py")]
    by_name = defaultdict(list)
    for path in files:
        by_name[path.name].append(name(path))
    hold_wall(" = ".join(paths) for paths in by_name.values() if len(paths) > 1)


def test_no_drawer_for_odds_and_ends():
    hold_wall(name(path) for path in PRODUCT if path.stem in DRAWERS)


def test_what_the_plugin_puts_off_is_a_method():
    """Qt forgets a method with its object, but calls a function though the widgets that it holds are deleted."""
    calls = [(path, node) for path in sources("plugin") for node in nodes_of(path) if isinstance(node, ast.Call)]
    hold_wall(
        f"{name(path)}:{node.lineno} a function that is called later"
        for path, node in calls
        if isinstance(node.func, ast.Attribute) and node.func.attr == "singleShot"
        if not isinstance(node.args[-1], ast.Attribute)
    )


# Who calls a core's `ask` itself, and why.
ASKS_A_CORE = {
    "plugin/connection/asking.py": "it asks for all others",
    "plugin/qgis/expressions/expression_request.py": "expressions wait for their own core, in any thread",
    "plugin/qgis/expressions/expression_answers.py": "as above",
}
# By which a widget would guard itself against late answers, each in its own way; `Asking` does it for all.
GUARDS = {"_request", "_request_number", "_atlas_request", "_scope", "_current_scope", "_is_asking", "isdeleted"}
SIGNALS_OF_A_REQUEST = {"answered", "refused", "ended", "progressed"}


def wrong_questions(nodes: Iterable[ast.AST]) -> list[str]:
    """Places where a file asks the core itself, or guards itself against late answers, in words."""
    wrong = []
    for node in nodes:
        if not isinstance(node, ast.Attribute):
            continue
        of = getattr(node.value, "attr", getattr(node.value, "id", ""))
        if node.attr == "ask" and of in {"core", "_core"}:
            wrong.append(f"{node.lineno}: the core is asked without an Asking")
        elif node.attr in GUARDS:
            wrong.append(f"{node.lineno}: {node.attr} guards against late answers by hand")
        elif node.attr in SIGNALS_OF_A_REQUEST and of.endswith("request"):
            wrong.append(f"{node.lineno}: a request is followed without an Asking")
    return wrong


def test_every_question_of_the_dock_has_an_owner():
    paths = [path for path in sources("plugin") if name(path) not in ASKS_A_CORE]
    hold_wall(f"{name(path)}:{line}" for path in paths for line in wrong_questions(nodes_of(path)))


@pytest.mark.parametrize(
    "line",
    [
        "self._library.core.ask('layers', {})",
        "core.ask('layers', {}).answered.connect(show)",
        "self._request = None",
        "number == self._request_number",
        "sip.isdeleted(self)",
        "request.answered.connect(show)",
    ],
)
def test_a_question_without_an_owner_would_be_seen(line: str):
    assert wrong_questions(nodes_in(line))


def sql_put_together(nodes: Iterable[ast.AST]) -> Iterator[int]:
    """The lines on which SQL is made of anything but a text of the program by `compose_sql`."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("compose_sql", "Sql"):
            if not all(isinstance(argument, ast.Constant) for argument in node.args):
                yield node.lineno
        elif isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
            text = "?".join(part.value for part in node.values if isinstance(part, ast.Constant))
            if SQL_STATEMENT.search(text):
                yield node.lineno


def test_sql_is_composed_in_one_place():
    home = ROOT / "layers/stores/sql_text.py"
    hold_wall(
        f"{name(path)}:{line}: names go into SQL by compose_sql(), values by ? marks"
        for path in HOUSE
        if path != home
        for line in sql_put_together(nodes_of(path))
    )


@pytest.mark.parametrize(
    "line", ['compose_sql("SELECT " + name)', "Sql(name)", 'f"SELECT a FROM {name}"', 'f"DROP TABLE {name}"']
)
def test_sql_that_is_put_together_would_be_seen(line: str):
    assert list(sql_put_together(nodes_in(line))) == [1]


def test_no_pattern_has_a_possessive_group():
    """A Python before 3.11.5, as Debian 12 has it, matches one wrongly (CPython gh-106052)."""
    group = re.compile(r"\)(?:[*+?]|\{[\d,]*\})\+")
    assert group.search(r"(?:a|b)*+") and group.search(r"(?:a|b){2}+") and not group.search(r"(?:[^a]++|b)*")
    hold_wall(
        f"{name(path)}:{node.lineno}: {node.value}"
        for path in PRODUCT
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and group.search(node.value)
    )


@pytest.mark.slow
def test_nothing_is_named_by_a_participle_alone():
    found = [f"{name(path)}: the module" for path in HOUSE if path.stem in PARTICIPLES]
    may_be_wrong = re.compile(rf"\b(?:(?:def|class) _*(?:{'|'.join(PARTICIPLES)})_*\b|said\b|told\b)", re.IGNORECASE)
    for path in (*HOUSE, *sources("resources/workshop", "tests")):
        is_test = path.is_relative_to(ROOT / "tests")  # only this test reads them, so their nodes are not kept
        if is_test and may_be_wrong.search(path.read_text(encoding="utf-8")) is None:
            continue
        for node in nodes_in(path.read_text(encoding="utf-8")) if is_test else nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                is_exempt = is_test and node.name == "done"  # a verb that must succeed
                if node.name.strip("_").lower() in PARTICIPLES and not is_exempt:
                    found.append(f"{name(path)}:{node.lineno} {node.name}")
            elif is_variable(node, {"said", "told"}):
                found.append(f"{name(path)}:{node.lineno} a variable that says nothing of what it holds")
    hold_wall(found)


def test_no_variable_is_named_by_a_participle_alone():
    bare: set[str] = set()
    for path in PRODUCT:
        names = BARE_NAMES - {own for place, own in NAMED_OUTSIDE.items() if name(path).startswith(place)}
        functions = (one for one in definitions(nodes_of(path)) if not isinstance(one, ast.ClassDef))
        for node in (node for function in functions for node in ast.walk(function)):
            if is_variable(node, names) or is_private_attribute(node, BARE_NAMES):
                bare.add(f"{name(path)}:{node.lineno} {ast.unparse(node)}")
    hold_wall(sorted(bare))


def is_variable(node: ast.AST, names: set[str]) -> bool:
    """Whether a variable or a parameter of one of these names begins here."""
    if isinstance(node, ast.arg):
        return node.arg in names
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names


def is_private_attribute(node: ast.AST, names: set[str]) -> bool:
    """Whether an object is given a private attribute of one of these names here."""
    is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    return is_set and node.attr.startswith("_") and node.attr[1:] in names


MODULE_PATH = re.compile(r"(?:onemap\.)?(?:layers|rules|plugin)(?:\.[a-z_0-9]+)+")


def test_modules_are_named_in_strings_in_few_places_and_are_there():
    wrong = []
    for path in HOUSE:
        for node in nodes_of(path):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            if not MODULE_PATH.fullmatch(node.value.strip(".")) or node.value.endswith(".json"):
                continue
            module = "onemap." + node.value.strip(".").removeprefix("onemap.")
            if name(path) not in NAMES_MODULES:
                wrong.append(f"{name(path)}:{node.lineno} names {module} in a string")
            elif module not in modules():
                wrong.append(f"{name(path)}:{node.lineno} names {module}, which is not there")
    hold_wall(wrong)


def test_the_core_s_door_sees_no_qgis():
    used = [module for path in CORE_ROOT for _, module in imports(nodes_of(path))]
    assert not {module.partition(".")[0] for module in used} & QT
    assert not any(module.startswith("onemap.plugin") for module in used)


def test_the_core_imports_no_package_that_it_does_not_require():
    folder = ROOT / "resources" / "requirements"
    files = ("core.txt", "cluster.txt", "fast.txt", "notebook.txt", "web.txt")
    lines = [line for file in files for line in (folder / file).read_text().splitlines()]
    required = {re.split(r"[<>=~! ]", line)[0].replace("-", "_") for line in lines if line and not line.startswith("#")}
    core = [path for path in [*HOUSE, *CORE_ROOT] if path.relative_to(ROOT).parts[0] != "plugin"]
    required |= {IMPORTED_AS[package] for package in required & set(IMPORTED_AS)}
    used = {module.partition(".")[0]: name(path) for path in core for _, module in imports(nodes_of(path))}
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


def files_in_git(*options: str) -> list[str]:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout, so what belongs to the project is not known")
    listed = subprocess.run(["git", "ls-files", *options], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip(f"git does not say what belongs to the project: {listed.stderr.strip()}")
    return listed.stdout.splitlines()


def test_nothing_but_the_house_stands_at_the_root():
    tops = {line.split("/")[0] for line in files_in_git()}
    assert {top for top in tops if not top.startswith(".")} <= AT_THE_ROOT


def test_nothing_that_a_run_leaves_behind_belongs_to_the_project():
    assert files_in_git("--cached", "--ignored", "--exclude-standard") == []


CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
RAISED_BY = re.compile(r"(Error|Problem|problem|refuse|refusal)$")


def codes_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Every error code written as the first argument, or as `code=`, of an error or a problem."""
    for node in nodes:
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
    return {code for path in core for code in codes_in(nodes_of(path))}


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
FRAGMENTS = ("suggest.", "kind.", "system.", "toml.", "form.", "doubt.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_sentence_and_a_mend(language: str):
    sentences = messages(language)
    assert codes_used() - set(sentences) == set()
    assert [code for code, words in sentences.items() if not words["message"].strip()] == []
    errors = {code for code in sentences if code not in REMARKS and not code.startswith(FRAGMENTS)}
    assert [code for code in sorted(errors) if not sentences[code].get("mend", "").strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_kept_for_an_error_that_cannot_happen(language: str):
    constants = {
        part.value
        for path in [*HOUSE, *CORE_ROOT]
        for part in nodes_of(path)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    # f"kind.{geometry}" stands for every code that begins so.
    beginnings = tuple(text for text in constants if re.fullmatch(r"[a-z_]+\.", text))
    unused = set(messages(language)) - codes_used() - constants
    assert {code for code in unused if not code.startswith(beginnings)} == set()


def phrases_in(nodes: list[ast.AST]) -> Iterator[str]:
    """The key of every sentence that is asked for, or the table of keys where its end is computed.

    It is asked for by `phrase`, or by a function of the same file that puts a beginning before its parameter.
    """
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    asking = {"phrase": ("", 0), "in_each_language": ("", 0)}
    for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
        names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
        for key in (
            call.args[0] for call in ast.walk(function) if isinstance(call, ast.Call) and function_of(call) in asking
        ):
            match key:
                case ast.JoinedStr([ast.Constant(beginning), ast.FormattedValue(ast.Name(end))]) if end in names:
                    asking[function.name] = (beginning, names.index(end))
    for call in (call for call in calls if function_of(call) in asking):
        beginning, place = asking[function_of(call)]
        for key in call.args[place : place + 1]:
            for one in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
                match one:
                    case ast.Constant(str(text)):
                        yield beginning + text
                    case ast.JoinedStr([ast.Constant(text), *_]) if "." in text and not beginning:
                        yield text.rpartition(".")[0]


def function_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def is_there(key: str, sentences: object) -> bool:
    for part in key.split("."):
        sentences = sentences.get(part) if isinstance(sentences, dict) else None
    return sentences is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_is_asked_for_is_there(language: str):
    sentences = tomllib.loads((ROOT / "resources" / "messages" / f"{language}.toml").read_text(encoding="utf-8"))
    asked = [(path, key) for path in sources("layers", "rules") for key in phrases_in(nodes_of(path))]
    assert len(asked) > 800
    hold_wall(f"{name(path)}: there is no sentence {key}" for path, key in asked if not is_there(key, sentences))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('phrase("sheet.semicolon", language)', ["sheet.semicolon"]),
        ('phrase("a.b" if one else "a.c", language)', ["a.b", "a.c"]),
        ('phrase(f"verdict.{one}", language)', ["verdict"]),
        ('def say(key, n):\n  return phrase(f"said.{key}", n)\nsay("due", 1)', ["said", "said.due"]),
    ],
)
def test_a_sentence_that_is_asked_for_would_be_seen(text: str, keys: list[str]):
    assert sorted(phrases_in(nodes_in(text))) == keys


def facts(sentence: str) -> set[str]:
    return set(re.findall(r"{(\w+)", sentence))


def test_both_languages_tell_the_same_facts():
    if len(LANGUAGES) < 2:
        pytest.skip("resources/messages does not hold both languages yet")
    zh, en = messages("zh"), messages("en")
    assert set(zh) == set(en)
    assert {code for code in en if facts(zh[code]["message"]) != facts(en[code]["message"])} == set()


def packs() -> list[Path]:
    return sorted(path for path in (ROOT / "resources" / "packs").glob("*.toml") if "." not in path.stem)


@pytest.mark.parametrize("path", packs(), ids=name)
def test_every_rule_names_its_basis(path: Path):
    rules = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
    assert rules
    assert [rule["id"] for rule in rules if not rule.get("basis")] == []
