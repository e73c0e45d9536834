"""Public notices in a browser: which are open, what each shows, and a form for comments; nobody is signed in."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.messages import LANGUAGES, ProblemRecord, phrase, problem_record, sentences
from onemap.rules.display.documents.html_printer import render
from onemap.rules.review.notice_tables import MOST_NAME, MOST_PLACE, MOST_TEXT
from onemap.rules.review.public_comments import NoticePage, WrittenComment, open_notice, open_notices, write_comment
from onemap.rules.verbs.web.account_door import network_of
from onemap.rules.verbs.web.session_table import SessionTable
from onemap.rules.verbs.web.site_guard import HEALTH, SiteGuard, SiteNames
from onemap.rules.verbs.web.site_refusal import preferred_language

MOST_BYTES = 64_000  # of a request
_AT_ONCE = 4  # who have the library open
_REQUESTS, _REQUESTS_S = 120, 60.0  # of one address
_WRITINGS, _WRITINGS_S = 5, 600.0
_MOST_ADDRESSES = 10_000
_STATUSES = {"notice.gone": 404, "notice.full": 429, "notice.field": 400, "notice.too_often": 429}
_FIELDS = ("text", "name", "place", "consent")


class AddressRates:
    """How often each address has come lately. most: the limit within some seconds; the oldest addresses are dropped."""

    def __init__(self, most: int, within_s: float) -> None:
        self._most, self._within_s = most, within_s
        self._turn = threading.Lock()
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    def is_too_often(self, address: str) -> bool:
        """Record a visit from an address; return whether it has come too often."""
        now = time.monotonic()
        with self._turn:
            moments = self._moments.setdefault(address, deque())
            self._moments.move_to_end(address)
            while len(self._moments) > _MOST_ADDRESSES:
                self._moments.popitem(last=False)
            while moments and now - moments[0] > self._within_s:
                moments.popleft()
            if len(moments) >= self._most:
                return True
            moments.append(now)
            return False


class PublicPages:
    """The pages. language: of whoever prefers none."""

    def __init__(self, library: str, names: SiteNames, language: str) -> None:
        self._library, self._names, self._own_language = library, names, language
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._requests = AddressRates(_REQUESTS, _REQUESTS_S)
        self._writings = AddressRates(_WRITINGS, _WRITINGS_S)

    def routes(self) -> list[Route]:
        """The routes of all pages; there are no pages of cases."""
        notice = "/notices/{case}/{number:int}"
        return [
            Route("/", self._page_of(self._list)),
            Route(notice, self._page_of(self._notice)),
            Route(f"{notice}/map-{{map:int}}.svg", self._page_of(self._map)),
            Route(f"{notice}/comments", self._write, methods=["POST"]),
            Route(HEALTH, self._health),
            Route("/site.css", self._style),
        ]

    def _page_of(self, act: Callable[[Request], Response]) -> Any:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._respond, request, act)

        return answer

    def _respond(
        self, request: Request, act: Callable[[Request], Response], form_text: Mapping[str, str] | None = None
    ) -> Response:
        """The answer of a page, or a page that says why there is none. form_text: a comment, which is not lost."""
        try:
            if self._requests.is_too_often(self._address(request)):
                raise OneMapError("notice.too_often")
            return act(request)
        except OneMapError as error:
            return self.refusal(request, error, form_text)

    def refusal(self, request: Request, error: OneMapError, form_text: Mapping[str, str] | None = None) -> Response:
        """A page that gives the reason; strangers are told nothing about faults of the library.

        form_text: a comment that could not be taken, to be sent again.
        """
        if error.code not in _STATUSES:
            error = OneMapError("notice.away")
        language = self._language(request)
        why = [problem_record(problem, language) for problem in error.problems]
        facts = self._form_facts(request, form_text) if form_text else {"typed": {}}
        return self._page(request, "notice-refused.html", _STATUSES.get(error.code, 503), why=why, **facts)

    def _form_facts(self, request: Request, form_text: Mapping[str, str]) -> dict[str, Any]:
        """What the form of a notice shows. form_text: what was typed before."""
        return {
            "at": f"/notices/{request.path_params['case']}/{request.path_params['number']}",
            "typed": form_text,
            "most": {"text": MOST_TEXT, "name": MOST_NAME, "place": MOST_PLACE},
        }

    def _open(self) -> Any:
        return open_library(self._library)

    def _list(self, request: Request) -> Response:
        with self._places, self._open() as library:
            notices = open_notices(library)
        language = self._language(request)
        rows = [(one, self._content(one, language)) for one in notices]
        return self._page(request, "notices.html", 200, rows=rows)

    def _shown_notice(self, request: Request) -> NoticePage:
        """The notice of a request. Raises OneMapError notice.gone."""
        with self._places, self._open() as library:
            return open_notice(library, request.path_params["case"], request.path_params["number"])

    def _notice(
        self,
        request: Request,
        form_text: Mapping[str, str] | None = None,
        why: Sequence[ProblemRecord] = (),
        status: int = 200,
    ) -> Response:
        """One notice, with the form. form_text: a comment that was refused; why: the reasons."""
        notice = self._shown_notice(request)
        facts = {
            "notice": notice,
            "content": self._content(notice, self._language(request)),
            "why": why,
            "is_sent": request.query_params.get("sent") == "1",
            **self._form_facts(request, form_text or {}),
        }
        return self._page(request, "notice.html", status, **facts)

    def _map(self, request: Request) -> Response:
        maps = self._content(self._shown_notice(request), self._language(request))["maps"]
        number = request.path_params["map"]
        if not 1 <= number <= len(maps):
            raise OneMapError("notice.gone")
        return Response(str(maps[number - 1]), media_type="image/svg+xml")

    async def _write(self, request: Request) -> Response:
        """Take a comment; a refusal is shown on the page, with what was typed."""
        async with request.form(max_files=0, max_fields=8, max_part_size=MOST_BYTES) as form:
            form_text = {name: str(form[name]) for name in _FIELDS if name in form}

        def act(request: Request) -> Response:
            text, name, place = (form_text.get(field, "") for field in _FIELDS[:3])
            comment = WrittenComment(text, name, place, consent="consent" in form_text)
            case, number = request.path_params["case"], request.path_params["number"]
            try:
                comment.cleaned_comment()
                if self._writings.is_too_often(self._address(request)):
                    raise OneMapError("notice.too_often")
                with self._places, self._open() as library:
                    write_comment(library, case, number, comment)
            except OneMapError as error:
                if error.code == "notice.gone" or error.code not in _STATUSES:
                    raise
                why = [problem_record(problem, self._language(request)) for problem in error.problems]
                return self._notice(request, form_text, why, _STATUSES[error.code])
            place = f"/notices/{case}/{number}?sent=1&lang={self._language(request)}#comment"
            return RedirectResponse(place, 303)

        return await run_in_threadpool(self._respond, request, act, form_text)

    async def _health(self, request: Request) -> Response:
        def is_well() -> bool:
            if self._requests.is_too_often(self._address(request)):
                return False
            try:
                with self._places, self._open():
                    return True
            except OneMapError:
                return False

        well = await run_in_threadpool(is_well)
        return JSONResponse({"ok": well}, 200 if well else 503)

    async def _style(self, _: Request) -> Response:
        return Response(str(render("site.css")), media_type="text/css")

    def _page(self, request: Request, template: str, status: int, **facts: Any) -> Response:
        language = self._language(request)
        other = next(one for one in LANGUAGES if one != language)
        words = sentences(language)["public_page"]
        say = {"until": lambda day: phrase("public_page.until", language, until=day)}
        say |= {"bounds": lambda most: phrase("public_page.bounds", language, most=f"{most:,}")}
        page = {"words": words, "language": language, "other": other, "path": request.url.path, "say": say, **facts}
        return HTMLResponse(str(render(template, **page)), status)

    def _content(self, notice: NoticePage, language: str) -> Any:
        return notice.content[language]

    def _language(self, request: Request) -> str:
        """The requested language, or the one that the browser prefers, among those that exist."""
        language = request.query_params.get("lang", "")
        return language if language in LANGUAGES else preferred_language(request, self._own_language)

    def _address(self, request: Request) -> str:
        return network_of(self._names.client_of(request))


def public_app(library: str, names: SiteNames, language: str) -> ASGIApp:
    """The site of public notices, behind the guard that all sites have, without sessions."""
    pages = PublicPages(library, names, language)

    async def nothing(request: Request, _: Exception) -> Response:
        return pages.refusal(request, OneMapError("notice.gone"))

    async def defect(request: Request, _: Exception) -> Response:
        return pages.refusal(request, OneMapError("notice.away"))

    site = Starlette(routes=pages.routes(), exception_handlers={404: nothing, 405: nothing, 500: defect})
    return SiteGuard(site, SessionTable(1, 0.0, 0.0), names, MOST_BYTES, language, is_public=True)
