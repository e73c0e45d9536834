"""Pages set by typst: the one place where it runs."""

from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.progress import Told
from onemap.rules.overlay.uninterruptible import expected, waited_for

# Measured: what typst takes of a processor at least, and how much of maps and of all else it sets in a second.
_LEAST_S, _MAPS_A_S, _TEXTS_A_S = 0.5, 2_300_000, 220_000


def set_pages(source: Path, name: str, told: Told = lambda share: None, **options: Any) -> bytes | list[bytes]:
    """What typst makes of a document, with everything that lies in its folder; nothing is fetched meanwhile.

    name: what a refusal calls the template; told: how much is done, 0 to 1, as far as the folder's size lets one
    expect; it may raise Cancelled; options: typst's. Raises OneMapError statement.template.
    """
    import typst

    expected_s = _LEAST_S
    for path in source.parent.iterdir():
        expected_s += path.stat().st_size / (_MAPS_A_S if path.suffix == ".svg" else _TEXTS_A_S)
    try:
        made: bytes | list[bytes] = waited_for(
            lambda: typst.compile(str(source), root=str(source.parent), **options),
            expected(told, expected_s),
        )
    except typst.TypstError as error:
        raise OneMapError("statement.template", file=name, reason=str(error)[:400]) from error
    return made
