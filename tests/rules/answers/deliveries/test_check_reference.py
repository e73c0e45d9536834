"""The reference of delivery templates matches the program."""

import pytest

from onemap.rules.answers.deliveries.check_reference import check_reference
from onemap.tests.conftest import ROOT


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_written_anew_when_a_check_changes(language):
    written = (ROOT / "docs" / f"delivery-checks.{language}.md").read_text(encoding="utf-8")
    assert written == check_reference(language), "python3 build.py reference"
