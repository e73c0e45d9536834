"""What a replay asks a library beside its events."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import calendar_of, department_names
from onemap.layers.library.rehearsals import REHEARSAL
from onemap.rules.answers.remedy.remedy import KIND
from onemap.rules.judge.runs.run_store import run_record
from onemap.rules.review.cases.code_names import Named, name_with_code
from onemap.rules.review.cases.document_numbers import DocumentNumbers
from onemap.rules.review.cases.round_facts import RoundFacts, check_stored_run, facts_of_stored_run


class LibraryEvidence:
    """A library's answers to the questions of a replay. fresh: facts of runs that are judged and not stored yet."""

    def __init__(self, library: Library, fresh: Mapping[str, RoundFacts | None] | None = None) -> None:
        self._library = library
        self._fresh = fresh or {}
        self.numbers = DocumentNumbers(library)
        self._name_by_department: dict[str, Named] = {}

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The library's calendar."""
        return calendar_of(self._library)

    @cached_property
    def is_rehearsal(self) -> bool:
        """Whether the library was made for trying the review, according to the first entry of its log.

        For a reader who may not read the log, the library's own table decides.
        """
        library, made_as_rehearsal = self._library, None
        if library.roles.reads_log:
            made_as_rehearsal = library.keep_made("made as rehearsal", self._read_made)
        return library.is_rehearsal if made_as_rehearsal is None else made_as_rehearsal

    def _read_made(self) -> bool | None:
        """Read from the log's first entry whether this is a rehearsal; None if unreadable (`verify` reports it)."""
        row = self._library.connection.execute("SELECT detail FROM onemap_audit WHERE number = 1").fetchone()
        try:
            return bool(json.loads(row[0]).get(REHEARSAL))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        return department_names(self._library)

    @cached_property
    def _catalogue(self) -> Mapping[str, LayerEntry]:
        return self._library.catalogue()

    def facts_of(self, run: str) -> RoundFacts:
        """The machine's facts of a round. Raises UnreadableRun, OneMapError run.kind."""
        return self._fresh.get(run) or facts_of_stored_run(self._library, run, lambda: self._catalogue)

    def check_run(self, run: str) -> None:
        """Refuse the run of a round that cannot be read. Raises as `facts_of`."""
        check_stored_run(self._library, run)

    def bodies_of(self, run: str) -> dict[str, str]:
        """The bodies that a round's findings require to be asked, by name, with the department that writes to each."""
        facts = self.facts_of(run)
        found_rules = {row["rule"] for row in facts.findings if row["counted"]}
        rules = facts.of_packs.rules.items()
        return {body.name: body.lead for id_, rule in rules if id_ in found_rules for body in rule.bodies}

    def reads_words(self, department: str) -> bool:
        """Whether the library's user may see the words of a department's drafts."""
        roles = self._library.roles
        return self._library.path is not None or roles.is_owner or roles.is_lead or department in roles.departments

    def check_remedy(self, run: str) -> None:
        """Refuse a run that is not a stored remedy; a damaged one passes. Raises run.unknown, run.kind."""
        if run in self._fresh:
            return
        try:
            run_record(self._library, run, KIND)
        except OneMapError as error:
            if error.code != "run.damaged":
                raise

    def name_of(self, department: str) -> Named:
        """The bureau's name of a department, with its code."""
        if department not in self._name_by_department:
            self._name_by_department[department] = name_with_code(self._names, department)
        return self._name_by_department[department]

    def numbers_before(self, year: int, at: str) -> int:
        """How many documents of a year were numbered before a moment, in all cases."""
        return self.numbers.before(year, at)
