"""The resolution of a JPEG in dots per inch, from its header."""

from pathlib import Path

_INCH_CM = 2.54


def dots_per_inch(path: Path) -> float | None:
    """The smaller of both resolutions of a JPEG's JFIF head; None where it does not say."""
    with path.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\xff\xd8\xff\xe0" or head[6:11] != b"JFIF\0" or len(head) < 18:
        return None
    unit, across, down = head[13], int.from_bytes(head[14:16], "big"), int.from_bytes(head[16:18], "big")
    dots = {1: 1.0, 2: _INCH_CM}.get(unit)
    return None if dots is None or not min(across, down) else min(across, down) * dots
