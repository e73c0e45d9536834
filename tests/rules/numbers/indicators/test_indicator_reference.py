"""The reference of indicator packs matches the program, and the shipped pack can be read in full."""

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.numbers.indicators.indicator_keys import BOUNDS
from onemap.rules.numbers.indicators.indicator_pack import DEFAULT_INDICATORS, indicator_packs
from onemap.rules.verbs.commands.indicator_reference import indicator_reference
from onemap.rules.verbs.commands.reference import DOCS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_reference_is_up_to_date(language):
    written = (DOCS / f"indicator-packs.{language}.md").read_text(encoding="utf-8")
    assert written == indicator_reference(language), "write it anew: python3 build.py reference"


def test_every_shipped_indicator_is_named_in_both_languages_with_its_source():
    (pack,) = indicator_packs((DEFAULT_INDICATORS,), shipped_catalogue())
    for item in pack.indicators:
        assert set(item.title) == {"zh", "en"} and item.options["source"] and item.issuer and item.edition, item.id
        assert item.bound in BOUNDS and item.options["levels"], item.id
        assert set(item.options.get("remark", {"zh": "", "en": ""})) == {"zh", "en"}, item.id
    formulas = [one for item in pack.indicators for one in (item.formula, item.committed) if one is not None]
    used = {name for one in formulas for name in one.names}
    assert used == set(pack.terms), "a term that no formula names is of no use"
