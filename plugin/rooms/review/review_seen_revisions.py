"""The revision of each case that the user has seen, stored in the settings.

A library is identified by its location, because a copy of it has cases with the same ids.
"""

from __future__ import annotations

import json

from onemap.plugin.profile import settings

MAX_CASES = 2000


def seen_revision(library: str, case: str) -> int:
    """The revision that the user has seen; 0 for a case never opened."""
    return int(_stored_revisions().get(_name(library, case), 0))


def store_seen_revision(library: str, case: str, revision: int) -> None:
    """Store that a revision was seen; the cases seen longest ago are dropped first."""
    revisions = _stored_revisions()
    revisions.pop(_name(library, case), None)
    revisions[_name(library, case)] = revision
    settings.put("review_seen", json.dumps(dict(list(revisions.items())[-MAX_CASES:])))


def _name(library: str, case: str) -> str:
    return f"{library} {case}"


def _stored_revisions() -> dict[str, int]:
    try:
        revisions = json.loads(settings.get("review_seen"))
    except ValueError:
        return {}
    return revisions if isinstance(revisions, dict) else {}
