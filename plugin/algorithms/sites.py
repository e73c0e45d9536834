"""onemap:sites: places where a parcel of an area and a least width would pass."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from onemap.plugin.algorithms.base import VerbAlgorithm, advanced, date_text, library_parameter, list_of, moment_text
from onemap.plugin.algorithms.parcels_asked import results_file
from onemap.plugin.algorithms.plans_asked import NUMBER, when_parameters, work_parameters
from onemap.plugin.algorithms.sinks import POLYGON, Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.remedy.sites_looks import style_sites
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY


class SitesAlgorithm(VerbAlgorithm):
    """Looks in a district for places where a parcel of an area and a least width would pass."""

    VERB = "sites"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        """The verb for people."""
        return tr("Find sites that would pass")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        """What it does."""
        return tr(
            "Looks for places in the district, or in the ground given, where a parcel of this area and at least this "
            "width would pass the check, the freest first. Each place was checked as it is written. The search is "
            "bounded: that it finds nothing is no proof that there is nothing."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802 - QGIS's name
        """The parameters, named as on the command line."""
        for definition in (
            library_parameter(),
            QgsProcessingParameterNumber("AREA", tr("Area that is needed, m²"), type=NUMBER, minValue=0),
            QgsProcessingParameterNumber("WIDTH", tr("Least width, m"), type=NUMBER, optional=True, minValue=0),
            QgsProcessingParameterFeatureSource(
                "WITHIN", tr("Ground to search in (empty: the district)"), [POLYGON], optional=True
            ),
            QgsProcessingParameterString(
                "PROJECT", tr("What the project says of itself (FIELD=VALUE, commas between)"), optional=True
            ),
            QgsProcessingParameterNumber("COUNT", tr("How many places at most"), optional=True, minValue=1),
            QgsProcessingParameterString("PACK", tr("Rule packs (names or files, semicolons between)"), optional=True),
            results_file(),
        ):
            self.addParameter(definition)
        keep = QgsProcessingParameterEnum(
            "KEEP_VERDICT", tr("Verdict to keep"), options=list(SEVERITY), usesStaticStrings=True, optional=True
        )
        for definition in (*when_parameters(), keep, *work_parameters()):
            self.addParameter(advanced(definition))
        for definition in sink_parameters(_sinks()):
            self.addParameter(definition)
        self.addOutput(QgsProcessingOutputNumber("SITE_COUNT", tr("Number of places")))

    def processAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run `onemap sites`."""
        within = parameters.get("WITHIN") and self.source_file(parameters, "WITHIN", context, feedback, True).path
        out = self.parameterAsFileOutput(parameters, "OUT", context) if parameters.get("OUT") else ""
        sinks = _sinks()
        outs, tables = outs_for(sinks, parameters, out)
        options = {
            "library": self.parameterAsString(parameters, "LIBRARY", context),
            "within": within,
            "project": self.parameterAsString(parameters, "PROJECT", context),
            "count": self.parameterAsInt(parameters, "COUNT", context) or None,
            "pack": list_of(parameters.get("PACK")),
            "as_of": date_text(parameters.get("AS_OF")),
            "known_at": moment_text(parameters.get("KNOWN_AT")),
            "keep_verdict": self.parameterAsEnumString(parameters, "KEEP_VERDICT", context),
            "out": outs,
            "overwrite": self.parameterAsBoolean(parameters, "OVERWRITE", context),
            "workers": self.parameterAsInt(parameters, "WORKERS", context) or None,
            **self.numbers(parameters, ("AREA", "WIDTH"), context),
        }
        answer, _exit_code = self.run_core(options, feedback)
        if not answer["sites"]:
            feedback.pushWarning(tr("No place was found. That is no proof that there is none."))
        filled = fill_sinks(self, sinks, parameters, tables, context, feedback)
        return {"OUT": out, "SITE_COUNT": len(answer["sites"]), **filled}


def _sinks() -> list[Sink]:
    return [Sink("SITES", tr("Places that would pass"), "sites", POLYGON, style_sites)]
