"""Write what is derived from the declarations of verbs: the reference in docs/, and the table that the plugin reads."""

from __future__ import annotations

from workshop import pythons
from workshop.machine import program, run


def write() -> int:
    """Write both anew; a test ensures that they match the declarations."""
    return run([program(pythons.core(), "python"), "-P", "-m", "onemap.rules.verbs.commands.reference"])
