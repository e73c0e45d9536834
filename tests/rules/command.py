"""The command line for fixtures that outlive a test, and for examples that share one; single tests use `onemap`."""

import contextlib
import io
import json
from pathlib import Path

from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import Answer


def command(*arguments: object, lang: str = "en") -> Answer:
    """Run one verb in this process, and return its JSON answer."""
    code, output, _ = outcome_of(*arguments, "--json", "--lang", lang)
    return Answer(code, json.loads(output), "")


def outcome_of(*arguments: object) -> tuple[int, str, str]:
    """Run one verb in this process as it is typed; return exit code, answer and remarks."""
    output, remarks = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogatepass"), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(remarks):
        code = main([*map(str, arguments), "--progress", "none"])
    output.flush()
    return code, output.buffer.getvalue().decode("utf-8", "surrogatepass"), remarks.getvalue()


def done(*arguments: object, lang: str = "en") -> Answer:
    """Run one verb that must succeed."""
    return command(*arguments, lang=lang).done()


def make_city(folder: Path) -> None:
    """Make an empty library `city.gpkg` in a folder, for the fixture `copied`."""
    done("new", folder / "city.gpkg", "--crs", "EPSG:4547")
