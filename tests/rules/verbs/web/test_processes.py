"""OGC API Processes 1.0 by plain HTTP: a test for each abstract test of OGC 18-062r2 that applies."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet
import pytest

from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.rules.command import done
from onemap.tests.rules.verbs.web.asked_town import ZONES, X, Y, geojson, ground, stored_findings
from onemap.tests.rules.verbs.web.web_client import WebServer

SPEC = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0"
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
ASYNC = {"Prefer": "respond-async"}
POINT = {"x": X + 50, "y": Y + 50, "only": ["ZONE"]}
PARCEL = ground(80, 20, 110, 50)


@pytest.fixture(scope="module")
def server(asked_library: Path) -> Iterator[WebServer]:
    one = WebServer(asked_library)
    one.sign_in()
    yield one
    one.end()


def links_of(body: dict[str, Any]) -> dict[str, str]:
    return {one["rel"]: one["href"] for one in body["links"]}


def test_landing_page(server: WebServer):
    """/conf/core/landingpage-op, landingpage-success."""
    reply = server.get("/")
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    links = links_of(reply.json)
    assert {"self", "service-desc", f"{RELATIONS}/conformance", f"{RELATIONS}/processes"} <= set(links)
    assert {server.get(href).status for href in links.values()} == {200}


def test_api_definition(server: WebServer):
    """/conf/core/api-definition-op, api-definition-success; /conf/oas30."""
    reply = server.get("/api")
    assert reply.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert reply.json["openapi"].startswith("3.0.")
    assert {"/", "/conformance", "/processes", "/processes/check/execution", "/jobs/{jobID}/results"} <= set(
        reply.json["paths"]
    )
    for path in reply.json["paths"]:
        if "{" not in path and not path.endswith("/execution"):
            assert server.get(path).status == 200, path


def test_conformance(server: WebServer):
    """/conf/core/conformance-op, conformance-success."""
    declared = server.get("/conformance").json["conformsTo"]
    assert {f"{SPEC}/core", f"{SPEC}/json", f"{SPEC}/job-list", f"{SPEC}/dismiss"} <= set(declared)


def test_process_list_and_descriptions_are_the_declared_verbs(server: WebServer):
    """/conf/core/process-list-success, process-description-success; /conf/ogc-process-description."""
    listed = server.get("/processes").json["processes"]
    assert {one["id"] for one in listed} == {verb.name for verb in VERBS.values() if verb.for_others}
    for one in listed:
        assert one["version"] and set(one["jobControlOptions"]) == {"sync-execute", "async-execute", "dismiss"}
        described = server.get(f"/processes/{one['id']}").json
        assert f"{RELATIONS}/execute" in links_of(described)
        assert set(described["outputs"]) == {"answer"}
        for name, given in described["inputs"].items():
            jsonschema.Draft202012Validator.check_schema(given["schema"])
            parameter = next(one for one in VERBS[described["id"]].parameters if one.name == name)
            assert given["minOccurs"] == int(parameter.is_required and name != "target") and given["description"]
        assert not {"library", "out", "data", "replace", "transform", "overwrite"} & set(described["inputs"])


def test_no_such_process(server: WebServer):
    """/conf/core/process-exception-no-such-process; also of an execution, and of a verb that is for nobody else."""
    for reply in (server.get("/processes/none"), server.execute("add", {}), server.get("/processes/review%20open")):
        assert reply.status == 404 and reply.json["type"] == f"{EXCEPTIONS}/no-such-process"


@pytest.mark.slow
def test_synchronous_execution_gives_the_answer_as_it_is(server: WebServer, asked_library: Path):
    """/conf/core/job-creation-default-execution-mode, job-creation-success-sync-raw-value-one, default-outputs."""
    reply = server.execute("identify", POINT)
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    said_by_command_line = done("identify", asked_library, X + 50, Y + 50, "--only", "ZONE").json
    answer = reply.json
    assert answer.pop("evidence")["features"] == [{"code": "ZONE", "version": "2024", "feature": "f1"}]
    assert answer == said_by_command_line


@pytest.mark.slow
def test_where_nothing_is_hit_the_nearest_is_told_and_how_well_each_layer_fits(server: WebServer):
    reply = server.execute("identify", {"x": X + 150, "y": Y + 50})  # 50 m from each of the two zones
    zone = next(layer for layer in reply.json["layers"] if layer["code"] == "ZONE")
    assert zone["features"] == [] and zone["nearest"]["distance_m"] == pytest.approx(50.0)
    assert zone["fitness"] is not None


def test_synchronous_execution_gives_a_document_or_a_reference(server: WebServer):
    """/conf/core/job-creation-success-sync-document, job-creation-success-sync-raw-ref."""
    plain = server.execute("identify", POINT).json
    assert server.execute("identify", POINT, {"response": "document"}).json == {"answer": plain}
    wish = {"outputs": {"answer": {"transmissionMode": "reference"}}}
    raw = server.execute("identify", POINT, wish)
    assert raw.status == 204 and raw.body == b""
    href = next(part for part in raw.headers["link"].split(", <") if 'rel="answer"' in part).split(">")[0]
    assert server.get(href).json == plain
    document = server.execute("identify", POINT, {**wish, "response": "document"}).json
    assert server.get(document["answer"]["href"]).json == plain


def test_inputs_inline_as_objects_and_qualified(server: WebServer, asked_library: Path, tmp_path: Path):
    """/conf/core/job-creation-inputs, input-inline, input-inline-object, input-array; a check's tables by reference."""
    for parcels in (geojson({"P": PARCEL}), {"value": geojson({"P": PARCEL}), "mediaType": "application/geo+json"}):
        answer = server.execute("check", {"parcels": parcels, "only": ["ZONE"]}).json
        row = answer["evidence"]["findings"][0]
        assert answer["verdict"] == "prohibited" and row["features"] == ["f1"]
        assert math.isclose(row["area_m2"], PARCEL.intersection(ZONES["f1"]).area, abs_tol=1e-6)
        stored = stored_findings(asked_library, answer["run"]["id"], tmp_path)
        assert [one["area_m2"] for one in stored] == [row["area_m2"]]
    href = next(one["href"] for one in answer["links"] if one["title"] == "findings.parquet")
    table = pyarrow.parquet.ParquetFile(io.BytesIO(server.get(href).body))
    assert table.read().column("area_m2").to_pylist() == [row["area_m2"]] and b"geo" in table.metadata.metadata


@pytest.mark.parametrize(
    ("process", "inputs", "code"),
    [
        ("identify", {**POINT, "x": "far"}, "usage.value"),
        ("identify", {**POINT, "library": "/etc/passwd"}, "usage.parameter"),
        ("identify", {**POINT, "only": ["\ud800"]}, "usage.value"),
        ("identify", {**POINT, "\ud800": 1}, "usage.value"),
        ("check", {"parcels": geojson({"\ud800": PARCEL})}, "encoding.replaced"),
        ("check", {}, "usage.required"),
        ("check", {"parcels": "/etc/passwd"}, "web.parcels"),
        ("check", {"parcels": {"href": "http://127.0.0.1/x.geojson"}}, "web.reference"),
        ("check", {"parcels": geojson({"P": PARCEL}), "pack": ["/etc/passwd"]}, "usage.value"),
        ("check", {"parcels": geojson({"P": PARCEL}), "out": ["/tmp/x.gpkg"]}, "usage.parameter"),
        ("sheet", {"parcels": geojson({"P": PARCEL}), "target": "/tmp/x.pdf"}, "usage.choice"),
        ("statistics", {"code": "ZONE", "within": "/etc/passwd"}, "usage.value"),
        ("check", {"parcels": geojson({f"p{n}": PARCEL for n in range(1001)})}, "web.too_many"),
        ("check", {"parcels": geojson({"P": ground(0, 0, 40_000, 40_000)})}, "web.too_large"),
    ],
)
def test_inputs_are_validated(server: WebServer, process: str, inputs: dict[str, Any], code: str):
    """/conf/core/job-creation-input-validation; nothing on the server's disk is named, nothing elsewhere fetched."""
    reply = server.execute(process, inputs)
    assert reply.status == 400 and reply.headers["content-type"] == "application/problem+json"
    assert reply.code == code and reply.json["problems"][0]["mend"]
    assert "--" not in reply.body.decode()  # its names are those of inputs, not of options


def test_what_is_no_execute_request_is_refused(server: WebServer):
    """/conf/core/job-creation-request."""
    assert server.ask("POST", "/processes/identify/execution", b"{").code == "usage.line"
    for body in (b"[]", b'{"inputs": []}', b'{"inputs": ""}', b'{"outputs": {"other": {}}}', b'{"response": "paper"}'):
        reply = server.ask("POST", "/processes/identify/execution", body)
        assert (reply.status, reply.code) == (400, "usage.value"), body
    assert server.get("/processes/identify/execution").status == 405


def test_asynchronous_execution(server: WebServer):
    """/conf/core/job-creation-success-async, job-op, job-success, job-results-success-async-raw-value-one."""
    begun = server.execute("check", {"parcels": geojson({"P": PARCEL}), "only": ["ZONE"]}, **ASYNC)
    assert begun.status == 201 and begun.headers["preference-applied"] == "respond-async"
    location = begun.headers["location"]
    assert begun.json["status"] in ("accepted", "running") and begun.json["type"] == "process"
    assert links_of(begun.json)["self"] == location
    status = server.ended_job(location)
    assert status["status"] == "successful" and status["progress"] == 100 and status["processID"] == "check"
    assert status["created"] <= status["started"] <= status["finished"]
    results = server.get(links_of(status)[f"{RELATIONS}/results"])
    assert results.status == 200 and results.json["verdict"] == "prohibited"


def test_jobs_that_are_not_there(server: WebServer):
    """/conf/core/job-exception-no-such-job, job-results-exception-no-such-job; /conf/dismiss."""
    for method, path in (("GET", "/jobs/none"), ("GET", "/jobs/none/results"), ("DELETE", "/jobs/none")):
        reply = server.ask(method, path)
        assert reply.status == 404 and reply.json["type"] == f"{EXCEPTIONS}/no-such-job"
    assert server.get("/jobs/none/files/..%2f..%2fetc%2fpasswd").status == 404


def test_a_job_that_fails_says_why(server: WebServer):
    """/conf/core/job-results-failed."""
    location = server.execute("statistics", {"code": "NONE"}, **ASYNC).headers["location"]
    status = server.ended_job(location)
    assert status["status"] == "failed" and status["message"]
    results = server.get(f"{location}/results")
    assert results.status == 400 and results.json["problems"][0]["mend"]


def test_a_job_is_dismissed(server: WebServer):
    """/conf/dismiss/job-dismiss-op, job-dismiss-success; /conf/core/job-results-exception-results-not-ready."""
    parcels = geojson({f"p{n}": ground(n, 0, n + 1, 60) for n in range(900)})
    location = server.execute("check", {"parcels": parcels}, **ASYNC).headers["location"]
    early = server.get(f"{location}/results")
    assert early.status == 404 and early.json["type"] == f"{EXCEPTIONS}/result-not-ready"
    dismissed = server.ask("DELETE", location)
    assert dismissed.status == 200 and dismissed.json["status"] == "dismissed"
    assert server.get(location).json["status"] == "dismissed" and server.get(f"{location}/results").status == 404
    over = server.execute("identify", POINT, **ASYNC).headers["location"]
    assert server.ended_job(over)["status"] == "successful" and server.get(f"{over}/files/answer").status == 200
    server.ask("DELETE", over)
    assert server.get(f"{over}/files/answer").status == 404


def test_job_list(server: WebServer):
    """/conf/job-list/job-list-op, job-list-success, limit, status, processID."""
    server.execute("identify", POINT)
    listed = server.get("/jobs").json
    assert listed["jobs"][0]["processID"] == "identify" and "self" in links_of(listed)
    assert len(server.get("/jobs?limit=1").json["jobs"]) == 1
    assert server.get("/jobs?limit=none").status == 400
    assert {one["status"] for one in server.get("/jobs?status=successful").json["jobs"]} == {"successful"}
    assert {one["processID"] for one in server.get("/jobs?processID=identify").json["jobs"]} == {"identify"}


def test_ground_without_data_comes_back_as_unknown(server: WebServer):
    answer = server.execute("check", {"parcels": geojson({"P": ground(600, 0, 630, 30)}), "only": ["SPOT"]}).json
    assert answer["verdict"] == "unknown" and answer["evidence"]["findings"][0]["reason"] == "outside_coverage"


@pytest.mark.slow
def test_a_sheet_is_a_file_by_reference(server: WebServer):
    answer = server.execute("sheet", {"parcels": geojson({"P": PARCEL}), "target": "pdf"}).json
    assert answer["parcels"] == 1 and answer["file"] == "sheet.pdf"
    assert server.get(answer["links"][0]["href"]).body.startswith(b"%PDF")


@pytest.mark.slow
def test_owslib_lists_describes_and_executes(server: WebServer):
    """The client that others have: it needs nothing but the address and the token."""
    processes = pytest.importorskip("owslib.ogcapi.processes", reason="OWSLib is not installed")
    one = processes.Processes(server.address, headers={"Authorization": f"Bearer {server.token}"})
    assert {process["id"] for process in one.processes()} >= {"check", "identify"}
    assert "parcels" in one.process("check")["inputs"]
    if not hasattr(one, "execute"):
        pytest.skip("this OWSLib only lists and describes")
    assert one.execute("identify", POINT)["answer"]["layers"][0]["code"] == "ZONE"


@pytest.mark.slow
def test_each_session_is_answered_in_its_language(asked_library: Path):
    server = WebServer(asked_library)
    try:
        code = server.code
        fields = {"code": code, "name": "甲"}
        reply = server.form("/sign-in", fields, signed_in=False, Accept_Language="zh-CN,zh;q=0.9")
        server.token = reply.json["token"]
        described = server.get("/processes/check").json["description"]
        absent, wrong = server.get("/processes/none"), server.execute("identify", {"x": "a", "y": 1})
        asked = server.ask("POST", "/processes/identify/execution", {"inputs": {"x": 1}}, **ASYNC)
        failed = server.ended_job(asked.json["links"][0]["href"])["message"]
        texts = [described, *(one.json["problems"][0]["message"] for one in (absent, wrong)), failed]
        assert all(any("一" <= sign <= "龥" for sign in text) for text in texts), texts
    finally:
        server.end()
