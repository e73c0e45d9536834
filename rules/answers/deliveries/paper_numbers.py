"""Numbers at a declared place of a text: after some words, or in a table's row and column named by words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from onemap.layers.sources.pdf_text import PdfPage, TextPiece
from onemap.layers.sources.word_text import WordBlock
from onemap.rules.answers.deliveries.check_kinds import UNITS_M2

_NEAR = 40  # signs after the words behind which a number stands
_DIGITS = re.compile(r"([0-9](?:[0-9.,]*[0-9])?)\s*(年|%)?\s*(万)?\s*([^\W\d_]*)")
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_UNITS = {"公顷": "ha", "平方公里": "km2", "平方千米": "km2", "平方米": "m2", "亩": "mu"}
_UNITS |= {"ha": "ha", "hectares": "ha", "km2": "km2", "m2": "m2", "mu": "mu"}
_MYRIAD = Decimal(10_000)
_LINE = 0.6  # of a sign's size: how far bases of one line lie apart
_SPACES = re.compile(r"(?<![!-~])\s+|\s+(?![!-~])")


@dataclass(frozen=True)
class StatedNumber:
    """A number as a text states it. half: half of its last digit; unit: of UNITS_M2, None if none is written."""

    value: Decimal
    half: Decimal
    unit: str | None

    def in_unit(self, unit: str | None) -> tuple[float, float]:
        """The number and half of its last digit, converted to another unit if both have one."""
        if unit is None or self.unit is None:
            return float(self.value), float(self.half)
        factor = UNITS_M2[self.unit] / UNITS_M2[unit]
        return float(self.value) * factor, float(self.half) * factor


def without_blanks(text: str) -> str:
    """A text without the blanks and line ends beside Chinese characters."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", text).strip())


def _first_number(text: str) -> StatedNumber | None:
    """The first number that is neither a year nor a share; None if it is not written as a number.

    Two numbers shown without a blank between them do not count.
    """
    match = next((one for one in _DIGITS.finditer(text) if one.group(2) is None), None)
    if match is None or not _NUMBER.fullmatch(match.group(1)):
        return None
    number, _, myriad, word = match.groups()
    value = Decimal(number.replace(",", ""))
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    times = _MYRIAD if myriad else Decimal(1)
    unit = next((_UNITS[name] for name in sorted(_UNITS, key=len, reverse=True) if word.startswith(name)), None)
    return StatedNumber(value * times, half * times, unit)


def _after_words(text: str, words: str) -> Iterator[StatedNumber]:
    """The first number after each occurrence of the words."""
    for match in re.finditer(re.escape(words), text):
        number = _first_number(text[match.end() : match.end() + _NEAR])
        if number is not None:
            yield number


def numbers_in_word(
    blocks: Sequence[WordBlock], after: str, column: str | None, under: str | None
) -> list[StatedNumber]:
    """The numbers after some words; or in the table row that has the words, in the column with a head.

    under: words of a paragraph; everything before it is ignored.
    """
    after, column = without_blanks(after), None if column is None else without_blanks(column)
    if under is not None:
        first = next(
            (at for at, block in enumerate(blocks) if without_blanks(under) in without_blanks(block.text)), len(blocks)
        )
        blocks = blocks[first:]
    if column is None:
        texts = [row for block in blocks for row in _lines(block)]
        return [number for text in texts for number in _after_words(without_blanks(text), after)]
    return [number for block in blocks if block.rows for number in _in_cells(block.rows, after, column)]


def _lines(block: WordBlock) -> list[str]:
    return [block.text] if block.rows is None else [" ".join(row) for row in block.rows]


def _in_cells(rows: Sequence[Sequence[str]], after: str, column: str) -> Iterator[StatedNumber]:
    places: list[int] = []
    for row in rows:
        cells = [without_blanks(cell) for cell in row]
        heads = [at for at, cell in enumerate(cells) if column in cell]
        places = heads or places
        if any(after in cell for cell in cells) and not heads:
            numbers = [_first_number(cells[at]) for at in places if at < len(cells)]
            yield from (number for number in numbers if number is not None)


def numbers_in_pdf(pages: Sequence[PdfPage], after: str, column: str | None, under: str | None) -> list[StatedNumber]:
    """Like `numbers_in_word` for a PDF, in which columns are recognised by horizontal position."""
    after, column, under = without_blanks(after), column and without_blanks(column), under and without_blanks(under)
    if column is None:
        text = without_blanks("\n".join(page.text for page in pages))
        begin = 0 if under is None else text.find(under)
        return [] if begin < 0 else list(_after_words(text[begin:], after))
    numbers: list[StatedNumber] = []
    head: tuple[float, float] | None = None
    is_open = under is None
    for page in pages:
        text, places = _whole_text(page.pieces)
        begin = 0 if is_open else text.find(str(under))
        if begin < 0:
            continue
        is_open = True
        heads = list(_runs(text, places, column, begin))
        for label in _runs(text, places, after, begin):
            head = next((_sides(page.pieces, run) for run in reversed(heads) if run[0] < label[0]), head)
            number = None if head is None else _in_column(page.pieces, label, head)
            numbers += [] if number is None else [number]
        head = _sides(page.pieces, heads[-1]) if heads else head
    return numbers


def _whole_text(pieces: Sequence[TextPiece]) -> tuple[str, list[int]]:
    """All pieces joined to one text without blanks, and the piece of each character."""
    texts = [re.sub(r"\s", "", piece.text) for piece in pieces]
    return "".join(texts), [at for at, text in enumerate(texts) for _ in text]


def _runs(text: str, places: Sequence[int], words: str, begin: int) -> Iterator[range]:
    """The pieces that show the words, for each occurrence."""
    for match in re.finditer(re.escape(re.sub(r"\s", "", words)), text):
        if match.start() >= begin:
            yield range(places[match.start()], places[match.end() - 1] + 1)


def _sides(pieces: Sequence[TextPiece], run: range) -> tuple[float, float]:
    return min(pieces[at].left for at in run), max(pieces[at].right for at in run)


def _in_column(pieces: Sequence[TextPiece], label: range, head: tuple[float, float]) -> StatedNumber | None:
    """The only number on the lines of a row's label that stands below a head; None if there is none, or several.

    A piece with more than one number does not count: some programs write a whole row as one piece.
    """
    bases = [pieces[at].base for at in label]
    near = _LINE * max(pieces[at].size for at in label)
    low, high = min(bases) - near, max(bases) + near
    numbers = [
        number
        for at, piece in enumerate(pieces)
        if at not in label and low <= piece.base <= high
        if piece.left < head[1] and piece.right > head[0] and _DIGITS.fullmatch(piece.text)
        if (number := _first_number(piece.text)) is not None
    ]
    return numbers[0] if len(numbers) == 1 else None
