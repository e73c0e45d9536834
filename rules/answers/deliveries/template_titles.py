"""What the templates of deliveries are called that come along."""

from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.messages import RESOURCES


def template_titles() -> dict[str, dict[str, str]]:
    """The titles of each template, by its name."""
    files = sorted((RESOURCES / "deliveries").glob("*.toml"))
    return {path.stem: toml_content(path.read_text(encoding="utf-8"))["template"]["title"] for path in files}
