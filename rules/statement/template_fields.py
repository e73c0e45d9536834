"""The fields that a template may use, from the published schema: also those of lists that happen to be empty."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from onemap.layers.messages import RESOURCES


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    text = (RESOURCES / "schemas" / "statement.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def template_fields(context: Mapping[str, Any]) -> dict[str, Any]:
    """An example of the context in which every list has one item, so that fields can be looked up by name.

    context: the printed content; what the schema has not, its sentences, is taken from it. Figures have an image.
    """
    fields: dict[str, Any] = _example(_schema())
    fields["figures"][0]["image"] = ""
    return {**context, **fields}


def _example(node: Mapping[str, Any]) -> Any:
    if "$ref" in node:
        return _example(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    parts = [_example(part) for key in ("allOf", "anyOf") for part in node.get(key, ()) if part != {"type": "null"}]
    joined = {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}
    if "properties" in node:
        joined |= {name: _example(part) for name, part in node["properties"].items()}
        return joined | {name: "" for name in ("area_text", "hectares_text") if "length_m" in joined}
    if "items" in node:
        return [_example(node["items"])]
    return joined or ""
