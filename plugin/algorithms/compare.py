"""onemap:compare: where two plans disagree."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter, moment_text
from onemap.plugin.algorithms.parcels_asked import results_file
from onemap.plugin.algorithms.plans_asked import LIMITS, limit_parameters, when_parameters, work_parameters
from onemap.plugin.algorithms.sinks import POLYGON, VECTOR, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.compare.compare_looks import style_spots
from onemap.plugin.library.layer_list import code_hints, code_of_hint
from onemap.plugin.words.translation import tr


class CompareAlgorithm(VerbAlgorithm):
    """Compares two plans of a library: difference spots, classified and measured."""

    VERB = "compare"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Compare two plans")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Finds where two plans of a library disagree: every place is classified by a matrix that says which codes "
            "are construction, and measured. Nothing is snapped, eliminated or lost; thin and small spots are set "
            "apart.\n\nA plan is a layer's code, or code@label for one of its versions."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        self.addParameter(library_parameter())
        for name, title in (("A", tr("First plan (code)")), ("B", tr("Second plan (code)"))):
            code = QgsProcessingParameterString(name, title)
            if code_hints():
                code.setMetadata({"widget_wrapper": {"value_hints": code_hints()}})
            self.addParameter(code)
        self.addParameter(QgsProcessingParameterString("MATRIX", tr("Matrix (name or file)"), optional=True))
        for definition in (*limit_parameters(), results_file()):
            self.addParameter(definition)
        against = QgsProcessingParameterString("AGAINST", tr("Compare with an earlier run (its id)"), optional=True)
        for definition in (*when_parameters(), against, *work_parameters()):
            self.addParameter(advanced(definition))
        for definition in sink_parameters(_sinks()):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputString("RUN", tr("Run")))
        self.addOutput(QgsProcessingOutputNumber("SPOT_COUNT", tr("Number of difference spots")))
        self.addOutput(QgsProcessingOutputNumber("AREA_M2", tr("Compared ground, m²")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap compare`."""
        out = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, out)
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "a": code_of_hint(self.parameterAsString(parameters, "A", context)),
            "b": code_of_hint(self.parameterAsString(parameters, "B", context)),
            "as_of": date_text(parameters.get("AS_OF")),
            "against": self.parameterAsString(parameters, "AGAINST", context),
            "out": outs,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
            "workers": self.parameterAsInt(parameters, "WORKERS", context) or None,
            "matrix": self.parameterAsString(parameters, "MATRIX", context),
            "known_at": moment_text(parameters.get("KNOWN_AT")),
            **self.numbers(parameters, LIMITS, context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {
            "OUT": out,
            "RUN": answer["run"]["id"],
            "SPOT_COUNT": answer["spots"],
            "AREA_M2": answer["area_m2"],
            **fill_sinks(self, sinks, parameters, tables, context, feedback),
        }


def _sinks() -> list[Sink]:
    return [
        Sink("SPOTS", tr("Difference spots"), "spots", POLYGON, style_spots),
        Sink("MATRIX_TABLE", tr("Matrix of differences"), "matrix", VECTOR),
        Sink("CLUSTERS", tr("Clusters of differences"), "clusters", POLYGON, by_default=False),
    ]
