"""The folder for this process's temporary files; those of a killed process are removed when the next one starts."""

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.process_folder import process_folder, remove_forgotten
from onemap.layers.files.text_encodings import path_problem

_PREFIX = "onemap-room-"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_XML_NO_ROOM = ("IO_ENOSPC", "IO_EDQUOT", "IO_EFBIG", "IO_EROFS")
_NO_PAGES = 1455  # on Windows: the paging file is too small
# Of a library for its code; of a thread; of GEOS, as compilers of Linux and of Windows call it.
_NO_MEMORY = ("failed to map segment", "can't start new thread", "bad_alloc", "bad allocation")


@contextlib.contextmanager
def temporary_room() -> Iterator[None]:
    """Provide a folder for all temporary files of this process and those it starts; remove it at the end.

    If none can be made, the files go to their usual place, and whoever needs one gets the refusal.
    """
    usual, usual_variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with contextlib.ExitStack() as stack:
        try:
            place = Path(tempfile.gettempdir())
            remove_forgotten(place, f"{_PREFIX}*")
            folder = stack.enter_context(process_folder(place, _PREFIX))
        except OSError:
            folder = None
        if folder is None:
            yield
            return
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = usual
            os.environ.pop("TMPDIR", None)
            if usual_variable is not None:
                os.environ["TMPDIR"] = usual_variable


def machine_refusal(error: Exception) -> OneMapError | None:
    """Return the refusal for lack of memory, a full disk, a path that is too long or cannot exist, a lost file.

    It is for errors that no caller has explained. None for another error.
    """
    if is_want_of_memory(error):
        return OneMapError("memory.full")
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return OneMapError("path.long", file=Path(str(error.filename or "")).name)
    if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding():
        return OneMapError.of([path_problem(str(error.object))])
    if isinstance(error, ValueError) and "embedded null" in str(error):  # from who asks in JSON, or from Python
        return OneMapError("source.name", file="\\0", path="\\0")
    usual = tempfile.tempdir or os.environ.get("TMPDIR")
    if str(error).startswith(_XML_NO_ROOM):  # lxml, which openpyxl writes sheets with, has errors of its own
        return OneMapError("out.no_room", file=usual or "", reason=str(error))
    if not isinstance(error, OSError):
        return None
    if error.errno in _NO_ROOM:
        return OneMapError("out.no_room", file=usual or str(error.filename or ""), reason=file_reason(error))
    return OneMapError("path.failed", file=str(error.filename), reason=file_reason(error)) if error.filename else None


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes: a library that failed to load often shows as another error."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def is_want_of_memory(error: BaseException) -> bool:
    """Whether the system gave no memory, even for loading a library's code: to an error, or to one of its causes."""
    return any(map(_is_want, _with_causes(error)))


def _is_want(error: BaseException) -> bool:
    if isinstance(error, OSError) and (error.errno == errno.ENOMEM or getattr(error, "winerror", None) == _NO_PAGES):
        return True
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY)
