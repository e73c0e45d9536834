"""One bureau for all tests of documents; it is made once, and tests that walk a case take a copy."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from onemap.tests.rules.review.statement.bureau import Bureau, bureau_in


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """Two cases that are only read."""
    return bureau_in(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="session")
def issued_bureau(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A copy of the bureau in which the case of one parcel is issued."""
    return _copy(bureau, tmp_path_factory.mktemp("issued"), walk=True)


def _copy(bureau: Bureau, folder: Path, *, walk: bool) -> Bureau:
    copied = replace(bureau, folder=folder, library=folder / bureau.library.name)
    shutil.copyfile(bureau.library, copied.library)
    if walk:
        copied.issue(copied.one)
    return copied
