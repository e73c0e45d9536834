"""The results of a check as layers of the project, in a file that stays when QGIS closes."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from qgis.core import QgsProject, QgsVectorLayer

from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.desk.map.layer_styles import OFTEN_EMPTY, RESULT_TABLES, name_verdicts, style_results
from onemap.plugin.desk.map.map_groups import give_name, groups_in, insert_group, put_in, remove_layer, rename
from onemap.plugin.desk.results.field_names import name_fields
from onemap.plugin.desk.results.result_table import layer_for_map
from onemap.plugin.profile.paths import profile_folder
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

PROPERTY_CHECK = "onemap/check"  # on the layers of a check's results: the table
PROPERTY_MOMENT = "onemap/moment"  # on their group: when the check began
PROPERTY_CHECKED = "onemap/checked"  # on their group: what its library was called


def result_layers() -> list[QgsVectorLayer]:
    """The layers of checks that are on the map."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if layer.customProperty(PROPERTY_CHECK)]


def clear_map() -> None:
    """Remove the results of checks from the map; their files stay."""
    for layer in result_layers():
        remove_layer(layer)


def copy_to_profile(path: str, run: dict[str, Any], library: str) -> Path:
    """Copy a run's tables into the profile, where they stay, and return the copy. Raises Refusal."""
    folder = profile_folder() / "runs"
    with contextlib.suppress(OSError):  # what comes next says why
        folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", f"{library}-{run.get('started', '')[:19]}-{run.get('id', '')[-8:]}").strip("-")
    copy = folder / f"{name}.gpkg"
    copy_file(path, copy)
    return copy


def add_to_map(path: str, run: dict[str, Any], library: str) -> list[QgsVectorLayer]:
    """Copy a run's tables into the profile and add them to the map, parcels lowest. Raises Refusal.

    They replace results that are on the map already. The tables of lines and points are added only if they have rows.
    """
    copy = copy_to_profile(path, run, library)
    clear_map()
    titles = _titles()
    moment = str(run.get("started") or "")
    group = insert_group(_group_title(moment, library))  # results stay while another library is open
    give_name(group, group.name())
    group.setCustomProperty(PROPERTY_MOMENT, moment)
    group.setCustomProperty(PROPERTY_CHECKED, library)
    layers = []
    for table in RESULT_TABLES:
        layer = layer_for_map(str(copy), table, titles[table], str(run.get("id", "")), style_results)
        if table in OFTEN_EMPTY and layer.featureCount() == 0:
            continue
        layer.setCustomProperty(PROPERTY_CHECK, table)
        give_name(layer, titles[table])
        node = put_in(group, layer)
        node.setExpanded(table == "parcels")
        # Findings repeat the ground of the pieces; they are there for their table.
        node.setItemVisibilityChecked(table != "findings")
        layers.append(layer)
    return layers


def translate_results() -> None:
    """Name the results of checks on the map in the current language.

    The titles of their columns stay as they are in the file.
    """
    titles = _titles()
    for group in groups_in(QgsProject.instance().layerTreeRoot()):
        if group.customProperty(PROPERTY_MOMENT) is not None:
            moment, library = (str(group.customProperty(name) or "") for name in (PROPERTY_MOMENT, PROPERTY_CHECKED))
            rename(group, _group_title(moment, library))
    for layer in result_layers():
        table = str(layer.customProperty(PROPERTY_CHECK))
        if table in titles and rename(layer, titles[table]):
            name_verdicts(layer)
            name_fields(layer, table, {})
            layer.legendChanged.emit()


def _titles() -> dict[str, str]:
    """The titles of a check's tables on the map."""
    return {
        "parcels": tr("Checked parcels"),
        "findings": tr("Findings"),
        "overlaps": tr("Overlaps"),
        "overlaps_line": tr("Lines that cross or are near"),
        "overlaps_point": tr("Points inside or near"),
    }


def _group_title(moment: str, library: str) -> str:
    return f"{tr('Check of {moment}').format(moment=moment_text(moment))} · {library}"
