"""Hostile lines sent to `onemap serve`: each is answered, and so is the next one."""

import json

import pytest

from onemap.tests.test_serve import one_core

__all__ = ["one_core"]  # a fixture

LINES = (
    b'{"jsonrpc": "2.0", "id": NaN, "method": "layers", "params": {}}',
    b'{"jsonrpc": "2.0", "id": Infinity, "method": "layers", "params": {}}',
    b'{"jsonrpc": "2.0", "id": -Infinity, "method": "nonsense"}',
    b'{"jsonrpc": "2.0", "id": 1e999, "method": "layers", "params": {}}',
    b'{"jsonrpc": "2.0", "id": -1e999, "method": "cancel", "params": {"id": 1e999}}',
    b'{"jsonrpc": "2.0", "id": 2, "method": "cancel", "params": {"id": NaN}}',
    b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "layers", "params": {}}',
    b'{"jsonrpc": "2.0", "id": 3, "method": "identify", "params": {"library": "x.gpkg", "x": 1e999, "y": NaN}}',
    b'{"jsonrpc": "2.0", "id": 4, "method": "layers", "params": {"library": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    b'{"jsonrpc": "2.0", "id": 5, "method": "layers", "params": {"library": "\\ud800.gpkg"}}',
    b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "layers", "params": {"library": "x.gpkg"}}',
    b'{"jsonrpc": "2.0", "id": 5, "method": "layers", "params": {"library": "' + b"a" * 5000 + b'.gpkg"}}',
    b'{"jsonrpc": "2.0", "id": 5, "method": "recheck", "params": {"library": "x.gpkg", "run": ["\\ud800"]}}',
    b'{"jsonrpc": "2.0", "id": 6, "method": "\\udfff", "params": {}}',
    b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "layers"}',
    b'{"jsonrpc": "2.0", "id": 7, "method": "layers", "params": {"library": "\\u0000.gpkg"}}',
    b'{"jsonrpc": "2.0", "id": 8, "method": "check", "params": {"library": {"a": [1]}, "parcels": [[[]]]}}',
    b'{"jsonrpc": "2.0", "id": 9, "method": "layers", "params": {"library": "x.gpkg", "as_of": "0001-01-01"}}',
    b'{"jsonrpc": "2.0", "id": 10, "method": "check", "params": {"library": "x.gpkg", "parcels": "y",'
    b' "known_at": "9999-12-31"}}',
    b'\xff\xfe{"id": 1}',
    b"[]",
    b"null",
    b'"\\ud800"',
)


@pytest.mark.slow
def test_every_line_is_answered_and_none_is_a_defect(one_core):
    def ask(line: bytes) -> dict:
        one_core.send(line)
        while "method" in (answer := json.loads(one_core.program.stdout.readline(), parse_constant=pytest.fail)):
            continue  # progress
        return answer

    for line in LINES:
        answer = ask(line)
        error = answer.get("error", {})
        assert "error" in answer or answer["result"] == {"ok": False}, (line[:80], answer)
        assert error.get("data", {}).get("exit_code") != 70, (line[:80], answer)
        assert not [word for word in ("Traceback", "defect.ours") if word in json.dumps(answer)], line[:80]
    assert ask(b'{"jsonrpc": "2.0", "id": 11, "method": "nonsense"}')["id"] == 11
