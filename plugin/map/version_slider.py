"""A slider over the versions of the chosen layer: each step shows one of them on the map."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from onemap.plugin.library.layer_list import CatalogueLayer, Version
from onemap.plugin.words.translation import tr


class VersionSlider(QWidget):
    """The versions of a layer from the earliest to the latest; hidden for a layer with fewer than two."""

    version_chosen = pyqtSignal(object, object)  # CatalogueLayer, Version

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry: CatalogueLayer | None = None
        self._versions: list[Version] = []
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("Version of the chosen layer"))
        self.slider.setToolTip(tr("Show another version of this layer on the map: drag, or press ← and →"))
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        self.title = QLabel()
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.label = QLabel()
        line = QHBoxLayout()
        line.addWidget(self.title, 1)
        line.addWidget(self.label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.slider)
        self.hide()

    def show_layer(self, entry: CatalogueLayer | None, version: Version | None = None) -> None:
        """Offer the versions of a layer. version: the one that is on the map, or in force."""
        versions = sorted(entry.versions, key=lambda one: (one.valid_from, one.recorded_at)) if entry else []
        self.entry, self._versions = entry, versions
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(versions) - 1))
        tables = [one.table for one in versions]
        self.slider.setValue(tables.index(version.table) if version is not None and version.table in tables else 0)
        self.slider.blockSignals(False)
        self._show_label()
        self.setVisible(len(versions) > 1)

    def _choose(self, position: int) -> None:
        self._show_label()
        if self.entry is not None:
            self.version_chosen.emit(self.entry, self._versions[position])

    def _show_label(self) -> None:
        if self._versions:
            version = self._versions[self.slider.value()]
            self.title.setText(self.entry.title if self.entry is not None else "")
            self.title.setToolTip(self.title.text())
            until = version.valid_to or "…"
            self.label.setText(version.label)
            self.label.setToolTip(tr("Valid {start} to {end}").format(start=version.valid_from or "…", end=until))
