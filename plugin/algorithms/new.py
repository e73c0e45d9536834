"""onemap:new: make a library."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, list_of
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.words.translation import tr

HOME_CRS = "EPSG:4547"  # CGCS2000, 3-degree zone 38: the sample city's, and most users' neighbour


class NewAlgorithm(VerbAlgorithm):
    """Makes an empty library."""

    VERB = "new"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("New library")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Makes a library: one GeoPackage file that keeps every layer of the one map, with its versions. "
            "Areas are measured in the library's coordinate system, which must be a projected one in metres. "
            "The district is the ground for which the library speaks; where a layer says nothing of its own "
            "coverage, it is taken to cover the district."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "LIBRARY", tr("Library"), fileFilter=tr("Library (*.gpkg)"), createByDefault=True
            )
        )
        self.addParameter(QgsProcessingParameterCrs("CRS", tr("Coordinate system"), defaultValue=HOME_CRS))
        self.addParameter(QgsProcessingParameterString("NAME", tr("Name"), optional=True))
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                "DISTRICT", tr("District"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
            )
        )
        transform = QgsProcessingParameterString(
            "TRANSFORM", tr("Transformation (PROJ pipeline or file)"), optional=True
        )
        self.addParameter(advanced(transform))
        packs = QgsProcessingParameterString(
            "PACK", tr("Rule packs (names or files, semicolons between)"), optional=True
        )
        self.addParameter(advanced(packs))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap new`."""
        library = self.parameterAsFileOutput(parameters, "LIBRARY", context)
        district = None
        if parameters.get("DISTRICT"):
            district = self.source_file(parameters, "DISTRICT", context, feedback).path
        options = {
            "library": library,
            "crs": crs_text(self.parameterAsCrs(parameters, "CRS", context)),
            "name": self.parameterAsString(parameters, "NAME", context),
            "district": district,
            "transform": self.parameterAsString(parameters, "TRANSFORM", context),
            "pack": list_of(parameters.get("PACK")),
        }
        self.run_core(options, feedback)
        return {"LIBRARY": library}
