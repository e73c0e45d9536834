"""Files with a suspect schema are read in a separate process, with bounds of time and memory.

The result comes back by pickle: that process is ours, with the same rights as this one.
"""

import pickle  # see above  # nosec B403
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from onemap.layers.bounded_process import Bounds, run_python, with_package
from onemap.layers.errors import OneMapError, ProblemPlace
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal.geopackage_schema import computes_rows

MOST_S, MOST_BYTES = 60.0, 4 << 30
_SQLITE = {".gpkg", ".sqlite", ".spatialite"}
_NO_MEMORY, _LEAST_SHARE = 5, 0.9
_READING = with_package("from onemap.layers.sources.separate_reading import answer; answer()")
Result = TypeVar("Result")


def is_suspect(path: Path, layer: str | None = None) -> bool:
    """Whether a file, or one of its layers, computes its contents: a small one may then take any time and memory."""
    return path.suffix.lower() in _SQLITE and path.is_file() and computes_rows(path, layer)


def read_apart(
    read: Callable[..., Result],
    path: Path,
    *arguments: Any,
    layer: str | None = None,
    progress: Progress = SILENT,
    bounds: Bounds | None = None,
) -> Result:
    """Return the result of `read(path, *given)`, a function of a module, run in a separate process.

    Raises OneMapError source.unbounded if it takes too much, source.damaged if the process ends otherwise, and what the
    function refuses.
    """
    bounds = bounds or Bounds(MOST_S, MOST_BYTES)
    ended = run_python(
        _READING,
        pickle.dumps((read, (path.absolute(), *arguments))),
        bounds,
        lambda seconds: progress.at(_LEAST_SHARE * seconds / bounds.seconds),
    )
    place = ProblemPlace(file=path.name, layer=layer)
    if ended.code in (None, _NO_MEMORY) or ended.has_crashed:
        raise OneMapError("source.unbounded", seconds=bounds.seconds, gigabytes=(bounds.bytes or 0) >> 30, **place)
    if ended.code != 0:
        raise OneMapError("source.damaged", reason=ended.out.decode("utf-8", "replace")[:200], **place)
    is_read, answer = pickle.loads(ended.out)  # see above  # nosec B301
    if not is_read:
        raise answer
    result: Result = answer
    return result


def answer() -> None:
    """Run in the other process: do what stdin asks, and write the result."""
    import sys

    read, arguments = pickle.load(sys.stdin.buffer)  # see above  # nosec B301
    try:
        try:
            reply = pickle.dumps((True, read(*arguments)))
        except OneMapError as error:
            reply = pickle.dumps((False, error))
        sys.stdout.buffer.write(reply)
    except MemoryError:
        sys.exit(_NO_MEMORY)
    except Exception as error:  # noqa: BLE001 - the file is to blame, whatever it was
        sys.stdout.buffer.write(f"{type(error).__name__}: {error}".encode())
        sys.exit(1)
