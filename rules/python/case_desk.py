"""The parallel pre-review from Python: each step is a method, named as on the command line."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from onemap.rules.python.call_results import CaseResult
from onemap.rules.python.frame_files import Source, frame_files
from onemap.rules.python.verb_call import Day, Place, refusals_in_words, typed_frame

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class Review:
    """The cases of a library. Every step takes `by`, `on` and the other options of its verb by name.

    Every method raises OneMapError review.… for a step that is not allowed.
    """

    def __init__(self, ask: Ask, language: str) -> None:
        self._ask = ask
        self._language = language

    def open(
        self, parcels: Source, *, project: str, data: Place | Mapping[str, Any] | None = None, **options: Any
    ) -> CaseResult:
        """Check parcels, a frame or a file, and open a case on them, with a draft for each department.

        data: the project's facts, in a dictionary or a TOML file.
        """
        with refusals_in_words(self._language), frame_files() as files:
            place = files.place(parcels, "parcels")
            return self._case("open", parcels=place, project=project, data=files.facts(data), **options)

    def list(self, *, state: str | None = None, on: Day | None = None) -> pd.DataFrame:
        """A row for each case."""
        with refusals_in_words(self._language):
            return typed_frame(pd.DataFrame(self._ask("review list", {"state": state, "on": on})["cases"]))

    def show(self, case: str, **options: Any) -> CaseResult:
        """A case as it stands."""
        return self._case("show", case=case, **options)

    def circulate(self, case: str, **options: Any) -> CaseResult:
        """Send the case to the departments, and start the clocks."""
        return self._case("circulate", case=case, **options)

    def opine(self, case: str, department: str, **options: Any) -> CaseResult:
        """Write a department's opinion: by conclusion, text and basis, or by the reply that it sent."""
        return self._case("opine", case=case, department=department, **options)

    def sign(self, case: str, department: str, **options: Any) -> CaseResult:
        """Sign a department's opinion."""
        return self._case("sign", case=case, department=department, **options)

    def return_to(self, case: str, department: str, **options: Any) -> CaseResult:
        """Return an opinion to its department."""
        return self._case("return", case=case, department=department, **options)

    def override(self, case: str, parcel: str, rule: str, *, verdict: str, reason: str, **options: Any) -> CaseResult:
        """Set another verdict for a finding; both are kept."""
        finding = {"parcel": parcel, "rule": rule, "verdict": verdict, "reason": reason}
        return self._case("override", case=case, **finding, **options)

    def extend(self, case: str, department: str | None = None, *, days: int, reason: str, **options: Any) -> CaseResult:
        """Give more days."""
        return self._case("extend", case=case, department=department, days=days, reason=reason, **options)

    def revise(self, case: str, parcels: Source, **options: Any) -> CaseResult:
        """Open the next round on changed parcels."""
        with refusals_in_words(self._language), frame_files() as files:
            return self._case("revise", case=case, parcels=files.place(parcels, "parcels"), **options)

    def recheck(self, case: str, **options: Any) -> CaseResult:
        """Check again what has changed in the library."""
        return self._case("recheck", case=case, **options)

    def consolidate(self, case: str, **options: Any) -> CaseResult:
        """Draw all opinions together."""
        return self._case("consolidate", case=case, **options)

    def issue(self, case: str, **options: Any) -> CaseResult:
        """Issue the statement."""
        return self._case("issue", case=case, **options)

    def withdraw(self, case: str, **options: Any) -> CaseResult:
        """End the case without a statement."""
        return self._case("withdraw", case=case, **options)

    def export(self, case: str, target: Place, **options: Any) -> dict[str, Any]:
        """Write the statement, or one department's opinion: .docx, .pdf, .html or .json."""
        with refusals_in_words(self._language):
            return self._ask("review export", {"case": case, "target": target, **options})

    def attachment(self, case: str, file: str, target: Place, **options: Any) -> dict[str, Any]:
        """Write a file that was attached to the case, by its name or its SHA-256."""
        with refusals_in_words(self._language):
            return self._ask("review attachment", {"case": case, "file": file, "target": target, **options})

    def _case(self, step: str, **values: Any) -> CaseResult:
        with refusals_in_words(self._language):
            return CaseResult(f"review {step}", self._ask(f"review {step}", values), self._language)
