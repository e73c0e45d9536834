"""The evidence of an answer: the ids of its run, and of the rules, layer versions and features behind it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from onemap.rules.contract.verdict import Verdict

MOST_ROWS = 500  # findings that an answer names; all of them are in its tables, and in the run
_FINDING = (
    "parcel", "rule", "pack", "department", "layer", "version", "verdict", "reason", "counted", "assumed", "excused_by",
    "title", "basis", "area_m2", "area_ellipsoidal_m2", "counted_area_m2", "share", "length_m", "distance_m", "value",
)  # fmt: skip

_OVERLAPS = ("overlaps", "overlaps_line", "overlaps_point")
_CUT = ("parcel", "rule", "verdict", "area_m2", "unknown_m2")


def evidence_of(verb: str, question: Mapping[str, Any], result: Mapping[str, Any], tables: Path) -> dict[str, Any]:
    """The ids behind a verb's answer.

    question: the question; tables: the folder of the answer's tables, if it has any. For a check, `findings` lists each
    finding with its rule, layer version and features; for a remedy, `cuts` lists each cut.
    """
    run = result.get("run")
    evidence: dict[str, Any] = {"run": run["id"] if isinstance(run, dict) else question.get("run")}
    evidence["versions"] = _versions(verb, result)
    if rule := question.get("rule"):
        evidence["rules"] = [rule]
    if (tables / "findings.parquet").exists():
        evidence |= _findings(tables)
    elif (tables / "cuts.parquet").exists():
        rows = _rows(tables / "cuts.parquet", _CUT)
        evidence |= {"cuts": rows[:MOST_ROWS], "cuts_left_out": max(len(rows) - MOST_ROWS, 0)}
    if verb == "identify":
        evidence["features"] = [
            {"code": layer["code"], "version": layer["version"], "feature": feature["feature"]}
            for layer in result["layers"]
            for feature in layer["features"]
        ]
    if verb == "explain":
        evidence["features"] = [about["feature"] for about in _abouts(result) if "feature" in about]
    return evidence


def _versions(verb: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The versions of layers that were used, each once."""
    version_records: list[Mapping[str, Any]] = []
    run = result.get("run")
    if isinstance(run, dict):
        version_records += [
            {"code": one["code"], "version": one["label"], "hash": one["hash"]} for one in run.get("layers", ())
        ]
    if verb == "identify":
        version_records += [{"code": one["code"], "version": one["version"]} for one in result["layers"]]
    for name in ("layer", "within"):
        if isinstance(one := result.get(name), dict) and "code" in one:
            version_records.append({"code": one["code"], "version": one.get("label"), "hash": one.get("hash")})
    if verb == "explain":
        version_records += [about for about in _abouts(result) if "version" in about]
    for sheet in result.get("sheet", {}).get("sheets", ()):
        rows = [*sheet.get("plans", ()), *sheet.get("findings", ())]
        version_records += [{"code": row["layer"], "version": row["version"]} for row in rows if row.get("layer")]
    return list({tuple(one.items()): dict(one) for one in version_records}.values())


def _abouts(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ids that the steps of an explanation name."""
    return [about for step in result["steps"] if (about := step.get("about"))]


def _findings(tables: Path) -> dict[str, Any]:
    """The findings of a check, each with the features behind it."""
    features = defaultdict(list)
    for name in _OVERLAPS:
        for row in _rows(tables / f"{name}.parquet", ("parcel", "rule", "feature")):
            features[row["parcel"], row["rule"]].append(row["feature"])
    rows = _rows(tables / "findings.parquet", _FINDING)
    # An unknown speaks of ground of which nothing is known, so no feature is under it.
    finding_records = [
        {
            **row,
            "features": [] if row["verdict"] == Verdict.UNKNOWN else sorted(set(features[row["parcel"], row["rule"]])),
        }
        for row in rows[:MOST_ROWS]
    ]
    return {"findings": finding_records, "findings_left_out": max(len(rows) - MOST_ROWS, 0)}


def _rows(path: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    """Some columns of a table as rows; NaN becomes None."""
    from pyarrow import parquet

    if not path.exists():
        return []
    with parquet.ParquetFile(path) as table:  # opened once, and without the threads of a dataset
        columns = [name for name in names if name in table.schema_arrow.names]
        rows: list[dict[str, Any]] = table.read(columns, use_threads=False).to_pylist()
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]
