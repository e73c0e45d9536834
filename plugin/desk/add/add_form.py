"""The head of the add dialog: the file, the layer in it, the library's layer to add to, and the coordinate system."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem
from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QLayout, QPushButton, QWidget

from onemap.plugin.connection.layer_export import SourceFile, crs_text
from onemap.plugin.desk.add.inspection_result import InspectedLayer
from onemap.plugin.desk.add.source_choice import SourceChoice
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.widgets.form_fields import TightForm, fill_form, search_by_part, shrink
from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.words.core_words import crs_title
from onemap.plugin.words.translation import tr


class AddForm(QWidget):
    """Rows that are visible only when they are needed."""

    source_chosen = pyqtSignal(object)  # SourceFile
    part_chosen = pyqtSignal()
    target_chosen = pyqtSignal()
    crs_chosen = pyqtSignal()
    refused = pyqtSignal(object)  # Refusal

    def __init__(self) -> None:
        super().__init__()
        self.file = SourceFile("")
        self._layers: list[InspectedLayer] = []
        self._needs_crs = False
        self._is_part_chosen = False  # by hand, and not only the first of them
        self._is_target_chosen = False  # in this form, and not only in the list of layers
        self.source = SourceChoice()
        self.source.chosen.connect(self.source_chosen)
        self.source.refused.connect(self.refused)
        self.part = QComboBox(currentIndexChanged=lambda _index: self._show_part())
        self.part.activated.connect(lambda _index: self._keep_part())
        self.target = search_box()
        self.target.currentIndexChanged.connect(lambda _index: self._show_target())
        self.target.activated.connect(lambda _index: self._keep_target())
        self.named_crs = NamedCrs(tr("choose it"))
        self.crs = self.named_crs.choice
        self.crs.crsChanged.connect(lambda _crs: self.crs_chosen.emit())
        self.guess = QPushButton(autoDefault=False, clicked=self._take_guess)
        for box in (self.part, self.target):
            shrink(box)
        self._rows = fill_form(
            TightForm(self),
            (tr("File"), self.source),
            (tr("Layer in it"), self.part),
            (tr("Becomes"), self.target),
            is_tight=True,
            is_wide=True,
            is_wrapping=True,
        )
        self._rows.addRow(tr("Coordinate system"), self.named_crs)
        self._rows.addRow("", self.guess)
        self.forget()
        self.setFocusProxy(self.source)

    def add_row(self, label: str, row: QLayout) -> None:
        """Ask something more below the target."""
        self._rows.addRow(label, row)

    @property
    def chosen_part(self) -> InspectedLayer | None:
        """The chosen layer of the file."""
        index = self.part.currentIndex()
        return self._layers[index] if 0 <= index < len(self._layers) else None

    @property
    def chosen_target(self) -> CatalogueLayer | None:
        """The catalogue layer that it becomes."""
        return self.target.currentData()

    @property
    def part_name(self) -> str:
        """The layer's name in the file, for the core; empty where the file has only one layer."""
        part = self.chosen_part
        return part.name if part is not None and (len(self._layers) > 1 or self.file.layer) else ""

    @property
    def lacks_crs(self) -> bool:
        """Whether the coordinate system must still be chosen."""
        return self._needs_crs and not self.crs.crs().isValid()

    @property
    def given_crs(self) -> str:
        """The coordinate system for the core; empty where the file declares it."""
        return crs_text(self.crs.crs()) if self._needs_crs else self.file.crs

    @property
    def place_crs(self) -> QgsCoordinateReferenceSystem:
        """The coordinate system of the file, as far as it is known."""
        part = self.chosen_part
        if self._needs_crs or part is None:
            return self.crs.crs()
        return QgsCoordinateReferenceSystem(self.file.crs or part.crs)

    def forget(self) -> None:
        """Clear the form for another file."""
        self._layers, self._is_part_chosen = [], False
        self.part.clear()
        self._rows.show_row(self.part, False)
        self._need_crs(False)

    def show_targets(self, layers: list[CatalogueLayer]) -> None:
        """List the layers of the library; the chosen one stays."""
        chosen_code = self.chosen_target.code if self.chosen_target is not None else ""
        with QSignalBlocker(self.target):
            self.target.clear()
            for entry in sorted(layers, key=lambda entry: entry.place[:2]):
                self.target.addItem(f"{entry.title} · {entry.code}", entry)
            self.choose_target(chosen_code)  # what was matched for it stays too

    def choose_target(self, code: str) -> None:
        """Choose a layer of the library; empty for none."""
        codes = [self.target.itemData(index).code for index in range(self.target.count())]
        self.target.setCurrentIndex(codes.index(code) if code in codes else -1)

    def show_layers(self, source: SourceFile, layers: list[InspectedLayer]) -> None:
        """Show the layers of a file; its name may then replace a target that was chosen for another file."""
        if self.file.path not in ("", source.path):
            self._is_target_chosen = False
        self.file, self._layers = source, layers
        with QSignalBlocker(self.part):
            self.part.clear()
            self.part.addItems([layer.name for layer in layers])
            self.part.setCurrentIndex(self._first_part(source.layer))
        self._rows.show_row(self.part, len(layers) > 1)
        self._show_part()

    def ask_for_crs(self) -> None:
        """Ask for a coordinate system, because the core refuses the one in the file."""
        self._need_crs(True)
        self.crs.setFocus()
        self.crs_chosen.emit()

    def _show_part(self) -> None:
        part = self.chosen_part
        if part is None:
            return
        self._need_crs(part.lacks_crs and bool(part.bounds) and not self.file.crs)
        # A file is what it is called, whichever layer was selected when it came; a service is registered for its layer.
        target = self.chosen_target
        is_settled = target is not None and (self._is_target_chosen or self.file.service)
        if part.codes and not is_settled and (target is None or target.code not in part.codes):
            self.choose_target(part.codes[0] if len(part.codes) == 1 else "")
        self.part_chosen.emit()

    def _take_guess(self) -> None:
        """Use the guessed coordinate system."""
        self.crs.setCrs(QgsCoordinateReferenceSystem(self.chosen_part.crs))

    def _first_part(self, wanted_name: str) -> int:
        """The row to choose first: the wanted layer, else the layer named like the target, else the first."""
        names = [layer.name for layer in self._layers]
        if wanted_name in names:
            self._is_part_chosen = True
            return names.index(wanted_name)
        return max(0, self._part_of_target())

    def _part_of_target(self) -> int:
        """The row of the layer in the file that is named like the target; -1 for none."""
        target = self.chosen_target
        return next((row for row, layer in enumerate(self._layers) if target and target.code in layer.codes), -1)

    def _show_target(self) -> None:
        row = self._part_of_target()
        if row >= 0 and not self._is_part_chosen:
            self.part.setCurrentIndex(row)
        self.target_chosen.emit()

    def _keep_part(self) -> None:
        self._is_part_chosen = True

    def _keep_target(self) -> None:
        self._is_target_chosen = True

    def _need_crs(self, is_needed: bool) -> None:
        self._needs_crs = is_needed
        with QSignalBlocker(self.crs):
            self.crs.setCrs(QgsCoordinateReferenceSystem())
        self._rows.show_row(self.named_crs, is_needed)
        self.named_crs.show_name()
        part = self.chosen_part
        guessed = QgsCoordinateReferenceSystem(part.crs if part is not None and part.crs_from == "guessed" else "")
        self._rows.show_row(self.guess, is_needed and guessed.isValid())
        self.guess.setText(tr("Its numbers look like {crs}: take it").format(crs=guessed.authid()))
        self.guess.setToolTip(crs_title(guessed))


def search_box() -> QComboBox:
    """A list in which any part of a name can be typed."""
    box = QComboBox(editable=True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.lineEdit().setPlaceholderText(tr("Layer of the one map: type a part of its name"))
    search_by_part(box)
    return box
