"""Runs of indicators stored in the library beside those of checks: record, packs, values, terms and features."""

from datetime import date

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.progress import settle_work
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import rows_of_table
from onemap.rules.judge.runs.run_record import known_moment
from onemap.rules.judge.runs.run_store import keep_run, log_run, run_record, stored_texts
from onemap.rules.numbers.indicators.indicator_pack import parse_indicator_packs
from onemap.rules.numbers.indicators.indicators import KIND, IndicatorOptions, Indicators

KEPT = ("indicators", "terms", "features")


def kept_tables(indicator_run: Indicators) -> dict[str, Table]:
    """The tables as they are stored: without the units' ground, which is in their layer's version."""
    return {name: Table(indicator_run.tables[name].columns) for name in KEPT}


def record_indicators(library: Library, indicator_run: Indicators, options: IndicatorOptions) -> None:
    """Store a run in one transaction. Raises OneMapError library.read_only, library.busy, library.full."""
    rows_by_table = {name: rows_of_table(table) for name, table in kept_tables(indicator_run).items()}
    status: dict[str, int] = {}
    for row in indicator_run.rows:
        status[row["status"]] = status.get(row["status"], 0) + 1
    with library.writing() as connection:
        keep_run(connection, indicator_run.record, rows_by_table, [(pack.hash, pack.text) for pack in options.packs])
        log_run(
            connection, KIND, indicator_run.record, {"parameters": indicator_run.record["parameters"], "status": status}
        )
        settle_work()


def stored_options(library: Library, identifier: str) -> IndicatorOptions:
    """The options of a stored run; versions recorded later are ignored.

    Raises OneMapError run.unknown, run.kind, run.incomplete.
    """
    record = run_record(library, identifier, KIND)
    parameters, texts = record["parameters"], stored_texts(library)
    if any(pack["hash"] not in texts for pack in record["packs"]):
        raise OneMapError("run.incomplete", file=library.label, run=identifier)
    pack_texts = [(texts[pack["hash"]], pack["id"]) for pack in record["packs"]]
    packs = parse_indicator_packs(pack_texts, library.catalogue(), are_kept=True)
    return IndicatorOptions(
        packs=tuple(packs),
        days=tuple(date.fromisoformat(day) for day in parameters["days"]),
        unit=parameters["unit"],
        unit_field=parameters["unit_field"],
        units_where=parameters["units_where"],
        only=tuple(parameters["only"]),
        known_at=known_moment(record),
        states=int(parameters.get("states") or 0),
    )
