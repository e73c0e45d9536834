"""A layer's version as a page names it."""

from onemap.layers.messages import phrase


def version_words(title: str, label: str, valid_from: str | None, language: str) -> str:
    """A version by its label, and the day from which it holds where the label does not say it."""
    name = f"{title} {label}"
    if valid_from in (None, label):
        return name
    return phrase("figures.version_of", language, name=name, day=valid_from)
