"""Signing in and out, in a browser and by a program; text typed before a session ended is kept."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, sentences
from onemap.rules.display.documents.html_printer import render
from onemap.rules.verbs.web.account_door import AccountDoor, SignInRefused
from onemap.rules.verbs.web.code_door import CodeDoor
from onemap.rules.verbs.web.ogc_processes import problem_response
from onemap.rules.verbs.web.serve_child import VerbAnswer, refusal_of
from onemap.rules.verbs.web.session_table import Session
from onemap.rules.verbs.web.site_guard import SIGN_IN, SIGNED_OUT, SiteNames, token_of
from onemap.rules.verbs.web.site_refusal import is_browser, preferred_language

_KEPT = "kept."  # before the name of a field that was typed into another page
_NOT_KEPT = {"form_key", "expect", "password", "code"}
_MOST_FIELDS, _MOST_TEXT = 250, 100_000
# The page on which a step is taken, and the step; that of a body's answer is named with the body.
_PAGE = re.compile(
    r"(/|/open|/here|/cases/[\w-]+(?:/opinions/\w+|/comments)?)(?:(?<=\w)/(?:steps/)?(bodies/[^/]+|\w+))?"
)
_STATUSES = {
    "web.wait": 429,
    "account.busy": 503,
    "account.full": 503,
    "account.no_answer": 503,
    "library.unreachable": 503,
}


class SignInPages:
    """The pages of signing in and out. language: for those who state none."""

    def __init__(self, door: CodeDoor | AccountDoor, names: SiteNames, language: str) -> None:
        self._door, self._names, self._own_language = door, names, language

    def routes(self) -> list[Route]:
        """The routes of the pages; the guard sends a form without a session to the last one."""
        return [
            Route(SIGN_IN, self._ask, methods=["GET"]),
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route(SIGNED_OUT, self._form_of_nobody, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        return self._page(preferred_language(request, self._own_language), to=request.query_params.get("to", "/"))

    def _page(
        self,
        language: str,
        to: str,
        form_text: Mapping[str, str] | None = None,
        account: str = "",
        why: Sequence[Any] = (),
        status: int = 200,
    ) -> Response:
        kept_fields = {f"{_KEPT}{name}": value for name, value in (form_text or {}).items()}
        facts = {
            "kept": kept_fields,
            "to": _page_path(to),
            "account": account,
            "why": why,
            "has_accounts": self._door.has_accounts,
        }
        words = sentences(language)["site"]
        return HTMLResponse(str(render("sign-in.html", words=words, language=language, **facts)), status)

    async def _sign_in(self, request: Request) -> Response:
        """Begin a session: for a browser as a cookie; for a program, which asks for JSON, as a token for headers."""
        async with request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_MOST_TEXT) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
        language = fields.get("lang", "")
        language = language if language in LANGUAGES else preferred_language(request, self._own_language)
        form_text = {name.removeprefix(_KEPT): value for name, value in fields.items() if name.startswith(_KEPT)}
        to = _page_path(fields.get("to", "/"))
        address = self._names.client_of(request)
        try:
            token = await run_in_threadpool(self._door.begin, fields, address, language)
        except (OneMapError, SignInRefused) as error:
            answer = refusal_of(error, language) if isinstance(error, OneMapError) else error.answer
            return self._refuse(request, answer, language, to, form_text, fields.get("account", ""))
        session = self._door.sessions.get(token)
        if not is_browser(request):
            if session is not None and session.core is not None:  # whoever reads a page goes before programs
                await run_in_threadpool(session.core.give_way)
            return JSONResponse({"token": token})
        self._door.sessions.end(token_of(request, self._names))  # whoever was here before
        if form_text and session is not None:
            session.shown[f"typed {to}"] = form_text
        return self._with_cookies(RedirectResponse(to, 303), token)

    def _refuse(
        self, request: Request, answer: VerbAnswer, language: str, to: str, form_text: Mapping[str, str], account: str
    ) -> Response:
        status = _STATUSES.get(answer.problems[0]["code"], 401)
        if is_browser(request):
            return self._page(language, to, form_text, account, answer.problems, status)
        return problem_response(answer, status)

    def _with_cookies(self, response: Response, token: str) -> Response:
        """Put the token into a cookie; behind a proxy, another cookie names the server that holds the session."""
        facts: dict[str, Any] = {"httponly": True, "samesite": "strict", "path": "/", "secure": self._names.is_secure}
        response.set_cookie(self._names.cookie, token, **facts)
        if self._names.is_secure:
            response.set_cookie(self._names.worker_cookie, self._names.worker, **facts)
        return response

    async def _sign_out(self, request: Request) -> Response:
        await run_in_threadpool(self._door.sessions.end, token_of(request, self._names))
        response = RedirectResponse(SIGN_IN, 303)
        response.delete_cookie(self._names.cookie, path="/", secure=self._names.is_secure, httponly=True)
        return response

    async def _form_of_nobody(self, request: Request) -> Response:
        """Keep the text of a form whose session has ended. A file has to be chosen again."""
        async with request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_TEXT) as form:
            form_text = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
        return self.again(request, form_text, preferred_language(request, self._own_language))

    def again(
        self, request: Request, form_text: Mapping[str, str], language: str, session: Session | None = None
    ) -> Response:
        """Ask for signing in again, with what was typed. session: the one whose connection was lost."""
        path = request.scope.get("onemap_wanted", request.url.path)
        if session is not None:
            self._door.sessions.end_where(lambda one: one is session)
        _, kept_fields = page_and_fields(path, form_text)
        why = refusal_of(
            OneMapError("web.ended_account" if self._door.has_accounts else "web.ended"), language
        ).problems
        return self._page(language, path, kept_fields, session.name if session else "", why, 401)


def page_and_fields(path: str, form_text: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The page to which the path of a form belongs, and what of the form is kept for it, with its step."""
    match = _PAGE.fullmatch(path)
    step = {"step": match[2]} if form_text and match and match[2] else {}
    fields = {name: value for name, value in form_text.items() if name not in _NOT_KEPT}
    return _page_path(path), {**fields, **step}


def _page_path(path: str) -> str:
    """The page to which a path of this site belongs; the first page if there is none."""
    match = _PAGE.fullmatch(path)
    return match[1] if match else "/"
