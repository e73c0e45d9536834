"""The edition of codes: fields of a classification reveal it, fields that list their values do not."""

import pandas as pd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.numbers.indicators.class_editions import class_editions

SURVEY = shipped_catalogue()["DLTB"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DLBM = '0701'", {"survey-classes"}),
        ("CZCSXM = '201' AND DLBM = '0701'", {"survey-classes"}),
        ("QSXZ = '20'", None),
        (None, None),
    ],
)
def test_names_of_listed_values_are_no_edition(where, found):
    rows = pd.DataFrame({"DLBM": ["0701", "0702"], "CZCSXM": ["201", "202"], "QSXZ": ["20", "30"]})
    editions = class_editions(where, rows, SURVEY)
    assert (editions is None) == (found is None)
    assert found is None or found <= set(editions)
