"""The verbs of statistics, and the parcels' sheets, as algorithms."""

from __future__ import annotations

from qgis.core import Qgis

from onemap.plugin.qgis.algorithms.parameter_kinds import areas, choice, codes, file, input_file
from onemap.plugin.qgis.algorithms.sinks import VECTOR, Sink
from onemap.plugin.qgis.algorithms.verb_algorithm import Output, VerbRow
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr


def _statistics() -> VerbRow:
    return VerbRow(
        "statistics",
        tr("Statistics of a layer"),
        tr(
            "Adds up a layer by class and by area unit: areas of the union (ground under two features counts once), in "
            "the plane and on the ellipsoid, lengths, counts, and sums of fields. A feature that crosses a unit's "
            "border is shared out by its ground. Beside each unit stands what is not known: ground without a feature, "
            "ground for which the layer does not speak, ground where the condition is unknown."
        ),
        first="library code by within unit where as_of",
        advanced="sum units_where known_at out page overwrite workers",
        titles={**_of_units(), "sum": tr("Fields to add up")},
        kinds={
            "code": codes("layers"),
            "by": codes("fields", ",", beside="code"),
            "sum": codes("fields", ",", beside="code"),
            "within": areas(),
            "unit": codes("fields", beside="within"),
        },
        sinks=(
            Sink("STATISTICS", tr("Statistics by unit and class"), "statistics", VECTOR),
            Sink("UNITS", tr("Units with what is known of them"), "units", by_default=False),
        ),
        outputs=(
            Output("FEATURES", tr("Features"), "total.features", is_number=True),
            Output("AREA_M2", tr("Plane area, m²"), "total.area_m2", is_number=True),
            Output("AREA_ELLIPSOIDAL_M2", tr("Ellipsoidal area, m²"), "total.area_ellipsoidal_m2", is_number=True),
            Output("LENGTH_M", tr("Length, m"), "total.length_m", is_number=True),
        ),
    )


def _transitions() -> VerbRow:
    return VerbRow(
        "transitions",
        tr("What became what between two versions"),
        tr(
            "The transition matrix of two versions of a layer, by area unit: how much ground of each class became "
            "which other. Rows sum to the older version, columns to the newer one.\n\nA version is a layer's code, or "
            "code@label."
        ),
        first="library a b by within unit",
        advanced="units_where as_of known_at out page overwrite workers",
        titles={**_of_units(), "a": tr("Older version (code@label)"), "b": tr("Newer version (code@label)")},
        kinds={
            "by": codes("fields", ",", beside="a"),
            "within": areas(),
            "unit": codes("fields", beside="within"),
        },
        sinks=(
            Sink("TRANSITIONS", tr("Transitions by unit and class"), "transitions", VECTOR),
            Sink("CLASSES", tr("Classes before and after"), "classes", VECTOR),
            Sink("UNITS", tr("Units with what changed in them"), "units", by_default=False),
        ),
        outputs=(
            Output("AREA_M2", tr("Compared ground, m²"), "total.area_m2", is_number=True),
            Output("CHANGED_M2", tr("Changed ground, m²"), "total.changed_m2", is_number=True),
        ),
    )


def _indicators() -> VerbRow:
    return VerbRow(
        "indicators",
        tr("Indicators of area units"),
        tr(
            "Measures the indicators of a pack in every area unit: value, target and status (met, near the limit, "
            "broken), each with its terms, layer versions and features. Where a layer, a year, a denominator or "
            "ground is missing the value is unknown, and the reason is given. The run is kept in the library, where it "
            "can be explained and repeated.\n\nSeveral days with semicolons between make a series."
        ),
        first="library pack unit as_of",
        advanced="unit_field units_where theme only known_at states failing charts unrecorded out page overwrite "
        "workers",
        titles={
            "pack": tr("Packs of indicators (names or files, semicolons between)"),
            "unit": tr("Area units (layer code; empty: the whole district)"),
            "theme": tr("Theme (name or TOML file)"),
            "only": tr("Only these indicators (ids, commas between)"),
            "as_of": tr("Days (YYYY-MM-DD, semicolons between)"),
            "states": tr("States of the data before that are measured, too (trend)"),
            "failing": tr("List only what is broken or near its limit"),
            "charts": tr("Also the charts as SVG, so many millimetres wide"),
        },
        kinds={
            "unit": codes("area layers"),
            "pack": codes("packs of indicators", ";"),
            "theme": codes("themes"),
            "only": codes("indicators", ","),
        },
        sinks=(
            Sink("INDICATORS", tr("Indicators by unit"), "indicators"),
            Sink("TERMS", tr("Terms with their versions"), "terms", VECTOR, by_default=False),
            Sink("FEATURES", tr("Features behind the terms"), "features", VECTOR, by_default=False),
        ),
        outputs=(
            Output("RUN", tr("Run"), "run.id"),
            Output("VALUES", tr("Values"), "indicators", is_number=True),
        ),
    )


def _warnings() -> VerbRow:
    return VerbRow(
        "warnings",
        tr("Alerts"),
        tr(
            "Lists the alerts: quotas that are near their limit or broken, permits that end, layers overdue for an "
            "update, tables whose districts do not add up, and candidates for change without approval, with the "
            "nearest approval. A candidate is a question to be answered on the ground, never an offence."
        ),
        first="library unit as_of days",
        advanced="pack unit_field rhythm keep out page overwrite workers",
        titles={
            "pack": tr("Packs of indicators (names or files, semicolons between)"),
            "unit": tr("Area units (layer code; empty: the whole district)"),
            "days": tr("Permits that end within so many days (empty: 90)"),
            "rhythm": tr("Rhythm of layers in days (CODE=DAYS, commas between)"),
            "keep": tr("Keep the list in the library"),
        },
        kinds={
            "unit": codes("area layers"),
            "pack": codes("packs of indicators", ";"),
            "rhythm": codes("layers", ",", "="),
        },
        sinks=(Sink("WARNINGS", tr("Alerts"), "warnings"),),
        outputs=(Output("COUNT", tr("Number of alerts"), "warnings", is_number=True),),
    )


def _readings() -> VerbRow:
    return VerbRow(
        "readings",
        tr("Readings of sensors"),
        tr(
            "Hour or day means with their share of valid readings, and the status of each sensor at a moment: normal, "
            "warning, alarm, or unknown with its reason. What is silent is never normal."
        ),
        first="library readings nodes by limits at",
        advanced="property zone looks out overwrite",
        titles={
            "readings": tr("Table of readings (code, default JCSJ)"),
            "nodes": tr("Layer of sensors (code, default WLWJD)"),
            "by": tr("Means by hour or day (empty: day)"),
            "property": tr("Only this property"),
            "limits": tr("File of limits"),
            "at": tr("Status at (empty: now)"),
            "zone": tr("Time zone, such as +08:00"),
            "looks": tr("Also how sensors look on the map"),
        },
        kinds={
            "readings": codes("layers"),
            "nodes": codes("layers"),
            "limits": input_file(file_filters([".toml"])),
            "by": choice("means"),
        },
        sinks=(
            Sink("STATUS", tr("Status of the sensors"), "status", Qgis.ProcessingSourceType.VectorPoint),
            Sink("MEANS", tr("Means"), "means", VECTOR),
        ),
    )


def _sheet() -> VerbRow:
    endings = file_filters([".pdf", ".docx", ".html", ".json"])
    return VerbRow(
        "sheet",
        tr("Query sheets of parcels"),
        tr(
            "Prints a sheet of one or two pages for each parcel into one file: a map, what it is today, what each plan "
            "and control line says, the findings with their law, what was not checked, and the boundary points. "
            "Nothing of it is kept in the library."
        ),
        first="library parcels target id as_of",
        advanced="pack code_system data only layer crs transform encoding repair land_width known_at overwrite workers",
        titles={
            "target": tr("Sheets (.pdf, .docx, .html or .json)"),
        },
        kinds={"target": file(endings)},
        outputs=(
            Output("PARCEL_COUNT", tr("Number of parcels"), "parcels", is_number=True),
            Output("PAGES", tr("Number of pages"), "pages", is_number=True),
        ),
    )


def _of_units() -> dict[str, str]:
    return {
        "by": tr("Classes (fields, commas between)"),
        "within": tr("Area units (layer code or file)"),
        "unit": tr("Field that names the units"),
        "where": tr("Which features count (CQL2)"),
    }


# A row each, in the order of the toolbox.
SHEET_ROW = _sheet
NUMBERS_ROWS = (_statistics, _readings, _transitions, _indicators, _warnings)
