"""The types of the tables in resources/styles: the look of a layer, a group of the map, a kind of map.

Lengths are millimetres on paper unless a name says otherwise; opacities lie between 0 and 1.
"""

from typing import NotRequired, TypedDict


class Hatch(TypedDict, total=False):
    """Lines over a ground. angle: degrees from east, counterclockwise."""

    angle: float
    distance_mm: float
    width_mm: float


class LabelStyle(TypedDict, total=False):
    """The labels of features. text: the part that is shown; size: points; up_to: the smallest scale, as 25000."""

    text: str
    size: float
    up_to: int
    colour: str
    halo_mm: float
    priority: int


class LayerStyle(TypedDict, total=False):
    """The look of features. prefixes, values: by the beginning of a code, or the whole code, in the field."""

    title: dict[str, str]
    like: str
    stroke: str | None
    stroke_mm: float | None
    dash: str | None
    fill: str
    fill_opacity: float
    hatch: Hatch
    label: LabelStyle
    field: str
    prefixes: dict[str, "LayerStyle"]
    values: dict[str, "LayerStyle"]
    shape: str
    edge: str
    size_mm: float


class StratumLook(TypedDict, total=False):
    """The look of a group's layers that have no style of their own. angles: of their hatches, in turn."""

    stroke_mm: float
    fill_opacity: float
    hatch_mm: float
    angles: list[float]


class Stratum(TypedDict):
    """A group of the map: which layers lie in it, by code, library, geometry or kind, and how they look."""

    id: str
    title: dict[str, str]
    layers: NotRequired[list[str]]
    libraries: NotRequired[list[str]]
    geometries: NotRequired[list[str]]
    kinds: NotRequired[list[str]]
    look: NotRequired[StratumLook]
    label: NotRequired[LabelStyle]


class ThemeOfMap(TypedDict):
    """A map that a click shows: the codes of its layers. title: None for a department's own."""

    id: str
    title: dict[str, str] | None
    department: str | None
    layers: list[str]


class SheetTheme(TypedDict):
    """A kind of map in documents. around: its width in widths of the parcels; least_m: its least width on the ground.

    title_all: of the sheet with every piece; base, faint: layers below; one_of: the first available one is shown.
    """

    title: dict[str, str]
    title_all: NotRequired[dict[str, str]]
    layers: list[str]
    base: NotRequired[list[str]]
    one_of: NotRequired[list[str]]
    faint: NotRequired[list[str]]
    around: float
    least_m: float
