"""Check overlaps and gaps between polygons block by block; the merged result does not depend on the blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.area_units import area_to_hundredths
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.hilbert import hilbert_order
from onemap.layers.geometry.parts import polygon_part, polygon_parts
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import Flaws
from onemap.layers.quality.matched_edges import MatchedEdges
from onemap.layers.quality.neighbours import Items

_ARITHMETIC_M2 = 1e-6  # less than that is no ground
_MISFITS_AT_ONCE = 10_000  # that are united in one step; always the same, so that digits are too

_NONE = np.empty(0, dtype=np.int64)

BlockColumns = dict[str, np.ndarray]


@dataclass(frozen=True)
class SizeLimits:
    """Limits below which ground is not reported: by area, or by mean width, because coordinates are rounded."""

    area_m2: float
    width_m: float

    def exceeds_limits(self, grounds: np.ndarray) -> np.ndarray:
        """Which of the polygons (n,) are large and wide enough."""
        return self.sizes_exceed_limits(shapely.area(grounds), shapely.length(grounds))

    def sizes_exceed_limits(self, area_m2: np.ndarray, length_m: np.ndarray) -> np.ndarray:
        """Which polygons of these areas and lengths (n,) are large and wide enough."""
        enough = area_m2 >= max(self.area_m2, _ARITHMETIC_M2)
        return np.asarray(enough & (2 * area_m2 / np.maximum(length_m, 1e-12) >= self.width_m))


def check_block(
    frame: FrameBlocks,
    items: Items,
    number: int,
    *,
    overlaps: bool,
    union: bool,
    also: np.ndarray = _NONE,
) -> BlockColumns:
    """Return the findings of one block, as plain arrays that a journal can keep.

    also: its items that other blocks show to be misfits. misfits: its items that do not fit their neighbours edge by
    edge, or share ground with a misfit (if two coverages overlap, their inner polygons fit their own neighbours; giants
    are not examined so); pairs: (k, 4) low and high item that share ground, and their owners; area, length: of that
    ground (k,); shared, ends: its WKB, concatenated, and where each ends; union: the WKB of all that fit.
    """
    own, near_items = items.blocks[number], items.neighbours_of(number)
    local = np.union1d(own, near_items)
    is_own = np.isin(local, own, assume_unique=True)
    is_piece = items.is_piece(local)
    small = np.flatnonzero(~is_piece)
    misfit = np.isin(local, also)
    edges = MatchedEdges(
        items.rings(local[small]), items.boxes[local[small]], lambda rows: items.geometries(local[small[rows]])
    )
    misfit[small] |= edges.misfits(is_own[small])
    result: BlockColumns = {}
    if overlaps:
        is_searched, parts = misfit | (is_own & is_piece), []
        geometries = items.geometries(local if is_searched.any() else local[:0])
        tree = shapely.STRtree(geometries)
        searched = is_searched
        while searched.any():
            met_places, block = _overlaps(frame, items, local, geometries, tree, np.flatnonzero(searched))
            parts.append(block)
            searched = np.isin(np.arange(len(local)), met_places) & is_own & ~is_piece & ~is_searched
            is_searched = is_searched | searched
            misfit |= searched
        result |= _join_steps(parts)
    result["misfits"] = local[misfit]
    if union:
        fits = (is_own & ~misfit)[small]
        union_body = shapely.to_wkb(edges.union(fits)) if fits.any() else b""
        result["union"] = np.frombuffer(union_body, dtype=np.uint8)
    return result


def check_blocks_met(frame: FrameBlocks, items: Items, block_findings: list[BlockColumns], *, union: bool) -> None:
    """Check again, in place, each block with a fitting polygon that shares ground with another block's misfit."""
    while met_items := _met_elsewhere(items, block_findings):
        for number, also in met_items.items():
            block_findings[number] = check_block(frame, items, number, overlaps=True, union=union, also=also)


def _met_elsewhere(items: Items, block_findings: list[BlockColumns]) -> dict[int, np.ndarray]:
    """Return by block its misfits and the polygons that share ground with another block's; only blocks with any."""
    met_items = np.concatenate([block["pairs"][block["area"] > _ARITHMETIC_M2, :2].ravel() for block in block_findings])
    misfit = np.concatenate([block["misfits"] for block in block_findings])
    met_items = np.setdiff1d(met_items[~items.is_piece(met_items)], misfit)
    block_of = items.block_of(met_items)
    return {
        number: np.concatenate([met_items[block_of == number], block_findings[number]["misfits"]])
        for number in np.unique(block_of).tolist()
    }


def _overlaps(
    frame: FrameBlocks,
    items: Items,
    local: np.ndarray,
    geometries: np.ndarray,
    tree: shapely.STRtree,
    searched: np.ndarray,
) -> tuple[np.ndarray, BlockColumns]:
    """Return the places in `local` that share ground with a searched one, and the pairs, without equal shapes."""
    left, right = tree.query(geometries[searched], predicate="intersects")
    left = searched[left]
    owner = items.owner[local]
    swap = owner[left] > owner[right]
    low, high = np.where(swap, right, left), np.where(swap, left, right)
    pairs = np.unique(np.column_stack([low, high])[owner[low] != owner[high]], axis=0)
    pairs = pairs[~_are_equal(frame, owner[pairs])]
    common = polygon_parts(shapely.intersection(geometries[pairs[:, 0]], geometries[pairs[:, 1]]))
    real = ~shapely.is_missing(common)
    pairs, common = pairs[real], common[real]
    area_m2 = shapely.area(common)
    bodies = shapely.to_wkb(common).tolist()
    return np.unique(pairs[area_m2 > _ARITHMETIC_M2]), {
        "pairs": np.column_stack([local[pairs], owner[pairs]]).astype(np.int64),
        "area": area_m2,
        "length": shapely.length(common),
        "shared": np.frombuffer(b"".join(bodies), dtype=np.uint8),
        "sizes": np.array([len(body) for body in bodies], dtype=np.int64),
    }


def _join_steps(parts: list[BlockColumns]) -> BlockColumns:
    """Join the pairs of all steps; ends: where the WKB of each pair ends."""
    none: BlockColumns = {
        "pairs": np.empty((0, 4), dtype=np.int64),
        "area": np.empty(0),
        "length": np.empty(0),
        "shared": np.empty(0, dtype=np.uint8),
        "sizes": np.empty(0, dtype=np.int64),
    }
    result: BlockColumns = {
        name: np.concatenate([empty, *(part[name] for part in parts)]) for name, empty in none.items()
    }
    result["ends"] = np.cumsum(result.pop("sizes"))
    return result


def _are_equal(frame: FrameBlocks, pairs: np.ndarray) -> np.ndarray:
    """Which pairs of features (n, 2) have the same shape; only those with equal boxes can."""
    result = (frame.boxes[pairs[:, 0]] == frame.boxes[pairs[:, 1]]).all(axis=1)
    for at in np.flatnonzero(result).tolist():
        one, other = frame.geometries(np.sort(pairs[at]))
        result[at] = shapely.equals(one, other)
    return np.asarray(result)


def overlap_flaws(
    frame: FrameBlocks, block_findings: list[BlockColumns], least: SizeLimits, most: int | None
) -> list[Flaws]:
    """Return pairs of polygons with a reportable overlap.

    block_findings: of every block; most: how many are reported.
    """
    pairs = np.concatenate([block["pairs"] for block in block_findings])
    area_m2 = np.concatenate([block["area"] for block in block_findings])
    length_m = np.concatenate([block["length"] for block in block_findings])
    counts = [len(block["pairs"]) for block in block_findings]
    block_of, at_of = (
        np.repeat(np.arange(len(block_findings)), counts),
        np.concatenate([np.arange(count) for count in counts]),
    )
    _, first = np.unique(pairs[:, :2], axis=0, return_index=True)  # two blocks may have met at one pair
    first = first[np.lexsort(pairs[first][:, [1, 0, 3, 2]].T)]  # by owners, then by their pieces
    if len(first) == 0:
        return []
    pairs, area_m2, length_m = pairs[first], area_m2[first], length_m[first]
    owners, start, pair = np.unique(pairs[:, 2:], axis=0, return_index=True, return_inverse=True)
    pair = pair.ravel()
    several = np.bincount(pair) > 1

    def ground(at: int) -> shapely.Geometry:
        rows = first[start[at] : np.searchsorted(pair, at, side="right")]
        common = [_common_area(block_findings[block_of[row]], int(at_of[row])) for row in rows.tolist()]
        return shapely.multipolygons(shapely.get_parts(common))

    # Pieces of one polygon share no ground, so areas add up.
    total_m2 = np.bincount(pair, area_m2, minlength=len(owners))
    enough = least.sizes_exceed_limits(area_m2[start], length_m[start])
    for at in np.flatnonzero(several).tolist():
        enough[at] = least.exceeds_limits(np.array([ground(at)]))[0]
    large = np.flatnonzero(enough)
    if len(large) == 0:
        return []
    listed_pairs = large if most is None else large[:most]
    names = frame.names(owners[listed_pairs, 1])
    facts = [
        {"other": names[int(owners[at, 1])], "area": area_to_hundredths(total_m2[at]), "area_m2": float(total_m2[at])}
        for at in listed_pairs.tolist()
    ]
    grounds = np.array([ground(at) for at in listed_pairs.tolist()], dtype=object)
    return [Flaws("topology.overlap", owners[listed_pairs, 0], facts, grounds, more=len(large) - len(listed_pairs))]


def _common_area(block: BlockColumns, at: int) -> shapely.Geometry:
    start = int(block["ends"][at - 1]) if at else 0
    return shapely.from_wkb(block["shared"][start : int(block["ends"][at])].tobytes())


def union_of(
    frame: FrameBlocks, items: Items, block_findings: list[BlockColumns], progress: Progress
) -> shapely.Geometry:
    """Return the union of all polygons: fitting ones are joined by their edges, the few others by overlay.

    The order of rings and their first points do not depend on the blocks.
    """
    bodies = [block["union"].tobytes() for block in block_findings if len(block["union"])]
    parts = [shapely.coverage_union_all(shapely.from_wkb(bodies))] if bodies else []
    others = np.sort(np.concatenate([*(items.owner[block["misfits"]] for block in block_findings), items.giants]))
    for places in _groups(frame, others):
        progress.at(len(parts) / (len(others) // _MISFITS_AT_ONCE + 2))
        parts.append(shapely.union_all(frame.geometries(places)))
    return shapely.normalize(shapely.union_all(parts))


def _groups(frame: FrameBlocks, places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield features that lie close together, in groups small enough to be united at once."""
    order = hilbert_order(frame.boxes[places]) if len(places) else places
    for start in range(0, len(places), _MISFITS_AT_ONCE):
        yield np.sort(places[order[start : start + _MISFITS_AT_ONCE]])


def gap_flaws(union: shapely.Geometry, ground: shapely.Geometry | None, least: SizeLimits) -> list[Flaws]:
    """Return gaps without a feature that are large enough to report, the largest first.

    ground: what should be covered; None: whatever the features enclose.
    """
    if ground is None:
        shells = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
        ground = shapely.union_all(shells)
    bare = shapely.get_parts(polygon_part(shapely.difference(ground, union)))
    bare = bare[least.exceeds_limits(bare)]
    area_m2 = shapely.area(bare)
    order = np.argsort(-area_m2, kind="stable")
    if len(order) == 0:
        return []
    facts = [{"area": area_to_hundredths(area_m2[at]), "area_m2": float(area_m2[at])} for at in order.tolist()]
    return [Flaws("topology.gap", np.full(len(order), -1), facts, bare[order])]
