"""onemap:add: put a new version of a layer into a library."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter, moment_text
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.library.layer_list import code_hints, code_of_hint
from onemap.plugin.words.translation import tr

DATE = QgsProcessingParameterDateTime.Type.Date


class AddAlgorithm(VerbAlgorithm):
    """Reads a department's file, checks it, and adds it as a layer's new version: all or nothing."""

    VERB = "add"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Add to the one map")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Reads a file that a department sent, checks it, and adds it to the library as a new version of one "
            "layer: all of it or nothing. Nothing is guessed: a file without a coordinate system, with invalid "
            "geometry or without a field that the rules need is refused, with what to do about it.\n\n"
            "Layer: its code in the catalogue, such as YJJBNTTB. Coverage: the ground for which the file speaks: "
            "district (the default), extent (its bounding box, marked as assumed) or a file of polygons."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        self.addParameter(library_parameter())
        self.addParameter(
            QgsProcessingParameterFeatureSource("SOURCE", tr("Source"), [QgsProcessing.SourceType.TypeVector])
        )
        code = QgsProcessingParameterString("AS", tr("Layer (code)"))
        if code_hints():
            code.setMetadata({"widget_wrapper": {"value_hints": code_hints()}})
        self.addParameter(code)
        self.addParameter(QgsProcessingParameterString("LABEL", tr("Label of this version"), optional=True))
        self.addParameter(QgsProcessingParameterDateTime("VALID_FROM", tr("Valid from"), type=DATE, optional=True))
        self.addParameter(QgsProcessingParameterDateTime("VALID_TO", tr("Valid to"), type=DATE, optional=True))
        self.addParameter(
            QgsProcessingParameterString("COVERS", tr("Coverage (district, extent, or a file)"), optional=True)
        )
        self.addParameter(QgsProcessingParameterBoolean("REPAIR", tr("Repair invalid geometry"), defaultValue=False))
        self.addParameter(
            QgsProcessingParameterBoolean(
                "KEEP_BAD", tr("Set bad features aside, and add the rest"), defaultValue=False
            )
        )
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "REPORT",
                tr("Report of the problems, to send back"),
                fileFilter=tr("Excel (*.xlsx)"),
                optional=True,
                createByDefault=False,
            )
        )
        for definition in self._rare_parameters():
            self.addParameter(advanced(definition))
        self.addOutput(QgsProcessingOutputString("VERSION", tr("Version")))
        self.addOutput(QgsProcessingOutputNumber("FEATURES", tr("Features")))
        self.addOutput(QgsProcessingOutputNumber("REPAIRED", tr("Repaired features")))
        self.addOutput(QgsProcessingOutputNumber("SET_ASIDE", tr("Features set aside")))

    def _rare_parameters(self) -> list[QgsProcessingParameterDefinition]:
        return [
            QgsProcessingParameterString("LAYER", tr("Layer in the source"), optional=True),
            QgsProcessingParameterCrs("CRS", tr("Coordinate system of the source"), optional=True),
            QgsProcessingParameterString("TRANSFORM", tr("Transformation (PROJ pipeline or file)"), optional=True),
            QgsProcessingParameterString("ENCODING", tr("Encoding of the source"), optional=True),
            QgsProcessingParameterString("FIELDS", tr("Fields (target=source, …)"), optional=True),
            QgsProcessingParameterNumber(
                "ACCURACY",
                tr("Accuracy in metres"),
                type=QgsProcessingParameterNumber.Type.Double,
                optional=True,
                minValue=0,
            ),
            QgsProcessingParameterBoolean("COPY", tr("Copy a raster beside the library"), defaultValue=False),
            QgsProcessingParameterString(
                "SERVICE", tr("Registered service of which the source is a snapshot"), optional=True
            ),
            QgsProcessingParameterDateTime("TAKEN_AT", tr("When the snapshot was taken"), optional=True),
            QgsProcessingParameterString("DEFINE", tr("Define a new layer (name=…, …)"), optional=True),
        ]

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap add`."""
        source = self.source_file(parameters, "SOURCE", context, feedback)
        texts = {
            name.lower(): self.parameterAsString(parameters, name, context)
            for name in ("LABEL", "COVERS", "TRANSFORM", "ENCODING", "FIELDS", "SERVICE", "DEFINE")
        }
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "source": source.path,
            "as": code_of_hint(self.parameterAsString(parameters, "AS", context)),
            "layer": self.parameterAsString(parameters, "LAYER", context) or source.layer,
            "crs": crs_text(self.parameterAsCrs(parameters, "CRS", context)) or source.crs,
            "valid_from": date_text(parameters.get("VALID_FROM")),
            "valid_to": date_text(parameters.get("VALID_TO")),
            "taken_at": moment_text(parameters.get("TAKEN_AT")),
            "repair": self.parameterAsBoolean(parameters, "REPAIR", context),
            "keep_bad": self.parameterAsBoolean(parameters, "KEEP_BAD", context),
            "report": self.parameterAsFileOutput(parameters, "REPORT", context) if parameters.get("REPORT") else "",
            "copy": self.parameterAsBoolean(parameters, "COPY", context),
            "accuracy": None
            if parameters.get("ACCURACY") is None
            else self.parameterAsDouble(parameters, "ACCURACY", context),
            **texts,
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {
            "VERSION": answer.get("version"),
            "FEATURES": answer.get("features"),
            "REPAIRED": answer.get("repaired"),
            "SET_ASIDE": answer.get("set_aside"),
        }
