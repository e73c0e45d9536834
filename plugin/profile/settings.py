"""The plugin's settings, each declared once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.profile.paths import is_same_place


@dataclass(frozen=True)
class Setting:
    """One setting: its type, and its value until the user chooses another."""

    kind: type
    default: Any


SETTINGS: dict[str, Setting] = {
    "core_python": Setting(str, ""),  # an interpreter named by the user; empty: the plugin finds one
    "wheels_folder": Setting(str, ""),  # where the core's packages are, for offices without internet
    "language": Setting(str, ""),  # "zh", "en", or empty: as QGIS
    "area_unit": Setting(str, "m2"),  # of areas in the dock: m2, mu or ha
    "pack": Setting(str, ""),  # a file: the rules that a check begins with; empty: the library's own
    "theme_files": Setting(list, ()),  # a bureau's own themes, beside those that are shipped
    "indicator_pack": Setting(str, ""),  # a file: the indicators that are measured; empty: those that are shipped
    "templates": Setting(str, ""),  # a bureau's folder of templates for documents; empty: the plugin's
    "library": Setting(str, ""),  # the one that was open last
    "recent_libraries": Setting(list, ()),
    "library_names": Setting(str, "{}"),  # JSON: location → name, of the recent ones: two may have one name
    "server_logins": Setting(str, "{}"),  # JSON: library on a server → entry of QGIS's authentication store
    "live": Setting(bool, True),  # whether what is being edited is checked at every change
    "hide_empty_layers": Setting(bool, False),
    "review_name": Setting(str, ""),  # the name under opinions
    "review_department": Setting(str, ""),  # whose opinion is opened first; empty: none
    "review_seen": Setting(str, "{}"),  # JSON: library and case → the revision that was looked at last
    "review_folder": Setting(str, ""),  # where documents were written last
    "field_matches": Setting(str, "{}"),  # JSON: department/layer → field of the schema → field of the source
}
LANGUAGES = ("zh", "en")
RECENT_LIMIT = 8


class SettingChanges(QObject):
    """Tells views that a setting has another value; each signal has the name of a setting."""

    area_unit = pyqtSignal()
    pack = pyqtSignal()
    core_python = pyqtSignal()


changes = SettingChanges()
_session = {"language": ""}  # what is held while QGIS runs, whatever the settings say meanwhile


def get(name: str) -> Any:
    """The value of one setting."""
    setting = SETTINGS[name]
    if setting.kind is list:
        return [text for text in QgsSettings().value(f"onemap/{name}", list(setting.default), type=list) or [] if text]
    return QgsSettings().value(f"onemap/{name}", setting.default, type=setting.kind)


def put(name: str, value: Any) -> None:
    """Store the value of a setting, and signal the change to views that use it."""
    setting, before = SETTINGS[name], get(name)
    QgsSettings().setValue(f"onemap/{name}", setting.kind(value))
    if hasattr(changes, name) and get(name) != before:
        getattr(changes, name).emit()


def remember_library(path: str) -> None:
    """Put a library first in the list of recent ones."""
    others = [recent_path for recent_path in get("recent_libraries") if not is_same_place(recent_path, path)]
    put("recent_libraries", [path, *others][:RECENT_LIMIT])
    put("library", path)


def remember_library_name(path: str, name: str) -> None:
    """Store what a recent library is called."""
    names = {
        location: stored_name
        for location, stored_name in _library_names().items()
        if location in get("recent_libraries")
    }
    put("library_names", json.dumps({**names, path: name}, ensure_ascii=False))


def library_name(path: str) -> str:
    """The name of a recent library; empty if it has no name, or was never listed."""
    return str(_library_names().get(path) or "")


def library_names_like(path: str, name: str) -> list[str]:
    """The locations of other recent libraries with this name."""
    names = _library_names().items()
    return [
        location
        for location, stored_name in names
        if stored_name == name and name and not is_same_place(location, path)
    ]


def _library_names() -> dict[str, str]:
    try:
        names = json.loads(get("library_names"))
    except ValueError:
        return {}
    return names if isinstance(names, dict) else {}


def language() -> str:
    """The language of plugin and core, "zh" or "en": the held one, else the chosen one, else QGIS's."""
    own_language = _session["language"] or get("language")
    if own_language in LANGUAGES:
        return own_language
    return "zh" if QgsApplication.locale().lower().startswith("zh") else "en"


def hold_language() -> None:
    """Keep the present language until QGIS ends, because texts that are already on display would not change."""
    _session["language"] = language()


def release_language() -> None:
    """Follow the setting again."""
    _session["language"] = ""
