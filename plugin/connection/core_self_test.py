"""The core's own test of the machine, run as a program of its own. Standard library only, no QGIS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from onemap.plugin.connection.programs import ProgramError, Progress, run_program

# Without these a core still checks parcels; what fails is reported, and the core is kept.
SPARED = {"compiler", "pdf", "ssl"}


@dataclass(frozen=True)
class MachineReport:
    """The result of `onemap self-test`.

    is_whole: whether it came to its end; text: for people, with the next steps; failed: names of checks; checks: in
    their order, each with name, ok, detail, and mend if it failed.
    """

    is_whole: bool
    text: str
    failed: tuple[str, ...] = ()
    checks: tuple[dict, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether the core can do its main work here."""
        return self.is_whole and not set(self.failed) - SPARED

    @property
    def steps(self) -> str:
        """The failed checks and their mends, one a line; the program's last output if it did not come to its end."""
        if not self.is_whole:
            return self.text
        return "\n".join(
            f"{check['detail']} {check.get('mend', '')}".strip() for check in self.checks if not check["ok"]
        )


def run_self_test(python: Path, main: Path, language: str, report: Path, progress: Progress) -> MachineReport:
    """Run the core's self-test in its own Python; it writes `report` even if a library crashes the process.

    progress: may raise to cancel, which ends the program.
    """
    command = [str(python), "-I", "-X", "utf8", str(main), "self-test", "--lang", language]
    command += ["--output-encoding", "utf-8", "--report", str(report)]
    lines: list[str] = []

    def follow(line: str) -> None:
        if line:
            lines.append(line)
        progress(min(0.99, len(lines) / 40), line)

    last_words = ""
    try:
        run_program(command, follow)
    except ProgramError as error:  # a failed check ends it with a code, too
        last_words = str(error)
    try:
        facts = json.loads(report.read_text(encoding="utf-8"))
        checks, running = tuple(facts["checks"]), facts["running"]
    except (OSError, ValueError, KeyError):
        return MachineReport(False, last_words or "\n".join(lines))
    if running is not None:
        return MachineReport(False, f"{running}: {last_words}".strip(), (running,), checks)
    failed = tuple(check["name"] for check in checks if not check["ok"])
    return MachineReport(True, "\n".join(lines), failed, checks)
