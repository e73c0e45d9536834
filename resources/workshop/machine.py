"""What the workshop needs of the machine: its places, running programs, and messages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IS_WINDOWS = os.name == "nt"

# How pip, apt and urllib word a network that does not answer.
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionRefused|Connection refused|Connection broken"
    r"|Temporary failure|Failed to establish|Name or service not known|getaddrinfo|ProxyError|SSLError"
    r"|Could not (?:resolve|connect)|Unable to connect|Network is unreachable|No route to host|timed out",
    re.IGNORECASE,
)


class WorkshopError(Exception):
    """One sentence: what failed, why, and what to do about it."""


def say(sentence: str) -> None:
    """Tell the person at the terminal what is being done, at once and in order."""
    sys.stdout.write(f"== {sentence}\n")
    sys.stdout.flush()


def warn(sentence: str) -> None:
    """Tell the person at the terminal what could not be done."""
    sys.stdout.flush()
    sys.stderr.write(f"!! {sentence}\n")
    sys.stderr.flush()


def show(output: bytes) -> None:
    """Pass on what a program printed, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(output)
    sys.stdout.flush()


def program(environment: Path, name: str) -> Path:
    """The path of a program inside a virtual environment, on any platform."""
    folder, ending = ("Scripts", ".exe") if IS_WINDOWS else ("bin", "")
    return environment / folder / f"{name}{ending}"


def run(command: Sequence[object], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> int:
    """Run a program with its output shown, and return its exit code."""
    sys.stdout.flush()
    return subprocess.run([str(part) for part in command], env=env, cwd=cwd, stdin=subprocess.DEVNULL).returncode


def answer(command: Sequence[object], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> str | None:
    """The output of a program, or None if it cannot be started or fails."""
    try:
        process = subprocess.run(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:
        return None
    return process.stdout if process.returncode == 0 else None


def run_or_explain(
    command: Sequence[object],
    what: str,
    mend: str,
    env: Mapping[str, str] | None = None,
    pattern: str = "",
) -> None:
    """Run a program; if it fails, raise an error whose sentence tells a dead network from other causes.

    what: the action, to follow "cannot"; mend: the step that helps if the network is not the cause.
    pattern: a pattern; lines without it are printed only if the program fails. By default all lines are printed.
    """
    sys.stdout.flush()
    child = subprocess.Popen(
        [str(part) for part in command],
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    last: deque = deque(maxlen=400)
    with child, child.stdout:
        for line in child.stdout:
            last.append(line.strip())
            if re.search(pattern, line):
                sys.stdout.write(line)
                sys.stdout.flush()
    if child.returncode == 0:
        return
    if pattern:
        sys.stdout.write("\n".join([*last, ""]))
    if any(NO_NETWORK.search(line) for line in last):
        raise WorkshopError(
            f"cannot {what}: the network did not answer. Check the connection, the proxy and the package "
            "index or mirror that this machine is set to use, then run the same command again; "
            "it takes up where it stopped."
        )
    errors = [line for line in last if line.startswith(("ERROR", "E:", "Error"))] or list(last)[-1:]
    cause = errors[0] if errors else f"exit code {child.returncode}"
    raise WorkshopError(f"cannot {what}: {cause}. {mend}")


def link_folder(link: Path, target: Path) -> None:
    """Make `link` point to the folder `target`; as a junction on Windows, where symbolic links need rights."""
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() or link.exists():
        if link.resolve() == target.resolve():
            return
        link.unlink()
    if IS_WINDOWS:
        process = subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], stdout=subprocess.DEVNULL)
        if process.returncode:
            raise WorkshopError(f"cannot link {link} to {target}. Make that junction by hand, then run again.")
    else:
        link.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)


def is_ci() -> bool:
    """Whether this is a run from scratch that is thrown away afterwards, as services for tests mark it."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def is_root() -> bool:
    """Whether this process may install packages of the system."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has(name: str) -> bool:
    """Whether a program of this name is on PATH."""
    return shutil.which(name) is not None
