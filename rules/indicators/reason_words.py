"""Why a value is unknown, has no status, or cannot be compared with the one before, in words."""

from onemap.layers.messages import phrase

# Those that findings have too stand in the messages under `reason`, the others under `indicator_reason`.
_OF_LAYERS = ("layer_missing", "not_in_force", "unreadable", "outside_coverage", "no_value", "arithmetic")


def indicator_reasons(reasons: str | None, language: str) -> str:
    """Reasons with commas between, in words."""
    words = [
        phrase(f"reason.{one}" if one in _OF_LAYERS else f"indicator_reason.{one}", language)
        for one in (reasons or "").split(",")
        if one
    ]
    return phrase("said.comma", language).join(words)
