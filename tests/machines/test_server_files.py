"""The units and the container recipe for a server: systemd itself reads them, and their command runs as written."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onemap.rules.verbs.commands.command_line import _parser
from onemap.rules.verbs.commands.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "server"
UNITS = sorted(path for path in FOLDER.iterdir() if path.suffix in (".service", ".timer", ".socket"))


def test_the_nightly_command_does_what_the_unit_says(onemap, tmp_path):
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(FOLDER / "onemap-recheck.service", encoding="utf-8")
    service = unit["Service"]
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    line = service["ExecStart"].replace("${LIBRARY}", str(library)).replace("${OUT}", str(tmp_path))
    program, *words = shlex.split(line)
    assert Path(program).name == "onemap" and words[0] in VERBS
    for _ in range(2):  # the second night writes over the first one's sheet
        assert onemap(*words).code == 0
    assert (tmp_path / "recheck.xlsx").exists()
    assert service["SuccessExitStatus"] == "4"


@pytest.mark.parametrize(("name", "is_public"), [("onemap-web@", False), ("onemap-public", True)])
def test_the_units_for_browsers_start_a_command_that_there_is(name, is_public):
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(FOLDER / f"{name}.service", encoding="utf-8")
    line = unit["Service"]["ExecStart"].replace("${LIBRARY}", "postgresql:///city?schema=city").replace("%i", "8765")
    program, verb, *words = shlex.split(line.replace("${OUTSIDE}", "https://onemap.example.org"))
    assert (Path(program).name, verb) == ("onemap", "web")
    given = vars(_parser("en", [verb, *words]).parse_args([verb, *words]))
    assert (bool(given["public"]), given["behind_proxy"]) == (is_public, "https://onemap.example.org")
    site = next(FOLDER.glob(f"{name.rstrip('@')}.nginx")).read_text(encoding="utf-8")
    assert str(given["port"]) in site, "nginx sends to the port at which the unit listens"
    servers = site.split("\nserver {")[1:]
    assert all("access_log /var/log/nginx/onemap" in one for one in servers), "nginx's own lines have the query"
    assert all("error_log /dev/null" in one for one in servers) or not is_public, "its errors have the address"


def test_systemd_finds_no_fault_in_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this machine")
    for unit in UNITS:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    files = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, encoding="utf-8")
    lines = [line for line in done.stderr.splitlines() if any(unit.name in line for unit in UNITS)]
    assert lines == []


def test_the_container_ends_with_the_self_test_and_runs_as_nobody_special():
    lines = re.sub(r"\\\n", " ", (FOLDER / "Containerfile").read_text(encoding="utf-8")).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    known = {"FROM", "RUN", "COPY", "USER", "WORKDIR", "ENV", "ENTRYPOINT", "CMD"}
    assert {step for step, _ in steps} <= known and steps[0][0] == "FROM"
    runs = [words for step, words in steps if step == "RUN"]
    assert runs[-1] == "onemap self-test"
    assert [words for step, words in steps if step == "USER"] == ["10001"]  # a number, which any host understands
    assert "--uid 10001 onemap" in " ".join(runs)
    assert "[web]" in runs[1]  # its pages for browsers come along
    assert "libexpat1" in runs[0]  # rasterio and fiona take it from the system, and a slim image has none


def test_a_linter_finds_no_fault_in_the_recipe_of_the_container():
    linter = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if linter is None:
        pytest.skip("hadolint is not on this machine")
    done = subprocess.run([linter, "--no-color", str(FOLDER / "Containerfile")], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "")
