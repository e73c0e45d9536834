"""The list of a delivery's files: the place, size and SHA-256 of each."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl

from onemap.layers.files.file_hashes import file_hash


def write_list(path: Path, root: Path, files: Sequence[Path]) -> None:
    """Write the list of all files: the place, size and SHA-256 of each."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "清单"
    sheet.append(["序号", "文件", "大小（字节）", "SHA-256"])
    for number, file in enumerate(files, 1):
        sheet.append([number, file.relative_to(root).as_posix(), file.stat().st_size, file_hash(file)])
        sheet.cell(number + 1, 2).data_type = "s"  # a name that looks like a formula is text
    book.save(path)
