"""A few parcels against many layers: all overlays are made together, since most of the time goes into calls."""

from collections.abc import Mapping

import numpy as np
import shapely

from onemap.rules.judge.inputs.layer_sources import LayerSource
from onemap.rules.judge.kinds.ground import SharedGround
from onemap.rules.judge.overlay.candidate_pairs import CandidatePairs, candidate_pairs, lies_apart
from onemap.rules.judge.overlay.mutual_overlaps import Known
from onemap.rules.judge.overlay.overlay import Overlaps, build_overlaps, grounds
from onemap.rules.judge.overlay.threads import Threads

FEW_PARCELS = 64


def shared_grounds(
    parcels: np.ndarray, tree: shapely.STRtree, layers: Mapping[str, LayerSource], threads: Threads
) -> dict[str, SharedGround]:
    """The ground that parcels share with each layer's features, with the same digits as layer by layer.

    parcels: (n,) polygons, and `tree` their index; layers: of polygons, by code.
    """
    read = {code: source.stored.geometries for code, source in layers.items() if source.stored is not None}
    if not read:
        return {}
    count = len(parcels)
    sizes = [len(geometries) for geometries in read.values()]
    layer_of_feature = np.repeat(np.arange(len(read)), sizes)
    features = np.concatenate(list(read.values()))
    first_feature = np.cumsum(sizes) - sizes
    candidates = candidate_pairs(parcels, tree, features, threads)
    pairs = build_overlaps(parcels, features, candidates, threads)
    # Every layer has parcels of its own, as it were, so that nothing of two layers is joined.
    parcel_of_layer = layer_of_feature[pairs.feature] * count + pairs.parcel
    apart = Overlaps(parcel_of_layer, pairs.feature, pairs.ground, pairs.failed)
    ground = grounds(apart, np.tile(parcels, len(read)), features, threads, _places(candidates, parcels, len(features)))
    of_pair, result = layer_of_feature[pairs.feature], {}
    by_layer = np.argsort(of_pair, kind="stable")
    ends = np.cumsum(np.bincount(of_pair, minlength=len(read)))
    for layer, code in enumerate(read):
        rows = by_layer[ends[layer - 1] if layer else 0 : ends[layer]]
        failed = pairs.failed[layer_of_feature[pairs.failed[:, 1]] == layer] - [0, first_feature[layer]]
        feature = pairs.feature[rows] - first_feature[layer]
        of_layer = Overlaps(pairs.parcel[rows], feature, pairs.ground.at(rows), failed)
        result[code] = SharedGround(of_layer, ground.at(np.arange(layer * count, (layer + 1) * count)))
    return result


def _places(candidates: CandidatePairs, parcels: np.ndarray, count: int) -> Known | None:
    """The position of each of `count` features in the flat arrays of the pairs; None where parcels lie far apart."""
    if lies_apart(parcels).any():
        return None
    place = np.zeros(count, dtype=np.int64)
    place[candidates.feature] = candidates.flat.right_index
    return candidates.flat.right, place
