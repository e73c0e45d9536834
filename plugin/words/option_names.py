"""The core's mends name options of its command line; here they are called as the controls that set them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from onemap.plugin.profile.settings import language
from onemap.plugin.words.translation import tr

# An option, and the value after it where that is a word for whatever somebody would type.
_OPTION = re.compile(
    r" ?(?P<option>--[a-z]+(?:-[a-z]+)*)(?P<value> (?:extent|FILE|文件)(?![a-z])| \S+=(?:NAME|来源字段|字段名))? ?"
)


def add_controls() -> dict[str, str]:
    """What the options of `add` and `inspect` are called in the dialog that adds a file."""
    return {
        "--as": tr("Becomes"),
        "--layer": tr("Layer in it"),
        "--crs": tr("Coordinate system"),
        "--encoding": tr("Encoding"),
        "--transform": tr("Transformation"),
        "--fields": tr("Fields"),
        "--label": tr("Label"),
        "--valid-from": tr("Valid from"),
        "--valid-to": tr("Valid to"),
        "--covers": tr("Speaks for"),
        "--accuracy": tr("Accuracy (m)"),
        "--repair": tr("Repair invalid geometry"),
        "--keep-bad": tr("Set bad features aside, and add the rest"),
        "--report": tr("Report (.xlsx)"),
        "--copy": tr("Copy a raster beside the library"),
        "--district": tr("District"),
    }


def dock_controls() -> dict[str, str]:
    """What the options of the verbs that the dock asks for are called in it."""
    return {
        "--layer": tr("Parcels"),
        "--pack": tr("Rules"),
        "--as-of": tr("As of"),
        "--district": tr("District"),
        "--repair": tr("Repair and check"),
    }


def in_controls(text: str, controls: Mapping[str, str]) -> str:
    """A sentence of the core's with the names of options replaced by those of the controls.

    An option without a control is a parameter of the algorithm in the Processing toolbox.
    """

    def named(found: re.Match[str]) -> str:
        option, value = found["option"], (found["value"] or "").strip()
        label = controls.get(option) or tr("{parameter} in the Processing toolbox").format(
            parameter=option[2:].replace("-", "_").upper()
        )
        if value == "extent":
            label = f"{label}: {tr('the extent of its features (assumed)')}"
        elif value in ("FILE", "文件"):
            label = f"{label}: {tr('a file of polygons')}"
        before, after = (" " if found[0].startswith(" ") else ""), (" " if found[0].endswith(" ") else "")
        return f"“{label}”" if language() == "zh" else f"{before}“{label}”{after}"

    return _OPTION.sub(named, text)
