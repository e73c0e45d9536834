"""Whether a library still is what was put into it: the chain of its log, and every version's content."""

import json
from collections.abc import Callable

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library import Library, sha256
from onemap.layers.rasters import checked_raster, reference_of
from onemap.layers.stores.store import chained_hash
from onemap.layers.versions import content_hash, read_version, versions


def chain_problems(library: Library) -> list[Problem]:
    """Rows of the audit log that do not follow from the row before, or whose content is not what was hashed."""
    found, before = [], ""
    sql = "SELECT number, at, who, action, subject, detail, content_hash, previous_hash, hash FROM onemap_audit"
    for number, at, who, action, subject, detail, content, previous, chained in library.connection.execute(
        f"{sql} ORDER BY number"
    ):
        place = {"file": library.label, "layer": "onemap_audit", "feature": str(number), "at": at}
        if content != sha256(detail) or not _is_json(detail):
            found.append(Problem("verify.content", place))
        if previous != before or chained != chained_hash(before, at, who, action, subject, content):
            found.append(Problem("verify.chain", place))
        before = chained
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def version_problems(library: Library, report: Callable[[float], None]) -> list[Problem]:
    """Versions whose rows are not those that were added, or whose raster is gone or another."""
    found = []
    recorded = versions(library)
    logged = {
        (subject, json.loads(detail).get("hash"))
        for subject, detail in library.connection.execute(
            "SELECT subject, detail FROM onemap_audit WHERE action = 'add'"
        )
    }
    rasters = {code for code, entry in library.catalogue().items() if entry.geometry == "raster"}
    for done, version in enumerate(recorded):
        report(done / max(len(recorded), 1))
        place = {"file": library.label, "layer": version.table}
        if (version.table, version.hash) not in logged:
            found.append(Problem("verify.unlogged", place))
        try:
            stored = read_version(library, version, None)
            if len(stored.fids) != version.count or content_hash(stored.geometries, stored.attributes) != version.hash:
                found.append(Problem("verify.version", place))
            elif version.code in rasters:
                for row in range(len(stored.fids)):
                    checked_raster(reference_of(stored.attributes.iloc[row], library.path)).close()
        except OneMapError:
            found.append(Problem("verify.version", place))
    return found
