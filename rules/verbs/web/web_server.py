"""`onemap web LIBRARY`: one server for browsers and other systems, on this machine alone."""

import ipaddress
import json
import socket
import sys
from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.messages import phrase
from onemap.layers.server_address import is_server
from onemap.rules.contract.declaration import Verb
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.job_table import JobTable
from onemap.rules.verbs.web.parcel_limits import Limits
from onemap.rules.verbs.web.verb_question import Asker, verbs_for_others

HOST, PORT = "127.0.0.1", 8765
_AT_ONCE = 2  # questions that are worked on
_MOST_CONNECTIONS = 64
_BACKLOG = 64
_KEEP_ALIVE_S, _LAST_WORDS_S = 5, 3


def serve_web(values: Mapping[str, Any], language: str, as_json: bool, verbs: Mapping[str, Verb]) -> int:
    """Answer until the program is ended; returns the exit code.

    Raises OneMapError web.host for an address that others reach, web.on_server for a library on a server,
    web.not_installed without the extra, web.port where the port is taken, and what opening the library raises.
    """
    library, host = values["library"], values.get("host") or HOST
    if is_server(library):
        raise OneMapError("web.on_server")
    if not _is_loopback(host):
        raise OneMapError("web.host", field="--host", value=host)
    with open_library(library):
        pass
    try:
        import uvicorn  # noqa: F401 - what is missing is told before anything is begun

        from onemap.rules.verbs.web.desk_pages import DeskPages
        from onemap.rules.verbs.web.web_site import WebSite
    except ImportError as error:
        raise OneMapError("web.not_installed", reason=str(error)) from None
    door = _listening(host, values["port"] if values.get("port") is not None else PORT)
    address = f"http://{_shown_host(host)}:{door.getsockname()[1]}"
    limits = Limits()
    asker = Asker(library, language, names_files=False)
    pool = CorePool(_AT_ONCE, language, limits.seconds)
    desk_pool = CorePool(1, language, limits.seconds)
    jobs = JobTable(pool, asker, _AT_ONCE)

    def tell(code: str) -> None:
        _tell(address, code, as_json, language)

    desk = DeskPages(library, desk_pool)
    site = WebSite(asker, verbs_for_others(verbs), jobs, limits, tell, _hosts(door), desk)
    try:
        _run(site.app, door)
    except KeyboardInterrupt:  # it has shut down before it says so
        pass
    finally:
        jobs.end()
        pool.end()
        desk_pool.end()
    return 0


def _run(app: Any, door: socket.socket) -> None:
    """Answer at a socket until the program is ended; what is on its way then has a moment."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LAST_WORDS_S,
    )
    uvicorn.Server(config).run(sockets=[door])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _hosts(door: socket.socket) -> frozenset[str]:
    """Under which names it may be asked: a page of elsewhere that gives its own name our address is refused."""
    port = door.getsockname()[1]
    names = {_shown_host(door.getsockname()[0]), HOST, "localhost", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OneMapError web.port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, so that small answers wait for nothing
    try:
        if sys.platform != "win32":  # there it would let two programs have one port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(_BACKLOG)
    except OSError as error:
        door.close()
        raise OneMapError("web.port", field="--port", port=port, reason=str(error)) from None
    return door


def _tell(address: str, code: str, as_json: bool, language: str) -> None:
    """Tell the terminal, and nobody else, where the server is and by which code the next one comes in."""
    text = (
        json.dumps({"address": address, "code": code})
        if as_json
        else phrase("web.address", language, address=address, code=code)
    )
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
