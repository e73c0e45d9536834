"""Whether a layer is accurate enough for a question: its positional error compared with the size of the place.

A layer's boundary may lie anywhere within its error of the drawn line (the epsilon band of J. Perkal, 1956). The share
of a place that this leaves open is a figure; the share from which a layer is called unfit is this program's own choice,
not a law's.
"""

import numpy as np
import shapely

from onemap.layers.records import Record
from onemap.rules.answers.identify.layer_grades import FIT, LIMITED, UNFIT, UNKNOWN

FIT_SHARE, LIMITED_SHARE = 0.10, 0.50


def layer_fitness(shape: shapely.Geometry, accuracy_m: float | None, geometries: np.ndarray) -> Record:
    """The fitness of a layer for a shape: `accuracy_m`, `share`, `grade`.

    shape: a point, a line or a polygon in the library's plane; accuracy_m: of the layer's version in metres, None if
    not stated, which gives grade `unknown`; geometries (n,): the layer's features nearer to the shape than twice its
    error. `share`, 0 to 1, is the part that the error leaves open: for a polygon the band along a boundary as long as
    its own, error × perimeter / area; for a line the error at both ends of a stretch, 2 × error / length; for a point 1
    if a boundary is nearer than the error, else 0. Up to FIT_SHARE the layer is `fit`, up to LIMITED_SHARE `limited`,
    above it `unfit`.
    """
    if accuracy_m is None:
        return {"accuracy_m": None, "share": None, "grade": UNKNOWN}
    share = min(1.0, _open_share(shape, accuracy_m, geometries))
    grade = FIT if share <= FIT_SHARE else LIMITED if share <= LIMITED_SHARE else UNFIT
    return {"accuracy_m": accuracy_m, "share": share, "grade": grade}


def _open_share(shape: shapely.Geometry, accuracy_m: float, geometries: np.ndarray) -> float:
    if shape.area > 0:
        return accuracy_m * float(shape.length) / float(shape.area)
    if shape.length > 0:
        return 2 * accuracy_m / float(shape.length)
    are_ground = shapely.get_dimensions(geometries) == 2
    edges = np.where(are_ground, shapely.boundary(geometries), geometries)
    return float((shapely.distance(edges, shape) <= accuracy_m).any())
