"""Pages set by typst: the one place where it runs.

Somebody else's template is set in a process of its own, with bounds of time and room, since nothing can end typst from
within. No template gets anything from the network, or from folders of packages on this machine.
"""

import json
import os
import re
import subprocess  # noqa: S404 - our own programs only  # nosec B404
import sys
import time
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.progress import SILENT, Progress
from onemap.rules.overlay.uninterruptible import expected_share, run_cancellable

# Measured: what typst takes of a processor at least, and how much of maps and of all else it sets in a second.
_LEAST_S, _MAPS_A_S, _TEXTS_A_S = 0.5, 2_300_000, 220_000


# Of somebody else's template: seconds, and bytes of memory where the system can hold a process to it.
MOST_S, MOST_BYTES = 120.0, 4 << 30
_LOOK_S = 0.1
_NOWHERE = "http://127.0.0.1:1"
# What the other process does: options come as JSON, the pages go into a file, what is wrong is told as text.
_CHILD = """
import json, sys, typst
given = json.load(sys.stdin)
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (given["most"], given["most"]))
except ImportError:
    pass
try:
    typst.compile(given["source"], output=given["output"], **given["options"])
except typst.TypstError as error:
    sys.stdout.buffer.write((error.diagnostic or str(error)).encode("utf-8"))
    sys.exit(3)
"""


def set_pages(
    source: Path, name: str, progress: Progress = SILENT, is_foreign: bool = False, **options: Any
) -> bytes | list[bytes]:
    """What typst makes of a document, with everything that lies in its folder; nothing is fetched meanwhile.

    name: what a refusal calls the template.
    progress: by the time that the folder's size lets one expect.
    is_foreign: the template is not ours.
    options: typst's.
    Raises OneMapError statement.template, and statement.template_large for a foreign one.
    """
    import typst

    expected_s = _LEAST_S
    for path in source.parent.iterdir():
        expected_s += path.stat().st_size / (_MAPS_A_S if path.suffix == ".svg" else _TEXTS_A_S)
    nowhere = str(source.parent / "packages")
    options |= {"root": str(source.parent), "package_path": nowhere, "package_cache_path": nowhere}
    if is_foreign:
        return _foreign_pages(source, name, progress, expected_s, options)
    try:
        made: bytes | list[bytes] = run_cancellable(
            lambda: typst.compile(str(source), **options),
            progress,
            expected_s,
        )
    except typst.TypstError as error:
        raise OneMapError("statement.template", file=name, reason=_reason(error.diagnostic or str(error))) from error
    return made


def _foreign_pages(source: Path, name: str, progress: Progress, expected_s: float, options: dict[str, Any]) -> bytes:
    """The pages as PDF, made in another process. Raises OneMapError statement.template, statement.template_large."""
    output = source.parent / "pages.pdf"
    asked = {"source": str(source), "output": str(output), "most": MOST_BYTES, "options": options}
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    command = [sys.executable, "-I", "-X", "utf8", "-c", _CHILD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, cwd=source.parent, **pipes) as child:  # type: ignore[call-overload]  # noqa: S603  # nosec B603
        try:
            reply = _said_by(child, json.dumps(asked).encode(), progress, expected_s)
        finally:
            child.kill()
    if reply is None or child.returncode not in (0, 3):
        raise OneMapError("statement.template_large", file=name, place=Problem("statement.in_file"))
    if child.returncode == 3:
        raise OneMapError("statement.template", file=name, reason=_reason(reply.decode("utf-8", "replace")))
    return output.read_bytes()


def _said_by(child: "subprocess.Popen[bytes]", given: bytes, progress: Progress, expected_s: float) -> bytes | None:
    """What the process wrote until its end; None if it took too long."""
    began = time.monotonic()
    message: bytes | None = given
    while (taken := time.monotonic() - began) < MOST_S:
        progress.at(expected_share(taken, expected_s))
        try:
            out, _ = child.communicate(message, timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            message = None
            continue
        return bytes(out)
    return None


def _reason(diagnostic: str) -> str:
    """The first error of typst's with its file, line and column, in one line."""
    lines = [line.strip(" │┌─╭╯╰") for line in diagnostic.splitlines()]
    place = next((line for line in lines if re.fullmatch(r"\S.*:\d+:\d+", line)), "")
    first = next(filter(None, lines), "").removeprefix("error: ")
    return f"{place}: {first}"[:400] if place else first[:400]
