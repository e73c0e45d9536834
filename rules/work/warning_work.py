"""What the verbs of warnings do with their values; libraries are imported here only when one runs."""

from datetime import date
from typing import Any

from onemap.rules.overlay.threads import Threads
from onemap.rules.verb.declaration import Result, Values, VerbContext
from onemap.rules.work.indicator_work import tables_for


def warnings(values: Values, context: VerbContext) -> Result:
    """What somebody has to look at: quotas, permits, old layers, sums, candidates for change without approval."""
    from onemap.layers.library.library import open_library
    from onemap.rules.indicators.indicator_pack import indicator_packs
    from onemap.rules.indicators.indicators import IndicatorOptions
    from onemap.rules.indicators.warnings import WarningOptions
    from onemap.rules.indicators.warnings import warnings as look
    from onemap.rules.outputs.outputs import check_targets, remark_records, tables_written

    outs, overwrite, names = values.get("out") or [], bool(values.get("overwrite")), values.get("pack") or []
    check_targets(outs, overwrite, [values["library"], *names])
    day = values.get("as_of") or date.today()
    problems: list[dict[str, Any]] = []
    with open_library(values["library"]) as library:
        quotas = IndicatorOptions(
            packs=tuple(indicator_packs(names, library.catalogue())),
            days=(day,),
            unit=values.get("unit"),
            unit_field=values.get("unit_field"),
        )
        options = WarningOptions(quotas, day, values.get("days") or 90, values.get("rhythm"))
        found = look(library, options, Threads.of(values.get("workers"), context.progress))
        for out in outs:
            tables = tables_for(out, {"warnings": found.table}, context)
            with tables_written(tables, library.crs, out, overwrite) as target:
                problems += remark_records([target], context.language)
    context.progress.at(1.0, "")
    result: Result = {
        "ok": True,
        "as_of": day.isoformat(),
        "warnings": found.rows,
        "unlooked": found.unlooked,
        "problems": problems,
    }
    if outs:
        result["out"] = outs[0] if len(outs) == 1 else outs
    return result
