"""Typed text that is not sent yet: stored in the profile, because QGIS may be closed, or crash, before it is sent."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field

from qgis.core import QgsSettings

OpinionKey = tuple[str, str]  # case, department: new parcels void an opinion, not what is typed
GROUP = "onemap/unsent"
UNKNOWN_ROUND = 0  # of what an earlier version has kept


@dataclass(frozen=True)
class UnsentText:
    """The typed text for one department's opinion.

    base: the conclusion, text and basis with which the typing began; an earlier version kept no basis.
    round: the one in which it began, with that round's parcels.
    base_answers: the answers with which it began.
    """

    conclusion: str
    text: str
    basis: str
    answers: dict[str, str] = field(default_factory=dict)
    base: tuple[str, ...] = ("", "")
    round: int = UNKNOWN_ROUND
    base_answers: dict[str, str] = field(default_factory=dict)

    def follow(self, words: tuple[str, str, str], answers: dict[str, str]) -> UnsentText:
        """The typed text with what is stored now wherever nobody has typed: else it would undo what others saved.

        words: conclusion, text and basis, which stand and fall together.
        """
        own_words = (self.conclusion, self.text, self.basis)
        own_words, base = (words, words) if own_words == self.base else (own_words, self.base)
        typed_answers = {item: text for item, text in self.answers.items() if text != self.base_answers.get(item, "")}
        bases = {item: self.base_answers.get(item, "") for item in typed_answers}
        return UnsentText(*own_words, {**answers, **typed_answers}, base, self.round, {**answers, **bases})


class UnsentTexts:
    """Typed texts by case and department.

    home: the location of the displayed case's library, because a copy of it has cases with the same ids.
    """

    def __init__(self) -> None:
        self.home = ""

    def of(self, key: OpinionKey) -> UnsentText | None:
        """The typed text; None for none."""
        try:
            values = json.loads(QgsSettings().value(self._place(*key), "", type=str))
            return UnsentText(**{**values, "base": tuple(values["base"])})
        except (ValueError, TypeError, KeyError):  # nothing is stored, or somebody has written into the settings
            return None

    def keep(self, key: OpinionKey, text: UnsentText) -> None:
        """Store a typed text."""
        QgsSettings().setValue(self._place(*key), json.dumps(asdict(text), ensure_ascii=False))

    def drop(self, key: OpinionKey) -> None:
        """Remove a text that was sent, or given up."""
        QgsSettings().remove(self._place(*key))

    def departments(self, case: str) -> set[str]:
        """The departments of a case with typed text."""
        settings = QgsSettings()
        settings.beginGroup(self._place(case))
        return set(settings.childKeys())

    def _place(self, *key: str) -> str:
        library = hashlib.sha256(self.home.encode()).hexdigest()[:16]  # a path would be groups within groups
        return "/".join((GROUP, library, *key))
