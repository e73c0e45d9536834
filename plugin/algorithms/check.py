"""onemap:check: parcels against every plan of the library."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced
from onemap.plugin.algorithms.parcels_asked import (
    parcel_options,
    parcel_parameters,
    reading_parameters,
    results_file,
    trial_parameters,
)
from onemap.plugin.algorithms.sinks import POLYGON, VECTOR, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.map.layer_styles import style_results
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY

DATE = QgsProcessingParameterDateTime.Type.Date
EXIT_THRESHOLD = 4


class CheckAlgorithm(VerbAlgorithm):
    """Checks parcels: what stands against each, by which rule, how much, and where."""

    VERB = "check"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Check parcels")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Checks parcels against every layer of the library by its rule packs. Checked parcels carry the most "
            "severe verdict of each; findings are one row for each parcel and rule that is not clear; overlaps are "
            "the pieces in conflict, feature by feature. Where a layer is missing, not in force or does not cover "
            "the ground, the verdict is unknown, never clear.\n\n"
            "If the threshold of severity is reached the results are written, and the algorithm ends as failed."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in parcel_parameters():
            self.addParameter(definition)
        self.addParameter(QgsProcessingParameterDateTime("AS_OF", tr("As of"), type=DATE, optional=True))
        for definition in self._rare_parameters():
            self.addParameter(advanced(definition))
        for definition in sink_parameters(_sinks()):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputString("VERDICT", tr("Most severe verdict")))
        self.addOutput(QgsProcessingOutputString("RUN", tr("Run")))
        self.addOutput(QgsProcessingOutputString("CHANGED", tr("Parcels whose verdict changes (JSON)")))

    def _rare_parameters(self) -> list[QgsProcessingParameterDefinition]:
        return [
            *reading_parameters(),
            *trial_parameters(),
            QgsProcessingParameterString("AGAINST", tr("Compare with an earlier run (its id)"), optional=True),
            QgsProcessingParameterBoolean("UNRECORDED", tr("Do not keep the run in the library"), defaultValue=False),
            QgsProcessingParameterNumber("WORKERS", tr("Workers"), optional=True, minValue=1),
            QgsProcessingParameterString("SCHEDULER", tr("Cluster (local, or a scheduler's address)"), optional=True),
            QgsProcessingParameterString("SHARED", tr("Folder that all workers of the cluster see"), optional=True),
            QgsProcessingParameterEnum(
                "FAIL_ON",
                tr("Fail from this severity on"),
                options=[verdict for verdict in SEVERITY if verdict != "clear"],
                usesStaticStrings=True,
                optional=True,
            ),
            results_file(),
            QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        ]

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap check`, then fill the sinks from the GeoPackage that it wrote."""
        options = {
            **parcel_options(self, parameters, context, feedback),
            "against": self.parameterAsString(parameters, "AGAINST", context),
            "unrecorded": self.parameterAsBoolean(parameters, "UNRECORDED", context),
            "scheduler": self.parameterAsString(parameters, "SCHEDULER", context),
            "shared": self.parameterAsString(parameters, "SHARED", context),
            "fail_on": self.parameterAsEnumString(parameters, "FAIL_ON", context),
        }
        target = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, target)
        again = self.parameterAsBoolean(parameters, "OVERWRITE", context)
        answer, exit_code = self.run_core({**options, "out": outs, "overwrite": again}, feedback)
        results: dict[str, Any] = {"VERDICT": answer.get("verdict"), "RUN": answer.get("run", {}).get("id")}
        if "changed" in answer:
            results["CHANGED"] = json.dumps(answer["changed"], ensure_ascii=False)
            for change in answer["changed"]:
                feedback.pushInfo("{parcel}: {from} → {to} ({rules})".format(**_spoken(change)))
        if target:
            results["OUT"] = target
        results |= fill_sinks(self, sinks, parameters, tables, context, feedback)
        if exit_code == EXIT_THRESHOLD:
            text = tr("The most severe verdict is {verdict}: the threshold {threshold} is reached.")
            raise QgsProcessingException(text.format(verdict=results["VERDICT"], threshold=options["fail_on"]))
        return results


def _sinks() -> list[Sink]:
    return [
        Sink("CHECKED", tr("Checked parcels"), "parcels", POLYGON, style_results),
        Sink("FINDINGS", tr("Findings"), "findings", VECTOR, style_results),
        Sink("OVERLAPS", tr("Overlaps"), "overlaps", POLYGON, style_results),
    ]


def _spoken(change: dict[str, Any]) -> dict[str, str]:
    rules = change.get("rules") or []
    return {**{part: str(change.get(part) or "–") for part in ("parcel", "from", "to")}, "rules": ", ".join(rules)}
