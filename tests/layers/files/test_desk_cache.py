"""A cache file of the desk returns what was written to it, and is limited in age and number."""

import os
import time

import pytest

from onemap.layers.files.desk_cache import CachedText, DeskCache


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_texts_come_back_and_go():
    cache, other = DeskCache("texts", "one"), DeskCache("texts", "two")
    texts = {"城": CachedText("1", "甲\n乙"), "x y": CachedText("", "\ud800".encode("utf-8", "replace").decode())}
    cache.write(texts)
    assert (cache.read(), other.read()) == (texts, {})
    cache.write({"城": CachedText("2", "丙")}, ["x y"])
    assert DeskCache("texts", "one").read() == {"城": CachedText("2", "丙")}


def test_what_was_not_asked_for_long_goes_and_so_does_what_is_too_much(folder):
    for number in range(30):
        DeskCache("texts", str(number)).write({"a": CachedText("", str(number))})
    paths = list(folder.rglob("texts/*.sqlite"))
    assert len(paths) == 20
    assert DeskCache("texts", "29").read() and not DeskCache("texts", "0").read()
    long_ago = time.time() - 61 * 86_400
    for path in paths:
        os.utime(path, (long_ago, long_ago))
    DeskCache("texts", "new").write({"a": CachedText("", "")})
    assert len(list(folder.rglob("texts/*.sqlite"))) == 1


def test_only_its_user_may_read_it(folder):
    DeskCache("texts", "one").write({"a": CachedText("", "")})
    (path,) = folder.rglob("texts/*.sqlite")
    if os.name != "nt":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
