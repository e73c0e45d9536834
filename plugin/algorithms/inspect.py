"""onemap:inspect: what is in a file, without loading it."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from onemap.plugin.add.inspection_result import InspectedLayer, facts_of, inspected_layers
from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, tell
from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.words.translation import tr


class InspectAlgorithm(VerbAlgorithm):
    """Says what is in a file: format, layers, encoding, coordinate system, counts, fields, problems."""

    VERB = "inspect"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Inspect a file")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Says what is in a file that a department sent, without loading it: its format and layers, their "
            "encoding, coordinate system (declared, or what the numbers suggest), counts, fields and problems."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line; the report as a page is QGIS's own."""
        self.addParameter(
            QgsProcessingParameterFeatureSource("SOURCE", tr("Source"), [QgsProcessing.SourceType.TypeVector])
        )
        for definition in (
            QgsProcessingParameterString("LAYER", tr("Layer in the source"), optional=True),
            QgsProcessingParameterString("ENCODING", tr("Encoding of the source"), optional=True),
        ):
            self.addParameter(advanced(definition))
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), fileFilter=tr("Web page (*.html)"), optional=True, createByDefault=True
            )
        )
        self.addOutput(QgsProcessingOutputString("FORMAT", tr("Format")))
        self.addOutput(QgsProcessingOutputString("JSON", tr("All that was found (JSON)")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap inspect`."""
        source = self.source_file(parameters, "SOURCE", context, feedback)
        options = {
            "source": source.path,
            "layer": self.parameterAsString(parameters, "LAYER", context) or source.layer,
            "encoding": self.parameterAsString(parameters, "ENCODING", context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        results = {"FORMAT": answer.get("format"), "JSON": json.dumps(answer, ensure_ascii=False)}
        for layer in inspected_layers(answer):
            line = tr("{name}: {value}")
            facts = [line.format(name=name, value=said) for name, said in facts_of(layer)]
            feedback.pushInfo(" · ".join([layer.name, *facts]))
            tell(list(layer.problems), feedback)
        target = self.parameterAsFileOutput(parameters, "HTML", context) if parameters.get("HTML") else ""
        if target:
            Path(target).write_text(_page(answer), encoding="utf-8")
            results["HTML"] = target
        return results


def _page(answer: dict[str, Any]) -> str:
    title = f"{answer.get('file', '')} · {answer.get('format', '')}"
    parts = ["<!DOCTYPE html><html><head><meta charset='utf-8'>", f"<title>{escape(title)}</title></head><body>"]
    parts.append(f"<h1>{escape(title)}</h1>")
    for layer in inspected_layers(answer):
        parts += [f"<h2>{escape(layer.name)}</h2>", "<table>"]
        parts += [f"<tr><th align='left'>{escape(n)}</th><td>{escape(said)}</td></tr>" for n, said in facts_of(layer)]
        if layer.fields:
            parts.append(f"<tr><th align='left'>{escape(tr('Fields'))}</th><td>{escape(_fields(layer))}</td></tr>")
        parts.append("</table>")
        if layer.problems:
            lines = "".join(f"<li>{escape(told.text)}</li>" for told in problem_lines(layer.problems))
            parts.append(f"<h3>{escape(tr('Problems'))}</h3><ul>{lines}</ul>")
    return "\n".join([*parts, "</body></html>"])


def _fields(layer: InspectedLayer) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in layer.fields)
