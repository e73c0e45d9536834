"""Pages as HTML, from the templates in resources/pages: whatever is put in is text, and markup in it is only shown."""

import re
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from onemap.layers.messages import RESOURCES
from onemap.layers.visible_text import visible_text

PARTS = RESOURCES / "pages"
_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)), "�")
_UNBROKEN = re.compile(r"[^\s<>&;\u2e80-\uffef]{19,}")  # a word that no column is wide enough for
_PART = re.compile(r".{1,12}")


def render(template: str, **values: Any) -> Markup:
    """A template of resources/pages with values put in; only what is Markup already is not escaped."""
    return Markup(_PAGES.get_template(template).render(**values))  # the template escapes  # nosec B704


def _legal(value: Any) -> Any:
    """A value as HTML may hold it: without the signs that it forbids."""
    return value if isinstance(value, Markup) else visible_text(str(value).translate(_ILLEGAL))


def _breakable(text: str) -> Markup:
    """A text whose very long words may be broken, so that a table keeps to its page."""
    return Markup(_UNBROKEN.sub(lambda word: "<wbr>".join(_PART.findall(word.group())), escape(_legal(text))))  # nosec B704


def _shown_by(table: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What of the map a table's row shows: a rule, a parcel, or a finding if there is ground of it."""
    asked = table["points_at"]
    if not asked or (asked == "finding" and row["state"] not in ("conflict", "unknown")):
        return {}
    names = {"rule": ("rule",), "parcel": ("parcel",), "finding": ("rule", "parcel")}[asked]
    return {f"data-{name}": _legal(row[name]) for name in names if name in row}


_PAGES = ImmutableSandboxedEnvironment(
    loader=jinja2.FileSystemLoader(PARTS),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_legal,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["breakable"] = _breakable
_PAGES.globals["shown_by"] = _shown_by
