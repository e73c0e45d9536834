"""The verbs of data on its way between departments and levels; libraries are imported only when a verb runs."""

from pathlib import Path

from onemap.layers.errors import UsageError
from onemap.rules.verb.declaration import Result, Values, VerbContext


def deliver(values: Values, context: VerbContext) -> Result:
    """Write chosen layers into a package for another department or level."""
    from onemap.layers.delivery.package_writing import DeliveryOptions
    from onemap.layers.delivery.package_writing import deliver as deliver_package
    from onemap.layers.library.library import open_library

    unit = list((values.get("unit") or {}).items())
    if len(unit) > 1:
        raise UsageError("usage.value", field="--unit", value=",".join(f"{code}={name}" for code, name in unit))
    with open_library(values["library"]) as library:
        options = DeliveryOptions(
            layers=tuple(values["layers"]),
            as_of=values.get("as_of") or library.today(),
            since=values.get("since"),
            unit=unit[0] if unit else None,
            recipient=values.get("to"),
            secrecy=values.get("secrecy"),
            overwrite=bool(values.get("overwrite")),
        )
        return deliver_package(library, Path(values["target"]), options, library.person(), context.progress)


def receive(values: Values, context: VerbContext) -> Result:
    """Take in a package, or the receipt of one that this library has delivered."""
    from onemap.layers.delivery.package_reading import Reception, receive_package
    from onemap.layers.delivery.receipt import is_receipt, take_in_receipt
    from onemap.layers.library.library import open_library
    from onemap.rules.question.question import packs_of, required_fields

    path = Path(values["file"])
    with open_library(values["library"]) as library:
        if is_receipt(path):
            taken = take_in_receipt(library, path, library.person())
            return {"package": taken["package"], "added": [], "receipt": str(path), "received": taken}
        reception = Reception(
            required_fields=lambda code: required_fields(packs_of(library, ()), code),
            who=library.person(),
            language=context.language,
            plan_only=bool(values.get("plan")),
            receipt=Path(values["receipt"]) if values.get("receipt") else None,
        )
        return receive_package(library, path, reception, context.progress)
