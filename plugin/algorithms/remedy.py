"""onemap:remedy: the part of each parcel that passes."""

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
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, list_of, moment_text
from onemap.plugin.algorithms.sinks import POLYGON, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.handover import crs_text
from onemap.plugin.remedy_looks import style_remedy
from onemap.plugin.translation import tr
from onemap.plugin.verdicts import SEVERITY

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
        polygon = QgsProcessing.SourceType.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterFile("LIBRARY", tr("Library"), fileFilter=tr("Library (*.gpkg)")))
        self.addParameter(QgsProcessingParameterFeatureSource("PARCELS", tr("Parcels"), [polygon]))
        self.addParameter(
            QgsProcessingParameterField(
                "ID", tr("Field that names each parcel"), parentLayerParameterName="PARCELS", optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterString("PACK", tr("Rule packs (names or files, semicolons between)"), optional=True)
        )
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
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "OUT",
                tr("All results in one file"),
                fileFilter=tr("GeoPackage (*.gpkg);;Excel (*.xlsx)"),
                optional=True,
                createByDefault=False,
            )
        )
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
            QgsProcessingParameterString("ONLY", tr("Only these layers (codes, commas between)"), optional=True),
            QgsProcessingParameterString("LAYER", tr("Layer in the file of parcels"), optional=True),
            QgsProcessingParameterCrs("CRS", tr("Coordinate system of the parcels"), optional=True),
            QgsProcessingParameterString("TRANSFORM", tr("Transformation (PROJ pipeline or file)"), optional=True),
            QgsProcessingParameterString("ENCODING", tr("Encoding of the parcels"), optional=True),
            QgsProcessingParameterBoolean("REPAIR", tr("Repair invalid geometry"), defaultValue=False),
            QgsProcessingParameterDateTime("AS_OF", tr("As of"), type=DATE, optional=True),
            QgsProcessingParameterDateTime("KNOWN_AT", tr("As known at"), optional=True),
            QgsProcessingParameterString(
                "REPLACE", tr("Try with files instead of layers (CODE=FILE, semicolons between)"), optional=True
            ),
            QgsProcessingParameterNumber("WORKERS", tr("Workers"), optional=True, minValue=1),
            QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        ]

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap remedy`."""
        parcels = self.source_file(parameters, "PARCELS", context, feedback)
        out = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, out)
        limits = {
            name.lower(): str(self.parameterAsDouble(parameters, name, context))
            for name in ("MIN_PART", "MIN_WIDTH", "MOVE", "TURN")
            if parameters.get(name) is not None
        }
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "parcels": parcels.path,
            "layer": self.parameterAsString(parameters, "LAYER", context) or parcels.layer,
            "id": str(parameters.get("ID") or ""),
            "crs": crs_text(self.parameterAsCrs(parameters, "CRS", context)) or parcels.crs,
            "transform": self.parameterAsString(parameters, "TRANSFORM", context),
            "encoding": self.parameterAsString(parameters, "ENCODING", context),
            "repair": self.parameterAsBoolean(parameters, "REPAIR", context),
            "pack": list_of(parameters.get("PACK")),
            "only": self.parameterAsString(parameters, "ONLY", context),
            "as_of": date_text(parameters.get("AS_OF")),
            "known_at": moment_text(self.parameterAsDateTime(parameters, "KNOWN_AT", context)),
            "parcel": list_of(parameters.get("PARCEL")),
            "replace": list_of(parameters.get("REPLACE")),
            "workers": self.parameterAsInt(parameters, "WORKERS", context) or None,
            "keep_verdict": self.parameterAsEnumString(parameters, "KEEP_VERDICT", context),
            "one_piece": self.parameterAsBoolean(parameters, "ONE_PIECE", context),
            "out": outs,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
            **limits,
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
    ]
