"""Last days that an event claims, if its reader has no calendar for the year."""

from datetime import date
from types import SimpleNamespace

import pytest

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.rules.review.cases.case import Terms
from onemap.rules.review.cases.case_so_far import CaseSoFar

SENT = date(2150, 12, 30)  # a year of which nobody knows the holidays


@pytest.mark.parametrize(
    ("department", "claim", "due"),
    [
        ("land", "2150-12-30", date(2151, 1, 9)),
        ("water", "2020-01-01", date(2151, 1, 4)),
        ("land", "2151-01-15", date(2151, 1, 15)),
    ],
)
def test_no_department_has_fewer_days_than_its_terms_say(department, claim, due):
    so_far = CaseSoFar("library", SimpleNamespace(calendar=WorkCalendar()))
    so_far.case = SimpleNamespace(terms=Terms(days=5, days_of={"land": 10}))
    assert so_far.deadline(department, SENT, claim)[0] == due
