"""Reply files: saved content is read back, and any other file is refused with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onemap.layers.errors import OneMapError
from onemap.rules.review.statement.reply_file import canonical, read_reply, reply_check

WHOLE: dict[str, Any] = {
    "onemap_reply": 2,
    "library": "l1",
    "case": "c1",
    "round": 1,
    "department": "land",
    "run": "r1",
    "shown": "0" * 64,
    "printed": "1" * 64,
    "language": "zh",
    "document": "opinion",
    "annexes": ["record", "maps"],
    "conclusion": "conditional",
    "text": "避让后同意。<b>\n第二行",
    "basis": "",
    "answers": [["land.quota", "已核"]],
    "by": "赵六",
    "on": "2026-11-20",
}


def save_reply(folder: Path, checked: bool = True, **changes: Any) -> Path:
    reply = {key: value for key, value in {**WHOLE, **changes}.items() if value is not None}
    if checked:
        reply["check"] = reply_check(reply)
    path = folder / "a.reply.json"
    path.write_text(json.dumps(reply, ensure_ascii=False), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(OneMapError) as refused:
        read_reply(path)
    return refused.value.problems[0].code


def test_a_reply_is_read_as_it_was_saved(tmp_path: Path):
    reply = read_reply(save_reply(tmp_path))
    assert reply.text == WHOLE["text"]
    assert reply.answers == (("land.quota", "已核"),)
    assert reply.on.isoformat() == "2026-11-20"


def test_a_byte_order_mark_and_another_layout_change_nothing(tmp_path: Path):
    path = save_reply(tmp_path)
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=8, ensure_ascii=True)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_reply(path).by == "赵六"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"conclusion": "maybe"}, "reply.conclusion"),
        ({"conclusion": "disagree"}, "reply.basis"),
        ({"conclusion": "disagree", "basis": "  "}, "reply.basis"),
        ({"by": " "}, "reply.name"),
        ({"text": "\n"}, "reply.text"),
        ({"on": "20.11.2026"}, "reply.date"),
        ({"on": "2026-02-30"}, "reply.date"),
        ({"on": "2026-W10-2"}, "reply.date"),
        ({"on": "20261120"}, "reply.date"),
        ({"round": "1"}, "reply.form"),
        ({"round": True}, "reply.form"),
        ({"round": None}, "reply.form"),
        ({"answers": [["x"]]}, "reply.form"),
        ({"answers": [["x", ""]]}, "reply.form"),
        ({"answers": [["x", 1]]}, "reply.form"),
        ({"extra": "x"}, "reply.form"),
        ({"onemap_reply": 1}, "reply.older"),
        ({"onemap_reply": 3}, "reply.form"),
        ({"language": "fr"}, "reply.form"),
        ({"document": "x"}, "reply.form"),
        ({"annexes": ["x"]}, "reply.form"),
        ({"annexes": [["record"]]}, "reply.form"),
        ({"printed": None}, "reply.form"),
    ],
)
def test_a_reply_that_lacks_something_is_refused(tmp_path: Path, changes: dict[str, Any], code: str):
    assert refusal(save_reply(tmp_path, **changes)) == code


@pytest.mark.parametrize("key", [key for key in WHOLE if key != "onemap_reply"])
def test_a_reply_that_was_altered_after_it_was_saved_is_refused(tmp_path: Path, key: str):
    path = save_reply(tmp_path)
    reply = json.loads(path.read_text(encoding="utf-8"))
    reply[key] = {"round": 2, "answers": [], "annexes": []}.get(key, "2026-11-21" if key == "on" else "altered")
    path.write_text(json.dumps(reply), encoding="utf-8")
    assert refusal(path) == "reply.altered"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff\xfe{\x00",
        b"[" * 100_000,
        b"PK\x03\x04",
        b'{"onemap_reply": 2, "onemap_reply": 1}',
        b"{}" + b" " * 2_000_000,
    ],
)
def test_what_is_no_reply_at_all_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.reply.json"
    path.write_bytes(content)
    assert refusal(path) == "reply.syntax"


def test_an_empty_object_and_a_missing_file_are_told_apart(tmp_path: Path):
    path = tmp_path / "a.reply.json"
    assert refusal(path) == "reply.file"
    assert refusal(tmp_path) == "reply.file"
    path.write_text("{}", encoding="utf-8")
    assert refusal(path) == "reply.form"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str):
    assert read_reply(save_reply(tmp_path, text=text)).text == text


def test_the_hashed_text_is_sorted_dense_and_free_of_markup():
    assert canonical({"b": "<ü\n", "a": [1, "x"]}) == '{"a":[1,"x"],"b":"\\u003cü\\n"}'
