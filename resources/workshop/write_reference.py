"""What is written from the verbs as they are declared: the reference in docs/, and the table that the plugin reads."""

from __future__ import annotations

from workshop import pythons
from workshop.machine import program, run


def write() -> int:
    """Write both anew; a test holds them equal to the declarations."""
    return run([program(pythons.core(), "python"), "-P", "-m", "onemap.rules.verbs.commands.reference"])
