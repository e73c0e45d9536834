"""A check in memory, judged part by part: the rows of one part are written while the next part is judged.

A part is a number of consecutive parcels. This thread, which holds the library's connection, judges one part after the
other; a second thread makes the rows and tables of the part before; whoever takes the chunks writes them.
"""

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import pandas as pd

from onemap.layers.in_threads import result_of
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.rules.contract.verdict import verdict_counts
from onemap.rules.judge.check.layers_of_check import LayersOfCheck
from onemap.rules.judge.check.part_judgement import judge_part
from onemap.rules.judge.findings.background_rows import background_thread
from onemap.rules.judge.findings.run_tables import ROW_TABLES, run_table
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.check_record import WarpedRaster
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run import AskedRun, Chunk

ROWS_OF_PART = 80_000  # parcels, findings and overlaps; of fewer, calls would take longer than the work
MOST_PARCELS, LEAST_PARCELS = 25_000, 64


@dataclass(frozen=True)
class JudgedPart:
    """Parcels that all rules have judged, and their tables, which a second thread makes.

    computed: how many pairs of parcel and rule were judged; warped: rules whose raster was warped, with its cell size.
    """

    parcels: Parcels
    tables: "Future[dict[str, Table]]"
    computed: int
    warped: list[WarpedRaster]


_BY_RULE = [name for name, first in ROW_TABLES.items() if first == "rule"]


@dataclass(frozen=True)
class RunInParts(AskedRun):
    """A check whose first part is judged; the other parts are judged while its chunks are taken, once.

    The verdicts and the counts in the record are complete with the last chunk. close: stops judging; whoever has not
    taken all chunks calls it, so that no thread makes rows for nobody.
    """

    parts: Iterator[JudgedPart]
    close: Callable[[], None]
    progress: Progress
    began: float

    @property
    def is_ahead(self) -> bool:
        """Whether parts are judged while chunks are taken."""
        return True

    def chunks(self) -> Iterator[Chunk]:
        """All rows, chunk by chunk; the last chunk has the table `run`."""
        verdicts, by_rule = list[str](), {name: list[Table]() for name in _BY_RULE}
        computed_count, warped = 0, list[WarpedRaster]()
        for part in _after_next_judged(self.parts):
            tables = result_of(part.tables, self.progress.check)
            verdicts += tables["parcels"].values("verdict").tolist()
            computed_count += part.computed
            warped += [item for item in part.warped if item not in warped]
            for name, tables_so_far in by_rule.items() if len(part.parcels.ids) < self.parcels else ():
                tables_so_far.append(tables[name])
                tables[name] = Table(tables[name].columns.iloc[:0])
            yield Chunk(tables, part.parcels)
        self.verdicts.update(verdict_counts(verdicts))
        order = {rule: place for place, rule in enumerate(self.record["rules"])}
        warped.sort(key=lambda item: order[item["rule"]])
        seconds = round(time.perf_counter() - self.began, 3)
        self.record.update({"computed": computed_count, "warped": warped, "seconds": seconds})
        rest = {name: _in_order_of_rules(tables, order) for name, tables in by_rule.items() if tables}
        yield Chunk({**rest, "run": run_table(self.record)})


def _after_next_judged(parts: Iterator[JudgedPart]) -> Iterator[JudgedPart]:
    """Yield each part after the next one has been judged."""
    for part, _ in itertools.pairwise(itertools.chain(parts, [None])):
        if part is not None:
            yield part


def _in_order_of_rules(tables: Sequence[Table], order: Mapping[str, int]) -> Table:
    """One table from the tables of consecutive parts, with the rows ordered by rule first."""
    columns = pd.concat([table.columns for table in tables if table.count] or [tables[0].columns], ignore_index=True)
    return Table(columns.sort_values("rule", key=lambda rules: rules.map(order), kind="stable", ignore_index=True))


def begin_parts(
    layers: LayersOfCheck, parcels: Parcels, threads: Threads, most_rows: int | None
) -> tuple[Iterator[JudgedPart], Callable[[], None]]:
    """All parts of the parcels, of which the first is judged, and a function that stops the judging.

    Raises OneMapError rule.field, TooManyRows as estimated from the first part.
    """
    parts = _judged_parts(layers, parcels, threads, most_rows)
    return itertools.chain([next(parts)], parts), parts.close


def _judged_parts(
    layers: LayersOfCheck, parcels: Parcels, threads: Threads, most_rows: int | None
) -> Generator[JudgedPart]:
    count, judged_count = len(parcels.ids), 0
    rows = layers.rows_of_parcel(count)
    with background_thread(threads.workers, count) as row_thread:
        while judged_count < count:
            end = judged_count + part_size(count - judged_count, rows)
            some = parcels.between(slice(judged_count, end))
            most = None if most_rows is None or judged_count else most_rows * end // count
            step = None  # the rules of part after part would flicker by
            if len(some.ids) < count:
                facts = {"done": f"{judged_count:,}", "count": f"{count:,}"}
                step = phrase("progress.judging", layers.check_plan.language, **facts)
            part = judge_part(
                layers, some, threads.part(judged_count / count, end / count, step), row_thread, most_rows=most
            )
            tables = part.rows.tables(threads.part(0.0, 0.0))
            rows, judged_count = part.row_count / (end - judged_count), end
            yield JudgedPart(some, tables, part.computed, part.warped)


def part_size(left: int, rows: float) -> int:
    """How many of the remaining parcels the next part gets. left: how many remain; rows: estimated rows of each."""
    most = min(max(int(ROWS_OF_PART / rows), LEAST_PARCELS), MOST_PARCELS)
    parts = -(-left // most)
    return -(-left // parts)
