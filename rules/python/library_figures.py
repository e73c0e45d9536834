"""Figures of a library: statistics of a layer, transitions between versions, indicators."""

from collections.abc import Sequence
from datetime import date

from onemap.rules.python.call_results import IndicatorsResult, StatisticsResult, TransitionsResult
from onemap.rules.python.frame_files import Source
from onemap.rules.python.library_calls import LibraryCalls, as_list
from onemap.rules.python.verb_call import Day, ProgressWish, Words


class FigureCalls(LibraryCalls):
    """The methods that count and measure."""

    def statistics(
        self,
        code: str,
        *,
        by: Words | None = None,
        sum: Words | None = None,
        within: Source | None = None,
        unit: str | None = None,
        units_where: str | None = None,
        where: str | None = None,
        as_of: Day | None = None,
        known_at: Day | None = None,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> StatisticsResult:
        """Areas, lengths, counts and sums of a layer by class and by unit.

        within: the units: a layer's code, or polygons as a frame or a file; unit: their field; where: CQL2.
        """
        with self._call() as files:
            values = {
                "code": code,
                "by": by,
                "sum": sum,
                "within": files.place(within, "within"),
                "unit": unit,
                "units_where": units_where,
                "where": where,
                "as_of": as_of,
                "known_at": known_at,
                "workers": workers,
            }
            answer, tables = self._answer_with_tables("statistics", values, progress)
            return StatisticsResult("statistics", answer, self.language, tables, self.crs)

    def transitions(
        self,
        a: str,
        b: str,
        *,
        by: Words,
        within: Source | None = None,
        unit: str | None = None,
        units_where: str | None = None,
        as_of: Day | None = None,
        known_at: Day | None = None,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> TransitionsResult:
        """The transitions of classes between two versions, each CODE or CODE@label, by the field of the classes.

        within: the units: a layer's code, or polygons as a frame or a file; unit: their field.
        """
        with self._call() as files:
            values = {
                "a": a,
                "b": b,
                "by": by,
                "within": files.place(within, "within"),
                "unit": unit,
                "units_where": units_where,
                "as_of": as_of,
                "known_at": known_at,
                "workers": workers,
            }
            answer, tables = self._answer_with_tables("transitions", values, progress)
            return TransitionsResult("transitions", answer, self.language, tables, self.crs)

    def indicators(
        self,
        *,
        packs: Words | None = None,
        unit: str | None = None,
        unit_field: str | None = None,
        units_where: str | None = None,
        theme: str | None = None,
        only: Words | None = None,
        as_of: Day | Sequence[Day] | None = None,
        known_at: Day | None = None,
        states: int | None = None,
        record: bool = True,
        workers: int | None = None,
        progress: ProgressWish = None,
    ) -> IndicatorsResult:
        """Indicators with targets and warnings; as_of: one day or several; unit: a layer of area units by its code."""
        days = [as_of] if isinstance(as_of, (str, date)) else as_of
        values = {
            "pack": as_list(packs),
            "unit": unit,
            "unit_field": unit_field,
            "units_where": units_where,
            "theme": theme,
            "only": only,
            "as_of": days,
            "known_at": known_at,
            "states": states,
            "unrecorded": not record,
            "workers": workers,
        }
        with self._call():
            answer, tables = self._answer_with_tables("indicators", values, progress)
            return IndicatorsResult("indicators", answer, self.language, tables, self.crs)
