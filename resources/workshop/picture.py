"""The QGIS project of the demo, and the map of its conflicts as a picture.

Run by `build.py demo` with QGIS's Python, as: python picture.py REQUEST.json. The request names all files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from qgis.core import (
    QgsApplication,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QFont

from onemap.plugin.desk.library.layer_list import layers_in, strata_in
from onemap.plugin.desk.map.layer_styles import style_results
from onemap.plugin.desk.map.map_groups import insert_group
from onemap.plugin.desk.map.map_layers import put_on_map
from onemap.plugin.words.core_words import learn
from onemap.plugin.words.translation import install_translator, remove_translator, tr

# Millimetres on an A3 sheet: the map on the left, what explains it in a column on the right.
SHEET = (420, 297)
MAP = (10, 26, 286, 261)
COLUMN = (300, 112)
LIBRARY_LEGEND = 72  # below that of the verdicts
DOTS_PER_INCH = 150
FONT = "Noto Sans CJK SC"
RESULTS = {"findings": "Findings", "parcels": "Checked parcels"}
# The plans stay quiet, so that the conflicts speak.
UNDER_THE_CONFLICTS = 0.35
NOT_PLANS = ("project", "opinion")


def main(request: dict) -> int:
    """Fill a project, draw its map, and write both; return the exit code."""
    project = QgsProject.instance()
    learn(request["words"])
    translators = install_translator()
    results = _put_results(request["findings"])
    library = _put_library(request["library"], request["layers"])
    project.setCrs(results[0].crs())
    project.setTitle(request["title"])
    extent = results[-1].extent()
    extent.scale(1.04)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, project.crs()))
    layout = _layout(project, request, extent, [*results, *library], results)
    if not project.write(request["project"]):
        sys.stderr.write(f"{project.error()}\n")
        return 1
    # Drawn and saved apart: an export would ask GDAL to write the map's place into the PNG, which it cannot.
    picture = QgsLayoutExporter(layout).renderPageToImage(0, QSize(), DOTS_PER_INCH)
    remove_translator(translators)
    return 0 if picture.save(request["picture"]) else 1


def _put_results(findings: str) -> list:
    """Put the findings over the parcels, on top of the layer tree, and return their layers."""
    group = insert_group(f"One Map · {Path(findings).stem}")
    layers = []
    for table, title in RESULTS.items():
        layer = QgsVectorLayer(f"{findings}|layername={table}", tr(title), "ogr")
        style_results(layer, table)
        QgsProject.instance().addMapLayer(layer, False)
        group.addLayer(layer)
        layers.append(layer)
    return layers


def _put_library(path: str, answer: dict) -> list:
    """Add every layer in force below the results, grouped by kind and in its own style; return those that are drawn.

    The project has all layers, but old land cover, place names or an aerial picture would hide the plans.
    """
    library = SimpleNamespace(path=path, name=answer["name"], strata=strata_in(answer))
    layers = []
    for entry in layers_in(answer):
        if entry.in_force is None or entry.geometry == "table":
            continue
        layer = put_on_map(library, entry, entry.in_force)
        layer.setOpacity(UNDER_THE_CONFLICTS)
        if entry.kind == "vector" and entry.library not in NOT_PLANS:
            layers.append(layer)
        else:
            QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(False)
    return layers


def _layout(project: QgsProject, request: dict, extent: QgsRectangle, layers: list, results: list) -> QgsPrintLayout:
    """A sheet with title, map, legend, scale, north arrow, and the sources of the map."""
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName(request["title"])
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(*SHEET))
    _label(layout, request["title"], 22, (10, 8, 400, 14))
    chart = QgsLayoutItemMap(layout)
    _place(layout, chart, MAP)
    chart.setCrs(project.crs())
    chart.setLayers([layer for layer in project.layerTreeRoot().layerOrder() if layer in layers])
    chart.setKeepLayerSet(True)
    chart.zoomToExtent(extent)
    chart.setFrameEnabled(True)
    _north(layout)
    _scale(layout, chart)
    _legend(layout, chart, results, 9, MAP[1], 2)
    library_layers = [layer for layer in chart.layers() if layer not in results]
    _legend(layout, chart, library_layers, 4.9, LIBRARY_LEGEND, 3)
    _label(layout, "\n".join(request["notes"]), 8, (COLUMN[0], 262, COLUMN[1], 25))
    project.layoutManager().addLayout(layout)
    return layout


def _place(layout: QgsPrintLayout, item: object, box: tuple) -> None:
    layout.addLayoutItem(item)
    item.attemptMove(QgsLayoutPoint(box[0], box[1]))
    if len(box) == 4:
        item.attemptResize(QgsLayoutSize(box[2], box[3]))


def _label(layout: QgsPrintLayout, text: str, size: float, box: tuple) -> None:
    label = QgsLayoutItemLabel(layout)
    label.setText(text)
    form = label.textFormat()
    form.setFont(QFont(FONT))
    form.setSize(size)
    label.setTextFormat(form)
    _place(layout, label, box)


def _north(layout: QgsPrintLayout) -> None:
    arrows = [Path(folder, "arrows", "NorthArrow_02.svg") for folder in QgsApplication.svgPaths()]
    arrow = QgsLayoutItemPicture(layout)
    arrow.setPicturePath(str(next((path for path in arrows if path.exists()), "")))
    _place(layout, arrow, (COLUMN[0] + 96, 240, 14, 18))


def _scale(layout: QgsPrintLayout, chart: QgsLayoutItemMap) -> None:
    bar = QgsLayoutItemScaleBar(layout)
    bar.setLinkedMap(chart)
    bar.applyDefaultSize()
    _place(layout, bar, (COLUMN[0], 246))


def _legend(
    layout: QgsPrintLayout, chart: QgsLayoutItemMap, layers: list, size: float, top: float, columns: int
) -> None:
    """Add a legend in the right column, from `top` down; the classes of a layer may continue in the next column."""
    legend = QgsLayoutItemLegend(layout)
    legend.setLinkedMap(chart)
    legend.setAutoUpdateModel(False)
    root = legend.model().rootGroup()
    root.removeAllChildren()
    for layer in layers:
        root.addLayer(layer)
    for part in (QgsLegendStyle.Style.Subgroup, QgsLegendStyle.Style.SymbolLabel):
        style = legend.style(part)
        form = style.textFormat()
        form.setFont(QFont(FONT))
        form.setSize(size)
        style.setTextFormat(form)
        style.setMargin(QgsLegendStyle.Side.Top, size / 10)
        legend.setStyle(part, style)
    legend.setSymbolWidth(size * 0.7)
    legend.setSymbolHeight(size * 0.4)
    legend.setColumnCount(columns)
    legend.setSplitLayer(columns > len(RESULTS))
    legend.setBackgroundColor(Qt.GlobalColor.transparent)
    _place(layout, legend, (COLUMN[0], top))


if __name__ == "__main__":
    application = QgsApplication([], True)
    application.initQgis()
    code = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    QgsProject.instance().clear()
    application.exitQgis()
    sys.exit(code)
