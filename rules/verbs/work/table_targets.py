"""Write the tables of a verb that records nothing else to the places of `--out`, and name the places in its answer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.messages import ProblemRecord
from onemap.layers.provenance import NO_RECORD
from onemap.rules.contract.declaration import Result, Values
from onemap.rules.contract.output_forms import PAGE_FORM, TABLE_FORMS


def write_tables(
    tables: Mapping[str, Any],
    crs: Any,
    values: Values,
    language: str,
    sheet_language: str | None = None,
    form: Callable[[str, Mapping[str, Any], str], Mapping[str, Any]] = lambda _out, tables, _language: tables,
    figures: Sequence[Any] = (),
    titles: Any = None,
    record: Mapping[str, Any] = NO_RECORD,
) -> list[ProblemRecord]:
    """Write the tables to their targets. Returns what a format could not hold, as the contract's JSON objects.

    sheet_language: of heads and words in a sheet, None for codes; a GeoPackage always has codes under named columns.
    form: returns the tables in the form for one of the places; figures: native charts of a sheet; titles: a
    `KnownTitles` for the ids on a sheet; record: of what made the tables, as `provenance` takes it, if none is that of
    a run. Raises OneMapError out.….
    """
    from onemap.rules.display.outputs.outputs import remark_records, tables_written

    problems: list[ProblemRecord] = []
    for out in values.get("out") or ():
        shaped_tables, overwrite = form(out, tables, language), bool(values.get("overwrite"))
        heads = language_of_heads(out, language) or sheet_language
        with tables_written(shaped_tables, crs, out, overwrite, heads, figures, titles, record) as target:
            problems += remark_records([target], language)
    return problems


def check_outs(values: Values, forms: Sequence[str] = TABLE_FORMS) -> Sequence[str]:
    """The places of `--out`; refuses before any work if one cannot be written."""
    from onemap.rules.display.outputs.outputs import check_targets

    outs = values.get("out") or []
    check_targets(outs, bool(values.get("overwrite")), forms=forms)
    return outs


def language_of_heads(out: str, language: str) -> str | None:
    """The language in which a GeoPackage names the columns of tables that carry codes; None for another form."""
    return language if Path(out).suffix.lower() == ".gpkg" else None


def with_turned(out: str, tables: Mapping[str, Any], changed_parcels: Callable[[], Sequence[Any]]) -> Mapping[str, Any]:
    """The tables of a check for one place; pages also get the parcels whose verdict differs from an earlier run."""
    from onemap.rules.judge.incremental.verdict_changes import turned_table

    return {**tables, "turned": turned_table(changed_parcels())} if Path(out).suffix.lower() == PAGE_FORM else tables


def target_answer(values: Values) -> Result:
    """The key `out` of an answer: one place as a text, several as a list; absent if no table was wanted."""
    return {"out": one_or_all(values["out"])} if values.get("out") else {}


def one_or_all(places: Sequence[str]) -> str | Sequence[str]:
    """Written places as an answer gives them: one as a text, several as a list."""
    return places[0] if len(places) == 1 else places
