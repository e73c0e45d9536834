"""Which revision of each case this person has looked at, kept in the settings, so that what is new can be shown."""

from __future__ import annotations

import json

from onemap.plugin.profile import settings

MOST_KEPT = 2000


def seen_revision(case: str) -> int:
    """The revision that was looked at last; 0 for a case never opened."""
    return int(_kept().get(case, 0))


def keep_seen(case: str, revision: int) -> None:
    """Remember that this revision was looked at; the cases looked at longest ago are forgotten first."""
    kept = _kept()
    kept.pop(case, None)
    kept[case] = revision
    settings.put("review_seen", json.dumps(dict(list(kept.items())[-MOST_KEPT:])))


def _kept() -> dict[str, int]:
    try:
        kept = json.loads(settings.get("review_seen"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}
