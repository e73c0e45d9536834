"""Which parcels' verdicts differ from those of a stored run, and which rules say something else now."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.library.library import Library
from onemap.rules.incremental.merged_run import TakenOver
from onemap.rules.runs.arrow_blocks import plain_columns
from onemap.rules.runs.run import Chunk, Run
from onemap.rules.runs.run_store import stored_columns, stored_values

Said = dict[str, dict[str, set[str]]]  # parcel → rule → the verdicts of its rows that count
_SAYING = ("parcel", "rule", "verdict", "counted")


class VerdictChanges:
    """A stored run beside a new one, whose rows come in parts."""

    def __init__(self, library: Library, identifier: str) -> None:
        self._library, self._identifier = library, identifier
        self._after: dict[str, str] = {}
        self._same: set[str] = set()
        self._said: Said = {}
        self._taken: TakenOver | None = None

    @cached_property
    def _before(self) -> dict[str, str]:
        """The verdicts of then, of all parcels of which not the very row was taken over."""
        if self._taken and self._taken.spared.earlier.identifier == self._identifier:
            return self._taken.verdicts_before
        return dict(stored_values(self._library, self._identifier, "parcels", ("parcel", "verdict")))

    def append(self, chunk: Chunk) -> None:
        """The next rows of the new run: parcels, and the findings of the same parcels."""
        self._taken = chunk.taken
        if chunk.taken:
            here, findings = chunk.taken.verdicts_computed, chunk.taken.findings_of_computed()
        elif "parcels" in chunk.rows:
            columns = chunk.rows["parcels"].columns
            here = dict(zip(columns["parcel"], columns["verdict"], strict=True))
            said = chunk.rows["findings"].columns
            findings = zip(*(said[name] for name in _SAYING), strict=True)
        else:
            return
        changed = {parcel: verdict for parcel, verdict in here.items() if self._before.get(parcel) != verdict}
        self._same |= here.keys() - changed.keys()
        self._after |= changed
        if changed:
            _say(self._said, (row for row in findings if row[0] in changed))

    def found(self) -> list[dict[str, Any]]:
        """Each changed parcel: from, to, the rules that say something else; those that stood first, then new ones."""
        changed = [parcel for parcel in {**self._before, **self._after} if parcel not in self._same]
        if not changed:
            return []
        said: Said = {}
        _say(said, self._findings_of(pa.array(changed, pa.string())))
        result = []
        for parcel in changed:
            first, second = (side.get(parcel, {}) for side in (said, self._said))
            rules = [rule for rule in {**first, **second} if first.get(rule) != second.get(rule)]
            told = {"from": self._before.get(parcel), "to": self._after.get(parcel), "rules": rules}
            result.append({"parcel": parcel, **told})
        return result

    def _findings_of(self, wanted: pa.Array) -> Iterator[tuple[str, str, str, bool]]:
        """Parcel, rule, verdict and whether it counts, of all findings of then of some parcels."""
        run = self._taken.spared.earlier.known if self._taken else None
        if run is not None and run.identifier == self._identifier:
            yield from run.findings_of(self._library, wanted)
            return
        for rows in stored_columns(self._library, self._identifier, "findings", _SAYING):
            mine = rows.take(np.flatnonzero(pc.is_in(rows.columns["parcel"].cast(pa.string()), value_set=wanted)))
            yield from zip(*plain_columns(mine.columns.select(_SAYING)).values(), strict=True)


def changed_verdicts(library: Library, identifier: str, run: Run) -> list[dict[str, Any]]:
    """The parcels whose verdict differs from that of a stored run, with the rules that say something else now."""
    changes = VerdictChanges(library, identifier)
    for chunk in run.chunks():
        changes.append(chunk)
    return changes.found()


def _say(said: Said, rows: Iterable[tuple[str, str, str, bool]]) -> None:
    for parcel, rule, verdict, counted in rows:
        if counted:
            said.setdefault(parcel, {}).setdefault(rule, set()).add(verdict)
