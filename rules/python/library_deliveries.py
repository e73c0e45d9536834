"""Deliveries into and out of a library, and the changes that they make."""

from collections.abc import Mapping

from onemap.rules.python.call_results import ChangesResult, CheckResult, DeliverResult, IngestResult, RecheckResult
from onemap.rules.python.frame_files import Source
from onemap.rules.python.library_calls import LibraryCalls, as_list
from onemap.rules.python.verb_call import Day, Place, ProgressWish, Words


class DeliveryCalls(LibraryCalls):
    """The methods of deliveries and versions."""

    def ingest(
        self,
        folder: Place,
        *,
        plan: Place | None = None,
        each: bool = False,
        sure: bool = False,
        covers: Source | None = None,
        department: str | None = None,
        transform: str | None = None,
        report: Place | None = None,
        progress: ProgressWish = None,
    ) -> IngestResult:
        """Take in a department's whole delivery: all of it or nothing, or with `each` every layer that is in order.

        plan: the file to which the plan is written, or a plan to carry out.
        """
        with self._call() as files:
            values = {
                "folder": folder,
                "plan": plan,
                "each": each,
                "sure": sure,
                "covers": files.place(covers, "covers"),
                "department": department,
                "transform": transform,
                "report": None if report is None else [report],
            }
            return IngestResult("ingest", self._answer("ingest", values, progress), self.language)

    def deliver(
        self,
        target: Place,
        layers: Words,
        *,
        since: str | None = None,
        unit: Mapping[str, str] | None = None,
        as_of: Day | None = None,
        to: str | None = None,
        secrecy: str | None = None,
        gdb: bool = False,
        overwrite: bool = False,
        progress: ProgressWish = None,
    ) -> DeliverResult:
        """Write layers as a package, a .zip; since: only what changed after a label; unit: one unit, code → value."""
        values = {
            "target": target,
            "layers": layers,
            "since": since,
            "unit": unit,
            "as_of": as_of,
            "to": to,
            "secrecy": secrecy,
            "gdb": gdb,
            "overwrite": overwrite,
        }
        with self._call():
            return DeliverResult("deliver", self._answer("deliver", values, progress), self.language)

    def changes(
        self,
        code: str,
        old: str,
        new: str,
        *,
        by: str | None = None,
        open: bool = False,
        run: CheckResult | Words | None = None,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> ChangesResult:
        """Compare two versions of a layer; open, run: find changed verdicts in open cases and in stored checks."""
        run_names = as_list(run.run if isinstance(run, CheckResult) else run)
        values = {"code": code, "old": old, "new": new, "by": by, "open": open, "run": run_names, "workers": workers}
        with self._call():
            answer, tables = self._answer_with_tables("changes", values, progress)
            return ChangesResult("changes", answer, self.language, tables, self.crs)

    def recheck(
        self,
        *,
        open: bool = False,
        run: CheckResult | Words | None = None,
        warnings: bool = False,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> RecheckResult:
        """Judge open cases, or stored checks, again after changes of data and rules; nothing is written."""
        run_names = as_list(run.run if isinstance(run, CheckResult) else run)
        values = {"open": open, "run": run_names, "warnings": warnings, "workers": workers}
        with self._call():
            answer, tables = self._answer_with_tables("recheck", values, progress)
            return RecheckResult("recheck", answer, self.language, tables, self.crs)
