"""The layers of a delivery: found in its databases, read, and transformed into one plane in which they are measured."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs import systems
from onemap.layers.crs.zones import zone_crs, zone_of_longitude
from onemap.layers.delivery.folder_template import TABLES, VECTORS
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import text_value
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import BadFeatures, RawFrame
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.ingest.normalise import sorted_out
from onemap.layers.ingest.placing import SourceOptions, bounds_of
from onemap.layers.progress import Progress
from onemap.layers.sources.archive import sources_in
from onemap.layers.sources.reading import layers_of, open_source, read_layer
from onemap.layers.sources.sheets import sheet_grid
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFile, DeliveredFolder
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate, LayerWish
from onemap.rules.answers.deliveries.proof_findings import Finding, point_of, with_hash

_NO_SOURCE = ("source.nothing_inside", "format.no_driver")
_AT_ONCE = 20_000  # features that are measured at once
_FALLBACK = "EPSG:3857"  # where nothing says where anything lies


@dataclass(frozen=True)
class SourceLayer:
    """One layer as a file of the delivery holds it. wish: None if the template does not have the layer."""

    file: DeliveredFile
    name: str
    raw: RawFrame
    wish: LayerWish | None
    is_named_exactly: bool


@dataclass
class DeliveredLayer:
    """One layer of the template, read. plane: of its geometries; frame: None if it cannot be measured.

    columns_of: by field of the template, the column that holds it.
    """

    source: SourceLayer
    wish: LayerWish
    plane: pyproj.CRS
    columns_of: dict[str, str]
    frame: FrameBlocks | None = None
    refused: Sequence[Problem] = ()
    bad: BadFeatures | None = field(default=None)
    _hashes: dict[int, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The template's code of the layer."""
        return self.wish.entry.code

    @property
    def path(self) -> str:
        """The file that holds the layer."""
        return self.source.file.path

    @property
    def count(self) -> int:
        """The number of features read, including unusable ones."""
        return len(self.source.raw.shapes)

    @cached_property
    def places(self) -> np.ndarray:
        """The positions of all usable features (n,)."""
        return np.arange(0 if self.frame is None else self.frame.count)

    @cached_property
    def shapes(self) -> np.ndarray:
        """The usable geometries (n,), in the plane."""
        return np.empty(0, dtype=object) if self.frame is None else self.frame.geometries(self.places)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The fields of the usable features (n rows), by the template's names."""
        if self.frame is not None:
            return self.frame.attributes(self.places)
        return pd.DataFrame()

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The geometries' tree."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def areas_m2(self) -> np.ndarray:
        """The ellipsoidal area of each feature (n,)."""
        parts = [ellipsoidal_areas_m2(self.shapes[part], self.plane) for part in blocks(len(self.shapes), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty(0)

    @cached_property
    def union(self) -> shapely.Geometry:
        """All ground of the layer."""
        return shapely.union_all(self.shapes)

    def hash_of(self, row: int) -> str:
        """The hash of a feature's geometry and fields."""
        if row not in self._hashes:
            body = shapely.to_wkb(shapely.normalize(self.shapes[row])) if len(self.shapes) else b""
            values = ((name, text_value(column.iat[row])) for name, column in self._columns)
            text = "\0".join(f"{name}={value or ''}" for name, value in values)
            self._hashes[row] = hashlib.sha256((body or b"") + text.encode("utf-8", "replace")).hexdigest()
        return self._hashes[row]

    @cached_property
    def _columns(self) -> list[tuple[str, pd.Series]]:
        return [(str(name), column) for name, column in self.rows.items()]

    @cached_property
    def _to_source(self) -> pyproj.Transformer | None:
        crs = self.source.raw.crs
        if crs is None or crs.equals(self.plane, ignore_axis_order=True):
            return None
        return pyproj.Transformer.from_crs(self.plane, crs, always_xy=True)

    def point_in_source(self, ground: shapely.Geometry | None) -> tuple[float, float] | None:
        """A point on some ground of the plane, in the system of the file."""
        point, change = point_of(ground), self._to_source
        if point is None:
            return None
        x, y = (point.x, point.y) if change is None else change.transform(point.x, point.y)
        return float(x), float(y)

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return {} if self.frame is None else self.frame.names(self.places)

    def name_of(self, row: int) -> str:
        """The name of a feature."""
        return self._names.get(row, "")

    def finding(
        self,
        check: Check,
        problem: Problem,
        row: int | None = None,
        ground: shapely.Geometry | None = None,
        area_m2: float | None = None,
        others: Sequence[str] = (),
    ) -> Finding:
        """A finding about one feature, some ground, or the whole layer.

        others: hashes of other features that it touches.
        """
        has_shape = row is not None and len(self.shapes) > row and self.wish.entry.geometry != "table"
        place = ground if ground is not None else self.shapes[row] if has_shape else None
        touched = list(others) if row is None else [self.hash_of(row), *others]
        if ground is not None:  # itself too: beside one corner two overlaps touch the same features
            touched.append(hashlib.sha256(shapely.to_wkb(shapely.normalize(ground))).hexdigest())
            touched += map(self.hash_of, self.tree.query(ground, predicate="intersects").tolist())
        facts = {**problem.facts, "layer": self.code}
        finding = Finding(
            check=check,
            problem=Problem(problem.code, facts),
            path=self.path,
            layer=self.code,
            feature=None if row is None else self.name_of(row),
            field=problem.facts.get("field"),
            ground=place,
            point=self.point_in_source(place),
            area_m2=area_m2,
        )
        return with_hash(finding, touched)


def source_layers(
    delivery: DeliveredFolder, template: DeliveryTemplate, check: Check, progress: Progress
) -> tuple[list[SourceLayer], list[Finding], set[str]]:
    """Every layer of every database; findings for unreadable files; and the codes of layers that these should hold."""
    layers: list[SourceLayer] = []
    unread: list[Finding] = []
    lost_codes: set[str] = set()
    files = data_files(delivery)
    for file, part in zip(files, progress.parts([1] * max(1, len(files))), strict=False):
        part.check()
        try:
            layers += _layers_of_file(file, template, part)
        except OneMapError as error:
            reasons = error.problems
            lost_codes |= set(file.item.layers if file.item is not None else template.layers)
            unread += [_unread(file, check, reason) for reason in reasons]
    return layers, unread, lost_codes


def _unread(file: DeliveredFile, check: Check, reason: Problem) -> Finding:
    problem = Problem("proof.unread", {"file": file.path, "layer": reason.facts.get("layer"), "reason": reason})
    return with_hash(Finding(check, problem, file.path, reason.facts.get("layer")), [])


def data_files(delivery: DeliveredFolder) -> list[DeliveredFile]:
    """The files that hold layers: those of the template, or all readable ones if it has no folders."""
    if delivery.template.folders and delivery.is_folder:
        template_files = [
            file for file in delivery.files if file.item is not None and file.item.kind in (TABLES, VECTORS)
        ]
        readable = [file for file in template_files if not _is_unreadable(file.place)]
        return sorted(readable, key=lambda file: file.place.suffix.lower() in sheet_grid.SUFFIXES)
    if not delivery.is_folder:
        return list(delivery.files)
    try:
        sources = set(sources_in(delivery.root, delivery.root.name))
    except OneMapError as error:
        if error.code not in _NO_SOURCE:
            raise
        sources = set()
    return [file for file in delivery.files if file.place in sources]


def _is_unreadable(path: Path) -> bool:
    """Whether a file has a format that no program reads, which is reported as such."""
    from onemap.layers.sources import formats

    return path.suffix.lower() in formats.NO_DRIVER


def _layers_of_file(file: DeliveredFile, template: DeliveryTemplate, progress: Progress) -> Iterator[SourceLayer]:
    is_sheet = file.place.suffix.lower() in sheet_grid.SUFFIXES
    with open_source(file.place) as source:
        for name in layers_of(source):
            progress.check()
            raw = read_layer(source, name, None, lenient=True, as_table=is_sheet)
            wish, is_exact = template.wish_named(name)
            yield SourceLayer(file, name, raw, wish, is_exact)


def plane_of_layers(layers: Iterable[SourceLayer]) -> pyproj.CRS:
    """The plane in which everything is measured: that of most features, else the zone of CGCS2000 in which they lie."""
    counts: dict[str, int] = {}
    planes: dict[str, pyproj.CRS] = {}
    degrees: float | None = None
    for layer in layers:
        crs = layer.raw.crs
        if crs is None:
            continue
        if crs.is_projected:
            name = systems.crs_name(crs)
            counts[name], planes[name] = counts.get(name, 0) + len(layer.raw.shapes), systems.two_dimensional(crs)
        elif degrees is None and (bounds := bounds_of(layer.raw.shapes)) is not None:
            degrees = (bounds[0] + bounds[2]) / 2
    if counts:
        return planes[max(counts, key=lambda name: counts[name])]
    if degrees is None:
        return pyproj.CRS.from_user_input(_FALLBACK)
    zone = zone_of_longitude("cgcs2000", degrees)
    if zone is None:
        return pyproj.CRS.from_epsg(32600 + int((degrees + 180) // 6) % 60 + 1)
    return zone_crs(replace(zone, prefixed=False))


def laid_out(source: SourceLayer, plane: pyproj.CRS) -> DeliveredLayer:
    """A layer of the template in the plane, without unsound features; or why it cannot be measured."""
    wish = source.wish
    if wish is None:
        raise ValueError("a layer that the template does not know is not laid out")
    entry = wish.entry
    columns = [str(column) for column in source.raw.attributes.columns]
    columns_of = {name: column for field in entry.fields if (column := _column_of(name := field.name, field, columns))}
    layer = DeliveredLayer(source, wish, plane, columns_of)
    if source.raw.is_table != (entry.geometry == "table"):
        return layer
    attributes = source.raw.attributes.rename(columns={column: name for name, column in columns_of.items()})
    raw = replace(source.raw, attributes=attributes)
    source_options = SourceOptions(crs=None if raw.crs is not None or raw.is_table else systems.crs_name(plane))
    entry_with_key = replace(entry, key=entry.key if entry.key in columns_of else None)
    try:
        frame = sorted_out(raw, entry_with_key, plane, source_options, ())
    except OneMapError as error:
        layer.refused = error.problems
        return layer
    layer.frame, layer.bad = frame, frame.bad
    return layer


def _column_of(name: str, field: Any, columns: Sequence[str]) -> str | None:
    """The column that holds a field: by its name, else by its name in another letter case, else by a title."""
    if name in columns:
        return name
    titles = {name.lower(), *(alias.lower() for alias in field.aliases), *(text.lower() for _, text in field.title)}
    return next((column for column in columns if column.lower() in titles), None)
