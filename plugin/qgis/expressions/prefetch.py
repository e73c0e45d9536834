"""Prefetch the shapes that an expression will ask for next: the layer's other features, read in the drawing thread.

A layer belongs to the main thread, so its source is made there, as by QGIS's own aggregates, and read in the asking
thread.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsExpressionContext,
    QgsExpressionNodeFunction,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtCore import QObject, Qt, QThread, pyqtSignal

from onemap.plugin.qgis.expressions.expression_client import POLL_S
from onemap.plugin.qgis.expressions.expression_request import Shape
from onemap.plugin.words.number_format import value_or_none

PREFIX = "onemap_"  # of our functions
FIRST_BLOCK, GROWTH = 16, 4  # one shape that is looked at takes no longer for it; a thousand take few questions
REST_S = 5.0  # after so long without a question one begins with a small block again
MAIN_LIMIT_S = 2.0  # the main thread may be waiting for this very drawing
BUSY_S = 30.0  # and is left alone for a while then
READ_FACTOR = 4  # times as many features as shapes are wanted are looked at, for most may be known
SAME_SHAPE_LIMIT = 64  # features of which all ask for the same: the shape is not the feature's
MAX_PASSES = 8


@dataclass(frozen=True)
class LayerSource:
    """A layer that any thread can read.

    own_fields: fields that call these functions, and must not be read.
    selected: the ids of the selected features.
    box: the map's extent in the layer's system.
    """

    source: QgsVectorLayerFeatureSource
    layer: str
    name: str
    fields: QgsFields
    own_fields: frozenset[str]
    selected: tuple[int, ...]
    box: QgsRectangle | None


class FeaturePrefetch(QObject):
    """One prefetch for all expressions; it lives in the main thread."""

    progressed = pyqtSignal(str, int, int)  # the layer's name, how many of its shapes have been asked for, of how many
    _call_requested = pyqtSignal(object)  # _MainThreadCall

    def __init__(self) -> None:
        super().__init__()
        self._call_requested.connect(lambda call: call.run(), Qt.ConnectionType.QueuedConnection)
        self._guard = threading.Lock()
        self._passes: OrderedDict[str, _LayerPass] = OrderedDict()
        self._paces: dict[str, tuple[int, float]] = {}  # by layer: shapes in the last block, and when
        self._busy_until = 0.0
        self._is_closed = False
        self._thread_state = threading.local()

    def close(self) -> None:
        """Release all layers and read no more, because the main thread will wait for the drawing threads."""
        with self._guard:
            self._is_closed = True
            self._passes.clear()

    def shapes(
        self,
        context: QgsExpressionContext,
        node: QgsExpressionNodeFunction,
        shape_of: Callable[[QgsExpressionContext], Shape | None],
        max_count: int,
        is_known: Callable[[Shape], bool],
        is_cancelled: Callable[[], bool],
    ) -> list[Shape]:
        """The shapes of the next features that have no answer yet; empty without a layer.

        shape_of: the shape for the feature of a context.
        max_count: the largest number of shapes.
        is_known: whether a shape has an answer.
        """
        if self._is_closed or getattr(self._thread_state, "now", False) or max_count < 1:
            return []
        layer_pass = self._pass_of(context, node, is_cancelled)
        if layer_pass is None:
            return []
        size = min(self._pace(layer_pass.source.layer), max_count)
        columns = {name for argument in node.args().list() for name in argument.referencedColumns()}
        own_context = QgsExpressionContext(context)
        self._thread_state.now = True  # a virtual field of the layer may ask in its turn
        try:
            shapes = layer_pass.read(size, own_context, columns, shape_of, is_known, is_cancelled)
        finally:
            self._thread_state.now = False
        if layer_pass.state[1] > FIRST_BLOCK:
            self.progressed.emit(layer_pass.source.name, *layer_pass.state)
        return shapes

    def _pace(self, layer: str) -> int:
        with self._guard:
            size, moment = self._paces.get(layer, (0, 0.0))
            now = time.monotonic()
            size = size * GROWTH if size and now - moment < REST_S else FIRST_BLOCK
            self._paces[layer] = (min(size, FIRST_BLOCK * GROWTH**3), now)
            return size

    def _pass_of(
        self, context: QgsExpressionContext, node: QgsExpressionNodeFunction, is_cancelled: Callable[[], bool]
    ) -> _LayerPass | None:
        """The reading for a context and its arguments; the first call begins one."""
        name = "onemap " + " ".join(argument.dump() for argument in node.args().list())
        token = value_or_none(context.cachedValue(name))
        with self._guard:
            if token in self._passes:
                self._passes.move_to_end(token)
                return self._passes[token]
        source = self._source(context, is_cancelled)
        if source is None:
            return None
        layer_pass = _LayerPass(source, context.feature().id())
        token = uuid.uuid4().hex
        context.setCachedValue(name, token)
        with self._guard:
            self._passes[token] = layer_pass
            while len(self._passes) > MAX_PASSES:
                self._passes.popitem(last=False)
        return layer_pass

    def _source(self, context: QgsExpressionContext, is_cancelled: Callable[[], bool]) -> LayerSource | None:
        if QThread.currentThread() == self.thread():
            return _source_in_main_thread(context)
        if time.monotonic() > self._busy_until:
            call = _MainThreadCall(context)
            self._call_requested.emit(call)
            if not call.wait(lambda: self._is_closed or is_cancelled()) and not is_cancelled():
                self._busy_until = time.monotonic() + BUSY_S
            if call.source is not None:
                return call.source
        # A layer that a Processing algorithm has made in its own thread.
        return _source_of(context.variable("layer"), context)


class _MainThreadCall:
    """A call in the main thread, given up if the main thread does not get to it in time."""

    def __init__(self, context: QgsExpressionContext) -> None:
        self._context = context
        self._guard = threading.Lock()
        self._is_off = False
        self._is_done = threading.Event()
        self.source: LayerSource | None = None

    def run(self) -> None:
        """Run in the main thread. The context is free meanwhile, because its owner waits or has given up."""
        with self._guard:
            if not self._is_off:
                self.source = _source_in_main_thread(self._context)
                self._is_done.set()

    def wait(self, is_cancelled: Callable[[], bool]) -> bool:
        """Wait in the asking thread; return whether the call was done."""
        ends_at = time.monotonic() + MAIN_LIMIT_S
        while not self._is_done.wait(POLL_S):
            if is_cancelled() or time.monotonic() > ends_at:
                with self._guard:
                    self._is_off = True
                break
        return self._is_done.is_set()


class _LayerPass:
    """One reading of a layer, from the first requested feature on: selected features, those in the map, then all."""

    def __init__(self, source: LayerSource, first: int) -> None:
        self.source = source
        self._first = first
        self._ready: OrderedDict[tuple, Shape] = OrderedDict()  # read, and not asked for yet
        self._pools: deque[Callable[[], Iterable[int]]] = deque()
        if first in source.selected:
            self._pools.append(lambda: source.selected)
        if source.box is not None:
            self._pools.append(lambda: self._numbers(QgsFeatureRequest(source.box)))
        self._pools.append(lambda: self._numbers(QgsFeatureRequest()))
        self._pool: list[int] = []
        self._position = 0
        self._read_count, self._keys = 0, set[tuple]()
        self._guard = threading.Lock()

    @property
    def state(self) -> tuple[int, int]:
        """The number of features read so far, and the total."""
        return self._position, len(self._pool)

    def read(
        self,
        size: int,
        context: QgsExpressionContext,
        columns: set[str],
        shape_of: Callable[[QgsExpressionContext], Shape | None],
        is_known: Callable[[Shape], bool],
        is_cancelled: Callable[[], bool],
    ) -> list[Shape]:
        """The next shapes without an answer; they stay ready until they have one."""
        with self._guard:
            for key in [key for key, shape in self._ready.items() if is_known(shape)]:
                del self._ready[key]
            ends_at = self._read_count + READ_FACTOR * size
            while len(self._ready) < size and self._read_count < ends_at and not is_cancelled():
                if self._read_count >= SAME_SHAPE_LIMIT and len(self._keys) < 2:
                    break
                if self._position >= len(self._pool):
                    if self._ready or not self._pools:  # a block keeps to what is surely asked for
                        break
                    self._next_pool()
                    continue
                for feature in self._next_features(size, columns):
                    context.setFeature(feature)
                    shape = shape_of(context)
                    if shape is not None and len(self._keys) < 2:
                        self._keys.add(shape.key)
                    if shape is not None and not is_known(shape):
                        self._ready[shape.key] = shape
            return [shape for shape, _number in zip(self._ready.values(), range(size))]

    def _next_pool(self) -> None:
        pool = list(self._pools.popleft()())
        first_index = pool.index(self._first) if self._first in pool else 0
        self._pool, self._position = pool[first_index:] + pool[:first_index], 0

    def _numbers(self, request: QgsFeatureRequest) -> list[int]:
        request.setFlags(Qgis.FeatureRequestFlag.NoGeometry).setSubsetOfAttributes([])
        return [feature.id() for feature in self.source.source.getFeatures(request)]

    def _next_features(self, size: int, columns: set[str]) -> Iterator[QgsFeature]:
        numbers = self._pool[self._position : self._position + size]
        self._position += len(numbers)
        self._read_count += len(numbers)
        fields = self.source.fields
        names = fields.names() if QgsFeatureRequest.ALL_ATTRIBUTES in columns else columns
        request = QgsFeatureRequest().setFilterFids(numbers)
        request.setSubsetOfAttributes([name for name in names if name not in self.source.own_fields], fields)
        return iter(self.source.source.getFeatures(request))


def _source_in_main_thread(context: QgsExpressionContext) -> LayerSource | None:
    """The source of the context's layer: the project's, else the one in the context."""
    try:
        layer = QgsProject.instance().mapLayer(str(value_or_none(context.variable("layer_id")) or ""))
        return _source_of(layer or context.variable("layer"), context)
    except RuntimeError:  # of a layer that is gone
        return None


def _source_of(layer: object, context: QgsExpressionContext) -> LayerSource | None:
    """The source of a layer of this thread; None for anything else."""
    if not isinstance(layer, QgsVectorLayer) or layer.thread() != QThread.currentThread() or not layer.isValid():
        return None
    fields = layer.fields()
    own_indices = (number for number in range(fields.count()) if PREFIX in (layer.expressionField(number) or ""))
    return LayerSource(
        QgsVectorLayerFeatureSource(layer),
        layer.id(),
        layer.name(),
        QgsFields(fields),
        frozenset(fields.at(number).name() for number in own_indices),
        tuple(layer.selectedFeatureIds()),
        _box(context, layer),
    )


def _box(context: QgsExpressionContext, layer: QgsVectorLayer) -> QgsRectangle | None:
    """The map's extent in the layer's system; None if the context has no map."""
    extent = context.variable("map_extent")
    crs = QgsCoordinateReferenceSystem(str(value_or_none(context.variable("map_crs")) or ""))
    if not isinstance(extent, QgsGeometry) or not crs.isValid():
        return None
    try:
        to_layer = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance())
        return to_layer.transformBoundingBox(extent.boundingBox())
    except QgsCsException:
        return None
