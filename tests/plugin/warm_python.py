"""A Python of the core that has loaded what verbs need: a program begins there with a fork, and not with imports.

`warm_python` makes one for a block, with a path to be started by. Behind the path is a small program; it hands its
words, folder, environment and streams to a keeper, hands signals on, and ends as the fork of the keeper ends. As a
script, run by the core's Python, this is the keeper; it lives until its stdin is closed.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

MAIN = Path(__file__).resolve().parents[2] / "__main__.py"
FLAGS = ["-I", "-X", "utf8"]  # of the interpreter, as a verb is really started; they cannot be set in a fork
LENGTH = 4  # bytes of a number between the two programs
ASKING = f"""#!{{python}} -IS
import json, os, signal, socket, sys
keeper = socket.socket(socket.AF_UNIX)
keeper.connect({{place!r}})
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: keeper.send(bytes([number])))
order = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(keeper, [len(order).to_bytes({LENGTH}, "big")], [0, 1, 2])
keeper.sendall(order)
code = int.from_bytes(keeper.recv({LENGTH}), "big", signed=True)
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""
# As a Python with `-X utf8` opens them.
STREAMS = {"stdin": ("r", "surrogateescape"), "stdout": ("w", "surrogateescape"), "stderr": ("w", "backslashreplace")}


@contextlib.contextmanager
def warm_python(python):
    """Keep what an interpreter has loaded within the block; gives the path of the program that is started instead."""
    with tempfile.TemporaryDirectory(prefix="onemap-warm-") as folder:
        place, path = Path(folder, "socket"), Path(folder, "python")
        path.write_text(ASKING.format(python=os.path.realpath(sys.executable), place=str(place)), encoding="utf-8")
        path.chmod(0o700)
        command = [str(python), *FLAGS, __file__, str(place)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
            assert keeper.stdout.readline() == b"ready\n"
            yield path


def _load_all():
    """Load what the core's verbs load when they run."""
    runpy.run_path(str(MAIN))["_register_package"]()
    importlib.import_module("onemap.layers.gdal_limits").limit_gdal()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    work = importlib.import_module("onemap.rules.verbs.work")
    for module in pkgutil.iter_modules(work.__path__, "onemap.rules.verbs.work."):
        importlib.import_module(module.name)
    importlib.import_module("onemap.rules.verbs.commands.command_line")
    gc.collect()
    gc.freeze()


def _keep(place):
    """Answer whoever asks, each in a process of its own, until stdin is closed."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            asking, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(asking)
            asking.close()
            with contextlib.suppress(ChildProcessError):  # those that have ended
                while os.waitpid(-1, os.WNOHANG)[0]:
                    continue


def _answer(asking):
    """Run what is asked for in a fork; hand signals on to it, and its end back."""
    head, streams, _, _ = socket.recv_fds(asking, LENGTH, len(STREAMS))
    length = int.from_bytes(head, "big")
    order = asking.recv(length, socket.MSG_WAITALL)
    if not order or len(order) < length:  # who asked was killed
        os._exit(0)
    program = os.fork()
    for number, stream in enumerate(streams):
        os.dup2(stream, number) if program == 0 else os.close(number)
        os.close(stream)
    if program == 0:
        asking.close()
        os._exit(_run(*json.loads(order)))
    ended, is_wanted = os.pidfd_open(program), True
    while is_wanted and ended not in select.select([ended, asking], [], [])[0]:
        number = asking.recv(1)
        is_wanted = bool(number)  # else who asked was killed
        os.kill(program, number[0] if number else signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    with contextlib.suppress(OSError):
        asking.sendall(code.to_bytes(LENGTH, "big", signed=True))
    os._exit(0)


def _run(words, folder, environment):
    """Run the core; return its exit code. words: as after `python`. Raises AssertionError for other flags than ours."""
    assert words[: words.index(str(MAIN))] == FLAGS, words
    for number, (name, (mode, errors)) in enumerate(STREAMS.items()):
        stream = open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115 - to the end
        setattr(sys, name, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.orig_argv = words[words.index(str(MAIN)) :], [sys.executable, *words]
    try:
        runpy.run_path(str(MAIN), run_name="__main__")
    except SystemExit as end:
        code = end.code
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    _load_all()
    _keep(sys.argv[1])
