"""The field that gives a layer's features their names on the map and in answers."""

from collections.abc import Collection

from onemap.layers.catalogue.schema import LayerEntry

_NAME_ENDING = "MC"  # 名称
_NAMES_OF_OTHERS = ("QSDWMC", "ZLDWMC", "HDMC", "ZZSXMC", "GDZZSXMC", "GHMC")  # owner, place, island, state, plan
_PLACES = ("XZQ", "CJDCQ")  # which are called by what others only lie in


def name_field(entry: LayerEntry, fields: Collection[str]) -> str | None:
    """Return the field with the names of a layer's features, not those of their place, owner or plan."""
    for name in fields:
        field = entry.field_named(name)
        is_of_other = field is not None and field.name_of not in (None, entry.class_field)
        is_own = entry.code in _PLACES or not (name.endswith("XZQMC") or name in _NAMES_OF_OTHERS)
        if name.endswith(_NAME_ENDING) and is_own and not is_of_other:
            return name
    return None
