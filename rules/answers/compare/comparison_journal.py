"""The journal of a comparison of large plans, from which a cancelled or killed comparison is resumed."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from onemap.layers.errors import Problem
from onemap.layers.files.journal_folder import Journal, journal_folder, work_place
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.software import software_versions
from onemap.rules.answers.compare.comparison_record import KIND
from onemap.rules.answers.compare.plans import Plan
from onemap.rules.judge.distributed.partition import block_count, fits_into_memory, most_parcels

_LAYOUT = 3  # of the folder: another one is another question


@dataclass(frozen=True)
class UnfinishedWork:
    """Where pieces and spots of a comparison are kept meanwhile.

    journal: None for memory; left: how many an earlier attempt had left.
    """

    journal: Journal | None = None
    left: int = 0

    def resumption(self) -> Problem | None:
        """The remark that a comparison was resumed, once its spots are found; None if it was not."""
        if self.journal is None or self.left == 0:
            return None
        return Problem("journal.resumed", {"done": self.left, "of": _blocks(self.journal)})


@contextlib.contextmanager
def unfinished_work(library: Library, question_facts: dict[str, Any]) -> Iterator[UnfinishedWork]:
    """The folder of unfinished work of a question, while the block lasts.

    question_facts: what tells the question from others, as JSON. Raises OneMapError journal.failed.
    """
    of_program = {"layout": _LAYOUT, "software": software_versions(), "library": library.id}
    key = {**of_program, **question_facts, "block": most_parcels()}
    with journal_folder(work_place(library.path, library.id), KIND, key) as journal:
        yield UnfinishedWork(journal, _blocks(journal))


def has_many_features(versions: tuple[Version, Version]) -> bool:
    """Whether two plans have so many features that they are placed on disk, never whole in memory."""
    return not fits_into_memory(sum(version.count for version in versions) / most_parcels())


def has_many_points(plans: tuple[Plan, Plan]) -> bool:
    """Whether two plans in memory have so many points that their common ground is kept on disk."""
    points = np.concatenate([plan.polygons.points for plan in plans])
    return not fits_into_memory(block_count(points, most_parcels()))


def _blocks(journal: Journal) -> int:
    """How many blocks are finished."""
    return sum(1 for path in journal.folder.glob("*-*") if path.name.rpartition("-")[2].isdecimal())
