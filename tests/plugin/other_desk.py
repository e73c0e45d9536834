"""Verbs of the core as at another desk, in one process for all tests, because starting one takes longer."""

import functools
import json
import os
import subprocess
from pathlib import Path

import onemap
from onemap.plugin.connection.core_session import core_python
from onemap.tests.plugin.small_town import CRS

KEEPER = Path(__file__).with_name("desk_keeper.py")


def in_core(script, *words, **options):
    """Start a script of the tests in the core's Python; it is talked to by lines and ends when stdin is closed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(onemap.__path__[0]).absolute().parent)}
    command = [str(core_python().path), "-P", "-X", "utf8", str(script), *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    return subprocess.Popen(command, env=environment, **pipes, **options)


@functools.cache
def _desk():
    return in_core(KEEPER, stderr=subprocess.DEVNULL)


def core(*words, **environment):
    """Run one verb that must succeed; return its JSON. environment: additions to the process's."""
    desk = _desk()
    desk.stdin.write(json.dumps([list(map(str, words)), environment]) + "\n")
    desk.stdin.flush()
    code, text = json.loads(desk.stdout.readline())
    assert code == 0, text
    return json.loads(text)


def make_library(path, district, *layers, **options):
    """A new library; its path. layers: (code, file, options of `add`), which cover the district unless told otherwise.

    options: of `new`.
    """
    core("new", path, *_words({"crs": CRS, "district": district, **options}))
    for code, source, more in layers:
        core("add", path, source, *_words({"as": code, "covers": "district", **more}))
    return str(path)


def _words(options):
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            yield f"--{name.replace('_', '-')}" if one is True else f"--{name.replace('_', '-')}={one}"
