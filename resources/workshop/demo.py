"""`demo`: the main task from start to end on the sample city, outside QGIS and inside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from workshop import demo_case, pythons, qgis_programs, tables, translations
from workshop.machine import ROOT, WorkshopError, answer, program, run, say

HERE = Path(__file__).resolve().parent
MAY_NAME_FILES = ("covers", "transform")
# The sinks of onemap:check and the table of the command line that each must equal.
SINKS = {"CHECKED": "parcels", "FINDINGS": "findings", "OVERLAPS": "overlaps"}


class Files:
    """The files that the demo makes, in one folder."""

    def __init__(self, folder: Path = ROOT / "demo") -> None:
        self.folder = folder
        self.city = folder / "city"
        self.library = folder / "city.gpkg"
        self.findings = folder / "findings.gpkg"
        self.inside = folder / "inside-qgis"
        self.project = folder / "onemap.qgz"
        self.picture = folder / "conflicts.png"
        self.request = folder / "picture.json"
        self.papers = folder / "papers"
        self.profile = folder / "city.profile.toml"
        self.calendar = folder / "city.calendar.toml"

    def about_city(self) -> dict:
        """What the city says of itself."""
        return json.loads((self.city / "city.json").read_text(encoding="utf-8"))

    def clear(self) -> None:
        """Remove what an earlier demo made, but nothing that somebody else put there."""
        for folder in (self.city, self.inside, self.papers):
            shutil.rmtree(folder, ignore_errors=True)
        # The library may have left its write-ahead log beside it.
        libraries = self.folder.glob(f"{self.library.name}*")
        for path in (self.findings, self.project, self.picture, self.request, self.profile, self.calendar, *libraries):
            path.unlink(missing_ok=True)
        self.folder.mkdir(exist_ok=True)


def demo(files: Files | None = None) -> int:
    """Make the city and its library, check it both ways, show the findings, and name the files."""
    files = files or Files()
    pythons.core()
    face = qgis_programs.environment()
    began = time.monotonic()
    files.clear()
    say(f"Making the sample city in {_short(files.city)}, as its departments would send it")
    _onemap("sample", files.city)
    make_library(files)
    use_library(files, face)
    say(f"Done in {time.monotonic() - began:.0f} s")
    return 0


def use_library(files: Files, face: Path | None) -> None:
    """All that is shown of a city and its library. face: QGIS's environment."""
    city = files.about_city()
    check_answer = _check_outside(files, city)
    if face is not None:
        translations.compile_all()
        _check_inside(files, city)
        _draw(files, face, city, check_answer)
    papers = _issue_case(files, city)
    tables.show(check_answer, files.findings)
    _name_files(files, face is not None, papers)


def make_library(files: Files) -> list[dict]:
    """Make a library of a city's files; what was answered of each layer."""
    city, answers = files.about_city(), []
    say(f"Making the library {_short(files.library)}")
    _onemap(
        "new", files.library, "--crs", city["crs"], "--name", city["name"], "--district", files.city / city["district"]
    )
    # One core adds them all, as in the plugin: to start it takes longer than to add a layer of a small town.
    with _serving() as core:
        for layer in json.loads((files.city / "layers.json").read_text(encoding="utf-8")):
            say(f"Adding {layer['file']} as {layer['code']}")
            new_version = _served_answer(core, "add", _params(files, layer))
            say(f"  version {new_version['version']}: {new_version['features']:,} features")
            answers.append(new_version)
    return answers


def _serving(*options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [str(word) for word in _core("serve", *options)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def _check_outside(files: Files, city: dict) -> dict:
    say("Checking the parcels on the command line")
    parcels = files.city / city["parcels"]
    return _answer(_core("check", files.library, parcels, "--out", files.findings, "--json"))


def _check_inside(files: Files, city: dict) -> None:
    qgis_programs.enable_plugin()
    say("Checking the same parcels inside QGIS, with qgis_process run onemap:check")
    files.inside.mkdir(exist_ok=True)
    sinks = [f"{sink}={files.inside / table}.gpkg" for sink, table in SINKS.items()]
    inputs = [f"LIBRARY={files.library}", f"PARCELS={files.city / city['parcels']}"]
    command = [qgis_programs.program("qgis_process"), "--json", "run", "onemap:check", "--", *inputs, *sinks]
    _answer(command, qgis_programs.program_environment())
    agreement = [
        program(pythons.CORE, "python"),
        "-P",
        HERE / "agreement.py",
        files.findings,
        files.inside,
        *SINKS.values(),
    ]
    if run(agreement):
        raise WorkshopError("the command line and QGIS do not agree; what differs is named above.")


def _issue_case(files: Files, city: dict) -> list[tuple[Path, str]]:
    """Take one project of three parcels to its issued statement; return the documents written."""
    say(f"A project of three parcels: {demo_case.PROJECT}")
    files.papers.mkdir()
    parcels, data = files.papers / "project.gpkg", files.papers / "project.toml"
    script = HERE / "project_parcels.py"
    if run([program(pythons.CORE, "python"), "-P", script, files.city / city["parcels"], files.findings, parcels]):
        raise WorkshopError("the project's parcels could not be chosen; what went wrong is said above.")
    data.write_text(demo_case.PROJECT_DATA, encoding="utf-8")
    files.profile.write_text(demo_case.PROFILE, encoding="utf-8")
    _onemap("keep", files.library, files.profile)
    script = ROOT / "resources" / "sample_city" / "working_weeks.py"
    if run([program(pythons.CORE, "python"), "-P", script, files.calendar]):
        raise WorkshopError("the calendar of the years to come could not be written; what went wrong is said above.")
    _onemap("keep", files.library, files.calendar)
    pack = files.papers / "review-pack-planning.html"
    with _serving("--lang", "zh") as core:  # documents as the bureau of a Chinese city issues them

        def ask(verb: str, params: dict) -> dict:
            return _served_answer(core, verb, params)

        sheets = demo_case.write_sheets(ask, files.library, parcels, files.papers)
        case = demo_case.issue_case(ask, files.library, parcels, data, pack)
        say(f"  case {case['case']}, ten departments, statement {case['document']}")
        papers = demo_case.write_papers(ask, files.library, case["case"], files.papers)
    return [
        *papers,
        *sheets,
        (pack, "an offline review pack: one department's part, read and answered without One Map"),
    ]


def _draw(files: Files, face: Path, city: dict, check_answer: dict) -> None:
    say("Making the QGIS project and drawing the map of the conflicts")
    layers = _answer(_core("layers", files.library, "--looks", "--json"))
    run_record = check_answer["run"]
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in check_answer["verdicts"].items())
    request = {
        "title": f"One Map · {city['name']}",
        "library": str(files.library),
        "findings": str(files.findings),
        "project": str(files.project),
        "picture": str(files.picture),
        "layers": layers,
        "words": json.loads(answer(_core("words", "--json")) or "{}"),
        "notes": [
            f"Library {files.library.name}, its layers in force on {run_record['started'][:10]}",
            f"Run {run_record['id']}",
            f"{check_answer['parcels']:,} parcels: {counts}",
            "The town is invented.",
        ],
    }
    files.request.write_text(json.dumps(request, ensure_ascii=False, indent=1), encoding="utf-8")
    command = [qgis_programs.python_of(face), HERE / "picture.py", files.request]
    if run(command, env=qgis_programs.program_environment()):
        raise WorkshopError("the map could not be drawn; QGIS's words are above.")
    files.request.unlink()


def _name_files(files: Files, with_qgis: bool, papers: list[tuple[Path, str]]) -> None:
    new_files = [(files.library, "the library: every layer, any GIS opens it"), (files.findings, "the findings")]
    if with_qgis:
        new_files += [
            (files.picture, "the map of the conflicts"),
            (files.project, "a QGIS project with the layers and the findings"),
        ]
    say("The files made:")
    for path, what in [*new_files, *papers]:
        say(f"  {_short(path)}  {what}")
    if not with_qgis:
        say("Without QGIS there is no map and no project; the step that brings it is named above.")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if ROOT in path.parents else str(path)


def _onemap(*words: object) -> None:
    if run(_core(*words)):
        raise WorkshopError(f"onemap {words[0]} refused; its words are above.")


def _core(*words: object) -> list:
    return [program(pythons.CORE, "onemap"), *words]


def _params(files: Files, layer: dict) -> dict:
    """The parameters of `add` for a layer in layers.json; file names in it are the city's own."""
    options = {
        name: str(files.city / value) if name in MAY_NAME_FILES and (files.city / value).exists() else value
        for name, value in layer.get("options", {}).items()
    }
    layer_params = {"library": str(files.library), "source": str(files.city / layer["file"]), "as": layer["code"]}
    return {**layer_params, **options}


def _served_answer(core: subprocess.Popen, verb: str, params: dict) -> dict:
    """Ask one verb of a core that serves, and return its answer."""
    request = {"jsonrpc": "2.0", "id": 1, "method": verb, "params": params}
    core.stdin.write(json.dumps(request) + "\n")
    core.stdin.flush()
    messages = map(json.loads, iter(core.stdout.readline, ""))
    answer = next((message for message in messages if "method" not in message), {"error": {"message": "It ended."}})
    if "error" in answer:
        raise WorkshopError(f"onemap {verb} refused {params.get('source', '')}. It said: {answer['error']['message']}")
    return answer["result"]


def _answer(command: Sequence[object], env: dict | None = None) -> dict:
    """Run a program and return the JSON object that it prints; show its progress and warnings meanwhile."""
    process = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if process.returncode:
        name = " ".join(Path(str(word)).name for word in command[:4])
        raise WorkshopError(f"{name} ended with exit code {process.returncode}. It said: {process.stdout.strip()}")
    return json.loads(process.stdout)
