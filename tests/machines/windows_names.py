"""Names that differ only in case are one file for Python's own calls; modules lack what Windows lacks.

A missing path is searched for ignoring case, folder by folder. Files that native libraries open by themselves are not
covered: their names must be written as on the disk.
"""

import io
import os
import signal
import sqlite3
import sys
import types

# Of `signal` and `os`, what the core's modules would miss on Windows. Libraries keep theirs.
GONE = {
    "signal": ("SIGKILL", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "pthread_kill", "setitimer", "alarm"),
    "os": (
        "getuid",
        "geteuid",
        "fork",
        "killpg",
        "getpgid",
        "sched_getaffinity",
        "statvfs",
        "getloadavg",
        "O_NOFOLLOW",
    ),
}
GONE_MODULES = ("resource", "pwd", "grp", "termios")
LOOKING = ("stat", "lstat", "unlink", "remove", "rmdir", "listdir", "scandir", "utime", "chmod")
MAKING = {"open": 1, "access": 1, "rename": 2, "replace": 2, "link": 2}  # and how many paths each takes


class Lacking(types.ModuleType):
    """A module without some names, and with those that only Windows has."""

    def __init__(self, whole, gone, **more):
        super().__init__(whole.__name__)
        self._whole, self._gone = whole, frozenset(gone)
        for name, value in more.items():
            setattr(self, name, value)

    def __getattr__(self, name):
        if name in self._gone:
            raise AttributeError(f"Windows has no {self._whole.__name__}.{name}")
        return getattr(self._whole, name)


def as_it_lies(path, lstat=os.lstat, listdir=os.listdir):
    """The path as written on the disk, if a file's name differs from it in case alone."""
    if not isinstance(path, (str, bytes, os.PathLike)) or not os.fspath(path):
        return path
    whole = os.fspath(path)
    if isinstance(whole, bytes) or "\0" in whole:
        return path
    try:
        lstat(whole)
        return path
    except OSError:
        pass
    folder, name = os.path.split(whole)
    if not name or folder == whole:
        return path
    real = as_it_lies(folder or ".", lstat, listdir)
    try:
        twin = next((one for one in listdir(real) if one.lower() == name.lower()), name)
    except OSError:
        return path
    return os.path.join(real, twin) if folder else twin


def _finding(call, paths):
    def call_as_it_lies(*words, **options):
        return call(*[as_it_lies(word) for word in words[:paths]], *words[paths:], **options)

    return call_as_it_lies


def _looking(call):
    """A call that makes no file: only where none is found another spelling is looked for, which takes its time."""

    def call_as_it_lies(*words, **options):
        try:
            return call(*words, **options)
        except FileNotFoundError:
            twins = [as_it_lies(word) for word in words[:1]]
            if [os.fspath(word) for word in words[:1]] == twins:
                raise
        return call(*twins, *words[1:], **options)

    return call_as_it_lies


def ignore_case(monkeypatch):
    """Let Python's own calls find a file whose name differs in case alone, and compare such names as equal.

    Call it after other patches of these calls.
    """
    monkeypatch.setattr(os.path, "normcase", lambda path: os.fspath(path).lower())
    for name in LOOKING:
        monkeypatch.setattr(os, name, _looking(getattr(os, name)))
    for name, paths in MAKING.items():
        monkeypatch.setattr(os, name, _finding(getattr(os, name), paths))
    monkeypatch.setattr(io, "open", _finding(io.open, 1))
    monkeypatch.setattr("builtins.open", _finding(open, 1))
    monkeypatch.setattr(sqlite3, "connect", _finding(sqlite3.connect, 1))


def lack_what_windows_has_not(monkeypatch):
    """Give the core's modules a `signal` and an `os` without what Windows lacks; SIGBREAK is SIGUSR1 there."""
    for name in GONE_MODULES:
        monkeypatch.setitem(sys.modules, name, None)
    lacking = {
        "signal": Lacking(signal, GONE["signal"], SIGBREAK=signal.SIGUSR1),
        "os": Lacking(os, GONE["os"]),
    }
    for module in [one for name, one in sys.modules.items() if name.startswith(("onemap.layers", "onemap.rules"))]:
        for name, poorer in lacking.items():
            if getattr(module, name, None) in (signal, os):
                monkeypatch.setattr(module, name, poorer)
