"""The work of the verbs `sheet` and `review sheet`; libraries are imported here only when they run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onemap.rules.contract.declaration import Result, Values, VerbContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onemap.layers.library.library import Library

_CHECKED, _DRAWN = 0.3, 0.8  # of the work: the parcels are checked, their maps drawn


def sheet(values: Values, context: VerbContext) -> Result:
    """Check parcels, store nothing, and print a sheet for each into one file."""
    from onemap.layers.library.library import open_library
    from onemap.rules.judge.distributed.check_of_any_size import Execution, run_of_any_size
    from onemap.rules.judge.question.question import check_options

    options, place = check_options(values), _checked_target(values)
    with contextlib.ExitStack() as held:
        library = held.enter_context(open_library(values["library"]))
        execution = Execution(values["library"], values.get("workers"), None, None)
        judging = context.progress.part(0.0, _CHECKED)
        run = held.enter_context(run_of_any_size(library, options, context.language, execution, judging, None))
        context.left.append(run)
        pages = _write_sheets(library, run, place, values, context)
        return {
            "parcels": run.parcels,
            "pages": pages,
            "file": str(values["target"]),
            "problems": list(run.problems),
        }


def review_sheet(values: Values, context: VerbContext) -> Result:
    """Print a sheet for each parcel of a case's round, by the rules and the layers of its check."""
    from onemap.layers.library.library import open_library
    from onemap.rules.judge.check.check import check
    from onemap.rules.judge.overlay.threads import Threads
    from onemap.rules.judge.runs.run_store import stored_question
    from onemap.rules.review.cases.case_conditions import check_readable
    from onemap.rules.review.cases.case_file import read_case

    place = _checked_target(values)
    with open_library(values["library"]) as library:
        case = read_case(library, values["case"])
        check_readable(case, "sheet")
        judging = context.progress.part(0.0, _CHECKED)
        question = stored_question(library, case.current.run)
        run = check(library, question, Threads.of(values.get("workers"), judging))
        pages = _write_sheets(library, run, place, values, context, case.current.judged_verdicts)
        answer = {"case": case.id, "parcels": run.parcels, "pages": pages, "file": str(values["target"])}
        return {**answer, "problems": list(run.problems)}


def _checked_target(values: Values) -> Path:
    """The file to write. Raises OneMapError statement.suffix, out.…."""
    from onemap.layers.errors import OneMapError
    from onemap.layers.files.atomic_output import check_place
    from onemap.rules.answers.sheet.sheet_book import SUFFIXES

    place = Path(values["target"])
    if place.suffix.lower() not in SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field="TARGET", known=list(SUFFIXES))
    check_place(place, bool(values.get("overwrite")), "TARGET")
    return place


def _write_sheets(
    library: Library,
    run: Any,
    place: Path,
    values: Values,
    context: VerbContext,
    overrides: Mapping[tuple[str, str, str], str] | None = None,
) -> int:
    """Write the sheets of a check, in memory or in blocks, and return the number of pages.

    overrides: the verdicts that people set, by parcel, rule and the machine's verdict.
    """
    from onemap.layers.files.atomic_output import atomic_output
    from onemap.rules.answers.sheet.sheet_book import sheet_book

    suffix = place.suffix.lower()
    printing = context.progress.part(_CHECKED, 1.0)
    body, pages = sheet_book(library, run, suffix, context.language, printing, overrides)
    with atomic_output(place, bool(values.get("overwrite")), "TARGET") as beside:
        beside.write_bytes(body)
    return pages
