"""The report of a comparison: what agrees and what does not, the largest differences, and what was decided of them."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.compare.atlas.atlas_content import NOT_KNOWN, AtlasWords
from onemap.rules.compare.atlas.atlas_maps import AtlasMaps
from onemap.rules.compare.atlas.atlas_source import BY_SPOT, Row, atlas_source
from onemap.rules.compare.spots import CONFLICTS
from onemap.rules.maps.document_areas import (
    hectares,
    hectares_text,
    printed_hectares,
    rounding_difference,
    share_text,
    total_m2,
)
from onemap.rules.maps.fonts import FONTS, chosen_fonts
from onemap.rules.maps.page_files import Page

AGREED, ONE_SIDED = ("01", "02"), "98"
MOST_USES, MOST_SPOTS = 12, 20  # rows of the tables; the rest is in the tables of the run
MAP_MM = 120.0
_NO_MAP = '<svg xmlns="http://www.w3.org/2000/svg" width="170mm" height="1mm" viewBox="0 0 170 1"/>'


def comparison_page(library: Library, run: str, language: str) -> tuple[Page, str]:
    """The report of a stored comparison as texts, and the SVG of its map: the largest differences by number.

    Raises OneMapError run.unknown, run.kind.
    """
    source = atlas_source(library, run, BY_SPOT, CONFLICTS, MOST_SPOTS)
    drawn = _NO_MAP
    if source.spots:
        fonts = f"{chosen_fonts().families['heading']}, {FONTS}"
        drawn = AtlasMaps(library, source, language, fonts).overview(MAP_MM)
    return _Report(library, source, language).page(), drawn


class _Report(AtlasWords):
    def word(self, key: str, **facts: Any) -> str:
        return phrase(f"comparison_page.{key}", self.language, **facts)

    def page(self) -> Page:
        """Title, conclusion, facts and tables; of plans that differ nowhere the table of types alone."""
        blocks = (self._types(), self._uses(), self._largest(), self._decisions())
        return {
            "title": self.word("title", a=self.plans[0], b=self.plans[1]),
            "lead": self._conclusion(),
            "facts": self.facts(),
            "blocks": [block for block in blocks if block["rows"]],
        }

    def _conclusion(self) -> str:
        """The whole comparison in a sentence or three."""
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
        parted = (hectares(_sum(some)) for some in (agreed, differing, alone, rest))
        lacking = rounding_difference(hectares(whole), parted)
        if lacking:
            parts.append(self.text("rounding_is", area=printed_hectares(lacking)))
        spots = self.source.spots
        given = sum(bool(spot["decision"]) for spot in spots)
        if spots:
            parts.append(self.word("decided", count=f"{given:,}", open=f"{len(spots) - given:,}"))
        return "".join(parts) if self.language == "zh" else " ".join(parts)

    @cached_property
    def _areas(self) -> dict[str, float]:
        """By type its area in m²."""
        kinds = sorted({row["type"] for row in self.source.matrix})
        return {kind: _sum(row for row in self.source.matrix if row["type"] == kind) for kind in kinds}

    def _types(self) -> Page:
        whole, counts = _sum(self.source.matrix), Counter[str]()
        for row in self.source.matrix:
            counts[row["type"]] += row["spots"]
        rows = [
            [
                f"{kind} {phrase(f'difference.{kind}', self.language)}",
                f"{counts[kind]:,}",
                hectares_text(area),
                _share(area, whole),
            ]
            for kind, area in self._areas.items()
        ]
        lacking = rounding_difference(hectares(whole), map(hectares, self._areas.values()))
        if lacking:
            rows.append([self.text("rounding"), "", printed_hectares(lacking), ""])
        rows.append([self.text("total"), f"{counts.total():,}", hectares_text(whole), _share(whole, whole)])
        heads = [self.text(name) for name in ("type", "spots", "area_ha", "share")]
        return _block(self.word("types"), heads, rows, [6, 2, 3, 2], [1, 2, 3], self.text("areas_note"))

    def _uses(self) -> Page:
        """Which uses stand against which, the largest first."""
        whole = _sum(self.source.matrix)
        differing = [row for row in self.source.matrix if row["type"] in CONFLICTS]
        largest = sorted(differing, key=lambda row: -row["area_m2"])
        rows = [
            [
                *(f"{row['type']} {phrase('difference.' + row['type'], self.language)}", self.use(row["use_a"])),
                *(self.use(row["use_b"]), f"{row['spots']:,}"),
                *(hectares_text(row["area_m2"]), _share(row["area_m2"], whole)),
            ]
            for row in largest[:MOST_USES]
        ]
        heads = [self.text(name) for name in ("type", "plan_a", "plan_b", "spots", "area_ha", "share")]
        note = self._note(len(largest), MOST_USES, _sum(largest[MOST_USES:]))
        return _block(self.word("uses"), heads, rows, [5, 3, 3, 2, 2.4, 2], [3, 4, 5], note)

    def _largest(self) -> Page:
        largest = sorted(self.source.spots, key=lambda spot: (-float(spot["area_m2"]), spot["spot"]))
        rows = []
        for number, spot in enumerate(largest[:MOST_SPOTS], start=1):
            row = self.row(str(number), spot)
            pairs = ["\n".join(filter(None, row[name])) for name in ("a", "b", "cause", "decision")]
            rows.append(
                [row["number"], row["spot"], row["type"], *pairs[:2], row["hectares"], row["width"], *pairs[2:]]
            )
        names = ("number", "spot", "type", "plan_a", "plan_b", "area_ha", "width_m", "cause", "decision")
        note = self._note(len(largest), MOST_SPOTS, _sum(largest[MOST_SPOTS:]))
        heads = [self.text(name) for name in names]
        return _block(self.word("largest"), heads, rows, [1.0, 2.5, 2.5, 2.6, 2.8, 2.1, 1.6, 3.3, 2.0], [5, 6], note)

    def _decisions(self) -> Page:
        """What was decided of the differences, and how much is open."""
        conflicts, rows = self.source.spots, []
        for decision in sorted({spot["decision"] or "" for spot in conflicts}, key=lambda name: (not name, name)):
            spots = [spot for spot in conflicts if (spot["decision"] or "") == decision]
            name = phrase(f"decision.{decision}", self.language) if decision else self.word("open")
            whom = self.list_text(dict.fromkeys(spot["decision_by"] for spot in spots if spot["decision_by"]))
            rows.append([name, f"{len(spots):,}", hectares_text(_sum(spots)), whom or NOT_KNOWN])
        heads = [self.text("decision"), self.text("spots"), self.text("area_ha"), self.word("by")]
        return _block(self.word("decisions"), heads, rows, [5, 2, 3, 5], [1, 2], None)

    def _note(self, count: int, most: int, rest_m2: float) -> str | None:
        return self.word("more", count=f"{count - most:,}", area=hectares_text(rest_m2)) if count > most else None


def _block(
    heading: str, heads: list[str], rows: list[list[str]], widths: list[float], numbers: list[int], note: str | None
) -> Page:
    """A table of the report."""
    return {
        "heading": heading,
        "heads": heads,
        "rows": rows,
        "widths": widths,
        "numbers": numbers,
        "note": note,
    }


def _sum(rows: Iterable[Row]) -> float:
    return total_m2(float(row["area_m2"]) for row in rows)


def _count(rows: Iterable[Row]) -> str:
    return f"{sum(row['spots'] for row in rows):,}"


def _share(area_m2: float, whole_m2: float) -> str:
    return share_text(area_m2 / whole_m2 if whole_m2 else 0.0)
