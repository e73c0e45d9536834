"""The differences between plans on the project's ground, from the last comparison of each pair of plans."""

import json

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.answers.compare.comparison_record import KIND, comparison_runs, pair_of
from onemap.rules.answers.compare.spot_fields import class_name
from onemap.rules.display.maps.document_areas import areas
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import grounds_inside, union_of_all
from onemap.rules.judge.runs.run_store import run_record, stored_rows
from onemap.rules.judge.runs.stored_rows import DAMAGE, check_blocks
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.run_evidence import Evidence

_LEAST_M2 = 1e-6  # touching is not overlap


def differences(library: Library, evidence: Evidence, until: str | None) -> dict[str, list[Row]]:
    """What stands in a content of the differences between plans on the project's ground, by key.

    differences: the conflicting spots of comparisons that share ground with the project, the largest first;
    comparisons: the pairs compared, each with pair, pair_title and on, the day of its comparison by the library's
    clock; damaged_comparisons: later ones of a pair that have lost rows, in the same form. until: ignore comparisons
    started later, so that the same state of a case prints the same.
    """
    ground = union_of_all(np.asarray(evidence.grounds, dtype=object), Threads())
    rows, damaged = list[Row](), list[Row]()
    pairs: dict[str, Row] = {}
    for run in comparison_runs(library):
        record = run_record(library, run, KIND)
        pair = pair_of(record)
        if pair in pairs or (until is not None and record["started"] > until):
            continue
        first, second = pair.split("×")
        pattern = words(evidence.language)["pair"]
        title = pattern.format(a=evidence.layer_title(first), b=evidence.layer_title(second))
        pair_facts = {"pair": pair, "pair_title": title, "on": library.day_text(record["started"])}
        try:
            check_blocks(library, run)
            decided = _last_decisions(library, run, until)
            spots = _touched_spots(library, run, ground, decided, evidence.language)
        except OneMapError as error:
            if error.code not in DAMAGE:
                raise
            damaged.append(pair_facts)
            continue
        pairs[pair] = pair_facts
        rows += [
            {
                **row,
                "pair": pair,
                "pair_title": title,
                "use_a_title": _use_title(evidence, first, row["use_a"]),
                "use_b_title": _use_title(evidence, second, row["use_b"]),
            }
            for row in spots
        ]
    rows.sort(key=lambda row: -row["area_ellipsoidal_m2"])
    return {"differences": rows, "comparisons": list(pairs.values()), "damaged_comparisons": damaged}


def _use_title(evidence: Evidence, layer: str, code: str | None) -> str | None:
    entry = evidence.catalogue.get(layer)
    return class_name(entry, code, evidence.language) if entry else None


def _last_decisions(library: Library, run: str, until: str | None) -> dict[str, str]:
    """The last decision on each spot of a comparison."""
    if not library.connection.has_table("onemap_decisions"):
        return {}
    sql = "SELECT spot, decision, at FROM onemap_decisions WHERE run = ? ORDER BY number"
    rows = library.connection.execute(sql, (run,))
    return {spot: decision for spot, decision, at in rows if until is None or at <= until}


def _touched_spots(
    library: Library, run: str, ground: shapely.Geometry, decided: dict[str, str], language: str
) -> list[Row]:
    spot_rows = [row for row in stored_rows(library, run, "spots") if row.wkb is not None]
    spots = geometries_of_wkb(np.array([row.wkb for row in spot_rows], dtype=object))
    near = np.flatnonzero(shapely.intersects(spots, ground)) if len(spots) else np.empty(0, dtype=int)
    grounds = grounds_inside(spots[near] if len(near) else np.empty(0, dtype=object), ground, run, Threads())
    area_m2 = ellipsoidal_areas_m2(grounds, library.crs)
    rows = []
    for at, ellipsoidal_m2 in zip(near, area_m2, strict=True):
        spot = json.loads(spot_rows[at].content)
        if not spot["conflict"] or ellipsoidal_m2 < _LEAST_M2:
            continue
        decision = decided.get(spot["spot"], spot["decision"])
        rows.append(
            {
                "spot": spot["spot"],
                "type": spot["type"],
                "type_title": phrase(f"difference.{spot['type']}", language),
                "use_a": spot["code_a"],
                "use_b": spot["code_b"],
                **areas(float(ellipsoidal_m2)),
                "decision": phrase(f"decision.{decision}", language) if decision else None,
            }
        )
    return rows
