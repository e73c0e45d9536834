"""A stored run compared with a new question: where its rows still hold, and what must be computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.version_differences import alike_rows
from onemap.layers.library.versions import Version, versions
from onemap.layers.rasters.rasters import checked_raster
from onemap.layers.software import software_versions
from onemap.rules.judge.inputs.changed_features import Changes
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.overlay.overlay import MARGIN_M
from onemap.rules.judge.packs.pack import rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.arrow_blocks import parcel_rows, same_rows
from onemap.rules.judge.runs.run_store import stored_blocks, stored_packs, whole_check
from onemap.rules.judge.runs.stored_rows import GIVEN


@dataclass(frozen=True)
class Earlier:
    """A stored run beside a new question.

    rules: of the stored run, by id; parcels: of the question; same (n,): the parcel's ground and attributes are
    unchanged.
    """

    library: Library
    identifier: str
    record: CheckRecord
    rules: Mapping[str, Rule]
    parcels: Parcels
    same: np.ndarray

    def damage(self, table: str) -> OneMapError:
        """The refusal of stored rows of a table that were altered."""
        return OneMapError("run.damaged", file=self.library.label, run=self.identifier, layer=table)


@dataclass
class Comparison:
    """A stored run compared with the layers and packs in force now, rule by rule.

    lost: layers that proved unreadable meanwhile.
    """

    earlier: Earlier
    check_plan: CheckPlan
    sources: Sources
    lost: frozenset[str] = frozenset()
    _changes: dict[str, Changes | None] = field(default_factory=dict)

    def stands(self, rule: Rule) -> np.ndarray:
        """The parcels (n,) for which the rows of a rule are unchanged."""
        earlier = self.earlier
        nobody = np.zeros(len(earlier.same), dtype=bool)
        if earlier.rules.get(rule.id) != rule or rule.id not in earlier.record["rules"]:
            return nobody
        stands = earlier.same.copy()
        for code in rule.layers:
            if not stands.any():
                break
            if self._is_gone(code):
                return nobody
            if self._is_the_same(code):
                continue
            changes = self._changes_of(code)
            if changes is None:
                return nobody
            error_m = changes.after.version.accuracy_m if changes.after.version else None
            far_m = KINDS[rule.kind].reach_m(rule.options) + 2 * (error_m or 0.0) + 2 * MARGIN_M
            stands &= ~changes.near(self._boxes, far_m)
        return stands

    def _layer_record(self, code: str) -> Mapping[str, Any] | None:
        return next((layer for layer in self.earlier.record["layers"] if layer["code"] == code), None)

    def _is_the_same(self, code: str) -> bool:
        """Whether the stored run used the version of a layer that is in force now."""
        layer_record, version = self._layer_record(code), self.check_plan.in_force(code)
        if layer_record is None or layer_record["reason"] is not None or version is None:
            return False
        is_other = code in self.lost or code in self.check_plan.unreadable or code in self.check_plan.replaced
        return not is_other and (version.table, version.hash) == (layer_record["table"], layer_record["hash"])

    def _is_gone(self, code: str) -> bool:
        """Whether rasters of a layer, which are files outside the library, have changed since they were added."""
        entry = self.sources.catalogue.get(code)
        if entry is None or entry.geometry != "raster":
            return False
        try:
            for reference in self.sources.read(code, None).rasters:
                checked_raster(reference).close()
        except OneMapError:
            return True
        return False

    def _changes_of(self, code: str) -> Changes | None:
        """The changes of a layer between the stored run and now; None if they cannot be determined."""
        if code not in self._changes:
            self._changes[code] = self._changes_by_rows(code) or self._changes_by_reading(code)
        return self._changes[code]

    def _changes_by_rows(self, code: str) -> Changes | None:
        """The changes between two versions whose common rows the library knows, else None."""
        before, after, entry = (
            self._version_before(code),
            self.check_plan.in_force(code),
            self.sources.catalogue.get(code),
        )
        is_other = code in self.lost or code in self.check_plan.unreadable or code in self.check_plan.replaced
        if before is None or after is None or entry is None or entry.geometry == "raster" or is_other:
            return None
        alike = alike_rows(self.earlier.library, before, after, entry.key)
        if alike is None:
            return None
        one, other = (
            self.sources.rows_of_version(
                version, np.flatnonzero(np.bincount(common_rows, minlength=version.count + 1)[1:] == 0) + 1
            )
            for version, common_rows in ((before, alike.before), (after, alike.after))
        )
        return None if one.reason or other.reason else Changes(one, other, alike)

    def _changes_by_reading(self, code: str) -> Changes | None:
        """The changes between two states, by reading both, else None."""
        now = self.sources.read(code, self._bounds(code))
        before = self._layer_before(code)
        return Changes(before, now) if before else None

    def _layer_before(self, code: str) -> LayerSource | None:
        layer_record = self._layer_record(code)
        if layer_record is not None and layer_record["table"] is None:
            return LayerSource(reason=layer_record["reason"])
        version = self._version_before(code)
        if version is None:
            return None
        source = self.sources.of_version(version, self._bounds(code))
        return None if source.reason else source  # it could be read then

    def _version_before(self, code: str) -> Version | None:
        """The version that the stored run used; None if it used none, or it no longer exists."""
        layer_record = self._layer_record(code)
        if layer_record is None or layer_record["table"] is None or layer_record["reason"] is not None:
            return None
        version = next((item for item in versions(self.earlier.library) if item.table == layer_record["table"]), None)
        return version if version is not None and version.hash == layer_record["hash"] else None

    @cached_property
    def _boxes(self) -> np.ndarray:
        """The parcels' boxes (n, 4), coordinates counted from the run's origin."""
        boxes: np.ndarray = self.earlier.parcels.boxes - np.tile(self.check_plan.origin, 2)
        return boxes

    def _bounds(self, code: str) -> Sequence[float] | None:
        """The extent within which a layer matters to any parcel."""
        far = self.check_plan.reaches()[code]
        if far == float("inf"):
            return None
        west, south, east, north = self.earlier.parcels.extent
        return west - far, south - far, east + far, north + far


def earlier_run(
    library: Library, identifier: str, question: Question, origin: tuple[float, float], *, is_its_own: bool = False
) -> Earlier | None:
    """A stored run some of whose rows may hold for a new run; None if none can.

    Rows can hold only where software, language and origin of coordinates are the same. is_its_own: the question is
    about the run's own parcels, which need not be compared. Raises OneMapError run.unknown, run.damaged.
    """
    record = whole_check(library, identifier)
    if record["software"] != software_versions() or record["parameters"]["lang"] != question.language:
        return None
    if record.get("origin") != list(origin):
        return None
    rules = {rule.id: rule for rule in rules_of_run(stored_packs(library, identifier), record)}
    is_same = np.ones(len(question.parcels.ids), dtype=bool)
    same = is_same if is_its_own else _same_parcels(library, identifier, question.parcels)
    return Earlier(library, identifier, record, rules, question.parcels, same)


def _same_parcels(library: Library, identifier: str, parcels: Parcels) -> np.ndarray:
    """Which parcels (n,) the stored run had with the same ground and attributes. Raises OneMapError run.damaged."""
    same = np.zeros(len(parcels.ids), dtype=bool)
    places = pd.Index(parcels.ids, dtype=object)
    now = parcel_rows(parcels.ids, parcels.attributes, parcels.bodies)
    for before in stored_blocks(library, identifier, GIVEN):
        place = places.get_indexer(before.values("id"))
        known_rows = np.flatnonzero(place >= 0)
        same[place[known_rows]] = same_rows(before.take(known_rows), now.take(place[known_rows]))
    return same
