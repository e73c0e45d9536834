"""The lines of one section of a VCT file, taken one after the other; every error names its line."""

import re

from onemap.layers.errors import OneMapError
from onemap.layers.sources.redline.redline_text import number_of

WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
Points = list[tuple[float, float]]


class Section:
    """Lines with their numbers, and the separator of values."""

    def __init__(self, lines: list[tuple[int, str]], file: str, separator: str) -> None:
        self.lines, self.file, self.separator = lines, file, separator
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.lines)

    @property
    def number(self) -> int:
        """The number of the next line, or of the last one."""
        return self.lines[min(self.at, len(self.lines) - 1)][0] if self.lines else 0

    def peek(self) -> str:
        """Return the next line without taking it; "" at the end."""
        return self.lines[self.at][1] if self else ""

    def take(self) -> str:
        """Take the next line. Raises OneMapError vct.cut at the end."""
        if not self:
            raise OneMapError("vct.cut", file=self.file, feature=self.number, line=self.number)
        self.at += 1
        return self.lines[self.at - 1][1]

    @property
    def last_line(self) -> int:
        """The number of the line that was taken last."""
        return self.lines[max(self.at - 1, 0)][0] if self.lines else 0

    def wrong(self) -> OneMapError:
        """Return a refusal of the line that was taken last."""
        number, text = self.lines[max(self.at - 1, 0)]
        return OneMapError("vct.line", file=self.file, feature=number, line=number, text=text[:80])

    def whole(self) -> int:
        """The next line as a whole number. Raises OneMapError vct.line."""
        text = self.take()
        if not WHOLE.fullmatch(text):
            raise self.wrong()
        return int(text)

    def values(self) -> list[str]:
        """The values of the next line."""
        return [part.strip() for part in self.take().split(self.separator)]

    def point(self) -> tuple[float, float]:
        """Take the next line as x and y; ignore what follows them. Raises OneMapError vct.line."""
        text = self.take()
        numbers = [number_of(part) for part in text.split(self.separator if self.separator in text else ",")]
        if not 2 <= len(numbers) <= 4 or numbers[0] is None or numbers[1] is None:
            raise self.wrong()
        return numbers[0], numbers[1]

    def points(self, count: int) -> Points:
        """The next `count` lines as x and y. Raises OneMapError vct.line."""
        return [self.point() for _ in range(max(count, 0))]

    def skip_zeros(self) -> None:
        """Skip lines of a single 0, which end objects."""
        while self and self.peek() == "0":
            self.at += 1
