"""Compare the names of QGIS in the plugin with a QGIS: run as a program by QGIS's own Python.

`qgis_names.txt` has a line for each class: the module from which it is imported, then the names that the plugin writes
anywhere and that are methods or signals of this class in QGIS 3.40, and enumerations as written. Only running a line of
code tells which class it means, so a class may be listed with a name that the plugin uses only on another class.
`qgis4_names.toml` says for each whether it was read in the Python API of QGIS 4.

    QT_QPA_PLATFORM=offscreen python3 tests/machines/qgis_names.py            what this QGIS lacks, as JSON
    QT_QPA_PLATFORM=offscreen python3 tests/machines/qgis_names.py --write    make the table anew
"""

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("qgis_names.txt")
ROOMS = ("qgis.core", "qgis.gui", "qgis._3d", "qgis.analysis", "qgis.server")


def trees() -> Iterator[tuple]:
    """Each module of the plugin, by its path and its syntax."""
    for path in sorted((ROOT / "plugin").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> list:
    """The room and the name of each class of QGIS that a module imports, wherever in the module."""
    return [
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ROOMS
        for alias in node.names
    ]


def written_names() -> dict:
    """Class, with its room → what the plugin writes behind it: Flag.FastInsert, instance."""
    names: dict = {}
    for _, tree in trees():
        known = {name: (room, name) for room, name in imports(tree)}
        for room, name in imports(tree):
            names.setdefault(f"{room}.{name}", set())
        for node in ast.walk(tree):
            words, root = [], node
            while isinstance(root, ast.Attribute):
                words, root = [root.attr, *words], root.value
            if words and isinstance(root, ast.Name) and root.id in known:
                names[".".join(known[root.id])].add(".".join(words))
    return names


def words() -> set:
    """Every name that the plugin writes behind a dot, or gives to a method of its own that QGIS may call."""
    found = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.FunctionDef):
                found.add(node.name)
    return {word for word in found if not word.startswith("_")}


def read_table() -> dict:
    """Class, with its room → its names in QGIS 3.40."""
    lines = TABLE.read_text(encoding="ascii").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if line}


def has_name(whole: str, words_behind: str = "") -> bool:
    """Whether the QGIS that runs this has a class, or what is written behind it."""
    room, _, name = whole.rpartition(".")
    try:
        found = getattr(importlib.import_module(room), name)
        for word in filter(None, words_behind.split(".")):
            found = getattr(found, word)
    except (ImportError, AttributeError):
        return False
    return True


def missing_names() -> list:
    """Names in the table that this QGIS lacks."""
    return [
        f"{whole}.{name}".rstrip(".")
        for whole, names in read_table().items()
        for name in ("", *names)
        if not has_name(whole, name)
    ]


def _own_names(whole: str, all_words: set) -> set:
    """The names of a class that come from QGIS itself, not from Qt or Python."""
    room, _, name = whole.rpartition(".")
    kind = getattr(importlib.import_module(room), name)
    if not isinstance(kind, type):
        return set()
    of_others = {
        word
        for base in kind.__mro__
        if base.__module__ == "builtins" or base.__module__.startswith("PyQt") or "sip" in base.__module__
        for word in vars(base)
    }
    return {word for word in all_words - of_others if _is_asked_of_an_object(getattr(kind, word, kind))}


def _is_asked_of_an_object(value: object) -> bool:
    """Whether a name is a method or a signal; what belongs to an enumeration is written behind the class."""
    return not isinstance(value, (type, int))


def write_table() -> None:
    """Write the table anew with this QGIS, which should be the oldest that the plugin supports."""
    all_words = words()
    lines = [
        " ".join([whole, *sorted(_own_names(whole, all_words) | set(names))])
        for whole, names in sorted(written_names().items())
        if has_name(whole)
    ]
    TABLE.write_text("\n".join([*lines, ""]), encoding="ascii")


def main() -> None:
    """Write the table, or print the missing names."""
    from qgis.core import Qgis

    if sys.argv[1:] == ["--write"]:
        write_table()
    names = read_table()
    answer = {"qgis": Qgis.QGIS_VERSION, "classes": len(names), "names": sum(map(len, names.values()))}
    sys.stdout.write(json.dumps({**answer, "missing": missing_names()}) + "\n")


if __name__ == "__main__":
    main()
