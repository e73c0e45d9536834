"""Heights held against what a height in metres can be."""

import numpy as np


class HeightRange:
    """Counts heights, block by block, and those that cannot be, as those in another unit."""

    def __init__(self, heights_m: tuple[float, float]) -> None:
        """heights_m: what the least and the greatest can be."""
        self._least, self._most = heights_m
        self._lowest, self._highest = np.inf, -np.inf
        self.count = 0
        self.beyond = 0

    def see(self, heights: np.ndarray) -> None:
        """The next heights in metres, of any shape, not a number where there is none."""
        known = heights[np.isfinite(heights)]
        self.count += len(known)
        self.beyond += int(((known < self._least) | (known > self._most)).sum())
        self._lowest = min(self._lowest, known.min(initial=np.inf))
        self._highest = max(self._highest, known.max(initial=-np.inf))

    def facts(self) -> dict[str, str]:
        """Between what heights can lie, and between what those seen do, as facts for the messages."""
        values = {"least": self._least, "most": self._most, "lowest": self._lowest, "highest": self._highest}
        return {name: f"{value:.6g}" for name, value in values.items()}
