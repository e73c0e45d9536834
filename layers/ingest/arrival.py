"""A source on its way into a library: the source, the options of `add`, who adds it, and the progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import ProblemPlace
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.ingest.coverage import Coverage
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.library.library import Library
from onemap.layers.library.services import Snapshot
from onemap.layers.library.versions import Version
from onemap.layers.messages import names_in_short, phrase
from onemap.layers.progress import Progress
from onemap.layers.records import Record
from onemap.layers.sources.reading import names_of_sources

# How much of adding is done when all is read, and when it is checked: with a look at shapes, and without.
LONG_LOOK, SHORT_LOOK = (0.25, 0.8), (0.55, 0.6)
_READ_ALONE = (0.9, 1.0)
_WRITTEN = 0.98

EMPTY, SHIFT = "empty", "shift"
# What a person may take in spite of a refusal, and the check that refuses it.
ACCEPTABLE = {SHIFT: "position.shift", EMPTY: "source.empty"}


@dataclass(frozen=True)
class LayerFile:
    """One file of those that make a layer, and how it is read: its layer, its encoding, and its normalising.

    source: a path, or the address of a table; name: the name that the version keeps, if known; stored: what the last
    version keeps of the file, if its rows are taken from the library.
    """

    source: str
    layer: str | None = None
    encoding: str | None = None
    normalising: SourceOptions = field(default_factory=SourceOptions)
    name: str | None = None
    stored: Record | None = None


@dataclass(frozen=True)
class AddOptions:
    """The options of `add` besides library and source.

    coverage: what it covers, if that is known already, in place of `covers`; lineage: how the data came, for the
    record; provers: threads that prove polygons valid while they are read; accept: of ACCEPTABLE, the checks that only
    remark; sure: it is this layer, however little it looks like it; measured: the record says how much ground there is;
    overwrite: replace an existing report; proof: of the delivery that it comes with, for the log; is_delivered: it lies
    in a delivery, which may come every night; is_one_of_many: the delivery holds further versions of this layer, so
    that an earlier one does not come back by it; further: the other files of a layer that comes in several, such as one
    for each county; in_place_of: the file that this one replaces, in the version in force on its first day, whose other
    files stay; name: the file's name as the version keeps it.
    """

    code: str
    layer: str | None = None
    encoding: str | None = None
    define: str | None = None
    label: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    covers: str | None = None
    accuracy_m: float | None = None
    copy: bool = False
    keep_bad: bool = False
    report: str | None = None
    overwrite: bool = False
    snapshot: Snapshot | None = None
    provers: Provers = NOBODY
    accept: tuple[str, ...] = ()
    sure: bool = False
    coverage: Coverage | None = None
    lineage: Mapping[str, Any] | None = None
    measured: bool = False
    proof: Mapping[str, Any] | None = None
    is_delivered: bool = False
    is_one_of_many: bool = False
    normalising: SourceOptions = field(default_factory=SourceOptions)
    further: tuple[LayerFile, ...] = ()
    in_place_of: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Arrival:
    """A source on its way into a library: the options, its layer, who adds it, in which language, and the progress.

    is_new: the layer has just been defined; required: the fields of the layer that rules use; shares: the share of the
    work that is done after reading, and after checking; is_sent: a person chose the source, and may have chosen a wrong
    one; else One Map made it; may_be_held: the library may have the same already, and then nothing is written; known:
    the versions of the layer when files of one of them were taken over; None if none were.
    """

    library: Library
    source: str
    options: AddOptions
    entry: LayerEntry
    is_new: bool
    required: Sequence[str]
    who: str
    language: str
    progress: Progress
    shares: tuple[float, float] = SHORT_LOOK
    is_sent: bool = False
    may_be_held: bool = False
    known: tuple[Version, ...] | None = None

    @property
    def files(self) -> list[LayerFile]:
        """All files from which the version is made."""
        options = self.options
        first = LayerFile(self.source, options.layer, options.encoding, options.normalising, options.name)
        return [first, *options.further]

    @property
    def file_names(self) -> list[str]:
        """The names of its files; files with the same name have their folders added, as far as these differ."""
        files = self.files
        if all(file.name for file in files):
            return [str(file.name) for file in files]
        return names_of_sources([file.source for file in files])

    @property
    def place(self) -> ProblemPlace:
        """File and layer, as problems name them; if there are many files, the first ones."""
        return {"file": names_in_short(self.file_names), "layer": self.options.layer}

    def file_places(self) -> list[ProblemPlace]:
        """Each of its files, as problems name it."""
        return [ProblemPlace(file=name) for name in self.file_names]

    def by_file(self) -> "list[Arrival]":
        """Return an arrival for each file alone, for reading."""
        read = self.progress.part(0.0, self.shares[0]).parts([1] * len(self.files))
        arrivals = []
        for file, progress in zip(self.files, read, strict=True):
            own = replace(self.options, layer=file.layer, encoding=file.encoding, normalising=file.normalising)
            options = replace(own, report=None, further=())
            arrivals.append(replace(self, source=file.source, options=options, progress=progress, shares=_READ_ALONE))
        return arrivals

    def step(self, name: str) -> Progress:
        """Return the progress of a step of the work: reading, checking, writing."""
        read, check_end = self.shares
        begin, end = {"reading": (0.0, read), "checking": (read, check_end), "writing": (check_end, _WRITTEN)}[name]
        return self.progress.part(begin, end, phrase(f"progress.{name}", self.language))
