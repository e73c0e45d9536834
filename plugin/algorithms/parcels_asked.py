"""What every verb that judges parcels is asked: the parcels, by which rules, of which day; and its options."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, date_text, library_parameter, list_of, moment_text
from onemap.plugin.algorithms.sinks import POLYGON
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.words.translation import tr


def parcel_parameters() -> list[QgsProcessingParameterDefinition]:
    """Library, parcels, the field of their ids, rule packs."""
    return [
        library_parameter(),
        QgsProcessingParameterFeatureSource("PARCELS", tr("Parcels"), [POLYGON]),
        QgsProcessingParameterField(
            "ID", tr("Field that names each parcel"), parentLayerParameterName="PARCELS", optional=True
        ),
        QgsProcessingParameterString("PACK", tr("Rule packs (names or files, semicolons between)"), optional=True),
    ]


def reading_parameters() -> list[QgsProcessingParameterDefinition]:
    """Which layers count, and how the file of parcels is read."""
    return [
        QgsProcessingParameterString("ONLY", tr("Only these layers (codes, commas between)"), optional=True),
        QgsProcessingParameterString("LAYER", tr("Layer in the file of parcels"), optional=True),
        QgsProcessingParameterCrs("CRS", tr("Coordinate system of the parcels"), optional=True),
        QgsProcessingParameterString("TRANSFORM", tr("Transformation (PROJ pipeline or file)"), optional=True),
        QgsProcessingParameterString("ENCODING", tr("Encoding of the parcels"), optional=True),
        QgsProcessingParameterBoolean("REPAIR", tr("Repair invalid geometry"), defaultValue=False),
    ]


def trial_parameters() -> list[QgsProcessingParameterDefinition]:
    """What was known when, and files in the place of layers."""
    return [
        QgsProcessingParameterDateTime("KNOWN_AT", tr("As known at"), optional=True),
        QgsProcessingParameterString(
            "REPLACE", tr("Try with files instead of layers (CODE=FILE, semicolons between)"), optional=True
        ),
    ]


def results_file() -> QgsProcessingParameterDefinition:
    """The file that takes all tables."""
    return QgsProcessingParameterFileDestination(
        "OUT",
        tr("All results in one file"),
        fileFilter=tr("GeoPackage (*.gpkg);;Excel (*.xlsx)"),
        optional=True,
        createByDefault=False,
    )


def parcel_options(
    algorithm: VerbAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> dict[str, Any]:
    """The options of the command line that these parameters stand for."""
    parcels = algorithm.source_file(parameters, "PARCELS", context, feedback)
    return {
        "library": algorithm.parameterAsString(parameters, "LIBRARY", context),
        "parcels": parcels.path,
        "layer": algorithm.parameterAsString(parameters, "LAYER", context) or parcels.layer,
        "id": str(parameters.get("ID") or ""),
        "crs": crs_text(algorithm.parameterAsCrs(parameters, "CRS", context)) or parcels.crs,
        "transform": algorithm.parameterAsString(parameters, "TRANSFORM", context),
        "encoding": algorithm.parameterAsString(parameters, "ENCODING", context),
        "repair": algorithm.parameterAsBoolean(parameters, "REPAIR", context),
        "pack": list_of(parameters.get("PACK")),
        "only": algorithm.parameterAsString(parameters, "ONLY", context),
        "as_of": date_text(parameters.get("AS_OF")),
        "known_at": moment_text(parameters.get("KNOWN_AT")),
        "replace": list_of(parameters.get("REPLACE")),
        "workers": algorithm.parameterAsInt(parameters, "WORKERS", context) or None,
    }
