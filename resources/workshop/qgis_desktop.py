"""QGIS on the desktop with the plugin enabled, in a profile of its own, and the demo's project open."""

from __future__ import annotations

from pathlib import Path

from workshop import demo, qgis_programs, translations
from workshop.machine import WorkshopError, run, say


def desktop() -> int:
    """Open QGIS; the sample city is made first if it is missing."""
    if qgis_programs.environment() is None:
        raise WorkshopError("there is no QGIS to run. The step that brings it is named above.")
    files = demo.Files()
    if not files.project.exists():
        demo.demo(files)
    translations.compile_all()
    qgis_programs.enable_plugin()
    say("Opening QGIS; closing its window ends this command")
    opening = ["--code", Path(__file__).with_name("qgis_opening.py"), "--py-args", files.library]
    command = [qgis_programs.program("qgis"), "--nologo", "--project", files.project, *opening]
    return run(command, env=qgis_programs.program_environment(show=True))
