"""A thousand spellings of addresses with a password, and every parameter of every verb that takes an address."""

import random
from collections.abc import Iterator

from onemap.rules.contract.declaration import Parameter, Verb
from onemap.rules.verbs.commands.verbs import VERBS

SECRET = "Hu5h"  # in every part of every password below
_PASSWORDS = (
    *("Hu5h", "Hu5h2026", "qHu5h", "Hu5h Hu5hx", "Hu5h/zHu5h", "x0Hu5h@Hu5h", "Hu5h:Hu5h", "Hu5h#Hu5h", "Hu5h?aHu5h"),
    *(
        "密Hu5h码",
        "Hu5h&bHu5h",
        "Hu5h=Hu5h",
        "Hu5h%40Hu5h",
        "Hu5h%2FHu5h",
        "'Hu5h\\'Hu5h'",
        '"Hu5h Hu5h"',
        "Hu5h\\Hu5h",
    ),
    *("Hu5h;Hu5h", "Hu5h,Hu5h", "$Hu5h{Hu5h}", "Hu5h\tHu5h", "/Hu5h", "@Hu5h", ":Hu5h", "Hu5h/Hu5h@Hu5h:5432/Hu5h"),
)
_SCHEMES = (
    *(
        "postgresql://",
        "postgresql:/",
        "postgresql:///",
        "postgresql ://",
        "postgresql: //",
        "postgresql:",
        "://",
        "//",
    ),
    *(
        "postgresql//",
        "postgres:/",
        "POSTGRESQL://",
        "PostgreSQL:/",
        "postgre://",
        "postgresql+psycopg2:/",
        "postgis:/",
    ),
    *("postgresql：//", "postgresql:\\\\", " postgresql://", "pgsql:/", "mysql:/", "jdbc:postgresql://", "PG:", ""),
    *("http://", "https:/", "ftp://", "sftp:", "/vsicurl/https://", "file://", "WFS:http://", "odbc:/", "数据库://"),
)
_USERS = ("u", "reader", "张三", "reader%40office", "DOMAIN\\reader")
_COLONS, _ATS = (":", ":", ":", "：", "%3A", "%253A"), ("@", "@", "@", "＠", "%40", "%2540")
_PLACES = ("host/x", "127.0.0.1:1/db", "h:1/db?schema=a", "[::1]:1/db", "主机/库", "host", "h/db.gpkg", "h/a.shp")
_WORDS = (
    *(
        "password",
        "PASSWORD",
        "passwd",
        "pwd",
        "Pwd",
        "pass",
        "passphrase",
        "token",
        "access_token",
        "apikey",
        "secret",
    ),
    *("密码", "口令", "密钥", "sslpassword", "PGPASSWORD", "数据库密码"),
)
_PAIRS = (
    *("host=127.0.0.1 port=1 user=reader {0}{1}{2}", "{0}{1}{2} host=127.0.0.1", "PG:host=h {0}{1}{2} dbname=a"),
    *("PG:{0}{1}{2} dbname=a", "postgresql:/h/db?{0}{1}{2}", "https://h/x?service=WFS&{0}{1}{2}&a=1", "{0}{1}{2}"),
    *(
        "service=plans {0}{1}{2}",
        "postgresql://127.0.0.1:1/db?{0}{1}{2}&user=u",
        "http:/h/wfs?{0}{1}{2}",
        "h;{0}{1}{2};a",
    ),
)
_EQUALS = ("=", "=", " = ", "= ", "＝", "%3D", "：")
_KEYED = ("https://h/wmts?{}={}", "https://h/wmts?a=1&{}={}#x", "http:/h/x?{}={}", "h/x?layer=a&{}={}")
_KEYS = ("key", "tk", "ak", "sig", "auth", "KEY", "session")


def spellings(count: int, seed: int = 38) -> list[str]:
    """This many different addresses, each with a password or a key; the same ones for a seed."""
    chance = random.Random(seed)  # the same in every run
    found: dict[str, None] = {}
    while len(found) < count:
        password, kind = chance.choice(_PASSWORDS), chance.random()
        if kind < 0.6:
            parts = [chance.choice(one) for one in (_SCHEMES, _USERS, _COLONS)]
            word = "".join([*parts, password, chance.choice(_ATS), chance.choice(_PLACES)])
        elif kind < 0.9:
            word = chance.choice(_PAIRS).format(chance.choice(_WORDS), chance.choice(_EQUALS), password)
        else:
            word = chance.choice(_KEYED).format(chance.choice(_KEYS), f"{SECRET}{chance.randrange(10**6)}")
        found[word] = None
    return list(found)


_TAKES_A_PLACE = {"LIBRARY", "SOURCE", "PARCELS", "CODE=FILE", "U", "local|ADDRESS", "FOLDER", "PATH", "TARGET"}
_SAMPLE = {"NAME": "n", "crs": "EPSG:4547", "as": "T", "D": "2026-01-01", "project": "p", "reason": "r", "days": "3"}


def places() -> list[tuple[Verb, Parameter]]:
    """Every parameter of every verb that names a library, a source, a service or a file."""
    return [
        (verb, parameter)
        for verb in VERBS.values()
        for parameter in verb.parameters
        if parameter.metavar in _TAKES_A_PLACE or "FILE" in parameter.metavar or "TARGET" in parameter.metavar
        if not parameter.metavar.startswith("name=")
    ]


def _sample(parameter: Parameter, library: str) -> str:
    if parameter.name == "library":
        return library
    named = parameter.choices[:1] or [_SAMPLE.get(parameter.name, _SAMPLE.get(parameter.metavar, "x"))]
    return str(named[0])


def command(verb: Verb, parameter: Parameter, word: str, library: str) -> list[str]:
    """A verb with an address in one of its parameters, and everything else that it needs."""
    word = f"T={word}" if parameter.metavar == "CODE=FILE" else word
    words = verb.name.split()
    for one in verb.parameters:
        if one is parameter or one.is_required or (one.name == "type" and parameter.metavar == "U"):
            value = word if one is parameter else _sample(one, library)
            words += [value] if one.positional else [f"{one.option}={value}"]
    return words


def values_of(verb: Verb, parameter: Parameter, word: str, library: str) -> dict[str, object]:
    """The same as the parameters of a request."""
    word = f"T={word}" if parameter.metavar == "CODE=FILE" else word
    return {
        one.name: word if one is parameter else _sample(one, library)
        for one in verb.parameters
        if one is parameter or one.is_required
    }


def commands(count: int, library: str, seed: int = 38) -> Iterator[tuple[str, Verb, Parameter]]:
    """This many spellings, each in a parameter; the parameters take turns."""
    there = places()
    for number, word in enumerate(spellings(count, seed)):
        yield word, *there[number % len(there)]
