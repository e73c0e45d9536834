"""Legends: classes in the order of their codes, with the punctuation of their language, in the available room."""

import pandas as pd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.display.maps.legend_panel import LegendEntry, laid_out
from onemap.rules.display.maps.symbols import Symbol, symbols_of


@pytest.mark.parametrize(("language", "begin"), [("zh", "地类图斑："), ("en", "Land use patches: ")])
def test_classes_stand_in_the_order_of_their_codes(language: str, begin: str):
    entry = shipped_catalogue()["DLTB"]
    looks, found = symbols_of(entry, pd.DataFrame({"DLBM": ["0701", "0301", None, "0103", "0702"]}), language)
    assert [look.title[: len(begin) + 2] for look in looks[1:]] == [f"{begin}{code}" for code in ("01", "03", "07")]
    assert found.tolist() == [3, 2, 0, 1, 3]


def test_a_long_legend_fits_beside_its_map_in_letters_that_can_be_read():
    # 24 entries beside a map of 105 mm: rows shrink with their letters, which stay at 2.1 mm and more.
    rows = [LegendEntry(Symbol(f"{number}"), "polygon", f"entry {number}") for number in range(24)]
    panel = laid_out(rows, 45.0, 45.0, 105.0)
    assert panel.height <= 105.0 and panel.size >= 2.1
