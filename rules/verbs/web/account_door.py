"""Signing in with an account of the library's server: PostgreSQL checks the password; each account has its own core.

The password is passed on once and stored nowhere; a session is the connection that it opened. Failures make one wait.
"""

import contextlib
import ipaddress
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from onemap.layers.errors import OneMapError
from onemap.layers.visible_text import terminal_text
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.serve_child import ServeChild, VerbAnswer
from onemap.rules.verbs.web.session_table import Session, SessionTable

_MOST_SESSIONS, _IDLE_S, _LASTS_S = 60, 1800.0, 43_200.0
_MOST_OF_ONE = 3  # sessions of one account: at the desk, on a phone, a program
_SHARE = 0.5  # of the server's connections, of which QGIS and the command line need some
_LOOK_S = 15.0
_SIGN_IN_S = 30.0  # one after the other signs in: a database that says nothing must not hold up the door
_MOST_WAITING = 24  # for their turn; below the threads that answer, so that whoever is in goes on
_FREE_OF_ACCOUNT, _FREE_OF_ADDRESS = 3, 10
_SLOWEST_S, _FORGET_S, _MOST_KEYS = 60.0, 900.0, 10_000
_MOST_WORD = 1000


class SlowedFailures:
    """How long to wait after failed attempts, by account and by address; the wait doubles with each failure."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}

    def wait_s(self, account: str, address: str) -> float:
        """The seconds until another attempt is accepted; 0 if it may come now."""
        now, longest = time.monotonic(), 0.0
        for key, free in self._keys(account, address):
            count, last = self._failures.get(key, (0, 0.0))
            if count > free and now - last < _FORGET_S:
                longest = max(longest, last + min(2.0 ** min(count - free, 10), _SLOWEST_S) - now)
        return longest

    def note(self, account: str, address: str, *, has_failed: bool) -> None:
        """Record an attempt. Success does not clear an address's failures: the owner of one account may try others."""
        now = time.monotonic()
        keys = self._keys(account, address)
        for key, _ in keys if has_failed else keys[:1]:
            count, last = self._failures.pop(key, (0, now))
            if has_failed:
                self._failures[key] = (count + 1 if now - last < _FORGET_S else 1, now)
        while len(self._failures) > _MOST_KEYS:
            self._failures.pop(next(iter(self._failures)))

    def _keys(self, account: str, address: str) -> list[tuple[tuple[str, str], int]]:
        return [
            (("account", account[:_MOST_WORD]), _FREE_OF_ACCOUNT),
            (("address", network_of(address)), _FREE_OF_ADDRESS),
        ]


class AccountDoor:
    """Sign-in with accounts. make_core: starts a core; request: further values for signing in."""

    has_accounts = True

    def __init__(self, make_core: Callable[[], ServeChild], request: Mapping[str, object], seconds: float) -> None:
        self.sessions = SessionTable(
            _MOST_SESSIONS, _IDLE_S, _LASTS_S, lambda session: self._note("session ended", session.name, "")
        )
        self._make_core, self._request, self._seconds = make_core, request, seconds
        self._failures = SlowedFailures()
        self._known_accounts: set[str] = set()
        self._turn, self._waiting = threading.Lock(), threading.Semaphore(_MOST_WAITING)
        self._making = ThreadPoolExecutor(1)  # in a rush a core begins for each who signs in, one after the other
        self._spare = self._making.submit(self._ready_core)
        self._is_ended = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def begin(self, fields: Mapping[str, str], address: str, language: str) -> str:
        """The token of a new session.

        Raises OneMapError web.wait after failed attempts, account.full if there are too many sessions, account.busy if
        too many wait, account.no_answer if the database does not answer, and SignInRefused with the core's refusal.
        """
        account, password = fields.get("account", "").strip(), fields.get("password", "")
        try:
            with self._place_in_row(), self._turn:
                return self._begin(account, password, address, language)
        except OneMapError as error:
            self._note("slowed" if error.code == "web.wait" else f"refused ({error.code})", account, address)
            raise

    @contextlib.contextmanager
    def _place_in_row(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise OneMapError("account.busy")
        try:
            yield
        finally:
            self._waiting.release()

    def _begin(self, account: str, password: str, address: str, language: str) -> str:
        wait_s = self._failures.wait_s(account, address)
        if wait_s > 0:
            raise OneMapError("web.wait", seconds=f"{wait_s + 1:.0f}")
        if not account or not password:
            raise OneMapError("account.password")
        self.sessions.end_idle()
        if len(self.sessions) >= self.sessions.most:
            raise OneMapError("account.full")
        core = self._spare_core()
        sign_in_values = {**self._request, "account": account, "password": password, "lang": language}
        pool = CorePool.of_child(core, _SIGN_IN_S)
        answer = pool.ask("sign in", sign_in_values, lambda fraction, step: None, lambda stop: None)
        has_failed = answer.result is None and answer.problems[0]["code"] == "account.password"
        self._failures.note(account, address, has_failed=has_failed)
        if answer.result is None and answer.problems[0]["code"] == "web.too_long":
            raise OneMapError("account.no_answer", seconds=f"{_SIGN_IN_S:.0f}")
        if answer.result is None:
            self._note(f"refused ({answer.problems[0]['code']})", account, address)
            raise SignInRefused(answer)
        self._spare = self._making.submit(self._ready_core)
        self._known_accounts.add(account)
        self._end_oldest_of(account)
        if len(self.sessions) + 1 > answer.result["places"] * _SHARE:
            core.end()
            raise OneMapError("account.full")
        core.get_ready()  # who came in sees pages that answer at once, and has been waiting for the door anyhow
        self._note("signed in", account, address)
        session = Session(account, language, CorePool.of_child(core, self._seconds), answer.result["rehearsal"])
        departments = answer.result["departments"]
        session.shown["department"] = departments[0] if departments else ""
        return self.sessions.add(session)

    def _end_oldest_of(self, account: str) -> None:
        too_many = self.sessions.of_name(account)[: -(_MOST_OF_ONE - 1)]
        self.sessions.end_where(lambda session: any(session is one for one in too_many))

    def _spare_core(self) -> ServeChild:
        """The core for the next person who signs in, made beforehand, so that nobody waits for one to start."""
        if self._spare.done() and (self._spare.exception() is not None or not self._spare.result().is_alive):
            self._spare = self._making.submit(self._ready_core)
        return self._spare.result()

    def _ready_core(self) -> ServeChild:
        core = self._make_core()
        core.get_ready()
        return core

    def _look(self) -> None:
        """End idle sessions even if no request comes, so that the server gets its connections back."""
        while not self._is_ended.wait(_LOOK_S):
            self.sessions.end_idle()

    def _note(self, event: str, account: str, address: str) -> None:
        """Write one line of the log: the event, the account, the address.

        A name that has never signed in is not written, because it may be a password typed into the wrong field.
        """
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        name = " ".join(account.split()) if account in self._known_accounts else "?"
        parts = [part for part in (moment, event, name, address) if part]
        sys.stderr.write(f"{terminal_text(' · '.join(parts))}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """End all sessions."""
        self._is_ended.set()
        self.sessions.end_where(lambda session: True)
        self._making.shutdown()
        if self._spare.exception() is None:
            self._spare.result().end()


class SignInRefused(Exception):
    """The core refused a sign-in, with its problems in words."""

    def __init__(self, answer: VerbAnswer) -> None:
        super().__init__(answer.problems)
        self.answer = answer


def network_of(address: str) -> str:
    """The network of a sender's address: IPv6 addresses that one sender can change at will count as one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)
