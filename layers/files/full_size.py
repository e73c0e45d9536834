"""Limits of unpacked size: a file that claims to hold far more than its size is made to fill the memory."""

from pathlib import Path

from onemap.layers.errors import OneMapError

# What is read of any file, and how many times its own size of a larger one.
MOST_BYTES, _MOST_TIMES = 300_000_000, 50
VALUE_BYTES = 16  # of a value as an object, and the place that it has in its column


def most_bytes(path: Path) -> int:
    """Return the most bytes to which a file may unpack."""
    return max(MOST_BYTES, _MOST_TIMES * path.stat().st_size)


def check_full_size(path: Path, full_bytes: int) -> None:
    """Refuse a file whose claimed unpacked size is too large. Raises OneMapError source.swollen."""
    if full_bytes > most_bytes(path):
        kilobytes, megabytes, most = -(-path.stat().st_size // 1000), full_bytes // 1_000_000, MOST_BYTES // 1_000_000
        raise OneMapError("source.swollen", file=path.name, kilobytes=kilobytes, megabytes=megabytes, most=most)
