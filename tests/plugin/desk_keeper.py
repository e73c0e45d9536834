"""Another desk for the plugin's tests: run by the core's Python, it runs verbs one by one until stdin is closed.

A line of stdin is a list: the words of the verb, and additions to its environment. The answer is a line: the exit code,
and the JSON that the verb prints. Each verb opens and closes its library, as a separate program does.
"""

import contextlib
import io
import json
import os
import sys

from onemap.layers.gdal_limits import limit_gdal

limit_gdal()

from onemap.rules.verbs.commands.command_line import main  # noqa: E402


def _do(words: list[str], environment: dict[str, str]) -> tuple[int, str]:
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with contextlib.redirect_stdout(output):
            code = main([*words, "--json"])
    finally:
        for name in environment:
            os.environ.pop(name)
        os.environ.update(before)
    output.flush()
    return code, output.buffer.getvalue().decode("utf-8")


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_do(*json.loads(line))) + "\n")
        sys.stdout.flush()
