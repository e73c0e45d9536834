"""The kinds of rule. A new kind is one new module of the same shape, and one line here.

Each has KEYS (its own keys and their types), GEOMETRIES (of the layers it takes), `problems(item)` (what is wrong
with its keys, as (key, reason)), `fields(options)` (the layer's fields that it reads), `reach_m(ground)` (how far
from a parcel it looks) and `judge(ground)` (the ground of each parcel in conflict, and that which cannot be judged).
"""

from types import ModuleType

from onemap.rules.kinds import avoid, composition, cross, near, raster, setback, use, within

KINDS: dict[str, ModuleType] = {
    "avoid": avoid,
    "within": within,
    "setback": setback,
    "use": use,
    "raster": raster,
    "cross": cross,
    "near": near,
    "composition": composition,
}
