"""How Processing asks for each kind of parameter, and how the value becomes an option of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingParameterAuthConfig,
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
from qgis.PyQt.QtCore import QDate, QDateTime, Qt

from onemap.plugin.connection.layer_export import SourceFile, crs_text
from onemap.plugin.profile import settings
from onemap.plugin.qgis.algorithms.algorithm_run import AlgorithmRun
from onemap.plugin.qgis.algorithms.sinks import POLYGON, VECTOR
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import VerbParameter

Make = Callable[[str, str, VerbParameter], QgsProcessingParameterDefinition]
Read = Callable[[AlgorithmRun, str], Any]
DECIMALS = 3
LAYERS = ("layers", "all layers", "area layers")
CODE_FIELD = "onemap.plugin.qgis.algorithms.code_field.CodeField"  # QGIS's dialogs make it by its name
AREA_FIELD = "onemap.plugin.qgis.algorithms.area_field.AreaField"
FILES_FIELD = "onemap.plugin.qgis.algorithms.code_field.FilesField"
CHOICE_FIELD = "onemap.plugin.qgis.algorithms.choice_field.ChoiceField"


@dataclass(frozen=True)
class ParameterKind:
    """One kind of parameter.

    make: makes its definition from its name, its title and the declaration
    read: reads the value of the option from a run and the name
    is_result: whether it is a file that the run writes, and that the results name
    """

    make: Make
    read: Read
    is_result: bool = False


def kind_of_values(parameter: VerbParameter) -> ParameterKind:
    """The kind of a parameter, by its declaration alone."""
    return _BY_DECLARATION[parameter.kind]


def usual_kinds() -> dict[str, ParameterKind]:
    """The kinds, by the parameter's name, of parameters for which Processing has a better kind than text."""
    return {
        "library": ParameterKind(
            # The one that was open last in the dock; opening a toolbox must not ask a server.
            _definition_maker(
                QgsProcessingParameterFile,
                fileFilter=tr("Library (*.gpkg)"),
                defaultValue=settings.get("library") or None,
            ),
            _text,
        ),
        "source": source(VECTOR),
        "parcels": source(VECTOR),
        "district": source(POLYGON, by_path_alone=True),
        "within": source(POLYGON, by_path_alone=True),
        "id": ParameterKind(
            _definition_maker(QgsProcessingParameterField, parentLayerParameterName="PARCELS"),
            lambda run, name: str(run.parameters.get(name) or ""),
        ),
        "data": input_file(tr("Facts of the project (*.toml)")),
        "code_system": choice("code_systems"),
        "department": choice("departments"),
        "case": codes("cases"),
        "template": codes("deliveries"),
        "exceptions": input_file("TOML (*.toml)"),
        "a": codes("versions"),
        "b": codes("versions"),
        "unit_field": codes("fields", beside="unit"),
        "page": file(file_filters([".pdf", ".docx", ".html"])),
        "fail_on": choice("verdicts", but="clear"),
        "keep_verdict": choice("verdicts"),
        "crs": crs(),
        "as": codes("all layers"),
        "only": codes("layers", ","),
        "pack": codes("packs", ";"),
        "replace": codes("layers", ";", "="),
        "against": codes("checks"),
        "run": codes("comparisons"),
        "type": codes("spot types", ","),
        "encoding": codes("encodings"),
        "covers": codes("coverages"),
        "service": codes("services"),
        "authcfg": ParameterKind(_definition_maker(QgsProcessingParameterAuthConfig), _text),
        "out": file(),
    }


def usual_titles(is_of_parcels: bool) -> dict[str, str]:
    """The titles, by the parameter's name, of parameters that several verbs have.

    is_of_parcels: whether the file that the verb reads contains parcels.
    """
    return {
        "layer": tr("Layer in the file of parcels") if is_of_parcels else tr("Layer in the source"),
        "crs": tr("Coordinate system of the parcels") if is_of_parcels else tr("Coordinate system of the source"),
        "encoding": tr("Encoding of the parcels") if is_of_parcels else tr("Encoding of the source"),
        "library": tr("Library"),
        "source": tr("Source"),
        "parcels": tr("Parcels"),
        "id": tr("Field that names each parcel"),
        "pack": tr("Rule packs (names or files, semicolons between)"),
        "code_system": tr("Codes of the parcels' use"),
        "data": tr("Facts of the project"),
        "only": tr("Only these layers (codes, commas between)"),
        "transform": tr("Transformation (PROJ pipeline or file)"),
        "repair": tr("Repair invalid geometry"),
        "land_width": tr("Land width of lines and points (metres, or the field that has them)"),
        "as_of": tr("As of (empty: today)"),
        "known_at": tr("As known at"),
        "replace": tr("Try with files instead of layers (CODE=FILE, semicolons between)"),
        "against": tr("Compare with an earlier run (its id)"),
        "keep_verdict": tr("Verdict to keep (empty: notice)"),
        "min_area": tr("Smallest spot, m² (empty: 200)"),
        "min_width": tr("Thinnest spot, m (empty: 2)"),
        "run": tr("Comparison (the id of its run)"),
        "type": tr("Types of spots (numbers, commas between)"),
        "valid_from": tr("Valid from"),
        "out": tr("All results in one file"),
        "page": tr("Page with a chart"),
        "code": tr("Layer (code)"),
        "unit_field": tr("Field that names the units"),
        "units_where": tr("Which features are units (CQL2)"),
        "fields": tr("Fields (target=source, …)"),
        "sure": tr("Add it all the same"),
        "department": tr("Department"),
        "template": tr("Template (name or *.toml)"),
        "exceptions": tr("Granted exceptions (*.toml)"),
        "case": tr("Case (its id)"),
        "on": tr("Day of the step"),
        "unrecorded": tr("Do not keep the run in the library"),
        "fail_on": tr("Fail from this severity on"),
        "overwrite": tr("Overwrite an existing file"),
        "workers": tr("Workers"),
    }


def source(of: Qgis.ProcessingSourceType, by_path_alone: bool = False) -> ParameterKind:
    """Any layer or file, with its selection; read as a SourceFile, or None if none is given."""

    def read(run: AlgorithmRun, name: str) -> SourceFile | None:
        return run.source_file(name, by_path_alone) if run.needs(name) else None

    return ParameterKind(_definition_maker(QgsProcessingParameterFeatureSource, types=[of]), read)


def file(filters: str = "", is_result: bool = True) -> ParameterKind:
    """A file that the run writes; an optional one is written only if it is named.

    filters: of the dialog; by default those of the formats that the verb declares.
    """

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFileDestination(
            name,
            title,
            fileFilter=filters or file_filters(parameter.forms),
            optional=not parameter.required,
            createByDefault=parameter.required,
        )

    return ParameterKind(
        make,
        lambda run, name: (
            run.algorithm.parameterAsFileOutput(run.parameters, name, run.context) if run.needs(name) else ""
        ),
        is_result,
    )


def input_file(filters: str) -> ParameterKind:
    """A file that the run reads."""
    return ParameterKind(_definition_maker(QgsProcessingParameterFile, fileFilter=filters), _text)


def folder() -> ParameterKind:
    """A folder; if the core takes archives too, the path of one may be typed."""
    behavior = Qgis.ProcessingFileParameterBehavior.Folder
    return ParameterKind(_definition_maker(QgsProcessingParameterFile, behavior=behavior), _text)


def number(default: float) -> ParameterKind:
    """A number from 0, with a default."""
    return ParameterKind(_number_maker(default), _number)


def crs(default: str | None = None) -> ParameterKind:
    """A coordinate system."""
    return ParameterKind(
        _definition_maker(QgsProcessingParameterCrs, defaultValue=default),
        lambda run, name: crs_text(run.algorithm.parameterAsCrs(run.parameters, name, run.context)),
    )


def choice(of: str, but: str = "") -> ParameterKind:
    """One of the words that the core allows, shown by its title.

    of: the name of the choice in `choice_titles`
    but: a word to leave out, because it makes no sense here
    """

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        words = [word for word in parameter.choices if word != but]
        definition = QgsProcessingParameterEnum(
            name, title, options=words, usesStaticStrings=True, optional=not parameter.required
        )
        return _with_list(definition, CHOICE_FIELD, of)

    return ParameterKind(make, lambda run, name: run.algorithm.parameterAsEnumString(run.parameters, name, run.context))


def codes(of: str, separator: str = "", ending: str = "", beside: str = "") -> ParameterKind:
    """Codes as text; QGIS's dialogs offer a list of them.

    of: the kind of codes in `code_lists`
    separator: written between several codes; empty if only one is allowed
    ending: written after each code, for a value that follows, such as `=`
    beside: the parameter with the layer to which the codes belong
    """

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        definition = QgsProcessingParameterString(name, title, optional=not parameter.required)
        return _with_list(definition, CODE_FIELD, of, separator, ending, beside)

    if separator == ";":
        return ParameterKind(make, _list)
    is_layer = of in LAYERS and not separator and not ending
    return ParameterKind(make, _code if is_layer else _text)


def areas() -> ParameterKind:
    """Polygons: a layer of the map, a file, or a layer of the library by its code, from a list."""
    usual = source(POLYGON, by_path_alone=True)

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        return _with_list(usual.make(name, title, parameter), AREA_FIELD, "area layers")

    return ParameterKind(make, usual.read)


def files(filters: str) -> ParameterKind:
    """Several files, as a text with semicolons between them; a button chooses them."""

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        definition = QgsProcessingParameterString(name, title, optional=not parameter.required)
        return _with_list(definition, FILES_FIELD, filters, ";")

    return ParameterKind(make, _list)


def advanced_parameter(definition: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter among those that are folded away."""
    definition.setFlags(definition.flags() | Qgis.ProcessingParameterFlag.Advanced)
    return definition


def _with_list(
    definition: QgsProcessingParameterDefinition,
    field: str,
    of: str,
    separator: str = "",
    ending: str = "",
    beside: str = "",
) -> QgsProcessingParameterDefinition:
    """The parameter with one of the plugin's own fields in QGIS's dialogs."""
    wrapper = {"class": field, "of": of, "separator": separator, "ending": ending, "beside": beside}
    definition.setMetadata({"widget_wrapper": wrapper})
    return definition


def _number_maker(default: float | None = None) -> Make:
    """A number from 0 with three decimals instead of six."""

    def make(name: str, title: str, parameter: VerbParameter) -> QgsProcessingParameterDefinition:
        definition = QgsProcessingParameterNumber(
            name,
            title,
            type=QgsProcessingParameterNumber.Type.Double,
            minValue=0,
            defaultValue=default,
            optional=not parameter.required,
        )
        definition.setMetadata({"widget_wrapper": {"decimals": DECIMALS}})
        return definition

    return make


def _definition_maker(definition: type, **settings: Any) -> Make:
    return lambda name, title, parameter: definition(name, title, optional=not parameter.required, **settings)


def _text(run: AlgorithmRun, name: str) -> str:
    return run.algorithm.parameterAsString(run.parameters, name, run.context)


def _code(run: AlgorithmRun, name: str) -> str:
    """A layer's code; a title may follow it, as in models of earlier versions."""
    return _text(run, name).strip().split(" ")[0]


def _list(run: AlgorithmRun, name: str) -> list[str]:
    """Several names or files, from a list or from one text with semicolons."""
    value = run.parameters.get(name)
    if isinstance(value, str):
        value = value.split(";")
    return [str(one).strip() for one in value or [] if str(one).strip()]


def _date(run: AlgorithmRun, name: str) -> str:
    """A date as the command line takes it, from any value that Processing passes."""
    value = run.parameters.get(name)
    if isinstance(value, QDateTime):
        value = value.date()
    if isinstance(value, QDate):
        return value.toString(Qt.DateFormat.ISODate) if value.isValid() else ""
    return str(value or "")


def _moment(run: AlgorithmRun, name: str) -> str:
    """A moment as the command line takes it, which reads a bare date as the day's end; empty if none is given."""
    value = run.parameters.get(name)
    if isinstance(value, QDateTime):
        return value.toUTC().toString(Qt.DateFormat.ISODate) if value.isValid() else ""
    return _date(run, name)


def _number(run: AlgorithmRun, name: str) -> float | None:
    """A number that was given; 0 is one."""
    if run.parameters.get(name) is None:
        return None
    return run.algorithm.parameterAsDouble(run.parameters, name, run.context)


_BY_DECLARATION = {
    "text": ParameterKind(_definition_maker(QgsProcessingParameterString), _text),
    "list": ParameterKind(_definition_maker(QgsProcessingParameterString), _list),
    "flag": ParameterKind(
        lambda name, title, _declared: QgsProcessingParameterBoolean(name, title, defaultValue=False),
        lambda run, name: run.algorithm.parameterAsBoolean(run.parameters, name, run.context),
    ),
    "date": ParameterKind(
        _definition_maker(QgsProcessingParameterDateTime, type=QgsProcessingParameterDateTime.Type.Date), _date
    ),
    "moment": ParameterKind(_definition_maker(QgsProcessingParameterDateTime), _moment),
    "number": ParameterKind(_number_maker(), _number),
    "count": ParameterKind(
        _definition_maker(QgsProcessingParameterNumber, minValue=1),
        lambda run, name: run.algorithm.parameterAsInt(run.parameters, name, run.context) or None,
    ),
}
