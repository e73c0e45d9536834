"""onemap:atlas: a comparison printed, one page for each cluster or spot."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, library_parameter
from onemap.plugin.words.translation import tr

SHEETS = ("cluster", "spot")


class AtlasAlgorithm(VerbAlgorithm):
    """Prints a stored comparison as a PDF."""

    VERB = "atlas"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Print a comparison as an atlas")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Writes a comparison that the library keeps as a PDF: a cover with the matrix of areas, an overview with "
            "the index of sheets, and one page for each cluster or spot, the largest first. The cover says what was "
            "left out."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in (
            library_parameter(),
            QgsProcessingParameterString("RUN", tr("Comparison (the id of its run)")),
            QgsProcessingParameterFileDestination("TARGET", tr("Target"), fileFilter="PDF (*.pdf)"),
            QgsProcessingParameterEnum(
                "BY", tr("One page for each"), options=list(SHEETS), usesStaticStrings=True, optional=True
            ),
        ):
            self.addParameter(definition)
        for definition in (
            QgsProcessingParameterString("TYPE", tr("Types of spots (numbers, commas between)"), optional=True),
            QgsProcessingParameterNumber("MOST", tr("Sheets at most"), optional=True, minValue=1),
            QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        ):
            self.addParameter(advanced(definition))
        self.addOutput(QgsProcessingOutputNumber("SHEETS", tr("Number of sheets")))
        self.addOutput(QgsProcessingOutputNumber("LEFT_OUT", tr("Sheets left out")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap atlas`."""
        target = self.parameterAsFileOutput(parameters, "TARGET", context)
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "run": self.parameterAsString(parameters, "RUN", context),
            "target": target,
            "by": self.parameterAsEnumString(parameters, "BY", context),
            "type": self.parameterAsString(parameters, "TYPE", context),
            "most": self.parameterAsInt(parameters, "MOST", context) or None,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {"TARGET": target, "SHEETS": answer["sheets"], "LEFT_OUT": answer["left_out"]}
