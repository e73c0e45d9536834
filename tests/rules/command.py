"""The command line for fixtures that outlive a test, and for examples that share one; single tests use `onemap`."""

import contextlib
import io
import json

from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import Answer


def command(*arguments: object) -> Answer:
    """Run one verb in this process, and return its JSON answer."""
    code, output, _ = outcome_of(*arguments, "--json", "--lang", "en")
    return Answer(code, json.loads(output), "")


def outcome_of(*arguments: object) -> tuple[int, str, str]:
    """Run one verb in this process as it is typed; return exit code, answer and remarks."""
    output, remarks = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogatepass"), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(remarks):
        code = main([*map(str, arguments), "--progress", "none"])
    output.flush()
    return code, output.buffer.getvalue().decode("utf-8", "surrogatepass"), remarks.getvalue()


def done(*arguments: object) -> Answer:
    """Run one verb that must succeed."""
    answer = command(*arguments)
    assert answer.code == 0, answer.json
    return answer
