"""`onemap serve`: many requests to one core on stdin and stdout, each answered, any of them cancelled."""

import gc
import json
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from onemap.rules.judge.overlay.overlay import Overlaps
from onemap.rules.verbs.commands.serve import _Server
from onemap.tests.conftest import other_writer
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import own_pack

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "serve", "--lang", "en"]

DEFINE = {"name": "试验", "department": "land", "library": "base", "kind": "vector", "geometry": "polygon"}


class Served:
    """One `onemap serve`, asked line by line."""

    def __init__(self, **options: Any) -> None:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.program = subprocess.Popen(COMMAND, **pipes, **options)
        self.notes: list[dict[str, Any]] = []

    def send(self, line: bytes) -> None:
        self.program.stdin.write(line + b"\n")
        self.program.stdin.flush()

    def ask(self, method: str, number: object = None, **params: object) -> None:
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.send(json.dumps(request, ensure_ascii=False).encode())

    def line(self) -> dict[str, Any]:
        text = self.program.stdout.readline()
        assert text, self.program.stderr.read()
        answer: dict[str, Any] = json.loads(text.decode("utf-8"))
        assert answer["jsonrpc"] == "2.0"
        return answer

    def answer(self) -> dict[str, Any]:
        """The next line that is no progress."""
        while "method" in (line := self.line()):
            assert line["method"] == "progress"
            self.notes.append(line["params"])
        return line

    def outcome(self, method: str, **params: object) -> dict[str, Any]:
        """The result of a request, or the problems and the exit code of its refusal."""
        self.ask(method, 1, **params)
        answer = self.answer()
        return answer["result"] if "result" in answer else answer["error"]["data"]

    def progress(self, number: object) -> None:
        """Wait until a request has begun to make progress."""
        while True:
            line = self.line()
            if line.get("method") == "progress" and line["params"]["id"] == number and line["params"]["progress"] > 0.1:
                return


def end_core(one: Served) -> None:
    one.program.stdin.close()
    assert one.program.wait(timeout=60) == 0
    assert one.program.stderr.read() == b""


@pytest.fixture(scope="module")
def one_core() -> Iterator[Served]:
    """One server for many tests; after any request the next must be answered."""
    one = Served()
    yield one
    end_core(one)


@pytest.fixture(scope="module")
def limited_core() -> Iterator[Served]:
    """A server that gets no more than five gigabytes, so that a failure cannot take the machine."""
    import resource  # which Windows has not

    one = Served(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (5 << 30, 5 << 30)))
    yield one
    end_core(one)


@pytest.fixture
def served_core(one_core: Served) -> Served:
    """The server for many tests, of which nobody waits for anything."""
    one_core.notes.clear()
    return one_core


@pytest.fixture(scope="module")
def town_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    zones = [shapely.box(500_000 + n, 4_000_000, 500_001.5 + n, 4_000_900).buffer(0.3) for n in range(500)]
    parcels = [shapely.box(500_000 + 4 * n, 4_000_100, 500_003 + 4 * n, 4_000_800) for n in range(100)]
    for name, shapes, field in (("zones", zones, "BSM"), ("parcels", parcels, "DKBH")):
        frame = gpd.GeoDataFrame({field: [str(n) for n in range(len(shapes))]})
        frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4547")).to_file(folder / f"{name}.gpkg")
    (folder / "own.toml").write_text(own_pack(20), encoding="utf-8")
    library, defined = folder / "city.gpkg", ",".join(f"{name}={value}" for name, value in DEFINE.items())
    made = done("new", library, "--crs", "EPSG:4547", "--pack", folder / "own.toml")
    # The pack's layer is defined when it is added; the library knows by which rules it will be asked.
    assert made.codes == ["pack.layers_unknown"]
    added = done("add", library, folder / "zones.gpkg", "--covers", "extent", "--as", "T", "--define", defined)
    assert added.json["features"] == 500
    return folder


@pytest.fixture
def town(town_made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town_made_once, tmp_path / "town"))


def check_of(town: Path) -> dict[str, object]:
    return {
        "library": str(town / "city.gpkg"),
        "parcels": str(town / "parcels.gpkg"),
        "pack": [str(town / "own.toml")],
    }


@pytest.mark.slow
def test_requests_are_answered_in_their_order_as_the_command_line_answers(served_core, town, onemap):
    library = str(town / "city.gpkg")
    served_core.ask("layers", 1, library=library)
    served_core.ask("inspect", "二", source=str(town / "parcels.gpkg"), lang="zh")
    served_core.ask("layers", 3.5, library=library, as_of="2020-01-01")
    answers = [served_core.answer() for _ in range(3)]
    assert [answer["id"] for answer in answers] == [1, "二", 3.5]
    assert answers[0]["result"] == onemap("layers", library).json
    assert answers[1]["result"] == onemap("inspect", town / "parcels.gpkg", lang="zh").json
    assert answers[2]["result"]["as_of"] == "2020-01-01"


@pytest.mark.slow
def test_a_check_tells_its_progress_with_its_own_id(served_core, town):
    served_core.ask("check", 7, **check_of(town), only=["T"], lang="zh")
    answer = served_core.answer()
    assert (answer["id"], answer["result"]["parcels"]) == (7, 100)
    assert {note["id"] for note in served_core.notes} == {7}
    shares = [note["progress"] for note in served_core.notes]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.slow
def test_every_rule_of_a_check_is_a_step_in_the_language_of_the_request(town):
    # Before they are told: of steps that follow each other at once whoever listens hears the last.
    server, steps = _Server("en"), []
    server.tell_soon = lambda progress: steps.append(progress["step"])
    answer = json.loads(server.answer({"id": 7, "method": "check", "params": {**check_of(town), "lang": "zh"}}))
    assert answer["result"]["parcels"] == 100
    assert {f"规则{n}" for n in range(20)} <= set(steps)


@pytest.mark.slow
def test_a_running_check_is_cancelled_and_the_next_request_answered(served_core, town):
    before = (town / "city.gpkg").read_bytes()
    with other_writer(town / "city.gpkg"):
        served_core.ask("check", 1, **check_of(town), out=str(town / "results.gpkg"))
        served_core.ask("layers", 2, library=str(town / "city.gpkg"))
        served_core.progress(1)
        served_core.send(b'{"jsonrpc": "2.0", "method": "cancel", "params": {"id": 1}}')
        cancelled, after = served_core.answer(), served_core.answer()
    assert cancelled["id"] == 1
    assert cancelled["error"]["data"] == {"problems": [], "exit_code": 130}
    assert (after["id"], "result" in after) == (2, True)
    assert not list(town.glob("results*"))
    assert (town / "city.gpkg").read_bytes() == before


@pytest.mark.slow
def test_an_add_is_cancelled_while_its_file_is_read_and_nothing_is_left(town):
    wkb = shapely.to_wkb(shapely.points(500_000.0 + np.arange(200_000), 4_000_000.0))
    options = {"geometry_type": "Point", "crs": "EPSG:4547", "driver": "GPKG", "SPATIAL_INDEX": "NO"}
    pyogrio.raw.write(town / "many.gpkg", wkb, [np.arange(len(wkb))], ["BSM"], **options)
    before = (town / "city.gpkg").read_bytes()
    request = {"library": str(town / "city.gpkg"), "source": str(town / "many.gpkg"), "covers": "extent"}
    request |= {"define": {**DEFINE, "geometry": "point"}, "as": "MANY"}
    server, steps = _Server("en"), []

    def tell_soon(progress: dict[str, Any]) -> None:
        steps.append(progress["step"])
        if progress["progress"] > 0.0:  # the first block is read
            server.cancelled.add(1)

    server.tell_soon = tell_soon
    answer = json.loads(server.answer({"id": 1, "method": "add", "params": request}))
    assert answer["error"]["data"] == {"problems": [], "exit_code": 130}
    assert steps[-1] == "Reading the source"
    assert (town / "city.gpkg").read_bytes() == before


@pytest.mark.slow
def test_a_waiting_request_is_cancelled_at_once_while_another_runs(served_core, town):
    with other_writer(town / "city.gpkg"):  # so that the first check has no end
        served_core.ask("check", 1, **check_of(town))
        served_core.progress(1)
        served_core.ask("check", 2, **check_of(town), lang="zh")
        served_core.send(b'{"jsonrpc": "2.0", "id": 3, "method": "cancel", "params": {"id": 2}}')
        cancelled = served_core.answer()
        assert (cancelled["id"], cancelled["error"]["data"]) == (2, {"problems": [], "exit_code": 130})
        assert cancelled["error"]["message"].startswith("已取消")
        assert served_core.answer() == {"jsonrpc": "2.0", "id": 3, "result": {"ok": True}}
        served_core.send(b'{"jsonrpc": "2.0", "id": 4, "method": "cancel", "params": {"id": 2}}')
        assert served_core.answer() == {"jsonrpc": "2.0", "id": 4, "result": {"ok": False}}
    last = served_core.answer()
    assert last["id"] == 1 and last["result"]["parcels"] == 100
    assert 2 not in {note["id"] for note in served_core.notes}


@pytest.mark.slow
def test_a_cancellation_that_comes_too_late_does_not_hit_a_later_request_of_that_id(served_core, town):
    for _ in range(2):
        served_core.ask("layers", 1, library=str(town / "city.gpkg"))
        assert "result" in served_core.answer()
        served_core.send(b'{"jsonrpc": "2.0", "id": "c", "method": "cancel", "params": {"id": 1}}')
        assert served_core.answer() == {"jsonrpc": "2.0", "id": "c", "result": {"ok": False}}


@pytest.mark.parametrize(
    ("method", "params", "exit_code", "code"),
    [
        ("layers", {"library": "none.gpkg"}, 3, "library.missing"),
        ("layers", {}, 2, "usage.required"),
        ("layers", {"library": "none.gpkg", "colour": "red"}, 2, "usage.parameter"),
        ("layers", {"library": "none.gpkg", "as_of": "soon"}, 2, "usage.value"),
        ("layers", {"library": "none.gpkg", "as-of": "soon"}, 2, "usage.value"),
        ("layers", {"library": "none.gpkg", "as-of": "2026-11-20"}, 3, "library.missing"),
        ("layers", {"library": "none.gpkg", "as-of": "2026-11-20", "as_of": "2026-11-20"}, 2, "usage.apart"),
        ("check", {"library": "a.gpkg", "parcels": "b.gpkg", "fail_on": "awful"}, 2, "usage.choice"),
        ("layers", {"library": "none.gpkg", "lang": "fr"}, 2, "usage.choice"),
        ("check", {"library": "a.gpkg", "parcels": [""]}, 2, "usage.required"),
        ("check", {"library": "a.gpkg", "parcels": "b.gpkg", "data": " "}, 2, "usage.value"),
        ("check", {"library": "a.gpkg", "parcels": "b.gpkg", "out": [""], "overwrite": True}, 2, "usage.value"),
        ("check", {"library": "a.gpkg", "parcels": "b.gpkg", "against": ""}, 2, "usage.value"),
        ("check", {"library": "a.gpkg", "parcels": "b.gpkg", "id": ""}, 2, "usage.value"),
        ("fly", {}, 2, "usage.verb"),
        ("serve", {}, 2, "usage.verb"),
    ],
)
def test_errors_carry_the_problems_and_the_exit_code(served_core, method, params, exit_code, code):
    served_core.ask(method, 5, **params)
    answer = served_core.answer()
    assert answer["id"] == 5
    data = answer["error"]["data"]
    assert (data["exit_code"], data["problems"][0]["code"]) == (exit_code, code)
    assert answer["error"]["message"] == data["problems"][0]["message"]
    assert data["problems"][0]["mend"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"not json", -32700),
        (b"\xff\xfe\x00", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b"null", -32600),
        (b'{"id": 1}', -32600),
        (b'{"id": {"a": 1}, "method": "layers"}', -32600),
        (b'{"id": 1, "method": 7}', -32600),
        (b'{"id": 1, "method": "layers", "params": "library"}', -32602),
        (b'{"id": 1, "method": "layers", "params": []}', -32602),
        (b'{"id": 1, "method": "layers", "params": {"library": "a.gpkg", "as_of": "soon"}}', -32602),
        (b'{"id": 1, "method": "sign in", "params": ["a"]}', -32602),
        (b'{"id": 1, "method": "get ready", "params": 7}', -32602),
        (b'{"id": 1, "method": "cancel", "params": [1]}', None),
        (b'{"id": 1, "method": "cancel", "params": {"id": {"a": 1}}}', None),
    ],
)
def test_a_line_that_makes_no_sense_is_answered_and_the_next_one_too(served_core, line, code):
    served_core.send(b"")
    served_core.send(line)
    answer = served_core.answer()
    assert answer.get("error", {}).get("code") == code
    if code is not None:
        data = answer["error"]["data"]
        assert data["exit_code"] == 2 and data["problems"][0]["message"] == answer["error"]["message"]
    served_core.ask("layers", 2, library="none.gpkg")
    assert served_core.answer()["error"]["data"]["problems"][0]["code"] == "library.missing"


@pytest.mark.slow
def test_a_request_without_id_is_done_and_not_answered(served_core, town):
    request = {"jsonrpc": "2.0", "method": "new", "params": {"library": str(town / "b.gpkg"), "crs": "EPSG:4547"}}
    served_core.send(json.dumps(request).encode())
    served_core.ask("layers", 2, library=str(town / "b.gpkg"))
    assert served_core.answer()["id"] == 2
    assert {note["id"] for note in served_core.notes} == {2}  # nobody is told of what nobody waits for


@pytest.mark.slow
def test_the_end_of_stdin_ends_it_in_the_middle_of_a_check(town):
    before = (town / "city.gpkg").read_bytes()
    one = Served()
    with other_writer(town / "city.gpkg"):
        one.ask("check", 1, **check_of(town), out=str(town / "results.gpkg"))
        one.progress(1)
        one.program.stdin.close()
        assert one.program.wait(timeout=20) == 0
    assert b"Traceback" not in one.program.stderr.read()
    assert set(town.glob("results*")) == set(town.glob("results.gpkg.????????.part"))
    assert (town / "city.gpkg").read_bytes() == before


@pytest.mark.slow
def test_what_was_added_meanwhile_is_seen_by_the_next_check(served_core, town):
    served_core.ask("check", 1, **check_of(town))
    assert served_core.answer()["result"]["verdicts"]["prohibited"] == 100
    frame = gpd.read_file(town / "zones.gpkg").head(1)
    frame.geometry = [shapely.box(400_000, 4_000_000, 400_001, 4_000_001)]
    frame.to_file(town / "later.gpkg")
    district = gpd.GeoDataFrame(geometry=[shapely.box(300_000, 3_900_000, 600_000, 4_100_000)], crs="EPSG:4547")
    district.to_file(town / "cover.gpkg")
    served_core.ask(
        "add",
        2,
        library=str(town / "city.gpkg"),
        source=str(town / "later.gpkg"),
        covers=str(town / "cover.gpkg"),
        sure=True,
        **{"as": "T"},
    )
    assert served_core.answer()["result"]["version"] == "v2"
    served_core.ask("check", 3, **check_of(town))
    assert served_core.answer()["result"]["verdicts"]["clear"] == 100


@pytest.mark.slow
def test_what_was_piped_in_is_answered_before_the_end(town):
    requests = [
        {"jsonrpc": "2.0", "id": 1, "method": "layers", "params": {"library": str(town / "city.gpkg")}},
        {"jsonrpc": "2.0", "id": 2, "method": "check", "params": check_of(town)},
        {"jsonrpc": "2.0", "id": 3, "method": "check", "params": {**check_of(town), "parcels": "-"}},
    ]
    lines = "".join(json.dumps(request) + "\n" for request in requests).encode()
    piped = subprocess.run(COMMAND, input=lines, capture_output=True, timeout=120, check=True)
    answers = {line["id"]: line for line in map(json.loads, piped.stdout.splitlines()) if "id" in line}
    assert answers[1]["result"]["layers"]
    assert answers[2]["result"]["verdicts"]["prohibited"] == 100
    assert answers[3]["error"]["data"]["problems"][0]["code"] == "usage.value"  # stdin is asked for requests already


@pytest.fixture
def own_collector():
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.parametrize("compiled", ["0", ""])
def test_what_answers_leave_in_circles_is_let_go_of(monkeypatch, own_collector, compiled):
    assert sys.modules[Overlaps.__module__], "somebody has asked for ground"
    monkeypatch.setenv("ONEMAP_COMPILED", compiled)
    server = _Server("en")

    def ask() -> None:
        server.requests.put({"jsonrpc": "2.0", "method": "layers", "params": {}})
        server.requests.put(None)
        server.work()

    ask()
    left = Served.__new__(Served)
    left.notes, gone = [{"of": left}], weakref.ref(left)
    del left
    ask()
    gc.collect()
    assert gone() is None


@pytest.mark.slow
def test_an_answer_brings_its_rows_only_where_they_are_asked_for(served_core, town):
    place = {"library": str(town / "city.gpkg"), "x": 500_010, "y": 4_000_200}
    served_core.ask("identify", 1, **place)
    plain = served_core.answer()["result"]
    assert "view" not in plain
    served_core.ask("identify", 2, **place, view=True)
    assert served_core.answer()["result"] | {"view": None} == plain | {"view": None}
    served_core.ask("identify", 3, **place, view=True, lang="zh")
    rows = served_core.answer()["result"]["view"]
    (layer,) = rows[0]["rows"]
    assumed, feature = layer["rows"][:2]  # a coverage that nobody stated, and what lies there
    assert not assumed["values"] and feature["values"][0]["measure"] == "m2"
    assert set(feature["about"]) == {"table", "fid"}
    for verb, value, code in (("identify", "yes", "usage.value"), ("new", True, "usage.parameter")):
        served_core.ask(verb, 4, **place, view=value)
        assert served_core.answer()["error"]["data"]["problems"][0]["code"] == code
