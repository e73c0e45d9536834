"""Checks of heights: values that no height in metres can have, as those in another unit."""

import numpy as np

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.check_levels import check_of
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.height_range import HeightRange
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import Flaws


def height_flaws(frame: FrameBlocks, entry: LayerEntry, progress: Progress) -> list[Flaws]:
    """Fields of heights of which more than the allowed share of the values cannot be heights in metres."""
    settings = check_of(entry, "value.heights")
    ranges = {field.name: field.heights_m for field in entry.fields if field.name in frame.columns}
    if settings["level"] == "off":
        return []
    seen = {name: HeightRange(heights_m) for name, heights_m in ranges.items() if heights_m is not None}
    for block in frame.blocks(progress) if seen else ():
        for name, heights in seen.items():
            heights.see(frame.numbers(name, block))
    return [
        Flaws(
            "value.heights",
            np.array([-1]),
            [{"field": name, "count": heights.beyond, "of": heights.count, **heights.facts()}],
        )
        for name, heights in seen.items()
        if heights.beyond > settings["share"] * heights.count
    ]
