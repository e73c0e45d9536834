"""The map on a parcel's sheet, drawn from a check that need not be kept."""

from typing import Any

import numpy as np

from onemap.layers.library.library import Library
from onemap.rules.display.maps.map_sheet import MapPage, MapSource, Paper, draw_map
from onemap.rules.display.maps.map_source import LayersOnMap, Piece
from onemap.rules.display.maps.sheets_needed import theme_codes
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.pack import Pack, rules_of_run

PAPER = Paper(170.0, 92.0)
_BASES = ("present_use", "plan", "boundary")  # the first of which the library has a layer


class CheckMapSource(MapSource):
    """A check's parcels as maps need them, though no library keeps the run."""

    def __init__(self, library: Library, record: CheckRecord, packs: tuple[Pack, ...], language: str) -> None:
        """Prepare the maps of a check; `show` names the parcels that are drawn next."""
        LayersOnMap.__init__(self, library, {**record, "id": None})  # nobody will find a run that is not kept
        self.language = language
        self.parcels = {}
        self.findings: list[dict[str, Any]] = []
        self.pieces = []
        self.rules = {rule.id: rule for rule in rules_of_run(packs, record)}
        self._overrides = {}

    def show(self, names: np.ndarray, geometries: np.ndarray, pieces: list[Piece]) -> None:
        """The parcels (n,) that are drawn next, and their conflicts; features near those before are forgotten."""
        self.pieces = pieces
        self.parcels = dict(zip(names.tolist(), geometries, strict=True))
        self.forget()

    def theme(self) -> str:
        """The base of the map: present use, else the plan, else the boundary alone."""
        return next((name for name in _BASES if any(map(self.version_of, theme_codes(name)))), _BASES[-1])


def parcel_map(source: CheckMapSource, theme: str, parcel: str, fonts: str, prefix: str) -> str:
    """One parcel on its base as SVG, with its conflicts."""
    return draw_map(source, MapPage(theme, parcels=(parcel,), all_pieces=True), PAPER, fonts=fonts, prefix=prefix).svg
