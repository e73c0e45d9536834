"""The site: its guard, the pages of signing in, and the routes of the other parts."""

from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, sentences
from onemap.rules.contract.declaration import Verb
from onemap.rules.display.documents.html_printer import render, template_part
from onemap.rules.verbs.web.desk_pages import DeskPages
from onemap.rules.verbs.web.job_table import JobTable
from onemap.rules.verbs.web.ogc_processes import OgcProcesses, problem_response
from onemap.rules.verbs.web.parcel_limits import Limits
from onemap.rules.verbs.web.serve_child import refusal_of
from onemap.rules.verbs.web.site_guard import COOKIE, SIGN_IN, Sessions, SiteGuard, token_of
from onemap.rules.verbs.web.verb_question import Asker

_MOST_NAME = 60


class WebSite:
    """All routes behind one guard."""

    def __init__(
        self,
        asker: Asker,
        verbs: Mapping[str, Verb],
        jobs: JobTable,
        limits: Limits,
        tell: Callable[[str], None],
        hosts: frozenset[str],
        desk: DeskPages,
    ) -> None:
        self._asker = asker
        self._sessions = Sessions(tell)
        self._desk = desk
        self._processes = OgcProcesses(verbs, asker, jobs, limits)
        routes = [
            Route("/", self._front),
            Route(SIGN_IN, self._ask_code, methods=["GET"]),
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/health", self._health),
            Route("/site.css", self._style),
            *desk.routes(),
            *self._processes.routes(),
        ]
        site = Starlette(routes=routes, exception_handlers={404: self._nothing, 405: self._nothing, 500: self._defect})
        self.app: ASGIApp = SiteGuard(site, self._sessions, hosts, limits.bytes, asker.language)

    async def _front(self, request: Request) -> Response:
        """For people their desk, for programs the service."""
        if "text/html" in request.headers.get("accept", "") and request.query_params.get("f") != "json":
            return await self._desk.first_page(request)
        return await self._processes.landing(request)

    async def _ask_code(self, request: Request) -> Response:
        return self._sign_in_page(_language(request, self._asker.language), is_wrong=False)

    def _sign_in_page(self, language: str, is_wrong: bool) -> Response:
        page = render("sign-in.html", words=sentences(language)["site"], language=language, is_wrong=is_wrong)
        return HTMLResponse(str(page), 401 if is_wrong else 200)

    async def _sign_in(self, request: Request) -> Response:
        """Begin a session: of a browser as a cookie, of a program, which asks for JSON, as a token for its headers."""
        async with request.form(max_files=0, max_fields=10) as form:
            code, name = str(form.get("code", "")), str(form.get("name", "")).strip()[:_MOST_NAME]
            language = str(form.get("lang", ""))
        language = language if language in LANGUAGES else _language(request, self._asker.language)
        token = await run_in_threadpool(self._sessions.begin, code, name, language)
        is_program = "text/html" not in request.headers.get("accept", "")
        if token is None:
            refusal = refusal_of(OneMapError("web.code"), language)
            return problem_response(refusal, 401) if is_program else self._sign_in_page(language, is_wrong=True)
        if is_program:
            return JSONResponse({"token": token})
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
        return response

    async def _sign_out(self, request: Request) -> Response:
        self._sessions.end(token_of(request.headers, request.cookies))
        response = RedirectResponse(SIGN_IN, 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"ok": True})

    async def _style(self, _: Request) -> Response:
        return Response(str(template_part("site.css")), media_type="text/css")

    async def _nothing(self, _: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return problem_response(refusal_of(OneMapError("web.no_page"), self._asker.language), status)

    async def _defect(self, _: Request, error: Exception) -> Response:
        refusal = refusal_of(OneMapError("defect.ours", reason=type(error).__name__), self._asker.language)
        return problem_response(refusal, 500)


def _language(request: Request, otherwise: str) -> str:
    """The language that a browser prefers, of those that there are."""
    for wish in request.headers.get("accept-language", "").split(","):
        if (tongue := wish.strip()[:2].lower()) in LANGUAGES:
            return tongue
    return otherwise
