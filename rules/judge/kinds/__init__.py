"""The kinds of rule. A new kind is one new module with a `KIND` (see kind.py), and one line here."""

from onemap.rules.judge.kinds import avoid, composition, cross, height, near, raster, setback, use, within
from onemap.rules.judge.kinds.kind import Kind

_MODULES = (avoid, within, setback, use, raster, height, cross, near, composition)
KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in _MODULES}
