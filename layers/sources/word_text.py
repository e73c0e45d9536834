"""The text of a .docx file: its paragraphs and tables in order."""

import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem

MOST_BYTES = 256 << 20  # of what is packed in it
_PARAGRAPH, _TABLE = "}p", "}tbl"


@dataclass(frozen=True)
class WordBlock:
    """One paragraph, or a table: its rows of cells, None for a paragraph."""

    text: str
    rows: tuple[tuple[str, ...], ...] | None = None


def unreadable_paper(path: Path, reason: Problem) -> OneMapError:
    """Return the refusal of a text that only a person can read."""
    return OneMapError("source.paper", file=path.name, reason=reason)


def word_blocks(path: Path) -> list[WordBlock]:
    """Return the blocks of a .docx. Raises OneMapError source.paper, source.damaged."""
    import docx  # takes its time, and few templates look into texts
    from docx.table import Table

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                most = {"megabytes": MOST_BYTES >> 20, "pages": "–", "seconds": "–", "gigabytes": "–"}
                raise unreadable_paper(path, Problem("suggest.paper_large", most))
        document = docx.Document(str(path))
        blocks = []
        for element in document.element.body.iterchildren():
            if str(element.tag).endswith(_PARAGRAPH):
                blocks.append(WordBlock(_plain("".join(element.itertext(f"{{{element.nsmap['w']}}}t")))))
            elif str(element.tag).endswith(_TABLE):
                rows = tuple(tuple(_plain(cell.text) for cell in row.cells) for row in Table(element, document).rows)
                blocks.append(WordBlock(" ".join(" ".join(row) for row in rows), rows))
    except (OneMapError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a file of somebody else may be
        raise OneMapError("source.damaged", file=path.name, reason=type(error).__name__) from None
    return blocks


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
