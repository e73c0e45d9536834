"""`verify` beside writers, in a file and on a server: it never takes for damage what they write meanwhile."""

import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from onemap.tests.conftest import ROOT, write_layer
from onemap.tests.rules.command import command, done

DEFINE = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
# Each writer adds versions, and registers a service and strikes it off, until its input is closed.
WRITER = """
import sys, threading
sys.path.insert(0, {path!r})
from onemap.tests.rules.command import command
closed = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
service = ("--type", "xyz", "--url", "https://a.example/{{z}}/{{x}}/{{y}}.png", "--department", "land")
count = 0
while not closed.is_set():
    answers = (
        command("add", {library!r}, {source!r}, "--as", "T", "--covers", "extent"),
        command("service", {library!r}, "s{number}", *service),
        command("service", {library!r}, "s{number}", "--remove"),
    )
    assert all(answer.code == 0 for answer in answers), [answer.json for answer in answers]
    count += 1
    print(count, flush=True)
"""


@pytest.fixture(params=["file", "server"])
def city(request, tmp_path) -> tuple[str, Path]:
    """A library with one layer, and a source for more."""
    path = tmp_path / "city.gpkg"
    done("new", path, "--crs", "EPSG:4547")
    squares = [shapely.box(500_000 + 200 * n, 4_000_000, 500_100 + 200 * n, 4_000_100) for n in range(20)]
    source = write_layer(tmp_path / "a.gpkg", squares)
    done("add", path, source, "--as", "T", "--define", DEFINE, "--covers", "extent")
    if request.param == "file":
        return str(path), source
    url = f"{request.getfixturevalue('postgis').database().url}&schema=city"
    done("copy", path, url)
    return url, source


@pytest.mark.slow
@pytest.mark.parametrize("least", [8, pytest.param(60, marks=pytest.mark.nightly)])
def test_it_never_raises_a_false_alarm(city, least):
    library, source = city
    writers = []
    for number in range(2):
        names = {"library": library, "source": str(source), "number": number, "path": str(ROOT.parent)}
        started = [sys.executable, "-P", "-c", WRITER.format(**names)]
        writers.append(subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "1\n"
        heads, times = set(), 0
        while times < least or len(heads) <= 3:  # somebody has written between
            assert all(writer.poll() is None for writer in writers)
            answer = command("verify", library)
            assert answer.json == {"ok": True, "problems": []}, answer.json
            heads.add(done("history", library).json["head"])
            times += 1
    finally:
        for writer in writers:
            _, errors = writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
