"""Which parcels' verdicts differ from those of a stored run, and which rules say something else now."""

from collections.abc import Iterable, Mapping
from typing import Any

from onemap.layers.library import Library
from onemap.rules.run import Run
from onemap.rules.run_tables import Table
from onemap.rules.runs import stored_values

Said = dict[str, dict[str, set[str]]]  # parcel → rule → the verdicts of its rows that count
_SAYING = ("parcel", "rule", "verdict", "counted")


class VerdictChanges:
    """A stored run beside a new one, whose rows come in parts."""

    def __init__(self, library: Library, identifier: str) -> None:
        self._library, self._identifier = library, identifier
        self._before: dict[str, str] = dict(stored_values(library, identifier, "parcels", ("parcel", "verdict")))
        self._after: dict[str, str] = {}
        self._same: set[str] = set()
        self._said: Said = {}

    def append(self, tables: Mapping[str, Table]) -> None:
        """The next rows of the new run: parcels, and the findings of the same parcels."""
        if "parcels" not in tables:
            return
        columns = tables["parcels"].columns
        here = dict(zip(columns["parcel"], columns["verdict"], strict=True))
        changed = {parcel: verdict for parcel, verdict in here.items() if self._before.get(parcel) != verdict}
        self._same |= here.keys() - changed.keys()
        self._after |= changed
        if changed:
            findings = tables["findings"].columns
            mine = findings[findings["parcel"].isin(changed)]
            _say(self._said, zip(*(mine[name] for name in _SAYING), strict=True))

    def found(self) -> list[dict[str, Any]]:
        """Each changed parcel: from, to, the rules that say something else; those that stood first, then new ones."""
        changed = [parcel for parcel in {**self._before, **self._after} if parcel not in self._same]
        if not changed:
            return []
        said: Said = {}
        wanted = set(changed)
        rows = stored_values(self._library, self._identifier, "findings", _SAYING)
        _say(said, (row for row in rows if row[0] in wanted))
        result = []
        for parcel in changed:
            first, second = (side.get(parcel, {}) for side in (said, self._said))
            rules = [rule for rule in {**first, **second} if first.get(rule) != second.get(rule)]
            told = {"from": self._before.get(parcel), "to": self._after.get(parcel), "rules": rules}
            result.append({"parcel": parcel, **told})
        return result


def changed_verdicts(library: Library, identifier: str, run: Run) -> list[dict[str, Any]]:
    """The parcels whose verdict differs from that of a stored run, with the rules that say something else now."""
    changes = VerdictChanges(library, identifier)
    changes.append(run.tables)
    return changes.found()


def _say(said: Said, rows: Iterable[tuple[str, str, str, bool]]) -> None:
    for parcel, rule, verdict, counted in rows:
        if counted:
            said.setdefault(parcel, {}).setdefault(rule, set()).add(verdict)
