"""Remedies for refused parcels: a click supplies what the file does not declare, and the check runs again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.gui import QgsProjectionSelectionDialog
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.conversion import Conversion, is_convertible
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.layer_export import SourceFile, crs_text
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.inspection_result import InspectedLayer, inspected_layers
from onemap.plugin.desk.parcels.parcel_choice import Choice
from onemap.plugin.profile.paths import file_state
from onemap.plugin.widgets.questions import ask_choice
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import known_words


class ParcelMends(QObject):
    """The parameters that the user gave for each choice of parcels, so that each is asked for once."""

    mended = pyqtSignal()  # check again
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.asking = Asking(core, self)  # about a file, which is of no library
        self.asking.refused.connect(self.refused)
        self._params: dict[Choice | None, dict[str, Any]] = {}
        self._own_crs: dict[Choice, str] = {}  # that the parcels declared when another one was given
        self._converted_states: dict[Choice, tuple[int, int]] = {}  # of the files that QGIS's GDAL has read

    def params_for(self, choice: Choice | None) -> dict[str, Any]:
        """The given parameters of `check` for these parcels, without those that a later change has made wrong."""
        params = dict(self._params.get(choice, {}))
        if "crs" in params and self._own_crs[choice] != _declared_crs(choice):
            del params["crs"]  # somebody has put right what was to be mended
        if self._has_changed(choice):
            params.pop("parcels", None)
        if choice in self._params:
            self._params[choice] = params
        return params

    def add_params(self, choice: Choice, **params: Any) -> None:
        """Add parameters for these parcels, and check them again."""
        self._params[choice] = {**self.params_for(choice), **params}
        if "crs" in params:
            self._own_crs[choice] = _declared_crs(choice)
        self.mended.emit()

    def read_anew(self, choice: Choice | None) -> bool:
        """Convert a file again if it has changed since its conversion; True: wait, the check follows by itself."""
        if not self._has_changed(choice):
            return False
        self._convert(choice, choice.path)
        return True

    def _has_changed(self, choice: Choice | None) -> bool:
        """Whether a converted file has changed since its conversion."""
        return choice in self._converted_states and self._converted_states[choice] != file_state(choice.path)

    def offer(self, refusal: Refusal, choice: Choice, params: dict[str, Any]) -> None:
        """Add a button to a refusal that a click can remedy.

        choice: the parcels.
        params: the parameters of the refused check.
        """
        codes = {str(problem.get("code")) for problem in refusal.problems}
        if codes & {"crs.missing", "crs.contradicted"}:
            refusal.mend = (tr("Choose the coordinate system…"), lambda: self._choose_crs(choice))
            refusal.mend_option = "--crs"
        elif "format.no_driver" in codes and is_convertible(params["parcels"]):
            refusal.mend = (tr("Read it with QGIS's GDAL"), lambda: self._convert(choice, params["parcels"]))
        elif "source.layer_needed" in codes:
            refusal.mend = (tr("Choose the layer…"), lambda: self._inspect(choice, params, self._choose_layer))
            refusal.mend_option = "--layer"
        elif "parcel.id" in codes:
            refusal.mend = (tr("Choose the field…"), lambda: self._inspect(choice, params, self._choose_field))
            refusal.mend_option = "--id"
        elif any(code.startswith("encoding.") for code in codes):
            refusal.mend = (tr("Choose the encoding…"), lambda: self._choose_encoding(choice))
            refusal.mend_option = "--encoding"
        elif codes == {"geometry.invalid"} and not params.get("repair"):
            refusal.mend = (tr("Repair and check"), lambda: self.add_params(choice, repair=True))

    def _choose_crs(self, choice: Choice) -> None:
        dialog = QgsProjectionSelectionDialog(self._parent)
        if dialog.exec() and dialog.crs().isValid():
            self.add_params(choice, crs=crs_text(dialog.crs()))

    def _convert(self, choice: Choice, path: str) -> None:
        state = file_state(path)  # before it is read: what is drawn meanwhile is read the next time

        def take(source: SourceFile) -> None:
            self._converted_states[choice] = state
            self.add_params(choice, parcels=source.path)

        self.asking.follow(Conversion(SourceFile(path)), take)

    def _choose_encoding(self, choice: Choice) -> None:
        self._choose(tr("The encoding of its text"), list(known_words("check", "encoding")), choice, "encoding")

    def _inspect(
        self, choice: Choice, params: dict[str, Any], on_layers: Callable[[Choice, list[InspectedLayer]], None]
    ) -> None:
        """Ask the core for the content of the file: QGIS may not know its format."""
        params = {"source": params["parcels"], "layer": params.get("layer"), "view": True}
        self.asking.ask("inspect", params, lambda answer: on_layers(choice, inspected_layers(answer)))

    def _choose_layer(self, choice: Choice, layers: list[InspectedLayer]) -> None:
        question = tr("This file has several layers. Which has the parcels?")
        self._choose(question, [layer.name for layer in layers], choice, "layer")

    def _choose_field(self, choice: Choice, layers: list[InspectedLayer]) -> None:
        fields = [name for layer in layers for name, _kind in layer.fields]
        self._choose(tr("Which field names each parcel, once?"), fields, choice, "id")

    def _choose(self, question: str, values: list[str], choice: Choice, name: str) -> None:
        ask_choice(
            self._parent,
            tr("Parcels to check"),
            question,
            values,
            lambda value: self.add_params(choice, **{name: value}),
        )


def _declared_crs(choice: Choice) -> str:
    """The coordinate system that the parcels declare, as QGIS has it; empty for none."""
    layer = choice.map_layer
    if choice.path:
        options = QgsVectorLayer.LayerOptions(loadDefaultStyle=False)
        options.skipCrsValidation = True  # else QGIS may ask for one, or make one up
        layer = QgsVectorLayer(choice.file_uri, "", "ogr", options)
    return crs_text(layer.crs()) if layer is not None else ""
