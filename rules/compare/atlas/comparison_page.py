"""The report of a comparison: what agrees and what does not, the largest differences, and what was decided of them."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.compare.atlas.atlas_content import NOT_KNOWN, AtlasWords, hectares_text
from onemap.rules.compare.atlas.atlas_maps import AtlasMaps
from onemap.rules.compare.atlas.atlas_source import BY_SPOT, Row, atlas_source
from onemap.rules.compare.spots import CONFLICTS
from onemap.rules.findings.land_classes import share_hectares
from onemap.rules.maps.document_areas import hectares, share_text
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
            self.word("compared", area=_ha(whole)),
            self.word("agreed", area=self._printed_ha(agreed), share=_share(_sum(agreed), whole)),
        ]
        for name, some in (("differing", differing), ("alone", alone), ("rest", rest)):
            if some or name == "differing":
                area, share = self._printed_ha(some), _share(_sum(some), whole)
                parts.append(self.word(name, count=_count(some), area=area, share=share))
        spots = self.source.spots
        given = sum(bool(spot["decision"]) for spot in spots)
        if spots:
            parts.append(self.word("decided", count=f"{given:,}", open=f"{len(spots) - given:,}"))
        return "".join(parts) if self.language == "zh" else " ".join(parts)

    @cached_property
    def _areas(self) -> dict[str, tuple[float, float]]:
        """By type its area in m², and its hectares as all tables print them: they sum to those of the whole."""
        by_type = Counter[str]()
        for row in self.source.matrix:
            by_type[row["type"]] += row["area_m2"]
        areas = [by_type[kind] for kind in sorted(by_type)]
        parts = share_hectares(areas, hectares(_sum(self.source.matrix)))
        return dict(zip(sorted(by_type), zip(areas, parts, strict=True), strict=True))

    def _printed_ha(self, rows: Iterable[Row]) -> str:
        """The hectares of all rows of some types, as the table of types has them."""
        pairs = [self._areas[kind] for kind in {row["type"] for row in rows}]
        return hectares_text(sum(part for _, part in pairs), sum(area for area, _ in pairs))

    def _types(self) -> Page:
        whole, counts = _sum(self.source.matrix), Counter[str]()
        for row in self.source.matrix:
            counts[row["type"]] += row["spots"]
        rows = [
            [
                f"{kind} {phrase(f'difference.{kind}', self.language)}",
                f"{counts[kind]:,}",
                hectares_text(part, area),
                _share(area, whole),
            ]
            for kind, (area, part) in self._areas.items()
        ]
        rows.append(
            [self.text("total"), f"{counts.total():,}", hectares_text(hectares(whole), whole), _share(whole, whole)]
        )
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
                *(self.use(row["use_b"]), f"{row['spots']:,}", _ha(row["area_m2"]), _share(row["area_m2"], whole)),
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
            row = self.row(str(number), spot, hectares(float(spot["area_m2"])))
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
            rows.append([name, f"{len(spots):,}", _ha(_sum(spots)), whom or NOT_KNOWN])
        heads = [self.text("decision"), self.text("spots"), self.text("area_ha"), self.word("by")]
        return _block(self.word("decisions"), heads, rows, [5, 2, 3, 5], [1, 2], None)

    def _note(self, count: int, most: int, rest_m2: float) -> str | None:
        return self.word("more", count=f"{count - most:,}", area=_ha(rest_m2)) if count > most else None


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
    return sum(float(row["area_m2"]) for row in rows)


def _count(rows: Iterable[Row]) -> str:
    return f"{sum(row['spots'] for row in rows):,}"


def _ha(area_m2: float) -> str:
    return hectares_text(hectares(area_m2), area_m2)


def _share(area_m2: float, whole_m2: float) -> str:
    return share_text(area_m2 / whole_m2 if whole_m2 else 0.0)
