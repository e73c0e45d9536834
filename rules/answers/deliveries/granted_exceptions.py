"""Exceptions that a reviewer grants with a reason: they hold for unchanged content, and are counted and printed."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.toml_lines import line_of
from onemap.layers.catalogue.toml_text import toml_content, toml_reason, toml_string
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.atomic_output import atomic_output
from onemap.rules.answers.deliveries.proof_findings import Finding

_KEYS = ("check", "hash", "who", "when", "reason")
_HASH_SIGNS = 64


@dataclass(frozen=True)
class GrantedException:
    """One exception. check: id of the template's check; hash: of the finding, as in the report."""

    check: str
    hash: str
    who: str
    when: str
    reason: str


def exceptions_beside(source: Path) -> Path:
    """The default file of a delivery's exceptions: SOURCE.exceptions.toml."""
    place = Path(os.path.abspath(source))  # a dot has a name, too; the root of a disk has none
    return place.parent / f"{place.name}.exceptions.toml"


def read_exceptions(path: Path) -> list[GrantedException]:
    """Read the exceptions of a file.

    Raises OneMapError source.missing, exception.syntax, exception.key with every one.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = toml_content(text)
    except FileNotFoundError:
        raise OneMapError("source.missing", file=str(path), field="--exceptions") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise OneMapError("exception.syntax", file=path.name, reason=toml_reason(error)) from None
    rows = content.get("exception", [])
    if set(content) - {"exception"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise OneMapError("exception.syntax", file=path.name, reason="[[exception]]")
    problems = [
        Problem("exception.key", {"file": path.name, "key": key, "line": line_of(text, "exception", number, key)})
        for number, row in enumerate(rows)
        for key in _wrong_keys(row)
    ]
    if problems:
        raise OneMapError.of(problems)
    return [GrantedException(**{key: str(row[key]) for key in _KEYS}) for row in rows]


def _wrong_keys(row: dict[str, Any]) -> list[str]:
    wrong = [key for key in row if key not in _KEYS]
    wrong += [key for key in _KEYS if key not in row or not str(row[key]).strip()]
    if len(str(row.get("hash", ""))) != _HASH_SIGNS:
        wrong.append("hash")
    try:
        date.fromisoformat(str(row.get("when", "")))
    except ValueError:
        wrong.append("when")
    return list(dict.fromkeys(wrong))


def grant_exceptions(path: Path, granted: Sequence[GrantedException]) -> None:
    """Add exceptions to a file, which is created if missing; its content stays. Raises OneMapError out.…."""
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    _write(path, "\n\n".join(filter(None, (text.rstrip(), *map(_block, granted)))) + "\n")


def _block(one: GrantedException) -> str:
    return "\n".join(["[[exception]]", *(_line(one, key) for key in _KEYS)])


def _line(one: GrantedException, key: str) -> str:
    value = getattr(one, key)
    return f"{key} = {value if key == 'when' else toml_string(value)}"


def withdraw_exceptions(path: Path, hashes: Collection[str]) -> None:
    """Remove the exceptions with these hashes from a file; the other lines stay. Raises OneMapError out.…."""
    text = path.read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    rows = toml_content(text).get("exception", [])
    heads = [line_of(text, "exception", number) - 1 for number in range(len(rows))]
    for row, begin, end in reversed(list(zip(rows, heads, [*heads[1:], len(lines)], strict=True))):
        if row["hash"] in hashes:
            del lines[begin:end]
    left = [row for row in rows if row["hash"] not in hashes]
    rest = "\n".join(lines).rstrip()
    if len(set(heads)) < len(heads) or toml_content(rest).get("exception", []) != left:  # not one below the other
        rest = "\n\n".join(_block(GrantedException(**{key: str(row[key]) for key in _KEYS})) for row in left)
    _write(path, f"{rest}\n")


def _write(path: Path, text: str) -> None:
    with atomic_output(path, True, "--exceptions") as new_file:
        new_file.write_text(text, encoding="utf-8")


def with_exceptions(
    findings: Sequence[Finding], granted: Sequence[GrantedException]
) -> tuple[list[Finding], list[tuple[Finding, GrantedException]], list[GrantedException]]:
    """The findings without an exception, those with one, and the exceptions whose content is gone."""
    by_key = {(one.check, one.hash): one for one in granted}
    standing_findings: list[Finding] = []
    spared_findings: list[tuple[Finding, GrantedException]] = []
    for finding in findings:
        exception = by_key.get((finding.check.id, finding.hash))
        if exception is None:
            standing_findings.append(finding)
        else:
            spared_findings.append((finding, exception))
    used_keys = {(one.check, one.hash) for _, one in spared_findings}
    return standing_findings, spared_findings, [one for key, one in by_key.items() if key not in used_keys]
