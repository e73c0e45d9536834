"""`onemap web LIBRARY`: one server for browsers and other systems; others reach it only through an HTTPS proxy."""

import contextlib
import ipaddress
import json
import socket
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from onemap.layers.errors import OneMapError
from onemap.layers.messages import phrase
from onemap.layers.server_address import is_server
from onemap.rules.contract.declaration import Verb

HOST, PORT = "127.0.0.1", 8765
_MOST_CONNECTIONS = 64
_BACKLOG = 64
_KEEP_ALIVE_S, _LAST_WORDS_S = 5, 3


def serve_web(values: Mapping[str, Any], language: str, as_json: bool, verbs: Mapping[str, Verb]) -> int:
    """Answer until the program is ended; return the exit code.

    With `public`, only the pages of public notices are served, to everyone.

    Raises OneMapError notice.account, web.host, web.needs_proxy for an address that others reach, web.proxy,
    web.of_server, web.location and web.tls for a library on a server to which nobody can sign in safely,
    web.not_installed without the extra, web.port if the port is taken, and what opening the library raises.
    """
    library, host = values["library"], values.get("host") or HOST
    proxy = _outer_name(values.get("behind_proxy"))
    is_on_server = is_server(library)
    if not _is_loopback(host) and (not is_on_server or proxy is None):
        raise OneMapError("web.needs_proxy" if is_on_server else "web.host", field="--host", value=host)
    if not is_on_server and (proxy is not None or values.get("directory")):
        raise OneMapError("web.of_server", field="--behind-proxy" if proxy is not None else "--directory")
    try:
        import uvicorn  # noqa: F401 - what is missing is told before anything is begun

        from onemap.rules.verbs.web.site_guard import SiteNames
        from onemap.rules.verbs.web.web_site import file_site, public_site, server_site
    except ImportError as error:
        raise OneMapError("web.not_installed", reason=str(error)) from None
    door = _listening_socket(host, values["port"] if values.get("port") is not None else PORT)
    with contextlib.closing(door), contextlib.ExitStack() as stack:
        own_hosts = _own_hosts(door)
        hosts = frozenset({proxy}) if proxy else own_hosts
        names = SiteNames(hosts, own_hosts, proxy is not None, str(door.getsockname()[1]))
        address = f"https://{proxy}" if proxy else f"http://{_shown_host(host)}:{door.getsockname()[1]}"
        if values.get("public"):
            app = public_site(library, names, language)
            _tell({"address": address}, as_json, language)
        elif is_on_server:
            app = server_site(library, bool(values.get("directory")), names, verbs, language, stack)
            _tell({"address": address}, as_json, language)
        else:

            def tell(code: str) -> None:
                _tell({"address": address, "code": code}, as_json, language)

            app = file_site(library, names, verbs, language, tell, stack)
        with contextlib.suppress(KeyboardInterrupt):  # it has shut down before it says so
            _run(app, door)
    return 0


def _run(app: Any, door: socket.socket) -> None:
    """Answer at a socket until the program is ended; requests that are running then have a moment to finish."""
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


def _own_hosts(door: socket.socket) -> frozenset[str]:
    """The names under which browsers may ask; a foreign page that gives its own name to this address is refused."""
    port = door.getsockname()[1]
    names = {_shown_host(door.getsockname()[0]), HOST, "localhost", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names)


def _outer_name(proxy: str | None) -> str | None:
    """The name of a proxy, with its port if it has one. Raises OneMapError web.proxy."""
    if proxy is None:
        return None
    try:
        parts = urlsplit(proxy)
        is_plain = parts.scheme == "https" and parts.hostname and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        is_plain = False
    if not is_plain or parts.query or parts.fragment or parts.username is not None:
        raise OneMapError("web.proxy", field="--behind-proxy", value=proxy)
    return parts.netloc.lower().removesuffix(":443")


def _listening_socket(host: str, port: int) -> socket.socket:
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


def _tell(facts: Mapping[str, str], as_json: bool, language: str) -> None:
    """Tell only the terminal where the server is and, if there is one, the code for the next sign-in."""
    word = "web.address" if "code" in facts else "web.address_only"
    text = json.dumps(dict(facts)) if as_json else phrase(word, language, **facts)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
