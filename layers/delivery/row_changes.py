"""Which rows of a version its base already holds, byte by byte, and how the version is rebuilt from both."""

from collections import defaultdict, deque

import numpy as np
import pandas as pd
import shapely

from onemap.layers.delivery.package_record import RowChanges
from onemap.layers.frames.fields import feature_names
from onemap.layers.library.versions import StoredFeatures


def row_changes(base: StoredFeatures, version: StoredFeatures, key: str | None) -> tuple[RowChanges, np.ndarray]:
    """Return how a version's rows come from its base's, and its rows (k,), from 0, that the base lacks.

    key: the layer's key; a row with the same key counts as changed and not as removed and added.
    """
    there: defaultdict[tuple[bytes, str], deque[int]] = defaultdict(deque)
    if list(base.attributes.columns) == list(version.attributes.columns):
        for row, content in enumerate(_contents(base)):
            there[content].append(row)
    origins = np.full(len(version.fids), -1, dtype=np.int64)
    for row, content in enumerate(_contents(version)):
        if there[content]:
            origins[row] = there[content].popleft()
    new = np.flatnonzero(origins < 0)
    lacking_rows = np.setdiff1d(np.arange(len(base.fids)), origins)
    before, after = _names(base, key)[lacking_rows], _names(version, key)[new]
    changed_names = set(before) & set(after) if key is not None else set()
    removed = tuple(name for name in before if name not in changed_names)
    return RowChanges(_stretches(origins), removed, len(new) - len(changed_names), len(changed_names)), new


def _contents(features: StoredFeatures) -> list[tuple[bytes, str]]:
    bodies = shapely.to_wkb(features.geometries, byte_order=1)
    values = features.attributes.itertuples(index=False, name=None)
    return [(body or b"", repr(row)) for body, row in zip(bodies, values, strict=True)]


def _names(features: StoredFeatures, key: str | None) -> np.ndarray:
    return np.asarray(feature_names(features.attributes, key, len(features.fids)), dtype=object)


def _stretches(origins: np.ndarray) -> tuple[tuple[str, int, int], ...]:
    """Return the rows of a version in order: stretches of the base's rows, and of the package's (origin below 0)."""
    if not len(origins):
        return ()
    is_new = origins < 0
    places = np.where(is_new, np.cumsum(is_new) - 1, origins)
    starts = np.flatnonzero(np.r_[True, (np.diff(places) != 1) | (is_new[1:] != is_new[:-1])])
    counts = np.diff(np.r_[starts, len(origins)])
    return tuple(
        ("package" if is_new[start] else "base", int(places[start]) + 1, int(count))
        for start, count in zip(starts, counts, strict=True)
    )


def put_together(
    changes: RowChanges, base: StoredFeatures, geometries: np.ndarray, attributes: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the rows of a version from its base, and from a package's rows (k,) with their attributes.

    Raises ValueError for stretches that lie beyond either.
    """
    counts = {"base": len(base.fids), "package": len(geometries)}
    columns = list(attributes.columns) if len(geometries) else list(base.attributes.columns)
    shapes = {"base": base.geometries, "package": geometries}
    values = {"base": base.attributes, "package": attributes}
    parts = []
    for origin, first, count in changes.rows:
        if first + count - 1 > counts[origin]:
            raise ValueError(f"{origin} {first}+{count}")
        parts.append((origin, slice(first - 1, first - 1 + count)))
    part_shapes = [shapes[origin][rows] for origin, rows in parts]
    frames = [values[origin].iloc[rows].reindex(columns=columns) for origin, rows in parts]
    if not part_shapes:
        return np.empty(0, dtype=object), attributes.iloc[:0]
    return np.concatenate(part_shapes), pd.concat(frames, ignore_index=True).astype(object)
