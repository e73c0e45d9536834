"""One bureau for all tests of documents, made once; tests that change a case take a copy."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from onemap.layers.errors import OneMapError
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.tests.rules.review.statement.bureau import Bureau, bureau_in


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """Two cases that tests only read."""
    return bureau_in(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="session")
def issued_bureau(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A copy of the bureau in which the case of one parcel is issued."""
    copied = bureau.copied(tmp_path_factory.mktemp("issued"))
    copied.issue(copied.one)
    return copied


@pytest.fixture(scope="session")
def chinese_font() -> None:
    """Skip what is set in Chinese where no font has it."""
    try:
        chosen_fonts()
    except OneMapError:
        pytest.skip("no font with Chinese (fonts-noto-cjk) is installed")


@pytest.fixture(scope="session")
def print_word(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Return a function that prints Word files with LibreOffice, in one profile, because making one is slow."""
    office = shutil.which("soffice")
    # Without its Writer the program starts and opens no Word file.
    if office is None or not list(Path(office).resolve().parent.glob("libswlo*")):
        pytest.skip("LibreOffice's Writer (libreoffice-writer-nogui) is not installed")
    profile = f"-env:UserInstallation={tmp_path_factory.mktemp('office').as_uri()}"

    def run(folder: Path, *files: Path) -> None:
        convert = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *map(str, files)]
        subprocess.run(convert, capture_output=True, check=True, timeout=300)

    return run
