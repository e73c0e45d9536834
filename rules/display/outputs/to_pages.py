"""The tables of a check as pages to print: its sums, each parcel with what was found, and what was not asked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from onemap.layers.area_units import hectares_text, share_text
from onemap.layers.errors import OneMapError
from onemap.layers.messages import list_text, pair_text, phrase
from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import provenance
from onemap.rules.contract.verdict import RANK, VERDICTS, Verdict
from onemap.rules.display.documents.blocks import (
    LEFT,
    RIGHT,
    Block,
    Column,
    Document,
    Heading,
    Paragraphs,
    columns,
    section_of,
    table_under,
)
from onemap.rules.display.documents.document_files import figures_foot
from onemap.rules.display.documents.typst_printer import pdf_of
from onemap.rules.display.maps.document_areas import square_metres_text
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.display.outputs.department_totals import TOTALS, with_department_totals
from onemap.rules.display.outputs.run_sheet import facts_of_question, facts_of_versions
from onemap.rules.display.outputs.sheet_titles import RECORD, KnownTitles, SheetTitles
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.judge.findings.citations import cited_basis
from onemap.rules.judge.findings.table import Row, Table, open_ground, records_of, whole_columns
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.finding_figures import PLAIN
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.judge.runs.bad_parcels import BAD_TABLE

_ROWS_A_PAGE = 20  # of which 1,000 take typst 20 s and 2 GB
MOST_ROWS = 1_000 * _ROWS_A_PAGE
TURNED = "turned"  # the table of parcels with another verdict than in an earlier run
_FINDING_WIDTHS = {"parcel": 11, "verdict": 12, "rule": 37, "measure": 13, "share": 8, "reason": 12, "department": 11}
# Other tables: which columns, and how wide.
_WIDTHS: Mapping[str, Mapping[str, float]] = {
    TOTALS: {"department": 30, **dict.fromkeys((*map(str, VERDICTS), "unasked"), 12)},
    TURNED: {"parcel": 15, "from": 15, "to": 15, "rules": 55},
    "unasked_rules": {"department": 18, "title": 40, "layer_title": 22, "reason": 20},
    BAD_TABLE: {"source": 25, "source_row": 10, "message": 65},
}
_PARCEL_TABLES = ("parcels", "findings")
_PRINTED = {*_PARCEL_TABLES, *_WIDTHS, RECORD}


class PageOutput:
    """`Output` to a PDF. label: how messages name it; titles: of rules, layers and departments."""

    def __init__(self, path: Path, label: str, language: str, titles: KnownTitles | None) -> None:
        self._path, self._label, self._language = path, label, language
        self._known_titles = titles or KnownTitles()
        self._parts: dict[str, list[pd.DataFrame]] = {}
        self._rows = 0

    def append(self, tables: Mapping[str, Table]) -> None:
        """Keep the next rows of some tables. Raises OneMapError out.too_many_pages."""
        self._rows += sum(tables[name].count for name in _PARCEL_TABLES if name in tables)
        if self._rows > MOST_ROWS:
            limits = {"most": MOST_ROWS, "pages": MOST_ROWS // _ROWS_A_PAGE}
            raise OneMapError("out.too_many_pages", file=self._label, field="--out", **limits)
        for name in _PRINTED & set(tables):
            self._parts.setdefault(name, []).append(tables[name].columns)

    def finish(self, progress: Progress = SILENT) -> None:
        """Print the pages. Raises OneMapError statement.font."""
        frames = {name: whole_columns(parts) for name, parts in self._parts.items()}
        pages = _Pages(frames, SheetTitles(self._language, self._known_titles, frames), self._known_titles)
        self._path.write_bytes(pdf_of(pages.document(), progress)[0])

    def close(self) -> None:
        """Forget what was kept."""
        self._parts.clear()


class _Pages:
    """The pages of one check."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], titles: SheetTitles, known_titles: KnownTitles) -> None:
        self._frames, self._titles, self._known_titles = frames, titles, known_titles
        self._language = titles.language
        self._words = SheetWords(titles.language, titles)

    def document(self) -> Document:
        """The whole document: the sums first, the used versions last."""
        record, language = self._titles.record, self._language
        is_trial = bool((record.get("parameters") or {}).get("replaced"))
        title = phrase("run_pages.trial" if is_trial else "run_pages.title", language)
        section = section_of(
            title,
            self._texts(facts_of_question),
            Paragraphs((self._counts(), phrase("run_pages.measured", language))),
            *self._table(TOTALS, with_department_totals(self._frames, language)),
            *self._table(TURNED),
            *self._finding_table(),
            *self._table(BAD_TABLE),
            *self._table("unasked_rules"),
            Heading(phrase("run_pages.versions", language)),
            Paragraphs((list_text([text for _, text in self._texts(facts_of_versions)], language),)),
        )
        foot = figures_foot(self._known_titles.library, language)
        origin = provenance(record, is_timed=False) if record else ""
        return Document(language, foot, (section,), origin=origin)

    def _texts(self, facts: Any) -> tuple[tuple[str, str], ...]:
        """Facts of the run as texts."""
        return tuple((name, str(value)) for name, value in facts(self._titles))

    def _counts(self) -> str:
        """The number of parcels with each verdict."""
        counts = self._frames["parcels"]["verdict"].value_counts()
        of_each = (
            f"{verdict_words(verdict, self._language)} {counts[verdict]:,}" for verdict in VERDICTS if verdict in counts
        )
        return pair_text(self._words.name("parcels"), " · ".join(of_each), self._language)

    def _table(self, name: str, frames: Mapping[str, pd.DataFrame] | None = None) -> tuple[Block, ...]:
        """One of the other tables, in a workbook's words; nothing if it has no rows."""
        frame = (frames or self._frames).get(name)
        if frame is None or frame.empty:
            return ()
        worded = self._words.columns(name, frame)
        widths = {column: mm for column, mm in _WIDTHS[name].items() if column in worded}
        heads = [
            Column(self._words.head(column, name), mm, RIGHT if worded[column].dtype.kind in "iuf" else LEFT)
            for column, mm in widths.items()
        ]
        cells = [
            [_cell_text(value) for value in row] for row in zip(*(worded[column] for column in widths), strict=True)
        ]
        return table_under(self._words.name(name), heads, cells, self._language)

    def _finding_table(self) -> tuple[Block, ...]:
        """Each parcel, the gravest first, and under it its findings."""
        parcels = records_of(self._frames["parcels"])
        findings: dict[str, list[Row]] = {}
        for finding in records_of(self._frames["findings"]):
            findings.setdefault(finding["parcel"], []).append(finding)
        parcels.sort(key=lambda row: (RANK[row["verdict"]], -(row["area_m2"] or 0.0)))
        cells = [
            row
            for parcel in parcels
            for row in (self._parcel_row(parcel), *self._finding_rows(findings.get(parcel["parcel"], [])))
        ]
        heads = columns("run_pages", self._language, _FINDING_WIDTHS, ("measure", "share"))
        return table_under(self._words.name("findings"), heads, cells, self._language)

    def _parcel_row(self, parcel: Row) -> list[Any]:
        area_m2 = parcel["area_ellipsoidal_m2"]
        measure = "" if area_m2 is None else f"{square_metres_text(area_m2)} m²"
        hectares_below = "" if area_m2 is None else f"{hectares_text(area_m2)} ha"
        return [
            parcel["parcel"],
            verdict_words(parcel["verdict"], self._language),
            "",
            (measure, hectares_below),
            "",
            "",
            "",
        ]

    def _finding_rows(self, findings: Sequence[Row]) -> Iterator[list[Any]]:
        """The rows of a parcel's findings; one row for all that leave the same ground of a layer unknown."""
        groups: dict[Any, list[Row]] = {}
        for number, row in enumerate(sorted(findings, key=_weight)):
            ground = (row["layer"], row["department"], row["counted"], *open_ground(row))
            groups.setdefault(ground if row["verdict"] == Verdict.UNKNOWN else number, []).append(row)
        for group in groups.values():
            first = group[0]
            titles = list_text(list(dict.fromkeys(row["title"] for row in group)), self._language)
            bases = dict.fromkeys(cited_basis(row["basis"], self._language) for row in group if row["basis"])
            yield [
                first["parcel"],
                verdict_words(first["verdict"], self._language),
                (titles, *bases),
                self._measure(first),
                "" if first["share"] is None else share_text(first["share"]),
                reasons_text(first["reason"], self._language),
                self._titles.department(first["department"]) or first["department"],
            ]

    def _measure(self, finding: Row) -> str:
        """The size of a finding: its ellipsoidal area, else what its kind of rule counts."""
        if finding["area_ellipsoidal_m2"] is not None:
            return f"{square_metres_text(finding['area_ellipsoidal_m2'])} m²"
        kind = KINDS.get(self._known_titles.kinds.get(finding["rule"], ""))
        return kind.extent(finding, self._language, PLAIN) if kind is not None else ""


def _weight(finding: Row) -> tuple[bool, int, float]:
    return not finding["counted"], RANK[finding["verdict"]], -(finding["area_m2"] or 0.0)


def _cell_text(value: Any) -> str:
    """A cell of another table; a count of none says nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None or pd.isna(value) or value == 0 else f"{value:,}"
