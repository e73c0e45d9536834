"""Numbers of difference spots: division, year and serial; a spot that has a number keeps it."""

import re
from collections import defaultdict

import numpy as np
import pandas as pd

from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, read_version, versions
from onemap.rules.answers.compare.decisions import spots_that_stayed
from onemap.rules.answers.compare.spot_fields import LAYER, plain_pair
from onemap.rules.judge.findings.table import plain_values
from onemap.rules.judge.overlay.threads import Threads

_NUMBER = re.compile(r"(\d{6}\d{4})(\d{5,})")
_FACTS = ("CYLX", "TGDM", "CGDM")  # what a spot is, besides its plans and its ground


def numbers_of_spots(
    library: Library,
    before: Version | None,
    had: StoredFeatures | None,
    attributes: pd.DataFrame,
    grounds: np.ndarray,
    regions: np.ndarray,
    year: str,
    threads: Threads,
) -> tuple[list[str], int]:
    """A number for each spot (n,): six digits of the division, the year, a serial of five; and how many were kept.

    before: the previous version; had: its features. A spot with the same plans, type and codes on mostly the same
    ground keeps its number. No number is given twice over all versions.
    """
    last: dict[str, int] = defaultdict(int)
    for version in versions(library):
        if version.code == LAYER:
            is_before = before is not None and version.table == before.table
            features = had if had is not None and is_before else read_version(library, version, None)
            for name in _numbers(features):
                match = _NUMBER.fullmatch(name)
                if match:
                    last[match[1]] = max(last[match[1]], int(match[2]))
    former_numbers = _former_numbers(had, attributes, grounds, threads) if had is not None else {}
    names = []
    for row, region in enumerate(regions):
        if row in former_numbers:
            names.append(former_numbers[row])
            continue
        head = f"{region}{year}"
        last[head] += 1
        names.append(f"{head}{last[head]:05d}")
    return names, len(former_numbers)


def _numbers(features: StoredFeatures) -> list[str]:
    rows = features.attributes
    return [str(name) for name in rows["CYTBBH"] if name is not None] if "CYTBBH" in rows else []


def _former_numbers(
    features: StoredFeatures, attributes: pd.DataFrame, grounds: np.ndarray, threads: Threads
) -> dict[int, str]:
    """Row → the spot's number in the previous version, if at least half of their joint ground is common."""
    had = features.attributes.reindex(columns=["CYTBBH", "BDGH", *_FACTS])
    rows = np.flatnonzero(had["CYTBBH"].notna())
    had = had.iloc[rows]
    pairs = spots_that_stayed(grounds, _facts(attributes), features.geometries[rows], _facts(had), threads)
    return {row: str(had["CYTBBH"].iloc[old]) for row, old in pairs.items()}


def _facts(frame: pd.DataFrame) -> list[tuple[str | None, ...]]:
    """Plans, type and codes of each row."""
    columns = [[plain_pair(value) for value in frame["BDGH"]], *(plain_values(frame[name]) for name in _FACTS)]
    return list(zip(*columns, strict=True))
