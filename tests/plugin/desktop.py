"""The real QGIS desktop on an invisible screen: start it, let desktop_driver.py click, and keep the picture.

python tests/plugin/desktop.py PICTURE.png [zh|en] [DEMO]: makes the pictures of the user guide and of the README, one
for each scene. DEMO: the folder of a demo whose city is shown; without it one is made.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("desktop_driver.py")
CORE = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SCREEN = "1600x1000x24"
LONGEST_S = 240  # then QGIS writes where it hangs, and ends
LONGEST_ALL_ROOMS_S = 1_800  # every plan of a city is compared with every other
GRACE_S = 20  # what takes longer to begin or to end is killed
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")


def inherited_environment():
    """The variables of this process, without those by which another Python or screen would be found."""
    return {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}


def missing_parts():
    """The programs that this machine lacks to show QGIS; empty if it has all."""
    return [program for program in ("qgis", "Xvfb") if shutil.which(program) is None]


def make_profile(folder, library, language):
    """A QGIS profile with the plugin enabled, its library remembered, and nothing that pops up."""
    settings = folder / "profiles" / "default" / "QGIS"
    settings.mkdir(parents=True)
    locale = {"zh": "zh-Hans", "en": "en_GB"}[language]
    text = (
        "[PythonPlugins]\nonemap=true\nprocessing=true\n"
        f"[onemap]\nlibrary={library}\n"
        f"[locale]\noverrideFlag=true\nuserLocale={locale}\n"
        "[qgis]\nshowTips=false\ncheckVersion=false\n"
        "[core]\nNewsFeed\\http0\\disabled=true\n"
        "[app]\nfontPointSize=9\n"
    )
    for name in ("QGIS3.ini", "QGIS4.ini"):  # each QGIS reads its own
        (settings / name).write_text(text, encoding="utf-8")
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "onemap").symlink_to(ROOT, target_is_directory=True)
    return plugins


def environment_of(folder, library, language="en", **more):
    """The environment of a program of QGIS: the plugin enabled and its library remembered in a profile of its own."""
    environment, plugins = inherited_environment(), make_profile(folder, library, language)
    # QGIS's Python takes its home from the first python3 on PATH: it must be the system's.
    path = os.pathsep.join(["/usr/bin", environment.get("PATH", "")])
    return environment | {"PATH": path, "QGIS_CUSTOM_CONFIG_PATH": str(folder), "QGIS_PLUGINPATH": str(plugins), **more}


def make_city(folder):
    """The sample city's library and parcels, by the command line."""
    core = [str(CORE), "-I", "-X", "utf8", str(ROOT / "__main__.py")]
    city = folder / "city"

    def run(*words):
        done = subprocess.run([*core, *map(str, words), "--json"], capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr

    run("sample", city)
    facts = json.loads((city / "city.json").read_text(encoding="utf-8"))
    library = folder / "city.gpkg"
    run("new", library, "--crs", facts["crs"], "--name", facts["name"], "--district", city / facts["district"])
    for layer in json.loads((city / "layers.json").read_text(encoding="utf-8")):
        options = []
        for name, value in layer.get("options", {}).items():
            option = "--" + name.replace("_", "-")
            if isinstance(value, dict):
                value = ",".join(f"{target}={source}" for target, source in value.items())
            if value is True:
                options.append(option)
            elif name == "covers" and value not in ("district", "extent"):
                options.append(f"{option}={city / value}")
            else:
                options.append(f"{option}={value}")
        run("add", library, city / layer["file"], "--as", layer["code"], *options)
    return library, city / facts["parcels"]


@contextlib.contextmanager
def screen():
    """An invisible screen, by its number; nothing here waits forever."""
    numbers, numbers_in = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(numbers_in), "-screen", "0", SCREEN, "-dpi", "96", "-nolisten", "tcp"],
        pass_fds=[numbers_in],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(numbers_in)
    try:
        with os.fdopen(numbers) as answer:
            ready, _, _ = select.select([answer], [], [], GRACE_S)
            number = answer.readline().strip() if ready else ""
        assert number, f"Xvfb opened no screen within {GRACE_S} s"
        yield f":{number}"
    finally:
        process.terminate()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            kill_session(process)


def kill_session(process):
    """End a process and all that it started, whether they will or not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(GRACE_S)


def drive(
    folder, library, parcels, language="en", findings=1, file="", code="", label="again", all_rooms=False, driver=DRIVER
):
    """Start QGIS, let the driver click, and return what it saw.

    findings: how many a parcel must have to be the one that is shown; file: what is added, as which code and label;
    all_rooms: also what needs a city with several plans; driver: the script that QGIS runs.
    """
    report = folder / "report.json"
    picture = folder / "picture.png"
    orders = {"parcels": str(parcels), "report": str(report), "picture": str(picture), "findings": findings}
    longest_s = LONGEST_ALL_ROOMS_S if all_rooms else LONGEST_S
    orders.update(file=str(file), code=code, label=label, all_rooms=all_rooms, longest_s=longest_s)
    more = {"XDG_RUNTIME_DIR": str(folder), "ONEMAP_ORDERS": json.dumps(orders), "LANG": "C.UTF-8"}
    environment = environment_of(folder, library, language, **more)
    log = folder / "qgis.log"
    with screen() as display, log.open("wb") as output:
        environment["DISPLAY"] = display
        command = ["qgis", "--nologo", "--code", str(driver)]
        # A session of its own, so that whatever it started ends with it.
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            process.wait(longest_s + GRACE_S)
        except subprocess.TimeoutExpired as error:
            text = log.read_text("utf-8", "replace")[-3000:]
            raise AssertionError(f"QGIS did not end within {longest_s + GRACE_S} s:\n{text}") from error
        finally:
            kill_session(process)
    if not report.exists():
        raise AssertionError("QGIS ended without a report:\n" + log.read_text("utf-8", "replace")[-3000:])
    return json.loads(report.read_text(encoding="utf-8"))


def copy_city(demo, folder):
    """The library and parcels of a demo; the library is a copy, in which checks may be stored."""
    library = shutil.copyfile(demo / "city.gpkg", folder / "city.gpkg")
    facts = json.loads((demo / "city" / "city.json").read_text(encoding="utf-8"))
    return library, demo / "city" / facts["parcels"]


def main(picture, language="en", demo=""):
    """Make the picture."""
    (ROOT / "build").mkdir(exist_ok=True)
    # Not in the system's temporary folder: QGIS would mark every layer as a temporary one.
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        library, parcels = copy_city(Path(demo), Path(folder)) if demo else make_city(Path(folder))
        redline = Path(parcels).parent / "环保" / "生态保护红线2023.shp"
        target = {"file": redline, "code": "STBHHX", "label": "2026"}
        seen = drive(Path(folder) / "desktop", library, parcels, language, findings=5, **target, all_rooms=True)
        shutil.copyfile(Path(folder) / "desktop" / "picture.png", picture)
        for scene in (Path(folder) / "desktop").glob("picture-*.png"):
            shutil.copyfile(scene, Path(picture).with_name(scene.name.replace("picture", Path(picture).stem)))
        print(json.dumps(seen, ensure_ascii=False, indent=1))
        if seen["errors"]:
            raise SystemExit("\n".join(seen["errors"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
