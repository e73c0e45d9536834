"""Tables that the core wrote, passed on as QGIS's outputs: filled, and styled when they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    Qgis,
    QgsExpressionContext,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingUtils,
    QgsVectorLayer,
)

from onemap.plugin.connection.verb_runs import learn_words
from onemap.plugin.desk.map.layer_styles import style_parcels
from onemap.plugin.desk.results.field_names import column_names, name_fields
from onemap.plugin.qgis.algorithms.algorithm_run import AlgorithmRun

POLYGON = Qgis.ProcessingSourceType.VectorPolygon
VECTOR = Qgis.ProcessingSourceType.Vector


@dataclass(frozen=True)
class Sink:
    """One table of a run as an output. style: styles the loaded layer, given the table's name."""

    name: str
    title: str
    table: str
    kind: Qgis.ProcessingSourceType = POLYGON
    style: Callable[[QgsVectorLayer, str], None] | None = None
    by_default: bool = True


def sink_parameters(sinks: tuple[Sink, ...]) -> list[QgsProcessingParameterFeatureSink]:
    """The parameters that ask where the tables go."""
    return [
        QgsProcessingParameterFeatureSink(
            sink.name, sink.title, sink.kind, optional=True, createByDefault=sink.by_default
        )
        for sink in sinks
    ]


def outs_for(sinks: tuple[Sink, ...], parameters: dict[str, Any], target: str) -> tuple[list[str], str]:
    """The files for the core to write, and the GeoPackage among them that fills the sinks. target: may be empty."""
    outs, tables = [target] if target else [], target
    if any(_is_wanted(parameters, sink) for sink in sinks) and not target.lower().endswith(".gpkg"):
        tables = QgsProcessingUtils.generateTempFilename("run.gpkg")
        outs.append(tables)
    return outs, tables


def fill_sinks(run: AlgorithmRun, sinks: tuple[Sink, ...], tables: str) -> dict[str, str]:
    """Fill the wanted sinks from a GeoPackage, and return the layer of each. Raises QgsProcessingException."""
    layers = {sink.name: _fill(run, sink, tables) for sink in sinks if _is_wanted(run.parameters, sink)}
    return {name: layer for name, layer in layers.items() if layer}


def _is_wanted(parameters: dict[str, Any], sink: Sink) -> bool:
    """Whether the user gave a destination for a table; a batch passes an empty destination if none was given."""
    value = parameters.get(sink.name)
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        return bool(value.sink.valueAsString(QgsExpressionContext(), "")[0])
    return bool(value)


def _fill(run: AlgorithmRun, sink: Sink, tables: str) -> str:
    layer = QgsVectorLayer(f"{tables}|layername={sink.table}", sink.table, "ogr")
    if not layer.isValid():  # a verb has fewer tables where less was asked, such as no units
        return ""
    # The GeoPackage's own row number is no column of ours.
    columns = [index for index, column in enumerate(layer.fields()) if column.name() != "fid"]
    fields = QgsFields()
    for index in columns:
        field = QgsField(layer.fields().at(index))
        field.setAlias("")  # the loaded layer is given it: most formats hold none, and the log says so of each column
        fields.append(field)
    target, destination = run.algorithm.parameterAsSink(
        run.parameters, sink.name, run.context, fields, layer.wkbType(), layer.crs()
    )
    if target is None:
        raise QgsProcessingException(run.algorithm.invalidSinkError(run.parameters, sink.name))
    for source in layer.getFeatures():  # all of them, also after a cancel: part of the rows would look like the whole
        feature = QgsFeature(fields)
        feature.setAttributes([source.attributes()[index] for index in columns])
        feature.setGeometry(source.geometry())
        target.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
    target.flushBuffer()
    if run.context.willLoadLayerOnCompletion(destination):
        learn_words()
        details = run.context.layerToLoadOnCompletionDetails(destination)
        details.setPostProcessor(ResultStyler.for_table(sink, column_names(tables, sink.table)))
    return destination


class ResultStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles a result, and titles its fields, when QGIS loads it."""

    _kept: dict[tuple[str, str], ResultStyler] = {}  # QGIS does not keep them alive

    @classmethod
    def for_table(cls, sink: Sink, names: Mapping[str, str]) -> ResultStyler:
        """The styler for a table of a run. names: the titles of its columns."""
        styler = cls(sink, names)
        return cls._kept.setdefault((sink.name, repr(sorted(names.items()))), styler)

    def __init__(self, sink: Sink, names: Mapping[str, str]) -> None:
        super().__init__()
        self._sink, self._names = sink, names

    def postProcessLayer(
        self, layer: QgsVectorLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style the layer, and name its fields."""
        if self._sink.style is not None:
            self._sink.style(layer, self._sink.table)
        elif layer.geometryType() == Qgis.GeometryType.Polygon:
            style_parcels(layer)  # outlines: QGIS's own fills would hide the map, and one another
        name_fields(layer, self._sink.table, self._names)
