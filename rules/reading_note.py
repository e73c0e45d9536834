"""What was told when parcels were read, as a run keeps it: whoever need not read them again tells the same."""

import json
from collections.abc import Sequence

from onemap.layers.errors import Problem


def reading_note(problems: Sequence[Problem]) -> bytes | None:
    """Problems as JSON; None if they would not come back as they are."""
    said = [[problem.code, problem.facts] for problem in problems]
    try:
        text = json.dumps(said)
    except (TypeError, ValueError):
        return None
    return text.encode() if json.loads(text) == said else None


def noted_problems(note: bytes) -> tuple[Problem, ...]:
    """What `reading_note` has written. Raises ValueError."""
    return tuple(Problem(code, facts) for code, facts in json.loads(note))
