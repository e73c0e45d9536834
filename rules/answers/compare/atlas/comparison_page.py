"""The report of a comparison: where the plans agree and differ, the largest differences, and the decisions on them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from onemap.layers.area_units import hectares, hectares_text, printed_hectares, share_text
from onemap.layers.library.library import Library
from onemap.layers.messages import list_text, phrase
from onemap.rules.answers.compare.atlas.atlas_content import NUMBERS, SPOT_WIDTHS, AtlasWords
from onemap.rules.answers.compare.atlas.atlas_maps import AtlasMaps
from onemap.rules.answers.compare.atlas.atlas_source import BY_SPOT, atlas_source
from onemap.rules.answers.compare.spots import CONFLICTS
from onemap.rules.display.documents.blocks import NOT_KNOWN, Block, Section, columns, section_of, table_under
from onemap.rules.display.maps.document_areas import rounding_difference, total_m2
from onemap.rules.display.maps.fonts import FONTS, chosen_fonts
from onemap.rules.judge.findings.table import Row

Blocks = tuple[Block, ...]
AGREED, ONE_SIDED = ("01", "02"), "98"
MOST_USES, MOST_SPOTS = 12, 20  # rows of the tables; the rest is in the tables of the run
MAP_MM = 120.0


def comparison_page(library: Library, run: str, language: str) -> Section:
    """The report of a stored comparison, with a map of the largest differences by number.

    Raises OneMapError run.unknown, run.kind.
    """
    source = atlas_source(library, run, BY_SPOT, CONFLICTS, MOST_SPOTS)
    map_svg = ""
    if source.spots:
        fonts = f"{chosen_fonts().families['heading']}, {FONTS}"
        map_svg = AtlasMaps(library, source, language, fonts).overview(MAP_MM)
    return _Report(library, source, language).page(map_svg)


class _Report(AtlasWords):
    def word(self, key: str, **facts: Any) -> str:
        return phrase(f"comparison_page.{key}", self.language, **facts)

    def page(self, map_svg: str) -> Section:
        """Title, conclusion, facts, map and tables; only the table of types if the plans differ nowhere."""
        blocks = (*self._types(), *self._uses(), *self._largest(), *self._decisions())
        title = self.word("title", a=self.plans[0], b=self.plans[1])
        return section_of(title, self.facts(), *blocks, lead=self._conclusion(), drawing=map_svg)

    def _conclusion(self) -> str:
        """The result of the comparison in a few sentences."""
        rows = self.source.matrix
        whole = _sum(rows)
        agreed = [row for row in rows if row["type"] in AGREED]
        differing = [row for row in rows if row["type"] in CONFLICTS]
        alone = [row for row in rows if row["type"] == ONE_SIDED]
        rest = [row for row in rows if row["type"] not in (*AGREED, *CONFLICTS, ONE_SIDED)]
        parts = [
            self.word("compared", area=hectares_text(whole)),
            self.word("agreed", area=hectares_text(_sum(agreed)), share=_share(_sum(agreed), whole)),
        ]
        for name, some in (("differing", differing), ("alone", alone), ("rest", rest)):
            if some or name == "differing":
                area, share = hectares_text(_sum(some)), _share(_sum(some), whole)
                parts.append(self.word(name, count=_count(some), area=area, share=share))
        parts_ha = (hectares(_sum(some)) for some in (agreed, differing, alone, rest))
        lacking = rounding_difference(hectares(whole), parts_ha)
        if lacking:
            parts.append(self.text("rounding_is", area=printed_hectares(lacking)))
        spots = self.source.spots
        decided_count = sum(bool(spot["decision"]) for spot in spots)
        if spots:
            parts.append(self.word("decided", count=f"{decided_count:,}", open=f"{len(spots) - decided_count:,}"))
        return "".join(parts) if self.language == "zh" else " ".join(parts)

    @cached_property
    def _areas(self) -> dict[str, float]:
        """The area in m² of each type."""
        kinds = sorted({row["type"] for row in self.source.matrix})
        return {kind: _sum(row for row in self.source.matrix if row["type"] == kind) for kind in kinds}

    def _types(self) -> Blocks:
        whole, counts = _sum(self.source.matrix), Counter[str]()
        for row in self.source.matrix:
            counts[row["type"]] += row["spots"]
        rows = [
            [self.type_text(kind), f"{counts[kind]:,}", hectares_text(area), _share(area, whole)]
            for kind, area in self._areas.items()
        ]
        lacking = rounding_difference(hectares(whole), map(hectares, self._areas.values()))
        if lacking:
            rows.append([self.text("rounding"), "", printed_hectares(lacking), ""])
        rows.append([self.text("total"), f"{counts.total():,}", hectares_text(whole), _share(whole, whole)])
        widths = {"type": 6, "spots": 2, "area_ha": 3, "share": 2}
        return self._table("types", widths, rows, self.text("areas_note"))

    def _uses(self) -> Blocks:
        """A table of the pairs of uses that conflict, the largest first."""
        whole = _sum(self.source.matrix)
        differing = [row for row in self.source.matrix if row["type"] in CONFLICTS]
        largest = sorted(differing, key=lambda row: -row["area_m2"])
        rows = [
            [
                *(self.type_text(row["type"]), self.use(row["use_a"])),
                *(self.use(row["use_b"]), f"{row['spots']:,}"),
                *(hectares_text(row["area_m2"]), _share(row["area_m2"], whole)),
            ]
            for row in largest[:MOST_USES]
        ]
        widths = {"type": 5, "plan_a": 3, "plan_b": 3, "spots": 2, "area_ha": 2.4, "share": 2}
        return self._table("uses", widths, rows, self._note(len(largest), MOST_USES, _sum(largest[MOST_USES:])))

    def _largest(self) -> Blocks:
        largest = sorted(self.source.spots, key=lambda spot: (-float(spot["area_m2"]), spot["spot"]))
        rows = [self.row(str(number), spot) for number, spot in enumerate(largest[:MOST_SPOTS], start=1)]
        note = self._note(len(largest), MOST_SPOTS, _sum(largest[MOST_SPOTS:]))
        return self._table("largest", SPOT_WIDTHS, rows, note)

    def _decisions(self) -> Blocks:
        """A table of the decisions on the differences, and of those still open."""
        conflicts, rows = self.source.spots, []
        for decision in sorted({spot["decision"] or "" for spot in conflicts}, key=lambda name: (not name, name)):
            spots = [spot for spot in conflicts if (spot["decision"] or "") == decision]
            name = phrase(f"decision.{decision}", self.language) if decision else self.word("open")
            names = dict.fromkeys(spot["decision_by"] for spot in spots if spot["decision_by"])
            whom = list_text(names, self.language)
            rows.append([name, f"{len(spots):,}", hectares_text(_sum(spots)), whom or NOT_KNOWN])
        return self._table("decisions", {"decision": 5, "spots": 2, "area_ha": 3, "by": 5}, rows)

    def _table(self, name: str, widths: Mapping[str, float], rows: Sequence[Any], note: str | None = None) -> Blocks:
        """A table of the report under its heading; nothing if it has no rows."""
        heads = columns("atlas", self.language, widths, NUMBERS)
        return table_under(self.word(name), heads, rows, self.language, note) if rows else ()

    def _note(self, count: int, most: int, rest_m2: float) -> str | None:
        return self.word("more", count=f"{count - most:,}", area=hectares_text(rest_m2)) if count > most else None


def _sum(rows: Iterable[Row]) -> float:
    return total_m2(float(row["area_m2"]) for row in rows)


def _count(rows: Iterable[Row]) -> str:
    return f"{sum(row['spots'] for row in rows):,}"


def _share(area_m2: float, whole_m2: float) -> str:
    return share_text(area_m2 / whole_m2 if whole_m2 else 0.0)
