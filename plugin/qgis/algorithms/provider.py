"""The Processing provider `onemap`."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from onemap.plugin.qgis.algorithms.verb_algorithm import VerbAlgorithm
from onemap.plugin.qgis.algorithms.verb_rows import verb_rows
from onemap.plugin.widgets.icons import icon


class OneMapProvider(QgsProcessingProvider):
    """One Map in the Processing toolbox."""

    def id(self) -> str:
        """The name by which models and scripts call it."""
        return "onemap"

    def name(self) -> str:
        """The name that people read."""
        return "One Map"

    def icon(self) -> QIcon:
        """The plugin's own sign."""
        return icon("onemap")

    def loadAlgorithms(self) -> None:
        """Add an algorithm for each row of the table."""
        for row in verb_rows():
            self.addAlgorithm(VerbAlgorithm(row))
