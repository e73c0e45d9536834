"""OGC API Processes 1.0 (OGC 18-062r2): requests in, jobs and answers out, as JSON."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from types import NoneType
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.finite_json import read_json
from onemap.rules.contract.declaration import Verb
from onemap.rules.verbs.web.job_table import DISMISSED, FAILED, SUCCESSFUL, Job, JobTable
from onemap.rules.verbs.web.media_types import JSON, MEDIA_TYPES
from onemap.rules.verbs.web.parcel_limits import Limits, check_limits
from onemap.rules.verbs.web.process_descriptions import (
    ANSWER,
    CONFORMANCE,
    OPENAPI,
    RELATIONS,
    landing_page,
    link,
    open_api,
    process_description,
    process_summary,
)
from onemap.rules.verbs.web.serve_child import VerbAnswer, refusal_of
from onemap.rules.verbs.web.session_table import session_of
from onemap.rules.verbs.web.verb_question import PARCELS, Asker

PROBLEM = "application/problem+json"
_EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
_NO_PROCESS, _NO_JOB, _NOT_READY = (
    f"{_EXCEPTIONS}/{name}" for name in ("no-such-process", "no-such-job", "result-not-ready")
)
_MOST_LISTED = 100
ActOnJob = Callable[[Request, Job], Awaitable[Response]]


def problem_response(answer: VerbAnswer, status: int, kind: str = "about:blank") -> Response:
    """A refusal in the form of RFC 7807, with each problem, its code and its mend."""
    first = answer.problems[0] if answer.problems else {"message": "", "mend": "", "code": ""}
    detail = " ".join(filter(None, (first["message"], first["mend"])))
    body = {"type": kind, "title": first["code"], "status": status, "detail": detail, "problems": answer.problems}
    return JSONResponse(body, status, media_type=PROBLEM)


def base_of(request: Request) -> str:
    """The address of this service, as the client sees it."""
    return str(request.base_url).rstrip("/")


async def job_end(job_future: "Future[None]") -> None:
    """Wait for the end of a job; it goes on if the caller is cancelled, as any other job whose program has gone."""
    # Not in a thread: programs that wait must keep nobody's page waiting.
    await asyncio.shield(asyncio.wrap_future(job_future))


class OgcProcesses:
    """The routes of the service."""

    def __init__(self, verbs: Mapping[str, Verb], asker: Asker, jobs: JobTable, limits: Limits) -> None:
        self._verbs, self._asker, self._jobs, self._limits = verbs, asker, jobs, limits

    def routes(self) -> list[Route]:
        """The routes of all resources except the landing page, whose address browsers share."""
        return [
            Route("/api", self._api),
            Route("/conformance", self._conformance),
            Route("/processes", self._processes),
            Route("/processes/{process}", self._process),
            Route("/processes/{process}/execution", self._execute, methods=["POST"]),
            Route("/jobs", self._list_jobs),
            Route("/jobs/{job}", self._of_job(self._job), methods=["GET"]),
            Route("/jobs/{job}", self._of_job(self._dismiss), methods=["DELETE"]),
            Route("/jobs/{job}/results", self._of_job(self._results)),
            Route("/jobs/{job}/files/{name}", self._of_job(self._file)),
        ]

    async def landing(self, request: Request) -> Response:
        """The landing page as JSON."""
        return JSONResponse(landing_page(base_of(request), session_of(request).language))

    async def _api(self, request: Request) -> Response:
        return JSONResponse(open_api(self._verbs, base_of(request), self._asker_of(request)), media_type=OPENAPI)

    async def _conformance(self, _: Request) -> Response:
        return JSONResponse({"conformsTo": CONFORMANCE})

    async def _processes(self, request: Request) -> Response:
        base, language = base_of(request), session_of(request).language
        summaries = [process_summary(verb, base, language) for verb in self._verbs.values()]
        return JSONResponse({"processes": summaries, "links": [link(f"{base}/processes", "self")]})

    async def _process(self, request: Request) -> Response:
        verb = self._verbs.get(request.path_params["process"])
        if verb is None:
            return self._no_process(request)
        return JSONResponse(process_description(verb, base_of(request), self._asker_of(request)))

    def _no_process(self, request: Request) -> Response:
        error = OneMapError("web.no_process", name=request.path_params["process"], known=list(self._verbs))
        return problem_response(_refusal(request, error), 404, _NO_PROCESS)

    def _asker_of(self, request: Request) -> Asker:
        """The asker of a request: its session's language is the language of every answer."""
        return replace(self._asker, language=session_of(request).language)

    async def _execute(self, request: Request) -> Response:
        verb = self._verbs.get(request.path_params["process"])
        if verb is None:
            return self._no_process(request)
        try:
            inputs, wish = _execution(await request.body())
            if isinstance(parcels := inputs.get(PARCELS), dict):
                await run_in_threadpool(check_limits, parcels, self._limits)
            job, job_future = self._jobs.begin(verb, inputs, wish, session_of(request))
        except OneMapError as error:
            status = 503 if error.code == "web.busy" else 400
            return problem_response(_refusal(request, error), status)
        if _prefers_async(request):
            headers = {"Location": f"{base_of(request)}/jobs/{job.id}", "Preference-Applied": "respond-async"}
            return JSONResponse(_status_info(job, base_of(request)), 201, headers=headers)
        return await self._when_done(job, job_future, request)

    async def _when_done(self, job: Job, job_future: "Future[None]", request: Request) -> Response:
        await job_end(job_future)
        response = self._result(job, request)
        response.headers["Link"] = f'<{base_of(request)}/jobs/{job.id}>; rel="monitor"'
        if response.status_code == 204:
            response.headers["Link"] += f', <{_href(job, base_of(request), ANSWER)}>; rel="{ANSWER}"'
        return response

    async def _list_jobs(self, request: Request) -> Response:
        base, query = base_of(request), request.query_params
        states, processes = query.getlist("status"), query.getlist("processID")
        jobs = [job for job in self._jobs.all(session_of(request).owner) if not states or job.state in states]
        jobs = [job for job in jobs if not processes or job.verb.name in processes]
        limit = query.get("limit", str(_MOST_LISTED))
        if not re.fullmatch("[0-9]{1,9}", limit) or not 1 <= int(limit) <= 10_000:
            error = UsageError("usage.value", field="limit", value=limit[:40])
            return problem_response(_refusal(request, error), 400)
        status_records = [_status_info(job, base) for job in jobs[: int(limit)]]
        return JSONResponse({"jobs": status_records, "links": [link(f"{base}/jobs", "self")]})

    def _of_job(self, act: ActOnJob) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a request about a job of its sender; there is no other's job."""

        async def answer(request: Request) -> Response:
            job = self._jobs.get(request.path_params["job"], session_of(request).owner)
            return _no_job(request) if job is None else await act(request, job)

        return answer

    async def _job(self, request: Request, job: Job) -> Response:
        return JSONResponse(_status_info(job, base_of(request)))

    async def _dismiss(self, request: Request, job: Job) -> Response:
        await run_in_threadpool(self._jobs.dismiss, job)
        return await self._job(request, job)

    async def _results(self, request: Request, job: Job) -> Response:
        response = self._result(job, request)
        if response.status_code == 204:
            response.headers["Link"] = f'<{_href(job, base_of(request), ANSWER)}>; rel="{ANSWER}"'
        return response

    def _result(self, job: Job, request: Request) -> Response:
        """The result of a job in the requested form: raw or as a document, by value or by reference."""
        if job.state == FAILED and job.answer is not None:
            return problem_response(job.answer, 400 if job.answer.exit_code in (2, 3) else 500)
        if job.state != SUCCESSFUL or job.answer is None:
            code = OneMapError("web.dismissed" if job.state == DISMISSED else "web.not_ready")
            return problem_response(_refusal(request, code), 404, _NOT_READY)
        base = base_of(request)
        is_reference = job.wish.get("outputs", {}).get(ANSWER, {}).get("transmissionMode") == "reference"
        is_document = job.wish.get("response") == "document"
        if is_reference:
            href = {"href": _href(job, base, ANSWER), "type": JSON}
            return JSONResponse({ANSWER: href}) if is_document else Response(status_code=204)
        answer = _answer_with_links(job, base)
        return JSONResponse({ANSWER: answer} if is_document else answer)

    async def _file(self, request: Request, job: Job) -> Response:
        name = request.path_params["name"]
        if name == ANSWER and job.state == SUCCESSFUL:
            return JSONResponse(_answer_with_links(job, base_of(request)))
        path = job.files().get(name)  # of a successful job alone
        if path is None:
            return _no_job(request)
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], filename=name)


def _refusal(request: Request, error: OneMapError) -> VerbAnswer:
    """A refusal in the language of a request's session."""
    return refusal_of(error, session_of(request).language)


def _no_job(request: Request) -> Response:
    return problem_response(_refusal(request, OneMapError("web.no_job")), 404, _NO_JOB)


def _execution(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs of an execute request, and the wanted form of its result.

    Raises UsageError usage.line, usage.value, web.reference.
    """
    try:
        request = read_json(body.decode("utf-8-sig"))
    except ValueError:
        raise UsageError("usage.line") from None
    parts = request if isinstance(request, dict) else {"inputs": request}
    inputs, outputs = (_part(parts, name) for name in ("inputs", "outputs"))
    wish = {"response": parts.get("response", "raw"), "outputs": outputs}
    unknown = [name for name, one in wish["outputs"].items() if name != ANSWER or not isinstance(one or {}, dict)]
    if unknown or wish["response"] not in ("raw", "document"):
        field, value = ("outputs", unknown) if unknown else ("response", wish["response"])
        raise UsageError("usage.value", field=field, value=json.dumps(value)[:80])
    wish["outputs"] = {name: one or {} for name, one in wish["outputs"].items()}
    return {name: _value(name, value) for name, value in inputs.items()}, wish


def _part(request: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of an execute request, empty if it was left out. Raises UsageError usage.value."""
    part = request.get(name)
    if not isinstance(part, dict | NoneType):
        raise UsageError("usage.value", field=name, value=json.dumps(part)[:80])
    return part or {}


def _value(name: str, value: Any) -> Any:
    """The value of an input, which may be wrapped as {"value": …}; a reference is refused, not fetched."""
    if isinstance(value, dict) and "href" in value:
        raise UsageError("web.reference", field=name)
    if isinstance(value, dict) and "value" in value and "type" not in value:
        return value["value"]
    return value


def _prefers_async(request: Request) -> bool:
    wishes = ",".join(request.headers.getlist("prefer")).split(",")
    return "respond-async" in {wish.strip().lower() for wish in wishes}


def _status_info(job: Job, base: str) -> dict[str, Any]:
    here = f"{base}/jobs/{job.id}"
    links = [link(here, "self")]
    if job.state == SUCCESSFUL:
        links.append(link(f"{here}/results", f"{RELATIONS}/results"))
    moments = {"created": job.created, "started": job.started, "finished": job.finished, "updated": job.updated}
    failed = job.answer.problems if job.state == FAILED and job.answer is not None else []
    return {
        "jobID": job.id,
        "processID": job.verb.name,
        "type": "process",
        "status": job.state,
        "message": failed[0]["message"] if failed else job.step,
        "progress": round(job.progress * 100),
        **{name: moment for name, moment in moments.items() if moment},
        "links": links,
    }


def _href(job: Job, base: str, name: str) -> str:
    return f"{base}/jobs/{job.id}/files/{name}"


def _answer_with_links(job: Job, base: str) -> dict[str, Any]:
    """The answer with links to its tables (GeoParquet) and its sheet."""
    result = job.answer.result if job.answer is not None and job.answer.result is not None else {}
    files = job.files()
    links = [link(_href(job, base, name), "enclosure", name, MEDIA_TYPES[path.suffix]) for name, path in files.items()]
    return {**result, **({"links": links} if links else {})}
