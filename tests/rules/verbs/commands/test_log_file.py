"""--log: the program's words are in the file, line by line with their times, and nothing else changes."""

import json
import re
import subprocess
import sys
from datetime import datetime

import pytest
from shapely import box

from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command

LINE = re.compile(r"(\S+) \[(\d+)\] (.*)")


def lines(path):
    found = [LINE.fullmatch(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all(found) and all(datetime.fromisoformat(line[1]).tzinfo for line in found)
    return [line[3] for line in found]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_check_is_logged_from_its_words_to_its_exit_code(desk, terminal, tmp_path, as_json):
    desk.layer("ZONE", [box(5, 0, 20, 10)])
    given = ["check", desk.library, desk.parcels({"A": box(0, 0, 10, 10)}), "--pack", desk.pack({})]
    plain = terminal(*given, "--lang", "en", *(["--json"] if as_json else []))
    log = tmp_path / "night.log"
    logged = terminal(*given, "--lang", "en", "--log", log, "--fail-on", "restricted", *(["--json"] if as_json else []))
    assert (plain.returncode, logged.returncode) == (0, 4) and logged.stderr == plain.stderr
    log_lines = lines(log)
    assert log_lines[0].startswith("onemap check ") and "--log" in log_lines[0]
    assert {"Reading the parcels", "Reading layer ZONE", "Writing the library"} < set(log_lines)
    output_lines = plain.stdout.decode().splitlines()
    assert as_json or set(filter(str.strip, output_lines[1:])) < {
        *log_lines,
        *output_lines[-1:],
    }  # but for the run's number
    assert re.fullmatch(r"Exit code 4 after \d+\.\d s", log_lines[-1])
    if as_json:
        assert json.loads(logged.stdout)["verdicts"] == json.loads(plain.stdout)["verdicts"]


def test_the_next_one_is_added_and_refusals_are_told(tmp_path, terminal):
    log = tmp_path / "night.log"
    for place in (["--log", log], [f"--log={log}"]):
        assert terminal("layers", tmp_path / "none.gpkg", *place, "--lang", "en").returncode == 3
    log_lines = lines(log)
    assert len([line for line in log_lines if line.startswith("onemap layers")]) == 2
    assert len([line for line in log_lines if line.startswith("Exit code 3")]) == 2
    assert len([line for line in log_lines if "none.gpkg" in line and not line.startswith("onemap")]) == 2


@pytest.mark.slow
def test_wrong_words_are_logged_too_and_passwords_are_not(tmp_path, core):
    log = tmp_path / "log"
    assert core("--log", log, "frobnicate").returncode == 2
    assert core("layers", "postgresql://u:geheim@127.0.0.1:1/d", "--log", log).returncode == 3
    assert "geheim" not in log.read_text() and lines(log)[0] == f"onemap --log {log} frobnicate"


def test_a_log_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path):
    library = tmp_path / "library.gpkg"
    answer = command("new", library, "--crs", "EPSG:4547", "--log", tmp_path / "nowhere" / "log")
    assert (answer.code, answer.codes) == (3, ["log.file"]) and not library.exists()


@pytest.mark.slow
def test_serve_logs_each_request(tmp_path):
    log = tmp_path / "log"
    program = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py", "serve", "--log", log, "--lang", "en"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        for number, verb in ((7, "words"), (8, "layers")):
            child.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": verb}).encode() + b"\n")
            child.stdin.flush()
            while b'"id": %d' % number not in (line := child.stdout.readline()) or b'"progress"' in line:
                continue
        child.stdin.close()
    log_lines = lines(log)
    assert "#7 words" in log_lines and any(re.fullmatch(r"#7 words \d+\.\d s", line) for line in log_lines)
    assert any("LIBRARY" in line for line in log_lines[log_lines.index("#8 layers") :])


@pytest.mark.parametrize("form", ["--log {}", "--log={}"])
def test_a_log_is_never_written_behind_what_is_read(tmp_path, onemap, form):
    source, log = tmp_path / "parcels.geojson", tmp_path / "night.log"
    source.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    before = source.read_bytes()
    answer = onemap("inspect", source, *form.format(source).split())
    assert (answer.code, answer.codes, source.read_bytes()) == (3, ["out.input"], before)
    assert onemap("inspect", source, *form.format(log).split()).code in (0, 3) and lines(log)
