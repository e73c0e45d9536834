"""The room Proof: nothing chosen, the problems of a spoiled sample delivery, and all of them mended."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from qgis.core import QgsGeometry, QgsVectorLayer

from onemap.plugin.connection.asking import Asking
from onemap.resources.workshop.pictures.dock_camera import DRAWN_MS, DockCamera, wait, wait_for

TEMPLATE = "municipal-plan"
MOVED_M = (40.0, 25.0)


def take_proof(camera: DockCamera) -> None:
    """Take the pictures of the room."""
    dock, tab = camera.dock, camera.dock.proof_tab
    camera.take_room("state-proof-empty", tab)
    place = Path(tempfile.mkdtemp(prefix="onemap-pictures-")) / "delivery"
    answers: list[Any] = []
    Asking(camera.core, dock).ask("sample", {"folder": str(place), "delivery": True}, answers.append)
    wait_for(lambda: answers or dock.notice.text)
    tab.form.choose_source(str(place))
    tab.form.choose_template(TEMPLATE)
    camera.wait_for_answer(tab.finished, tab.prove)
    camera.take("proof-accepted")
    _spoil(place)
    camera.wait_for_answer(tab.finished, tab.prove)
    camera.take("proof")
    for _step in range(40):
        tab.step(1)
        if tab.answer["problems"][tab.tree.about_row()["number"] - 1]["code"] == "topology.overlap":
            break
    camera.take("proof-problem")
    camera.canvas.show()
    wait(4 * DRAWN_MS)
    camera.canvas.waitWhileRendering()
    camera.keep("proof-ground", camera.canvas.grab().toImage())
    camera.canvas.hide()
    about = tab.tree.about_row()
    reason = {"zh": "现状如此，下一年度变更时改正", "en": "It is so on the ground"}[camera.request["language"]]
    grant = {"grant": [about["hash"]], "reason": reason, "by": {"zh": "王审", "en": "Wang"}[camera.request["language"]]}
    camera.wait_for_answer(tab.finished, lambda: tab.prove(**grant))
    last = tab.tree.topLevelItem(tab.tree.topLevelItemCount() - 1)
    tab.tree.setCurrentItem(last.child(0))
    tab.tree.scrollToItem(last.child(0))
    camera.take("proof-granted")


def _spoil(place: Path) -> None:
    """Move a patch, remove a map, and replace a text with something else."""
    database = next(place.rglob("*\u77e2\u91cf*.gdb"))
    layer = QgsVectorLayer(f"{database}|layername=DLTB", "DLTB", "ogr")
    feature = next(one for one in layer.getFeatures() if one["BSM"].endswith("004"))
    moved_patch = QgsGeometry(feature.geometry())
    moved_patch.translate(*MOVED_M)
    layer.dataProvider().changeGeometryValues({feature.id(): moved_patch})
    next(place.rglob("*32*.jpg")).unlink()
    next(place.rglob("*.pdf")).write_bytes(b"PK")
