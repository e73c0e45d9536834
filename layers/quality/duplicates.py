"""Checks for duplicate keys and shapes. Only those with equal hashes are compared."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.frames.fields import text_value, text_values
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import FlawList, Flaws
from onemap.layers.stores.arrow_values import data_of

_FACTORS = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_SHIFT = np.uint64(29)
_SPACE, _DELETE = 0x20, 0x7F  # between them lie the signs that are never blank

Most = Callable[[str], int | None]


def key_flaws(frame: FrameBlocks, entry: LayerEntry, most: Most, progress: Progress) -> list[Flaws]:
    """Return features without a key, and features whose key an earlier one has."""
    key = entry.key
    if key is None or key not in frame.columns:
        return []
    without = FlawList("key.null", most("key.null"))
    hashes = np.zeros(frame.count, dtype=np.uint64)
    has_key = np.zeros(frame.count, dtype=bool)
    for block in frame.blocks(progress.part(0.0, 0.5)):
        texts, there = _key_texts(frame, key, block)
        without.add(block[~there], lambda at: {"field": key})
        hashes[block[there]] = _hash_texts(texts)
        has_key[block[there]] = True

    def read() -> Iterator[tuple[np.ndarray, list[str]]]:
        for block in _blocks_of_rows(frame, _alike(hashes, has_key), progress.part(0.5, 1.0)):
            yield block, [text_value(value) or "" for value in frame.values(key, block)]

    repeated = FlawList("key.repeated", most("key.repeated"))
    for rows, firsts, values in _later(read()):
        others = _rows_in_words(frame, firsts)
        repeated.add(rows, lambda at, v=values, o=others: {"field": key, "value": v[at], "other": o[at]})  # type: ignore[misc]
    return without.flaws() + repeated.flaws()


def _rows_in_words(frame: FrameBlocks, places: np.ndarray) -> list[int | str]:
    """Return the source rows of some features (k,); if there are several files, with the file."""
    rows = [row + 1 for row in frame.source_rows(places).tolist()]
    files = [place.get("file") for place in frame.file_places(places)]
    return [row if file is None else f"{row} ({file})" for row, file in zip(rows, files, strict=True)]


def duplicate_flaws(frame: FrameBlocks, most: int | None, progress: Progress) -> list[Flaws]:
    """Return features whose shape an earlier one has, whatever the point at which it begins."""
    hashes = _hash_boxes(frame.boxes)

    def read() -> Iterator[tuple[np.ndarray, list[str]]]:
        for block in _blocks_of_rows(frame, _alike(hashes, np.ones(frame.count, dtype=bool)), progress):
            shapes = shapely.to_wkb(shapely.normalize(frame.geometries(block)))
            yield block, [hashlib.sha256(shape).hexdigest() for shape in shapes]

    flaw_list = FlawList("topology.duplicate", most)
    for rows, firsts, _ in _later(read()):
        names = frame.names(firsts if most is None else firsts[:most])
        flaw_list.add(rows, lambda at, f=firsts, n=names: {"other": n[int(f[at])]})  # type: ignore[misc]
    return flaw_list.flaws()


def _key_texts(frame: FrameBlocks, key: str, rows: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Return the keys that exist, as `text_value` gives them, as bytes; and which of the rows (k,) have one."""
    column = frame.column(key, rows)
    if column is not None and pa.types.is_string(column.type):
        texts = column.cast(pa.large_string())
        signs = np.frombuffer(data_of(texts), np.uint8)
        if len(signs) == 0 or (signs.min() > _SPACE and signs.max() < _DELETE):  # then no key has a blank around it
            there = np.asarray(pc.fill_null(pc.greater(pc.binary_length(texts), 0), fill_value=False))
            return texts.filter(pa.array(there)).cast(pa.large_binary()), there
    keys = text_values(frame.values(key, rows))
    there = np.array([text is not None for text in keys], dtype=bool)
    bodies = [text.encode(errors="surrogatepass") for text in keys if text is not None]
    return pa.array(bodies, pa.large_binary()), there


def _hash_texts(texts: pa.Array) -> np.ndarray:
    """Return a hash of each text (n,), given as bytes without null; texts of one length are hashed together."""
    result = np.zeros(len(texts), dtype=np.uint64)
    length = pc.binary_length(texts).to_numpy()
    for size in np.unique(length[length > 0]).tolist():
        rows = np.flatnonzero(length == size)
        some = texts if len(rows) == len(texts) else texts.take(pa.array(rows))
        words = np.zeros((len(rows), -(-size // 8)), dtype=np.uint64)
        words.view(np.uint8)[:, :size] = np.frombuffer(data_of(some), np.uint8).reshape(-1, size)
        result[rows] = _mix(words, np.full(len(rows), size, dtype=np.uint64))
    return result


def _hash_boxes(boxes: np.ndarray) -> np.ndarray:
    """Return a hash of each box (n,); equal boxes have equal hashes."""
    bits = np.ascontiguousarray(boxes + 0.0).view(np.uint64)  # + 0.0: there is one nought only
    return _mix(bits, np.zeros(len(boxes), dtype=np.uint64))


def _mix(words: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return a hash of each row of eight-byte words (n, k). start: the initial hashes (n,)."""
    result = start
    for column in range(words.shape[1]):
        result = (result ^ words[:, column]) * _FACTORS[column % len(_FACTORS)]
        result ^= result >> _SHIFT
    return result


def _alike(hashes: np.ndarray, is_compared: np.ndarray) -> np.ndarray:
    """Which compared rows share their hash with another compared row; only these can be equal: mask (n,)."""
    ordered = np.sort(hashes[is_compared])
    several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return is_compared & np.isin(hashes, several) if len(several) else np.zeros(len(hashes), dtype=bool)


def _blocks_of_rows(frame: FrameBlocks, is_compared: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    if is_compared.any():
        for block in frame.blocks(progress):
            some = block[is_compared[block]]
            if len(some):
                yield some


def _later(
    values: Iterator[tuple[np.ndarray, list[str]]],
) -> Iterator[tuple[np.ndarray, np.ndarray, list[str]]]:
    """Yield block by block the rows whose value an earlier row has, these first rows, and the values."""
    first: dict[str, int] = {}
    for rows, block in values:
        before = np.array([first.setdefault(value, row) for value, row in zip(block, rows.tolist(), strict=True)])
        again = np.flatnonzero(before != rows)
        if len(again):
            yield rows[again], before[again], [block[at] for at in again.tolist()]
