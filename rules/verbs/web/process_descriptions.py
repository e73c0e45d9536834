"""The offered verbs described as OGC API Processes 1.0 describes processes (OGC 18-062r2), and the service itself."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.layers.software import onemap_version
from onemap.rules.contract.declaration import Parameter, Verb
from onemap.rules.contract.verb_help import help_text
from onemap.rules.verbs.web.job_table import STATES
from onemap.rules.verbs.web.media_types import JSON
from onemap.rules.verbs.web.verb_question import PARCELS, TARGET, Asker, offered_parameters, parameter_schema

SPEC = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0"
CONFORMANCE = [f"{SPEC}/{name}" for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")]
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
ANSWER = "answer"
_GEOJSON_FORMAT = "geojson-feature-collection"
_OBJECT = {"type": "object"}


def link(href: str, rel: str, title: str = "", media: str = JSON) -> dict[str, str]:
    """A link as OGC's services write one."""
    return {"href": href, "rel": rel, "type": media, **({"title": title} if title else {})}


def landing_page(base: str, language: str) -> dict[str, Any]:
    """The description of the service, with links to its parts."""
    return {
        "title": "One Map",
        "description": phrase("web.landing", language),
        "links": [
            link(f"{base}/", "self"),
            link(f"{base}/api", "service-desc", media=OPENAPI),
            link(f"{base}/conformance", f"{RELATIONS}/conformance"),
            link(f"{base}/processes", f"{RELATIONS}/processes"),
            link(f"{base}/jobs", f"{RELATIONS}/job-list"),
        ],
    }


def process_summary(verb: Verb, base: str, language: str) -> dict[str, Any]:
    """The description of a process in the list of processes."""
    return {
        "id": verb.name,
        "title": verb.name,
        "description": help_text(verb.name, "verb", language),
        "version": onemap_version(),
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [link(f"{base}/processes/{verb.name}", "self")],
    }


def process_description(verb: Verb, base: str, asker: Asker) -> dict[str, Any]:
    """A process with its inputs and its output, from the verb's declaration."""
    summary = process_summary(verb, base, asker.language)
    execute = link(f"{base}/processes/{verb.name}/execution", f"{RELATIONS}/execute")
    title = phrase("web.answer", asker.language)
    return {
        **summary,
        "inputs": {one.name: _input(verb, one, asker) for one in offered_parameters(verb, asker)},
        "outputs": {ANSWER: {"title": title, "schema": {**_OBJECT, "contentMediaType": JSON}}},
        "links": [*summary["links"], execute],
    }


def _input(verb: Verb, parameter: Parameter, asker: Asker) -> dict[str, Any]:
    schema = parameter_schema(verb, parameter, asker)
    described = schema.pop("description")
    if parameter.name == PARCELS:
        schema = {**schema["anyOf"][0], "format": _GEOJSON_FORMAT}
    is_needed = parameter.is_required and parameter.name != TARGET
    return {
        "title": parameter.name,
        "description": described,
        "minOccurs": int(is_needed),
        "maxOccurs": 1,
        "schema": schema,
    }


def open_api(verbs: Mapping[str, Verb], base: str, asker: Asker) -> dict[str, Any]:
    """The service in the words of OpenAPI 3.0."""
    paths = {
        "/": {"get": _operation("landingPage", "the service, and where its parts are")},
        "/api": {"get": _operation("api", "this document")},
        "/conformance": {"get": _operation("conformance", "the classes of OGC API Processes that hold")},
        "/processes": {"get": _operation("processes", "all processes")},
        "/jobs": {"get": _operation("jobs", "all jobs, the newest first")},
        "/jobs/{jobID}": {
            "parameters": [_in_path("jobID")],
            "get": _operation("job", "how far a job is", missing=True),
            "delete": _operation("dismiss", "cancel a job, or forget its result", missing=True),
        },
        "/jobs/{jobID}/results": {
            "parameters": [_in_path("jobID")],
            "get": _operation("results", "what came of a job", missing=True),
        },
    }
    for verb in verbs.values():
        described = process_description(verb, base, asker)
        inputs = {name: one["schema"] for name, one in described["inputs"].items()}
        required_inputs = [name for name, one in described["inputs"].items() if one["minOccurs"]]
        properties = {
            "inputs": {**_OBJECT, "properties": inputs, **({"required": required_inputs} if required_inputs else {})},
            "outputs": _OBJECT,
            "response": {"type": "string", "enum": ["raw", "document"]},
        }
        body = {"required": True, "content": {JSON: {"schema": {**_OBJECT, "properties": properties}}}}
        execute = _operation(f"execute.{verb.name}", described["description"], missing=True)
        execute["responses"]["201"] = {"description": "a job was begun; Location names it"}
        paths[f"/processes/{verb.name}"] = {"get": _operation(verb.name, described["description"])}
        paths[f"/processes/{verb.name}/execution"] = {"post": {**execute, "requestBody": body}}
    info = {"title": "One Map", "version": onemap_version(), "description": phrase("web.landing", asker.language)}
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.0.3",
        "info": info,
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": bearer},
            "schemas": {"status": {"type": "string", "enum": list(STATES)}},
        },
        "security": [{"bearer": []}],
    }


def _operation(name: str, summary: str, missing: bool = False) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, "content": {JSON: {"schema": _OBJECT}}}}
    for code, why in (("400", "refused, with the mend"), ("404", "not there"), ("500", "a defect")) if missing else ():
        responses[code] = {"description": why, "content": {"application/problem+json": {"schema": _OBJECT}}}
    return {"operationId": name, "summary": summary, "responses": responses}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
