"""What the verbs of deliveries say to people."""

from collections.abc import Callable
from typing import Any

from onemap.layers.messages import phrase

Result = dict[str, Any]


def _deliver(result: Result, language: str) -> str:
    lines = [phrase("said.deliver", language, **{**result, "layers": len(result["layers"])})]
    for layer in result["layers"]:
        name = "said.deliver_change" if "added" in layer else "said.deliver_layer"
        lines.append("  " + phrase(name, language, **layer))
    return "\n".join(lines)


def _receive(result: Result, language: str) -> str:
    taken = result.get("received")
    if taken is not None:
        facts = {"name": taken["receiver"].get("name", "–"), "by": taken["received_by"], "at": taken["received_at"]}
        return phrase("said.receive_taken", language, package=taken["package"], **facts)
    if result["receipt"] is None:
        return "\n".join(phrase(f"said.receive_{row['status']}", language, **row) for row in result["plan"])
    held = [row for row in result["plan"] if row["status"] == "held"]
    lines = [phrase("said.receive_held", language, **row) for row in held]
    lines += [phrase("said.receive_added", language, **row) for row in result["added"]]
    return "\n".join([*lines, phrase("said.receive_receipt", language, receipt=result["receipt"])])


DELIVERY_SPEAKERS: dict[str, Callable[[Result, str], str]] = {"deliver": _deliver, "receive": _receive}
