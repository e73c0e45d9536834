"""A few parcels against many layers: their overlays are made together, since one by one they cost more in calls."""

from collections.abc import Mapping

import numpy as np
import shapely

from onemap.rules.inputs.layer_sources import LayerSource
from onemap.rules.kinds.ground import SharedGround
from onemap.rules.overlay.overlay import Overlaps, grounds, overlaps
from onemap.rules.overlay.threads import Crew

FEW_PARCELS = 64
KINDS_OF_GROUND = ("avoid", "within", "use", "composition")  # which lay all parcels over the layer's features


def shared_grounds(
    parcels: np.ndarray, tree: shapely.STRtree, layers: Mapping[str, LayerSource], crew: Crew
) -> dict[str, SharedGround]:
    """For each layer what the parcels share with its features; the digits are those of each layer by itself.

    parcels: (n,) polygons and `tree` their index; layers: of polygons, by code.
    """
    read = {code: source.stored.geometries for code, source in layers.items() if source.stored is not None}
    if not read:
        return {}
    count = len(parcels)
    sizes = [len(geometries) for geometries in read.values()]
    layer = np.repeat(np.arange(len(read)), sizes)
    features = np.concatenate(list(read.values()))
    first = np.cumsum(sizes) - sizes
    found = overlaps(parcels, tree, features, crew)
    # Every layer has parcels of its own, as it were, so that nothing of two layers is joined.
    apart = Overlaps(layer[found.feature] * count + found.parcel, found.feature, found.geometry, found.failed)
    ground = grounds(apart, np.tile(parcels, len(read)), features, crew)
    result = {}
    for at, code in enumerate(read):
        mine, broken = layer[found.feature] == at, layer[found.failed[:, 1]] == at
        failed = found.failed[broken] - [0, first[at]]
        own = Overlaps(found.parcel[mine], found.feature[mine] - first[at], found.geometry[mine], failed)
        result[code] = SharedGround(own, ground[at * count : (at + 1) * count].copy())
    return result
