"""onemap:spots: the differences of a comparison as a layer of the library."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter
from onemap.plugin.algorithms.plans_asked import DATE
from onemap.plugin.words.translation import tr


class SpotsAlgorithm(VerbAlgorithm):
    """Keeps the spots of a stored comparison as a new version of the layer of difference spots."""

    VERB = "spots"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Keep differences in the library")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Makes the spots of a comparison, numbered and with what was decided on each, a new version of the layer "
            "of difference spots (CYTB) in the integrated library."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in (
            library_parameter(),
            QgsProcessingParameterString("RUN", tr("Comparison (the id of its run)")),
            QgsProcessingParameterBoolean("DECIDED", tr("Only what is decided"), defaultValue=False),
            QgsProcessingParameterString(
                "REGION", tr("Division (six figures), for spots that lie in no township"), optional=True
            ),
            QgsProcessingParameterString("TYPE", tr("Types of spots (numbers, commas between)"), optional=True),
        ):
            self.addParameter(definition)
        for definition in (
            QgsProcessingParameterString("LABEL", tr("Label"), optional=True),
            QgsProcessingParameterDateTime("VALID_FROM", tr("Valid from"), type=DATE, optional=True),
            QgsProcessingParameterFileDestination(
                "REPORT", tr("Report (.xlsx)"), fileFilter="Excel (*.xlsx)", optional=True, createByDefault=False
            ),
            QgsProcessingParameterNumber("WORKERS", tr("Workers"), optional=True, minValue=1),
        ):
            self.addParameter(advanced(definition))
        self.addOutput(QgsProcessingOutputString("VERSION", tr("Version")))
        self.addOutput(QgsProcessingOutputNumber("FEATURES", tr("Features")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap spots`."""
        texts = ("LIBRARY", "RUN", "REGION", "TYPE", "LABEL")
        report = self.parameterAsFileOutput(parameters, "REPORT", context) if parameters.get("REPORT") else ""
        options = {name.lower(): self.parameterAsString(parameters, name, context) for name in texts}
        options |= {
            "decided": self.parameterAsBoolean(parameters, "DECIDED", context),
            "valid_from": date_text(parameters.get("VALID_FROM")),
            "report": report,
            "workers": self.parameterAsInt(parameters, "WORKERS", context) or None,
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {"REPORT": report, "VERSION": answer["version"], "FEATURES": answer["features"]}
