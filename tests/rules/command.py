"""The command line for fixtures that outlive a test, and for examples that share one; `onemap` is for single tests."""

import contextlib
import io
import json

from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import Answer


def command(*arguments: object) -> Answer:
    """Run one verb in this process, and read the one JSON object that it says."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(output):
        code = main([*map(str, arguments), "--json", "--lang", "en", "--progress", "none"])
    output.flush()
    return Answer(code, json.loads(output.buffer.getvalue()), "")


def done(*arguments: object) -> Answer:
    """Run one verb that must succeed."""
    answer = command(*arguments)
    assert answer.code == 0, answer.json
    return answer
