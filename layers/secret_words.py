"""Passwords and keys in what somebody typed as an address, and the one place that removes them from words.

An address with a mistake still contains its password. So nothing is parsed as an address here: in a text with a colon
everything before the last `@` is a secret, and so is the value of a name that means password. `CODE@label` is not an
address.
"""

import contextlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from onemap.layers.each_text import each_text
from onemap.layers.errors import OneMapError
from onemap.layers.server_address import is_server, passwords_in, without_password

WITHHELD = "…"
# tk: 天地图; ak and sk: Baidu, Huawei; authkey: GeoServer; token: ArcGIS. Compared without case, "_" and "-".
_PASSWORD_NAMES = frozenset(
    ("pwd", "pswd", "pass", "passwd", "password", "passphrase", "passcode", "pgpassword", "sslpassword", "authkey")
    + ("apikey", "appkey", "accesskey", "secret", "token", "jwt", "credential")
    + ("密码", "密碼", "口令", "密钥", "密鑰", "令牌", "暗号", "口令字")
)
_KEY_NAMES = frozenset(("tk", "key", "keys", "ak", "sk", "sig", "sign", "signature", "auth", "session", "sessionid"))
_USER_NAMES = frozenset(("username", "user", "usr"))
_SECRET_PARTS = ("token", "secret", "password", "apikey", "credential", "密码", "口令", "密钥")
_NAME = r"([A-Za-z][A-Za-z0-9_\-]*|[\u4e00-\u9fff]+)"
_PAIR = re.compile(rf"{_NAME}\s*=\s*[^\s&;=]")
_SHORTEST_KEY, _CHANGES_OF_A_KEY = 8, 6

_AT, _COLON, _EQUALS = r"(?:[@＠﹫]|%(?:25)*40)", r"(?:[:：﹕]|%(?:25)*3a)", r"(?:[=＝:：]|%(?:25)*3d)"
_LAST_AT = re.compile(rf".*({_AT})", re.IGNORECASE | re.DOTALL)
_ANY_COLON = re.compile(_COLON, re.IGNORECASE)
_PORT = re.compile(rf"[^:/]*{_COLON}\d{{1,5}}/", re.IGNORECASE)
_PLAIN_PORT = re.compile(r"\[[0-9a-fA-F:.]*\]|:\d{1,5}(?=[,/?])")
_SCHEME = re.compile(rf"\s*(?:[a-z][\w+.\-]+\s*{_COLON}\s*[/\\]+|[/\\]{{2,}})\s*", re.IGNORECASE)
_PLAIN_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]+://", re.IGNORECASE)
_OF_A_DATABASE = re.compile(r"\s*(?:postgres|postgis|pgsql|pg\b|mysql|mariadb|mssql|oracle|mongodb)", re.IGNORECASE)
_DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:(?=[\\/])")
_WEB = re.compile(rf"\s*https?\s*{_COLON}", re.IGNORECASE)
_NAMED_VALUE = re.compile(
    rf"(?<![A-Za-z0-9_\-])(?={_NAME}\s*{_EQUALS}\s*"  # names stand within the values of others
    r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&][^&\n]*?(?=&|\s+\w+\s*=|$)))",
    re.IGNORECASE | re.MULTILINE,
)
_TO_THE_END = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(sorted(_PASSWORD_NAMES, key=len, reverse=True))})\s*{_EQUALS}\s*(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_OPTION = re.compile(r"--[\w-]+=|[\w-]+=(?=[a-z][a-z0-9+.\-]+://)", re.IGNORECASE)
_PIECES = re.compile(r"[\s@:/?#&=\\'\"%,;|＠：／＝]+")
_SHORTEST_PIECE = 3

_typed: list[list[str]] = []  # what each command or request that runs just now has typed and nobody shall read


def _plain_name(name: str) -> str:
    return re.sub("[_-]", "", name.lower())


def _means_password(name: str) -> bool:
    plain = _plain_name(name)
    return plain in _PASSWORD_NAMES or any(part in plain for part in _SECRET_PARTS)


def secret_in(text: str) -> str | None:
    """The name of the first parameter in a text that has a key, a user or a password, also if it is percent-encoded."""
    for _ in range(3):  # an address inside an address is encoded once more
        for name in _PAIR.findall(text):
            if _means_password(name) or _plain_name(name) in _KEY_NAMES | _USER_NAMES:
                return str(name)
        decoded_text = unquote(text)
        if decoded_text == text:
            break
        text = decoded_text
    return None


def keys_in_path(path: str) -> list[str]:
    """The parts of a path that look like keys rather than the name of a layer."""
    pieces = [piece for piece in re.split(r"[/;,]", path) if piece]
    keys = [
        value
        for name, value in zip(pieces, pieces[1:], strict=False)
        if (_means_password(name) or _plain_name(name) in _KEY_NAMES | _USER_NAMES)
        and len(value) >= _SHORTEST_KEY
        and not value.isalpha()
    ]
    return keys + [piece for piece in pieces if any(map(_is_key, [piece, *re.split(r"[.~:@=]", piece)]))]


def _is_key(piece: str) -> bool:
    """Whether a text is a long sequence of digits and letters such as no person would choose."""
    if re.fullmatch(r"[0-9a-f]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", piece, re.IGNORECASE):
        return not piece.isdigit() and not piece.isalpha()
    changes = re.findall(r"[a-zA-Z]\d|\d[a-zA-Z]", piece)
    cases = re.findall(r"[a-z][A-Z]|[A-Z][a-z]", piece)
    is_long = re.fullmatch(r"[0-9A-Za-z_\-+]{24,}", piece) is not None
    return is_long and bool(re.search(r"\d", piece)) and len(changes) + len(cases) // 2 >= _CHANGES_OF_A_KEY


def secrets_in(word: str) -> list[str]:
    """The secret parts of a typed word, exactly as they occur in it, the longest first; none in the name of a file.

    Secrets are the passwords in an address, however it is spelled, and the keys in a web address.
    """
    if option := _OPTION.match(word):
        word = word[option.end() :]
    if not re.search(rf"{_AT}|{_EQUALS}|//", word, re.IGNORECASE) or _is_there(word):
        return []
    secrets = [_part_before_at(word), *_named_values(word), *passwords_in(word)]
    if _OF_A_DATABASE.match(word) and not _LAST_AT.match(word) and not _PLAIN_SCHEME.match(word):
        secrets.append(_after_colon(word[scheme.end() :] if (scheme := _SCHEME.match(word)) else ""))
    if _WEB.match(word):
        secrets += [piece for key in keys_in_path(unquote(word)) for piece in (key, key.partition("?")[0])]
    return sorted({piece for piece in secrets if piece.strip()}, key=len, reverse=True)


def _is_there(word: str) -> bool:
    """Whether a word is the path of an existing file or folder."""
    try:
        return os.path.lexists(word)
    except (OSError, ValueError):
        return False


def _part_before_at(word: str) -> str:
    """The part before the last @ of an address, without its scheme, and without the user if it is spelled correctly."""
    match = _LAST_AT.match(word)
    if match is None:
        return ""
    is_plain, scheme = _PLAIN_SCHEME.match(word), _SCHEME.match(word)
    if is_plain and _OF_A_DATABASE.match(word) and without_password(word) == word:
        rest = word[is_plain.end() : match.start(1)]
        if not _ANY_COLON.search(rest if rest.startswith("/") else _PLAIN_PORT.sub("", rest)):
            return ""  # an @ behind a user without password, or in the name of one behind the database
    start = scheme.end() if scheme else 0
    before = word[start : match.start(1)]
    address_part = _DRIVE.sub("", before) if os.name == "nt" else before
    has_scheme = scheme is not None and scheme[0].strip()[0] not in "/\\"
    if is_plain and not _OF_A_DATABASE.match(word):
        if _PORT.match(before) or not _ANY_COLON.search(address_part):
            return "" if re.search("[/?#]", before) else before  # a key that stands for the user, or an @ in a path
    elif is_plain and not _ANY_COLON.search(address_part):
        return ""
    if not (has_scheme or _ANY_COLON.search(address_part)):
        return ""
    return _after_colon(before) if is_plain else before


def _after_colon(text: str) -> str:
    match = _ANY_COLON.search(text)
    return text[match.end() :] if match else ""


def _named_values(word: str) -> Iterator[str]:
    """The values of all names that mean password; in a web address also of those that mean key."""
    is_address = re.search(rf"[?&]|{_AT}|//", word) is not None
    for text in {word, unquote(word)}:
        for match in _NAMED_VALUE.finditer(text):
            if _means_password(match[1]) or (is_address and _plain_name(match[1]) in _KEY_NAMES):
                yield match[2]
        yield from _TO_THE_END.findall(text)


def shown_word(word: str) -> str:
    """A typed word in a form that may be shown: an address without its secrets, any other text unchanged."""
    is_secret = [False] * len(word)
    for secret in secrets_in(word):
        for match in re.finditer(re.escape(secret), word):
            is_secret[match.start() : match.end()] = [True] * len(secret)
    runs = itertools.groupby(zip(word, is_secret, strict=True), key=lambda sign: sign[1])
    public_word = "".join(WITHHELD if hidden else "".join(sign for sign, _ in signs) for hidden, signs in runs)
    return without_password(public_word)


def has_misspelled_secret(word: str, *, takes_server: bool) -> bool:
    """Whether a word has a secret, but is no address that may have one. takes_server: that of a database may."""
    if takes_server and is_server(word):
        rest = without_password(word)  # what is found in that anew whoever opens the server refuses by itself
        return bool(set(secrets_in(rest)) - passwords_in(rest))
    return bool(secrets_in(word))


@contextlib.contextmanager
def withhold_secrets(words: Iterable[str]) -> Iterator[None]:
    """Within the block no output to people repeats a secret that was typed, even if the output comes in pieces.

    Secrets are removed from a refusal that leaves the block, too.
    """
    words = list(words)
    _typed.append(_pieces_of(words))
    try:
        yield
    except OneMapError as error:
        if any(_typed):
            error.put_into_words(lambda problem: each_text(problem, without_secrets))
            error.args = tuple(each_text(error.args, without_secrets))
        raise
    finally:
        _typed.pop()


def _pieces_of(words: list[str]) -> list[str]:
    """The texts to hide: each secret and its parts, also as Python would write them, the longest first."""
    secrets = [secret for word in words for secret in secrets_in(word)]
    if not secrets:
        return []
    rest = "\n".join(map(shown_word, words))
    parts = {part for secret in secrets for text in (secret, unquote(secret)) for part in (text, *_PIECES.split(text))}
    parts = {part for part in parts if len(part) >= _SHORTEST_PIECE and part not in rest} | set(secrets)
    return sorted(parts | {repr(part)[1:-1] for part in parts}, key=len, reverse=True)


def without_typed(text: str) -> str:
    """A text for people without the secrets of the surrounding `withhold_secrets`."""
    for pieces in _typed:
        for piece in pieces:
            text = text.replace(piece, WITHHELD)
    return text


def without_secrets(text: str) -> str:
    """A text for people without the passwords of addresses, and without the secrets of `withhold_secrets`."""
    return without_password(without_typed(text))
