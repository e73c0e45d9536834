"""Names of people's things on buttons and in menus: there Qt takes an ampersand for the mark of a key, and hides it."""


def as_written(name: str) -> str:
    """A name as Qt's buttons, menus and labels of forms show it letter by letter: `R&D` as `R&D`, not as `RD`."""
    return name.replace("&", "&&")
