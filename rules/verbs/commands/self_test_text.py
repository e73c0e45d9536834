"""The texts of `self-test` and `--version`; it loads nothing that might not load on the tested machine."""

from typing import Any

from onemap.layers.messages import pair_text, phrase


def self_test_lines(result: dict[str, Any], language: str) -> str:
    """A line for each check, the next step under one that failed, and the overall result."""
    lines, failed = [], []
    for check in result["checks"]:
        name = check["name"].removeprefix("library.")  # a package's own name: a library holds layers here
        failed += [] if check["ok"] else [name]
        lines.append(f"{'✓' if check['ok'] else '✗'} {pair_text(name, check['detail'], language)}")
        if check.get("mend"):
            lines.append(f"    → {check['mend']}")
    end = phrase("said.self_test_failed", language, names=", ".join(failed), count=len(failed))
    lines.append(end if failed else phrase("said.self_test_passed", language, count=len(result["checks"])))
    if result.get("report"):
        lines.append(phrase("said.report", language, report=result["report"]))
    return "\n".join(lines)


def version_lines(versions: dict[str, str | None]) -> str:
    """One Map's version, then one line for each library."""
    first, *rest = versions.items()
    return "\n".join([f"onemap {first[1]}", *(f"  {name} {version or '–'}" for name, version in rest)])
