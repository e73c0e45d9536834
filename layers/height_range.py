"""Heights compared with the range of possible heights in metres."""

import numpy as np


class HeightRange:
    """Counts heights, block by block, and those that are impossible, such as heights in another unit."""

    def __init__(self, heights_m: tuple[float, float]) -> None:
        """heights_m: the least and the greatest possible height."""
        self._least, self._most = heights_m
        self._lowest, self._highest = np.inf, -np.inf
        self.count = 0
        self.beyond = 0

    def see(self, heights: np.ndarray) -> None:
        """Count the next heights in metres, of any shape; NaN stands for none."""
        finite_heights = heights[np.isfinite(heights)]
        self.count += len(finite_heights)
        self.beyond += int(((finite_heights < self._least) | (finite_heights > self._most)).sum())
        self._lowest = min(self._lowest, finite_heights.min(initial=np.inf))
        self._highest = max(self._highest, finite_heights.max(initial=-np.inf))

    def facts(self) -> dict[str, str]:
        """The range of possible heights and that of the heights seen, as facts for the messages."""
        values = {"least": self._least, "most": self._most, "lowest": self._lowest, "highest": self._highest}
        return {name: f"{value:.6g}" for name, value in values.items()}
