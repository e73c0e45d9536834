"""A check, in memory where it fits into one block, else in blocks on disk: whoever asks need not know."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onemap.layers.errors import UsageError
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.layers.sources.reading import content_hash, large_layer, source_name
from onemap.layers.stores.arrow_values import UnsupportedValue
from onemap.rules.check.check import check
from onemap.rules.distributed.parcel_reader import ParcelReader, ParcelsInMemory, ParcelStream
from onemap.rules.distributed.partition import block_count, fits_into_memory, most_parcels
from onemap.rules.distributed.run_in_blocks import READ, RunInBlocks, run_in_blocks
from onemap.rules.distributed.work import Engine, LocalEngine
from onemap.rules.inputs.parcels import no_parcels
from onemap.rules.overlay.threads import Threads
from onemap.rules.question.question import CheckOptions, Question, question_about, question_of
from onemap.rules.runs.run import Run


@dataclass(frozen=True)
class Execution:
    """How a check is to be done, which changes nothing of its answer.

    location: of the library; workers: threads, or processes of a local cluster; scheduler: "local" or the address of a
    Dask scheduler; shared: a folder from which workers read layers in place of the library.
    """

    location: str
    workers: int | None = None
    scheduler: str | None = None
    shared: str | None = None

    def refuse_clashes(self, against: str | None) -> None:
        """Raise UsageError usage.alone, usage.apart for what does not go together. against: the earlier run, if any."""
        if self.shared and not self.scheduler:
            raise UsageError("usage.alone", field="--shared", other="--scheduler")
        if self.shared and against:
            raise UsageError("usage.apart", field="--shared", other="--against")


@contextlib.contextmanager
def checked(
    library: Library,
    options: CheckOptions,
    language: str,
    execution: Execution,
    progress: Progress,
    against: str | None,
) -> Iterator[Run | RunInBlocks]:
    """The run of what is asked, as long as the block lasts: what was written of it goes then.

    Raises OneMapError for every refusal.
    """
    execution.refuse_clashes(against)
    most, workers = most_parcels(), execution.workers or os.cpu_count() or 1
    reading = progress.part(0.0, READ, phrase("progress.parcels", language))
    reading.at(0.0)
    with contextlib.ExitStack() as held:
        run: Run | RunInBlocks | None = None
        engine: Engine = LocalEngine(library, workers)
        if execution.scheduler:
            from onemap.rules.distributed.cluster import cluster_engine  # an extra that most have no need of

            engine = held.enter_context(
                cluster_engine(library, execution.location, execution.scheduler, workers, execution.shared)
            )

        def in_blocks(question: Question, reader: ParcelReader) -> RunInBlocks:
            run = run_in_blocks(
                library, question, reader, options.id_field, options.as_of, engine, progress, against, most
            )
            return held.enter_context(run)

        # Several files, and files of which parcels are left out or fields renamed, are read whole.
        is_plain = not (options.more_parcels or options.keep_bad or options.normalising.fields)
        with large_layer(options.parcels, options.layer, options.encoding) as stream:
            if stream and is_plain and not fits_into_memory(stream.count / most):
                digest = content_hash(Path(options.parcels), stream.readable.path, reading)
                blank = no_parcels(source_name(options.parcels), digest)
                reader = ParcelStream(stream, options, library.crs, digest, reading)
                with contextlib.suppress(UnsupportedValue):
                    run = in_blocks(question_about(library, options, language, blank), reader)
        if run is None:
            question = question_of(library, options, language, workers, reading)
            parcels = question.parcels
            blocks = block_count(parcels.vertices, most)
            if execution.scheduler or not fits_into_memory(blocks):
                blank = replace(no_parcels(parcels.source, parcels.source_hash), bad=parcels.bad)
                with contextlib.suppress(UnsupportedValue):  # attributes that no file can hold: then memory must do
                    run = in_blocks(replace(question, parcels=blank), ParcelsInMemory(parcels))
        yield run or check(library, question, Threads(workers, progress), against)
