"""The receipt of a package 回执: the receiver writes it, the sender takes it in, and both logs keep it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.delivery.package_record import PackageRecord
from onemap.layers.delivery.package_writing import DELIVER
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log
from onemap.layers.records import Record

FORMAT = "onemap-receipt"
RECEIPT = "receipt"  # the action with which the sender's log keeps it
_MOST_BYTES = 20_000_000


def receipt_text(
    library: Library,
    record: PackageRecord,
    manifest: str,
    received: Sequence[dict[str, Any]],
    plan: Sequence[dict[str, Any]],
    first_receipt: Mapping[str, str],
) -> str:
    """Return a receipt as its file holds it.

    first_receipt: when, and by whom, the package was added, if it comes again.
    """
    content = {
        "format": FORMAT,
        "package": record.package,
        "manifest": manifest,
        "sender": record.library,
        "receiver": {"library": library.id, "name": library.shown_name},
        "received_at": first_receipt["at"],
        "received_by": first_receipt["by"],
        "layers": list(received),
        "plan": list(plan),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def is_receipt(path: Path) -> bool:
    """Whether a file should be read as a receipt."""
    return path.suffix.lower() == ".json"


def is_receipt_of(place: Path, package: str) -> bool:
    """Whether a file is the receipt of a package, which a receipt of the same one replaces."""
    content = _read(place) if place.is_file() else None
    return content is not None and content["package"] == package


def take_in_receipt(library: Library, path: Path, who: str) -> Record:
    """Close the ledger's entry of a package with its receipt; return what was received, and by whom.

    Raises OneMapError source.missing, package.receipt, package.not_ours, package.manifest.
    """
    content = _read(path)
    if content is None:
        raise OneMapError("package.receipt", file=path.name)
    sql = "SELECT detail FROM onemap_audit WHERE action = ? AND subject = ?"
    row = library.connection.execute(sql, (DELIVER, content["package"])).fetchone()
    if row is None:
        raise OneMapError("package.not_ours", file=path.name, package=content["package"])
    if json.loads(row[0])["manifest"] != content["manifest"]:
        raise OneMapError("package.manifest", file=path.name, package=content["package"])
    facts = {name: content[name] for name in ("receiver", "received_at", "received_by", "layers")}
    with library.writing() as connection:
        log(connection, who, RECEIPT, content["package"], facts)
    return {"package": content["package"], **facts}


def _read(path: Path) -> dict[str, Any] | None:
    """Return a receipt's content, None if the file is not a receipt. Raises OneMapError source.missing."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise OneMapError("source.missing", file=str(path)) from None
    except (OSError, ValueError, RecursionError):
        return None
    texts = ("package", "manifest", "received_at", "received_by")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    is_whole = all(isinstance(content.get(name), str) for name in texts)
    has_lists = isinstance(content.get("layers"), list) and isinstance(content.get("receiver"), dict)
    return content if is_whole and has_lists else None
