"""Maps as pictures, for programs that draw no SVG, with what they show in words."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.maps.svg_text import picture_label
from onemap.rules.display.maps.typst_pages import set_pages


class Picture(NamedTuple):
    """A PNG, and its description in words for people who cannot see it."""

    png: bytes
    label: str


def map_pictures(maps: Sequence[str], width_px: int, progress: Progress = SILENT) -> list[Picture]:
    """SVG maps as PNG of this width in pixels, for programs that draw no SVG.

    Raises OneMapError statement.template if typst cannot draw one.
    """
    if not maps:
        return []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lines = ["#set page(width: 156mm, height: auto, margin: 0pt)"]
        for number, svg in enumerate(maps, start=1):
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
            lines.append(f'#page(image("map-{number}.svg", width: 156mm))')
        (place / "maps.typ").write_text("\n".join(lines), encoding="utf-8")
        png_pages = set_pages(place / "maps.typ", "maps", progress, format="png", ppi=width_px / (156 / 25.4))
    return [Picture(png, picture_label(svg)) for png, svg in zip(png_pages, maps, strict=True)]
