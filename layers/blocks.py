"""Large arrays block by block, so that what is computed of them never stands in memory for all of it at once."""

from collections.abc import Iterator

BLOCK = 50_000  # features; their coordinates are some dozens of megabytes


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices that together are range(count), each of at most `size`."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
