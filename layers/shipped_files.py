"""The files that are shipped with One Map: their folder, and the tables among them."""

from functools import cache
from pathlib import Path

import tomli

from onemap.layers.records import Record

_FOLDER = Path(__file__).resolve().parent.parent
RESOURCES = _FOLDER / "resources"
PROGRAM = frozenset(_FOLDER / name for name in ("layers", "plugin", "resources", "rules"))


@cache
def shipped_table(name: str) -> Record:
    """The content of a TOML file below `resources`, which is taken to be valid; it is cached, so never change it."""
    with (RESOURCES / name).open("rb") as file:
        return tomli.load(file)
