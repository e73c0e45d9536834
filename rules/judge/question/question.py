"""The question of a run: parcels, packs, day, and layers replaced for a trial."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast

from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.ingest.datum_change import given_change
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.reading import names_of_sources, shown_source, source_name
from onemap.layers.sources.unread_files import UNREAD, unread_problems
from onemap.rules.contract.declaration import Values
from onemap.rules.judge.inputs.check_record import CheckParameters
from onemap.rules.judge.inputs.land_width import LAND_REMARK, NO_LAND, LandWidth
from onemap.rules.judge.inputs.parcels import Parcels, joined_parcels, no_parcels, read_parcels
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.packs.pack import Pack, joined_rules
from onemap.rules.judge.question.given_facts import GivenFacts, checked_facts, facts_content, with_facts

LEFT_OUT = "left_out"  # in the record of a run: the files of parcels that were not read
_OF_READING = ("source.", "format.")  # codes of what keeps a file from being read at all


@dataclass(frozen=True)
class CheckOptions:
    """The options of `check` besides the library, as they were given.

    more_parcels: further files of parcels; unread: files of a folder that may hold parcels but are not read; keep_bad:
    parcels that cannot be used are set aside; facts: of the project, for parcels that do not state them; land: the
    width of land of lines and points.
    """

    parcels: str
    layer: str | None = None
    id_field: str | None = None
    encoding: str | None = None
    packs: tuple[str, ...] = ()
    code_system: str | None = None
    only: tuple[str, ...] = ()
    as_of: date | None = None
    known_at: datetime | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)
    normalising: SourceOptions = field(default_factory=SourceOptions)
    more_parcels: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    keep_bad: bool = False
    facts: GivenFacts = field(default_factory=GivenFacts)
    land: LandWidth = NO_LAND


@dataclass(frozen=True)
class Question:
    """Everything that decides the answer besides the library's versions. `replaced`: layer code → file.

    code_system: the codes by which parcels name their use if they do not say so, None for what each pack states.
    source: how the parcels were read, for the record. in_place: layer code → label of the version that counts as the
    one in force, whatever its dates. used: layer code → table of the version that a run used that is repeated; of these
    layers no other counts, whatever clocks have recorded, as long as `known_at` is set.
    """

    parcels: Parcels
    packs: tuple[Pack, ...]
    only: tuple[str, ...]
    as_of: date
    known_at: datetime | None
    language: str
    replaced: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    code_system: str | None = None
    in_place: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, str] = field(default_factory=dict)

    def parameters(self, library: Library) -> CheckParameters:
        """The parameters of the question, for the record."""
        parameters = {
            "library": library.shown_name,
            "library_id": library.id,
            "parcels": self.parcels.source,
            "parcels_hash": self.parcels.source_hash,
            "parcels_ground": self.parcels.ground_hash,
            "id": self.parcels.id_field,
            **self.source,
            "code_system": self.code_system,
            "only": list(self.only),
            "as_of": self.as_of.isoformat(),
            "known_at": self.known_at.isoformat() if self.known_at else None,
            "replaced": {code: source_name(file) for code, file in self.replaced.items()},
            "lang": self.language,
        }
        return cast(CheckParameters, parameters)

    def with_used_land(self, remarks: Iterable[str]) -> "Question":
        """The question without the stated width of land if no parcel needed it. remarks: codes of those on parcels."""
        if LAND_REMARK in remarks:
            return self
        return replace(self, source={name: value for name, value in self.source.items() if name != "land_width"})


def question_of(
    library: Library,
    options: CheckOptions,
    language: str,
    workers: int = 1,
    progress: Progress = SILENT,
) -> Question:
    """Read the packs, then the parcels.

    workers: threads. progress: of reading the parcels. Raises OneMapError for every refusal of either.
    """
    question = question_about(library, options, language, no_parcels(options.parcels, ""))
    parcels, unread_files = _parcels_of_files(library, options, workers, progress)
    facts = checked_facts(options.facts, joined_rules(question.packs, question.as_of), question.as_of)
    more = ({"facts": facts.plain} if facts.values else {}) | ({LEFT_OUT: unread_files} if unread_files else {})
    with_parcels = replace(question, parcels=with_facts(parcels, facts), source={**question.source, **more})
    return with_parcels.with_used_land(problem.code for problem in parcels.problems)


def _parcels_of_files(
    library: Library, options: CheckOptions, workers: int, progress: Progress
) -> tuple[Parcels, list[str]]:
    """The parcels of all files, and which of several files were not read; problems name each file with its path.

    With `keep_bad`, a file without a single usable parcel is left out, too.
    """
    files = (options.parcels, *options.more_parcels)
    parts: dict[str, Parcels] = {}
    problems_by_file: dict[str, list[Problem]] = {}
    for file, part in zip(files, progress.parts([1] * len(files)), strict=True):
        try:
            parts[file] = read_parcels(
                *(file, options.layer, options.id_field, options.encoding, options.normalising, library.crs),
                *(workers, part, options.keep_bad, len(files) > 1),
                land=options.land,
            )
        except OneMapError as error:
            if len(files) == 1:
                raise
            public_name = shown_source(file)
            file_problems = [
                replace(problem, facts={**problem.facts, "file": public_name}) for problem in error.problems
            ]
            if not (options.keep_bad or error.code.startswith(_OF_READING)):
                raise OneMapError.of(file_problems) from None
            problems_by_file[public_name] = file_problems
    problems = [problem for file_problems in problems_by_file.values() for problem in file_problems]
    if not parts:
        raise OneMapError.of(problems)
    parcels = joined_parcels(_with_distinct_sources(parts)) if len(files) > 1 else parts[files[0]]
    remarks = (*problems, *unread_problems(options.unread), *parcels.problems)
    unread = [problem.facts["file"] for problem in remarks if problem.code == UNREAD]
    return replace(parcels, problems=remarks), [*problems_by_file, *unread]


def _with_distinct_sources(parts: Mapping[str, Parcels]) -> list[Parcels]:
    """The parcels of several files; files of the same name are told apart by their folders. parts: by path."""
    times = Counter(part.source for part in parts.values())
    names = names_of_sources(list(parts))
    return [
        part.with_source(name) if times[part.source] > 1 else part
        for name, part in zip(names, parts.values(), strict=True)
    ]


def question_about(library: Library, options: CheckOptions, language: str, parcels: Parcels) -> Question:
    """The question about some parcels. Raises OneMapError pack.…, rule.…."""
    as_of = options.as_of or library.today()
    return Question(
        parcels=parcels,
        packs=tuple(packs_of(library, options.packs, options.code_system, as_of)),
        code_system=options.code_system,
        only=options.only,
        as_of=as_of,
        known_at=options.known_at,
        language=language,
        replaced=options.replaced,
        source={
            "layer": options.layer,
            "crs": options.normalising.crs,
            "encoding": options.encoding,
            "repair": options.normalising.repair,
            "transform_hash": options.normalising.transform.hash if options.normalising.transform else None,
            **({"fields": dict(options.normalising.fields)} if options.normalising.fields else {}),
            **({"keep_bad": True} if options.keep_bad else {}),
            **({"land_width": options.land.text} if options.land.text else {}),
        },
    )


def normalising_options(values: Values) -> SourceOptions:
    """How a source is transformed into the library's system, from a verb's values."""
    return SourceOptions(
        crs=values.get("crs"),
        transform=given_change(values.get("transform")),
        fields=values.get("fields") or {},
        repair=bool(values.get("repair")),
    )


def check_options(values: Values, as_of: date | None = None, facts: GivenFacts | None = None) -> CheckOptions:
    """The options of a check from a verb's values.

    as_of: the day for a verb without such an option. facts: of the project, for a verb without a file of facts. Raises
    UsageError usage.value, OneMapError data.….
    """
    if values.get("data"):
        facts = facts_content(values["data"])[1]
    files = values["parcels"]
    first, *more = files if isinstance(files, (list, tuple)) else [files]
    return CheckOptions(
        parcels=first,
        more_parcels=tuple(more),
        unread=tuple(values.get("unread") or ()),
        keep_bad=bool(values.get("keep_bad")),
        layer=values.get("layer"),
        id_field=values.get("id"),
        encoding=values.get("encoding"),
        packs=tuple(values.get("pack") or ()),
        code_system=values.get("code_system"),
        only=tuple(values.get("only") or ()),
        as_of=values.get("as_of") or as_of,
        known_at=values.get("known_at"),
        replaced=_replacements(values.get("replace") or ()),
        facts=facts or GivenFacts(),
        normalising=normalising_options(values),
        land=LandWidth(values.get("land_width") or ""),
    )


def _replacements(texts: Sequence[str]) -> dict[str, str]:
    """The values of --replace CODE=FILE. Raises UsageError usage.value."""
    replaced: dict[str, str] = {}
    for item in texts:
        code, _, file = (part.strip() for part in item.partition("="))
        # Of two files in place of one layer neither is taken in silence.
        if not code or not file or code in replaced:
            raise UsageError("usage.value", field="--replace", value=item)
        replaced[code] = file
    return replaced
