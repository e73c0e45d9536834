"""Quarantine: features that a layer cannot hold go into a separate table; the coverage leaves out their ground."""

from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import joined_sentences
from onemap.layers.frames.frames import BadFeatures
from onemap.layers.geometry.coverage_ground import without_convex
from onemap.layers.geometry.validity import are_beyond, are_finite
from onemap.layers.library.library import log
from onemap.layers.library.log_reading import log_features
from onemap.layers.library.version_writing import as_stored, sql_types
from onemap.layers.library.versions import Version, bad_table
from onemap.layers.messages import wording
from onemap.layers.progress import SILENT, Progress
from onemap.layers.stores.logged_rows import note_structure
from onemap.layers.stores.store import StoreConnection, TableDefinition

_THIN_M = 0.5  # a line or a point is no ground: this much around it is


def ground_of(geometries: np.ndarray) -> np.ndarray:
    """Return the ground on which each bad feature may lie: the convex hull of its points (n,), None without points.

    What its lines were meant to enclose is not known, and a smaller guess could clear ground that is not clear.
    """
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    finite = np.isfinite(points).all(axis=1)
    points, owner = points[finite], owner[finite]
    result = np.full(len(geometries), None, dtype=object)
    if len(points) == 0:
        return result
    owners, position = np.unique(owner, return_inverse=True)
    hulls = shapely.convex_hull(shapely.multipoints(shapely.points(points), indices=position))
    thin = shapely.get_dimensions(hulls) < 2
    hulls[thin] = shapely.buffer(hulls[thin], _THIN_M)
    result[owners] = hulls
    return result


def without_ground(coverage: shapely.Geometry, bad: BadFeatures) -> tuple[shapely.Geometry, int]:
    """Return a coverage without the ground of bad features, and how many of them have no known ground.

    Raises OneMapError overlay.union.
    """
    ground = ground_of(bad.geometries)
    known_ground = ground[~shapely.is_missing(ground)]
    if len(known_ground) == 0:
        return coverage, len(ground)
    return without_convex(coverage, known_ground), len(ground) - len(known_ground)


def write_bad(
    connection: StoreConnection,
    version: Version,
    bad: BadFeatures,
    who: str,
    language: str,
    progress: Progress,
    *,
    is_of_several: bool,
) -> None:
    """Put bad features and their problems into a separate table, inside the open transaction.

    is_of_several: the version is made of several files, so each feature names its file.
    """
    table = bad_table(version.table)
    attributes = bad.attributes.copy()
    files = [problems[0].facts.get("file") for problems in bad.problems]
    told_of: dict[str, list[Any]] = {"source_file": files} if is_of_several else {}
    told_of |= {
        "source_row": [int(row) + 1 for row in bad.rows],
        "problem": [", ".join(problem.code for problem in problems) for problems in bad.problems],
        "message": [
            joined_sentences(*(wording(problem, language)[0] for problem in problems)) for problems in bad.problems
        ],
    }
    used_names = {str(name).lower() for name in attributes.columns}
    for position, (name, values) in enumerate(told_of.items()):
        free = name
        while free in used_names:
            free += "_"
        attributes.insert(position, free, np.array(values, dtype=object))
    geometries = bad.geometries.copy()
    # A file may not hold coordinates that are no numbers, and no index those that no system has.
    geometries[~are_finite(geometries) | are_beyond(geometries)] = None
    attributes = as_stored(attributes)
    features = TableDefinition(table, table, "GEOMETRY", sql_types(attributes))
    progress.at(0.0)
    connection.make_features(features)
    connection.add_features(features, [geometries], [attributes[name].tolist() for name in features.fields])
    connection.index_features(features, shapely.bounds(geometries).reshape(-1, 4), SILENT)
    connection.show_features(features, shapely.total_bounds(geometries))
    note_structure(connection, [table])
    log(connection, who, "set_aside", table, log_features(connection, table, 1, geometries, attributes))
