"""The journal of a check in blocks: what is known of its question, its parcels, and every block that is finished.

A block is there as a whole or not at all, so that whatever ends a run, the same question goes on where it was.
"""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onemap.layers.files.journal_folder import Journal, disk_errors_as_refusals
from onemap.rules.judge.check.check import Answer
from onemap.rules.judge.distributed.parcel_files import ParcelBlock
from onemap.rules.judge.distributed.row_files import RowFile, keep_rows, row_file_size
from onemap.rules.judge.kinds.ground import WarpedRaster
from onemap.rules.judge.question.check_plan import CheckPlan

_ABOUT, _FACTS = "about.json", "block.json"


@dataclass(frozen=True)
class FinishedBlock:
    """What is known of a finished block besides the rows of its tables: `Answer` without tables.

    rows: where those lie; counts: of how many parcels what was found, as of each verdict.
    """

    parcels: int
    rows: RowFile
    counts: dict[str, int]
    layers: dict[str, dict[str, Any]]
    computed: int
    skipped: list[dict[str, str]]
    warped: list[WarpedRaster]

    @property
    def unreadable(self) -> frozenset[str]:
        """The layers that could not be read."""
        return frozenset(code for code, record in self.layers.items() if record["reason"] == "unreadable")


class BlockJournal:
    """One question's folder. about: what was noted when it was made."""

    def __init__(self, place: Journal, about: dict[str, Any]) -> None:
        self.folder = place.folder
        if not place.has(_ABOUT):
            place.keep_text(_ABOUT, about)
        with disk_errors_as_refusals(self.folder):
            self.about: dict[str, Any] = place.text(_ABOUT)
            for path in (self.parcels, self.finished_folder):
                path.mkdir(exist_ok=True)
        self._done: dict[int, FinishedBlock] = {}
        for path in sorted(self.finished_folder.iterdir()):
            if path.suffix == ".part":
                shutil.rmtree(path, ignore_errors=True)
            elif (found := read_finished(path)) is not None:
                self._done[int(path.name)] = found
            else:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def parcels(self) -> Path:
        """Where the parcels lie."""
        return self.folder / "parcels"

    @property
    def finished_folder(self) -> Path:
        """Where the finished blocks lie, each in a folder of its number."""
        return self.folder / "done"

    @property
    def finished_blocks(self) -> dict[int, FinishedBlock]:
        """The finished blocks by number."""
        return self._done

    def note(self, number: int, block: FinishedBlock) -> None:
        """A block has been finished: it lies in its folder."""
        self._done[number] = block

    def begin_again(self) -> None:
        """Throw away every finished block: they answer to something else than was asked."""
        self._done.clear()
        for path in self.finished_folder.iterdir():
            shutil.rmtree(path)


def block_name(number: int) -> str:
    """The name of the folder of a finished block."""
    return f"{number:06d}"


def keep_block(
    finished_folder: Path,
    block: ParcelBlock,
    answer: Answer,
    counts: Mapping[str, int],
    check_plan: CheckPlan,
    *,
    is_range: bool = False,
) -> FinishedBlock:
    """Write a finished block beside its place and give it its name, so that it is there as a whole or not at all.

    is_range: it is a check's, of parcels that follow each other, so that its rows need no merging.
    """
    rules = {rule.id: order for order, rule in enumerate(check_plan.rules)}
    with _block_folder(finished_folder, block.number) as part:
        found = FinishedBlock(
            parcels=len(block.positions),
            rows=keep_rows(part, block, answer.tables, rules, is_range=is_range),
            counts=dict(counts),
            layers=answer.layers,
            computed=answer.computed,
            skipped=answer.skipped,
            warped=answer.warped,
        )
        (part / _FACTS).write_text(json.dumps(asdict(found), ensure_ascii=False), encoding="utf-8")
    return found


def place_block(finished_folder: Path, number: int, files: Mapping[str, bytes]) -> None:
    """Put a finished block that was written elsewhere, its files by name, in its place: as a whole or not at all."""
    with _block_folder(finished_folder, number) as part:
        for name, content in files.items():
            (part / name).write_bytes(content)


@contextlib.contextmanager
def _block_folder(finished_folder: Path, number: int) -> Iterator[Path]:
    part = finished_folder / f"{block_name(number)}.{uuid.uuid4().hex}.part"
    part.mkdir()
    try:
        yield part
        try:
            part.rename(finished_folder / block_name(number))
        except OSError:
            # Where it exists, a worker thought dead has finished it meanwhile.
            if not (finished_folder / block_name(number)).exists():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_finished(folder: Path) -> FinishedBlock | None:
    """A finished block; None if what lies there is not whole."""
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        rows = RowFile(**facts.pop("rows"))
        facts["warped"] = [WarpedRaster(**item) for item in facts["warped"]]
        return FinishedBlock(rows=rows, **facts) if row_file_size(folder) == rows.size else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
