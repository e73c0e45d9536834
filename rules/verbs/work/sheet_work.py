"""The work of the verb `sheet`; libraries are imported here only when it runs."""

from pathlib import Path
from typing import Any

from onemap.rules.contract.declaration import Result, Values, VerbContext

_CHECKED, _DRAWN = 0.3, 0.8  # of the work: the parcels are checked, their maps drawn


def sheet(values: Values, context: VerbContext) -> Result:
    """Check parcels, keep nothing of it, and print a sheet for each into one file."""
    import contextlib

    from onemap.layers.errors import OneMapError
    from onemap.layers.files.atomic_output import atomic_output, check_place
    from onemap.layers.library.library import open_library
    from onemap.rules.answers.sheet.sheet_book import SUFFIXES, sheet_book
    from onemap.rules.judge.distributed.check_of_any_size import Execution, run_of_any_size
    from onemap.rules.judge.question.check_options import check_options

    options, place = check_options(values), Path(values["target"])
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field="TARGET", known=list(SUFFIXES))
    check_place(place, bool(values.get("overwrite")), "TARGET")
    with contextlib.ExitStack() as held:
        library = held.enter_context(open_library(values["library"]))
        execution = Execution(values["library"], values.get("workers"), None, None)
        judging = context.progress.part(0.0, _CHECKED)
        run = held.enter_context(run_of_any_size(library, options, context.language, execution, judging, None))
        context.left.append(run)
        body, pages = sheet_book(library, run, suffix, context.language, context.progress.part(_CHECKED, 1.0))
        beside = held.enter_context(atomic_output(place, bool(values.get("overwrite")), "TARGET"))
        beside.write_bytes(body)
        problems: list[dict[str, Any]] = list(run.problems)
    return {"parcels": run.parcels, "pages": pages, "file": str(values["target"]), "problems": problems}
