"""Typed text that is not sent yet: kept in the profile, for QGIS may be closed, or die, before it is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from qgis.core import QgsSettings

OpinionKey = tuple[str, str]  # case, department: new parcels void an opinion, not what is typed
GROUP = "onemap/unsent"


@dataclass(frozen=True)
class UnsentText:
    """The typed text for one department's opinion.

    base: the conclusion and text that it was begun on.
    """

    conclusion: str
    text: str
    basis: str
    answers: dict[str, str] = field(default_factory=dict)
    base: tuple[str, str] = ("", "")


class UnsentTexts:
    """Typed texts by case and department."""

    def of(self, key: OpinionKey) -> UnsentText | None:
        """The typed text; None for none."""
        try:
            stored = json.loads(QgsSettings().value(_place(key), "", type=str))
            return UnsentText(**{**stored, "base": tuple(stored["base"])})
        except (ValueError, TypeError, KeyError):  # nothing is stored, or somebody has written into the settings
            return None

    def keep(self, key: OpinionKey, text: UnsentText) -> None:
        """Store a typed text."""
        QgsSettings().setValue(_place(key), json.dumps(asdict(text), ensure_ascii=False))

    def drop(self, key: OpinionKey) -> None:
        """Remove a text that was sent, or given up."""
        QgsSettings().remove(_place(key))

    def departments(self, case: str) -> set[str]:
        """The departments of a case with typed text."""
        settings = QgsSettings()
        settings.beginGroup(f"{GROUP}/{case}")
        return set(settings.childKeys())


def _place(key: OpinionKey) -> str:
    case, department = key
    return f"{GROUP}/{case}/{department}"
