"""onemap:decide: what is to become of a difference between two plans."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, library_parameter
from onemap.plugin.compare.compare_results import DECISIONS
from onemap.plugin.words.translation import tr


class DecideAlgorithm(VerbAlgorithm):
    """Gives one decision to a difference spot, or to all spots of a cluster."""

    VERB = "decide"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Decide on a difference")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Says what is to become of a difference spot, or of all spots of a cluster, and why. The library keeps "
            "the decision with name and moment, and finds it again when newer versions are compared; of several the "
            "last one stands.\n\nThe name of a spot or a cluster stands in the tables of a comparison."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in (
            library_parameter(),
            QgsProcessingParameterString("TARGET", tr("Spot or cluster (its name)")),
            QgsProcessingParameterEnum("DECISION", tr("Decision"), options=list(DECISIONS), usesStaticStrings=True),
            QgsProcessingParameterString("REASON", tr("Reason")),
            QgsProcessingParameterString("BY", tr("Who decides (empty: your computer's user)"), optional=True),
        ):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputString("RUN", tr("Run")))
        self.addOutput(QgsProcessingOutputNumber("SPOT_COUNT", tr("Number of difference spots")))
        self.addOutput(QgsProcessingOutputNumber("AREA_M2", tr("Ground decided on, m²")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap decide`."""
        options = {
            name.lower(): self.parameterAsString(parameters, name, context)
            for name in ("LIBRARY", "TARGET", "REASON", "BY")
        }
        options["decision"] = self.parameterAsEnumString(parameters, "DECISION", context)
        answer, _exit_code = self.run_core(options, feedback)
        return {"RUN": answer["run"], "SPOT_COUNT": len(answer["spots"]), "AREA_M2": answer["area_m2"]}
