"""A seeded maker of an invented town: parcels, and the layers that its departments would send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SEED, PARCELS = 2026, 2000
FEWEST_PARCELS, MOST_PARCELS = 40, 20_000  # room for the planted ones; ground for all


def nobody(_share: float, _step: str, _file: str) -> None:
    """For those who do not ask how far the work is."""


def make(
    folder: Path, seed: int = SEED, parcels: int = PARCELS, report: Callable[[float, str, str], None] = nobody
) -> dict[str, object]:
    """Makes the town's files in `folder`, and gives what city.json holds. One seed, one town.

    Writes the sources of the layers and layers.json (file, code, options of `onemap add`, in order), the
    district, the parcels, a red-line TXT of a few of them, and city.json. The folder is made if need be;
    files of an earlier town in it are replaced.

    report: is told before each step, "ground", "layers" or "files", what share of all is done; of a file its name. What
    it raises ends the work.

    Raises ValueError unless `parcels` is from `FEWEST_PARCELS` to `MOST_PARCELS`, and `seed` is not negative.
    """
    if not FEWEST_PARCELS <= parcels <= MOST_PARCELS:
        raise ValueError(f"parcels must be from {FEWEST_PARCELS} to {MOST_PARCELS}, not {parcels}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    from onemap.resources.sample_city.town import make_town

    return make_town(Path(folder), seed, parcels, report)
