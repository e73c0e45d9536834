"""The row of a form for the width of land: lines and points are checked as parcels of this width."""

from __future__ import annotations

from qgis.PyQt.QtCore import QObject, QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.parcels.parcel_choice import Choice, ParcelChoice, is_without_ground
from onemap.plugin.widgets.form_fields import TightForm, shrink
from onemap.plugin.words.translation import tr


class LandWidthRow(QObject):
    """The width typed for each choice of parcels: in metres, or the field of the layer that has the widths."""

    changed = pyqtSignal()

    def __init__(self, parcels: ParcelChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parcels = parcels
        self._texts: dict[Choice, str] = {}
        self._choices_without_ground: set[Choice] = (
            set()
        )  # files of which the core has said that they hold lines or points
        self._form: TightForm | None = None
        self.field = QComboBox()
        shrink(self.field)
        self.field.setEditable(True)
        self.field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.field.setAccessibleName(tr("Land width"))
        self.field.lineEdit().setPlaceholderText(tr("metres, or the field that has them"))
        self.field.setToolTip(tr("Lines and points are checked as land of this width, along or around them"))
        self.field.editTextChanged.connect(self._take_text)
        parcels.changed.connect(self.show_row)

    def add_to(self, form: TightForm) -> None:
        """Add the row to a form."""
        form.addRow(tr("Land width"), self.field)
        self._form = form
        self.show_row()

    @property
    def is_asked(self) -> bool:
        """Whether the chosen parcels are lines or points."""
        layer = self._parcels.map_layer
        return self._parcels.choice in self._choices_without_ground or (layer is not None and is_without_ground(layer))

    @property
    def text(self) -> str:
        """The width for the chosen parcels; empty if none is needed or none is given yet."""
        choice = self._parcels.choice
        return self._texts.get(choice, "") if choice is not None and self.is_asked else ""

    @property
    def is_missing(self) -> bool:
        """Whether a width is asked for and not given."""
        return self.is_asked and not self.text

    @property
    def params(self) -> dict[str, str]:
        """The parameters of a check that say it."""
        return {"land_width": self.text} if self.text else {}

    def offer(self, refusal: Refusal, choice: Choice | None) -> None:
        """Add a button that asks for the width to a refusal of lines and points. choice: the refused parcels."""
        codes = {str(problem.get("code")) for problem in refusal.problems}
        if codes == {"geometry.type"} and choice is not None:
            refusal.mend = (tr("State the width of the land"), lambda: self._ask(choice))
            refusal.mend_option = "--land-width"

    def show_row(self) -> None:
        """Show the row if the chosen parcels need a width, with the width that was typed for them."""
        layer, text = self._parcels.map_layer, self.text
        fields = layer.fields() if layer is not None else ()
        with QSignalBlocker(self.field):
            self.field.clear()
            self.field.addItems([field.name() for field in fields if field.isNumeric()])
            self.field.setEditText(text)
        if self._form is not None:
            self._form.show_row(self.field, self.is_asked)
        self.changed.emit()

    def _ask(self, choice: Choice) -> None:
        self._choices_without_ground.add(choice)
        self.show_row()
        self.field.setFocus()

    def _take_text(self, text: str) -> None:
        choice = self._parcels.choice
        if choice is not None:
            self._texts[choice] = text.strip()
            self.changed.emit()
