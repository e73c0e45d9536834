"""The parcels of a question: in memory where they are few, otherwise in parts, for any kind of work."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from onemap.layers.library.library import Library
from onemap.layers.progress import Progress
from onemap.layers.sources.reading import content_hash, large_layer, source_name
from onemap.layers.stores.arrow_values import UnsupportedValue
from onemap.rules.judge.distributed.parcel_reader import ParcelReader, ParcelsInMemory, ParcelStream
from onemap.rules.judge.distributed.partition import block_count, fits_into_memory, most_parcels
from onemap.rules.judge.inputs.parcels import no_parcels
from onemap.rules.judge.question.question import CheckOptions, Question, question_about, question_of

Done = TypeVar("Done")


def in_blocks_or_whole(
    library: Library,
    options: CheckOptions,
    language: str,
    workers: int,
    reading: Progress,
    in_blocks: Callable[[Question, ParcelReader], Done],
    *,
    always: bool = False,
    in_parts: bool = False,
) -> Done | Question:
    """The result of `in_blocks` for a question with many parcels, or the question with its parcels where they are few.

    reading: the progress of reading the parcels; always: use blocks for few parcels, too; in_parts: work in memory is
    done part by part. Parcels with attributes that no file can hold stay in memory. Raises OneMapError for every
    refusal.
    """
    most = most_parcels()
    # Several files, and files of which parcels are left out, fields renamed or facts added, are read whole.
    several, is_changed = options.more_parcels or options.unread, options.normalising.fields or options.facts.values
    is_plain = not (several or options.keep_bad or is_changed)
    layer_source = options.parcels, options.layer, options.encoding
    with large_layer(*layer_source) if is_plain else contextlib.nullcontext() as stream:
        if stream and not fits_into_memory(stream.count / most, in_parts=in_parts):
            digest = content_hash(Path(options.parcels), stream.readable.path, reading)
            blank = no_parcels(source_name(options.parcels), digest)
            reader = ParcelStream(stream, options, library.crs, digest, reading, workers)
            with contextlib.suppress(UnsupportedValue):
                return in_blocks(question_about(library, options, language, blank), reader)
    question = question_of(library, options, language, workers, reading)
    result = None
    if always or not fits_into_memory(block_count(question.parcels.vertices, most), in_parts=in_parts):
        result = handed_on(question, in_blocks)
    return question if result is None else result


def handed_on(question: Question, in_blocks: Callable[[Question, ParcelReader], Done]) -> Done | None:
    """The result of `in_blocks` for a question with parcels in memory; None where no file can hold their attributes."""
    parcels = question.parcels
    blank = replace(no_parcels(parcels.source, parcels.source_hash), bad=parcels.bad)
    with contextlib.suppress(UnsupportedValue):
        return in_blocks(replace(question, parcels=blank), ParcelsInMemory(parcels))
    return None
