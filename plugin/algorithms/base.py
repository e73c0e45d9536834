"""What the algorithms share: each runs one verb of the command line and hands on its words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsProperty,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt
from qgis.PyQt.QtGui import QIcon

from onemap.plugin.connection.conversion import convert, is_convertible
from onemap.plugin.connection.core_session import core_missing, core_python
from onemap.plugin.connection.layer_export import SourceFile, file_of_layer, file_of_path, write_source
from onemap.plugin.connection.live_layers import ensure_count, expected_count
from onemap.plugin.connection.refusals import Refusal, problem_lines
from onemap.plugin.connection.verb_runs import run_verb
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

ANY_PATH = (QgsProcessingParameterFeatureSource, QgsProcessingParameterFile)


class VerbAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that runs the verb of its own name."""

    VERB = ""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[str, SourceFile | None] = {}
        self._counts: dict[str, int | None] = {}

    def name(self) -> str:
        """The verb."""
        return self.VERB

    def group(self) -> str:
        """All stand together, without a group."""
        return ""

    def groupId(self) -> str:  # noqa: N802 - QGIS's name
        """All stand together, without a group."""
        return ""

    def icon(self) -> QIcon:
        """The sign of the action."""
        return icon(self.VERB)

    def createInstance(self) -> VerbAlgorithm:  # noqa: N802 - QGIS's name
        """A fresh one for each run."""
        return type(self)()

    def canExecute(self) -> tuple[bool, str]:  # noqa: N802 - QGIS's name
        """Whether there is a core to run it."""
        return (True, "") if core_python() is not None else (False, str(core_missing()))

    def checkParameterValues(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """As QGIS does, but any path will do: the core reads more than QGIS, and says better what it refuses."""
        for definition in self.parameterDefinitions():
            value = parameters.get(definition.name())
            if isinstance(definition, ANY_PATH) and isinstance(value, str) and value:
                continue
            if not definition.checkValueIsAcceptable(value, context):
                return False, tr("Incorrect parameter value for {name}").format(name=definition.name())
        return True, ""

    def run_core(self, options: dict[str, Any], feedback: QgsProcessingFeedback) -> tuple[dict[str, Any], int]:
        """Run the verb; a refusal becomes the exception that Processing shows, with the core's own text."""
        try:
            answer, exit_code = run_verb(self.VERB, options, feedback)
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal
        tell(answer.get("problems") or [], feedback)
        return answer, exit_code

    def prepareAlgorithm(  # noqa: N802 - QGIS's name
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Find the files behind the sources, while layers may be touched."""
        for definition in self.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterFeatureSource) and parameters.get(definition.name()):
                self._files[definition.name()] = _file_behind(parameters[definition.name()], context)
                self._counts[definition.name()] = _expected(parameters[definition.name()], context)
        return True

    def numbers(
        self, parameters: dict[str, Any], names: Iterable[str], context: QgsProcessingContext
    ) -> dict[str, float]:
        """The numbers that were given, by their options; 0 is one."""
        given = [name for name in names if parameters.get(name) is not None]
        return {name.lower(): self.parameterAsDouble(parameters, name, context) for name in given}

    def source_file(
        self,
        parameters: dict[str, Any],
        name: str,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        by_path_alone: bool = False,
    ) -> SourceFile:
        """The file behind a source; an export where only some features are meant, or there is no file.

        by_path_alone: the verb can be told neither layer nor coordinate system: a file that needs either is exported.
        """
        found = self._files.get(name)
        if found is not None and not (by_path_alone and (found.layer or found.crs)):
            if found.crs:
                text = tr("The file has no coordinate system; the one of the QGIS layer is used: {crs}")
                feedback.pushInfo(text.format(crs=found.crs))
            return self._readable(found, feedback)
        source = self.parameterAsSource(parameters, name, context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, name))
        path = Path(QgsProcessingUtils.generateTempFilename(name.lower()))
        path.mkdir(parents=True, exist_ok=True)
        try:
            return write_source(
                str(path),
                source.sourceName(),
                source.fields(),
                source.wkbType(),
                source.sourceCrs(),
                ensure_count(source.getFeatures(), self._counts.get(name), source.sourceName()),
            )
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal

    def _readable(self, source: SourceFile, feedback: QgsProcessingFeedback) -> SourceFile:
        """The file, or what QGIS's GDAL makes of one that the core cannot read."""
        if not is_convertible(source.path):
            return source

        def told(done: float, step: str) -> None:
            if feedback.isCanceled():
                raise QgsProcessingException(tr("Cancelled."))
            feedback.setProgress(100 * done)
            feedback.setProgressText(step)

        try:
            return convert(source, told)
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal


def library_parameter() -> QgsProcessingParameterFile:
    """The library that a verb works in."""
    return QgsProcessingParameterFile("LIBRARY", tr("Library"), fileFilter=tr("Library (*.gpkg)"))


def tell(problems: list[dict[str, Any]], feedback: QgsProcessingFeedback) -> None:
    """Problems in Processing's log: what is only noted is no warning."""
    for told in problem_lines(problems):
        if told.level == "note":
            feedback.pushInfo(told.text)
        else:
            feedback.pushWarning(told.text)


def list_of(value: Any) -> list[str]:
    """Several names or files: a list, or one text with semicolons between them."""
    if isinstance(value, str):
        value = value.split(";")
    return [str(one).strip() for one in value or [] if str(one).strip()]


def date_text(value: Any) -> str:
    """A date as the command line takes it, from whatever Processing hands on."""
    if isinstance(value, QDateTime):
        value = value.date()
    if isinstance(value, QDate):
        return value.toString(Qt.DateFormat.ISODate) if value.isValid() else ""
    return str(value or "")


def moment_text(value: Any) -> str:
    """A moment as the command line takes it, which reads a bare date as its end; empty where none was given."""
    if isinstance(value, QDateTime):
        return value.toUTC().toString(Qt.DateFormat.ISODate) if value.isValid() else ""
    return date_text(value)


def advanced(definition: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter among those that are folded away."""
    definition.setFlags(definition.flags() | Qgis.ProcessingParameterFlag.Advanced)
    return definition


def _expected(value: Any, context: QgsProcessingContext) -> int | None:
    """How many features must come, where a live server gives them; None where a file does."""
    selected_only = False
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        selected_only, value = value.selectedFeaturesOnly, value.source
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    layer = QgsProcessingUtils.mapLayerFromString(value, context, False) if isinstance(value, str) else value
    try:
        return expected_count(layer, selected_only) if isinstance(layer, QgsVectorLayer) else None
    except Refusal as refusal:
        raise QgsProcessingException(str(refusal)) from refusal


def _file_behind(value: Any, context: QgsProcessingContext) -> SourceFile | None:
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        if value.selectedFeaturesOnly or value.featureLimit != -1 or value.filterExpression:
            return None
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    if isinstance(value, str):
        layer = QgsProcessingUtils.mapLayerFromString(value, context, False)
        if layer is None:
            plain = file_of_path(value)
            is_file = Path(plain.path).exists() or "://" not in value and "=" not in Path(value).name
            return plain if is_file else None
        value = layer
    return file_of_layer(value) if isinstance(value, QgsVectorLayer) else None
