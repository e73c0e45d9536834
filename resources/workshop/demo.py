"""`demo`: the main job from end to end on the sample city, outside QGIS and inside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from workshop import pythons, qgis_programs, tables, translations
from workshop.machine import ROOT, WorkshopError, answer, program, run, say

HERE = Path(__file__).resolve().parent
DEMO = ROOT / "demo"
CITY = DEMO / "city"
LIBRARY = DEMO / "city.gpkg"
FINDINGS = DEMO / "findings.gpkg"
INSIDE = DEMO / "inside-qgis"
PROJECT = DEMO / "onemap.qgz"
PICTURE = DEMO / "conflicts.png"
REQUEST = DEMO / "picture.json"
MAY_NAME_FILES = ("covers", "transform")
# The sinks of onemap:check and the table of the command line that each must equal.
SINKS = {"CHECKED": "parcels", "FINDINGS": "findings", "OVERLAPS": "overlaps"}


def demo() -> int:
    """Make the city and its library, check it both ways, show what was found, and name the files made."""
    began = time.monotonic()
    pythons.core()
    face = qgis_programs.environment()
    _clear()
    city = _make_city()
    _make_library(city)
    checked = _check_outside(city)
    if face is not None:
        translations.compile_all()
        _check_inside(city)
        _draw(face, city, checked)
    tables.show(checked, FINDINGS)
    _name_files(face is not None)
    say(f"Done in {time.monotonic() - began:.0f} s")
    return 0


def _clear() -> None:
    """Remove what an earlier demo made, and nothing that somebody else put there."""
    for folder in (CITY, INSIDE):
        shutil.rmtree(folder, ignore_errors=True)
    made = [FINDINGS, PROJECT, PICTURE, REQUEST, *LIBRARY.parent.glob(f"{LIBRARY.name}*")]
    for path in made:
        path.unlink(missing_ok=True)
    DEMO.mkdir(exist_ok=True)


def _make_city() -> dict:
    say("Making the sample city in demo/city, as its departments would send it")
    _onemap("sample", CITY)
    return json.loads((CITY / "city.json").read_text(encoding="utf-8"))


def _make_library(city: dict) -> None:
    say("Making the library demo/city.gpkg")
    _onemap("new", LIBRARY, "--crs", city["crs"], "--name", city["name"], "--district", CITY / city["district"])
    for layer in json.loads((CITY / "layers.json").read_text(encoding="utf-8")):
        say(f"Adding {layer['file']} as {layer['code']}")
        _onemap("add", LIBRARY, CITY / layer["file"], "--as", layer["code"], *_options(layer.get("options", {})))


def _check_outside(city: dict) -> dict:
    say("Checking the parcels on the command line")
    parcels = CITY / city["parcels"]
    return _answer(_core("check", LIBRARY, parcels, "--out", FINDINGS, "--json"))


def _check_inside(city: dict) -> None:
    qgis_programs.enable_plugin()
    say("Checking the same parcels inside QGIS, with qgis_process run onemap:check")
    INSIDE.mkdir(exist_ok=True)
    sinks = [f"{sink}={INSIDE / table}.gpkg" for sink, table in SINKS.items()]
    inputs = [f"LIBRARY={LIBRARY}", f"PARCELS={CITY / city['parcels']}"]
    command = [qgis_programs.program("qgis_process"), "--json", "run", "onemap:check", "--", *inputs, *sinks]
    _answer(command, qgis_programs.program_environment())
    agreement = [
        program(pythons.CORE, "python"),
        "-P",
        HERE / "agreement.py",
        FINDINGS,
        INSIDE,
        *SINKS.values(),
    ]
    if run(agreement):
        raise WorkshopError("the command line and QGIS do not agree; what differs is named above.")


def _draw(face: Path, city: dict, checked: dict) -> None:
    say("Making the QGIS project and drawing the map of the conflicts")
    layers = _answer(_core("layers", LIBRARY, "--json"))
    run_record = checked["run"]
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in checked["verdicts"].items())
    request = {
        "title": f"One Map · {city['name']}",
        "library": str(LIBRARY),
        "findings": str(FINDINGS),
        "project": str(PROJECT),
        "picture": str(PICTURE),
        "layers": layers,
        "words": json.loads(answer(_core("words", "--json")) or "{}"),
        "notes": [
            f"Library {LIBRARY.name}, its layers in force on {run_record['started'][:10]}",
            f"Run {run_record['id']}",
            f"{checked['parcels']:,} parcels: {counts}",
            "The town is invented.",
        ],
    }
    REQUEST.write_text(json.dumps(request, ensure_ascii=False, indent=1), encoding="utf-8")
    if run([program(face, "python"), HERE / "picture.py", REQUEST], env=qgis_programs.program_environment()):
        raise WorkshopError("the map could not be drawn; QGIS's words are above.")
    REQUEST.unlink()


def _name_files(with_qgis: bool) -> None:
    made = [(LIBRARY, "the library: every layer, any GIS opens it"), (FINDINGS, "the findings")]
    if with_qgis:
        made += [
            (PICTURE, "the map of the conflicts"),
            (PROJECT, "a QGIS project with the layers and the findings"),
        ]
    say("The files made:")
    for path, what in made:
        say(f"  {path.relative_to(ROOT)}  {what}")
    if not with_qgis:
        say("Without QGIS there is no map and no project; the step that brings it is named above.")


def _onemap(*words: object) -> None:
    if run(_core(*words)):
        raise WorkshopError(f"onemap {words[0]} refused; its words are above.")


def _core(*words: object) -> list:
    return [program(pythons.CORE, "onemap"), *words]


def _options(options: dict) -> list:
    """The options of layers.json as words of the command line; file names in them are the city's own."""
    words: list = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, dict):  # fields, as target=source
            value = ",".join(f"{target}={source}" for target, source in value.items())
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                words.append(option)
            elif one is not None and one is not False:
                is_file = name in MAY_NAME_FILES and (CITY / one).exists()
                words += [option, CITY / one if is_file else one]
    return words


def _answer(command: Sequence[object], env: dict | None = None) -> dict:
    """The one JSON object that a program prints, its progress and warnings shown as they come."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if done.returncode:
        name = " ".join(Path(str(word)).name for word in command[:4])
        raise WorkshopError(f"{name} ended with exit code {done.returncode}. It said: {done.stdout.strip()}")
    return json.loads(done.stdout)
