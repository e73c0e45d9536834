"""The dialogs of the Processing algorithms, for the picture book."""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import QgsApplication

from onemap.resources.workshop.pictures.dock_camera import DockCamera

SHOWN = ("new", "check", "ingest", "compare", "identify", "sheet", "statistics", "publish")
SIZE_PX = (720, 600)


def take_processing(camera: DockCamera) -> None:
    """Take the form of each algorithm that a planner opens."""
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))  # where QGIS keeps Processing
    from processing.core.Processing import Processing
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    from onemap.plugin.qgis.algorithms.provider import OneMapProvider

    Processing.initialize()
    registry = QgsApplication.processingRegistry()
    registry.addProvider(OneMapProvider())
    for verb in SHOWN:
        dialog = AlgorithmDialog(registry.algorithmById(f"onemap:{verb}").create(), False)
        dialog.resize(*SIZE_PX)
        dialog.show()
        camera.take_window(f"processing-{verb}", dialog)
