"""One parcel against fifty layers through `onemap serve`, as the dock asks: at the start of the program, then again.

Called as: python -m onemap.tests.bench.desk_serve desk FOLDER REPEATS. The first call includes the program's start.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.library.library import open_library
from onemap.rules.judge.runs.run_store import stored_columns
from onemap.tests.bench import desk_library
from onemap.tests.bench.timing import Work, answer_for, peak_mb

MAIN = Path(__file__).resolve().parents[2] / "__main__.py"


def kept_totals(library: Path, run: str) -> Sequence[float]:
    """The ground in m² and the length in m that a stored run's overlaps have in all."""
    with open_library(str(library)) as opened:
        return [
            sum(float(rows.values(column).sum()) for rows in stored_columns(opened, run, table, [column]))
            for table, column in (("overlaps", "area_m2"), ("overlaps_line", "length_m"))
        ]


class Session:
    """A core that answers one check after the other; it starts at the first."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._params, self._asked = params, 0
        self._process: subprocess.Popen | None = None

    @property
    def process_id(self) -> int | None:
        """The core's process, None before the first question."""
        return self._process.pid if self._process else None

    def totals(self) -> Sequence[float]:
        """What the run of the next check keeps. Raises ValueError where it is refused."""
        if self._process is None:
            command = [sys.executable, "-I", "-X", "utf8", str(MAIN), "serve"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._asked += 1
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"jsonrpc": "2.0", "id": self._asked, "method": "check", "params": self._params}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        while (line := json.loads(self._process.stdout.readline())).get("id") != self._asked:
            continue
        if "result" not in line:
            raise ValueError(line["error"]["message"])
        return kept_totals(Path(self._params["library"]), line["result"]["run"]["id"])


def prepare_work(job: str, folder: Path) -> Work:
    """The work of the job `desk`."""
    library, pack, parcel = desk_library.make_desk(folder)
    session = Session({"library": str(library), "parcels": str(parcel), "pack": [str(pack)]})

    def work() -> Sequence[float]:
        return session.totals()

    work.peak_mb = lambda: peak_mb(str(session.process_id))  # type: ignore[attr-defined]  # it is another process
    return work


if __name__ == "__main__":
    answer_for(prepare_work)
