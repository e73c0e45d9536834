"""The verbs as JSON, for the plugin: it imports nothing of the core, and makes its Processing algorithms from them."""

import json
from collections.abc import Callable
from typing import Any

from onemap.rules.contract.declaration import to_angle, to_count, to_date, to_metres, to_moment, to_width_mm
from onemap.rules.verbs.commands.verbs import VERBS, Parameter

# What a value is; all that is not named here is text, as it is typed.
_KINDS: dict[Callable[[str], Any] | None, str] = {
    to_date: "date",
    to_moment: "moment",
    to_metres: "number",
    to_angle: "number",
    to_count: "count",
    to_width_mm: "count",
}


def verb_table() -> str:
    """Every verb with its parameters in their order, one to a line."""
    verbs = []
    for verb in VERBS.values():
        rows = [json.dumps(_row(parameter), ensure_ascii=False) for parameter in verb.parameters]
        verbs.append(f' "{verb.name}": [' + ",".join(f"\n  {row}" for row in rows) + "]")
    return "{\n" + ",\n".join(verbs) + "\n}\n"


def _row(parameter: Parameter) -> dict[str, Any]:
    row = {
        "name": parameter.name,
        "kind": _kind(parameter),
        "positional": parameter.positional,
        "metavar": parameter.metavar if parameter.positional and parameter.metavar != parameter.name.upper() else "",
        "required": parameter.is_required,
        "choices": parameter.choices,
        "words": parameter.words,
        "forms": parameter.forms,
    }
    return {key: value for key, value in row.items() if value}


def _kind(parameter: Parameter) -> str:
    if parameter.flag:
        return "flag"
    if parameter.repeated:
        return "list"
    return "choice" if parameter.choices else _KINDS.get(parameter.convert, "text")
