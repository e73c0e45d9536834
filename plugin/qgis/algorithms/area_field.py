"""A field for areas in Processing's dialogs: QGIS's own list of layers and files, plus the library's layers."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProject
from qgis.gui import QgsProcessingMapLayerComboBox, QgsProcessingParameterWidgetContext
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.qgis.algorithms.code_field import CodeField
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr


class AreaField(CodeField):
    """QGIS's field for a source, with a button that lists the library's layers; such a layer is taken by its code."""

    def createWidget(self, of: str, separator: str, ending: str, beside: str) -> QWidget:
        """Make QGIS's field in place of the line."""
        whole = super().createWidget(of, separator, ending, beside)
        self._context = QgsProcessingContext()
        self._context.setProject(QgsProject.instance())
        self.layers = QgsProcessingMapLayerComboBox(self.parameterDefinition())
        self.layers.setAccessibleName(self.line.accessibleName())
        self.layers.valueChanged.connect(lambda: self.widgetValueHasChanged.emit(self))
        whole.layout().replaceWidget(self.line, self.layers)
        whole.layout().setAlignment(self.button, Qt.AlignmentFlag.AlignTop)  # a box to tick stands below the list
        self.line.hide()  # until it is gone it would be seen below
        self.line.deleteLater()
        self.button.setText("")
        self.button.setIcon(icon("library"))  # QGIS's own field has a button with dots
        self.button.setToolTip(tr("Choose a layer of the library"))
        self.button.setAccessibleName(tr("Choose a layer of the library"))
        return whole

    def setWidgetContext(self, context: QgsProcessingParameterWidgetContext) -> None:
        """Pass the map and its layers on to QGIS's field."""
        self.layers.setWidgetContext(context)
        super().setWidgetContext(context)

    def setValue(self, value: Any) -> None:
        """Show a layer, a file or a code."""
        self.layers.setValue(value, self._context)

    def value(self) -> Any:
        """A layer with the part that is chosen of it, a file, or a code; None for none."""
        return self.layers.value() or None

    def shown_text(self) -> str:
        """The code or the file; empty for a layer of which only a part is chosen."""
        value = self.value()
        return value if isinstance(value, str) else ""
