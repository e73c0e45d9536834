"""The numbers by which a server knows a library's locks."""

import hashlib


def lock_key(library_id: str, scope: str | None) -> int:
    """The advisory lock of a library, or of one scope in it, as a signed 64-bit number."""
    digest = hashlib.sha256(f"{library_id}/{scope or ''}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
