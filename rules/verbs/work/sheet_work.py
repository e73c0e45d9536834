"""The work of the verbs `sheet` and `review sheet`."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.library.library import Library, open_library
from onemap.rules.answers.sheet.sheet_book import SUFFIXES, sheet_book
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.check.check import check
from onemap.rules.judge.distributed.check_of_any_size import Execution, run_of_any_size
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.question import check_options
from onemap.rules.judge.runs.run_store import stored_question
from onemap.rules.review.cases.case_conditions import check_readable
from onemap.rules.review.cases.case_file import read_case

_CHECKED = 0.3  # of the work, when the parcels are checked


def sheet(values: Values, context: VerbContext) -> Result:
    """Check parcels, store nothing, and print a sheet for each into one file."""
    options, place = check_options(values), _checked_target(values)
    with contextlib.ExitStack() as stack:
        library = stack.enter_context(open_library(values["library"]))
        execution = Execution(values["library"], values.get("workers"), None, None)
        judging = context.progress.part(0.0, _CHECKED)
        run = stack.enter_context(run_of_any_size(library, options, context.language, execution, judging, None))
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
    suffix = place.suffix.lower()
    printing = context.progress.part(_CHECKED, 1.0)
    body, pages = sheet_book(library, run, suffix, context.language, printing, overrides)
    with atomic_output(place, bool(values.get("overwrite")), "TARGET") as new_file:
        new_file.write_bytes(body)
    return pages
