"""onemap:redline: red-line coordinates as TXT from, and to, any vector format."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.words.translation import tr


class RedlineAlgorithm(VerbAlgorithm):
    """Turns a coordinate TXT into a vector file, or a vector file into a coordinate TXT."""

    VERB = "redline"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Convert red-line coordinates (TXT)")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Turns the coordinate TXT of a land red line into a vector file, or polygons into such a TXT. The "
            "target's ending says which: .txt, or .gpkg, .shp, .geojson and others. Points, names and unknown "
            "sections of a TXT are kept."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        self.addParameter(
            QgsProcessingParameterFeatureSource("SOURCE", tr("Source"), [QgsProcessing.SourceType.TypeVector])
        )
        endings = tr("Red-line coordinates (*.txt)") + ";;GeoPackage (*.gpkg);;Shapefile (*.shp);;GeoJSON (*.geojson)"
        self.addParameter(QgsProcessingParameterFileDestination("TARGET", tr("Target"), fileFilter=endings))
        self.addParameter(QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False))
        for definition in (
            QgsProcessingParameterString("LAYER", tr("Layer in the source"), optional=True),
            QgsProcessingParameterCrs("CRS", tr("Coordinate system of the source"), optional=True),
            QgsProcessingParameterString("ENCODING", tr("Encoding of the source"), optional=True),
        ):
            self.addParameter(advanced(definition))
        self.addOutput(QgsProcessingOutputNumber("FEATURES", tr("Features")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap redline`."""
        source = self.source_file(parameters, "SOURCE", context, feedback)
        target = self.parameterAsFileOutput(parameters, "TARGET", context)
        options = {
            "source": source.path,
            "target": target,
            "layer": self.parameterAsString(parameters, "LAYER", context) or source.layer,
            "crs": crs_text(self.parameterAsCrs(parameters, "CRS", context)) or source.crs,
            "encoding": self.parameterAsString(parameters, "ENCODING", context),
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        return {"TARGET": target, "FEATURES": answer.get("features")}
