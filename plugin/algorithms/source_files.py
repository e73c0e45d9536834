"""The files behind the sources of an algorithm: the core reads files, Processing hands on layers and what is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProperty,
    QgsVectorLayer,
)

from onemap.plugin.connection.conversion import convert, is_convertible
from onemap.plugin.connection.layer_export import SourceFile, file_of_layer, file_of_path, write_source
from onemap.plugin.connection.live_layers import counted, expected_count
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr


class SourceFiles:
    """The files behind the sources of one run, looked up while layers may be touched."""

    def __init__(self) -> None:
        self._files: dict[str, SourceFile | None] = {}
        self._counts: dict[str, int | None] = {}

    def look_up(self, name: str, value: Any, context: QgsProcessingContext) -> None:
        """Find the file of one parameter. Raises QgsProcessingException."""
        self._files[name] = _file_behind(value, context)
        self._counts[name] = _expected(value, context)

    def file(
        self,
        algorithm: QgsProcessingAlgorithm,
        name: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        by_path_alone: bool = False,
    ) -> SourceFile:
        """The file behind a source; an export where only some features are meant, or there is no file.

        by_path_alone: the verb can be told neither layer nor coordinate system: a file that needs either is exported.
        Raises QgsProcessingException.
        """
        found = self._files.get(name)
        if found is not None and not (by_path_alone and (found.layer or found.crs)):
            if found.crs:
                text = tr("The file has no coordinate system; the one of the QGIS layer is used: {crs}")
                feedback.pushInfo(text.format(crs=found.crs))
            return _readable(found, feedback)
        source = algorithm.parameterAsSource(parameters, name, context)
        if source is None:
            raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
        path = Path(QgsProcessingUtils.generateTempFilename(name.lower()))
        path.mkdir(parents=True, exist_ok=True)
        try:
            return write_source(
                str(path),
                source.sourceName(),
                source.fields(),
                source.wkbType(),
                source.sourceCrs(),
                counted(source.getFeatures(), self._counts.get(name), source.sourceName()),
            )
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal


def _readable(source: SourceFile, feedback: QgsProcessingFeedback) -> SourceFile:
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
