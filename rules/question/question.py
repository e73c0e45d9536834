"""What a run is asked: which parcels, by which packs, of which day, and with which layers replaced for a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.reading import source_name
from onemap.rules.inputs.parcels import Parcels, no_parcels, read_parcels
from onemap.rules.packs.laws import check_laws
from onemap.rules.packs.pack import Pack, joined_rules, pack_text, parse_pack


@dataclass(frozen=True)
class CheckOptions:
    """The options of `check` besides the library, as they were given."""

    parcels: str
    layer: str | None = None
    id_field: str | None = None
    encoding: str | None = None
    packs: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    as_of: date | None = None
    known_at: datetime | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)
    normalising: SourceOptions = field(default_factory=SourceOptions)


@dataclass(frozen=True)
class Question:
    """All that the answer depends on besides the library's versions. `replaced`: layer code → file.

    source: how the parcels were read, for the record.
    """

    parcels: Parcels
    packs: tuple[Pack, ...]
    only: tuple[str, ...]
    as_of: date
    known_at: datetime | None
    language: str
    replaced: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, library: Library) -> dict[str, Any]:
        """The record of what was asked."""
        return {
            "library": library.shown_name,
            "library_id": library.id,
            "parcels": self.parcels.source,
            "parcels_hash": self.parcels.source_hash,
            "parcels_ground": self.parcels.ground_hash,
            "id": self.parcels.id_field,
            **self.source,
            "only": list(self.only),
            "as_of": self.as_of.isoformat(),
            "known_at": self.known_at.isoformat() if self.known_at else None,
            "replaced": {code: source_name(file) for code, file in self.replaced.items()},
            "lang": self.language,
        }


def packs_of(library: Library, named: Sequence[str]) -> list[Pack]:
    """The packs that are named, else the library's.

    Raises OneMapError pack.…, rule.….
    """
    catalogue = library.catalogue()
    if named:
        texts = [pack_text(name) for name in named]
    else:
        texts = [(text, name) if text else pack_text(name) for name, text in library.packs()]
    kept: dict[tuple[str, str], tuple[Mapping[str, LayerEntry], Pack]] = library.kept.setdefault("packs", {})
    read = {name: kept[name] for name in texts if name in kept and kept[name][0] == catalogue}
    read |= {name: (catalogue, parse_pack(*name, catalogue)) for name in texts if name not in read}
    kept.clear()  # but for those that the last question was asked by
    kept |= read
    packs = [read[name][1] for name in texts]
    if named:
        check_laws(packs, date.today())
    return packs


def required_fields(packs: Sequence[Pack], code: str) -> list[str]:
    """The fields of a layer that the rules of these packs use to decide."""
    deciding = [rule for rule in joined_rules(packs) if code in rule.layers_named and rule.finds]
    return list(dict.fromkeys(name for rule in deciding for name in rule.layer_fields))


def question_of(
    library: Library,
    options: CheckOptions,
    language: str,
    workers: int = 1,
    progress: Progress = SILENT,
) -> Question:
    """Read the packs, then the parcels.

    workers: threads.
    progress: of reading the parcels.
    Raises OneMapError for every refusal of either.
    """
    question = question_about(library, options, language, no_parcels(options.parcels, ""))
    source = (options.parcels, options.layer, options.id_field, options.encoding)
    return replace(question, parcels=read_parcels(*source, options.normalising, library.crs, workers, progress))


def question_about(library: Library, options: CheckOptions, language: str, parcels: Parcels) -> Question:
    """What is asked about some parcels. Raises OneMapError pack.…, rule.…."""
    return Question(
        parcels=parcels,
        packs=tuple(packs_of(library, options.packs)),
        only=options.only,
        as_of=options.as_of or date.today(),
        known_at=options.known_at,
        language=language,
        replaced=options.replaced,
        source={
            "layer": options.layer,
            "crs": options.normalising.crs,
            "encoding": options.encoding,
            "repair": options.normalising.repair,
            "transform_hash": options.normalising.transform.hash if options.normalising.transform else None,
        },
    )
