"""Suggestions of a coordinate system from the coordinates of a source that declares none."""

from typing import Any

from onemap.layers.crs.systems import suggestion
from onemap.layers.errors import Problem
from onemap.layers.messages import wording


def undeclared_crs(box: Any, language: str) -> tuple[dict[str, Any], Problem]:
    """The problem that a source has no CRS, with the suggestion from its coordinates. box: its bounds, or None."""
    hint = suggestion(box)
    epsg = hint.facts.get("epsg")
    guess: dict[str, Any] = {
        "code": f"EPSG:{epsg}" if epsg else None,
        "from": "guessed" if epsg else "none",
        "why": wording(hint, language)[0],
    }
    return guess, Problem("crs.missing", {"suggestion": hint})
