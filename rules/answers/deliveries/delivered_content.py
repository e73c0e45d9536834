"""The databases of a delivery, read on demand; their hashes tell whether they have changed since the last proof."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyproj
import shapely

from onemap.layers.library.versions import content_hash
from onemap.layers.progress import Progress
from onemap.layers.sources.reading import content_hash as hash_of_files
from onemap.rules.answers.deliveries.check_kinds import KINDS, LAYER
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFolder
from onemap.rules.answers.deliveries.delivered_layers import (
    DeliveredLayer,
    SourceLayer,
    data_files,
    laid_out,
    plane_of_layers,
    source_layers,
)
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.answers.deliveries.proof_memory import ProofMemory, ReadingMemory, SourceMemory
from onemap.rules.answers.deliveries.text_checks import named_texts


class DeliveredContent:
    """The content of a delivery's databases.

    If all of them are unchanged since the last proof, nothing is read until a layer is needed.
    """

    def __init__(
        self,
        delivery: DeliveredFolder,
        template: DeliveryTemplate,
        check: Check,
        memory: ProofMemory,
        progress: Progress,
    ) -> None:
        """Open the delivery. check: the check of files, to which unreadable files are attributed."""
        self._delivery, self._template, self._check = delivery, template, check
        self.memory, self._progress = memory, progress
        self._layers: dict[str, DeliveredLayer] = {}
        files = {file.path: _hash_of(file.place, progress) for file in data_files(delivery) if memory.is_asked}
        before = memory.reading_before
        # What could not be read may be readable by now, without another byte of it.
        is_known = before is not None and before.files == files and not before.unread
        self.known = before if before is not None and is_known else self._read_anew(files)
        memory.reading = self.known

    def _read_anew(self, files: Mapping[str, str]) -> ReadingMemory:
        sources, unread, lost_codes = self._read
        return ReadingMemory(
            files=files,
            sources=[
                SourceMemory(
                    path=source.file.path,
                    name=source.name,
                    code=None if source.wish is None else source.wish.entry.code,
                    is_named_exactly=source.is_named_exactly,
                    hash=_source_hash(source) if self.memory.is_asked else "",
                )
                for source in sources
            ],
            plane=plane_of_layers(sources).to_wkt(),
            unread=unread,
            lost=frozenset(lost_codes),
        )

    @cached_property
    def _read(self) -> tuple[list[SourceLayer], list[Finding], set[str]]:
        return source_layers(self._delivery, self._template, self._check, self._progress)

    @property
    def sources(self) -> Sequence[SourceLayer]:
        """Read every layer of every database."""
        return self._read[0]

    @cached_property
    def plane(self) -> pyproj.CRS:
        """The plane in which everything is measured."""
        return pyproj.CRS.from_wkt(self.known.plane)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The hash of each layer of the template that was delivered, by code, in the order of the files."""
        hashes: dict[str, str] = {}
        for source in self.known.sources:
            if source.code is not None and source.code not in hashes:
                hashes[source.code] = source.whole_hash
        return hashes

    def layer(self, code: str | None) -> DeliveredLayer | None:
        """A layer of the template, read and transformed into the plane; None if it was not delivered."""
        if code is None or code not in self.hashes:
            return None
        if code not in self._layers:
            first = next(one for one in self.sources if one.wish is not None and one.wish.entry.code == code)
            self._layers[code] = laid_out(first, self.plane)
        return self._layers[code]

    def content_of(self, check: Check) -> Iterator[str]:
        """Hashes of everything that a check of a layer reads: its layer, other named layers, the plane, and texts."""
        yield self.known.plane
        others = (check.keys.get(key) for key, form in KINDS[check.kind].keys.items() if form == LAYER)
        for code in (check.layer, *others):
            yield self.hashes.get(code or "", "")
        if check.kind == "text_number":
            for file in named_texts(self._delivery, check):
                yield file.path
                yield _hash_of(file.place, self._progress)


def _hash_of(place: Path, progress: Progress) -> str:
    """The hash of a file with everything that belongs to it; "" if it cannot be read, which is reported elsewhere."""
    try:
        return hash_of_files(place, place, progress)
    except OSError:
        return ""


def _source_hash(source: SourceLayer) -> str:
    """The hash of everything that a layer's file says about it."""
    raw = source.raw
    facts = (
        raw.format,
        raw.is_table,
        raw.encoding,
        raw.is_assumed,
        raw.problems,
        raw.decoded,
        raw.broken,
        raw.replaced,
    )
    system = "" if raw.crs is None else raw.crs.to_wkt()
    types = [str(one) for one in raw.attributes.dtypes]
    shapes = np.full(len(raw.attributes), None, dtype=object) if raw.is_table else raw.geometries
    missing = hashlib.sha256(shapely.is_missing(shapes).tobytes()).hexdigest()  # which leaves nothing in the other hash
    parts = (repr(facts), system, *types, missing, content_hash(shapes, raw.attributes))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
