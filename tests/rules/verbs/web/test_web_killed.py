"""`onemap web` killed with all its cores while officers write: no confirmed step is lost."""

import contextlib
import http.client
import os
import re
import shutil
import sqlite3
import threading
from pathlib import Path

import psutil
import pytest

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.verbs.web.asked_town import ground
from onemap.tests.rules.verbs.web.web_client import Officer, WebServer

pytestmark = pytest.mark.slow
_ENOUGH = 12  # steps that were confirmed when it is killed


class Writers:
    """Officers who write draft after draft until nobody answers any more."""

    def __init__(self, case: str) -> None:
        self.case, self.confirmed, self.refused = case, list[str](), list[int]()
        self.are_enough, self.turn = threading.Event(), threading.Lock()

    def write(self, officer: Officer, department: str) -> None:
        page, number = f"/cases/{self.case}/opinions/{department}", 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                number += 1
                text = f"{department} 第{number}稿"
                shown = officer.ask("GET", page).body.decode()
                hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
                typed = {"conclusion": "conditional", "text": text, "basis": "土地管理法 第三十五条"}
                status = officer.ask("POST", f"{page}/opine", **hidden, **typed).status
                with self.turn:
                    (self.confirmed if status == 303 else self.refused).append(text if status == 303 else status)
                    if len(self.confirmed) >= _ENOUGH:
                        self.are_enough.set()


def kill_with_cores(server: WebServer) -> None:
    """Kill the server and all processes that it started, without warning."""
    program = psutil.Process(server.program.pid)
    everybody = [program, *program.children(recursive=True)]
    for one in everybody:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(everybody[1:], timeout=30)
    server.program.wait(timeout=30)


def words_of_events(library: Path) -> str:
    """The words of all events in a library, read by SQLite alone."""
    with contextlib.closing(sqlite3.connect(library)) as connection:
        return "\n".join(row[0] or "" for row in connection.execute("SELECT words FROM onemap_events"))


@pytest.mark.skipif(os.name == "nt", reason="a signal that kills is a Unix's")
def test_no_step_that_was_confirmed_is_lost_when_the_server_is_killed(asked_library: Path, tmp_path: Path):
    library = Path(shutil.copy(asked_library, tmp_path))
    parcels = write_layer(tmp_path / "p.gpkg", [ground(80, 20, 110, 50)], {"DKBH": ["P"]})
    case = str(done("review", "open", library, parcels, "--project", "厂", "--by", "丙").json["case"])
    done("review", "circulate", library, case, "--by", "丙")
    server, writers = WebServer(library), Writers(case)
    threads = []
    for department in DEPARTMENTS[:4]:
        officer = Officer(server, code=server.code, name=f"{department} 甲", lang="zh")
        server.read_code()
        threads.append(threading.Thread(target=writers.write, args=(officer, department)))
    for thread in threads:
        thread.start()
    assert writers.are_enough.wait(timeout=120)
    kill_with_cores(server)
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert set(writers.refused) <= {409}  # one department's step may meet another's, and nothing else
    kept = words_of_events(library)
    assert [text for text in writers.confirmed if f'"{text}"' not in kept] == []
    assert done("verify", library).json["ok"]
    again = WebServer(library)
    again.sign_in()
    assert again.ask("GET", f"/cases/{case}", Accept="text/html").status == 200
    again.end()
