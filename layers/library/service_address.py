"""The address of a web service: cleaned of what QGIS adds by itself, and refused while it carries a key or password.

A library is handed around and printed from; a key belongs into QGIS's authentication store, which is encrypted and
stays on one desk. So no refusal here repeats the address that it refuses.
"""

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from onemap.layers.errors import OneMapError

# tk: 天地图; ak and sk: Baidu, Huawei; authkey: GeoServer; token: ArcGIS. Compared without case, "_" and "-".
_SECRETS = frozenset(
    ("tk", "key", "keys", "ak", "sk", "sig", "sign", "signature", "secret", "auth", "authkey", "apikey", "appkey")
    + ("accesskey", "pwd", "pass", "passwd", "password", "username", "user", "usr", "jwt", "session", "sessionid")
)
_SECRET_PARTS = ("token", "secret", "password", "apikey", "credential")
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9_\-]*)\s*=\s*[^\s&;=]")
_SHORTEST_KEY, _CHANGES_OF_A_KEY = 8, 6
_NOT_OURS = {"service", "request", "version", "acceptversions"}  # QGIS asks these itself
_MARKS = ({"{x}"}, {"{y}", "{-y}"}, {"{z}"})


def _key_in_path(path: str) -> bool:
    """Whether a piece of a path looks like a key: nobody names a layer so."""
    pieces = [piece for piece in re.split(r"[/;,]", path) if piece]
    named = any(
        re.sub("[_-]", "", name.lower()) in _SECRETS | {"token"} and len(value) >= _SHORTEST_KEY and not value.isalpha()
        for name, value in zip(pieces, pieces[1:], strict=False)
    )
    return named or any(_is_key(run) for piece in pieces for run in [piece, *re.split(r"[.~:@=]", piece)])


def _is_key(piece: str) -> bool:
    """Whether a text is a long row of digits and letters, as no person writes one."""
    if re.fullmatch(r"[0-9a-f]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", piece, re.IGNORECASE):
        return not piece.isdigit() and not piece.isalpha()
    changes = re.findall(r"[a-zA-Z]\d|\d[a-zA-Z]", piece)
    cases = re.findall(r"[a-z][A-Z]|[A-Z][a-z]", piece)
    is_long = re.fullmatch(r"[0-9A-Za-z_\-+]{24,}", piece) is not None
    return is_long and bool(re.search(r"\d", piece)) and len(changes) + len(cases) // 2 >= _CHANGES_OF_A_KEY


def secret_in(text: str) -> str | None:
    """The name of the first parameter in a text that carries a key or a password, also if it is percent-encoded."""
    for _ in range(3):  # an address inside an address is encoded once more
        for name in _PAIR.findall(text):
            plain = re.sub("[_-]", "", name.lower())
            if plain in _SECRETS or any(part in plain for part in _SECRET_PARTS):
                return str(name)
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    return None


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
    if _key_in_path(unquote(parts.path if host is not None else text)):
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
