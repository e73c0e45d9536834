"""The files that come with One Map: where they lie, and the tables among them."""

from functools import cache
from pathlib import Path

import tomli

from onemap.layers.records import Record

RESOURCES = Path(__file__).resolve().parent.parent / "resources"


@cache
def shipped_table(name: str) -> Record:
    """The content of a TOML file below `resources`, which is right; it is read once, so nobody may change it."""
    with (RESOURCES / name).open("rb") as file:
        return tomli.load(file)
