"""A slider over the versions of the chosen layer: each step shows one on the map, and the day follows."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QSlider, QWidget

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.widgets.elided_label import ElidedLabel
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import tr

REST_MS = 250  # how long it stays on a version before the day goes with it: not at each one it passes


class VersionSlider(QWidget):
    """The versions of a layer from the earliest to the latest; hidden for a layer with fewer than two."""

    version_chosen = pyqtSignal(object, object)  # CatalogueLayer, Version
    version_kept = pyqtSignal(object, object)  # CatalogueLayer, Version: once it rests there

    def __init__(self) -> None:
        super().__init__()
        self.entry: CatalogueLayer | None = None
        self._versions: list[Version] = []
        self.slider = QSlider(Qt.Orientation.Horizontal, accessibleName=tr("Version of the chosen layer"))
        self.slider.setToolTip(
            tr("Show the map as of another version of this layer, and set the day with it: drag, or press ← and →")
        )
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        self._rest = one_shot_timer(self, REST_MS, self._keep)
        self.title, self.label = ElidedLabel(), ElidedLabel()  # a version may be named by a document's number
        column_of(self.title, self.label, self.slider, inside=self, is_tight=True, spacing=0)
        self.hide()

    @property
    def version(self) -> Version | None:
        """The version on which the slider stands."""
        return self._versions[self.slider.value()] if self._versions else None

    @property
    def is_moving(self) -> bool:
        """Whether the slider was moved so recently that the day has not followed yet."""
        return self._rest.remainingTime() >= 0  # -1 while it does not run

    def rest(self) -> None:
        """Start the short time after which the day follows the slider."""
        self._rest.start()

    def show_layer(self, entry: CatalogueLayer | None, table: str = "") -> None:
        """Offer the versions of a layer. table: the table of the version that is on the map, or in force."""
        self._rest.stop()
        versions = sorted(entry.versions, key=lambda one: (one.valid_from, one.recorded_at)) if entry else []
        self.entry, self._versions = entry, versions
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(versions) - 1))
            tables = [one.table for one in versions]
            self.slider.setValue(tables.index(table) if table in tables else 0)
        self._show_label()
        self.setVisible(len(versions) > 1)

    def _choose(self, _position: int) -> None:
        self._show_label()
        if self.entry is not None:
            self.version_chosen.emit(self.entry, self.version)
            self.rest()

    def _keep(self) -> None:
        if self.entry is not None:
            self.version_kept.emit(self.entry, self.version)

    def _show_label(self) -> None:
        version = self.version
        if version is None or self.entry is None:
            return
        until = version.valid_to or "…"
        hint = tr("Valid {start} to {end}").format(start=version.valid_from or "…", end=until)
        self.title.setText(self.entry.title)
        self.title.setToolTip(self.entry.title)
        self.label.setText(_words(version.today).format(label=version.label))
        self.label.setToolTip(f"{self.label.text()}\n{hint}")
        self.slider.setAccessibleDescription(f"{self.label.text()}. {hint}")


def _words(today: str) -> str:
    """The text for a version with a state of today, whatever day the library shows; `{label}` is to be filled in."""
    return {
        "in_force": tr("{label} · in force today"),
        "upcoming": tr("{label} · not yet in force"),
        "undated": tr("{label} · not in force, without a date"),
        "retired": tr("{label} · retired"),
        "past": tr("{label} · no longer in force"),
    }.get(today, "{label}")
