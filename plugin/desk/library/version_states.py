"""The states of versions in words: beside a version's name, and what they mean for a check."""

from __future__ import annotations

from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import Count, tr


def state_texts(label: str) -> dict[str, str]:
    """A version's label with the sign and the word of its state."""
    return {
        "in_force": f"{label} ●",
        "old": f"{label} ◐ {tr('old')}",
        "undated": f"{label} ◐ {tr('no date')}",
        "retired": f"{label} ✕ {tr('retired')}",
        "upcoming": f"{label} ◔ {tr('not yet')}",
        "partial": f"{label} ◌ {tr('part')}",
        "assumed": f"{label} ◌ {tr('assumed')}",
        "unreadable": f"{label} ✕ {tr('unreadable')}",
        "missing": f"○ {tr('no data')}",
    }


def state_hints() -> dict[str, str]:
    """The meaning of each state for a check."""
    return {
        "in_force": tr("In force on that day, for the whole district"),
        "old": tr("Not in force on that day: a check does not use it"),
        "retired": tr("Retired, because it was added by mistake: no check of any day uses it"),
        "undated": tr(
            "Not in force: it has no date, and a version with a date goes before it. "
            "To use it, add it again with the day from which it is valid."
        ),
        "upcoming": tr("Not yet in force on that day: a check does not use it"),
        "partial": tr("In force on that day, but only for a part of the ground: outside it nothing is known"),
        "assumed": tr("In force on that day; its coverage is only assumed, from the extent of its features"),
        "unreadable": tr("What was added cannot be read any more: what depends on it is unknown, not clear"),
        "missing": tr("The library has no version of this layer: what depends on it is unknown, not clear"),
    }


def version_hint(entry: CatalogueLayer, version: Version | None) -> str:
    """The hint of a layer, and of the version that its row shows."""
    lines = [f"{entry.title} · {entry.code}"]
    if version is not None:
        until = version.valid_to or "…"
        lines.append(
            tr("Version {label}, {count:# feature|# features}").format(label=version.label, count=Count(version.count))
        )
        lines.append(tr("Valid {start} to {end}").format(start=version.valid_from or "…", end=until))
        lines.append(tr("Recorded {moment}").format(moment=moment_text(version.recorded_at)))
    return "\n".join(lines)
