"""Replace the verbs and options in the core's texts by the names of the controls that do the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qgis.core import QgsApplication

from onemap.plugin.profile.settings import language
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import command_names

# An option, and the value after it where that is a placeholder for what the user types.
_OPTION = re.compile(
    r" ?(?P<option>--[a-z]+(?:-[a-z]+)*)"
    r"(?P<value> (?:extent|empty|shift|(?:FILE|文件)(?:\.[a-z]+)?)(?![a-z])| \S+=(?:NAME|来源字段|字段名))? ?"
)
_VERB = re.compile(r" ?\bonemap (?P<verb>[a-z]+)(?![a-z-]) ?")
# A command: a verb, and what is typed after it up to the next word of the sentence.
_COMMAND = re.compile(
    r" ?\bonemap (?P<verb>[a-z]+(?:-[a-z]+)*)(?![a-z-])(?P<typed>(?: --[a-z]+(?: FILE\.[a-z]+)?| LIBRARY [^)）]*)*) ?"
)


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
        "--covers": tr("Covers"),
        "--accuracy": tr("Accuracy (m)"),
        "--repair": tr("Repair invalid geometry"),
        "--keep-bad": tr("Set bad features aside, and add the rest"),
        "--sure": tr("Add it all the same"),
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
        "--land-width": tr("Land width"),
        "--unbuilt": tr("unbuilt ground only"),
    }


def _desk_verbs() -> dict[str, str]:
    """The dock's controls that do the work of verbs, by the verb."""
    add = tr("Add to the one map…")
    return {
        "add": add,
        "district": tr("The library's district…"),
        "inspect": add,
        "layers": tr("Layers on the tab Map"),
        "new": tr("New library…"),
        "publish": tr("Publish as a QGIS project…"),
        "runs": tr("Past checks"),
        "self-test": tr("Check this computer…"),
    }


def name_controls(text: str, controls: Mapping[str, str]) -> str:
    """A text of the core, with verbs and options replaced by the names of controls.

    An option without a control becomes a parameter of the algorithm in the Processing toolbox; a verb without one
    becomes an algorithm there, or is said to exist only on the command line.
    """
    verbs = _desk_verbs()

    def verb_name(match: re.Match[str]) -> str:
        verb = match["verb"]
        if verb not in command_names():
            return match[0]
        label = verbs.get(verb)
        if label is None:
            title = _algorithm_title(verb)
            label = tr("{command} on the command line").format(command=f"onemap {verb}")
            label = label if title is None else tr("{parameter} in the Processing toolbox").format(parameter=title)
        return in_quotes(label, match)

    def control_name(match: re.Match[str]) -> str:
        option, value = match["option"], (match["value"] or "").strip()
        label = controls.get(option) or tr("{parameter} in the Processing toolbox").format(
            parameter=option[2:].replace("-", "_").upper()
        )
        if value == "extent":
            label = f"{label}: {tr('the extent of its features (assumed)')}"
        elif value in ("FILE", "文件"):
            label = f"{label}: {tr('a file of polygons')}"
        return in_quotes(label, match)

    return _OPTION.sub(control_name, _COMMAND.sub(verb_name, text))


def name_algorithms(text: str) -> str:
    """A text of the core, with verbs of the command line replaced by the names of Processing's algorithms."""

    def algorithm_name(match: re.Match[str]) -> str:
        title = _algorithm_title(match["verb"])
        return match[0] if title is None else in_quotes(title, match)

    return _VERB.sub(algorithm_name, text)


def _algorithm_title(verb: str) -> str | None:
    """The name of a verb's algorithm; None if it has none."""
    algorithm = QgsApplication.processingRegistry().algorithmById(f"onemap:{verb}")
    return None if algorithm is None else str(algorithm.displayName())


def in_quotes(name: str, match: re.Match[str]) -> str:
    """A name in quotes in place of a match; in Chinese without the spaces around the match."""
    before, after = (" " if match[0].startswith(" ") else ""), (" " if match[0].endswith(" ") else "")
    return f"“{name}”" if language() == "zh" else f"{before}“{name}”{after}"
