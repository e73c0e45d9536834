"""A vector tile: geometries in the plane of a tile, with a few words each, as browsers' maps read them.

The format is the Mapbox Vector Tile Specification 2.1: a tile holds layers, a layer its features, with their geometry
as commands on a grid whose y points down.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely

EXTENT = 4096  # steps of a tile's side
BUFFER = 64  # steps beyond the edge, so that no outline ends in sight
HALF_WORLD_M = 20037508.342789244  # of Web Mercator, from its middle to its edge
MOST_ZOOM = 22
_VERSION = 2
_MOVE, _LINE, _CLOSE = 1, 2, 7
_POINT_KIND, _LINE_KIND, _POLYGON_KIND = 1, 2, 3
_KINDS = {0: 1, 4: 1, 1: 2, 5: 2, 3: 3, 6: 3}  # by shapely's numbers of types


def tile_bounds(zoom: int, column: int, row: int, buffer: int = BUFFER) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in Web Mercator's metres. buffer: steps beyond each edge."""
    side = 2 * HALF_WORLD_M / 2**zoom
    margin_m = side * buffer / EXTENT
    west, north = column * side - HALF_WORLD_M, HALF_WORLD_M - row * side
    return west - margin_m, north - side - margin_m, west + side + margin_m, north + margin_m


def on_grid(shapes: np.ndarray, zoom: int, column: int, row: int) -> np.ndarray:
    """Return Web Mercator shapes (n,) on a tile's grid, clipped to it and its buffer; None where nothing is left.

    Shapes smaller than a step are left out.
    """
    west, _, _, north = tile_bounds(zoom, column, row, 0)
    step = 2 * HALF_WORLD_M / 2**zoom / EXTENT
    grid_shapes = shapely.transform(shapes, lambda points: (points - [west, north]) * [1 / step, -1 / step])
    clipped_shapes = shapely.clip_by_rect(grid_shapes, -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    snapped = shapely.set_precision(clipped_shapes, 1.0)
    snapped[shapely.is_empty(snapped)] = None
    return snapped


def encode_tile(name: str, fids: Sequence[int], shapes: np.ndarray, words: Mapping[str, Sequence[str]]) -> bytes:
    """Return one layer as a tile. shapes (n,): on the grid, None to leave out; words: by name, one for each feature."""
    keys, values = list(words), dict.fromkeys(word for column in words.values() for word in column)
    places = {word: place for place, word in enumerate(values)}
    layer = bytearray(_field(1, name.encode()))
    count = 0
    for at, shape in enumerate(shapes):
        for kind, commands in _commands_by_kind(shape):
            tags = [number for key, column in enumerate(words.values()) for number in (key, places[column[at]])]
            feature = (
                _number(1, fids[at]) + _field(2, _varints(tags)) + _number(3, kind) + _field(4, _varints(commands))
            )
            layer += _field(2, feature)
            count += 1
    if not count:
        return b""
    for key in keys:
        layer += _field(3, key.encode())
    for word in values:
        layer += _field(4, _field(1, word.encode()))
    layer += _number(5, EXTENT) + _number(15, _VERSION)
    return _field(3, bytes(layer))


def _commands_by_kind(shape: shapely.Geometry | None) -> Iterator[tuple[int, list[int]]]:
    """Yield the geometry of a feature by kind; clipping may leave several kinds, which become several features."""
    if shape is None:
        return
    parts: dict[int, list[shapely.Geometry]] = {}
    for part in _simple_parts(shape):
        parts.setdefault(_KINDS[shapely.get_type_id(part)], []).append(part)
    for kind, some in parts.items():
        yield kind, _Pen().draw(kind, some)


def _simple_parts(shape: shapely.Geometry) -> Iterator[shapely.Geometry]:
    for part in shapely.get_parts(shape):
        if shapely.get_type_id(part) > 3:  # a collection within
            yield from _simple_parts(part)
        elif not shapely.is_empty(part):
            yield part


class _Pen:
    """Writes commands; each point is given as the step from the one before."""

    def __init__(self) -> None:
        self._x = self._y = 0
        self._commands: list[int] = []

    def draw(self, kind: int, parts: Sequence[shapely.Geometry]) -> list[int]:
        """The commands for parts of one kind."""
        if kind == _POINT_KIND:
            self._go(_MOVE, np.array([part.coords[0][:2] for part in parts]))
        for part in parts if kind == _LINE_KIND else ():
            points = shapely.get_coordinates(part)
            self._go(_MOVE, points[:1])
            self._go(_LINE, points[1:])
        for part in parts if kind == _POLYGON_KIND else ():
            polygon = shapely.geometry.polygon.orient(part, 1.0)  # outer rings have a positive area on the grid
            for ring in (polygon.exterior, *polygon.interiors):
                points = shapely.get_coordinates(ring)[:-1]
                self._go(_MOVE, points[:1])
                self._go(_LINE, points[1:])
                self._commands.append(_CLOSE | 1 << 3)
        return self._commands

    def _go(self, command: int, points: np.ndarray) -> None:
        self._commands.append(command | len(points) << 3)
        for x, y in np.rint(points).astype(int).tolist():
            self._commands += (_zigzag(x - self._x), _zigzag(y - self._y))
            self._x, self._y = x, y


def _zigzag(number: int) -> int:
    return (number << 1) ^ (number >> 31)


def _varint(number: int) -> bytes:
    body = bytearray()
    while number > 0x7F:
        body.append(number & 0x7F | 0x80)
        number >>= 7
    body.append(number)
    return bytes(body)


def _varints(numbers: Sequence[int]) -> bytes:
    return b"".join(map(_varint, numbers))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
