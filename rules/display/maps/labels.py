"""Names on a map: placed so that they cover neither each other nor the ground that they name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.boxes import Bounds
from onemap.rules.display.maps.svg_text import svg_text, text_width, wrap_text

_WIDEST_MM = 44.0
_LINE = 1.2  # of the letters' height
_AWAY_MM = 1.0
_AIR_MM = 2.5  # between a name and the frame: letters may be wider than they are reckoned
_MOST_NAMES, _MOST_CODES = 28, 150  # of features; parcels are all named


@dataclass(frozen=True)
class Label:
    """A name: its text, the shape on paper (mm) that it names, and whether it stands inside the shape or beside it.

    needed: it is set even if it must cover something; repeated: a code, which several features may share.
    """

    text: str
    shape: shapely.Geometry
    size: float
    inside: bool
    needed: bool = False
    repeated: bool = False
    colour: str = "#111111"
    bold: bool = False


def labels_svg(
    labels: Sequence[Label], frame: Bounds, kept_free: np.ndarray, taken_boxes: Sequence[Bounds] = ()
) -> str:
    """The names that found a place, most important first.

    frame, taken_boxes: boxes in mm (left, top, right, bottom); kept_free: (n,) shapes that no name may cover.
    """
    tree = shapely.STRtree(kept_free)
    boxes = np.empty((len(taken_boxes) + len(labels), 4))
    boxes[: len(taken_boxes)] = np.reshape(taken_boxes, (-1, 4))
    count = len(taken_boxes)
    svg_parts, others, texts = [], 0, set()
    for label in labels:
        if not label.needed and (
            others >= (_MOST_CODES if label.repeated else _MOST_NAMES) or (label.text in texts and not label.repeated)
        ):
            continue
        lines = wrap_text(label.text, label.size, _WIDEST_MM)
        place = _place(label, lines, frame, tree, boxes[:count])
        if place is None:
            continue
        boxes[count] = place
        count += 1
        texts.add(label.text)
        others += not label.needed
        middle = (place[0] + place[2]) / 2
        svg_parts += [
            svg_text(
                line,
                middle,
                place[1] + label.size * (0.9 + order * _LINE),
                label.size,
                anchor="middle",
                colour=label.colour,
                bold=label.bold,
                halo=True,
            )
            for order, line in enumerate(lines)
        ]
    return "".join(svg_parts)


def _place(
    label: Label, lines: list[str], frame: Bounds, tree: shapely.STRtree, taken_boxes: np.ndarray
) -> Bounds | None:
    """A label's place in a frame; None without one. taken_boxes: (n, 4) boxes of other names."""
    width = max(text_width(line, label.size) for line in lines)
    height = label.size * _LINE * len(lines)
    inner = (frame[0] + _AIR_MM, frame[1] + _AIR_MM, frame[2] - _AIR_MM, frame[3] - _AIR_MM)
    places = [box for box in _candidates(label, width, height) if _is_in(box, inner)]
    free = [box for box in places if not _meets_any(box, taken_boxes)]
    if label.inside:
        inside = (box for box in free if shapely.contains_properly(label.shape, shapely.box(*box)))
        return next((box for box in inside if not _cuts_edge(shapely.box(*box), tree)), None)
    clear = next((box for box in free if len(tree.query(shapely.box(*box), predicate="intersects")) == 0), None)
    if clear is not None or not label.needed:
        return clear
    return next(iter(free or places), None)


def _cuts_edge(box: shapely.Geometry, tree: shapely.STRtree) -> bool:
    """Whether a box overlaps the edge of a shape, such as a parcel's red line, rather than lying inside it."""
    met_shapes = tree.geometries[tree.query(box, predicate="intersects")]
    return bool(np.any(~shapely.contains_properly(met_shapes, box)))


def _candidates(label: Label, width: float, height: float) -> list[Bounds]:
    if label.inside:
        centre = shapely.point_on_surface(label.shape)
        points = [(shapely.get_x(centre), shapely.get_y(centre))]
        middle = shapely.centroid(label.shape)
        points.append((shapely.get_x(middle), shapely.get_y(middle)))
        return [(x - width / 2, y - height / 2, x + width / 2, y + height / 2) for x, y in points]
    left, top, right, bottom = shapely.bounds(label.shape).tolist()
    x, y = (left + right) / 2, (top + bottom) / 2
    places = []
    for distance_mm in (_AWAY_MM, _AWAY_MM * 4, _AWAY_MM * 9):
        above, below = top - distance_mm - height, bottom + distance_mm
        before, after = left - distance_mm - width, right + distance_mm
        corners = [(x - width / 2, above), (after, y - height / 2), (x - width / 2, below), (before, y - height / 2)]
        corners += [(after, above), (before, above), (after, below), (before, below)]
        places += [(start, head, start + width, head + height) for start, head in corners]
    return places


def line_name_shape(line: shapely.Geometry) -> shapely.Geometry:
    """The part of a line at which its name stands: the middle of its longest part."""
    parts = shapely.get_parts(line)
    return shapely.line_interpolate_point(parts[int(np.argmax(shapely.length(parts)))], 0.5, normalized=True)


def _is_in(box: Bounds, frame: Bounds) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _meets_any(box: Bounds, others: np.ndarray) -> bool:
    left, top, right, bottom = others.T
    return bool(((box[0] < right) & (left < box[2]) & (box[1] < bottom) & (top < box[3])).any())
