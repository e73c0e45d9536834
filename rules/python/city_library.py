"""`onemap.open(…)`: a library whose methods are the verbs of the command line, with frames in and out."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from os import PathLike
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from onemap.layers.errors import UsageError
from onemap.layers.library.library import open_library
from onemap.layers.secret_words import has_misspelled_secret
from onemap.rules.contract.check_parameters import WHEN
from onemap.rules.contract.declaration import declare_verb
from onemap.rules.judge.runs.explain import explain_run
from onemap.rules.python.call_results import (
    AddResult,
    CheckResult,
    CompareResult,
    Explanation,
    IdentifyResult,
    RemedyResult,
)
from onemap.rules.python.case_desk import Review
from onemap.rules.python.frame_files import FrameFiles, Source, frame_files
from onemap.rules.python.library_calls import TableFolder, as_list, unrecorded_run
from onemap.rules.python.library_deliveries import DeliveryCalls
from onemap.rules.python.library_figures import FigureCalls
from onemap.rules.python.partitions import Box, PartitionedTables, is_partitioned, refuse_other_wishes, version_frame
from onemap.rules.python.verb_call import (
    Day,
    Place,
    ProgressWish,
    Words,
    answer_of,
    language_of,
    plain_values,
    refusals_in_words,
    typed_frame,
)

_READ = declare_verb("read", *WHEN)


class Library(DeliveryCalls, FigureCalls):
    """One library, in a file or on a server; `onemap.open` and `onemap.new` return it.

    location: as it was opened; crs: projected, in metres: of every returned frame. Each call opens the library and
    closes it again, so nothing is locked between two calls. Every method raises OneMapError for every refusal, with
    `code`, `problems` and its sentences; arguments left out have the defaults of the command line.
    """

    def layers(self, *, as_of: Day | None = None, empty: bool = False) -> pd.DataFrame:
        """A row for each version of each layer, as of the day. empty: also a row for each layer without versions."""
        with self._call():
            answer = self._answer("layers", {"as_of": as_of})
        names = ["code", "title", "department", "library", "kind", "geometry"]
        rows = []
        for layer in answer["layers"]:
            head = {name: layer[name] for name in names} | {"title": layer["title"].get(self.language, "")}
            rows += [head | version for version in layer["versions"] or ([{}] if empty else [])]
        of_version = ["label", "valid_from", "valid_to", "in_force", "count", "coverage", "coverage_m2"]
        return typed_frame(pd.DataFrame(rows, columns=[*names, *of_version, "recorded_at", "hash", "table"]))

    def read(
        self, code: str, *, as_of: Day | None = None, known_at: Day | None = None, bbox: Box | None = None
    ) -> gpd.GeoDataFrame:
        """The features of CODE (the version in force) or CODE@label, in the library's CRS, numbered by their fids.

        bbox: only features that meet this box: west, south, east, north in the library's CRS; or the box of a frame.
        """
        with self._call():
            days = plain_values(_READ, {"as_of": as_of, "known_at": known_at})
            with open_library(self.location) as library:
                day = days.get("as_of") or library.today()
                return version_frame(library, str(code), day, days.get("known_at"), bbox)

    def add(
        self,
        source: Source | Sequence[Source],
        code: str,
        *,
        layer: str | None = None,
        crs: str | None = None,
        transform: str | None = None,
        encoding: str | None = None,
        fields: Mapping[str, str] | None = None,
        in_place_of: str | None = None,
        label: str | None = None,
        valid_from: Day | None = None,
        valid_to: Day | None = None,
        covers: Source | None = None,
        accuracy: float | None = None,
        repair: bool = False,
        keep_bad: bool = False,
        sure: bool = False,
        define: Mapping[str, str] | str | None = None,
        report: Place | None = None,
        progress: ProgressWish = None,
    ) -> AddResult:
        """Add a frame, a file, or several that form one layer, as a new version: all of it, or nothing.

        in_place_of: the file of the version in force that this one replaces. sure: it is this layer even if it does not
        look like it. covers: "district", "extent", "features", or the ground that it covers, as a frame or a file.
        define: for a layer that the catalogue lacks: name, department, library, kind, geometry, key.
        """
        with self._call() as files:
            values = {
                "as": code, "source": files.places(source, "source"), "layer": layer, "crs": crs, "label": label,
                "transform": transform, "encoding": encoding, "fields": fields, "in_place_of": in_place_of,
                "accuracy": accuracy, "valid_from": valid_from, "valid_to": valid_to,
                "covers": files.place(covers, "covers"), "repair": repair, "keep_bad": keep_bad, "sure": sure,
                "define": define, "report": report,
            }  # fmt: skip
            return AddResult("add", self._answer("add", values, progress), self.language)

    def district(
        self, district: Source | None = None, *, reason: str | None = None, by: str | None = None
    ) -> dict[str, Any]:
        """The library's district as the core's JSON. district: a frame or a file of polygons that replaces it."""
        with self._call() as files:
            values = {"district": files.place(district, "district"), "reason": reason, "by": by}
            return self._answer("district", values)

    def retire(
        self, code: str, label: str, *, reason: str, by: str | None = None, undo: bool = False
    ) -> dict[str, Any]:
        """Retire a version that was added by mistake, or put it back with `undo`; return the core's JSON."""
        with self._call():
            values = {"code": code, "label": label, "reason": reason, "by": by, "undo": undo}
            return self._answer("retire", values)

    def check(
        self,
        parcels: Any,
        *,
        packs: Words | None = None,
        only: Words | None = None,
        as_of: Day | None = None,
        known_at: Day | None = None,
        id: str | None = None,
        layer: str | None = None,
        crs: str | None = None,
        transform: str | None = None,
        encoding: str | None = None,
        fields: Mapping[str, str] | None = None,
        repair: bool = False,
        land_width: float | str | None = None,
        keep_bad: bool = False,
        code_system: str | None = None,
        replace: Mapping[str, Source] | None = None,
        against: CheckResult | str | None = None,
        record: bool = True,
        data: Place | Mapping[str, Any] | None = None,
        workers: int | None = None,
        client: Any = None,
        shared: Place | None = None,
        progress: ProgressWish = None,
    ) -> CheckResult:
        """Check parcels, a GeoDataFrame, a file or a list of these, by the rules of the packs.

        parcels: a frame of dask-geopandas is judged partition by partition when it is computed. id: the field of their
        ids; land_width: of lines and points, in metres or a field; replace: layer → a frame or a file used instead, as
        a trial; against: an earlier run: `answer["changed"]` names the parcels whose verdict differs; record: store the
        run; data: facts by field, for parcels that state none; client: of Dask, an address, or "local".
        """
        with self._call() as files:
            if is_partitioned(parcels):
                refuse_other_wishes(known_at=known_at, crs=crs, replace=replace, against=against, data=data)
                wishes = {"pack": as_list(packs), "only": only, "as_of": as_of, "id": id}
                return self._check_partitions(parcels, wishes)
            values = {
                "parcels": files.places(parcels, "parcels"), "pack": as_list(packs), "only": only, "as_of": as_of,
                "known_at": known_at, "id": id, "layer": layer, "crs": crs, "transform": transform, "repair": repair,
                "fields": fields, "keep_bad": keep_bad, "encoding": encoding, "code_system": code_system,
                "land_width": land_width and str(land_width), "replace": _replacements(files, replace),
                "against": getattr(against, "run", against), "unrecorded": not record, "workers": workers,
                "data": files.facts(data, of_parcels=True), "scheduler": _address(client), "shared": shared,
            }  # fmt: skip
            answer, tables = self._answer_with_tables("check", values, progress)
            explain = partial(self._explain_finding_of, answer["run"], tables, as_list(packs) or ())
            return CheckResult(answer, self.language, tables, self.crs, explain)

    def runs(self, *, kind: str | None = None) -> pd.DataFrame:
        """A row for each run stored in the library. kind: check, compare or remedy."""
        with self._call():
            return typed_frame(pd.DataFrame(self._answer("runs", {"kind": kind})["runs"]))

    def run(self, run: str) -> CheckResult:
        """A check stored in the library, as it was answered."""
        with self._call():
            answer, tables = self._answer_with_tables("runs", {"run": run}, None)
            return CheckResult(answer, self.language, tables, self.crs, self._explain_finding)

    def explain(self, run: str, parcel: object, rule: str) -> Explanation:
        """How a finding of a run came about."""
        return Explanation("explain", self._explain_finding(run, str(parcel), rule), self.language)

    def compare(
        self,
        a: str,
        b: str,
        *,
        matrix: Place | None = None,
        min_area: float | None = None,
        min_width: float | None = None,
        as_of: Day | None = None,
        known_at: Day | None = None,
        against: CompareResult | str | None = None,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> CompareResult:
        """Compare two plans, each CODE or CODE@label: classified and measured spots; limits in m² and m."""
        values = {
            "a": a,
            "b": b,
            "matrix": matrix,
            "min_area": min_area,
            "min_width": min_width,
            "as_of": as_of,
            "known_at": known_at,
            "against": getattr(against, "run", against),
            "workers": workers,
        }
        with self._call():
            answer, tables = self._answer_with_tables("compare", values, progress)
            return CompareResult("compare", answer, self.language, tables, self.crs)

    def remedy(
        self,
        parcels: Source,
        *,
        packs: Words | None = None,
        only: Words | None = None,
        as_of: Day | None = None,
        known_at: Day | None = None,
        id: str | None = None,
        crs: str | None = None,
        data: Place | Mapping[str, Any] | None = None,
        parcel: Words | None = None,
        keep_verdict: str | None = None,
        min_part: float | None = None,
        min_width: float | None = None,
        one_piece: bool = False,
        move: float | None = None,
        turn: float | None = None,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> RemedyResult:
        """The largest part of each parcel that passes, and what each rule cut; areas in m², widths and moves in m."""
        with self._call() as files:
            values = {
                "parcels": files.place(parcels, "parcels"),
                "pack": as_list(packs),
                "only": only,
                "as_of": as_of,
                "known_at": known_at,
                "id": id,
                "crs": crs,
                "data": files.facts(data, of_parcels=True),
                "parcel": as_list(parcel),
                "keep_verdict": keep_verdict,
                "min_part": min_part,
                "min_width": min_width,
                "one_piece": one_piece,
                "move": move,
                "turn": turn,
                "workers": workers,
            }
            answer, tables = self._answer_with_tables("remedy", values, progress)
            return RemedyResult("remedy", answer, self.language, tables, self.crs)

    def identify(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        crs: str | None = None,
        radius: float | None = None,
        only: Words | None = None,
        as_of: Day | None = None,
        line: Any = None,
        box: Sequence[float] | None = None,
    ) -> IdentifyResult:
        """The features at a point, along a line (WKT or geometry) or in a box, in every layer in force; radius in m."""
        wkt = getattr(line, "wkt", line)
        values = {"crs": crs, "radius": radius, "only": only, "as_of": as_of, "line": wkt, "box": box}
        with self._call():
            answer = self._answer("identify", {"x": x, "y": y, **values})
            return IdentifyResult("identify", answer, self.language)

    @cached_property
    def review(self) -> Review:
        """The parallel pre-review."""

        def ask(verb: str, values: Mapping[str, Any]) -> dict[str, Any]:
            self._refuse_closed()
            return self._answer(verb, values)

        return Review(ask, self.language)

    def _check_partitions(self, parcels: Any, wishes: Mapping[str, Any]) -> CheckResult:
        with open_library(self.location) as library:
            today = library.today()
        tables = PartitionedTables(parcels, self.location, self.crs, today, self.language, wishes)
        parameters = {"library": self.name, "as_of": tables.as_of.isoformat()}
        answer = {"run": {"id": None, "recorded": False, "parameters": parameters}}
        return CheckResult(answer, self.language, tables, self.crs, self._explain_finding)

    def _explain_finding_of(
        self, record: Mapping[str, Any], tables: TableFolder, packs: Sequence[str], run_id: str, parcel: str, rule: str
    ) -> dict[str, Any]:
        """The steps of a finding of a run, stored in the library or else given by its own tables."""
        if record["recorded"]:
            return self._explain_finding(run_id, parcel, rule)
        with self._call(), open_library(self.location) as library:
            run = unrecorded_run(library, record, tables, packs)
            return explain_run(library, run, parcel, rule, self.language)

    def _explain_finding(self, run: str, parcel: str, rule: str) -> dict[str, Any]:
        with self._call():
            return self._answer("explain", {"run": run, "parcel": parcel, "rule": rule})


def _replacements(files: FrameFiles, replace: Mapping[str, Source] | None) -> list[str] | None:
    if replace is not None and not isinstance(replace, Mapping):
        kind = type(replace).__name__
        raise UsageError("python.kind", field="replace", given=kind, wanted="dict")
    if replace is None:
        return None
    return [f"{code}={files.place(source, code)}" for code, source in replace.items()]


def _address(client: Any) -> str | None:
    """The address of a Dask scheduler, from a client or as it was given. Raises UsageError python.kind."""
    if client is None or isinstance(client, str):
        return client
    scheduler = getattr(client, "scheduler", None)
    address = getattr(scheduler, "address", None)
    if not isinstance(address, str):
        raise UsageError("python.kind", field="client", given=type(client).__name__, wanted="distributed.Client, str")
    return address


def open(location: Place, *, language: str | None = None, progress: ProgressWish = None) -> Library:
    """Open a library: the path of a .gpkg, postgresql://… or service=…; also as a context manager.

    language: of titles, words and refusals, zh or en; by default the system's. progress: for every call that takes
    time: True for a bar, if tqdm is installed, or a function of the finished share and the step. Raises OneMapError
    library.missing, library.not_one and the like.
    """
    with refusals_in_words(language):
        return Library(_location(location), language_of(language), progress)


def new(
    location: Place,
    *,
    crs: str | int | pyproj.CRS,
    name: str | None = None,
    district: Source | None = None,
    packs: Words | None = None,
    rehearsal: bool = False,
    language: str | None = None,
    progress: ProgressWish = None,
) -> Library:
    """Make a library and open it. crs: projected, by its EPSG code; district: its ground, a frame or a file.

    Raises OneMapError library.exists, crs.… and the like.
    """
    with refusals_in_words(language), frame_files() as files:
        own_language = language_of(language)
        code = f"EPSG:{crs}" if isinstance(crs, int) else crs.to_string() if isinstance(crs, pyproj.CRS) else crs
        values = {
            "library": _location(location),
            "crs": code,
            "name": name,
            "pack": as_list(packs),
            "district": files.place(district, "district"),
            "rehearsal": rehearsal,
        }
        answer_of("new", values, own_language, progress)
        return Library(_location(location), own_language, progress)


def inspect(source: Source, *, layer: str | None = None, language: str | None = None) -> dict[str, Any]:
    """Describe a file without loading it: format, layers, encodings, coordinate systems, problems."""
    with refusals_in_words(language), frame_files() as files:
        return answer_of("inspect", {"source": files.place(source, "source"), "layer": layer}, language_of(language))


def sample(folder: Place, *, parcels: int | None = None, seed: int | None = None) -> dict[str, Any]:
    """Make the files of an invented city in a new folder, as its departments would send them, for trying things out."""
    with refusals_in_words(None):
        return answer_of("sample", {"folder": folder, "parcels": parcels, "seed": seed}, language_of(None))


def _location(location: Place) -> str:
    if not isinstance(location, (str, PathLike)):
        kind = type(location).__name__
        raise UsageError("python.kind", field="location", given=kind, wanted="str, pathlib.Path")
    if has_misspelled_secret(str(location), takes_server=True):
        raise UsageError("usage.address", field="location")
    return str(location)
