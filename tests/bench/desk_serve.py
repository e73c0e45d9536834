"""One parcel against fifty layers through `onemap serve`, as the dock asks: the program starts, then answers again.

Called as: python -m onemap.tests.bench.desk_serve desk FOLDER REPEATS. The first call holds the start of the program.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.library import open_library
from onemap.rules.runs import stored_blocks
from onemap.tests.bench import desk_library
from onemap.tests.bench.timing import Work, answer_for, peak_mb

MAIN = Path(__file__).resolve().parents[2] / "__main__.py"


def kept_totals(library: Path, run: str) -> Sequence[float]:
    """The ground in m² and the length in m that a stored run's overlaps have in all."""
    with open_library(str(library)) as opened:
        return [
            sum(float(rows.values(column).sum()) for rows in stored_blocks(opened, run, table))
            for table, column in (("overlaps", "area_m2"), ("overlaps_line", "length_m"))
        ]


def answered(session: subprocess.Popen, number: int, params: dict[str, Any]) -> dict[str, Any]:
    """The result of a check. Raises ValueError where it is refused."""
    assert session.stdin is not None and session.stdout is not None
    request = {"jsonrpc": "2.0", "id": number, "method": "check", "params": params}
    session.stdin.write(json.dumps(request).encode() + b"\n")
    session.stdin.flush()
    while (line := json.loads(session.stdout.readline())).get("id") != number:
        continue
    if "result" not in line:
        raise ValueError(line["error"]["message"])
    result: dict[str, Any] = line["result"]
    return result


def prepared(job: str, folder: Path) -> Work:
    """The work of the job `desk`."""
    library, pack, parcel = desk_library.made(folder)
    params = {"library": str(library), "parcels": str(parcel), "pack": [str(pack)]}
    sessions: list[subprocess.Popen] = []
    asked = [0]

    def work() -> Sequence[float]:
        if not sessions:
            command = [sys.executable, "-I", "-X", "utf8", str(MAIN), "serve"]
            sessions.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        asked[0] += 1
        return kept_totals(library, answered(sessions[0], asked[0], params)["run"]["id"])

    work.peak_mb = lambda: peak_mb(str(sessions[0].pid))  # type: ignore[attr-defined]  # it is another process
    return work


if __name__ == "__main__":
    answer_for(prepared)
