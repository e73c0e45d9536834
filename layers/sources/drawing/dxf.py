"""DXF drawings: each layer of the drawing is a layer, closed lines are polygons, blocks are inserted.

GDAL strokes arcs by angle and leaves closed polylines as lines, so the drawing is read by ezdxf and stroked here.
A drawing declares no coordinate system.
"""

import io
import logging
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.text_encodings import decode_text, decodes, encoding_of
from onemap.layers.frames.frames import RawFrame
from onemap.layers.sources.drawing.dxf_shapes import DrawingEntity, Walk

_BINARY = b"AutoCAD Binary DXF"
_HEAD = 1 << 16
_CODE_PAGE = re.compile(rb"\$DWGCODEPAGE\s+3\s+([\w.-]+)")
_VERSION = re.compile(rb"\$ACADVER\s+1\s+AC(\d+)")
_SAYS_VERSION = re.compile(r"\$ACADVER\s+1\s+AC\d+")
_HEADER = re.compile(r"\s*0\s*\n\s*SECTION\s*\n\s*2\s*\n\s*HEADER[ \t]*\r?\n")
_SUBCLASS = re.compile(r"\n\s*100\r?\n\s*AcDb")
_UTF8_SINCE = 1021  # AutoCAD 2007
_METRES, _UNITLESS = 6, 0
# What ezdxf raises of a damaged drawing besides its own errors; a binary one that ends early is a struct.error.
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, struct.error)
_MOST_BYTES = 100_000_000  # a drawing is held as objects, of some fifteen times its size


@dataclass
class _Layer:
    """The shapes on one layer of the drawing, and its objects without geometry, counted by type."""

    shapes: list[DrawingEntity] = field(default_factory=list)
    texts: list[DrawingEntity] = field(default_factory=list)
    aside: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Drawing:
    layers: dict[str, _Layer]
    encoding: str
    units: str | None


def dxf_layers(path: Path) -> list[str]:
    """Return the layers that have drawn objects. Raises OneMapError source.damaged, source.too_large, encoding.…."""
    return list(_drawing(path, None).layers)


def read_dxf(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """Read the shapes on one layer of a drawing, in order; texts become attributes of the polygons around them.

    Raises OneMapError source.damaged, source.too_large, encoding.….
    """
    drawing = _drawing(path, encoding)
    place = ProblemPlace(file=path.name, layer=layer)
    drawing_layer = drawing.layers[layer]
    entities = drawing_layer.shapes or drawing_layer.texts
    geometries = np.array([None if isinstance(one.shape, str) else one.shape for one in entities], dtype=object)
    problems = [
        Problem("geometry.unreadable", {**place, "feature": one.handle, "reason": one.shape})
        for one in entities
        if isinstance(one.shape, str)
    ]
    if any(one.heights for one in entities):
        problems.append(Problem("geometry.z_dropped", dict(place)))
    arcs = sum(one.arcs > 0 for one in entities)
    if arcs:
        problems.append(Problem("geometry.stroked", {**place, "count": arcs}))
    aside = dict(drawing_layer.aside)
    if drawing_layer.shapes and drawing_layer.texts:
        aside["TEXT"] = len(drawing_layer.texts)
    if aside:
        names = [f"{name} × {count}" for name, count in aside.items()]
        problems.append(Problem("source.aside", {**place, "names": names}))
    if drawing.units is not None:
        problems.append(Problem("dxf.units", {**place, "unit": drawing.units}))
    return RawFrame(
        path=path,
        layer=layer,
        format="DXF",
        shapes=geometries,
        attributes=_attributes(entities, drawing_layer.texts if drawing_layer.shapes else [], geometries),
        crs=None,
        encoding=drawing.encoding,
        problems=tuple(problems),
    )


def _attributes(entities: list[DrawingEntity], labels: list[DrawingEntity], geometries: np.ndarray) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "handle": [one.handle for one in entities],
        "entity": [one.entity for one in entities],
        "block": [one.block for one in entities],
        "text": [one.text for one in entities],
    }
    areal = shapely.get_dimensions(geometries) == 2
    if labels and areal.any():
        for row, text in _label_polygons(np.flatnonzero(areal), geometries, labels):
            columns["text"][row] = f"{columns['text'][row]} {text}" if columns["text"][row] else text
    for name in dict.fromkeys(name for one in entities for name in one.attributes):
        target = name if name.lower() not in ("handle", "entity", "block", "text") else f"{name}_"
        columns[target] = [one.attributes.get(name) for one in entities]
    used_columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    return pd.DataFrame(used_columns, index=range(len(entities)), dtype=object)


def _label_polygons(rows: np.ndarray, geometries: np.ndarray, labels: list[DrawingEntity]) -> Iterator[tuple[int, str]]:
    """Yield each text with the row of the smallest polygon around it."""
    points = np.array([label.shape for label in labels], dtype=object)
    sound = rows[shapely.is_valid(geometries[rows])]
    point, polygon = shapely.STRtree(geometries[sound]).query(points, predicate="intersects")
    order = np.lexsort((shapely.area(geometries[sound])[polygon], point))
    label_numbers, first = np.unique(point[order], return_index=True)
    for number, row in zip(label_numbers.tolist(), sound[polygon[order][first]].tolist(), strict=True):
        yield row, labels[number].text or ""


def _drawing(path: Path, encoding: str | None) -> _Drawing:
    state = path.stat()
    return _read(path, encoding, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # names and rows are asked for one after the other
def _read(path: Path, encoding: str | None, size: int, changed_ns: int) -> _Drawing:
    if size > _MOST_BYTES:
        raise OneMapError("source.too_large", file=path.name, megabytes=_MOST_BYTES // 1_000_000)
    import ezdxf  # takes its time, and few sources need it
    from ezdxf import units
    from ezdxf.lldxf.const import DXFError

    with _own_words() as warning_texts:
        try:
            content = path.read_bytes()
            if content.startswith(_BINARY):
                document, used_encoding = ezdxf.readfile(path, errors="strict"), "binary"
            else:
                claimed = _claimed_encoding(content[:_HEAD])
                if not _VERSION.search(content[:_HEAD]) and decodes(content, "utf-8"):
                    claimed = "utf-8"  # what stands under the code page is the program's default
                text, used_encoding = decode_text(content, path.name, encoding, claimed)
                document = ezdxf.read(io.StringIO(_with_version(text), newline=None))
            walk = Walk(document)
            walk.space(document.modelspace())
            sheets = [layout for layout in document.layouts if layout.is_any_paperspace]
            on_paper = sum(entity.dxftype() != "VIEWPORT" for sheet in sheets for entity in sheet)
        except UnicodeDecodeError as error:
            raise OneMapError("encoding.undecidable", file=path.name) from error
        except (*_BROKEN, DXFError) as error:
            if isinstance(error, PermissionError):
                raise
            reason = str(error)[:200] or type(error).__name__
            raise OneMapError("source.damaged", file=path.name, reason=reason) from error
    # Of two entities with one handle, ezdxf keeps one.
    lost_entities = [words for words in warning_texts if "non-unique" in words]
    if lost_entities:
        raise OneMapError("source.damaged", file=path.name, reason=lost_entities[0])
    layers: dict[str, _Layer] = {}
    for one in walk.drawn:
        layer = layers.setdefault(one.layer, _Layer())
        (layer.texts if one.is_text else layer.shapes).append(one)
    for (name, kind), count in walk.aside.items():
        if name in layers:
            layers[name].aside[kind] = count
    # What lies on no layer that can be read is reported with each that can: nobody asks for the other.
    elsewhere = {f"{name}/{kind}": count for (name, kind), count in walk.aside.items() if name not in layers}
    elsewhere |= {"PAPERSPACE": on_paper} if on_paper else {}
    for layer in layers.values() if layers else [layers.setdefault("0", _Layer())]:
        layer.aside |= elsewhere
    unit = None if document.units in (_METRES, _UNITLESS) else units.decode(document.units)
    return _Drawing(layers, encoding_of(document.encoding) if used_encoding == "binary" else used_encoding, unit)


def _with_version(text: str) -> str:
    """Return a drawing that states its version.

    Without one it would be taken for a drawing of 1992, which has no layers of later kinds of entities; a drawing with
    subclass markers was written after 2000.
    """
    if _SAYS_VERSION.search(text[:_HEAD]) or not _SUBCLASS.search(text):
        return text
    variable = "  9\n$ACADVER\n  1\nAC1015\n"
    header = _HEADER.search(text[:_HEAD])
    if header:
        return text[: header.end()] + variable + text[header.end() :]
    return f"  0\nSECTION\n  2\nHEADER\n{variable}  0\nENDSEC\n" + text


def _claimed_encoding(head: bytes) -> str | None:
    version = _VERSION.search(head)
    if version and int(version.group(1)) >= _UTF8_SINCE:
        return "utf-8"
    match = _CODE_PAGE.search(head)
    return match.group(1).decode("ascii") if match else None


@contextmanager
def _own_words() -> Iterator[list[str]]:
    """Collect ezdxf's warnings, which would otherwise go to stderr, in a list."""
    warning_texts: list[str] = []

    class _MessageCollector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warning_texts.append(record.getMessage())

    logger, ear = logging.getLogger("ezdxf"), _MessageCollector()
    propagates = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield warning_texts
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagates
