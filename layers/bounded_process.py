"""A separate Python process for work that may fail, limited in time and memory; its crash does not reach the caller.

C libraries may end the whole process on input that they do not foresee, and nothing inside the process can stop them.
"""

import ctypes
import os
import subprocess  # our own programs only  # nosec B404
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.1
_DOOR = Path(__file__).resolve().parents[1] / "__main__.py"
_PACKAGE = """
import importlib.util
spec = importlib.util.spec_from_file_location("onemap_door", {door!r})
door = importlib.util.module_from_spec(spec)
spec.loader.exec_module(door)
door._register_package()
from onemap.layers.gdal_limits import limit_gdal
limit_gdal()
"""
_MEMORY_VARIABLE = "ONEMAP_MOST_BYTES"
# What a Python begins with that is bounded: where the system has no such bound, as on Windows, a job has it.
_BEGINNING = f"""
import os
try:
    import resource
    most = int(os.environ.pop("{_MEMORY_VARIABLE}", 0))
    if most:
        own = resource.getrlimit(resource.RLIMIT_AS)[0]
        most = most if own == resource.RLIM_INFINITY else min(own, most)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
except (ImportError, ValueError, OSError):
    pass
"""


def with_package(text: str) -> str:
    """A Python program that can import this package, wherever the package lies."""
    return _PACKAGE.format(door=str(_DOOR)) + text


@dataclass(frozen=True)
class Bounds:
    """The limits of a process. bytes: of memory, not enforced on macOS; None for the limit of this process itself."""

    seconds: float
    bytes: int | None = None


@dataclass(frozen=True)
class ProcessEnd:
    """How a process ended. code: its exit code, None if it took too long; out: its output."""

    code: int | None
    out: bytes

    @property
    def has_crashed(self) -> bool:
        """Whether the system ended the process, or the time limit did, rather than the process itself."""
        return self.code is None or self.code < 0 or self.code > 0x7FFF or self.code == _ABORTED


_ABORTED = 3 if os.name == "nt" else -6  # what abort() ends with: a process that ends itself has other codes


def machine_bytes() -> int | None:
    """The memory of this machine; None if the system does not tell, as on Windows, which gives no more than it has."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def run_python(
    text: str,
    input_bytes: bytes,
    bounds: Bounds,
    look: Callable[[float], None],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> ProcessEnd:
    """Run a Python program with some input, without Python's own environment variables.

    look: called now and then with the seconds since the start; an exception in it ends the process. environment: None
    for that of this process; folder: the working folder.
    """
    with python_process(text, bounds.bytes, environment=environment, folder=folder) as child:
        return _wait_for_end(child, input_bytes, bounds.seconds, look)


@contextmanager
def python_process(
    text: str, most: int | None, *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that runs a Python program, without Python's own environment variables; it ends with the block.

    most: bytes of memory, not enforced on macOS; None for the limit of this process itself. environment: None for that
    of this process; folder: the working folder.
    """
    variables = dict(os.environ if environment is None else environment)
    if most is not None:
        variables[_MEMORY_VARIABLE] = str(most)
    command = [sys.executable, "-I", "-X", "utf8", "-c", _BEGINNING + text]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=variables, cwd=folder, **pipes) as child:  # type: ignore[call-overload]  # nosec B603
        try:
            with _job(child, most):
                yield child
        finally:
            child.kill()


def _wait_for_end(
    child: "subprocess.Popen[bytes]", input_bytes: bytes, most_s: float, look: Callable[[float], None]
) -> ProcessEnd:
    began = time.monotonic()
    message: bytes | None = input_bytes
    while (seconds := time.monotonic() - began) < most_s:
        look(seconds)
        try:
            out, _ = child.communicate(message, timeout=min(_LOOK_S, most_s))
        except subprocess.TimeoutExpired:
            message = None
            continue
        return ProcessEnd(child.returncode, bytes(out))
    return ProcessEnd(None, b"")


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of Windows."""

    _fields_ = [
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    ]


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of Windows."""

    _fields_ = [
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    ]


_EXTENDED_LIMITS = 9
_OF_PROCESS_MEMORY, _ENDS_WITH_JOB = 0x100, 0x2000


@contextmanager
def _job(child: "subprocess.Popen[bytes]", most: int | None) -> Iterator[None]:
    """On Windows, limit a process to so many bytes by a job, before it gets its input; elsewhere it limits itself."""
    if os.name != "nt" or most is None:
        yield
        return
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
    kernel.SetInformationJobObject.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
    kernel.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    job = kernel.CreateJobObjectW(None, None)
    limits = JobLimits()
    limits.BasicLimitInformation.LimitFlags = _OF_PROCESS_MEMORY | _ENDS_WITH_JOB
    limits.ProcessMemoryLimit = most
    try:
        # Where the system refuses, as in an old job that admits no other, the bound of time is left.
        with suppress(OSError):
            kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
            kernel.AssignProcessToJobObject(job, int(child._handle))  # type: ignore[attr-defined]
        yield
    finally:
        kernel.CloseHandle(job)
