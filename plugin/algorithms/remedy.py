"""onemap:remedy: the part of each parcel that passes."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, list_of
from onemap.plugin.algorithms.parcels_asked import (
    parcel_options,
    parcel_parameters,
    reading_parameters,
    results_file,
    trial_parameters,
)
from onemap.plugin.algorithms.sinks import POLYGON, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.remedy.remedy_looks import style_remedy
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY

DATE = QgsProcessingParameterDateTime.Type.Date
NUMBER = QgsProcessingParameterNumber.Type.Double


class RemedyAlgorithm(VerbAlgorithm):
    """Finds the part of each parcel that passes, and what each rule cut."""

    VERB = "remedy"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Cut parcels until they pass")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Cuts from every parcel the ground that stands against it, the most severe rule first, and checks what "
            "remains again until nothing more severe than the verdict to keep is found. The remainder, what each rule "
            "cut and what was dropped make up the parcel."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in parcel_parameters():
            self.addParameter(definition)
        self.addParameter(
            QgsProcessingParameterEnum(
                "KEEP_VERDICT", tr("Verdict to keep"), options=list(SEVERITY), usesStaticStrings=True, optional=True
            )
        )
        for name, title in (
            ("MIN_PART", tr("Smallest part, m²")),
            ("MIN_WIDTH", tr("Thinnest part, m")),
            ("MOVE", tr("Farthest move, m")),
            ("TURN", tr("Widest turn, degrees")),
        ):
            self.addParameter(QgsProcessingParameterNumber(name, title, type=NUMBER, optional=True, minValue=0))
        self.addParameter(QgsProcessingParameterBoolean("ONE_PIECE", tr("Only the largest part"), defaultValue=False))
        self.addParameter(results_file())
        for definition in self._rare_parameters():
            self.addParameter(advanced(definition))
        for definition in sink_parameters(_sinks()):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputString("RUN", tr("Run")))
        self.addOutput(QgsProcessingOutputNumber("PASSING", tr("Parcels that pass in part or whole")))
        self.addOutput(QgsProcessingOutputNumber("CUT_M2", tr("Cut, m²")))
        self.addOutput(QgsProcessingOutputNumber("DROPPED_M2", tr("Dropped, m²")))

    def _rare_parameters(self) -> list[QgsProcessingParameterDefinition]:
        return [
            QgsProcessingParameterString("PARCEL", tr("Only these parcels (ids, semicolons between)"), optional=True),
            *reading_parameters(),
            QgsProcessingParameterDateTime("AS_OF", tr("As of"), type=DATE, optional=True),
            *trial_parameters(),
            QgsProcessingParameterNumber("WORKERS", tr("Workers"), optional=True, minValue=1),
            QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        ]

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap remedy`."""
        asked = parcel_options(self, parameters, context, feedback)
        out = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, out)
        options = {
            **asked,
            "parcel": list_of(parameters.get("PARCEL")),
            "keep_verdict": self.parameterAsEnumString(parameters, "KEEP_VERDICT", context),
            "one_piece": self.parameterAsBoolean(parameters, "ONE_PIECE", context),
            "out": outs,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
            **self.numbers(parameters, ("MIN_PART", "MIN_WIDTH", "MOVE", "TURN"), context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {
            "OUT": out,
            "RUN": answer["run"]["id"],
            "PASSING": answer["passing"],
            "CUT_M2": answer["cut_m2"],
            "DROPPED_M2": answer["dropped_m2"],
            **fill_sinks(self, sinks, parameters, tables, context, feedback),
        }


def _sinks() -> list[Sink]:
    return [
        Sink("REMAINDER", tr("What remains"), "remainder", POLYGON, style_remedy),
        Sink("CUTS", tr("What was cut"), "cuts", POLYGON, style_remedy),
        Sink("ALTERNATIVES", tr("Alternatives"), "alternatives", POLYGON, style_remedy, by_default=False),
    ]
