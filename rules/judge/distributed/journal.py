"""The journal of a check in blocks: its question, its parcels, and every finished block.

A block is a part of the journal, complete or absent, so that a run that ended for any reason goes on where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from onemap.layers.files.journal_folder import Journal, disk_errors_as_refusals
from onemap.layers.library.library import Library, sha256
from onemap.layers.reason import Reason
from onemap.layers.software import software_versions
from onemap.layers.sources.reading import content_hash
from onemap.rules.judge.check.check import Answer
from onemap.rules.judge.distributed.parcel_files import ParcelBlock
from onemap.rules.judge.distributed.row_files import RowFile, read_head, write_rows
from onemap.rules.judge.inputs.check_record import LayerRecord, SkippedRule, WarpedRaster
from onemap.rules.judge.question.check_plan import CheckPlan
from onemap.rules.judge.question.question import Question

_ABOUT, _FINISHED = "about.json", "done"
_LAYOUT = 7  # of the journal: another one is another question


@dataclass(frozen=True)
class FinishedBlock:
    """The facts of a finished block besides its tables: `Answer` without tables.

    rows: where the tables' rows are; counts: of parcels by verdict.
    """

    rows: RowFile
    parcels: int
    counts: dict[str, int]
    layers: dict[str, LayerRecord]
    computed: int
    skipped: list[SkippedRule]
    warped: list[WarpedRaster]

    @property
    def unreadable(self) -> frozenset[str]:
        """The layers that could not be read."""
        return frozenset(code for code, record in self.layers.items() if record["reason"] == Reason.UNREADABLE)


class BlockJournal:
    """The folder of one question. about: what was noted when it was made."""

    def __init__(self, place: Journal, about: dict[str, Any]) -> None:
        self.place, self.folder = place, place.folder
        if not place.has(_ABOUT):
            place.keep_text(_ABOUT, about)
        with disk_errors_as_refusals(self.folder):
            self.about: dict[str, Any] = place.text(_ABOUT)
            for path in (self.parcels, self.folder / _FINISHED):
                path.mkdir(exist_ok=True)
        self._finished_blocks: dict[int, FinishedBlock] = {}
        for path in sorted((self.folder / _FINISHED).iterdir()):
            if path.suffix or (finished := _read_whole(path)) is None:
                path.unlink()
            else:
                self._finished_blocks[int(path.name)] = finished

    @property
    def parcels(self) -> Path:
        """Where the parcels lie."""
        return self.folder / "parcels"

    @property
    def finished_blocks(self) -> dict[int, FinishedBlock]:
        """The finished blocks by number."""
        return self._finished_blocks

    def note(self, number: int, block: FinishedBlock) -> None:
        """Note that a block is finished and in the journal."""
        self._finished_blocks[number] = block

    def begin_again(self) -> None:
        """Delete every finished block: they answer another question."""
        self._finished_blocks.clear()
        for path in (self.folder / _FINISHED).iterdir():
            path.unlink()


def keep_block(
    place: Journal,
    block: ParcelBlock,
    answer: Answer,
    counts: Mapping[str, int],
    check_plan: CheckPlan,
    *,
    is_range: bool = False,
) -> FinishedBlock:
    """Store a finished block in a journal.

    is_range: it belongs to a check and has consecutive parcels, so that its rows need no merging. Raises OneMapError
    journal.failed.
    """
    facts = {
        "parcels": len(block.positions),
        "counts": dict(counts),
        "layers": answer.layers,
        "computed": answer.computed,
        "skipped": answer.skipped,
        "warped": answer.warped,
    }
    rules = {rule.id: order for order, rule in enumerate(check_plan.rules)}
    write = partial(write_rows, block=block, tables=answer.tables, rules=rules, facts=facts, is_range=is_range)
    return _read(place.keep(block_name(block.number), write))


def place_block(place: Journal, number: int, content: bytes) -> FinishedBlock:
    """Store a finished block that was written elsewhere. Raises OneMapError journal.failed."""
    return _read(place.keep(block_name(number), lambda path: path.write_bytes(content)))


def block_name(number: int) -> str:
    """The name of a finished block in a journal."""
    return f"{_FINISHED}/{number:06d}"


def _read(path: Path) -> FinishedBlock:
    rows, facts = read_head(path)
    return FinishedBlock(rows, **facts)


def _read_whole(path: Path) -> FinishedBlock | None:
    """A finished block; None if it is incomplete."""
    try:
        return _read(path)
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException):
        return None


def question_key(
    library: Library,
    question: Question,
    given_id_field: str | None,
    check_plan: CheckPlan,
    against: str | None,
    as_of: date | None,
    block: int,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """The key of a question's journal.

    given_id_field: the field of the parcels' ids, None where none was given. as_of: the day, None where none was given:
    then a run begun yesterday goes on if the versions in force today are the same. block: the most parcels of a block.
    options: further ones, such as those of a remedy.
    """
    codes = sorted(check_plan.codes)
    catalogue = library.catalogue()
    parcels = question.parcels
    return {
        "layout": _LAYOUT,
        "software": software_versions(),
        "library": library.id,
        "parcels": [parcels.source, parcels.source_hash, given_id_field, dict(question.source)],
        "packs": [pack.hash for pack in question.packs],
        "rules": [rule.hash for rule in check_plan.rules],
        "skipped": [dict(item) for item in check_plan.skipped],
        "only": list(question.only),
        "as_of": as_of.isoformat() if as_of else None,
        "known_at": question.known_at.isoformat() if question.known_at else None,
        "layers": [_layer(check_plan, code) for code in codes],
        "catalogue": sha256(repr([catalogue.get(code) for code in codes])),
        "replaced": {code: content_hash(Path(file), Path(file)) for code, file in sorted(question.replaced.items())},
        "language": question.language,
        "against": against,
        "block": block,
        "options": dict(options),
    }


def _layer(check_plan: CheckPlan, code: str) -> list[str | None]:
    """The version in force of a layer, by its content."""
    version = check_plan.in_force(code)
    if version:
        return [code, version.table, version.hash]
    return [
        code,
        None,
        Reason.NOT_IN_FORCE if any(known_version.code == code for known_version in check_plan.known) else None,
    ]
