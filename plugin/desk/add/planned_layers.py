"""The plan of a delivery as the dialog edits it: read from the core's answer, written as the core reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.connection.toml_writing import toml_text
from onemap.plugin.desk.add.geometry_kinds import wrong_kind
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.words.translation import tr

NOTE, UNREADABLE, UNSURE, UNMATCHED, PLANNED, CHOSEN = "note", "unreadable", "unsure", "unmatched", "planned", "chosen"
ADDED, UNCHANGED, REFUSED, LEFT_OUT = "added", "unchanged", "refused", "left_out"
CHOICES = (  # of a row, as the plan names them
    *("source", "layer", "code", "crs", "encoding", "covers", "label", "valid_from", "valid_to"),
    *("transform", "transform_hash", "repair", "keep_bad", "sure", "fields"),
)


@dataclass
class PlannedLayer:
    """One layer of a delivery, and the layer of the library that it becomes.

    status: as in the plan, else chosen, left_out, added, unchanged or refused; state: the core's words for the former
    suggested: the codes between which a person must choose
    covers: empty to use the coverage of the whole delivery, or of the layer's last version
    transform, transform_hash: the file of a change of datum, and the hash that the file must have
    remembered: answers taken over from the layer's last version, such as covers and fields
    geometry, count: the geometry type and the number of features
    samples: some values of each of its fields
    """

    source: str
    layer: str
    code: str
    status: str
    state: str = ""
    suggested: tuple[str, ...] = ()
    label: str = ""
    covers: str = ""
    crs: str = ""
    encoding: str = ""
    valid_from: str = ""
    valid_to: str = ""
    transform: str = ""
    transform_hash: str = ""
    repair: bool = False
    keep_bad: bool = False
    sure: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    remembered: tuple[str, ...] = ()
    geometry: str = ""
    count: int | None = None
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_data(self) -> bool:
        """Whether the row can be added at all: it can be read, and is not a mere document."""
        return self.status not in (NOTE, UNREADABLE)

    @property
    def is_in_library(self) -> bool:
        """Whether the library holds it as it stands here."""
        return self.status in (ADDED, UNCHANGED)

    @property
    def version(self) -> tuple[str, ...]:
        """The version that the row becomes; rows with the same version are files of one version."""
        return self.code, self.label, self.valid_from, self.valid_to

    @property
    def name(self) -> str:
        """The path of the file in the delivery's folder, and the layer in the file if there are several."""
        return " · ".join(filter(None, (self.source, self.layer)))

    @property
    def file_and_layer(self) -> tuple[str, str]:
        """The name of the file without its folder, and the layer in the file if there are several."""
        return self.source.rpartition("/")[2], self.layer

    def listed_name(self, *, folder_first: bool) -> str:
        """The name for a narrow column, with its distinguishing part first.

        folder_first: put the folder first, because files in other folders have the same name.
        """
        folder = self.source.rpartition("/")[0]
        file, layer = self.file_and_layer
        return " · ".join(filter(None, (folder, layer, file) if folder_first else (layer, file, folder)))

    def choose(self, code: str) -> None:
        """Choose the layer that the row becomes; empty leaves it out. Another layer drops remembered answers."""
        if code != self.code:
            self.fields, self.remembered, self.transform, self.transform_hash = {}, (), "", ""
            self.code, self.status, self.problems = code, CHOSEN if code else LEFT_OUT, []
            self.sure = False

    def obstacle(self, target: CatalogueLayer | None) -> str:
        """The reason why the row cannot become that layer, or cannot have its label; empty if it can."""
        if target is None:
            return ""
        wrong = wrong_kind(target.geometry, self.geometry, self.count)
        if wrong:
            return wrong
        is_there = bool(self.label) and any(version.label == self.label for version in target.versions)
        text = tr("The library has its version “{label}” already: another label, or leave it out.")
        return text.format(label=self.label) if is_there else ""


def planned_layers(answer: dict[str, Any]) -> list[PlannedLayer]:
    """The layers of the core's plan; files that are not data come last."""
    rows = [_layer(record, row["about"]["state"]) for record, row in zip(answer["plan"], answer["view"])]
    return sorted(rows, key=lambda row: row.status == NOTE)


def plan_text(rows: Iterable[PlannedLayer], covers: str) -> str:
    """The plan as a file that the core carries out.

    covers: the coverage of layers that state none themselves and whose last version stated none.
    """
    blocks = []
    for row in rows:
        values = {name: getattr(row, name) or None for name in CHOICES}
        if not row.covers and "covers" not in row.remembered:
            values["covers"] = covers or None
        values["status"] = row.status if row.status == UNREADABLE else None
        blocks.append(f"[[layer]]\n{toml_text(values)}")
    return "\n".join(blocks)


def _layer(record: dict[str, Any], state: str) -> PlannedLayer:
    return record_of(
        PlannedLayer,
        record,
        state=state,
        suggested=tuple(record.get("suggested") or ()),
        fields=dict(record.get("fields") or {}),
        remembered=tuple(record.get("remembered") or ()),
        repair=False,
        keep_bad=False,
        samples={str(name): tuple(map(str, values)) for name, values in (record.get("samples") or {}).items()},
        problems=list(record.get("problems") or []),
    )
