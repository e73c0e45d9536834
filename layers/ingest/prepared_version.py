"""A version that was read and checked: write it with others in one transaction, and make its record."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, require_value
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import RawFrame
from onemap.layers.ingest.arrival import Arrival, LayerFile
from onemap.layers.ingest.plausibility import Doubt, LastVersion, doubt_of_successor
from onemap.layers.ingest.quality_report import PROBLEMS_TABLE, keep_problems, listed_records
from onemap.layers.ingest.quarantine import write_bad
from onemap.layers.library.library import Library
from onemap.layers.library.rows_as_logged import check_growing_features, check_layer
from onemap.layers.library.same_content import ROWS_OF, Likeness
from onemap.layers.library.services import keep_snapshot
from onemap.layers.library.version_writing import VersionFacts, add_version
from onemap.layers.library.versions import Version, bad_table, layer_in_force, versions
from onemap.layers.messages import ProblemRecord
from onemap.layers.quality.quality import GradedProblem, Quality
from onemap.layers.records import Record
from onemap.layers.stores.store import StoreConnection

NOTHING_ALIKE = Likeness()
_OF_A_FILE = ("encoding", "crs", "transform_hash", "transform_file", "fields", "answers")  # how it was read


@dataclass(frozen=True)
class PreparedVersion:
    """A version that has been read and checked and is ready to be written.

    raws: what is known of each of its files besides their rows; facts: given with the version; found, quality: what the
    checks found; likeness: if a version already holds all of it, nothing is written.
    """

    arrival: Arrival
    frame: FrameBlocks
    raws: tuple[RawFrame, ...]
    facts: VersionFacts
    found: Sequence[GradedProblem]
    quality: Quality
    likeness: Likeness = NOTHING_ALIKE

    @property
    def same(self) -> Version | None:
        """The version that already holds all of it, or None."""
        return self.likeness.same

    def doubt_after(self, earlier: "PreparedVersion") -> Doubt | None:
        """Return the reasons to doubt that this is the same layer as the version that is added before it."""
        if self.arrival.entry.geometry == "raster":
            return None
        label = earlier.facts.given_label or earlier.facts.source
        before = LastVersion(label, earlier.frame.count, earlier.frame.bounds().tolist())
        return doubt_of_successor(self.arrival.entry, self.frame, before, self.arrival.place)

    def write(self, connection: StoreConnection) -> Record:
        """Write the version inside the open transaction; return the contract's record. Raises as `add_version`."""
        arrival, bad = self.arrival, self.frame.bad
        progress = arrival.step("writing")
        progress.at(0.0)
        records = listed_records(self.found, self.quality.more, arrival.language)
        report = self._source_report(records)
        if self.likeness.of_rows is not None:
            report[ROWS_OF] = self.likeness.of_rows.table
        check_layer(arrival.library, arrival.entry.code)
        check_growing_features(arrival.library, PROBLEMS_TABLE, "problems")
        all_versions = versions(arrival.library)
        self._check_known(all_versions)
        version = add_version(
            connection, arrival.entry, self.frame, self.facts, report, progress, all_versions, arrival.is_new
        )
        if arrival.options.snapshot:
            keep_snapshot(connection, version.table, arrival.options.snapshot, arrival.who)
        if bad is not None:
            writing = arrival.who, arrival.language, progress
            write_bad(connection, version, bad, *writing, is_of_several=bool(self.frame.files))
        keep_problems(connection, version, self.found, arrival.who, arrival.language)
        return self._record(version, records, [*all_versions, version])

    def _check_known(self, all_versions: Sequence[Version]) -> None:
        """Refuse files taken over from a version if the layer has changed since. Raises OneMapError files.meanwhile."""
        before = self.arrival.known
        if before is not None and before != tuple(one for one in all_versions if one.code == self.arrival.entry.code):
            raise OneMapError("files.meanwhile", **{**self.arrival.place, "layer": self.arrival.entry.code})

    def unchanged_record(self) -> Record:
        """Return the contract's record of the version that already holds all of it.

        Raises OneMapError library.altered if somebody has edited that version.
        """
        version = require_value(self.same, "the version that is the same")
        check_layer(self.arrival.library, self.arrival.entry.code)
        records = listed_records(self.found, self.quality.more, self.arrival.language)
        return self._record(version, records, versions(self.arrival.library))

    def _record(
        self, version: Version, records: Sequence[ProblemRecord], all_versions: Sequence[Version]
    ) -> dict[str, Any]:
        """Return the contract's record of a version with its problems.

        all_versions: the library's versions, including it.
        """
        arrival, bad = self.arrival, self.frame.bad
        today = layer_in_force(all_versions, version.code, arrival.library.today())
        result = {
            "code": arrival.entry.code,
            "version": version.label,
            "table": version.table,
            "features": version.count,
            "repaired": self.frame.repaired,
            "area_changed_m2": self.frame.area_changed_m2,
            "coverage_m2": version.coverage_m2,
            "coverage": version.coverage_kind,
            "hash": version.hash,
            "encoding": _common_value(raw.encoding for raw in self.raws),
            "codes": self.quality.codes,
            "set_aside": 0 if bad is None else len(bad.rows),
            "bad_table": None if bad is None else bad_table(version.table),
            "unchanged": self.same is not None,
            "retired": None if version.retired is None else vars(version.retired),
            "in_force": today is not None and today.table == version.table,
            "valid_from": version.valid_from,
            "goes_before": None if today is None or today.table == version.table else today.label,
            "problems": records,
        }
        counts = self.frame.counts_of_files()
        if counts:
            names = zip(arrival.file_names, counts, strict=True)
            result["files"] = [{"source": name, "features": count} for name, count in names]
        if arrival.options.measured:
            result |= _measures(self.frame, arrival.entry)
        return {**result, "report": arrival.options.report} if arrival.options.report else result

    def _source_report(self, records: Sequence[ProblemRecord]) -> dict[str, Any]:
        """Return how the source was read and what was found in it, as the library keeps it with the version.

        records: the problems as the contract lists them. For several files it holds what is true of all of them, and
        each file has its own facts.
        """
        options = self.arrival.options
        of_files = [_file_report(file, raw) for file, raw in zip(self.arrival.files, self.raws or (None,), strict=True)]
        counts, names = self.frame.counts_of_files(), self.arrival.file_names
        files = [
            {"source": name, "features": count, "hash": raw.source_hash, **of_file}
            for name, count, raw, of_file in zip(names, counts, self.raws, of_files, strict=False)
        ]
        return {
            **{key: _common_value(of_file[key] for of_file in of_files) for key in of_files[0]},
            "fields": _common_value(of_file["fields"] for of_file in of_files) or {},
            "answers": _common_value(of_file["answers"] for of_file in of_files) or {},
            **({"files": files} if counts else {}),
            "accepted": list(options.accept),
            **({"service": options.snapshot.record} if options.snapshot else {}),
            **({"lineage": dict(options.lineage)} if options.lineage else {}),
            "codes": self.quality.codes,
            "problems": [
                {key: record[key] for key in ("code", "level", "feature", "field", "message")} for record in records
            ],
        }


def _file_report(file: LayerFile, raw: RawFrame | None) -> dict[str, Any]:
    """Return how a file was read. raw: what is known of it besides its rows; None for a raster."""
    if file.stored:
        return {name: file.stored.get(name) for name in _OF_A_FILE}
    normalising = file.normalising
    change = normalising.transform
    answers = {"crs": normalising.crs, "encoding": file.encoding}
    return {
        "encoding": raw.encoding if raw else None,
        "crs": normalising.crs or (raw.crs.to_string() if raw and raw.crs else None),
        # Parameters of a datum are secret in law: that they were used can be proved, what they were not.
        "transform_hash": change.hash if change else None,
        # The file's next state under that name is then known for another.
        "transform_file": change.parameters.file if change and change.parameters else None,
        "fields": dict(normalising.fields),
        # What a person has said of the file because it does not say so itself: the next of this layer may lack it too.
        "answers": {name: answer for name, answer in answers.items() if answer},
    }


def _measures(frame: FrameBlocks, entry: LayerEntry) -> dict[str, float | None]:
    """Return the sum of all areas in m², or of all lengths in m, in the library's plane; None if a layer has none."""
    measure = {"polygon": shapely.area, "line": shapely.length}.get(entry.geometry)
    total = None
    if measure is not None:
        total = float(sum(np.nansum(measure(frame.geometries(places))) for places in frame.blocks()))
    is_line = entry.geometry == "line"
    return {"area_m2": None if is_line else total, "length_m": total if is_line else None}


def write_versions(library: Library, new_versions: Sequence[PreparedVersion]) -> list[Record]:
    """Write prepared versions in one transaction, all or none; return the record of each, as `add` does.

    Versions that the library already has are not written.
    """
    new = [version for version in new_versions if version.same is None]
    scope = new[0].arrival.entry.code if len(new) == 1 else None
    with library.writing(scope) if new else contextlib.nullcontext(library.connection) as connection:
        results = [
            version.write(connection) if version.same is None else version.unchanged_record()
            for version in new_versions
        ]
        for version in new_versions[-1:]:
            version.arrival.progress.settle()
    for version in new_versions:
        version.arrival.progress.finish()
    return results


_T = TypeVar("_T")


def _common_value(values: Iterable[_T]) -> _T | None:
    """Return the value that all files share; None if they differ."""
    file_values = list(values)
    return file_values[0] if file_values and all(value == file_values[0] for value in file_values) else None
