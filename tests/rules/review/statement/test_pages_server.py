"""Pages of a case on a server: the page of a file, also for a department's account."""

import re
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.review_pack import shown_digest
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.command import done
from onemap.tests.rules.review.statement.cases import town

ACCOUNT = "pages_land"


@pytest.fixture
def both(tmp_path: Path, postgis: Any) -> tuple[Path, str, str]:
    """A file with a circulating case, its copy on a server, and the case."""
    library, _ = town(tmp_path)
    case = done("review", "open", library, tmp_path / "parcels.gpkg", "--project", "P", "--by", "wang").json["case"]
    done("review", "circulate", library, case, "--by", "wang")
    url = f"{postgis.database().url}&schema=pages"
    done("copy", library, url)
    make_accounts(url, {ACCOUNT: ["land"]})
    return library, url, case


def without_head(page: str) -> str:
    return re.sub(r'(chain \(row) \d+\)</th><td class="hash">[0-9a-f]{64}', r"\1", page)


@pytest.mark.slow
def test_a_page_is_the_same_from_a_file_and_from_a_server(both: tuple[Path, str, str], tmp_path: Path):
    library, url, case = both
    pages: list[str] = []
    seals: list[str] = []
    digests: set[str] = set()
    for number, location in enumerate((library, url, with_account(url, ACCOUNT))):
        for department in ([], ["--department", "land"]):
            path = tmp_path / f"{number}{len(department)}.html"
            done("review", "export", location, case, path, *department)
            with open_library(str(location)) as opened:
                page = path.read_text(encoding="utf-8").replace(opened.id, "ID")
                digest = shown_digest(opened, read_case(opened, case), "land")
                # In a file names are typed, on a server they are accounts, and each document says so.
                says = str(escape(words("en")["names_typed" if opened.account is None else "names_of_accounts"]))
                assert says in page
                page = page.replace(says, "NAMES")
                sealed = re.search(r'data-texts="([0-9a-f]+)"', page)
                if sealed is not None:
                    seals.append(sealed[1])
                    page = page.replace(sealed[1], "SEAL")
                # A department's account may know the log's head, and not when it was written.
                pages.append(re.sub(r"(chain \(row \d+), [^)]*\)", r"\1)", page))
            assert digest in digests or not digests
            digests.add(digest)
    assert (pages[0], pages[1]) == (pages[2], pages[3])
    # The head that a department knows is the copy's, whose log has one entry more than the case's last.
    assert [without_head(page) for page in pages[2:4]] == [without_head(page) for page in pages[4:]]
    assert 'id="reply"' in pages[1]
    assert seals[0] != seals[1] == seals[2], "what a page says of names is part of it; the account that wrote it is not"
