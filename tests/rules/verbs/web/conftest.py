"""The library that web tests ask, made once for all of them."""

from pathlib import Path

import pytest

from onemap.tests.rules.verbs.web.asked_town import make_library


@pytest.fixture(scope="session")
def asked_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("asked"))
