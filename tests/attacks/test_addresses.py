"""Passwords in any spelling of an address, and keys in an address's path, are never repeated."""

import json
import os
import subprocess
import sys
import time
import traceback
from itertools import pairwise
from pathlib import Path

import pytest
import shapely

import onemap as onemap_in_python
from onemap.layers.errors import OneMapError
from onemap.layers.library.services import service_address
from onemap.layers.secret_words import shown_word
from onemap.layers.server_address import passwords_in, without_password
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.attacks.address_spellings import SECRET, command, commands, spellings, values_of
from onemap.tests.conftest import ROOT, write_layer
from onemap.tests.rules.command import make_city

SPELLINGS = (
    "postgresql://reader:Hu5h@127.0.0.1:1/db",
    "postgresql://reader:Hu5h/x@127.0.0.1:1/db",
    "postgresql://reader:x/Hu5h@127.0.0.1:1/db?schema=a",
    "postgresql://reader:x?Hu5h@127.0.0.1:1/db",
    "postgresql://reader:Hu5h#x@127.0.0.1:1/db",
    "postgresql://reader:x Hu5h@127.0.0.1:1/db",
    "postgresql://reader:x@Hu5h@127.0.0.1:1/db",
    "postgresql://reader@office:Hu5h@127.0.0.1:1/db",
    "postgresql://reader:12/Hu5h@127.0.0.1:1/db",
    "postgresql://reader:12?Hu5h@127.0.0.1:1/db",
    "postgresql://reader:Hu5h",
    "postgresql://reader%3AHu5h@127.0.0.1:1/db",
    "POSTGRESQL://reader:Hu5h@127.0.0.1:1/db",
    "Postgres://reader:Hu5h@127.0.0.1:1/db",
    "postgresql+psycopg://reader:Hu5h@127.0.0.1:1/db",
    "postgis://reader:Hu5h@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?user=reader&password=Hu5h",
    "postgresql://127.0.0.1:1/db?PASSWORD=Hu5h&user=reader",
    "postgresql://127.0.0.1:1/db?password=x Hu5h&user=reader",
    "host=127.0.0.1 port=1 user=reader password=Hu5h",
    "host=127.0.0.1 port=1 password='x Hu5h' user=reader",
    'host=127.0.0.1 password="x Hu5h"',
    "password=Hu5h host=127.0.0.1",
    "PG:host=127.0.0.1 port=1 user=reader password=Hu5h",
    "PG:password=Hu5h dbname=a",
    "service=plans password=Hu5h",
    "service=plans PASSWORD = Hu5h",
    "service=plans?password=Hu5h&schema=a",
)


ODD_SPELLINGS = (
    "postgresql:/u:Hu5h@h/x",
    "postgresql ://u:Hu5h@h",
    "u:Hu5h@host/x",
    "//u:Hu5h@h",
    "u：Hu5h＠h",
    "密码=Hu5h",
)


@pytest.mark.parametrize("address", SPELLINGS)
def test_no_spelling_of_an_address_keeps_its_password(address):
    assert SECRET not in without_password(address)
    assert any(SECRET in word for word in passwords_in(address))
    sentence = f"unrecognized arguments: {address}"
    assert SECRET not in without_password(sentence)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://h:5432/db",
        "postgresql://u@h:5432/db?schema=a",
        "postgresql://h1:5432,h2:5433/db",
        "postgresql://[::1]:5432/db",
        "postgresql://u@[::1]:5432/db",
        "https://host:8080/arcgis/@2x",
        "service=plans schema=city",
        "C:/data/user=1/city.gpkg",
        "postgresql://h:5432",
        "postgresql://h:5432/db?user=reader@office",
        "postgresql://h:5432?user=reader@office",
    ],
)
def test_an_address_without_a_password_stays_as_it_is(address):
    assert without_password(address) == address
    assert passwords_in(address) == set()


@pytest.mark.slow
@pytest.mark.parametrize("address", SPELLINGS)
def test_no_verb_repeats_a_password(onemap, tmp_path, monkeypatch, address):
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    library, parcels = tmp_path / "city.gpkg", write_layer(tmp_path / "parcels.gpkg", [shapely.box(0, 0, 1, 1)])
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    for words in (
        ("layers", address),
        ("inspect", address),
        ("inspect", f"{address}&table=a" if "?" in address else f"{address}?table=a"),
        ("add", library, address, "--as", "T"),
        ("check", library, address),
        ("check", address, parcels),
        ("check", library, parcels, "--scheduler", address),
        ("copy", library, address),
        ("new", address, "--crs", "EPSG:4547"),
        ("nonsense", address),
        ("layers", library, "--as-of", address),
    ):
        answer = onemap(*words)
        assert answer.code in (2, 3), (words, answer.json)
        assert SECRET not in json.dumps(answer.json) + answer.stderr, words
    assert SECRET.encode() not in library.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs Linux's list of processes")
@pytest.mark.parametrize(
    "address", [SPELLINGS[0], SPELLINGS[1], SPELLINGS[12], SPELLINGS[16], SPELLINGS[23], *ODD_SPELLINGS]
)
def test_no_list_of_processes_shows_a_password(tmp_path, address):
    other = SPELLINGS[0].replace(SECRET, "0ther")
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "copy", address, other]
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "5"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        shown = []
        while child.poll() is None:
            shown.append(Path(f"/proc/{child.pid}/cmdline").read_bytes())
            time.sleep(0.01)
        words = child.stdout.read() + child.stderr.read()
    assert child.returncode in (2, 3)
    assert SECRET.encode() not in shown[-1] + words
    assert b"0ther" not in shown[-1] + words
    # The first looks may come before the program has begun at all; once its words are away they stay so.
    is_seen = [False, *(SECRET.encode() in one or b"0ther" in one for one in shown)]
    assert sum(now and not before for before, now in pairwise(is_seen)) <= 1


@pytest.mark.parametrize(
    "url",
    [
        "https://maps.example.com/abcdef0123456789abcdef0123456789/wmts",
        "https://maps.example.com/wmts/ABCDEF0123456789ABCDEF01/{z}/{x}/{y}.png",
        "https://maps.example.com/6f9619ff-8b86-d011-b42d-00cf4fc964ff/wms",
        "https://maps.example.com/v1/aB3dE5fG7hI9jK1lM3nO5pQ7/wms",
        "https://maps.example.com/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc/wms",
        "https://maps.example.com/token/a1b2c3d4e5/wms",
        "https://maps.example.com/api-key/secret99/wms",
        "https://maps.example.com/%61bcdef0123456789abcdef0123456789/wmts",
    ],
)
def test_a_key_in_a_path_is_refused_and_not_repeated(onemap, tmp_path, url):
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    with pytest.raises(OneMapError) as refused:
        service_address(url, "xyz" if "{z}" in url else "wms")
    assert refused.value.code == "service.secret"
    assert "0123" not in str(refused.value)
    assert "a1b2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://gis.example.gov.cn/arcgis/services/GHFX/STBHHX_2023/MapServer/WMSServer",
        "https://gis.example.gov.cn/geoserver/plans2026/wms",
        "https://gis.example.gov.cn/OneMap/service/wmts/330100_land_use_planning_2021_2035",
        "https://t0.tianditu.gov.cn/vec_c/wmts",
        "https://gis.example.gov.cn/arcgis/rest/services/Cities/HangzhouGeneralPlan2035/MapServer",
        "https://gis.example.gov.cn/20210101123456789012/wms",
    ],
)
def test_a_plain_path_is_kept(url):
    assert service_address(url, "wms") == url


def traces(folder):
    """The content of a folder: names and bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join([str(path.relative_to(folder)).encode("utf-8", "replace") + path.read_bytes() for path in files])


@pytest.fixture
def small_library(copied, tmp_path, monkeypatch):
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    copied(make_city, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    return str(tmp_path / "desk" / "city.gpkg")


@pytest.mark.slow
def test_a_thousand_spellings_in_every_place_of_every_verb(small_library, tmp_path, capfdbinary, monkeypatch):
    monkeypatch.setenv("ONEMAP_TRACEBACK", "1")
    log, count = tmp_path / "desk" / "night.log", 0
    for word, verb, parameter in commands(1000, small_library):
        given = command(verb, parameter, word, small_library)
        language = ("--lang", "zh" if count % 2 else "en")
        code = main([*given, *(["--json"] if count % 3 else []), *language, "--log", str(log)])
        spoken = b"".join(capfdbinary.readouterr()) + log.read_bytes()
        log.write_bytes(b"")
        assert SECRET.encode() not in spoken, (given, spoken.decode("utf-8", "replace"))
        assert code in (2, 3), (given, spoken.decode("utf-8", "replace"))
        count += 1
    assert count == 1000
    assert SECRET.encode() not in traces(tmp_path)


@pytest.mark.slow
def test_serve_and_its_log_repeat_none_of_them(small_library, tmp_path, core):
    log = tmp_path / "desk" / "serve.log"
    asked = [
        {"jsonrpc": "2.0", "id": number, "method": verb.name, "params": values_of(verb, parameter, word, small_library)}
        for number, (word, verb, parameter) in enumerate(commands(400, small_library, seed=39))
    ]
    asked += [{"jsonrpc": "2.0", "id": "m", "method": word} for word in spellings(20)]
    lines = "".join(json.dumps(one) + "\n" for one in asked)
    answer = core("serve", "--log", log, input=lines.encode(), cwd=tmp_path / "desk")
    replies = [json.loads(line) for line in answer.stdout.splitlines()]
    assert sum("error" in one for one in replies) == 420
    assert SECRET.encode() not in answer.stdout + answer.stderr + traces(tmp_path)


@pytest.mark.slow
def test_python_repeats_none_of_them(small_library):
    city = onemap_in_python.open(small_library)
    for word in spellings(150, seed=40):
        for ask in (
            lambda word=word: onemap_in_python.open(word),
            lambda word=word: onemap_in_python.inspect(word),
            lambda word=word: city.check(word),
            lambda word=word: city.ask("layers", as_of=word),
            lambda word=word: city.ask(word),
        ):
            with pytest.raises(OneMapError) as refused:
                ask()
            words = (
                "".join(traceback.format_exception(refused.value)) + repr(refused.value) + str(refused.value.problems)
            )
            assert SECRET not in words, (word, words)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_no_address_stays_readable(onemap, tmp_path, small_library, lang):
    for word in ("DLTB@2024", "zhang@office.cn", "parcels@2024.gpkg", "a/b@c.shp", "林地@2024年"):
        for given in (("check", small_library, word), ("layers", small_library, "--as-of", word), ("inspect", word)):
            answer = onemap(*given, lang=lang)
            assert answer.code in (2, 3)
            assert word.rpartition("/")[2] in json.dumps(answer.json, ensure_ascii=False), (given, answer.json)
    named = write_layer(tmp_path / "desk" / "key=1:a@b.gpkg", [shapely.box(0, 0, 1, 1)])
    assert onemap("inspect", named, lang=lang).json["layers"]
    assert shown_word(str(named)) == str(named)


@pytest.mark.parametrize("scheme", ["https", "tls", "tcp", "ftp", "s3", "git+ssh"])
def test_a_key_in_the_place_of_a_user_is_not_repeated(onemap, small_library, scheme):
    for rest in ("h", "h:1", "h/x.shp", "h:8786/a?b=c"):
        word = f"{scheme}://{SECRET}@{rest}"
        assert SECRET not in shown_word(word)
        for given in (("inspect", word), ("copy", small_library, word)):
            answer = onemap(*given)
            assert answer.code in (2, 3) and SECRET not in json.dumps(answer.json), answer
    for plain in ("https://h:8080/arcgis/@2x", "https://h/a/@2x", "https://h?mail=a@b", "postgresql://u@h/x"):
        assert shown_word(plain) == plain


def test_a_scheduler_without_what_its_address_wants_is_refused(onemap, small_library, tmp_path):
    parcels = write_layer(tmp_path / "p.gpkg", [shapely.box(500000, 4e6, 500100, 4000100)])
    for address, code in (("tls://127.0.0.1:1", "cluster.unreachable"), (f"tls://{SECRET}@h:1", "usage.address")):
        answer = onemap("check", small_library, parcels, "--scheduler", address)
        assert answer.codes == [code]
        assert SECRET not in json.dumps(answer.json)


@pytest.mark.parametrize(
    "word", ["name=T,department=land,key=BSM", "BSM=标识码", "EPSG:4547", "2026-01-01", "a:b", "DLTB@24"]
)
def test_plain_words_of_a_command_are_logged_as_they_are(word):
    assert shown_word(word) == word


@pytest.mark.slow
@pytest.mark.parametrize("count", [10, pytest.param(60, marks=pytest.mark.nightly)])
def test_real_processes_repeat_none_of_them(small_library, tmp_path, core, count):
    for number, (word, verb, parameter) in enumerate(commands(count, small_library, seed=41)):
        given = command(verb, parameter, word, small_library)
        answer = core(*given, *(["--json"] if number % 2 else []), "--log", "night.log", cwd=tmp_path / "desk")
        assert answer.returncode in (2, 3), (given, answer)
        assert SECRET.encode() not in answer.stdout + answer.stderr, (given, answer)
    assert SECRET.encode() not in traces(tmp_path)


@pytest.mark.slow
def test_an_address_that_works_repeats_its_password_nowhere(postgis, core, tmp_path, monkeypatch, capfdbinary):
    """A program of its own takes the password out of its words; who calls the command line leaves it in them."""
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    monkeypatch.chdir(tmp_path)
    database = postgis.database()
    database.run(f"CREATE ROLE office LOGIN CREATEROLE PASSWORD '{SECRET}-2026!'")
    database.run(f"GRANT CREATE ON DATABASE {database.name} TO office")
    url = database.url.replace("user=onemap", f"user=office&password={SECRET}-2026!") + "&schema=city"
    source = write_layer(tmp_path / "red.gpkg", [shapely.box(500000, 4200000, 500100, 4200100)], {"BSM": ["1"]})
    given = (
        ("new", url, "--crs", "EPSG:4547"),
        ("add", url, source, "--as", "STBHHX", "--valid-from", "2025-01-01", "--covers", "extent"),
        ("layers", url),
        ("check", url, source, "--only", "STBHHX", "--id", "BSM"),
        ("runs", url),
        ("publish", url, tmp_path / "city.qgz"),
        ("copy", url, tmp_path / "copied.gpkg"),
        ("verify", url),
        ("check", url, tmp_path / "none.shp"),
        ("layers", url.replace("schema=city", "schema=none")),
    )
    codes = []
    for words in given:
        for form in (["--json"], []) if words[0] in ("layers", "runs", "verify") else (["--json"],):
            asked = [*map(str, words), *form, "--log", "night.log", "--progress", "json"]
            if words[0] in ("new", "add", "check", "copy"):
                answer = core(*asked, cwd=tmp_path)
                codes.append(answer.returncode)
                spoken = answer.stdout + answer.stderr
            else:
                codes.append(main(asked))
                spoken = b"".join(capfdbinary.readouterr())
            assert SECRET.encode() not in spoken, (words, spoken)
    assert codes.count(3) == 3 and set(codes) == {0, 3}, codes
    assert SECRET.encode() not in traces(tmp_path)
    assert SECRET not in database.run("SELECT string_agg(a::text, ' ') FROM city.onemap_audit a")


def test_a_table_that_works_repeats_its_password_nowhere(postgis, onemap, tmp_path):
    """Here nobody has taken the password out of the words first, as where a session is asked."""
    database, city = postgis.database(), tmp_path / "city.gpkg"
    box = "ST_MakeEnvelope(500000, 4200000, 500100, 4200100, 4547)"
    database.run(f"CREATE TABLE red AS SELECT '1' AS \"BSM\", {box}::geometry(Polygon, 4547) AS geom")
    table, out = f"{database.url}&table=red&password={SECRET}", tmp_path / "out.gpkg"
    parcels = write_layer(tmp_path / "parcels.gpkg", [shapely.box(500000, 4200000, 500100, 4200100)], {"BSM": ["1"]})
    onemap("new", city, "--crs", "EPSG:4547").done()
    asked = ("--only", "STBHHX", "--id", "BSM", "--replace", f"STBHHX={table}")
    answers = [
        onemap("check", city, parcels, *asked, "--out", out).done(),
        onemap("remedy", city, table, "--id", "BSM", "--parcel", "2"),
        onemap("redline", table, tmp_path / "red.txt").done(),
        onemap("redline", table, tmp_path / "red.gpkg"),
    ]
    assert [answer.json.get("problems", [{}])[0].get("file") for answer in answers[1::2]] == ["red", "red"]
    trial = next(layer for layer in answers[0].json["run"]["layers"] if layer["code"] == "STBHHX")
    assert (trial["label"], answers[2].json["source"]) == ("red", "red")
    assert SECRET not in str([answer.json for answer in answers])
    assert SECRET.encode() not in out.read_bytes()
