"""Cancel the core in mid-work as others do: over `serve` as the dock does, or by a signal."""

import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.bench.cancel.cancel_files import PROGRAM, LongWork

# The same program, that writes on SIGUSR1 where each of its threads is.
_TELLING = """
import faulthandler, runpy, signal, sys
faulthandler.register(signal.SIGUSR1, file=open(sys.argv.pop(1), "a"))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
PATIENCE_S = 60.0
_PYTHON_STARTS_S = 0.1  # of processors, within which Python itself may not have come to the program's first line
LATE_S = 0.7  # without an answer, after which it is looked where the core is
CANCELLED = "Cancelled; nothing was left half-done.\n"


@dataclass
class Progress:
    """The progress of some work: moments in s since its start, and the shares reported then."""

    moments: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def longest_silence(self, seconds: float) -> tuple[float, str]:
        """How long the bar stood still at most, and at which step, in work of this many seconds."""
        times, shown, at = [0.0], [0.0], [""]
        for moment, share, step in zip(self.moments, self.shares, self.steps, strict=True):
            if share > shown[-1]:
                times, shown, at = [*times, moment], [*shown, share], [*at, step]
        waits = [end - begin for begin, end in zip(times, [*times[1:], seconds], strict=True)]
        longest = max(range(len(waits)), key=waits.__getitem__)
        return waits[longest], f"{at[longest]} {shown[longest]:.0%}"

    def farthest(self, seconds: float) -> float:
        """The greatest difference between a reported share and the share of the time that had passed."""
        pairs = zip(self.moments, self.shares, strict=True)
        return max((abs(share - moment / seconds) for moment, share in pairs), default=1.0)

    def goes_back(self) -> bool:
        """Whether a reported share was less than the one before."""
        return any(later < earlier for earlier, later in zip(self.shares, self.shares[1:], strict=False))


@dataclass(frozen=True)
class ProcessEnd:
    """How cancelled work ended: wall and processor seconds until the answer, and whether it was done.

    wrong: a message that should not have come, if any.
    """

    seconds: float
    processors: float
    done: bool
    wrong: str = ""


def processors_s(process: int) -> float:
    """The processor time of a process so far; 0 if the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def command(stacks: Path | None) -> list[str]:
    """The command that starts the core; stacks: the file that it writes on SIGUSR1."""
    *core, main = map(str, PROGRAM)
    return [*core, main] if stacks is None else [*core, "-c", _TELLING, str(stacks), main]


class _Watch:
    """Makes a core that does not answer write its stacks."""

    def __init__(self, program: subprocess.Popen, stacks: Path | None, name: str) -> None:
        self._timer: threading.Timer | None = None
        if stacks is not None:

            def look() -> None:
                with stacks.open("a") as file:
                    file.write(f"\n== {name}\n")
                program.send_signal(signal.SIGUSR1)

            self._timer = threading.Timer(LATE_S, look)
            self._timer.start()

    def end(self) -> None:
        """It has answered."""
        if self._timer:
            self._timer.cancel()


class Session:
    """One `onemap serve`."""

    def __init__(self, asked: LongWork, stacks: Path | None) -> None:
        self.asked, self._stacks, self._number = asked, stacks, 0
        self.program = subprocess.Popen(
            [*command(stacks), "serve", "--lang", "en"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **asked.settings},
        )

    def _send(self, message: dict[str, Any]) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.program.stdin.flush()

    def _answer(self, progress: Progress, began: float) -> dict[str, Any]:
        assert self.program.stdout is not None
        for text in self.program.stdout:
            line: dict[str, Any] = json.loads(text)
            if line.get("id") == self._number:
                return line
            progress.moments.append(time.monotonic() - began)
            progress.shares.append(line["params"]["progress"])
            progress.steps.append(line["params"]["step"])
        raise SystemExit(f"{self.asked.name}: the core is gone")

    def whole(self) -> tuple[float, Progress]:
        """Do the work to its end: wall seconds, and the progress."""
        progress, began = Progress(), time.monotonic()
        self._number += 1
        self._send({"id": self._number, "method": self.asked.verb.replace(" ", "."), "params": self.asked.params})
        answer = self._answer(progress, began)
        if "result" not in answer:
            raise SystemExit(f"{self.asked.name}: {answer['error']['message']}")
        return time.monotonic() - began, progress

    def cancelled_after(self, wait_s: float) -> ProcessEnd:
        """Cancel the work after this many seconds."""
        self._number += 1
        cancel = {"method": "cancel", "params": {"id": self._number}}
        sent: list[tuple[float, float]] = []
        watches: list[_Watch] = []

        def stop() -> None:
            watches.append(_Watch(self.program, self._stacks, f"{self.asked.name} at {wait_s:.1f} s"))
            sent.append((time.monotonic(), processors_s(self.program.pid)))
            self._send(cancel)

        self._send({"id": self._number, "method": self.asked.verb.replace(" ", "."), "params": self.asked.params})
        timer = threading.Timer(wait_s, stop)
        timer.start()
        answer = self._answer(Progress(), 0.0)
        ended = time.monotonic(), processors_s(self.program.pid)
        timer.cancel()
        timer.join()
        for watch in watches:
            watch.end()
        if not sent:
            return ProcessEnd(0.0, 0.0, done=True)
        code = answer.get("error", {}).get("data", {}).get("exit_code")
        done = "result" in answer
        wrong = "" if done or code == 130 else json.dumps(answer)[:300]
        return ProcessEnd(max(ended[0] - sent[0][0], 0.0), max(ended[1] - sent[0][1], 0.0), done, wrong)

    def close(self) -> None:
        """No more is asked."""
        assert self.program.stdin is not None
        self.program.stdin.close()
        self.program.wait(timeout=PATIENCE_S)


def words(asked: LongWork) -> list[str]:
    """The words of the command line for it."""
    given, options = [], []
    for parameter in VERBS[asked.verb].parameters:
        value = asked.params.get(parameter.name)
        if value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            (given if parameter.positional else options).extend(
                [one] if parameter.positional else [parameter.option, one]
            )
    return [*asked.verb.split(), *given, *options]


def start_program(asked: LongWork, stacks: Path | None) -> subprocess.Popen:
    """The program of one verb."""
    return subprocess.Popen(
        [*command(stacks), *words(asked), "--lang", "en", "--progress", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **asked.settings},
        text=True,
    )


def signalled_after(asked: LongWork, wait_s: float, sign: signal.Signals, stacks: Path | None) -> ProcessEnd:
    """Send the program a signal after this many seconds."""
    program = start_program(asked, stacks)
    try:
        program.wait(wait_s)
    except subprocess.TimeoutExpired:
        watch = _Watch(program, stacks, f"{asked.name}, {sign.name} at {wait_s:.1f} s")
        began, busy = time.monotonic(), processors_s(program.pid)
        last = [busy]
        program.send_signal(sign)
        while program.poll() is None and time.monotonic() - began < PATIENCE_S:
            last[0] = max(last[0], processors_s(program.pid))
            time.sleep(0.005)
        seconds = time.monotonic() - began
        watch.end()
        out, errors = program.communicate(timeout=PATIENCE_S)
        done = program.returncode == 0
        is_told = program.returncode == 130 and errors == CANCELLED and out == ""
        is_starting = busy < _PYTHON_STARTS_S and (program.returncode == -sign or "<frozen site>" in errors)
        is_right = done or is_told or is_starting
        wrong = "" if is_right else f"exit code {program.returncode}: {out[:200]}{errors[-400:]}"
        return ProcessEnd(seconds, last[0] - busy, done, wrong)
    program.communicate()
    return ProcessEnd(0.0, 0.0, done=True)
