"""The shipped templates of deliveries, and their titles."""

from pathlib import Path

from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.shipped_files import RESOURCES


def template_files() -> list[Path]:
    """The files of the templates, without NAME.cases.toml."""
    return [path for path in sorted((RESOURCES / "deliveries").glob("*.toml")) if "." not in path.stem]


def template_titles() -> dict[str, dict[str, str]]:
    """The titles of each template, by its name."""
    return {path.stem: toml_content(path.read_text(encoding="utf-8"))["template"]["title"] for path in template_files()}
