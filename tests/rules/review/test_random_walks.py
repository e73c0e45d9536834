"""Random people take random steps: the case matches a small model of it, and what was written stays.

`Walk` needs only a fresh library with its own case, so that the same walks can run on another store.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import open_library
from onemap.layers.library.verification import log_of
from onemap.rules.review import deciding, opinions
from onemap.rules.review.case_step import Hand
from onemap.rules.review.cases.case_file import read_case, stored_case
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import ASKED, Town

CALENDAR = WorkCalendar()
START = date(2026, 3, 2)
PEOPLE = ("Wang", "Li", "Zhao")
DEPARTMENTS = (*ASKED, "forestry")
SPOKEN = ("agree", "conditional", "disagree", "supplement", "not_involved")
# What the town's findings propose: a prohibition, a consultation, an item for people only.
MACHINE_SAYS = {"reform": "not_involved", "land": "disagree", "water": "conditional", "forestry": "not_involved"}


@dataclass
class Word:
    """The model's knowledge of one department's opinion."""

    state: str = "drafted"
    conclusion: str = "not_involved"
    author: str = "onemap"
    due: date | None = None
    stopped: date | None = None
    given_back: bool = False


@dataclass
class Model:
    """The case in its expected state."""

    consent: bool
    state: str = "draft"
    day: date = START
    joined_by: str = ""
    words: dict[str, Word] = field(default_factory=dict)

    def state_of(self, department: str) -> tuple[str, str]:
        """State and conclusion on the model's day."""
        word = self.words[department]
        late = word.due is not None and word.due < self.day and word.stopped is None and not word.given_back
        if self.consent and self.state == "circulating" and late and word.state in ("drafted", "returned"):
            return "deemed", "agree"
        return word.state, word.conclusion


class Walk(RuleBasedStateMachine):
    """Steps by random people on one case."""

    made: ClassVar[dict[bool, tuple[Path, str]]] = {}
    has_accounts: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.rows: list[Any] = []

    @initialize(consent=st.booleans(), is_out=st.booleans())
    def begins(self, consent: bool, is_out: bool) -> None:
        folder, self.case = self.made[consent]
        self.location = self.fresh(folder)
        self.model = Model(consent, words={name: Word(conclusion=MACHINE_SAYS[name]) for name in DEPARTMENTS})
        if is_out:
            self.circulate("lead")

    def fresh(self, folder: Path) -> str:
        """Make a library for this walk with the case, and return its location."""
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "town"
        shutil.copytree(folder, place)
        return str(place / "town.gpkg")

    def location_of(self, by: str) -> str:
        """The location at which a person opens the library."""
        return self.location

    def teardown(self) -> None:
        self.stack.close()

    @contextlib.contextmanager
    def expecting(self, code: str | None) -> Iterator[None]:
        """The step inside is done, or refused with the code that the model foretells."""
        if code is None:
            yield
            return
        with pytest.raises(OneMapError) as refused:
            yield
        assert refused.value.code == code

    def act(self, code: str | None, step: Any, *arguments: Any, by: str) -> bool:
        """Take a step on the model's day; whether it was allowed."""
        with self.expecting(code), open_library(self.location_of(by)) as library:
            step(library, self.case, *arguments[:-1], Hand(by, self.model.day), *arguments[-1])
        return code is None

    def whole(self, **codes: str | None) -> str | None:
        """The code with which the case's state refuses a step; None if it is allowed. codes: exceptions, by state."""
        refused = {
            "draft": "review.not_circulated",
            "circulating": "review.circulated",
            "consolidated": "review.consolidated",
            "issued": "review.issued",
            "withdrawn": "review.withdrawn",
        }
        return codes.get(self.model.state, refused[self.model.state])

    @rule(days=st.integers(0, 4))
    def time_passes(self, days: int) -> None:
        self.model.day += timedelta(days)

    # Whatever else the table says of steps is tested cell by cell; walks are for what follows from many steps.
    @precondition(lambda self: self.model.state == "draft")
    @rule(by=st.sampled_from(PEOPLE))
    def circulate(self, by: str) -> None:
        if self.act(self.whole(draft=None), deciding.circulate, (None,), by=by):
            self.model.state = "circulating"
            due = CALENDAR.after(self.model.day, 5)
            for name in ASKED:
                word = self.model.words[name]
                word.due = due
                stops = word.conclusion == "supplement" and word.author != "onemap"
                word.stopped = self.model.day if stops else None

    @rule(
        name=st.sampled_from(DEPARTMENTS),
        by=st.sampled_from(PEOPLE),
        conclusion=st.sampled_from(SPOKEN),
        based=st.booleans(),
    )
    def opine(self, name: str, by: str, conclusion: str, based: bool) -> None:
        state = self.model.state_of(name)[0]
        code = self.whole(draft=None, circulating=None)
        if code is None:
            code = {"signed": "review.signed", "deemed": "review.deemed"}.get(state)
        if code is None and conclusion == "disagree" and not based:
            code = "review.basis"
        words = opinions.Words(conclusion, f"{by} says {conclusion}", "the law" if based else "")
        if self.act(code, opinions.opine, name, words, (), by=by):
            word = self.model.words[name]
            self.restart(word, conclusion == "supplement")
            word.state, word.conclusion, word.author = "drafted", conclusion, by

    def restart(self, word: Word, stops: bool) -> None:
        if word.due is None:
            return
        if stops:
            word.stopped = word.stopped or self.model.day
        elif word.stopped:
            word.due = CALENDAR.after(word.due, CALENDAR.between(word.stopped, self.model.day))
            word.stopped = None

    @rule(name=st.sampled_from(DEPARTMENTS), by=st.sampled_from(PEOPLE))
    def sign(self, name: str, by: str) -> None:
        code = self.whole(circulating=None)
        if code is None:
            code = {"signed": "review.signed", "returned": "review.returned", "deemed": "review.deemed"}.get(
                self.model.state_of(name)[0]
            )
        if code is None and self.model.words[name].author == by:
            code = "review.self_sign"
        if self.act(code, opinions.sign, name, (None, "later"), by=by):
            self.model.words[name].state = "signed"

    @rule(name=st.sampled_from(DEPARTMENTS), by=st.sampled_from(PEOPLE))
    def return_it(self, name: str, by: str) -> None:
        code = self.whole(circulating=None)
        if code is None:
            code = {"returned": "review.returned", "deemed": "review.deemed"}.get(self.model.state_of(name)[0])
        if self.act(code, opinions.return_opinion, name, ("why",), by=by):
            word = self.model.words[name]
            self.restart(word, stops=False)
            word.state, word.given_back = "returned", True

    @rule(name=st.sampled_from(DEPARTMENTS), days=st.integers(1, 9))
    def extend(self, name: str, days: int) -> None:
        word, state = self.model.words[name], self.model.state_of(name)[0]
        code = self.whole(circulating=None)
        if code is None and state == "signed":
            code = "review.signed"
        if code is None and word.due is None:
            code = "review.not_routed"
        if code is None and word.stopped:
            code = "review.stopped"
        due = CALENDAR.after(word.due, days) if word.due else None
        if code is None and state == "deemed" and due is not None and due < self.model.day:
            code = "review.extend_more"
        if self.act(code, opinions.extend, name, days, ("more work",), by="lead"):
            assert due is not None and word.due is not None and due > word.due
            word.due = due

    @precondition(lambda self: self.model.state == "circulating")
    @rule()
    def the_others_sign(self) -> None:
        for name in DEPARTMENTS:
            state = self.model.state_of(name)[0]
            if state == "returned":
                self.opine(name, "Wang", "agree", based=False)
            if state in ("drafted", "returned"):
                self.sign(name, "head")

    @rule(by=st.sampled_from(PEOPLE), otherwise=st.sampled_from([None, "conditional"]))
    def consolidate(self, by: str, otherwise: str | None) -> None:
        code = self.whole(circulating=None)
        waits = [
            name
            for name in DEPARTMENTS
            if self.model.state_of(name)[0] == "returned"
            or (
                self.model.state_of(name)[0] == "drafted"
                and (name in ASKED or self.model.words[name].author != "onemap")
            )
        ]
        if code is None and waits:
            code = "review.unsigned"
        conclusions = [
            self.model.state_of(name)[1] for name in DEPARTMENTS if self.model.state_of(name)[0] in ("signed", "deemed")
        ]
        grave = next((word for word in ("disagree", "supplement", "conditional") if word in conclusions), "agree")
        if self.act(code, deciding.consolidate, (otherwise, "by order"), by=by):
            for name in DEPARTMENTS:
                self.model.words[name].state, self.model.words[name].conclusion = self.model.state_of(name)
            self.model.state, self.model.joined_by = "consolidated", by
            with open_library(self.location) as library:
                after = stored_case(library, self.case)
            assert (after.proposed, after.conclusion) == (grave, otherwise or grave)

    @rule(by=st.sampled_from(PEOPLE))
    def issue(self, by: str) -> None:
        alone = "review.self_issue" if self.has_accounts and by == self.model.joined_by else None
        code = self.whole(draft="review.not_consolidated", circulating="review.not_consolidated", consolidated=alone)
        if self.act(code, deciding.issue, (None, None), by=by):
            self.model.state = "issued"

    @invariant()
    def the_case_is_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        damage: list[Problem] = []
        with open_library(self.location) as library, library.reading():
            case = read_case(library, self.case, self.model.day)
            rows = list(library.connection.execute("SELECT * FROM onemap_events ORDER BY at, chain, number"))
            log_of(library, damage)
        assert case.state == self.model.state
        for name in DEPARTMENTS:
            opinion = case.opinion(name)
            assert (opinion.state, opinion.conclusion) == self.model.state_of(name), name
            word = self.model.words[name]
            assert (opinion.drafted_by, opinion.due, opinion.stopped_on) == (word.author, word.due, word.stopped), name
        assert [entry.number for entry in case.entries] == list(range(1, case.revision + 1))
        assert rows[: len(self.rows)] == self.rows, "what was written has changed"
        assert damage == []
        self.rows = rows


@pytest.fixture(scope="module")
def towns(town_made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Path, str]]:
    """An opened case under each of the two packs."""
    made = {}
    for consent in (False, True):
        folder = tmp_path_factory.mktemp("walks") / "town"
        shutil.copytree(town_made, folder)
        town = Town(folder)
        town.pack(overdue="consent" if consent else "escalate")
        made[consent] = (folder, town.open(on=START.isoformat()))
    return made


def take_walks(walk: type[Walk], examples: int) -> None:
    """Take the walks; a step that breaks the model is reported with all steps before it."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(walk, settings=chosen)


@pytest.mark.slow
@pytest.mark.parametrize("count", [8, pytest.param(40, marks=pytest.mark.nightly)])
def test_random_people_meet_what_the_contract_says(towns, count):
    Walk.made = towns
    take_walks(Walk, count)


class WalkOnServer(Walk):
    """The same walks in libraries on a server."""

    server: ClassVar[str] = ""
    count: ClassVar[int] = 0
    has_accounts: ClassVar[bool] = True

    def fresh(self, folder: Path) -> str:
        """A copy of the file on the server."""
        type(self).count += 1
        location = f"{self.server}&schema=walk{self.count}"
        done("copy", folder / "town.gpkg", location)
        make_accounts(location, dict.fromkeys((*PEOPLE, "lead", "head"), ["owner"]))
        return location

    def location_of(self, by: str) -> str:
        """The server by the person's own account."""
        return with_account(self.location, by)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, pytest.param(8, marks=pytest.mark.nightly)])
def test_random_people_meet_the_same_on_a_server(towns, postgis, count):
    WalkOnServer.made, WalkOnServer.server = towns, postgis.database().url
    take_walks(WalkOnServer, count)
