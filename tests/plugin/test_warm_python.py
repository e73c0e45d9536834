"""The warm start of the plugin's tests: it takes no other start for a good one, and outlives nobody who asks."""

import os
import select
import socket
import subprocess

import pytest

from onemap.plugin.connection.core_session import core_python
from onemap.tests.plugin.warm_python import FLAGS, LENGTH, MAIN, warm_python


@pytest.fixture(scope="module")
def warm():
    """The path of a program that begins warm."""
    with warm_python(core_python().path) as path:
        yield path


@pytest.mark.parametrize(
    ("flags", "is_good"), [(FLAGS, True), (["-X", "utf8"], False), ([], False), ([*FLAGS, "-E"], False)]
)
def test_only_the_flags_of_the_real_start_are_taken(warm, flags, is_good):
    done = subprocess.run([warm, *flags, MAIN, "--version"], capture_output=True, encoding="utf-8")
    assert (done.returncode == 0, "AssertionError" in done.stderr) == (is_good, not is_good)


def test_an_asker_that_dies_while_it_sends_leaves_no_program_behind(warm):
    ours, theirs = os.pipe()  # the end of ours comes when no program holds theirs
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(warm.with_name("socket")))
        socket.send_fds(asking, [(100).to_bytes(LENGTH, "big")], [theirs] * 3)
        asking.sendall(b"[[")
        os.close(theirs)
    assert select.select([ours], [], [], 30)[0] == [ours]
    assert os.read(ours, 1) == b""
    os.close(ours)
