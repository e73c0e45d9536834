"""Compound files, in which old Office programs keep their streams: read one stream, or write one as a new file."""

import struct
from collections.abc import Iterator, Sequence

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR_SHIFTS = (9, 12)
_MINI_SHIFT = 6
_ENTRY = 128
_ROOT, _STREAM = 5, 2
_TABLES_IN_HEADER = 109
_SECTOR = 4096  # of what is written: with large sectors the header alone lists the tables of 450 MB
_LEAST_OUTSIDE_MINI = 4096


def stream_of(content: bytes, names: Sequence[str]) -> bytes:
    """Return the bytes of the first of these streams that a compound file holds.

    Chains longer than the file are not followed. Raises ValueError if the file is not a compound file, is damaged, or
    holds none of them.
    """
    if len(content) < 512 or not content.startswith(SIGNATURE):
        raise ValueError("no compound file")
    shift, mini_shift = struct.unpack_from("<HH", content, 30)
    if shift not in _SECTOR_SHIFTS or mini_shift != _MINI_SHIFT:
        raise ValueError(f"sectors of 2^{shift} and 2^{mini_shift} bytes")
    sectors = _Sectors(content, 1 << shift, 1 << shift, _table(content, 1 << shift))
    first_of_directory, least_outside_mini = struct.unpack_from("<I4xI", content, 48)
    entries = list(_entries(sectors.chain(first_of_directory), 1 << shift))
    if not entries or entries[0][1] != _ROOT:
        raise ValueError("no root in its directory")
    for name in names:
        for entry_name, kind, first, size in entries:
            if (entry_name, kind) == (name, _STREAM):
                return (_mini(content, sectors, entries[0]) if size < least_outside_mini else sectors).read(first, size)
    raise ValueError(f"no stream {' or '.join(names)}")


class _Sectors:
    """Sectors of `size` bytes from `begin` on, and the successor of each."""

    def __init__(self, content: bytes, begin: int, size: int, following: Sequence[int]) -> None:
        self._content, self._begin, self._size, self._following = content, begin, size, following

    def _sector_content(self, sector: int) -> bytes:
        place = self._begin + sector * self._size
        return self._content[place : place + self._size]

    def read(self, first: int, size: int) -> bytes:
        """The first `size` bytes of a chain. Raises ValueError if it holds fewer."""
        if size > len(self._content):
            raise ValueError(f"a stream of {size} bytes in a file of {len(self._content)}")
        parts, length, sector = [], 0, first
        while length < size:
            part = self._sector_content(sector)
            if not part or sector >= len(self._following):
                raise ValueError(f"{length} of {size} bytes of a stream")
            parts.append(part)
            length += len(part)
            sector = self._following[sector]
        return b"".join(parts)[:size]

    def chain(self, first: int) -> bytes:
        """All bytes of a chain of unknown length. Raises ValueError if it leaves the file or has no end."""
        parts: list[bytes] = []
        sector = first
        while sector != _END:
            part = self._sector_content(sector)
            if not part or sector >= len(self._following) or len(parts) > len(self._following):
                raise ValueError(f"sector {sector} of {len(self._following)}")
            parts.append(part)
            sector = self._following[sector]
        return b"".join(parts)


def _table(content: bytes, size: int) -> list[int]:
    """Return the successor of each sector. Raises ValueError if the list of the table's own sectors has no end."""
    places = list(struct.unpack_from(f"<{_TABLES_IN_HEADER}I", content, 76))
    (more,) = struct.unpack_from("<I", content, 68)
    most = len(content) // size
    while more not in (_END, _FREE):
        numbers = _numbers(content[(more + 1) * size : (more + 2) * size])
        if len(numbers) != size // 4 or len(places) > most + _TABLES_IN_HEADER:
            raise ValueError(f"sector {more} of {most}")
        places += numbers[:-1]
        more = numbers[-1]
    following: list[int] = []
    for place in places:
        if place != _FREE:
            # A sector that is listed twice would make the table as long as one likes.
            if len(following) > len(content):
                raise ValueError(f"{len(places)} tables")
            following += _numbers(content[(place + 1) * size : (place + 2) * size])
    return following


def _numbers(part: bytes) -> list[int]:
    return list(struct.unpack_from(f"<{len(part) // 4}I", part))


def _entries(directory: bytes, size: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield name, kind, first sector and size of each directory entry."""
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        entry = directory[at : at + _ENTRY]
        name = entry[:64].decode("utf-16-le", errors="replace").partition("\0")[0]
        first, low, high = struct.unpack_from("<III", entry, 116)
        # Files with small sectors keep a size of four bytes, and anything in the next four.
        yield name, entry[66], first, low if size == 512 else low | high << 32


def _mini(content: bytes, sectors: _Sectors, root: tuple[str, int, int, int]) -> _Sectors:
    """Return the sectors of small streams, which lie in a stream of their own."""
    (first_of_table,) = struct.unpack_from("<I", content, 60)
    return _Sectors(sectors.read(root[2], root[3]), 0, 1 << _MINI_SHIFT, _numbers(sectors.chain(first_of_table)))


def file_of(name: str, stream: bytes) -> bytes:
    """Return a whole compound file with only this stream, padded with zeros to the end of its last sector.

    Raises ValueError for more than 450 MB.
    """
    stream = stream.ljust(_LEAST_OUTSIDE_MINI, b"\0")
    stream_sectors = -(-len(stream) // _SECTOR)
    # Directory, the stream of small streams (some readers want one) and its table, then the stream, then the table.
    per_table = _SECTOR // 4
    tables = -(-(3 + stream_sectors) // (per_table - 1))
    if tables > _TABLES_IN_HEADER:
        raise ValueError(f"{len(stream)} bytes")
    following = [_END, _END, _END, *range(4, 3 + stream_sectors), _END] + [_TABLE] * tables
    following += [_FREE] * (tables * per_table - len(following))
    table_sectors = [3 + stream_sectors + at for at in range(tables)] + [_FREE] * (_TABLES_IN_HEADER - tables)
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH", 0x3E, 4, 0xFFFE, 12, _MINI_SHIFT) + bytes(6)
    header += struct.pack("<IIIIIIIII", 1, tables, 0, 0, _LEAST_OUTSIDE_MINI, 2, 1, _END, 0)
    header += struct.pack(f"<{_TABLES_IN_HEADER}I", *table_sectors)
    directory = _entry("Root Entry", _ROOT, 1, 64, child=1) + _entry(name, _STREAM, 3, len(stream), child=_FREE)
    directory += _entry("", 0, 0, 0, child=_FREE) * (_SECTOR // _ENTRY - 2)
    parts = [header, directory, b"", struct.pack(f"<{per_table}I", _END, *[_FREE] * (per_table - 1)), stream]
    content = b"".join(part.ljust(-(-max(len(part), 1) // _SECTOR) * _SECTOR, b"\0") for part in parts)
    return content + struct.pack(f"<{len(following)}I", *following)


def _entry(name: str, kind: int, first: int, size: int, child: int) -> bytes:
    text = name.encode("utf-16-le")
    entry = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2 if name else 0, kind, 1)
    entry += struct.pack("<III", _FREE, _FREE, child) + bytes(36)
    return entry + struct.pack("<IQ", first, size)
