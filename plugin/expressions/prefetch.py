"""What an expression will be asked for next: the layer's other features, read ahead in whatever thread draws.

A layer belongs to the main thread; there its source is taken, as QGIS's own aggregates do, and read in the asking one.
"""

from __future__ import annotations

import contextlib
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

from onemap.plugin.expressions.expression_client import POLL_S
from onemap.plugin.expressions.expression_request import Shape
from onemap.plugin.words.number_format import value_or_none

PREFIX = "onemap_"  # of our functions
FIRST_BLOCK, GROWTH = 16, 4  # one shape that is looked at takes no longer for it; a thousand take few questions
REST_S = 5.0  # after so long without a question one begins with a small block again
MAIN_LIMIT_S = 2.0  # the main thread may be waiting for this very drawing
BUSY_S = 30.0  # and is left alone for a while then
LOOKED_AT = 4  # times as many features as shapes are wanted are looked at, for most may be known
ALIKE = 64  # features of which all ask for the same: the shape is not the feature's
MOST_PASSES = 8


@dataclass(frozen=True)
class LayerSource:
    """A layer as it can be read in any thread. box: the map's extent, in the layer's system; own: not to be read."""

    source: QgsVectorLayerFeatureSource
    layer: str
    name: str
    fields: QgsFields
    own: frozenset[str]
    selected: tuple[int, ...]
    box: QgsRectangle | None


class FeaturesAhead(QObject):
    """One for all expressions; it lives in the main thread."""

    told = pyqtSignal(str, int, int)  # the layer's name, how many of its shapes have been asked for, of how many
    _wanted = pyqtSignal(object)  # _Errand

    def __init__(self) -> None:
        super().__init__()
        self._wanted.connect(_run, Qt.ConnectionType.QueuedConnection)
        self._guard = threading.Lock()
        self._passes: OrderedDict[str, _Pass] = OrderedDict()
        self._paces: dict[str, tuple[int, float]] = {}  # by layer: shapes in the last block, and when
        self._busy_until = 0.0
        self._is_closed = False
        self._reading = threading.local()

    def close(self) -> None:
        """Let go of all layers, and read none any more: the main thread is about to wait for those who ask."""
        with self._guard:
            self._is_closed = True
            self._passes.clear()

    def shapes(
        self,
        context: QgsExpressionContext,
        node: QgsExpressionNodeFunction,
        shape_of: Callable[[QgsExpressionContext], Shape | None],
        most: int,
        is_known: Callable[[Shape], bool],
        is_cancelled: Callable[[], bool],
    ) -> list[Shape]:
        """The shapes of the next features, at most so many, that are not known yet; none where no layer is at hand.

        shape_of: what the function is asked for where the context has another feature.
        """
        if self._is_closed or getattr(self._reading, "now", False) or most < 1:
            return []
        found = self._pass_of(context, node, is_cancelled)
        if found is None:
            return []
        size = min(self._pace(found.source.layer), most)
        columns = {name for argument in node.args().list() for name in argument.referencedColumns()}
        own = QgsExpressionContext(context)
        self._reading.now = True  # a virtual field of the layer may ask in its turn
        try:
            ahead = found.read(size, own, columns, shape_of, is_known, is_cancelled)
        finally:
            self._reading.now = False
        if found.state[1] > FIRST_BLOCK:
            self.told.emit(found.source.name, *found.state)
        return ahead

    def _pace(self, layer: str) -> int:
        with self._guard:
            size, moment = self._paces.get(layer, (0, 0.0))
            now = time.monotonic()
            size = size * GROWTH if size and now - moment < REST_S else FIRST_BLOCK
            self._paces[layer] = (min(size, FIRST_BLOCK * GROWTH**3), now)
            return size

    def _pass_of(
        self, context: QgsExpressionContext, node: QgsExpressionNodeFunction, is_cancelled: Callable[[], bool]
    ) -> _Pass | None:
        """The reading that belongs to a context and its arguments; a new one at the first question."""
        name = "onemap " + " ".join(argument.dump() for argument in node.args().list())
        token = value_or_none(context.cachedValue(name))
        with self._guard:
            if token in self._passes:
                self._passes.move_to_end(token)
                return self._passes[token]
        source = self._source(context, is_cancelled)
        if source is None:
            return None
        found = _Pass(source, context.feature().id())
        token = uuid.uuid4().hex
        context.setCachedValue(name, token)
        with self._guard:
            self._passes[token] = found
            while len(self._passes) > MOST_PASSES:
                self._passes.popitem(last=False)
        return found

    def _source(self, context: QgsExpressionContext, is_cancelled: Callable[[], bool]) -> LayerSource | None:
        if QThread.currentThread() == self.thread():
            return _source_in_main_thread(context)
        if time.monotonic() > self._busy_until:
            errand = _Errand(context)
            self._wanted.emit(errand)
            if not errand.wait(lambda: self._is_closed or is_cancelled()) and not is_cancelled():
                self._busy_until = time.monotonic() + BUSY_S
            if errand.source is not None:
                return errand.source
        # A layer that a Processing algorithm has made in its own thread.
        return _source_of(context.variable("layer"), context)


class _Errand:
    """Something to do in the main thread, given up where that does not come to it."""

    def __init__(self, context: QgsExpressionContext) -> None:
        self._context = context
        self._guard = threading.Lock()
        self._is_off = False
        self._is_done = threading.Event()
        self.source: LayerSource | None = None

    def run(self) -> None:
        """In the main thread. The context stands still meanwhile: whoever owns it waits, or has given up before."""
        with self._guard:
            if not self._is_off:
                self.source = _source_in_main_thread(self._context)
                self._is_done.set()

    def wait(self, is_cancelled: Callable[[], bool]) -> bool:
        """In the asking thread; whether it was done."""
        ends_at = time.monotonic() + MAIN_LIMIT_S
        while not self._is_done.wait(POLL_S):
            if is_cancelled() or time.monotonic() > ends_at:
                with self._guard:
                    self._is_off = True
                break
        return self._is_done.is_set()


class _Pass:
    """One reading of a layer: the selected features, then those in the map, then all, from the first asked one on."""

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
        self._at = 0
        self._looked_at, self._keys = 0, set[tuple]()
        self._guard = threading.Lock()

    @property
    def state(self) -> tuple[int, int]:
        """How many features have been asked for, and of how many."""
        return self._at, len(self._pool)

    def read(
        self,
        size: int,
        context: QgsExpressionContext,
        columns: set[str],
        shape_of: Callable[[QgsExpressionContext], Shape | None],
        is_known: Callable[[Shape], bool],
        is_cancelled: Callable[[], bool],
    ) -> list[Shape]:
        """The next shapes that are not known; they stay ready until they are."""
        with self._guard:
            for key in [key for key, shape in self._ready.items() if is_known(shape)]:
                del self._ready[key]
            ends_at = self._looked_at + LOOKED_AT * size
            while len(self._ready) < size and self._looked_at < ends_at and not is_cancelled():
                if self._looked_at >= ALIKE and len(self._keys) < 2:
                    break
                if self._at >= len(self._pool):
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
        at = pool.index(self._first) if self._first in pool else 0
        self._pool, self._at = pool[at:] + pool[:at], 0

    def _numbers(self, request: QgsFeatureRequest) -> list[int]:
        request.setFlags(Qgis.FeatureRequestFlag.NoGeometry).setSubsetOfAttributes([])
        return [feature.id() for feature in self.source.source.getFeatures(request)]

    def _next_features(self, size: int, columns: set[str]) -> Iterator[QgsFeature]:
        numbers = self._pool[self._at : self._at + size]
        self._at += len(numbers)
        self._looked_at += len(numbers)
        fields = self.source.fields
        wanted = fields.names() if QgsFeatureRequest.ALL_ATTRIBUTES in columns else columns
        request = QgsFeatureRequest().setFilterFids(numbers)
        request.setSubsetOfAttributes([name for name in wanted if name not in self.source.own], fields)
        return iter(self.source.source.getFeatures(request))


def _run(errand: _Errand) -> None:
    errand.run()


def _source_in_main_thread(context: QgsExpressionContext) -> LayerSource | None:
    """The source of the context's layer: the project's, else the one that the context names."""
    with contextlib.suppress(RuntimeError):  # of a layer that is gone
        layer = QgsProject.instance().mapLayer(str(value_or_none(context.variable("layer_id")) or ""))
        return _source_of(layer or context.variable("layer"), context)
    return None


def _source_of(layer: object, context: QgsExpressionContext) -> LayerSource | None:
    """The source of a layer that belongs to this thread; None of any other."""
    if not isinstance(layer, QgsVectorLayer) or layer.thread() != QThread.currentThread() or not layer.isValid():
        return None
    fields = layer.fields()
    ours = (number for number in range(fields.count()) if PREFIX in (layer.expressionField(number) or ""))
    return LayerSource(
        QgsVectorLayerFeatureSource(layer),
        layer.id(),
        layer.name(),
        QgsFields(fields),
        frozenset(fields.at(number).name() for number in ours),
        tuple(layer.selectedFeatureIds()),
        _box(context, layer),
    )


def _box(context: QgsExpressionContext, layer: QgsVectorLayer) -> QgsRectangle | None:
    """The map's extent in the layer's system, where the context has a map."""
    extent = context.variable("map_extent")
    crs = QgsCoordinateReferenceSystem(str(value_or_none(context.variable("map_crs")) or ""))
    if not isinstance(extent, QgsGeometry) or not crs.isValid():
        return None
    try:
        to_layer = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance())
        return to_layer.transformBoundingBox(extent.boundingBox())
    except QgsCsException:
        return None
