"""The work of `publish`."""

from pathlib import Path

from onemap.layers.library.library import open_library
from onemap.layers.messages import phrase
from onemap.layers.publishing.publishing import PublishOptions, check_project
from onemap.layers.publishing.publishing import publish as write_project
from onemap.rules.contract.declaration import Result, Values, VerbContext


def publish(values: Values, context: VerbContext) -> Result:
    """Write the one map as a QGIS project."""
    project = Path(values["project"])
    wishes = PublishOptions(
        as_of=values.get("as_of"),
        known_at=values.get("known_at"),
        only=values.get("only"),
        overwrite=bool(values.get("overwrite")),
        authcfg=values.get("authcfg"),
    )
    check_project(values["library"], project, wishes)
    context.progress.at(0.0, phrase("progress.publishing", context.language))
    with open_library(values["library"]) as library:
        result = write_project(library, values["library"], project, wishes, context.language)
    return result
