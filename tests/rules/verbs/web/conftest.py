"""The library that web tests ask, made once for all of them, and a server for the tests of a module."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from onemap.tests.rules.verbs.web.asked_town import make_library
from onemap.tests.rules.verbs.web.web_client import WebServer


@pytest.fixture(scope="session")
def asked_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def library(asked_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that the tests of a module may change."""
    return Path(shutil.copy(asked_library, tmp_path_factory.mktemp("served")))


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[WebServer]:
    one = WebServer(library)
    yield one
    one.end()
