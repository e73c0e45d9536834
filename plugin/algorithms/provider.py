"""The Processing provider `onemap`."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from onemap.plugin.algorithms.add import AddAlgorithm
from onemap.plugin.algorithms.atlas import AtlasAlgorithm
from onemap.plugin.algorithms.check import CheckAlgorithm
from onemap.plugin.algorithms.compare import CompareAlgorithm
from onemap.plugin.algorithms.contradictions import ContradictionsAlgorithm
from onemap.plugin.algorithms.decide import DecideAlgorithm
from onemap.plugin.algorithms.inspect import InspectAlgorithm
from onemap.plugin.algorithms.new import NewAlgorithm
from onemap.plugin.algorithms.publish import PublishAlgorithm
from onemap.plugin.algorithms.redline import RedlineAlgorithm
from onemap.plugin.algorithms.remedy import RemedyAlgorithm
from onemap.plugin.algorithms.sites import SitesAlgorithm
from onemap.plugin.algorithms.spots import SpotsAlgorithm
from onemap.plugin.widgets.icons import icon

ALGORITHMS = (
    NewAlgorithm,
    InspectAlgorithm,
    AddAlgorithm,
    CheckAlgorithm,
    RedlineAlgorithm,
    CompareAlgorithm,
    RemedyAlgorithm,
    ContradictionsAlgorithm,
    DecideAlgorithm,
    SpotsAlgorithm,
    AtlasAlgorithm,
    SitesAlgorithm,
    PublishAlgorithm,
)


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

    def loadAlgorithms(self) -> None:  # noqa: N802 - QGIS's name
        """Add every algorithm."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
