"""The address of a web service: cleaned of what QGIS adds by itself, and refused while it carries a key or password.

A library is handed around and printed from; a key belongs into QGIS's authentication store, which is encrypted and
stays on one desk. So no refusal here repeats the address that it refuses.
"""

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from onemap.layers.errors import OneMapError
from onemap.layers.secret_words import keys_in_path, secret_in

_NOT_OURS = {"service", "request", "version", "acceptversions"}  # QGIS asks these itself
_MARKS = ({"{x}"}, {"{y}", "{-y}"}, {"{z}"})


def service_address(text: str, kind: str) -> str:
    """An address as it is kept: without the parameters that QGIS adds (service, request, version).

    kind: the type of service. Raises OneMapError service.url, service.tiles, service.secret.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        host, port_is_right = None, False
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise OneMapError("service.secret", field="--url", name="user:password@")
    secret = secret_in(text)
    if secret is not None:
        raise OneMapError("service.secret", field="--url", name=secret)
    if keys_in_path(unquote(parts.path if host is not None else text)):
        raise OneMapError("service.secret", field="--url", name="/…/")
    if _is_no_address(text) or host is None or not port_is_right:
        raise OneMapError("service.url", field="--url")
    if kind == "xyz":
        if any(not any(mark in text for mark in marks) for marks in _MARKS):
            raise OneMapError("service.tiles", field="--url")
        return text
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].lower() not in _NOT_OURS]
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path, urlencode(kept), ""))


def _is_no_address(text: str) -> bool:
    return not re.match(r"https?://[^\s/?#]", text, re.IGNORECASE) or bool(re.search(r"[\s\"'<>]", text))
