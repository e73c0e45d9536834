"""The result of a call: the verb's answer, its tables as frames, and how both look in a notebook."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyproj

from onemap.layers.errors import UsageError
from onemap.layers.library.rehearsals import REHEARSAL
from onemap.rules.contract.output_forms import CHECK_FORMS, TABLE_FORMS
from onemap.rules.contract.verdict import most_severe, verdict_counts
from onemap.rules.display.outputs.outputs import check_targets, tables_written
from onemap.rules.display.rows.answer_rows import assumed_rows, sentence_row, view_text
from onemap.rules.display.rows.run_views import explain_view, unasked_row
from onemap.rules.judge.findings.table import Table
from onemap.rules.python.library_calls import TablePlace
from onemap.rules.python.result_page import result_page
from onemap.rules.python.verb_call import Place, in_python, refusals_in_words, typed_frame

if TYPE_CHECKING:
    from folium import Map

_GEOMETRY_TYPES = {"overlaps_line": "MultiLineString", "overlaps_point": "MultiPoint", "parcels_bad": "Geometry"}
_WORDED = {"field", "message", "mend"}  # of a problem: they name options, here arguments
Explain = Callable[[str, str, str], dict[str, Any]]


class Result:
    """The result of a verb. `answer` is its JSON, as `--json` prints it on the command line."""

    _shown = ""  # the table of which a notebook shows the first rows
    _forms: tuple[str, ...] = TABLE_FORMS  # in which its tables can be written

    def __init__(self, verb: str, answer: dict[str, Any], language: str) -> None:
        self.verb = verb
        self.answer = answer
        self.language = language

    @cached_property
    def problems(self) -> pd.DataFrame:
        """Remarks on the input: file, layer, feature, field, code, message, mend."""
        names = ["file", "layer", "feature", "field", "code", "message", "mend"]
        rows = [
            [in_python(row[name]) if name in _WORDED and row.get(name) else row.get(name) for name in names]
            for row in self.answer.get("problems", [])
        ]
        # As objects: beside a text pandas would turn what is not said into NaN.
        return pd.DataFrame(rows, columns=names, dtype=object)

    def _rows(self, name: str) -> pd.DataFrame:
        """A list of the answer as a frame, verdicts and times typed."""
        return typed_frame(pd.DataFrame(self.answer[name]))

    def _facts(self) -> dict[str, Any]:
        """The facts at the head of the page."""
        return {name: value for name, value in self.answer.items() if isinstance(value, (str, int, float, bool))}

    def _first_rows(self) -> pd.DataFrame | None:
        return None

    def __repr__(self) -> str:
        return f"<onemap {self.verb}: {', '.join(f'{name} {value}' for name, value in self._facts().items())}>"

    def _repr_html_(self) -> str:
        counts = self.answer.get("verdicts") or {}
        remarks = [*self._remarks(), *self.problems["message"]]
        return result_page(self.verb, self._facts(), counts, self._first_rows(), remarks, self.language)

    def _remarks(self) -> list[str]:
        """The sentences on the whole answer: a rehearsal, layers of assumed coverage, rules that were not asked."""
        answer, run = self.answer, self.answer.get("run")
        run_record = run if isinstance(run, Mapping) else answer  # a case names its run
        layers = (
            run_record["layers"] if "layers" in run_record else [run_record["layer"]] if "layer" in run_record else []
        )
        rows = [sentence_row(REHEARSAL, self.language)] if REHEARSAL in answer else []
        rows += assumed_rows(layers, self.language)
        rows += [unasked_row(answer["rules"], answer["unasked"], self.language)] if answer.get("unasked") else []
        return [str(row.name) for row in rows]


class TableResult(Result):
    """A result with tables; each is a frame that is read when it is first asked for."""

    def __init__(self, verb: str, answer: dict[str, Any], language: str, tables: TablePlace, crs: pyproj.CRS) -> None:
        super().__init__(verb, {name: value for name, value in answer.items() if name != "out"}, language)
        self.crs = crs
        self._tables = tables
        self._frames: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """The names of the tables."""
        return self._tables.names

    def table(self, name: str) -> Any:
        """One table: a GeoDataFrame, or a DataFrame if it has no geometry; of a partitioned check a Dask frame.

        Verdicts are an ordered category with the most severe as the greatest; days and moments are times.
        Raises OneMapError usage.choice.
        """
        if name not in self._frames:
            with refusals_in_words(self.language):
                if name not in self.names:
                    raise UsageError("usage.choice", field="table", value=name, allowed=self.names)
                self._frames[name] = typed_frame(self._tables.read(name))
        return self._frames[name]

    def to_file(self, target: Place, *, overwrite: bool = False) -> Path:
        """Write all tables like `--out`: a `.gpkg`, an `.xlsx`, or a folder of GeoParquet; return the path.

        The parcels of a check alone can also go into a `.geojson`, `.fgb`, `.csv` or `.dxf`.
        Raises OneMapError out.exists, out.format, out.failed and the like.
        """
        with refusals_in_words(self.language):
            check_targets([str(target)], overwrite, forms=self._forms)  # before anything is computed
            tables = {name: _table(name, self._tables.read(name)) for name in self.names}
            with tables_written(tables, self.crs, str(target), overwrite, self.language):
                return Path(target)

    def _first_rows(self) -> pd.DataFrame | None:
        rows = self.table(self._shown) if self._shown in self.names else None
        return rows if isinstance(rows, pd.DataFrame) else None  # what is not computed is not computed to be seen

    def explore(self, table: str | None = None, *, tiles: str | None = "OpenStreetMap") -> "Map":
        """An interactive map of a table, by folium (the extra `[notebook]`).

        tiles: the name of a base map of folium, which comes over the network; None for none.
        Raises OneMapError python.not_installed, python.no_map.
        """
        with refusals_in_words(self.language):
            from onemap.rules.python.result_map import result_map

            name = table or self._shown
            return result_map(self.table(name), name, tiles)


def _table(name: str, frame: Any) -> Table:
    if hasattr(frame, "compute"):
        frame = frame.compute()
    if not isinstance(frame, gpd.GeoDataFrame):
        return Table(_plain_texts(frame))
    columns = _plain_texts(pd.DataFrame(frame.drop(columns=frame.geometry.name)))
    return Table(columns, frame.geometry.to_numpy(), _GEOMETRY_TYPES.get(name, "MultiPolygon"))


def _plain_texts(columns: pd.DataFrame) -> pd.DataFrame:
    """Text columns of type object, with None for no text, as in a run."""
    texts = [name for name in columns.columns if isinstance(columns[name].dtype, pd.StringDtype)]
    plain = {name: columns[name].astype(object).where(columns[name].notna(), None) for name in texts}
    return columns.assign(**plain)


class CheckResult(TableResult):
    """A check: verdicts, findings and pieces in conflict, with the columns of `check --out`."""

    _shown = "parcels"
    _forms = CHECK_FORMS

    def __init__(
        self,
        answer: dict[str, Any],
        language: str,
        tables: TablePlace,
        crs: pyproj.CRS,
        explain: Explain,
    ) -> None:
        super().__init__("check", answer, language, tables, crs)
        self._explain = explain

    @property
    def run(self) -> str:
        """The id of the run in the library, if it `is_recorded`; a partitioned check has none."""
        return str(self.answer["run"]["id"])

    @property
    def is_recorded(self) -> bool:
        """Whether the run is stored in the library, so that it can be explained and repeated."""
        return bool(self.answer["run"]["recorded"])

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdict_counts)

    @property
    def verdict_counts(self) -> Mapping[str, int]:
        """The number of parcels with each of the six verdicts; for this a partitioned check is computed."""
        if "verdicts" not in self.answer:
            rows = self.verdicts[["verdict"]].compute()
            self.answer["verdicts"] = verdict_counts(rows["verdict"])
        return dict(self.answer["verdicts"])

    @property
    def verdicts(self) -> gpd.GeoDataFrame:
        """A row for each parcel: parcel, verdict, known_verdict, …, its ground."""
        return self.table("parcels")

    @property
    def findings(self) -> gpd.GeoDataFrame:
        """At most two rows for each parcel and rule: the conflict, and the ground that could not be judged."""
        return self.table("findings")

    @property
    def overlaps(self) -> gpd.GeoDataFrame:
        """The pieces: one parcel, one rule, one feature."""
        return self.table("overlaps")

    def explain(self, parcel: object, rule: str) -> "Explanation":
        """Explain a finding: from the run stored in the library, else from the tables of this result.

        Raises OneMapError run.parcel, run.rule; run.unknown for a partitioned check; run.incomplete for an unrecorded
        check if a pack has changed since.
        """
        return Explanation("explain", self._explain(self.run, str(parcel), rule), self.language)

    def _facts(self) -> dict[str, Any]:
        parameters = self.answer["run"]["parameters"]
        facts = {"library": parameters["library"], "as_of": parameters["as_of"], "run": self.run}
        return facts | {name: self.answer[name] for name in ("parcels", "verdict") if name in self.answer}


class Explanation(Result):
    """The steps from versions, condition and features to area, thresholds, verdict and basis."""

    @property
    def steps(self) -> pd.DataFrame:
        """The steps in order: `step` in words, its `key`, its `value`, and `about`: ids."""
        return pd.DataFrame(self.answer["steps"], dtype=object)  # what is not said stays None

    def _first_rows(self) -> pd.DataFrame:
        return self.steps[["step", "value"]]

    def __str__(self) -> str:
        return view_text(explain_view(self.answer, self.language), self.language)


class CompareResult(TableResult):
    """A comparison of two plans: difference spots, and the matrix of uses."""

    _shown = "spots"

    @property
    def spots(self) -> gpd.GeoDataFrame:
        """The difference spots, classified and measured."""
        return self.table("spots")

    @property
    def matrix(self) -> pd.DataFrame:
        """The compared ground by type and by the uses of both plans."""
        return self.table("matrix")

    @property
    def area_m2(self) -> float:
        """The compared ground in m², in the library's plane."""
        return float(self.answer["area_m2"])

    @property
    def run(self) -> str:
        """The id of the comparison in the library."""
        return str(self.answer["run"]["id"])


class RemedyResult(TableResult):
    """The part of each parcel that passes, and the ground that each rule cut."""

    _shown = "remainder"

    @property
    def remainder(self) -> gpd.GeoDataFrame:
        """The largest part of each parcel that passes."""
        return self.table("remainder")

    @property
    def cuts(self) -> gpd.GeoDataFrame:
        """The ground that each rule cut and no earlier rule had cut."""
        return self.table("cuts")


class StatisticsResult(TableResult):
    """Areas, lengths, counts and sums by class and area unit."""

    _shown = "statistics"

    @property
    def rows(self) -> pd.DataFrame:
        """A row for each unit and class, with a column for each key."""
        rows = [{**row, **row["keys"]} for row in self.answer["rows"]]
        return pd.DataFrame(rows).drop(columns="keys", errors="ignore")

    @property
    def total(self) -> Mapping[str, Any]:
        """The sums over all rows, of unions."""
        return dict(self.answer["total"])

    def _first_rows(self) -> pd.DataFrame:
        return self.rows


class TransitionsResult(TableResult):
    """The transitions of classes between two versions, by area unit."""

    _shown = "transitions"

    @property
    def rows(self) -> pd.DataFrame:
        """A row for each unit and pair of classes with its ground; each field becomes FIELD_from and FIELD_to."""
        rows = [
            {"unit": row["unit"]}
            | {f"{field}_{side}": code for side in ("from", "to") for field, code in (row[side] or {}).items()}
            | {name: value for name, value in row.items() if name not in ("unit", "from", "to")}
            for row in self.answer["rows"]
        ]
        return pd.DataFrame(rows)

    @property
    def total(self) -> Mapping[str, Any]:
        """The sums over all rows."""
        return dict(self.answer["total"])


class IndicatorsResult(TableResult):
    """Indicators by unit and day, with targets and warnings."""

    _shown = "indicators"

    @property
    def rows(self) -> pd.DataFrame:
        """A row for each indicator, unit and day: value, target, status."""
        return self._rows("indicators")

    @property
    def run(self) -> str:
        """The id of the run in the library, unless it was not recorded."""
        return str(self.answer["run"]["id"])


class ChangesResult(TableResult):
    """One version of a layer compared with another, feature by feature."""

    _shown = "changes"

    @property
    def counts(self) -> Mapping[str, int]:
        """The numbers of features that were added, removed, moved, changed and unchanged."""
        return {name: self.answer[name] for name in ("added", "removed", "moved", "changed", "unchanged")}

    @property
    def features(self) -> gpd.GeoDataFrame:
        """A row for each feature that differs, with its ground."""
        return self.table("changes")

    @property
    def transitions(self) -> pd.DataFrame:
        """The ground whose class has changed, by both classes."""
        return self._rows("transitions")


class RecheckResult(TableResult):
    """Open cases or stored checks, judged again after changes of data and rules."""

    @property
    def cases(self) -> pd.DataFrame:
        """A row for each open case, with its changed verdicts."""
        return typed_frame(pd.DataFrame(self.answer.get("cases", [])))

    @property
    def turned(self) -> pd.DataFrame:
        """A row for each changed verdict, with its case or check."""
        return self.table("turned")


class IngestResult(Result):
    """A delivery that was planned or taken in."""

    @property
    def plan(self) -> pd.DataFrame:
        """A row for each layer found: source, layer, code, status."""
        return self._rows("plan")

    @property
    def added(self) -> pd.DataFrame:
        """A row for each version that was added."""
        return self._rows("added")

    @property
    def refusals(self) -> pd.DataFrame:
        """A row for each refused layer, with its problems."""
        return self._rows("refused")

    def _first_rows(self) -> pd.DataFrame:
        return self.plan


class DeliverResult(Result):
    """A package for another department or level."""

    @property
    def layers(self) -> pd.DataFrame:
        """A row for each layer of the package."""
        return self._rows("layers")

    @property
    def sha256(self) -> str:
        """The hash of the package's file."""
        return str(self.answer["sha256"])

    def _first_rows(self) -> pd.DataFrame:
        return self.layers


class IdentifyResult(Result):
    """The features at a place, in every layer in force."""

    @property
    def layers(self) -> pd.DataFrame:
        """A row for each layer: code, title, version, whether it is covered here, and the number of features here.

        nearest_m: the distance of the nearest feature if there is none here; fitness: of the layer's accuracy for the
        place.
        """
        rows = [
            {
                **layer,
                "features": len(layer["features"]),
                "nearest_m": (layer["nearest"] or {}).get("distance_m"),
                "fitness": (layer["fitness"] or {}).get("grade"),
            }
            for layer in self.answer["layers"]
        ]
        names = ["code", "title", "department", "version", "covered", "reason", "features", "nearest_m", "fitness"]
        return pd.DataFrame(rows, columns=names)

    @property
    def features(self) -> pd.DataFrame:
        """A row for each feature: layer, feature, class, measures, and its attributes."""
        rows = [{"layer": layer["code"], **feature} for layer in self.answer["layers"] for feature in layer["features"]]
        names = ["layer", "feature", "class", "class_title", "area_m2", "length_m", "distance_m", "attributes"]
        return pd.DataFrame(rows, columns=names)

    def _first_rows(self) -> pd.DataFrame:
        return self.features


class AddResult(Result):
    """A version that was added."""

    @property
    def code(self) -> str:
        """The layer's code."""
        return str(self.answer["code"])

    @property
    def version(self) -> str:
        """The version's label."""
        return str(self.answer["version"])

    @property
    def unchanged(self) -> bool:
        """Whether the library already had this version, so that nothing was written."""
        return bool(self.answer["unchanged"])


class CaseResult(Result):
    """A case of the review as it stands."""

    @property
    def case(self) -> str:
        """The case's number."""
        return str(self.answer["case"])

    @property
    def state(self) -> str:
        """draft, circulating, consolidated, issued or withdrawn."""
        return str(self.answer["state"])

    @property
    def opinions(self) -> pd.DataFrame:
        """A row for each department."""
        return self._rows("opinions")

    def _first_rows(self) -> pd.DataFrame:
        return self.opinions
