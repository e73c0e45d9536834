"""The core's texts name options of its command line; here each is replaced by the name of the control that sets it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qgis.core import QgsApplication

from onemap.plugin.profile.settings import language
from onemap.plugin.words.translation import tr

# An option, and the value after it where that is a placeholder for what the user types.
_OPTION = re.compile(
    r" ?(?P<option>--[a-z]+(?:-[a-z]+)*)"
    r"(?P<value> (?:extent|(?:FILE|文件)(?:\.[a-z]+)?)(?![a-z])| \S+=(?:NAME|来源字段|字段名))? ?"
)
_VERB = re.compile(r" ?\bonemap (?P<verb>[a-z]+)(?![a-z-]) ?")


def add_controls() -> dict[str, str]:
    """The controls of the add dialog, by the option of `add` and `inspect` that each sets."""
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
    """The controls of the dock, by the option that each sets."""
    return {
        "--layer": tr("Parcels"),
        "--pack": tr("Rules"),
        "--as-of": tr("As of"),
        "--unit": tr("Area units"),
        "--district": tr("District"),
        "--repair": tr("Repair and check"),
    }


def name_controls(text: str, controls: Mapping[str, str]) -> str:
    """A text of the core with the names of controls in place of the names of options.

    An option without a control is named as a parameter of the algorithm in the Processing toolbox.
    """

    def control_name(match: re.Match[str]) -> str:
        option, value = match["option"], (match["value"] or "").strip()
        label = controls.get(option) or tr("{parameter} in the Processing toolbox").format(
            parameter=option[2:].replace("-", "_").upper()
        )
        if value == "extent":
            label = f"{label}: {tr('the extent of its features (assumed)')}"
        elif value in ("FILE", "文件"):
            label = f"{label}: {tr('a file of polygons')}"
        return _in_quotes(label, match)

    return _OPTION.sub(control_name, text)


def name_algorithms(text: str) -> str:
    """A text of the core with the names of Processing's algorithms in place of the verbs of the command line."""

    def algorithm_name(match: re.Match[str]) -> str:
        algorithm = QgsApplication.processingRegistry().algorithmById(f"onemap:{match['verb']}")
        return _in_quotes(algorithm.displayName(), match) if algorithm is not None else match[0]

    return _VERB.sub(algorithm_name, text)


def _in_quotes(name: str, match: re.Match[str]) -> str:
    """A name in quotes where something else stood: in Chinese without the spaces around that."""
    before, after = (" " if match[0].startswith(" ") else ""), (" " if match[0].endswith(" ") else "")
    return f"“{name}”" if language() == "zh" else f"{before}“{name}”{after}"
