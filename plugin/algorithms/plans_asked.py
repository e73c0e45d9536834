"""What every verb that lays plans over each other is asked: limits of a spot, which day, and how the work is done."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
)

from onemap.plugin.words.translation import tr

LIMITS = ("MIN_AREA", "MIN_WIDTH")
NUMBER = QgsProcessingParameterNumber.Type.Double
DATE = QgsProcessingParameterDateTime.Type.Date


def limit_parameters() -> list[QgsProcessingParameterDefinition]:
    """From which area and width on a spot is more than a difference of drawing."""
    titles = zip(LIMITS, (tr("Smallest spot, m²"), tr("Thinnest spot, m")))
    return [QgsProcessingParameterNumber(name, title, type=NUMBER, optional=True, minValue=0) for name, title in titles]


def when_parameters() -> list[QgsProcessingParameterDefinition]:
    """The day whose versions hold, and what was known then."""
    return [
        QgsProcessingParameterDateTime("AS_OF", tr("As of"), type=DATE, optional=True),
        QgsProcessingParameterDateTime("KNOWN_AT", tr("As known at"), optional=True),
    ]


def work_parameters() -> list[QgsProcessingParameterDefinition]:
    """Whether a file may be replaced, and with how many threads."""
    return [
        QgsProcessingParameterBoolean("OVERWRITE", tr("Overwrite that file"), defaultValue=False),
        QgsProcessingParameterNumber("WORKERS", tr("Workers"), optional=True, minValue=1),
    ]
