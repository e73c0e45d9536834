"""The address of a library on a server; no password is ever repeated."""

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.server_address import (
    is_server,
    passwords_in,
    schema_for,
    server_address,
    with_schema,
    without_password,
)


@pytest.mark.parametrize(
    ("location", "conninfo", "schema", "label"),
    [
        ("postgresql://h/db", "postgresql://h/db", None, "db"),
        ("postgres://h:5432/db?schema=city", "postgres://h:5432/db", "city", "db.city"),
        ("postgresql:///db?host=/s&schema=city&user=u", "postgresql:///db?host=/s&user=u", "city", "db.city"),
        ("service=plans", "service=plans", None, "plans"),
        ("service=plans?schema=city", "service=plans", "city", "plans.city"),
        ("service=plans schema=city", "service=plans", "city", "plans.city"),
    ],
)
def test_a_location_is_libpqs_address_and_a_schema(location, conninfo, schema, label):
    address = server_address(location)
    assert is_server(location)
    assert (address.conninfo, address.schema, address.label) == (conninfo, schema, label)


@pytest.mark.parametrize("schema", ["City", "1st", "a-b", "市", "a" * 41, "x;drop"])
def test_a_schema_is_a_plain_word(schema):
    with pytest.raises(OneMapError) as refused:
        server_address(f"postgresql://h/db?schema={schema}")
    assert refused.value.code == "library.schema"


@pytest.mark.parametrize(
    ("name", "schema"),
    [("Lin'an 2026", "lin_an_2026"), ("临安", "onemap"), (None, "onemap"), ("9 lives", "onemap"), ("", "onemap")],
)
def test_a_new_librarys_schema_follows_from_its_name(name, schema):
    assert schema_for(name) == schema


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://reader:hush@h/db?schema=a",
        "postgresql://reader:hu%40sh@h/db",
        "postgresql://h/db?password=hush&user=a",
        "postgresql://h/db?user=a&password=hush",
        "service=plans password=hush user=a",
        "service=plans password='hu sh' user=a",
        "unrecognized arguments: x postgres://a:hush@h/db y",
        "postgresql://h/db?sslpassword=hush",
    ],
)
def test_a_text_loses_its_passwords_and_keeps_the_rest(text):
    shown = without_password(text)
    assert "hu" not in shown
    assert "password" not in shown
    for kept in ("reader", "schema=a", "user=a", "unrecognized", "service=plans", "h/db"):
        assert (kept in text) == (kept in shown)


def test_a_text_without_an_address_stays_as_it_is():
    assert without_password("password=1? a:b@c") == "password=1? a:b@c"


def test_a_new_library_is_told_with_its_schema_and_without_its_password():
    assert with_schema("postgresql://a:hush@h/db", "city") == "postgresql://a@h/db?schema=city"
    assert with_schema("postgresql://h/db?user=a", "city") == "postgresql://h/db?user=a&schema=city"
    assert with_schema("service=plans", "city") == "service=plans?schema=city"
    assert with_schema("service=plans?schema=a", "a") == "service=plans?schema=a"


@pytest.mark.parametrize(
    ("text", "passwords"),
    [
        ("postgresql://a:hu%40sh@h/db", {"hu@sh"}),
        ("postgresql://h/db?user=a&password=hush", {"hush"}),
        ("service=plans password='hu sh'", {"hu sh"}),
        ("postgresql://a@h/db", set()),
        ("city.gpkg", set()),
    ],
)
def test_a_typed_password_is_found(text, passwords):
    assert passwords_in(text) == passwords
