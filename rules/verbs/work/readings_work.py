"""The work of the verb that reads sensors."""

from datetime import datetime, timedelta

from onemap.layers.library.library import open_library
from onemap.layers.messages import problem_record
from onemap.rules.answers.readings.limits import read_limits
from onemap.rules.answers.readings.reading_look import status_look
from onemap.rules.answers.readings.readings import ReadingsOptions, sensor_readings
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables

_BEIJING = timedelta(hours=8)


def readings(values: Values, context: VerbContext) -> Result:
    """Means and status of sensors."""
    check_outs(values)
    zone = values.get("zone")
    options = ReadingsOptions(
        readings=values.get("readings") or "JCSJ",
        nodes=values.get("nodes") or "WLWJD",
        by=values.get("by") or "day",
        at=values.get("at") or datetime.now().astimezone(),
        zone=_BEIJING if zone is None else zone,
        is_zone_given=zone is not None,
        limits=read_limits(values["limits"]) if values.get("limits") else {},
        only=values.get("property"),
    )
    with open_library(values["library"]) as library:
        sensors = sensor_readings(library, options)
        crs = library.crs
    problems = [problem_record(problem, context.language) for problem in sensors.problems]
    problems += write_tables(sensors.tables, crs, values, context.language, context.language)
    return {
        "at": options.at.isoformat(),
        "nodes": sensors.nodes,
        "means": sensors.means,
        "layers": sensors.layers,
        "problems": problems,
        **({"look": status_look(context.language)} if values.get("looks") else {}),
        **target_answer(values),
    }
