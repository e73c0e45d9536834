"""The night: every open case and named check against later changes; exit code 4 if a verdict turned, else 0."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, time
from xml.etree import ElementTree

import geopandas as gpd
import pytest

from onemap.layers.library.library import open_library
from onemap.rules.judge.check.check import check, check_near_changes
from onemap.rules.judge.incremental.verdict_changes import changed_verdicts
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_store import stored_question
from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import ground, log_length


def test_a_night_over_three_cases_tells_which_verdicts_turned_and_writes_nothing(town, tmp_path):
    on_farm = town.open(project="甲")
    in_river = town.open(project="乙", parcels=town.parcels("b", DK2=ground(0, 200, 20, 300)))
    gone = town.open(project="丙", parcels=town.parcels("c", DK3=ground(0, 500, 20, 600)))
    town.done("withdraw", gone, "--reason", "申请人撤回", on="2026-03-03", by="lead")
    quiet = command("recheck", town.library, "--open")
    assert (quiet.code, [case["turned"] for case in quiet.json["cases"]]) == (0, [[], []])
    assert [case["case"] for case in quiet.json["cases"]] == [on_farm, in_river]
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")  # the farm is elsewhere now
    town.layer("RIVER", ground(0, 0, 30, 300), label="新")  # and the river is longer
    before, out = log_length(town), tmp_path / "turned.gpkg"
    answer = command("recheck", town.library, "--open", "--out", out)
    assert answer.code == 4
    first, second = answer.json["cases"]
    assert first["turned"] == [{"parcel": "DK1", "from": "prohibited", "to": "consult", "rules": ["farm"]}]
    assert second["turned"] == [{"parcel": "DK2", "from": "clear", "to": "consult", "rules": ["river"]}]
    assert {layer["code"]: layer["to"] for layer in first["layers"]} == {"FARM": "新", "RIVER": "新"}
    assert first["opinions"][0]["text"].startswith("By overlay")  # in the reader's words, as the drafts
    assert log_length(town) == before
    rows = gpd.read_file(out, layer="turned")
    assert list(zip(rows["case"], rows["parcel"], rows["to"], strict=True)) == [
        (on_farm, "DK1", "consult"),
        (in_river, "DK2", "consult"),
    ]


def test_of_a_kept_check_only_what_lies_near_a_change_is_judged_again(town):
    many = {f"P{at}": ground(60 + 200 * at, 0, 100 + 200 * at, 50) for at in range(12)}
    words = ("--pack", town.folder / "town.toml")
    run = command("check", town.library, town.parcels("set", **many), *words).json["run"]["id"]
    town.layer("FARM", ground(50, 0, 110, 60), ground(650, 0, 700, 60), label="新")
    with open_library(str(town.library)) as library:
        question = replace(stored_question(library, run), as_of=library.today(), known_at=None)
        near, whole = check_near_changes(library, question, Threads(), run), check(library, question, Threads())
        asked = near.question.parcels.ids
        turned = changed_verdicts(library, run, near, asked)
        assert turned == changed_verdicts(library, run, whole)
        assert "P3" in {one["parcel"] for one in turned} and set(asked.tolist()) == {"P0", "P3"}
        quiet = check_near_changes(library, stored_question(library, run), Threads(), run)
        assert changed_verdicts(library, run, quiet, quiet.question.parcels.ids) == []


def test_a_named_set_of_parcels_is_judged_again(town):
    parcels = town.parcels("set", P1=ground(60, 0, 100, 50), P2=ground(300, 300, 320, 320))
    run = command("check", town.library, parcels, "--pack", town.folder / "town.toml").json["run"]["id"]
    assert command("runs", town.library, run, "--name", "储备地块").code == 0
    assert command("recheck", town.library, "--run", "储备地块").code == 0
    town.layer("FARM", ground(290, 290, 400, 400), label="新")
    answer = command("recheck", town.library, "--run", "储备地块")
    assert answer.code == 4
    turned = {one["parcel"]: (one["from"], one["to"]) for one in answer.json["runs"][0]["turned"]}
    assert turned == {"P1": ("prohibited", "clear"), "P2": ("clear", "prohibited")}
    assert answer.json["cases"] == []


def test_what_was_asked_for_a_day_to_come_is_judged_again_for_that_day(town):
    town.layer("FARM", ground(5000, 0, 5100, 100), label="来年", valid_from="2998-01-01")
    asked = ("--pack", town.folder / "town.toml", "--as-of", "2999-01-01")
    run = command("check", town.library, town.parcels(), *asked).json["run"]["id"]
    case = town.open("--as-of", "2999-01-01")
    quiet = command("recheck", town.library, "--open", "--run", run)
    assert (quiet.code, quiet.json["runs"][0]["layers"], quiet.json["cases"][0]["layers"]) == (0, [], [])
    town.layer("FARM", ground(50, 0, 200, 100), label="更正", valid_from="2998-06-01")
    answer = command("recheck", town.library, "--open", "--run", run)
    assert (answer.code, answer.json["cases"][0]["case"]) == (4, case)
    for one in (answer.json["cases"][0], answer.json["runs"][0]):
        assert [(layer["from"], layer["to"]) for layer in one["layers"]] == [("来年", "更正")]
        assert [(turned["from"], turned["to"]) for turned in one["turned"]] == [("consult", "prohibited")]


def test_what_cannot_be_judged_again_is_no_quiet_night(town):
    run = command("check", town.library, town.parcels("set"), "--pack", town.folder / "town.toml").json["run"]["id"]
    assert command("runs", town.library, run, "--name", "储备地块").code == 0
    for verb in (("recheck", town.library), ("changes", town.library, "FARM", "v1", "v1")):
        answer = command(*verb, *("--run", "nobody", "--run", "储备地块"))
        assert (answer.code, answer.codes) == (3, ["run.unknown"])
        assert "储备地块" in answer.json["problems"][0]["mend"]
    assert command("recheck", town.library).code == 2
    assert command("recheck", town.library, "--open", "--page", town.folder / "night.pdf").codes == ["statement.suffix"]


def blocks(language, kind):
    """The examples of one kind in the guide of the night."""
    return re.findall(
        rf"```{kind}\n(.*?)```", (ROOT / f"docs/night.{language}.md").read_text(encoding="utf-8"), re.DOTALL
    )


def test_the_page_of_the_night_says_what_turned_and_is_safe(town, tmp_path):
    case = town.open(project="<b>甲</b>")
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")
    page = tmp_path / "night.html"
    answer = command("recheck", town.library, "--open", "--page", page)
    assert (answer.code, answer.json["page"]) == (4, str(page))
    text = page.read_text(encoding="utf-8")
    assert all(
        part in text for part in (case, "&lt;b&gt;甲&lt;/b&gt;", "DK1", "■ prohibited", "● consult", ">X<", "新")
    )
    assert "<b>" not in text and "http:" not in text and "https:" not in text
    assert command("recheck", town.library, "--open", "--page", page).codes == ["out.exists"]
    assert command("recheck", town.library, "--open", "--page", town.library, "--overwrite").code == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="cron is of Linux")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_night_by_crons_line_in_crons_environment(town, tmp_path, language):
    """The script and the line of the guide, with the paths of this test: quiet at first, then with a changed layer."""
    for project in ("甲", "乙", "丙"):
        town.open(project=project, parcels=town.parcels(project, **{f"P{project}": ground(60, 0, 100, 50)}))
    script, nights, programs = tmp_path / "onemap-night", tmp_path / "nights", tmp_path / "bin"
    script.write_text(blocks(language, "sh")[0], encoding="utf-8")
    script.chmod(0o755)
    nights.mkdir()
    programs.mkdir()
    start = f'#!/bin/sh\nexec {sys.executable} -I -X utf8 {ROOT / "__main__.py"} "$@"\n'
    (programs / "onemap").write_text(start)
    (programs / "onemap").chmod(0o755)
    line = blocks(language, "cron")[0].splitlines()[1].split(None, 5)[5]
    line = line.replace("/usr/local/bin/onemap-night", str(script))
    line = line.replace("/srv/onemap/city.gpkg", str(town.library)).replace("/srv/onemap/nights", str(nights))
    cron = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(tmp_path), "SHELL": "/bin/sh", "LOGNAME": "nobody"}

    def night():
        done = subprocess.run(["/bin/sh", "-c", line], env=cron, cwd="/", capture_output=True, timeout=120)
        assert (done.stdout, done.stderr) == (b"", b"")
        return done.returncode

    assert night() == 0
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")
    town.layer("RIVER", ground(0, 0, 30, 300), label="新")
    assert night() == 4
    (text,) = nights.glob("*.txt")
    assert all(f"P{project}" in text.read_text(encoding="utf-8") for project in ("甲", "乙", "丙"))
    (page,) = nights.glob("*.html")
    assert page.read_text(encoding="utf-8").count("<h2>") == 6  # of each case what turned, and what changed


# What the task schema of Windows (version 1.2) allows, as far as the example uses it: the children of each, in order.
SCHEMA = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHILDREN = {
    "Task": ("RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"),
    "RegistrationInfo": None,  # in any order
    "Triggers": None,
    "CalendarTrigger": ("Enabled", "StartBoundary", "EndBoundary", "Repetition", "RandomDelay", "ScheduleByWeek"),
    "ScheduleByWeek": None,
    "DaysOfWeek": WEEK,
    "Settings": None,
    "Actions": None,
    "Exec": ("Command", "Arguments", "WorkingDirectory"),
}
LEAVES = {"Description", "StartBoundary", "WeeksInterval", *WEEK, "Command", "Arguments", "WorkingDirectory"} | {
    *("MultipleInstancesPolicy", "StartWhenAvailable", "ExecutionTimeLimit"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_task_of_windows_is_well_formed_and_what_it_runs_is_a_night(town, tmp_path, language):
    """As far as it can be held without a Windows: elements, times, and the command with the paths of this test."""
    (text,) = blocks(language, "xml")
    task = ElementTree.fromstring(text)
    for element in task.iter():
        name = element.tag.removeprefix(SCHEMA)
        assert element.tag == SCHEMA + name and (name in CHILDREN or name in LEAVES)
        children = [child.tag.removeprefix(SCHEMA) for child in element]
        order = CHILDREN.get(name)
        if order:
            assert children == sorted(children, key=order.index)
        assert bool(children) == (name in CHILDREN)
    assert task.get("version") == "1.2"
    texts = {element.tag.removeprefix(SCHEMA): element.text for element in task.iter()}
    assert datetime.fromisoformat(texts["StartBoundary"]).time() == time(2, 30)
    assert (texts["Command"], texts["WeeksInterval"], texts["ExecutionTimeLimit"]) == ("cmd.exe", "1", "PT6H")
    line, _, streams = texts["Arguments"].partition(" > ")
    switch, program, *arguments = line.split(" ")  # no path of it has a blank, so nothing is quoted
    assert (switch, program.rpartition("\\")[2], streams) == ("/c", "onemap.exe", "D:\\onemap\\night.txt 2>&1")
    page = tmp_path / "night.html"
    places = {"D:\\onemap\\city.gpkg": str(town.library), "D:\\onemap\\night.html": str(page)}
    assert set(places) < set(arguments)
    town.open(project="甲")
    night = [places.get(argument, argument) for argument in arguments]
    assert command(*night).code == 0
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")
    assert command(*night).code == 4
    assert "DK1" in page.read_text(encoding="utf-8")
    assert blocks(language, "bat") == ['schtasks /Create /TN "One Map night" /XML C:\\onemap\\onemap-night.xml\n']


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_units_of_the_guide_are_sound(tmp_path):
    assert blocks("en", "ini") == blocks("zh", "ini")
    for unit, kind in zip(blocks("en", "ini"), ("service", "timer"), strict=True):
        (tmp_path / f"onemap-night.{kind}").write_text(unit)
    verify = ["systemd-analyze", "verify", "--man=no", tmp_path / "onemap-night.timer"]
    done = subprocess.run(verify, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}, capture_output=True)
    assert [line for line in done.stderr.decode().splitlines() if "onemap-night" in line] == []
