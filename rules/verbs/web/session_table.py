"""The sessions of people who signed in, by the hash of their token, bounded in number and time."""

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from onemap.layers.messages import phrase
from onemap.rules.verbs.web.core_pool import CorePool


@dataclass
class Session:
    """A person who signed in.

    name: the account that the server has checked, or, for a file, the typed name; core: the core that answers, None if
    all share some; form_key: the key that each form must send; is_rehearsal: the library is for rehearsals.
    """

    name: str
    language: str
    core: CorePool | None = None
    is_rehearsal: bool = False
    form_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    begun_at: float = field(default_factory=lambda: time.monotonic())
    used_at: float = field(default_factory=lambda: time.monotonic())
    requests: deque[float] = field(default_factory=deque)
    shown: dict[str, Any] = field(default_factory=dict)
    at_once: int = 0  # requests of it that are not answered yet

    @property
    def is_account(self) -> bool:
        """Whether a server has proved who it is."""
        return self.core is not None

    @property
    def rehearsal(self) -> str:
        """The sentence that nothing in the library has any effect; empty for a library in earnest."""
        return str(phrase("said.rehearsal", self.language)) if self.is_rehearsal else ""

    @property
    def person(self) -> str | None:
        """The name in which the session asks; None if no name was typed."""
        return self.name or None

    @property
    def owner(self) -> str:
        """The owner of the visible jobs: the account; empty for a file, where only one person asks."""
        return self.name if self.is_account else ""


class SessionTable:
    """All sessions. most: their number; idle_s, lasts_s: after how long without a request, and in all, one ends.

    tell: called with each session that has ended.
    """

    def __init__(
        self, most: int, idle_s: float, lasts_s: float, tell: Callable[[Session], None] = lambda session: None
    ) -> None:
        self.most, self._tell = most, tell
        self._idle_s, self._lasts_s = idle_s, lasts_s
        self._turn = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def add(self, session: Session) -> str:
        """Add a session and return its token; beyond the limit, the session used longest ago ends."""
        token = secrets.token_urlsafe(32)
        self.end_idle()
        with self._turn:
            while len(self._sessions) >= self.most:
                oldest = min(self._sessions, key=lambda one: self._sessions[one].used_at)
                self._close(self._sessions.pop(oldest))
            self._sessions[_hash(token)] = session
        return token

    def get(self, token: str) -> Session | None:
        """The session of a token; None if it does not exist or has ended."""
        session = self._sessions.get(_hash(token))
        if session is None or self._is_over(session):
            self.end(token)
            return None
        session.used_at = time.monotonic()
        return session

    def of_name(self, name: str) -> list[Session]:
        """The sessions of one account, the one used longest ago first."""
        with self._turn:
            sessions = [session for session in self._sessions.values() if session.name == name]
        return sorted(sessions, key=lambda session: session.used_at)

    def __len__(self) -> int:
        return len(self._sessions)

    def end(self, token: str) -> None:
        """End a session."""
        with self._turn:
            session = self._sessions.pop(_hash(token), None)
        if session is not None:
            self._close(session)

    def end_where(self, is_over: Callable[[Session], bool]) -> None:
        """End all sessions for which a condition holds."""
        with self._turn:
            over = {key: session for key, session in self._sessions.items() if is_over(session)}
            for key in over:
                self._sessions.pop(key)
        for session in over.values():
            self._close(session)

    def end_idle(self) -> None:
        """End the sessions that are idle or have lasted long enough."""
        self.end_where(self._is_over)

    def _close(self, session: Session) -> None:
        """Close a session's core, with the connection that it holds."""
        if session.core is not None:
            session.core.end()
        self._tell(session)

    def _is_over(self, session: Session) -> bool:
        now = time.monotonic()
        return now - session.used_at > self._idle_s or now - session.begun_at > self._lasts_s


def session_of(request: Request) -> Session:
    """The session of a request, which the guard has made sure of."""
    session: Session = request.scope["onemap_session"]
    return session


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
