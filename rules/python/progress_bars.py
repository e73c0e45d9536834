"""How far a call is: told to a function, or shown as a bar by tqdm where that is installed."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from onemap.layers.errors import UsageError
from onemap.layers.progress import SILENT, Progress

# None or False: nothing is said; True: a bar, if tqdm is there; else called with the share that is done and the step.
ProgressWish: TypeAlias = bool | Callable[[float, str], None] | None
_STEPS = 1000


@contextlib.contextmanager
def shown_progress(wish: ProgressWish) -> Iterator[Progress]:
    """The progress of a call as its caller wants it. Raises UsageError python.kind."""
    if wish is None or wish is False:
        yield SILENT
    elif wish is True:
        with _bar() as progress:
            yield progress
    elif callable(wish):
        yield Progress(wish)
    else:
        given = type(wish).__name__
        raise UsageError("python.kind", field="progress", given=given, wanted="True, None, function(share, step)")


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield SILENT
        return
    with tqdm(total=_STEPS, bar_format="{l_bar}{bar}| {elapsed}", leave=False) as bar:
        yield Progress(_moving(bar))


def _moving(bar: Any) -> Callable[[float, str], None]:
    def move(share: float, step: str) -> None:
        bar.n = round(share * _STEPS)
        bar.set_description_str(step, refresh=False)
        bar.refresh()

    return move
