"""What a click can mend when parcels are refused: say what their file does not say, and check again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from qgis.gui import QgsProjectionSelectionDialog
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QInputDialog, QWidget

from onemap.plugin.add.add_options import ENCODINGS
from onemap.plugin.add.inspection_result import InspectedLayer, inspected_layers
from onemap.plugin.connection.conversion import Conversion, is_convertible
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.layer_export import SourceFile, crs_text
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr


class ParcelMends(QObject):
    """Keeps for each choice of parcels what was said of it, so that nobody is asked twice."""

    mended = pyqtSignal()  # check again
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, parent: QWidget) -> None:
        super().__init__(parent)
        self._core, self._over = core, parent
        self._told: dict[Hashable, dict[str, Any]] = {}

    def told(self, choice: Hashable) -> dict[str, Any]:
        """What was said of these parcels, as parameters of `check`."""
        return self._told.get(choice, {})

    def tell(self, choice: Hashable, **said: Any) -> None:
        """Say something of these parcels, and check them again."""
        self._told[choice] = {**self.told(choice), **said}
        self.mended.emit()

    def offer(self, refusal: Refusal, choice: Hashable, params: dict[str, Any]) -> None:
        """Put the button on a refusal that a click can mend. params: of the check that was refused."""
        codes = {str(problem.get("code")) for problem in refusal.problems}
        if codes & {"crs.missing", "crs.contradicted"}:
            refusal.mend = (tr("Choose the coordinate system…"), lambda: self._choose_crs(choice))
        elif "format.no_driver" in codes and is_convertible(params["parcels"]):
            refusal.mend = (tr("Read it with QGIS's GDAL"), lambda: self._convert(choice, params["parcels"]))
        elif "source.layer_needed" in codes:
            refusal.mend = (tr("Choose the layer…"), lambda: self._inspect(choice, params, self._choose_layer))
        elif "parcel.id" in codes:
            refusal.mend = (tr("Choose the field…"), lambda: self._inspect(choice, params, self._choose_field))
        elif any(code.startswith("encoding.") for code in codes):
            refusal.mend = (tr("Choose the encoding…"), lambda: self._choose_encoding(choice))
        elif codes == {"geometry.invalid"} and not params.get("repair"):
            refusal.mend = (tr("Repair and check"), lambda: self.tell(choice, repair=True))

    def _choose_crs(self, choice: Hashable) -> None:
        dialog = QgsProjectionSelectionDialog(self._over)
        if dialog.exec() and dialog.crs().isValid():
            self.tell(choice, crs=crs_text(dialog.crs()))

    def _convert(self, choice: Hashable, path: str) -> None:
        conversion = Conversion(SourceFile(path), self)
        conversion.answered.connect(lambda source: self.tell(choice, parcels=source.path))
        conversion.refused.connect(self.refused)

    def _choose_encoding(self, choice: Hashable) -> None:
        self._choose(tr("The encoding of its text"), [name for name in ENCODINGS if name], choice, "encoding")

    def _inspect(
        self, choice: Hashable, params: dict[str, Any], then: Callable[[Hashable, list[InspectedLayer]], None]
    ) -> None:
        """Ask the core what is in the file: it may be of a format that QGIS does not know."""
        request = self._core.ask("inspect", {"source": params["parcels"], "layer": params.get("layer")})
        request.answered.connect(lambda answer: then(choice, inspected_layers(answer)))
        request.refused.connect(self.refused)

    def _choose_layer(self, choice: Hashable, layers: list[InspectedLayer]) -> None:
        question = tr("This file has several layers. Which has the parcels?")
        self._choose(question, [layer.name for layer in layers], choice, "layer")

    def _choose_field(self, choice: Hashable, layers: list[InspectedLayer]) -> None:
        fields = [name for layer in layers for name, _kind in layer.fields]
        self._choose(tr("Which field names each parcel, once?"), fields, choice, "id")

    def _choose(self, question: str, values: list[str], choice: Hashable, name: str) -> None:
        value, is_chosen = QInputDialog.getItem(self._over, tr("Parcels to check"), question, values, 0, False)
        if is_chosen:
            self.tell(choice, **{name: value})
