"""One run of an algorithm, and the files behind its sources: the core reads files, but Processing passes layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsFeatureRequest,
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
from onemap.plugin.connection.layer_export import (
    SourceFile,
    ensure_count,
    expected_count,
    file_of_layer,
    file_of_path,
    is_part_of_file,
    write_source,
)
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.parcels.parcel_export import places_of, with_places
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.words.translation import tr


@dataclass(frozen=True)
class SourceOrigin:
    """The origin of a source.

    file: None if only an export will do.
    count: the number of features that must come.
    places: of parcels that have no other names, in an export.
    is_part: only selected or filtered features are meant.
    """

    file: SourceFile | None
    count: int | None
    places: dict[int, int] | None = None
    is_part: bool = False


def source_origin(value: Any, context: QgsProcessingContext, are_unnamed: bool = False) -> SourceOrigin:
    """The origin of a source's value; must be called in a thread that may use layers.

    are_unnamed: the verb names each feature, and no field was given that does.
    Raises QgsProcessingException.
    """
    selected_only = is_part = False
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        selected_only = value.selectedFeaturesOnly
        is_part = selected_only or value.featureLimit != -1 or bool(value.filterExpression)
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    layer = QgsProcessingUtils.mapLayerFromString(value, context, False) if isinstance(value, str) else value
    if layer is None and value and (is_part or is_part_of_file(value)):
        layer = QgsVectorLayer(value, Path(value).stem, "ogr")
        if not layer.isValid():
            return SourceOrigin(None, None)
    if isinstance(layer, QgsVectorLayer):
        try:
            file = None if is_part else file_of_layer(layer)
            count = expected_count(layer, selected_only)
            places = places_of(layer) if are_unnamed and file is None else None
            return SourceOrigin(file, count, places, is_part)
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal
    return SourceOrigin(_file_at(value) if layer is None and value else None, None)


def _file_at(text: str) -> SourceFile | None:
    file = file_of_path(text)
    return file if Path(file.path).exists() or "://" not in text and "=" not in Path(text).name else None


@dataclass(frozen=True)
class AlgorithmRun:
    """One run of an algorithm: its parameters, its context and its feedback. origins: by the source's name."""

    algorithm: QgsProcessingAlgorithm
    parameters: dict[str, Any]
    context: QgsProcessingContext
    feedback: QgsProcessingFeedback
    origins: dict[str, SourceOrigin]

    def needs(self, name: str) -> bool:
        """Whether a parameter was given, or must be."""
        flags = self.algorithm.parameterDefinition(name).flags()
        return bool(self.parameters.get(name)) or not flags & Qgis.ProcessingParameterFlag.Optional

    def source_file(self, name: str, by_path_alone: bool = False) -> SourceFile:
        """The file behind a source; an export if only some features are meant, or there is no file.

        by_path_alone: the verb takes neither layer nor coordinate system, so a file that needs either is exported.
        Raises QgsProcessingException.
        """
        origin = self.origins.get(name, SourceOrigin(None, None))
        if origin.file is not None and not (by_path_alone and (origin.file.layer or origin.file.crs)):
            if origin.file.crs:
                text = tr("The coordinate system of the QGIS layer is used, which the file does not have: {crs}")
                self.feedback.pushInfo(text.format(crs=origin.file.crs))
            return _readable(origin.file, self.feedback)
        source = self.algorithm.parameterAsSource(self.parameters, name, self.context)
        if source is None:
            raise QgsProcessingException(self.algorithm.invalidSourceError(self.parameters, name))
        path = temporary_folder(name.lower())
        features_counted = ensure_count(_all_features(source), origin.count, source.sourceName())
        if origin.is_part:
            features_counted = _at_least_one(features_counted, source.sourceName())
        fields, features = with_places(source.fields(), features_counted, origin.places)
        try:
            return write_source(
                str(path),
                source.sourceName(),
                fields,
                source.wkbType(),
                source.sourceCrs(),
                features,
            )
        except Refusal as refusal:
            raise QgsProcessingException(str(refusal)) from refusal


def _all_features(source: Any) -> Iterable[QgsFeature]:
    """All features, whatever QGIS's settings for invalid ones: the core names these, and repairs them if asked.

    QGIS would skip them silently, or stop in the middle of writing the file.
    """
    return source.getFeatures(QgsFeatureRequest(), Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks)


def _at_least_one(features: Iterable[QgsFeature], name: str) -> Iterator[QgsFeature]:
    """The chosen features; raises Refusal if there are none: the core would look for the mistake in the layer."""
    feature = None
    for feature in features:
        yield feature
    if feature is None:
        text = tr(
            "No feature of “{name}” is selected, or fits the filter. Select the features that are meant, or use the "
            "whole layer."
        )
        raise Refusal(text.format(name=name))


def _readable(source: SourceFile, feedback: QgsProcessingFeedback) -> SourceFile:
    """The file, or its conversion by QGIS's GDAL if the core cannot read it."""
    if not is_convertible(source.path):
        return source

    def progress(fraction: float, step: str) -> None:
        if feedback.isCanceled():
            raise QgsProcessingException(tr("Cancelled."))
        feedback.setProgress(100 * fraction)
        feedback.setProgressText(step)

    try:
        return convert(source, progress)
    except Refusal as refusal:
        raise QgsProcessingException(str(refusal)) from refusal
