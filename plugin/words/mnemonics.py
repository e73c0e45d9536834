"""Names on buttons and in menus, where Qt takes an ampersand for the mark of a shortcut and hides it."""


def as_written(name: str) -> str:
    """A name that Qt's buttons, menus and form labels show letter by letter: `R&D` as `R&D`, not as `RD`."""
    return name.replace("&", "&&")
