"""Take a version that was added by mistake out of force, from its first day on; its rows and runs stay readable."""

import json

from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import COPY, Library, keep_fact, log
from onemap.layers.library.rows_as_logged import check_fact, check_layer
from onemap.layers.library.version_writing import show_layer
from onemap.layers.library.versions import (
    Retirement,
    Version,
    files_of,
    retirement_events,
    retirement_key,
    versions,
)
from onemap.layers.stores.logged_rows import note_structure
from onemap.layers.stores.sql_text import Sql

RETIRE, UNDO = "retire", "retire.undo"  # the actions with which the log has it


def retire(library: Library, code: str, label: str, reason: str, who: str, *, undo: bool = False) -> Version:
    """Take a version out of force, or with `undo` put it back; return the version as it then is. Logged.

    Raises OneMapError layer.unknown, library.owner_adds, retire.label, retire.again, retire.undone, library.altered and
    other library.….
    """
    entry = known_layer(library.catalogue(), code, "CODE", file=library.label)
    library.check_owner()
    with library.writing() as connection:
        version = _version_named(library, code, label)
        if (version.retired is not None) != undo:
            request = {"file": library.label, "layer": code, "label": label, "field": "--undo"}
            raise OneMapError("retire.undone" if undo else "retire.again", **request)
        check_layer(library, code)
        _check_row(library, version)
        fact = Retirement(connection.moment(), who, reason)
        events = [*retirement_events(library).get(version.table, []), {**vars(fact), "undo": undo}]
        text = json.dumps(events, ensure_ascii=False, sort_keys=True)
        keep_fact(connection, retirement_key(version.table), text)
        show_layer(connection, entry, versions(library), library.today())
        note_structure(connection, [code])
        log(connection, who, UNDO if undo else RETIRE, version.table, {"label": label, "reason": reason})
        return _version_named(library, code, label)


def held_elsewhere(library: Library, version: Version) -> list[Problem]:
    """Return a remark if versions in use hold files that came with a retired one, as when a file of it was replaced.

    Files that earlier versions in use hold as well are not part of the mistake.
    """
    of_layer = [one for one in versions(library) if one.code == version.code and one.retired is None]
    hashes = {one.number: {str(file.get("hash")) for file in files_of(library, one)} for one in of_layer}
    earlier_hashes = {digest for number, own in hashes.items() if number < version.number for digest in own}
    came = {str(file.get("hash")): str(file["source"]) for file in files_of(library, version)}
    came = {digest: name for digest, name in came.items() if digest not in earlier_hashes}
    later = [one for one in of_layer if one.number > version.number and hashes[one.number] & came.keys()]
    if not later:
        return []
    later_hashes = {digest for one in later for digest in hashes[one.number]}
    names = [name for digest, name in came.items() if digest in later_hashes]
    facts = {"file": library.label, "layer": version.code, "label": version.label}
    return [Problem("retire.held", {**facts, "labels": [one.label for one in later], "names": names})]


def _version_named(library: Library, code: str, label: str) -> Version:
    layer_versions = [version for version in versions(library) if version.code == code]
    version_of_label = next((version for version in layer_versions if version.label == label), None)
    if version_of_label is None:
        labels = [version.label for version in layer_versions] or None
        raise OneMapError("retire.label", file=library.label, layer=code, label=label, field="LABEL", known=labels)
    return version_of_label


def _check_row(library: Library, version: Version) -> None:
    """Check that the version's former state is as the log has it. Raises OneMapError library.altered."""
    where = Sql("(action IN (?, ?) AND subject = ?) OR action = ?")
    check_fact(library, retirement_key(version.table), where, (RETIRE, UNDO, version.table, COPY))
