"""onemap:contradictions: who contradicts whom, every pair of plans for which there is a matrix."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter, list_of, moment_text
from onemap.plugin.algorithms.parcels_asked import results_file
from onemap.plugin.algorithms.plans_asked import LIMITS, limit_parameters, when_parameters, work_parameters
from onemap.plugin.algorithms.sinks import VECTOR, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.words.translation import tr


class ContradictionsAlgorithm(VerbAlgorithm):
    """Compares every pair of plans of a library that a matrix names, in hectares."""

    VERB = "contradictions"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Who contradicts whom")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Compares every pair of plans in force for which there is a matrix, and says in hectares how much ground "
            "they disagree about. Each comparison is kept in the library as a run of its own; a pair that cannot be "
            "compared has its reason in the table."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in (
            library_parameter(),
            QgsProcessingParameterString(
                "MATRIX", tr("Matrices of your city's own (files, semicolons between)"), optional=True
            ),
            QgsProcessingParameterString("ONLY", tr("Only these layers (codes, commas between)"), optional=True),
            *limit_parameters(),
            results_file(),
        ):
            self.addParameter(definition)
        for definition in (*when_parameters(), *work_parameters()):
            self.addParameter(advanced(definition))
        for definition in sink_parameters(_sinks()):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputNumber("PAIR_COUNT", tr("Number of pairs")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap contradictions`."""
        out = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, out)
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "matrix": list_of(parameters.get("MATRIX")),
            "only": self.parameterAsString(parameters, "ONLY", context),
            "as_of": date_text(parameters.get("AS_OF")),
            "known_at": moment_text(parameters.get("KNOWN_AT")),
            "out": outs,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
            "workers": self.parameterAsInt(parameters, "WORKERS", context) or None,
            **self.numbers(parameters, LIMITS, context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        filled = fill_sinks(self, sinks, parameters, tables, context, feedback)
        return {"OUT": out, "PAIR_COUNT": len(answer["pairs"]), **filled}


def _sinks() -> list[Sink]:
    return [
        Sink("CONTRADICTIONS", tr("Contradictions, pair by pair"), "contradictions", VECTOR),
        Sink("HECTARES", tr("Hectares in conflict, plan against plan"), "hectares", VECTOR),
    ]
