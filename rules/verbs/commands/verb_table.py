"""The verbs as JSON, for the plugin: it imports nothing of the core, and makes its Processing algorithms from them."""

import json
from typing import Any

from onemap.rules.contract.value_schema import value_kind
from onemap.rules.verbs.commands.verbs import VERBS, Parameter


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
        "kind": value_kind(parameter),
        "positional": parameter.positional,
        "metavar": parameter.metavar if parameter.positional and parameter.metavar != parameter.name.upper() else "",
        "required": parameter.is_required,
        "choices": parameter.choices,
        "words": parameter.words,
        "forms": parameter.forms,
    }
    return {key: value for key, value in row.items() if value}
