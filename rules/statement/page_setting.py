"""Pages set by typst: the one place where it runs, and whoever waits for it can stop waiting."""

import threading
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError

_LOOK_S = 0.05


def set_pages(source: Path, name: str, **options: Any) -> bytes | list[bytes]:
    """What typst makes of a document, with everything that lies in its folder; nothing is fetched meanwhile.

    Typst knows no stopping: it works in a thread of its own, and is left to itself where nobody waits any more.
    name: what a refusal calls the template; options: typst's. Raises OneMapError statement.template.
    """
    import typst

    made: list[bytes | list[bytes]] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            made.append(typst.compile(str(source), root=str(source.parent), **options))
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
    for error in errors:
        if isinstance(error, typst.TypstError):
            raise OneMapError("statement.template", file=name, reason=str(error)[:400]) from error
        raise error
    return made[0]
