"""A feature inside a parcel is its own piece, to the last digit, and a ring where it is made of one."""

import numpy as np
import pyarrow as pa
import shapely
from shapely import Polygon, box

from onemap.rules.judge.overlay.overlay import overlaps
from onemap.rules.judge.overlay.threads import Threads


def test_whole_features_are_rings_with_their_own_points_and_areas():
    parcels = np.array([box(0, 0, 100, 100), box(200, 0, 300, 100)], dtype=object)
    inside = Polygon([(10.1, 10.3), (40.7, 12.9), (33.3, 47.1), (12.2, 31.4)])
    holed = Polygon([(210, 10), (290, 10), (290, 90), (210, 90)], [[(230, 30), (230, 50), (250, 50), (250, 30)]])
    parts = shapely.multipolygons([box(60, 60, 65, 65), box(70, 70, 80, 80)])
    across = Polygon([(90.5, 20.25), (120.5, 25.75), (95.5, 60.125)])
    same = Polygon(box(200, 0, 300, 100))
    features = np.array([across, inside, parts, holed, same], dtype=object)
    found = overlaps(parcels, shapely.STRtree(parcels), features, Threads())
    assert list(zip(found.parcel.tolist(), found.feature.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 3),
        (1, 4),
    ]
    assert found.ground.size[1] == 5  # its four corners, the first once more
    assert (found.ground.size[[2, 3]] == 0).all()
    for at, feature in ((1, inside), (2, parts), (3, holed)):
        assert shapely.equals_exact(found.geometry[at], feature, tolerance=0)
        assert found.ground.area_m2[at] == shapely.area(feature)
    assert found.geometry[4] is parcels[1]  # all of a parcel is the parcel itself
    assert abs(found.ground.area_m2[0] - shapely.area(shapely.intersection(parcels[0], across))) < 1e-9
    multis = [shapely.multipolygons([one]) if one.geom_type == "Polygon" else one for one in (inside, parts, holed)]
    assert found.ground.wkb().take(pa.array([1, 2, 3])).to_pylist() == [shapely.to_wkb(one) for one in multis]
