"""Pages set by typst: the one place where it runs."""

from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.left_alone import waited_for


def set_pages(source: Path, name: str, **options: Any) -> bytes | list[bytes]:
    """What typst makes of a document, with everything that lies in its folder; nothing is fetched meanwhile.

    name: what a refusal calls the template; options: typst's. Raises OneMapError statement.template.
    """
    import typst

    try:
        made: bytes | list[bytes] = waited_for(lambda: typst.compile(str(source), root=str(source.parent), **options))
    except typst.TypstError as error:
        raise OneMapError("statement.template", file=name, reason=str(error)[:400]) from error
    return made
