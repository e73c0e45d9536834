"""The verbs as JSON, for the plugin: it imports nothing of the core, and makes its Processing algorithms from them."""

import json

from onemap.rules.commands.verbs import VERBS, Parameter
from onemap.rules.verb.declaration import to_angle, to_count, to_date, to_metres, to_moment

# What a value is; all that is not named here is text, as it is typed.
_KINDS = {to_date: "date", to_moment: "moment", to_metres: "number", to_angle: "number", to_count: "count"}


def verb_table() -> str:
    """Every verb with its parameters in their order, one to a line."""
    verbs = []
    for verb in VERBS.values():
        rows = [json.dumps(_row(parameter), ensure_ascii=False) for parameter in verb.parameters]
        verbs.append(f' "{verb.name}": [' + ",".join(f"\n  {row}" for row in rows) + "]")
    return "{\n" + ",\n".join(verbs) + "\n}\n"


def _row(parameter: Parameter) -> dict[str, object]:
    is_required = parameter.required or (parameter.positional and not parameter.optional)
    row: dict[str, object] = {"name": parameter.name, "kind": _kind(parameter)}
    row |= {"positional": True} if parameter.positional else {}
    row |= {"required": True} if is_required else {}
    row |= {"choices": list(parameter.choices)} if parameter.choices else {}
    return row


def _kind(parameter: Parameter) -> str:
    if parameter.flag or parameter.repeated or parameter.choices:
        return "flag" if parameter.flag else "list" if parameter.repeated else "choice"
    return _KINDS.get(parameter.convert, "text") if parameter.convert else "text"
