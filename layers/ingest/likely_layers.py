"""Which layers of the catalogue a name or some fields suggest."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.catalogue.layer_names import layers_by_name
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.fields import needed_fields

_ENOUGH_FIELDS = 0.6  # of a schema's fields, for a layer to be suggested by them
# These words make of a file another matter than a layer: what was taken out of it, or is to come into it, what only
# changed, a draft. It would be judged by as the layer in force.
_OTHER_MATTER_OF_ALL = (
    *("调出", "调入", "核减", "剔除", "拟调", "拟划", "增量"),
    *("征求意见", "草案", "送审", "初稿", "讨论稿"),
)
# And these beside a layer's own title, such as a part or a copy; elsewhere 数据部分 and 土地储备中心 say nothing of it.
_OTHER_MATTER = (
    *_OTHER_MATTER_OF_ALL,
    *("核销", "扣除", "删除", "占用", "补划", "储备", "拟占", "拟用", "拟建", "以外", "冲突"),
    *("重叠", "压占", "侵占", "套合", "差异", "疑似", "问题", "更新层", "更新过程", "变化", "流量"),
    *("备份", "副本", "局部", "部分", "选中", "裁剪", "缓冲", "外扩", "周边"),
)
_OTHER_MATTER_IN_LATIN = (
    *("bak", "backup", "copy", "draft", "old", "part"),
    *("selected", "selection", "clip", "test", "tmp"),
)
YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_GEOMETRIES = {"polygon": "Polygon", "line": "LineString", "point": "Point"}


def meant_layers(layer: Mapping[str, Any], stem: str, several: bool, catalogue: Sequence[LayerEntry]) -> dict[str, str]:
    """Return the codes that the name of a layer or of its file suggests, with the reason, if its geometry fits.

    layer: as `inspect` describes it; stem: of the file's name; several: the file has other layers, so that its own name
    says nothing of any of them. If the names suggest different codes, all are given.
    """
    names, candidates = [layer["name"], *([] if several else [stem])], fitting_layers(layer, catalogue)
    reasons: dict[str, str] = {}
    for name in dict.fromkeys(names):
        for code, why in layers_by_name(name, candidates).items():
            reasons.setdefault(code, why)
    return reasons


def fitting_layers(layer: Mapping[str, Any], catalogue: Sequence[LayerEntry]) -> list[LayerEntry]:
    """Return the catalogue's layers with the geometry of a layer of a file. layer: as `inspect` describes it."""
    return [entry for entry in catalogue if _fits(entry, layer)]


def _fits(entry: LayerEntry, layer: Mapping[str, Any]) -> bool:
    if entry.geometry == "raster" or "raster" in layer:
        return entry.geometry == "raster" and "raster" in layer
    kinds = layer["geometry"] or ""
    if entry.geometry == "table":
        return not kinds
    # Points of a sheet and tables with a column of coordinates are read as what they become.
    return _GEOMETRIES[entry.geometry] in kinds


def other_matter(name: str, entry: LayerEntry, in_latin: bool = False) -> str | None:
    """Return the word in a name that shows a file is not the layer (生态保护红线调出图斑, 非基本农田), if any.

    name: of a file, a layer in it or a folder; it need not name the layer; in_latin: words in Latin letters count, too.
    """
    text = re.sub(r"\s", " ", name).lower()
    rest = text
    for own in (entry.code, *entry.title.values()):
        if f"非{own}".lower() in text:
            return "非"
        rest = rest.replace(own.lower(), " ")
    if rest == text:
        return next((word for word in _OTHER_MATTER_OF_ALL if word in text), None)
    matter_words = [word for word in _OTHER_MATTER if word in "".join(rest.split())]
    latin = [word for word in re.findall("[a-z]+", rest) if in_latin and word in _OTHER_MATTER_IN_LATIN]
    return next(iter([*matter_words, *latin]), None)


def layers_by_fields(fields: Sequence[str], catalogue: Sequence[LayerEntry]) -> tuple[str, ...]:
    """Return the codes whose schema the fields fill best, if they fill enough of it."""
    shares = {entry.code: known_fields(fields, entry) / len(entry.fields) for entry in catalogue if entry.fields}
    best = max(shares.values(), default=0.0)
    return tuple(code for code, share in shares.items() if share == best >= _ENOUGH_FIELDS)


def known_fields(fields: Sequence[str], entry: LayerEntry) -> int:
    """Return how many fields of a layer's schema are among some fields; 0 if a needed one is missing."""
    there = shared_fields(fields, entry)
    needed_names = {item.name for item in entry.fields}.intersection(needed_fields(entry, ()))
    return len(there) if there.issuperset(needed_names) else 0


def shared_fields(fields: Sequence[str], entry: LayerEntry) -> set[str]:
    """Return the fields of a layer's schema that are among some fields, by name or alias."""
    names = {name.lower() for name in fields}
    return {item.name for item in entry.fields if not names.isdisjoint(map(str.lower, (item.name, *item.aliases)))}


def are_same_file(one: str, other: str) -> bool:
    """Whether two names are of the same file in two years; one of them may include folders."""
    first, second = (f"/{YEAR.sub('', name)}" for name in (one, other))
    return first.endswith(second) or second.endswith(first)
