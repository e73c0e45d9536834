"""Signing in with the one-time code that the terminal prints, for a library in a file on this machine."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.session_table import Session, SessionTable

_CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no sign like another  # pragma: allowlist secret
_CODE_LENGTH = 10
_MOST_SESSIONS, _IDLE_S, _LASTS_S = 50, 3600.0, 43_200.0
_MOST_FAILURES = 10  # after which there is another code
_SLOWEST_S = 5.0
_MOST_NAME = 60


class CodeDoor:
    """The code that begins the next session, valid once.

    tell: called with each new code, for the terminal; is_rehearsal: the library is for rehearsals.
    """

    has_accounts = False

    def __init__(self, tell: Callable[[str], None], *, is_rehearsal: bool) -> None:
        self.sessions = SessionTable(_MOST_SESSIONS, _IDLE_S, _LASTS_S)
        self._tell, self._turn, self._is_rehearsal = tell, threading.Lock(), is_rehearsal
        self._failures = 0
        self.code = self._new_code()

    def begin(self, fields: Mapping[str, str], address: str, language: str) -> str:
        """The token of a new session; each failure takes longer than the last. Raises OneMapError web.code."""
        with self._turn:
            typed_code = "".join(fields.get("code", "").upper().split()).replace("-", "")
            is_right = hmac.compare_digest(typed_code.encode(), self.code.replace("-", "").encode())
            self._failures = 0 if is_right else self._failures + 1
            wait_s = min(0.25 * 2**self._failures, _SLOWEST_S) if not is_right else 0.0
            if is_right or self._failures >= _MOST_FAILURES:
                self._failures, self.code = 0, self._new_code()
        if not is_right:
            time.sleep(wait_s)
            raise OneMapError("web.code")
        name = fields.get("name", "").strip()[:_MOST_NAME]
        return self.sessions.add(Session(name, language, is_rehearsal=self._is_rehearsal))

    def end(self) -> None:
        """End all sessions."""
        self.sessions.end_where(lambda session: True)

    def _new_code(self) -> str:
        signs = "".join(secrets.choice(_CODE_SIGNS) for _ in range(_CODE_LENGTH))
        code = f"{signs[:5]}-{signs[5:]}"
        self._tell(code)
        return code
