"""Signing in to a library's server: only the account's own password proves who asks, nothing stored on this machine.

A process in which somebody has signed in holds that one connection under an address that leads nowhere else: requests
go through this connection or not at all.
"""

import contextlib
import ipaddress
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from onemap.layers.errors import OneMapError, Problem, server_reason, server_words
from onemap.layers.server_address import ServerAddress, server_address
from onemap.layers.stores.server.server_refusals import connection_refused, server_errors_as_refusals
from onemap.layers.stores.server.server_session import ALIVE, settle_session

HELD_ADDRESS = "postgresql://signed-in.invalid/"  # RFC 6761: no server ever has this name
_TAKEN = ("host", "port", "dbname", "sslmode", "sslrootcert")
_PROOFS: dict[str, Any] = {"sslcertmode": "disable", "gssencmode": "disable", "application_name": "onemap web"}
_SCRAM, _PASSWORD = "scram-sha-256", "scram-sha-256,password"  # ways of proof  # pragma: allowlist secret
_CONNECT_WAIT_S, _HEALTH_WAIT_S = 10, 3
_NAME_BYTES = 63  # more of a name PostgreSQL cuts off


@dataclass(frozen=True)
class AccountServer:
    """The server where accounts sign in. parameters: libpq's, without a user; address: for messages."""

    parameters: Mapping[str, Any]
    address: ServerAddress
    require_auth: str

    @property
    def held_location(self) -> str:
        """The library's location within the process in which somebody is signed in."""
        query = f"?schema={self.address.schema}" if self.address.schema else ""
        return f"{HELD_ADDRESS}{quote(self.address.database, safe='')}{query}"

    def answers(self) -> bool:
        """Whether the server accepts connections; nobody has to sign in for this."""
        conninfo = make_conninfo(**self.parameters, connect_timeout=_HEALTH_WAIT_S)
        return psycopg.pq.PGconn.ping(conninfo.encode()) == psycopg.pq.Ping.OK


def account_server(location: str, *, takes_directory: bool = False) -> AccountServer:
    """Return the server where accounts sign in, from a library's location.

    takes_directory: the password may go to the server in clear, which asks a directory; only through TLS.
    Raises OneMapError web.location if the location says more than where, web.tls if a server elsewhere is not
    proved.
    """
    address = server_address(location)
    if location.startswith("service="):
        raise OneMapError("web.location", field="service", known=list(_TAKEN))
    parameters = _parameters(address)
    for name in parameters:
        if name not in _TAKEN:
            raise OneMapError("web.location", field=name, known=list(_TAKEN))
    _check_proved(parameters, always=takes_directory)
    return AccountServer(parameters, address, _PASSWORD if takes_directory else _SCRAM)


def _check_proved(parameters: Mapping[str, str], *, always: bool = False) -> None:
    """Refuse an unverified server on another machine. parameters: libpq's parameters. Raises OneMapError web.tls."""
    host = parameters.get("host", "")
    is_elsewhere = "," in host or not _is_this_machine(host)
    if (is_elsewhere or always) and parameters.get("sslmode") != "verify-full":
        raise OneMapError("web.tls", field="sslmode")


def check_proved_server(location: str) -> None:
    """Refuse a library on a server elsewhere whose identity is not verified. Raises OneMapError web.tls."""
    _check_proved(_parameters(server_address(location)))


def _parameters(address: ServerAddress) -> dict[str, str]:
    """The parameters of libpq in an address. Raises OneMapError library.address."""
    try:
        return {name: str(value) for name, value in conninfo_to_dict(address.conninfo).items() if value is not None}
    except psycopg.Error:
        raise OneMapError("library.address") from None


def _is_this_machine(host: str) -> bool:
    """Whether a host is this machine: a socket's folder, a loopback address, or empty, which means the socket."""
    if not host or host[0] in "/@" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def forget_server_variables() -> None:
    """Remove all PG… variables, which configure libpq, from this process and the processes it starts."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        os.environ.pop(name)


def connect_account(server: AccountServer, account: str, password: str) -> "psycopg.Connection[Any]":
    """Connect as the account, proved by its password.

    Raises OneMapError account.password, account.not_asked if the server lets in anyone, account.full,
    library.unreachable, library.pooled.
    """
    is_possible = account and password and "\0" not in account + password and len(account.encode()) <= _NAME_BYTES
    if not is_possible:
        raise OneMapError("account.password")
    forget_server_variables()
    try:
        raw = psycopg.connect(
            "",
            autocommit=True,
            user=account,
            password=password,
            require_auth=server.require_auth,
            connect_timeout=_CONNECT_WAIT_S,
            **ALIVE,
            client_encoding="utf8",
            **_PROOFS,
            **server.parameters,
        )
    except psycopg.OperationalError as error:
        raise _refusal(error, server.address) from None
    except (psycopg.Error, ValueError):
        raise OneMapError("account.password") from None
    with contextlib.ExitStack() as stack, server_errors_as_refusals(server.address.label):
        stack.callback(raw.close)
        settle_session(raw, server.address.label)
        stack.pop_all()
    return raw


def _refusal(error: psycopg.OperationalError, address: ServerAddress) -> OneMapError:
    """Return why a sign-in failed, without telling whether the account exists."""
    words = str(error)
    if "authentication method requirement" in words or "did not complete authentication" in words:
        return OneMapError("account.not_asked", file=address.label)
    if server_reason(server_words(error)) == Problem("system.server_full"):
        return OneMapError("account.full")
    refusal = connection_refused(error, address)
    return OneMapError("account.password") if refusal.code == "library.password" else refusal


@dataclass(frozen=True)
class LentConnection:
    """A connection for one request or for a session's requests. kept: what was read with it, as in `Store.kept`."""

    raw: "psycopg.Connection[Any]"
    kept: dict[Any, Any] = field(default_factory=dict)

    def leave_library(self) -> bool:
        """Reset the connection for another library; return whether it can still be used."""
        try:
            self.raw.execute("RESET ROLE; RESET search_path")
        except psycopg.Error:
            return False
        return True


class HeldConnection:
    """The one connection of a process in which somebody is signed in. A lost connection is not made anew."""

    def __init__(self) -> None:
        self._lent: LentConnection | None = None
        self._is_in_use = False

    def hold(self, raw: "psycopg.Connection[Any]") -> None:
        """Hold a connection, and close the one that was held before."""
        self.close()
        self._lent = LentConnection(raw)

    def close(self) -> None:
        """Close the connection."""
        lent, self._lent = self._lent, None
        if lent is not None:
            lent.raw.close()

    @contextlib.contextmanager
    def lend(self) -> Iterator[LentConnection]:
        """Lend the connection, reset to a clean state. Raises OneMapError account.signed_out."""
        lent = self._lent
        if lent is None or not (self._is_in_use or _is_as_new(lent)):
            self.close()
            raise OneMapError("account.signed_out")
        was_in_use, self._is_in_use = self._is_in_use, True
        try:
            yield lent
        finally:
            self._is_in_use = was_in_use


def undo_transaction(raw: "psycopg.Connection[Any]") -> None:
    """Roll back the open transaction; if the connection is lost, the server has already rolled back."""
    with contextlib.suppress(psycopg.Error):
        if raw.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            raw.cancel_safe(timeout=2)
        raw.execute("ROLLBACK")


def _is_as_new(lent: LentConnection) -> bool:
    """Reset a connection; return whether it can still be used."""
    if lent.raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        undo_transaction(lent.raw)
    return lent.leave_library()


HELD = HeldConnection()
