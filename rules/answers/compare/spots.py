"""Difference spots: pieces typed by the matrix and dissolved to single polygons, and the matrix of their areas."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.fields import are_none
from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.parts import shift_geometries, shift_polygons
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.library.library import sha256
from onemap.rules.answers.compare.dissolve import SinglePolygons, dissolve_ground
from onemap.rules.answers.compare.matrix import Matrix
from onemap.rules.answers.compare.pieces import ComparedGround
from onemap.rules.answers.compare.plans import Plan
from onemap.rules.judge.findings.table import plain_values
from onemap.rules.judge.findings.thresholds import narrower
from onemap.rules.judge.overlay.in_chunks import chunks
from onemap.rules.judge.overlay.threads import Threads

KEPT_COLUMNS = ["type", "use_a", "use_b", "code_a", "code_b", "class_a", "class_b", "area_m2"]
CONFLICTS = ("03", "04", "05")
ARTEFACT = "90"
_JUDGED = ("01", "02", "03", "04", "05")
BALANCE_SHARE = 1e-6


@dataclass(frozen=True)
class Limits:
    """The least width and area of a spot; a smaller one is an artefact."""

    min_width_m: float = 2.0
    min_area_m2: float = 200.0


@dataclass(frozen=True)
class Spots:
    """Difference spots (m,): single polygons counted from the run's origin, and their columns.

    geometries: with the digits of the library's plane, so that a stored spot measures the same when it is read again;
    columns: type, uses, all codes, the code of most ground (class), area_m2, share, conflict.
    """

    geometries: np.ndarray
    columns: pd.DataFrame
    compared_m2: float


def spots_of(
    ground: ComparedGround,
    plans: tuple[Plan, Plan],
    matrix: Matrix,
    limits: Limits,
    threads: Threads,
    origin: tuple[float, float] = (0.0, 0.0),
    journal: Journal | None = None,
) -> Spots:
    """Assign types to the pieces, dissolve them by type and uses, and separate thin and small ones.

    journal: as in `dissolve_ground`. Raises OneMapError compare.balance if the areas do not add up to the compared
    ground, journal.failed.
    """
    compared_m2 = float(ground.area_m2.sum())
    kind, of_kind = _kinds(ground, plans, matrix)
    type_of_kind = of_kind["type"].to_numpy(dtype=object)
    parts = [_Part.empty()]
    for whole, own in dissolve_ground(ground, kind, threads, journal):
        singles = _as_written(whole, origin)
        is_artefact = _are_artefacts(type_of_kind[singles.kind], singles.polygons, limits, own)
        count = len(singles.polygons)
        sides = [
            _codes_and_uses(plan, rows[singles.piece]) for plan, rows in zip(plans, (ground.a, ground.b), strict=True)
        ]
        by_code = [_codes(singles, code, use, ground.area_m2) for code, use in sides]
        keys = [(_code_lists(codes, count), _main(codes, count)) for codes in by_code]
        parts.append(_Part(singles.polygons, singles.kind, is_artefact, *keys[0], *keys[1]))
    all_parts = _Part.concatenate(parts)
    if abs(shapely.area(all_parts.polygons).sum() - compared_m2) > BALANCE_SHARE * compared_m2:
        raise OneMapError("compare.balance", field="matrix")
    columns = of_kind.loc[all_parts.kind].reset_index(drop=True)
    columns["type"] = np.where(all_parts.is_artefact, ARTEFACT, columns["type"].to_numpy(dtype=object))
    columns["code_a"], columns["class_a"] = all_parts.code_a, all_parts.class_a
    columns["code_b"], columns["class_b"] = all_parts.code_b, all_parts.class_b
    columns["area_m2"] = shapely.area(all_parts.polygons)
    return in_order(all_parts.polygons, columns)


@dataclass(frozen=True)
class _Part:
    """Some spots (m,) before they are sorted."""

    polygons: np.ndarray
    kind: np.ndarray
    is_artefact: np.ndarray
    code_a: np.ndarray
    class_a: np.ndarray
    code_b: np.ndarray
    class_b: np.ndarray

    @classmethod
    def empty(cls) -> "_Part":
        text = np.empty(0, dtype=object)
        return cls(text, np.empty(0, dtype=np.int64), np.empty(0, dtype=bool), text, text, text, text)

    @classmethod
    def concatenate(cls, parts: "Sequence[_Part]") -> "_Part":
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))


def _as_written(singles: SinglePolygons, origin: tuple[float, float]) -> SinglePolygons:
    """Polygons counted from `origin`, rounded as when they are read back from the library's plane with fewer digits.

    One that rounding makes invalid may become several.
    """
    rounded = shift_geometries(shift_polygons(singles.polygons, origin), (-origin[0], -origin[1]))
    polygons, of = shapely.get_parts(rounded, return_index=True)
    if len(polygons) == len(rounded) and np.array_equal(of, np.arange(len(rounded))):
        return SinglePolygons(polygons, singles.kind, singles.piece, singles.polygon)
    count = np.bincount(of, minlength=len(rounded))
    first = np.searchsorted(of, np.arange(len(rounded)))
    times = count[singles.polygon]
    # Every part keeps all the pieces of its whole: which of them it lost by the hair is not worth a question.
    return SinglePolygons(
        polygons, singles.kind[of], np.repeat(singles.piece, times), ranges(first[singles.polygon], times)
    )


def _are_artefacts(types: np.ndarray, polygons: np.ndarray, limits: Limits, threads: Threads) -> np.ndarray:
    """Which of the polygons (m,) of types 01 to 05 are thin or small."""
    is_judged = np.isin(types, _JUDGED)
    result: np.ndarray = is_judged & (shapely.area(polygons) < limits.min_area_m2)
    rest = np.flatnonzero(is_judged & ~result)
    if limits.min_width_m > 0:
        parts, width_m = [rest[part] for part in chunks(len(rest))], limits.min_width_m
        for rows, thin in zip(parts, threads.each(lambda rows: narrower(polygons[rows], width_m), parts), strict=True):
            result[rows[thin]] = True
    return result


def _codes_and_uses(plan: Plan, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The code and the use of a plan for pieces (k,); None where it makes no statement."""
    code, use = np.full(len(rows), None, dtype=object), np.full(len(rows), None, dtype=object)
    speaks = rows >= 0
    code[speaks], use[speaks] = plan.codes[rows[speaks]], plan.uses[rows[speaks]]
    return code, use


def _kinds(ground: ComparedGround, plans: tuple[Plan, Plan], matrix: Matrix) -> tuple[np.ndarray, pd.DataFrame]:
    """The kind of each piece (k,) as a number; and a row for each kind: type, use_a, use_b.

    Each combination of uses and codes is looked up once; texts are made for some of the pieces at a time.
    """
    kind = np.empty(len(ground), dtype=np.int64)
    kind_by_key: dict[tuple[str | None, ...], int] = {}
    kinds: dict[tuple[str | None, ...], int] = {}
    for some in blocks(len(ground)):
        (code_a, use_a), (code_b, use_b) = (
            _codes_and_uses(plan, rows[some]) for plan, rows in zip(plans, (ground.a, ground.b), strict=True)
        )
        keys = list(zip(use_a, use_b, code_a, code_b, strict=True))
        for key in dict.fromkeys(keys):
            if key not in kind_by_key:
                kind_by_key[key] = kinds.setdefault((matrix.type_of(*key), *key[:2]), len(kinds))
        kind[some] = [kind_by_key[key] for key in keys]
    return kind, pd.DataFrame(list(kinds), columns=["type", "use_a", "use_b"], dtype=object)


def _codes(singles: SinglePolygons, code: np.ndarray, use: np.ndarray, area_m2: np.ndarray) -> pd.DataFrame:
    """Spot, code and area of every code of a plan in a spot; ground without a code is left out.

    code, use: of the pieces that are part of spots (k,); area_m2: of all pieces.
    """
    area_m2 = area_m2[singles.piece]
    has_both = ~are_none(code) & ~are_none(use)
    rows = pd.DataFrame({"spot": singles.polygon[has_both], "code": code[has_both], "area_m2": area_m2[has_both]})
    return pd.DataFrame(rows.groupby(["spot", "code"], sort=True)["area_m2"].sum().reset_index())


def _code_lists(codes: pd.DataFrame, count: int) -> np.ndarray:
    """The sorted codes of each spot, joined by commas; None if there are none."""
    result = np.full(count, None, dtype=object)
    spots, start = np.unique(codes["spot"].to_numpy(dtype=np.int64), return_index=True)
    groups = np.split(codes["code"].to_numpy(dtype=object), start[1:]) if len(spots) else []
    for spot, names in zip(spots, groups, strict=True):
        result[spot] = ",".join(names)
    return result


def _main(codes: pd.DataFrame, count: int) -> np.ndarray:
    """The code with the most ground in each spot; None if there is none."""
    result = np.full(count, None, dtype=object)
    largest = codes.sort_values(["spot", "area_m2", "code"], ascending=[True, True, False], kind="stable")
    last = largest.drop_duplicates("spot", keep="last")
    result[last["spot"].to_numpy(dtype=np.int64)] = last["code"].to_numpy(dtype=object)
    return result


def in_order(polygons: np.ndarray, columns: pd.DataFrame) -> Spots:
    """Sort spots by type, uses and area, the largest first, independent of how they were found; add their shares."""
    west, south, _, _ = shapely.bounds(polygons).T if len(polygons) else np.empty((4, 0))
    texts = [columns[name].fillna("").to_numpy(dtype=str) for name in ("use_b", "use_a", "type")]
    order = np.lexsort((south, west, -columns["area_m2"].to_numpy(dtype=float), *texts))
    sorted_columns = columns.iloc[order].reset_index(drop=True)
    area_m2 = sorted_columns["area_m2"].to_numpy(dtype=float)
    compared_m2 = float(area_m2.sum())
    sorted_columns["area_m2"] = area_m2
    sorted_columns["share"] = area_m2 / compared_m2 if compared_m2 else 0.0
    sorted_columns["conflict"] = sorted_columns["type"].isin(CONFLICTS)
    return Spots(polygons[order], sorted_columns, compared_m2)


def spot_names(pair: str, columns: pd.DataFrame, geometries: np.ndarray) -> np.ndarray:
    """A name for each spot (m,), made from pair, uses, codes and ground, so that it stays while these stay.

    geometries: as written.
    """
    keys = zip(*(plain_values(columns[name]) for name in ("type", "use_a", "use_b", "code_a", "code_b")), strict=True)
    bodies = shapely.to_wkb(geometries, byte_order=1)
    return np.array(
        ["S" + sha256(repr((pair, facts)).encode() + body)[:12] for facts, body in zip(keys, bodies, strict=True)],
        dtype=object,
    )


def matrix_rows(columns: pd.DataFrame, compared_m2: float) -> pd.DataFrame:
    """A row for each combination that occurs: type, use_a, use_b, spots, area_m2, share."""
    names = ["type", "use_a", "use_b"]
    areas_by_kind = columns.groupby(names, dropna=False, sort=True)["area_m2"]
    rows = areas_by_kind.agg(spots="size", area_m2="sum").reset_index()
    for name in names:
        rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    rows["share"] = rows["area_m2"] / compared_m2 if compared_m2 else 0.0
    return rows
