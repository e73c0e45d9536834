"""A text of TOML that a person wrote, as plain values; whatever it holds, it is read or refused."""

import tomllib
from typing import Any

_LARGEST = 10**1000


def toml_content(text: str) -> dict[str, Any]:
    """The content of a text. Raises ValueError, as tomllib does and for what no program can use.

    That are numbers that could not even be told, and lists in lists beyond counting.
    """
    try:
        content = tomllib.loads(text)
        _check_numbers(content)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deep") from None
    except ValueError:
        raise ValueError("a number of more than 1000 digits") from None
    return content


def _check_numbers(value: Any) -> None:
    if isinstance(value, int) and not -_LARGEST < value < _LARGEST:
        raise ValueError
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_numbers(item)
