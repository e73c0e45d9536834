"""The site: its guard, the pages of signing in, and the routes of the other parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from onemap.layers.errors import OneMapError
from onemap.rules.contract.declaration import Verb
from onemap.rules.display.documents.html_printer import render
from onemap.rules.verbs.web.account_door import AccountDoor
from onemap.rules.verbs.web.code_door import CodeDoor
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.desk_pages import DeskPages
from onemap.rules.verbs.web.job_table import JobTable
from onemap.rules.verbs.web.ogc_processes import OgcProcesses, problem_response
from onemap.rules.verbs.web.parcel_limits import Limits
from onemap.rules.verbs.web.serve_child import refusal_of
from onemap.rules.verbs.web.sign_in_pages import SignInPages
from onemap.rules.verbs.web.site_guard import HEALTH, SiteGuard, SiteNames
from onemap.rules.verbs.web.verb_question import Asker


@dataclass(frozen=True)
class SiteParts:
    """The parts of a site. pool: the cores that answer its pages for whoever has no core of their own."""

    asker: Asker
    verbs: Mapping[str, Verb]
    jobs: JobTable
    limits: Limits
    names: SiteNames
    door: CodeDoor | AccountDoor
    pool: CorePool
    is_well: Callable[[], bool]


class WebSite:
    """All routes behind one guard."""

    def __init__(self, parts: SiteParts) -> None:
        self._parts, self._language = parts, parts.asker.language
        sign_in = SignInPages(parts.door, parts.names, self._language)
        self._desk = DeskPages(parts.asker.library, parts.pool, sign_in.again)
        self._processes = OgcProcesses(parts.verbs, parts.asker, parts.jobs, parts.limits)
        routes = [
            Route("/", self._front),
            *sign_in.routes(),
            Route(HEALTH, self._health),
            Route("/site.css", self._style),
            *self._desk.routes(),
            *self._processes.routes(),
        ]
        site = Starlette(routes=routes, exception_handlers={404: self._nothing, 405: self._nothing, 500: self._defect})
        self.app: ASGIApp = SiteGuard(site, parts.door.sessions, parts.names, parts.limits.bytes, self._language)

    async def _front(self, request: Request) -> Response:
        """For people their desk, for programs the service."""
        if "text/html" in request.headers.get("accept", "") and request.query_params.get("f") != "json":
            return await self._desk.first_page(request)
        return await self._processes.landing(request)

    async def _health(self, _: Request) -> Response:
        is_well = await run_in_threadpool(self._parts.is_well)
        return JSONResponse({"ok": is_well}, 200 if is_well else 503)

    async def _style(self, _: Request) -> Response:
        return Response(str(render("site.css")), media_type="text/css")

    async def _nothing(self, _: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return problem_response(refusal_of(OneMapError("web.no_page"), self._language), status)

    async def _defect(self, _: Request, error: Exception) -> Response:
        refusal = refusal_of(OneMapError("defect.ours", reason=type(error).__name__), self._language)
        return problem_response(refusal, 500)
