"""The site: its guard, the pages of signing in, the routes of the other parts, and the cores that answer.

For a library in a file all people share some cores; on a server each account has one.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.server_address import is_server, server_address
from onemap.layers.stores.server.account_connection import account_server, check_proved_server, forget_server_variables
from onemap.rules.contract.declaration import Verb
from onemap.rules.display.documents.html_printer import render
from onemap.rules.verbs.web.account_door import AccountDoor
from onemap.rules.verbs.web.code_door import CodeDoor
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.desk_pages import DeskPages
from onemap.rules.verbs.web.desk_steps import MOST_FILES, MOST_TEXT
from onemap.rules.verbs.web.job_table import MOST_OF_ACCOUNT, JobTable
from onemap.rules.verbs.web.ogc_processes import OgcProcesses
from onemap.rules.verbs.web.parcel_limits import Limits
from onemap.rules.verbs.web.public_pages import public_app
from onemap.rules.verbs.web.serve_child import ServeChild
from onemap.rules.verbs.web.sign_in_pages import SignInPages
from onemap.rules.verbs.web.site_guard import HEALTH, SiteGuard, SiteNames
from onemap.rules.verbs.web.site_refusal import is_browser, refusal_response
from onemap.rules.verbs.web.verb_question import Asker, verbs_for_others

_AT_ONCE = 2  # questions that are worked on
_LIMITS = Limits()


class WebSite:
    """All routes behind one guard. pool: the cores that answer its pages for those without a core of their own."""

    def __init__(
        self,
        asker: Asker,
        verbs: Mapping[str, Verb],
        jobs: JobTable,
        names: SiteNames,
        door: CodeDoor | AccountDoor,
        pool: CorePool,
        is_well: Callable[[], bool],
    ) -> None:
        self._is_well, self._language = is_well, asker.language
        sign_in = SignInPages(door, names, self._language)
        self._desk = DeskPages(asker.library, pool, sign_in.again)
        self._processes = OgcProcesses(verbs_for_others(verbs), asker, jobs, _LIMITS)
        routes = [
            Route("/", self._front),
            *sign_in.routes(),
            Route(HEALTH, self._health),
            Route("/site.css", self._style),
            *self._desk.routes(),
            *self._processes.routes(),
        ]
        handlers = {400: self._large_form, 404: self._nothing, 405: self._nothing, 500: self._defect}
        site = Starlette(routes=routes, exception_handlers=handlers)
        self.app: ASGIApp = SiteGuard(site, door.sessions, names, _LIMITS.bytes, self._language)

    async def _front(self, request: Request) -> Response:
        """The first page: for people the desk, for programs the service."""
        if is_browser(request) and request.query_params.get("f") != "json":
            return await self._desk.first_page(request)
        return await self._processes.landing(request)

    async def _health(self, _: Request) -> Response:
        is_well = await run_in_threadpool(self._is_well)
        return JSONResponse({"ok": is_well}, 200 if is_well else 503)

    async def _style(self, _: Request) -> Response:
        return Response(str(render("site.css")), media_type="text/css")

    async def _large_form(self, request: Request, _: Exception) -> Response:
        bounds = {"files": MOST_FILES, "size": f"{MOST_TEXT // 1000} KB"}
        return refusal_response(request, OneMapError("web.form_size", **bounds), 400, self._language)

    async def _nothing(self, request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return refusal_response(request, OneMapError("web.no_page"), status, self._language)

    async def _defect(self, request: Request, error: Exception) -> Response:
        return refusal_response(request, OneMapError("defect.ours", reason=type(error).__name__), 500, self._language)


def file_site(
    library: str,
    names: SiteNames,
    verbs: Mapping[str, Verb],
    language: str,
    tell: Callable[[str], None],
    stack: ExitStack,
) -> ASGIApp:
    """The site of a library in a file. tell: called with each code; stack: closed at the end.

    Raises what opening the library raises.
    """
    with open_library(library) as library_here:
        is_rehearsal = library_here.is_rehearsal
    asker = Asker(library, language, names_files=False)
    # Whoever looks at a page waits for it; a program that asks for a check may wait a little longer.
    pool = CorePool(_AT_ONCE, language, _LIMITS.seconds, gives_way=True)
    desk_pool = CorePool(_AT_ONCE, language, _LIMITS.seconds)
    jobs = JobTable(pool, asker, _AT_ONCE, _AT_ONCE)
    for part in (desk_pool, pool, jobs):
        stack.callback(part.end)
    door = CodeDoor(tell, is_rehearsal=is_rehearsal)
    return WebSite(asker, verbs, jobs, names, door, desk_pool, lambda: True).app


def public_site(library: str, names: SiteNames, language: str) -> ASGIApp:
    """The site of public notices alone, without sign-in.

    Raises OneMapError notice.account for a server account that may do more than write comments, web.tls for a remote
    server that is not verified, and what opening the library raises.
    """
    if is_server(library):
        check_proved_server(library)
    with open_library(library) as library_here:
        if library_here.path is None and not library_here.roles.is_public:
            role = f"onemap_{server_address(library).schema or 'onemap'}_public"
            raise OneMapError("notice.account", account=library_here.account or "", role=role)
    return public_app(library, names, language)


def server_site(
    library: str, takes_directory: bool, names: SiteNames, verbs: Mapping[str, Verb], language: str, stack: ExitStack
) -> ASGIApp:
    """The site of a library on a server, where the site has no account itself. stack: ends the cores.

    Raises OneMapError as `account_server`.
    """
    server = account_server(library, takes_directory=takes_directory)
    forget_server_variables()
    asker = Asker(server.held_location, language, names_files=False)
    nobody = CorePool(0, language, _LIMITS.seconds)
    request = {"library": library, "directory": takes_directory}
    door = AccountDoor(lambda: ServeChild(language), request, _LIMITS.seconds)
    # Each account's core does one job after the other: those of one account must not keep the others' from beginning.
    at_once = door.sessions.most * MOST_OF_ACCOUNT
    jobs = JobTable(nobody, asker, at_once, max(_AT_ONCE, os.cpu_count() or 1))
    for part in (door, jobs):
        stack.callback(part.end)
    return WebSite(asker, verbs, jobs, names, door, nobody, server.answers).app
