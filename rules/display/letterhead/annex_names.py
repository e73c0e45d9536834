"""The annexes of a document by name, to leave out or ask for with --annexes."""

from onemap.rules.contract.declaration import of_form

ANNEXES = (
    *("parcels", "rules", "checklist", "boundary", "data", "record", "earlier", "remedy", "comments", "maps"),
    "conflicts",
)


@of_form("annexes", names=[*ANNEXES])
def to_annexes(text: str) -> tuple[str, ...]:
    """`all`, `none`, or names separated by commas, in the documents' order. Raises ValueError."""
    if text.strip() in ("all", "none"):
        return ANNEXES if text.strip() == "all" else ()
    names = {name.strip() for name in text.split(",") if name.strip()}
    if not names or not names <= set(ANNEXES):
        raise ValueError(text)
    return tuple(name for name in ANNEXES if name in names)
