"""What the verbs of deliveries say to people."""

from collections.abc import Callable
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.indicators.indicator_text import new_warning_lines

Result = dict[str, Any]


def _deliver(result: Result, language: str) -> str:
    lines = [phrase("said.deliver", language, **{**result, "layers": len(result["layers"])})]
    for layer in result["layers"]:
        name = "said.deliver_change" if "added" in layer else "said.deliver_layer"
        lines.append("  " + phrase(name, language, **layer))
    if result.get("left_out"):
        layers = phrase("said.comma", language).join(result["left_out"])
        lines.append("  " + phrase("said.deliver_left_out", language, layers=layers))
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


def _ingest(result: Result, language: str) -> str:
    lines = [_plan_line(row, language) for row in result["plan"]]
    lines += [phrase("said.ingest_added", language, **row) for row in result["added"]]
    for row in result["refused"]:
        source = " · ".join(filter(None, (row["source"], row["layer"], row["code"])))
        lines.append(phrase("said.ingest_refused", language, source=source))
        lines += [f"  - {problem['message']} {problem['mend']}" for problem in row["problems"]]
    if result.get("plan_file") and not result["added"] and not result["refused"]:
        lines.append(phrase("said.ingest_planned", language, plan=result["plan_file"]))
    return "\n".join(lines)


def _plan_line(row: Result, language: str) -> str:
    source = " · ".join(filter(None, (row["source"], row["layer"])))
    code = row["code"] or "/".join(f"{code}?" for code in row["suggested"]) or "–"
    status = phrase(f"delivery.{row['status']}", language)
    line = phrase("said.ingest_row", language, status=status, source=source, code=code)
    remembered = ", ".join(row["remembered"])
    return line + (phrase("said.ingest_remembered", language, names=remembered) if remembered else "")


def _changes(result: Result, language: str) -> str:
    lines = [phrase("said.changes", language, **result)]
    for row in result["transitions"]:
        hectares = f"{row['area_m2'] / 10_000:,.4f}"
        lines.append("  " + phrase("said.changes_class", language, **{**row, "hectares": hectares}))
    return "\n".join(lines)


def _recheck(result: Result, language: str) -> str:
    """What turned and why, so that it can be sent as it is."""
    records = [*result["cases"], *result.get("runs", [])]
    turned = sum(bool(record["turned"]) for record in records)
    lines = [phrase("said.recheck", language, count=len(records), turned=turned)]
    for record in records:
        if not record["turned"] and not record["problems"]:
            continue
        name = record.get("project") or record.get("name") or ""
        lines.append(" ".join(filter(None, (record.get("case") or record.get("run"), name))))
        for one in record["turned"]:
            before, after = (phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to"))
            lines.append(f"  {one['parcel']}: {before} → {after} ({', '.join(one['rules'])})")
        for one in [*record.get("layers", []), *record.get("packs", [])]:
            lines.append(f"  {one.get('code') or one['id']}: {one['from'] or '–'} → {one['to'] or '–'}")
        lines += [f"  {problem['message']} {problem['mend']}" for problem in record["problems"]]
    if "warnings" in result:
        lines += new_warning_lines(result, language)
    return "\n".join(lines)


DELIVERY_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "deliver": _deliver,
    "receive": _receive,
    "ingest": _ingest,
    "changes": _changes,
    "recheck": _recheck,
}
