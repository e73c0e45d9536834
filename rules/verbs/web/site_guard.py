"""Who may ask what of the server: sessions by a one-time code, hosts and origins, sizes and rates, and safe headers."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.ogc_processes import problem_response
from onemap.rules.verbs.web.serve_child import refusal_of

COOKIE = "onemap_session"
SIGN_IN = "/sign-in"
OPEN_PATHS = {SIGN_IN, "/health", "/site.css"}
_CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no sign like another  # pragma: allowlist secret
_CODE_LENGTH = 10
_IDLE_S = 3600.0
_MOST_SESSIONS = 50
_MOST_FAILURES = 10  # after which there is another code
_SLOWEST_S = 5.0
_MOST_REQUESTS, _WITHIN_S = 600, 60.0
_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


@dataclass
class Session:
    """Somebody who came in. name: what was typed, which nobody has proved; form_key: what each form brings along."""

    name: str
    language: str
    form_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    used_at: float = field(default_factory=time.monotonic)
    requests: deque[float] = field(default_factory=deque)
    shown: dict[str, Any] = field(default_factory=dict)


class Sessions:
    """Sessions by the hash of their token, and the code by which the next one begins.

    tell: is told each new code, for the terminal. A code is good once.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell, self._turn = tell, threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._failures = 0
        self.code = self._new_code()

    def begin(self, code: str, name: str, language: str) -> str | None:
        """The token of a new session, or None where the code is wrong; each failure takes longer than the last."""
        with self._turn:
            given = "".join(code.upper().split()).replace("-", "")
            is_right = hmac.compare_digest(given.encode(), self.code.replace("-", "").encode())
            self._failures = 0 if is_right else self._failures + 1
            wait_s = min(0.25 * 2**self._failures, _SLOWEST_S) if not is_right else 0.0
            if is_right or self._failures >= _MOST_FAILURES:
                self._failures, self.code = 0, self._new_code()
            token = secrets.token_urlsafe(32)
            if is_right:
                self._forget()
                self._sessions[_hash(token)] = Session(name, language)
        if not is_right:
            time.sleep(wait_s)
            return None
        return token

    def get(self, token: str) -> Session | None:
        """The session of a token; None where there is none any more."""
        session = self._sessions.get(_hash(token))
        if session is None or time.monotonic() - session.used_at > _IDLE_S:
            self.end(token)
            return None
        session.used_at = time.monotonic()
        return session

    def end(self, token: str) -> None:
        """End a session."""
        self._sessions.pop(_hash(token), None)

    def _forget(self) -> None:
        """End sessions that nobody uses, and beyond the bound the one that was used longest ago."""
        now = time.monotonic()
        for token, session in list(self._sessions.items()):
            if now - session.used_at > _IDLE_S:
                self._sessions.pop(token, None)
        while len(self._sessions) >= _MOST_SESSIONS:
            oldest = min(self._sessions, key=lambda token: self._sessions[token].used_at)
            self._sessions.pop(oldest)

    def _new_code(self) -> str:
        signs = "".join(secrets.choice(_CODE_SIGNS) for _ in range(_CODE_LENGTH))
        code = f"{signs[:5]}-{signs[5:]}"
        self._tell(code)
        return code


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(headers: Headers, cookies: dict[str, str]) -> str:
    """The token that a request brings, in its cookie or, of a program, as a bearer's; empty where it brings none."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else cookies.get(COOKIE, "")


class SiteGuard:
    """What every request passes before any route sees it. hosts: the names under which the server may be asked."""

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: frozenset[str], most_bytes: int, language: str) -> None:
        self._app, self._sessions, self._hosts = app, sessions, hosts
        self._most_bytes, self._language = most_bytes, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on; whatever is answered has the safe headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE_HEADERS.items():
                    headers[name] = value
            await send(message)

        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is None:
            session = await run_in_threadpool(self._sessions.get, token_of(request.headers, request.cookies))
            scope["onemap_session"] = session
            if session is None and request.url.path not in OPEN_PATHS:
                if "text/html" in request.headers.get("accept", ""):
                    await RedirectResponse(SIGN_IN, 303)(scope, receive, send_safely)
                    return
                refusal = "web.signed_out", 401
            elif session is not None and _is_too_often(session):
                refusal = "web.too_often", 429
        if refusal is not None:
            code, status = refusal
            answer = problem_response(refusal_of(OneMapError(code), self._language), status)
            if status == 429:
                answer.headers["Retry-After"] = str(int(_WITHIN_S))
            await answer(scope, receive, send_safely)
            return
        await self._app(scope, self._bounded(receive), send_safely)

    def _refusal(self, request: Request) -> tuple[str, int] | None:
        """Why a request is refused whoever sends it, and its status."""
        if request.headers.get("host", "").lower() not in self._hosts:
            return "web.foreign_host", 421
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in self._hosts:
            return "web.foreign_origin", 403
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method not in ("GET", "HEAD"):
            return "web.foreign_origin", 403
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes:
            return "web.body_size", 413
        if request.headers.get("transfer-encoding") and request.method in ("POST", "PUT"):
            return "web.body_size", 411  # so that its size is known before it is read
        return None

    def _bounded(self, receive: Receive) -> Receive:
        """A body beyond the bound ends, whatever its length was said to be."""
        left = self._most_bytes

        async def take() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return {"type": "http.disconnect"} if left < 0 else message

        return take


def _is_too_often(session: Session) -> bool:
    now = time.monotonic()
    while session.requests and now - session.requests[0] > _WITHIN_S:
        session.requests.popleft()
    session.requests.append(now)
    return len(session.requests) > _MOST_REQUESTS
