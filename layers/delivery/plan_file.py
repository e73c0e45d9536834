"""A delivery's plan as a TOML file: written for a person, and read back as it was edited."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.toml_text import toml_content, toml_reason, toml_string
from onemap.layers.delivery.delivery_plan import FROM_FILE, LEFT_OUT, MATCHED, UNREADABLE, PlanRow
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.ingest.arrival import ACCEPTABLE
from onemap.layers.messages import either_of, phrase

_TEXTS = (
    "source",
    "layer",
    "code",
    "crs",
    "encoding",
    "transform",
    "transform_hash",
    "covers",
    "accept",
    "label",
    "valid_from",
    "valid_to",
)
_FLAGS = ("repair", "keep_bad", "sure")
_SHOWN = ("status", "why")  # for whoever reads the file; read back is only what cannot be read


def write_plan(path: Path, rows: Sequence[PlanRow], language: str) -> None:
    """Write a plan, with a line on how to edit it. Raises OneMapError out.…, and source.name: a plan is text."""
    unnamed = [problem for row in rows for problem in row.problems if problem.code == "source.name"]
    if unnamed:
        raise OneMapError.of(unnamed)
    lines = [f"# {line}" for line in phrase("delivery.plan_head", language).splitlines()]
    for row in rows:
        lines += ["", "[[layer]]"]
        lines += [
            f"{name} = {toml_string(getattr(row, name) or '')}" for name in (*_TEXTS, *_SHOWN) if _is_shown(row, name)
        ]
        lines += [f"{name} = true" for name in _FLAGS if getattr(row, name)]
        if row.fields:
            pairs = ", ".join(f"{toml_string(target)} = {toml_string(source)}" for target, source in row.fields.items())
            lines.append(f"fields = {{ {pairs} }}")
        if row.remembered:
            lines.append(f"# {phrase('delivery.plan_remembered', language, names=', '.join(row.remembered))}")
        if row.suggested:
            lines.append(f"# {phrase('delivery.plan_suggested', language, codes=either_of(row.suggested, language))}")
    with atomic_output(path, False, "--plan") as new_file:
        new_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_shown(row: PlanRow, name: str) -> bool:
    return name == "code" or getattr(row, name) not in (None, "")


def read_plan(path: Path) -> list[PlanRow]:
    """Return the rows of a plan; a row without a code is left out, but an unreadable file stays unreadable.

    Raises OneMapError source.missing, ingest.plan, with all errors in it.
    """
    try:
        content = toml_content(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise OneMapError("source.missing", file=str(path), field="--plan") from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise OneMapError("ingest.plan", file=path.name, field="--plan", reason=toml_reason(error)) from None
    rows = content.get("layer")
    if set(content) - {"layer"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise OneMapError("ingest.plan", file=path.name, field="--plan", reason="[[layer]]")
    problems: list[Problem] = []
    plan = []
    for number, row in enumerate(rows, start=1):
        wrong = _problems(row, path.name, number)
        problems += wrong
        if not wrong:
            plan.append(_row(row))
    if problems:
        raise OneMapError.of(problems)
    return plan


def _problems(row: Mapping[str, Any], file: str, number: int) -> list[Problem]:
    """The problems of one table of a plan."""

    def problem(key: str) -> Problem:
        return Problem("ingest.plan_key", {"file": file, "feature": str(number), "field": key})

    known_keys = {*_TEXTS, *_FLAGS, *_SHOWN, "fields"}
    problems = [problem(key) for key in row if key not in known_keys]
    problems += [problem(key) for key in (*_TEXTS, *_SHOWN) if not isinstance(row.get(key, ""), str | date)]
    problems += [problem(key) for key in _FLAGS if not isinstance(row.get(key, False), bool)]
    fields = row.get("fields", {})
    if not isinstance(fields, dict) or not all(isinstance(source, str) for source in fields.values()):
        problems.append(problem("fields"))
    if not row.get("source"):
        problems.append(problem("source"))
    if row.get("accept") and row["accept"] not in ACCEPTABLE:
        problems.append(problem("accept"))
    for key in ("valid_from", "valid_to"):
        try:
            date.fromisoformat(str(row.get(key) or "2000-01-01"))
        except ValueError:
            problems.append(problem(key))
    return problems


def _row(row: Mapping[str, Any]) -> PlanRow:
    texts: dict[str, str | None] = {name: str(row[name]) if row.get(name) else None for name in _TEXTS}
    codeless = UNREADABLE if row.get("status") == UNREADABLE else LEFT_OUT
    return PlanRow(
        source=texts["source"] or "",
        layer=texts["layer"],
        code=texts["code"],
        status=MATCHED if texts["code"] else codeless,
        why=FROM_FILE,
        crs=texts["crs"],
        encoding=texts["encoding"],
        transform=texts["transform"],
        transform_hash=texts["transform_hash"],
        covers=texts["covers"],
        accept=texts["accept"],
        label=texts["label"],
        valid_from=texts["valid_from"],
        valid_to=texts["valid_to"],
        repair=bool(row.get("repair")),
        keep_bad=bool(row.get("keep_bad")),
        sure=bool(row.get("sure")),
        fields=dict(row.get("fields", {})),
    )
