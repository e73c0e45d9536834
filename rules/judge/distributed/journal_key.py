"""The key of a journal: everything on which the answer to its question depends."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.library.library import Library, sha256
from onemap.layers.reason import Reason
from onemap.layers.software import software_versions
from onemap.layers.sources.reading import content_hash
from onemap.rules.judge.question.check_plan import CheckPlan
from onemap.rules.judge.question.question import Question

_LAYOUT = 7  # of the journal: another one is another question


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

    given_id_field: the field of the parcels' ids, None where none was given.
    as_of: the day, None where none was given: then a run that was begun yesterday goes on, if what is in force today is
    what was in force then.
    block: its most parcels.
    options: what is asked besides, as of a remedy.
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
    return [code, None, Reason.NOT_IN_FORCE if any(known.code == code for known in check_plan.known) else None]
