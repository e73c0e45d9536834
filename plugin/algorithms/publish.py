"""onemap:publish: the one map as a QGIS project, for QGIS desktop and QGIS Server."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter, moment_text
from onemap.plugin.algorithms.plans_asked import when_parameters
from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr


class PublishAlgorithm(VerbAlgorithm):
    """Writes the versions in force of a library's layers as a QGIS project."""

    VERB = "publish"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Publish the one map as a project")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Writes a QGIS project with the version in force of each layer, as the dock shows it, with names, metadata "
            "and what QGIS Server needs to offer it as maps and features to read. The library is only read. A library "
            "in a file is found from the project's folder; one on a server is named without user or password."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        target = QgsProcessingParameterFileDestination(
            "PROJECT", tr("QGIS project"), fileFilter=tr("QGIS project (*.qgz)")
        )
        for definition in (
            library_parameter(),
            target,
            QgsProcessingParameterString("ONLY", tr("Only these layers (codes, commas between)"), optional=True),
        ):
            self.addParameter(definition)
        for definition in (
            *when_parameters(),
            QgsProcessingParameterAuthConfig("AUTHCFG", tr("Authentication for a server"), optional=True),
            QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        ):
            self.addParameter(advanced(definition))
        self.addOutput(QgsProcessingOutputNumber("LAYERS", tr("Number of layers")))
        self.addOutput(QgsProcessingOutputNumber("LEFT_OUT", tr("Layers left out")))
        self.addOutput(QgsProcessingOutputString("REMARKS", tr("Remarks")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap publish`."""
        project = self.parameterAsFileOutput(parameters, "PROJECT", context)
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "project": project,
            "only": self.parameterAsString(parameters, "ONLY", context),
            "as_of": date_text(parameters.get("AS_OF")),
            "known_at": moment_text(parameters.get("KNOWN_AT")),
            "authcfg": self.parameterAsString(parameters, "AUTHCFG", context),
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        left_out = [
            tr("Left out: {code} ({reason})").format(code=one["code"], reason=word("reasons", one["reason"]))
            for one in answer["left_out"]
        ]
        for text in left_out:
            feedback.pushInfo(text)
        return {
            "PROJECT": project,
            "LAYERS": len(answer["layers"]),
            "LEFT_OUT": len(left_out),
            "REMARKS": "\n".join([*(told.text for told in problem_lines(answer["problems"])), *left_out]),
        }
