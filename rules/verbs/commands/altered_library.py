"""Name the changed rows when an unforeseen error occurs in a library that another program has changed."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from onemap.layers.errors import Cancelled, OneMapError, Problem

_PLACES = ("library", "source", "parcels", "target", "file")  # parameters that may name a library


@contextlib.contextmanager
def naming_altered_rows(values: Mapping[str, Any]) -> Iterator[None]:
    """Run a verb, and put its answer into words, within the block. values: of the verb's parameters.

    Raises OneMapError library.altered_rows instead of an unforeseen error, if one of the verb's libraries is not as One
    Map wrote it; values that are no library, or that cannot be opened, are ignored.
    """
    try:
        yield
    except (OneMapError, Cancelled, OSError):
        raise
    except Exception as error:
        altered_rows = [problem for place in _library_places(values) for problem in _altered_rows(place)]
        if altered_rows:
            raise OneMapError.of(altered_rows) from error
        raise


def _library_places(values: Mapping[str, Any]) -> list[str]:
    """The possible locations of libraries among a verb's values."""
    place_values = [values.get(name) for name in _PLACES]
    flat = [item for value in place_values for item in (value if isinstance(value, (list, tuple)) else [value])]
    return list(dict.fromkeys(item for item in flat if isinstance(item, str)))


def _altered_rows(place: str) -> list[Problem]:
    """The rows that another program has changed in a library; none of other files."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.verification import altered_row_problems
    from onemap.rules.verbs.work.judgement_tables import stored_tables

    with (
        contextlib.suppress(OneMapError, OSError, ValueError),
        open_library(place, read_only=True) as library,
        library.reading(),
    ):
        return altered_row_problems(library, stored_tables(library))
    return []
