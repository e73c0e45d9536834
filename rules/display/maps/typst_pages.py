"""Pages set by typst: the one place where it runs.

It runs in a process of its own, since it ends a process that has no memory left for it, and nothing can end it from
within. Somebody else's template has bounds of time and room. No template gets anything from the network, or from
folders of packages on this machine.
"""

import itertools
import json
import os
import re
from pathlib import Path
from typing import Any

from onemap.layers.bounded_process import Bounds, machine_bytes, run_python
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.progress import SILENT, Progress
from onemap.rules.judge.overlay.uninterruptible import expected_share

# Measured: what typst takes of a processor at least, and how much of maps and of all else it sets in a second.
_LEAST_S, _MAPS_A_S, _TEXTS_A_S = 0.5, 2_300_000, 220_000


# Of somebody else's template: seconds, and bytes of memory where the system can hold a process to it.
MOST_S, MOST_BYTES = 120.0, 4 << 30
# Of ours: how many times as long as expected. Where a thread of typst's finds no memory, the others wait for good.
_PATIENCE = 20
_SHARE = 0.75  # of the machine's memory for ours: with more, QGIS and all else would stand still before it ends
_NOWHERE = "http://127.0.0.1:1"
# What the other process does: options come as JSON; the pages come as a line with their lengths, then themselves,
# and what is wrong as text.
_SETTING = """
import json, sys
try:
    import typst
    given = json.load(sys.stdin)
    made = typst.compile(given["source"], **given["options"])
except ModuleNotFoundError:
    raise
except (MemoryError, ImportError, OSError):  # before what names typst, which may not have been loaded
    sys.exit(5)
except typst.TypstError as error:
    sys.stdout.buffer.write((error.diagnostic or str(error)).encode("utf-8"))
    sys.exit(4)
except BaseException as error:  # a panic of Rust's: without room for a thread, for what it holds, or to pack it
    if any(word in str(error) for word in ("code: 11,", "code: 12,", "MemError")):
        sys.exit(5)
    raise
pages = [made] if isinstance(made, bytes) else made
head = json.dumps({"lengths": [len(page) for page in pages]})
sys.stdout.buffer.writelines([head.encode() + b"\\n", *pages])
"""
_REFUSED, _NO_MEMORY = 4, 5
_NOT_LOADED = 127  # says the system's loader, which had no memory for Python itself


def set_pages(
    source: Path, name: str, progress: Progress = SILENT, is_foreign: bool = False, **options: Any
) -> list[bytes]:
    """The pages that typst makes of a document and the files in its folder: a PDF, or a picture for each page.

    Nothing is fetched meanwhile.

    name: what a refusal calls the template.
    progress: estimated from the folder's size.
    is_foreign: the template is not ours.
    options: typst's.
    Raises OneMapError statement.template, memory.full, and statement.template_large for a foreign one.
    """
    expected_s = _LEAST_S
    for path in source.parent.iterdir():
        expected_s += path.stat().st_size / (_MAPS_A_S if path.suffix == ".svg" else _TEXTS_A_S)
    nowhere = str(source.parent / "packages")
    options |= {"root": str(source.parent), "package_path": nowhere, "package_cache_path": nowhere}
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    ended = run_python(
        _SETTING,
        json.dumps({"source": str(source), "options": options}).encode(),
        Bounds(MOST_S, MOST_BYTES) if is_foreign else Bounds(max(MOST_S, _PATIENCE * expected_s), _own_bytes()),
        lambda seconds: progress.at(expected_share(seconds, expected_s)),
        environment=environment,
        folder=source.parent,
    )
    if ended.code == _REFUSED:
        raise OneMapError("statement.template", file=name, reason=_reason(ended.out.decode("utf-8", "replace")))
    if is_foreign and ended.code != 0:
        raise OneMapError("statement.template_large", file=name, place=Problem("statement.in_file"))
    if ended.has_crashed or ended.code in (_NO_MEMORY, _NOT_LOADED):
        raise OneMapError("memory.full", file=name)
    if ended.code != 0:
        raise RuntimeError(f"typst: {ended.code}")
    return _pages(ended.out)


def _own_bytes() -> int | None:
    there = machine_bytes()
    return None if there is None else int(there * _SHARE)


def _pages(out: bytes) -> list[bytes]:
    """The pages that the process told."""
    head, _, bodies = out.partition(b"\n")
    facts = json.loads(head)
    ends = [*itertools.accumulate(facts["lengths"], initial=0)]
    return [bodies[begin:end] for begin, end in itertools.pairwise(ends)]


def _reason(diagnostic: str) -> str:
    """Typst's first error with its file, line and column, in one line."""
    lines = [line.strip(" │┌─╭╯╰") for line in diagnostic.splitlines()]
    place = next((line for line in lines if re.fullmatch(r"\S.*:\d+:\d+", line)), "")
    first = next(filter(None, lines), "").removeprefix("error: ")
    return f"{place}: {first}"[:400] if place else first[:400]
