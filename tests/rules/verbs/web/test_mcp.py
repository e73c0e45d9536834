"""`onemap mcp`: a client on stdin and stdout, after the protocol; every number comes from a run or a layer."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import shapely

from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.rules.verbs.web.asked_town import NEVER_LOADED, WEST, ZONES, X, Y, geojson, ground, stored_findings

ROOT = Path(__file__).resolve().parents[4]
COMMAND = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "mcp"]
ASKED = {"check", "identify", "sheet", "statistics", "remedy", "explain"}
FIGURES = ("area_m2", "area_ellipsoidal_m2", "counted_area_m2", "share", "length_m", "distance_m", "value")


class Client:
    """A client that knows the protocol and nothing of One Map."""

    def __init__(self, library: Path, lang: str = "en") -> None:
        command = [*COMMAND, str(library), "--lang", lang]
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.notes: list[dict[str, Any]] = []
        self.number = 0

    def send(self, **message: Any) -> None:
        self.program.stdin.write(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode() + b"\n")
        self.program.stdin.flush()

    def answer(self) -> dict[str, Any]:
        while True:
            text = self.program.stdout.readline()
            assert text, self.program.stderr.read()
            message = json.loads(text)
            if "id" in message:
                return message
            self.notes.append(message)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        answer = self.answer()
        assert answer["id"] == self.number
        return answer

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer of a tool that must succeed."""
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        assert not result["isError"], result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def refusal(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The first problem of a tool that must refuse."""
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        assert result["isError"], result
        return result["structuredContent"]["problems"][0]

    def close(self) -> None:
        self.program.stdin.close()
        assert self.program.wait(timeout=60) == 0
        assert self.program.stderr.read() == b""


@pytest.fixture(scope="module")
def client(asked_library: Path) -> Iterator[Client]:
    one = Client(asked_library)
    yield one
    one.close()


@pytest.mark.slow
def test_a_client_is_told_who_answers_and_by_which_protocol(client: Client):
    about = {"capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    introduction = client.ask("initialize", protocolVersion="2025-06-18", **about)["result"]
    assert introduction["protocolVersion"] == "2025-06-18" and introduction["capabilities"] == {
        "tools": {"listChanged": False}
    }
    assert introduction["serverInfo"]["name"] == "onemap" and "unknown" in introduction["instructions"]
    for wanted, spoken in (("1999-01-01", "2025-11-25"), ("2025-03-26", "2024-11-05"), ("2026-07-28", "2025-11-25")):
        assert client.ask("initialize", protocolVersion=wanted, **about)["result"]["protocolVersion"] == spoken
    client.send(method="notifications/initialized")
    assert client.ask("ping")["result"] == {}


def test_every_verb_for_others_is_a_tool_described_from_its_declaration(client: Client):
    tools = {tool["name"]: tool for tool in client.ask("tools/list")["result"]["tools"]}
    assert set(tools) == {verb.name for verb in VERBS.values() if verb.for_others} == ASKED
    for name, tool in tools.items():
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        offered = tool["inputSchema"]["properties"]
        assert not {"library", "out", "page", "overwrite", "workers"} & set(offered)
        assert set(offered) <= {parameter.name for parameter in VERBS[name].parameters}
        assert all(one["description"] for one in offered.values()) and tool["description"]


def test_what_is_no_question_is_refused_as_the_protocol_has_it(client: Client):
    client.program.stdin.write(b"{nonsense\n")
    client.program.stdin.flush()
    assert client.answer()["error"]["code"] == -32700
    client.send(id="a")
    assert client.answer()["error"]["code"] == -32600
    assert client.ask("resources/list")["error"]["code"] == -32601
    assert client.ask("tools/call", name="add", arguments={})["error"]["code"] == -32602
    client.send(id="b", method="tools/list", params=[])
    assert client.answer()["error"]["code"] == -32602
    for arguments in ([], ""):
        refused = client.ask("tools/call", name="check", arguments=arguments)["result"]["structuredContent"]
        assert refused["problems"][0]["code"] == "usage.arguments"
    client.send(id={"a": 1}, method="tools/call", params={"name": "explain"})
    assert client.answer()["error"]["code"] == -32600
    assert client.ask("tools/call", name=["explain"])["error"]["code"] == -32602
    assert client.ask("tools/call", name="explain", _meta=[1])["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("check", {"parcels": "nowhere.shp"}, "source.missing"),
        ("check", {"parcels": {"type": "Point", "coordinates": [0, 0]}}, "web.parcels"),
        ("check", {"parcels": geojson({"a": ground(0, 0, 9, 9)}), "out": "x.gpkg"}, "usage.parameter"),
        ("sheet", {"parcels": geojson({"a": ground(0, 0, 9, 9)}), "target": "../x.pdf"}, "usage.choice"),
        ("identify", {"library": "other.gpkg", "x": 1, "y": 1}, "usage.parameter"),
        ("explain", {"run": "none", "parcel": "a", "rule": "zone"}, "run.unknown"),
        ("statistics", {}, "usage.required"),
        ("statistics", {"code": "ZONE", "as_of": "yesterday"}, "usage.value"),
    ],
)
def test_a_refusal_has_code_sentence_and_mend(client: Client, name: str, arguments: dict[str, Any], code: str):
    problem = client.refusal(name, **arguments)
    assert problem["code"] == code
    assert problem["message"] and problem["mend"]
    assert "--" not in f"{problem['field']} {problem['message']} {problem['mend']}"


def test_a_refusal_names_its_arguments_and_no_options(client: Client):
    problem = client.refusal("statistics", code="ZONE", as_of="yesterday")
    assert problem["field"] == "as_of"
    assert "as_of" in problem["message"]


@pytest.mark.slow
def test_a_library_that_is_not_there_is_told_at_the_start(core: Any, tmp_path: Path):
    done = core("mcp", tmp_path / "none.gpkg", "--json", "--lang", "zh")
    assert done.returncode == 3 and json.loads(done.stdout)["problems"][0]["code"] == "library.missing"


def test_progress_is_told_and_a_cancelled_call_is_not_answered(client: Client):
    parcels = {f"p{n}": ground(n, 0, n + 1, 50) for n in range(400)}
    client.notes.clear()
    params = {"name": "check", "arguments": {"parcels": geojson(parcels)}, "_meta": {"progressToken": "t"}}
    client.send(id="long", method="tools/call", params=params)
    client.send(method="notifications/cancelled", params={"requestId": "long"})
    assert client.ask("ping")["result"] == {}
    answer = client.ask("tools/call", name="statistics", arguments={"code": "ZONE"})
    assert not answer["result"]["isError"]
    client.ask("tools/call", **{**params, "arguments": {"parcels": geojson({"a": ground(0, 0, 9, 9)})}})
    reached = [note["params"]["progress"] for note in client.notes if note["method"] == "notifications/progress"]
    assert reached == sorted(reached) and reached[-1] == 1.0


@pytest.mark.slow
def test_what_was_not_asked_cannot_be_cancelled(client: Client):
    parcels = {f"p{n}": ground(n, 0, n + 1, 50) for n in range(400)}
    client.send(id="long", method="tools/call", params={"name": "check", "arguments": {"parcels": geojson(parcels)}})
    client.send(method="notifications/cancelled", params={"requestId": "later"})
    client.send(id="later", method="tools/call", params={"name": "statistics", "arguments": {"code": "ZONE"}})
    answers = [client.answer() for _ in range(2)]
    assert {answer["id"]: answer["result"]["isError"] for answer in answers} == {"long": False, "later": False}


def findings_hold(answer: dict[str, Any], library: Path, folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Compare every number of a check's answer with the run that it names; findings by parcel and rule."""
    run = answer["evidence"]["run"]
    assert run == answer["run"]["id"] and answer["run"]["recorded"]
    stored = {(row["parcel"], row["rule"], row["verdict"]): row for row in stored_findings(library, run, folder)}
    named = answer["evidence"]["findings"]
    assert len(named) == len(stored) and answer["evidence"]["findings_left_out"] == 0
    for row in named:
        held = stored[row["parcel"], row["rule"], row["verdict"]]
        assert [row[name] for name in FIGURES] == [held[name] for name in FIGURES]
        assert (row["layer"], row["version"], row["reason"]) == (held["layer"], held["version"], held["reason"])
        assert (row["assumed"], row["excused_by"]) == (bool(held["assumed"]), held["excused_by"])
    return {(row["parcel"], row["rule"]): row for row in named}


def steps_west(count: int) -> list[float]:
    return [25.0 + 7 * number for number in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("west", steps_west(16))
def test_a_planner_s_check_and_its_explanation_hold_what_the_run_holds(
    client: Client, asked_library: Path, tmp_path: Path, west: float
):
    """Two calls each: a parcel of 30 m × 30 m, which lies on the zones by so much as the boxes say."""
    shape = ground(west, 20, west + 30, 50)
    answer = client.call("check", parcels=geojson({"P": shape}), only=["ZONE"])
    rows = findings_hold(answer, asked_library, tmp_path)
    hit = sum(shape.intersection(zone).area for zone in ZONES.values())
    assert answer["verdict"] == ("prohibited" if hit else "clear")
    assert ("P", "zone") in rows if hit else rows == {}
    if not hit:
        assert client.refusal("explain", run=answer["run"]["id"], parcel="none", rule="zone")["code"]
        return
    row = rows["P", "zone"]
    assert math.isclose(row["area_m2"], hit, abs_tol=1e-6)
    assert row["features"] == [name for name, zone in ZONES.items() if zone.intersection(shape).area]
    assert {"code": "ZONE", "version": "2024"}.items() <= answer["evidence"]["versions"][0].items()
    steps = client.call("explain", run=answer["run"]["id"], parcel="P", rule="zone")
    assert steps["evidence"]["features"] == row["features"]
    assert f"{row['area_m2']:,.3f} m²" in next(one["value"] for one in steps["steps"] if one["key"] == "conflict")


@pytest.mark.slow
@pytest.mark.parametrize("south", [float(y) for y in range(0, 100, 10)])
def test_a_missing_layer_comes_back_as_unknown(client: Client, asked_library: Path, tmp_path: Path, south: float):
    answer = client.call("check", parcels=geojson({"P": ground(120, south, 150, south + 9)}), only=[NEVER_LOADED])
    row = findings_hold(answer, asked_library, tmp_path)["P", "line"]
    assert answer["verdict"] == "unknown" and answer["verdicts"]["clear"] == 0
    assert (row["verdict"], row["reason"], row["features"]) == ("unknown", "layer_missing", [])


@pytest.mark.slow
@pytest.mark.parametrize("south", [float(y) for y in range(0, 100, 10)])
def test_ground_for_which_a_layer_does_not_speak_comes_back_as_unknown(
    client: Client, asked_library: Path, tmp_path: Path, south: float
):
    shape = ground(480, south, 530, south + 9)
    answer = client.call("check", parcels=geojson({"P": shape}), only=["SPOT"])
    row = findings_hold(answer, asked_library, tmp_path)["P", "spot"]
    assert answer["verdict"] == "unknown" and row["reason"] == "outside_coverage"
    assert math.isclose(row["area_m2"], shape.difference(WEST).area, abs_tol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("east", [50, 150, 250, 700])
def test_what_lies_at_a_point_is_named_with_version_and_feature(client: Client, east: float):
    answer = client.call("identify", x=X + east, y=Y + 50, only=["ZONE", "SPOT"])
    hit = [name for name, zone in ZONES.items() if zone.contains(shapely.Point(X + east, Y + 50))]
    assert answer["evidence"]["features"] == [{"code": "ZONE", "version": "2024", "feature": name} for name in hit]
    covered = {layer["code"]: layer["covered"] for layer in answer["layers"]}
    assert covered == {"ZONE": True, "SPOT": east < 500}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "area"), [("ZONE", 20_000.0), ("SPOT", 2_500.0)])
def test_sums_of_a_layer_are_those_of_its_version(client: Client, code: str, area: float):
    answer = client.call("statistics", code=code)
    assert math.isclose(answer["total"]["area_m2"], area, abs_tol=1e-6)
    assert [(one["code"], one["version"]) for one in answer["evidence"]["versions"]] == [
        (code, answer["layer"]["label"])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("west", [80.0, 90.0])
def test_what_would_pass_is_what_the_zones_leave(client: Client, west: float):
    shape = ground(west, 20, west + 30, 50)
    answer = client.call("remedy", parcels=geojson({"P": shape}), only=["ZONE"])
    assert math.isclose(answer["cut_m2"], shape.intersection(ZONES["f1"]).area, abs_tol=1e-6)
    cuts = answer["evidence"]["cuts"]
    assert [(cut["parcel"], cut["rule"]) for cut in cuts] == [("P", "zone")]
    assert math.isclose(cuts[0]["area_m2"], answer["cut_m2"], abs_tol=1e-6) and answer["evidence"]["run"]


@pytest.mark.slow
def test_a_sheet_says_what_is_unknown(client: Client):
    answer = client.call("sheet", parcels=geojson({"P": ground(80, 20, 110, 50)}))
    sheet = answer["sheet"]["sheets"][0]
    assert answer["file"] == "sheet.json" and sheet["parcel"] == "P" and sheet["verdict"] == "prohibited"
    unknown = {one["layer"]: one["reason"] for one in sheet["findings"] if one["verdict"] == "unknown"}
    assert unknown == {NEVER_LOADED: "layer_missing"}
    assert {"code": "ZONE", "version": "2024"} in answer["evidence"]["versions"]
