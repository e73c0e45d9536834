"""The content of an atlas: cover, matrix table, overview, index, and a map and table of spots for every sheet."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from onemap.layers.area_units import hectares, hectares_text, printed_hectares, share_text
from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.coverage_names import version_with_coverage
from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.library.library import Library
from onemap.layers.messages import list_text, phrase
from onemap.layers.provenance import provenance
from onemap.rules.answers.compare.atlas.atlas_maps import NAMED
from onemap.rules.answers.compare.atlas.atlas_source import BY_SPOT, AtlasSheet, AtlasSource, evidence_of
from onemap.rules.answers.compare.spot_fields import class_name
from onemap.rules.display.documents.blocks import (
    BELOW,
    CHAPTER,
    IN_LINE,
    LEAD,
    NOT_KNOWN,
    NOTE,
    WARNING,
    Block,
    Document,
    Facts,
    Figure,
    Figures,
    Paragraphs,
    Section,
    columns,
    table_under,
)
from onemap.rules.display.maps.document_areas import moment_text, rounding_difference, total_m2
from onemap.rules.judge.findings.table import Row

_MOST_CODES, _MOST_REASONS, _MOST_LETTERS = 2, 2, 150
_CODE_LETTERS, _NAME_LETTERS, _TITLE_LETTERS, _TITLE_OF_SEVERAL = 6, 14, 20, 9  # so that eight rows stay on their page
_FIGURES = {
    "digitising": ("length_by_width",),
    "boundary_shift": ("shift_m", "length_by_width", "line_distance_m"),
    "classification": ("pair_share", "pair_spots"),
    "outdated": ("agreed_before_a", "agreed_before_b"),
    "policy": ("line_distance_m", "length_by_width"),
}
_SHARES = ("pair_share", "agreed_before_a", "agreed_before_b")
SPOT_WIDTHS = {
    "number": 1.0,
    "spot": 2.5,
    "type": 2.5,
    "plan_a": 2.6,
    "plan_b": 2.8,
    "area_ha": 2.1,
    "width_m": 1.6,
    "cause": 3.3,
    "decision": 2.0,
}
NUMBERS = ("spots", "area_ha", "width_m", "share")  # columns of figures
_WIDTH_MM = 180.0
_SHEET_PT, _INDEX_PT, _MATRIX_PT = 7.0, 8.0, 8.5  # letters of tables


class AtlasWords:
    """The words and figures of one stored comparison, for its atlas and its report."""

    def __init__(self, library: Library, source: AtlasSource, language: str) -> None:
        self.source, self.language = source, language
        self.library = library
        self._days = library.day_texts(filter(None, (spot["decision_at"] for spot in source.spots)))
        titles = library.catalogue()
        self._entries = [titles.get(layer["code"]) for layer in source.record["layers"]]
        self.plans = [layer_title(layer["code"], titles, language) for layer in source.record["layers"]]

    def text(self, key: str, **facts: Any) -> str:
        """A word of the atlas in its language."""
        return phrase(f"atlas.{key}", self.language, **facts)

    def document(self, by: str, types: list[str], maps: Mapping[int, str]) -> Document:
        """The whole atlas.

        by: what each sheet shows, a cluster or a spot; types: of the spots.
        maps: SVG texts of the sheets' maps by number; 0 is the overview.
        """
        record = self.source.record
        sections = [self._cover(by, types)]
        if self.source.spots:
            sections.append(self._overview(maps[0]))
        sections += [self._sheet(sheet, by, maps[sheet.number]) for sheet in self.source.sheets]
        moment = int(datetime.fromisoformat(record["started"]).timestamp())
        foot, origin = self.text("running", run=record["id"]), provenance(record, is_timed=False)
        return Document(self.language, foot, tuple(sections), "atlas", _WIDTH_MM, moment, origin)

    def _cover(self, by: str, types: list[str]) -> Section:
        blocks = (
            Paragraphs((self.text("cover"),), LEAD),
            Facts(tuple((name, text) for name, text in self._facts(by, types)), BELOW),
            Paragraphs(tuple(self._warnings(by)), WARNING),
            *self._matrix(),
        )
        return Section(self.text("title", a=self.plans[0], b=self.plans[1]), blocks)

    def _overview(self, map_svg: str) -> Section:
        """The overview, followed by the index."""
        blocks = (Figures((Figure(map_svg),)), Paragraphs((self.text("overview_note"),), NOTE), *self._index())
        return Section(self.text("overview"), blocks, level=CHAPTER)

    def _index(self) -> tuple[Block, ...]:
        """The sheets by number, each with its page."""
        widths = {
            "sheet": 15,
            "name": 32,
            "cause": 35,
            "type": 24,
            "spots": 16,
            "area_ha": 28,
            "decision": 34,
            "page": 13,
        }
        *heads, page = columns("atlas", self.language, widths, NUMBERS)
        rows = [
            (
                *(str(sheet.number), sheet.name, self._cause(sheet.cause)),
                list_text(sorted({spot["type"] for spot in spots}), self.language),
                *(f"{len(spots):,}", hectares_text(sheet.area_m2), self._decision_of(spots), self._sheet_name(sheet)),
            )
            for sheet in self.source.sheets
            for spots in [self._spots_of(sheet)]
        ]
        parts = (*heads, replace(page, is_page=True))
        return table_under(self.text("index"), parts, rows, self.language, size=_INDEX_PT) if rows else ()

    def _spots_of(self, sheet: AtlasSheet) -> list[Row]:
        return [self.source.spots[place] for place in sheet.places]

    def _sheet_name(self, sheet: AtlasSheet) -> str:
        return f"{self.text('sheet')} {sheet.number}"

    def _facts(self, by: str, types: list[str]) -> list[list[str]]:
        kinds = list_text(map(self.type_text, types), self.language)
        count = len(self.source.sheets)
        return [
            *self.facts(),
            [self.text("types"), kinds],
            [self.text("sheets"), self.text(f"sheets_by_{by}", count=count, all=count + self.source.left_out[0])],
        ]

    def facts(self) -> list[list[str]]:
        """The compared plans, the matrix and the time, as pairs of name and text."""
        record, params = self.source.record, self.source.record["parameters"]
        rows = [[self.text("library"), library_line(self.library, self.language)]]
        for name, title, layer in zip("ab", self.plans, record["layers"], strict=True):
            plan = version_with_coverage(f"{title} {layer['label']}", layer, self.language)
            rows.append([self.text(f"plan_{name}"), plan])
            rows.append([self.text(f"dates_{name}"), self.dates(layer)])
        matrix = record["matrix"]
        limits = {"width": f"{params['min_width_m']:g}", "area": f"{params['min_area_m2']:g}"}
        return [
            *rows,
            [self.text("matrix_used"), matrix["title"].get(self.language) or matrix["name"]],
            [self.text("limits"), self.text("limits_are", **limits)],
            [self.text("run"), self.text("run_is", run=record["id"], started=moment_text(record["started"]))],
        ]

    def dates(self, layer: Row) -> str:
        """The dates of a plan's version: valid from, valid to, recorded."""
        since, until = layer.get("valid_from"), layer.get("valid_to")
        days = [self.text("since", day=since)] if since else []
        days += [self.text("until", day=until)] if until else []
        progress = " ".join(days) or self.text("no_dates")
        return self.text("dates_are", dates=progress, recorded=moment_text(layer.get("recorded_at") or NOT_KNOWN))

    def _warnings(self, by: str) -> list[str]:
        """Warnings about what the atlas does not show."""
        (sheets, sheets_m2), (spots, spots_m2) = self.source.left_out, self.source.unclustered
        warnings = []
        if sheets:
            key = f"left_out_{by}"
            warnings.append(
                self.text(key, count=sheets, area=hectares_text(sheets_m2), all=sheets + len(self.source.sheets))
            )
        if spots:
            warnings.append(self.text("unclustered", count=spots, area=hectares_text(spots_m2)))
        if not self.source.sheets:
            warnings.append(self.text("no_sheets"))
        return warnings

    def _matrix(self) -> tuple[Block, ...]:
        """Types by uses, each area rounded on its own; `rounding_row` is the difference from the printed total."""
        rows, areas = self.source.matrix, [float(row["area_m2"]) for row in self.source.matrix]
        whole = total_m2(areas)
        lacking = rounding_difference(hectares(whole), map(hectares, areas))
        cells = [
            (
                self.type_text(row["type"]),
                *(self.use(row["use_a"]), self.use(row["use_b"]), f"{row['spots']:,}"),
                *(hectares_text(area), share_text(row["share"])),
            )
            for row, area in zip(rows, areas, strict=True)
        ]
        spots, share = sum(row["spots"] for row in rows), sum(float(row["share"]) for row in rows)
        total = (self.text("total"), "", "", f"{spots:,}", hectares_text(whole), share_text(share))
        rounding_row = (self.text("rounding"), "", "", "", printed_hectares(lacking), "") if lacking else ()
        widths = {"type": 56, "plan_a": 29, "plan_b": 29, "spots": 16, "area_ha": 28, "share": 22}
        last: dict[str, Any] = {"rounding": rounding_row, "total": total, "size": _MATRIX_PT}
        heads = columns("atlas", self.language, widths, NUMBERS)
        return table_under(self.text("matrix"), heads, cells, self.language, self.text("areas_note"), **last)

    def _sheet(self, sheet: AtlasSheet, by: str, map_svg: str) -> Section:
        spots = self._spots_of(sheet)
        kinds = sorted({spot["type"] for spot in spots})
        facts = (
            ("name", sheet.name),
            ("type", list_text(map(self.type_text, kinds), self.language)),
            ("spots", f"{len(spots):,}"),
            ("area_ha", hectares_text(sheet.area_m2)),
            ("decision", self._decision_of(spots)),
        )
        rows = [self.row(str(number), spot) for number, spot in enumerate(spots[:NAMED], start=1)]
        heads = columns("atlas", self.language, SPOT_WIDTHS, NUMBERS)
        blocks = (
            Facts(tuple((self.text(name), text) for name, text in facts if text != NOT_KNOWN), IN_LINE),
            Figures((Figure(map_svg),)),
            *table_under("", heads, rows, self.language, size=_SHEET_PT),
            Paragraphs(tuple(filter(None, (self._more(sheet, spots), *self._reasons(spots)))), NOTE),
        )
        name = self._sheet_name(sheet)
        return Section(self._sheet_title(sheet, by), blocks, name, name, CHAPTER)

    def _more(self, sheet: AtlasSheet, spots: list[Row]) -> str:
        """A sentence on the spots missing from a sheet's table, and on the difference by rounding."""
        areas = [float(spot["area_m2"]) for spot in spots]
        rest, more = total_m2(areas[NAMED:]), ""
        if len(spots) > NAMED:
            more = self.text("more_spots", count=len(spots) - NAMED, area=hectares_text(rest))
        lacking = rounding_difference(hectares(sheet.area_m2), map(hectares, (*areas[:NAMED], rest)))
        rounding_text = self.text("rounding_is", area=printed_hectares(lacking)) if lacking else ""
        return " ".join(filter(None, (more, rounding_text)))

    def _sheet_title(self, sheet: AtlasSheet, by: str) -> str:
        """The title of a sheet: its likely cause and its area; its number for `decide` is printed below."""
        area = hectares_text(sheet.area_m2)
        if not sheet.cause:
            return self.text("spot_of" if by == BY_SPOT else "cluster_of", area=area)
        title = self.text("sheet_of", cause=self._cause(sheet.cause), area=area)
        return title[:1].upper() + title[1:]

    def row(self, number: str, spot: Row) -> tuple[str | tuple[str, ...], ...]:
        """The cells of one spot, by SPOT_WIDTHS."""
        width = spot["mean_width_m"]
        return (
            *(number, spot["spot"], self.type_text(spot["type"])),
            (self._codes(spot["code_a"], 0), self.use(spot["use_a"])),
            (self._codes(spot["code_b"], 1), self.use(spot["use_b"])),
            hectares_text(float(spot["area_m2"])),
            NOT_KNOWN if width is None else "< 0.1" if 0 < width < 0.05 else f"{width:,.1f}",
            (self._cause(spot["cause"]), self._figures(spot)),
            self._decision_cell(spot),
        )

    def _figures(self, spot: Row) -> str:
        """The figures that support the cause, each with its name."""
        facts, figures = evidence_of(spot), []
        for name in _FIGURES.get(spot["cause"] or "", ()):
            value = facts.get(name)
            if value is not None:
                text = f"{value:.0%}" if name in _SHARES else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
                figures.append(self.text(f"figure_{name}", value=text))
        return ("；" if self.language == "zh" else "; ").join(figures)

    def _decision_cell(self, spot: Row) -> tuple[str, ...]:
        if not spot["decision"]:
            return (NOT_KNOWN,)
        day = self._days.get(spot["decision_at"], "")
        by_whom = f"{_short(spot['decision_by'] or NOT_KNOWN, _NAME_LETTERS)} {day}"
        return phrase(f"decision.{spot['decision']}", self.language), by_whom

    def _decision_of(self, spots: list[Row]) -> str:
        """The decisions on a sheet's spots, without repetition."""
        decisions = [spot["decision"] for spot in spots if spot["decision"]]
        if not decisions:
            return NOT_KNOWN
        words = (phrase(f"decision.{name}", self.language) for name in dict.fromkeys(decisions))
        names = list_text(words, self.language)
        part = "" if len(decisions) == len(spots) else f" ({len(decisions)}/{len(spots)})"
        return names + part

    def _reasons(self, spots: list[Row]) -> list[str]:
        reasons = dict.fromkeys((spot["decision"], spot["decision_reason"]) for spot in spots if spot["decision"])
        progress = [
            self.text(
                "reason",
                decision=phrase(f"decision.{decision}", self.language),
                reason=_short(str(reason), _MOST_LETTERS),
            )
            for decision, reason in list(reasons)[:_MOST_REASONS]
        ]
        if len(reasons) > _MOST_REASONS:
            progress.append(self.text("more_reasons", count=len(reasons) - _MOST_REASONS))
        return progress

    def _codes(self, codes: str | None, side: int) -> str:
        """Codes with their titles; of many only the first ones, and the number of the rest. side: 0 for A, 1 for B."""
        single_codes, entry = [code for code in (codes or "").split(",") if code], self._entries[side]
        letters = _TITLE_LETTERS if len(single_codes) == 1 else _TITLE_OF_SEVERAL
        titles = [class_name(entry, code, self.language) if entry else None for code in single_codes[:_MOST_CODES]]
        words = [
            " ".join(filter(None, (_short(code, _CODE_LETTERS), _short(title or "", letters))))
            for code, title in zip(single_codes, titles, strict=False)
        ]
        more = self.text("more_codes", count=len(single_codes) - _MOST_CODES) if len(single_codes) > _MOST_CODES else ""
        return list_text(words, self.language) + more or NOT_KNOWN

    def type_text(self, kind: str) -> str:
        """A type of difference, with its name."""
        return f"{kind} {phrase(f'difference.{kind}', self.language)}"

    def use(self, use: str | None) -> str:
        """The name of a kind of use."""
        return phrase(f"use.{use or 'none'}", self.language)

    def _cause(self, cause: str | None) -> str:
        return phrase(f"cause.{cause}", self.language) if cause else NOT_KNOWN


def library_line(library: Library, language: str) -> str:
    """The library's name and the plane in which the atlas measures."""
    return f"{library.printed_name} · {crs_title(library.crs, language)}"


def _short(text: str, most: int) -> str:
    """Cut a text to so many Chinese characters at most, or twice as many Latin letters, which are half as wide."""
    room = 2.0 * most
    for at, sign in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if room < 0:
            return text[: max(at - 1, 1)] + "…"
    return text
