"""The guard before all routes: it checks names, origins, sessions, sizes and rates, and adds safe headers."""

import time
from dataclasses import dataclass
from urllib.parse import urlencode

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.session_table import Session, SessionTable
from onemap.rules.verbs.web.site_refusal import is_browser, refusal_response

SIGN_IN, SIGNED_OUT, HEALTH = "/sign-in", "/signed-out", "/health"
OPEN_PATHS = {SIGN_IN, HEALTH, "/site.css"}
ASSETS = "/assets/"
_COOKIE = "onemap_session"
_ONLY_HTTPS = "max-age=31536000"
_MOST_REQUESTS, _WITHIN_S = 600, 60.0
_MOST_AT_ONCE = 16  # requests of one person, in all sessions: each takes a thread, and all people share these
_MOST_PATH = 2000  # signs; a number in a path may have 4,300 digits at most, or Python does not read it
_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with none, browsers send our own forms as a stranger's (Origin: null)
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class SiteNames:
    """The names of the site, and of its cookies.

    hosts: the names that a browser may use; own_hosts: this machine's; is_secure: whether a proxy speaks HTTPS for it;
    worker: its port, by which the proxy finds the session's server again.
    """

    hosts: frozenset[str]
    own_hosts: frozenset[str]
    is_secure: bool = False
    worker: str = ""

    @property
    def cookie(self) -> str:
        """The cookie of a session. Browsers share cookies between the ports of this machine."""
        return f"__Host-{_COOKIE}" if self.is_secure else f"{_COOKIE}_{self.worker}"

    @property
    def worker_cookie(self) -> str:
        """The cookie that names the server that holds the session; it is not secret, because a proxy must read it."""
        return "onemap_worker"

    def client_of(self, request: Request) -> str:
        """The client's address as the proxy saw it, which appends it to the header that it received, or a header."""
        if self.is_secure:
            return ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
        return request.client.host if request.client else ""


def token_of(request: Request, names: SiteNames) -> str:
    """The token of a request, from its cookie or, for a program, its bearer header; empty if there is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else request.cookies.get(names.cookie, "")


class SiteGuard:
    """The checks that every request passes before any route sees it. is_public: nobody needs to sign in."""

    def __init__(
        self,
        app: ASGIApp,
        sessions: SessionTable,
        names: SiteNames,
        most_bytes: int,
        language: str,
        *,
        is_public: bool = False,
    ) -> None:
        self._app, self._sessions, self._names, self._is_public = app, sessions, names, is_public
        self._most_bytes, self._language = most_bytes, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request or pass it on; every answer gets the safe headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE_HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith(ASSETS):  # nobody's data, and the map's are large
                    headers["Cache-Control"] = "private, max-age=86400"
                if self._names.is_secure:
                    headers["Strict-Transport-Security"] = _ONLY_HTTPS
            await send(message)

        request = Request(scope)
        refusal = self._refusal(request)
        if self._names.is_secure:
            scope["scheme"] = "https"
        if refusal is None:
            session = await run_in_threadpool(self._sessions.get, token_of(request, self._names))
            scope["onemap_session"] = session
            refusal = self._refusal_of_body(request)
            if refusal is None and session is None and not self._is_public and scope["path"] not in OPEN_PATHS:
                if is_browser(request):
                    await self._ask_who(scope, self._bounded_body(receive), send_safely)
                    return
                refusal = "web.signed_out", 401
            elif session is not None and (_is_too_often(session) or self._is_too_much(session)):
                refusal = "web.too_often", 429
        if refusal is not None:
            code, status = refusal
            facts = {"most": f"{self._most_bytes / 1e6:g} MB"} if code == "web.body_size" else {}
            answer = refusal_response(request, OneMapError(code, **facts), status, self._language)
            if status == 429:
                answer.headers["Retry-After"] = str(int(_WITHIN_S))
            await answer(scope, receive, send_safely)
            return
        await self._answer(scope, self._bounded_body(receive), send_safely)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it among the session's open requests meanwhile."""
        session: Session | None = scope["onemap_session"]
        if session is None:
            await self._app(scope, receive, send)
            return
        session.at_once += 1
        try:
            await self._app(scope, receive, send)
        finally:
            session.at_once -= 1

    async def _ask_who(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a browser without a session to the sign-in page; a form that it sends is not lost."""
        path = scope["path"]
        if scope["method"] == "POST":
            await self._app(
                {**scope, "path": SIGNED_OUT, "raw_path": SIGNED_OUT.encode(), "onemap_wanted": path}, receive, send
            )
            return
        query = f"?{urlencode({'to': path})}" if path != "/" and scope["method"] == "GET" else ""
        await RedirectResponse(f"{SIGN_IN}{query}", 303)(scope, receive, send)

    def _refusal(self, request: Request) -> tuple[str, int] | None:
        """The code and status with which a request is refused, whoever sends it; None if it is not."""
        host = request.headers.get("host", "").lower()
        path = request.scope["path"]  # that of the routes; request.url ends where the path has a decoded ? or #
        if host not in self._names.hosts and not (path == HEALTH and host in self._names.own_hosts):
            return "web.foreign_host", 421
        if len(path) > _MOST_PATH:
            return "web.no_page", 404
        if self._names.is_secure and host in self._names.hosts and not _is_https(request):
            return "web.plain_http", 421
        origin = request.headers.get("origin")
        scheme = "https" if self._names.is_secure else "http"
        if origin is not None and origin.lower() not in {f"{scheme}://{name}" for name in self._names.hosts}:
            return "web.foreign_origin", 403
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method not in ("GET", "HEAD"):
            return "web.foreign_origin", 403
        return None

    def _is_too_much(self, session: Session) -> bool:
        """Whether a person waits for too many answers already, in all sessions together."""
        return sum(one.at_once for one in self._sessions.of_name(session.name)) >= _MOST_AT_ONCE

    def _refusal_of_body(self, request: Request) -> tuple[str, int] | None:
        """The code and status with which a request is refused for its declared size or text; None if it is not."""
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes:
            return "web.body_size", 413
        if request.headers.get("transfer-encoding") and request.method in ("POST", "PUT"):
            return "web.body_size", 411  # so that its size is known before it is read
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind == b"multipart/form-data" and options.get(b"charset", b"utf-8").lower() != b"utf-8":
            return "web.form_text", 415  # any codec of Python could be named, and some take minutes
        return None

    def _bounded_body(self, receive: Receive) -> Receive:
        """Cut off a body beyond the limit, whatever length it has declared."""
        left = self._most_bytes

        async def take() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return {"type": "http.disconnect"} if left < 0 else message

        return take


def _is_https(request: Request) -> bool:
    """Whether the proxy says that it received the request by HTTPS."""
    return request.headers.getlist("x-forwarded-proto") == ["https"]


def _is_too_often(session: Session) -> bool:
    now = time.monotonic()
    while session.requests and now - session.requests[0] > _WITHIN_S:
        session.requests.popleft()
    session.requests.append(now)
    return len(session.requests) > _MOST_REQUESTS
