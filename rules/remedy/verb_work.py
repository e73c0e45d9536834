"""What `remedy` does with its values; libraries are imported here only when it runs."""

from onemap.rules.verb import Asked, Result, Values


def remedy(values: Values, asked: Asked) -> Result:
    """Find the part of each parcel that passes, keep it in the library, and write its tables: both, or neither."""
    import contextlib
    import os
    from pathlib import Path

    from onemap.layers.library import open_library
    from onemap.rules.check_options import check_wishes
    from onemap.rules.outputs import check_target, tables_written
    from onemap.rules.question import question_of
    from onemap.rules.remedy.remedy import KEEP_VERDICT, RemedyWishes, of_parcels
    from onemap.rules.remedy.remedy import remedy as find_remedy
    from onemap.rules.remedy.storage import record_remedy

    wishes = RemedyWishes(
        keep_verdict=values.get("keep_verdict") or KEEP_VERDICT,
        min_part_m2=values.get("min_part") or 0.0,
        min_width_m=values.get("min_width") or 0.0,
        one_piece=bool(values.get("one_piece")),
        move_m=values.get("move") or 0.0,
        turn_deg=values.get("turn") or 0.0,
    )
    asked_of = check_wishes(values)
    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    for out in outs:
        check_target(out, overwrite, [values["library"], values["parcels"], *asked_of.packs])
    with open_library(values["library"]) as library:
        question = question_of(library, asked_of, asked.language)
        if values.get("parcel"):
            question = of_parcels(question, values["parcel"], Path(values["parcels"]).name)
        workers = values.get("workers") or os.cpu_count() or 1
        found = find_remedy(library, question, wishes, workers, asked.report, asked.warm)
        recorded = library.writable and not question.replaced
        with contextlib.ExitStack() as written:
            for out in outs:
                written.enter_context(tables_written(found.tables, library.crs, out, overwrite))
            if recorded:
                record_remedy(library, found)
    asked.report(1.0, "")
    result: Result = {
        "parcels": len(question.parcels.ids),
        "passing": found.passing,
        "whole": found.whole,
        "moved": found.counts["moved"],
        "turned": found.counts["turned"],
        "cut_m2": found.cut_m2,
        "dropped_m2": found.dropped_m2,
        "run": {**found.record, "recorded": recorded},
        "seconds": found.record["seconds"],
        "problems": found.problems,
    }
    if outs:
        result["out"] = outs[0] if len(outs) == 1 else outs
    return result
