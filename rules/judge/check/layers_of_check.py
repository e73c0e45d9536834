"""The layers that the rules of a check use, read once for all its parcels, however these are divided into parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from onemap.layers.geometry.shape_column import some_of, vertices_of
from onemap.layers.library.versions import StoredFeatures
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.rules.judge.inputs.check_record import SkippedRule
from onemap.rules.judge.inputs.layer_sources import LayerReader, LayerSource
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows
from onemap.rules.judge.kinds.ground import Features
from onemap.rules.judge.overlay.grown_ground import QUARTER_SEGMENTS
from onemap.rules.judge.overlay.unchanging_sets import compute_once, freeze_set, is_frozen
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan

_FEATURES_A_LAYER = 500  # that cost as much to read as what each layer costs besides
_VERTICES_A_PARCEL = 1.6  # measured: what a parcel costs a rule
_MOST_SCATTERED, _SCATTERED_SHARE = 5_000, 0.1  # parcels, and their share of the ground around all of them
# Of layers held for all blocks; vertices with all that is made of them, some 100 MB.
_FEATURES_HELD, _VERTICES_HELD = 2_000, 1_000_000
_ANYWHERE = np.empty((0, 4))  # boxes of parcels that may lie anywhere in their extent
ROWS_A_FEATURE = 2.0  # of two plans without gaps, about: each border has ground on both sides

AskedFeatures = tuple[np.ndarray, Features]  # the positions (m,) of features among all of their layer, and these


class LayersOfCheck:
    """Every layer that a rule uses, by its code; what rules derive from a layer is computed once for all parcels.

    read: the features of each layer that lie near enough to the parcels to matter.
    """

    def __init__(
        self,
        check_plan: CheckPlan,
        sources: LayerReader,
        parcels: Parcels,
        progress: Progress,
        small: "SmallLayers | None" = None,
    ) -> None:
        """Read the layers. progress: of the reading; small: layers that are already read.

        Raises OneMapError if a replacing file is refused.
        """
        self.check_plan = check_plan
        self._small = small or SmallLayers()
        others = [code for code in check_plan.codes if code not in self._small.read]
        near = _read_layers(check_plan, sources, others, parcels.extent, parcels.boxes, progress)
        self.read = {code: self._small.read.get(code) or near[code] for code in check_plan.codes}
        self.crs = sources.crs
        self._asked_features: dict[str, AskedFeatures] = {}
        self._vertices: dict[str, int] = {}

    def of(self, rule: Rule) -> LayerSource:
        """The layer of a rule."""
        return self.read[rule.layer]

    def others(self, rule: Rule) -> dict[str, LayerSource]:
        """The layers that a rule names besides its own, by the key that names each."""
        return {key: self.read[code] for key, code in rule.other_layers.items()}

    def is_skipped(self, rule: Rule) -> bool:
        """Whether a rule that makes no finding has no layer to judge by."""
        return bool(self.of(rule).reason) and not rule.finds

    @property
    def skipped_rules(self) -> list[SkippedRule]:
        """The rules that are not asked, and why."""
        rules = filter(self.is_skipped, self.check_plan.rules)
        return [{"rule": rule.id, "layer": rule.layer, "reason": str(self.of(rule).reason)} for rule in rules]

    def features_asked(self, rule: Rule, features: StoredFeatures) -> AskedFeatures:
        """The features of its layer that a rule's `where` selects, with their positions (m,) among all features.

        A code is read in the form of its table. A value that is not in the table counts as unknown, like null.
        """
        asked_features = self._small.asked if rule.layer in self._small.read else self._asked_features
        if rule.id not in asked_features:
            asked_features[rule.id] = _features_asked(rule, self.of(rule), features)
        return asked_features[rule.id]

    def cost(self, rule: Rule, parcels: int) -> float:
        """The cost of judging so many parcels, in vertices: those that were read, and each parcel's own cost."""
        return float(sum(_VERTICES_A_PARCEL * parcels + self._vertices_of(code) for code in rule.layers))

    def rows_of_parcel(self, parcels: int) -> float:
        """An estimate, from the sizes of the layers, of the rows that each of so many parcels has in all tables."""
        features = sum(len(self.of(rule).names) for rule in self.check_plan.rules)
        return 1.0 + ROWS_A_FEATURE * features / max(parcels, 1)

    def _vertices_of(self, code: str) -> int:
        if code not in self._vertices:
            features = self.read[code].stored
            self._vertices[code] = compute_once(features.shapes, "vertices", vertices_of) if features else 0
        return self._vertices[code]


@dataclass(frozen=True)
class SmallLayers:
    """Layers that are read once for all the blocks of a check, with what rules derive from them."""

    read: dict[str, LayerSource] = field(default_factory=dict)
    asked: dict[str, AskedFeatures] = field(default_factory=dict)


def small_layers(check_plan: CheckPlan, sources: LayerReader, extent: tuple[float, float, float, float]) -> SmallLayers:
    """The layers of a check that are small enough to be held in memory throughout, near the `extent` of all parcels.

    Raises OneMapError if a replacing file is refused.
    """
    few = [code for code in check_plan.codes if sources.features(code) <= _FEATURES_HELD]
    read, vertices = dict[str, LayerSource](), 0
    for code, layer in _read_layers(check_plan, sources, few, extent, _ANYWHERE, SILENT).items():
        own = _vertices_with_zones(check_plan, code, layer)
        if vertices + own <= _VERTICES_HELD:
            vertices += own
            read[code] = layer
    return SmallLayers(read)


def _vertices_with_zones(check_plan: CheckPlan, code: str, layer: LayerSource) -> int:
    """An estimate of the vertices of a layer and of the zones that rules make around its features."""
    if layer.stored is None:
        return 0
    own, features = vertices_of(layer.stored.shapes), len(layer.stored.fids)
    zones = sum(rule.layer == code and KINDS[rule.kind].grows_features for rule in check_plan.rules)
    # Each corner becomes a quarter of a circle, about, and the ends of a line, or a ring, a whole one.
    return own + zones * QUARTER_SEGMENTS * (own + 4 * features)


def _read_layers(
    check_plan: CheckPlan,
    sources: LayerReader,
    codes: Sequence[str],
    extent: tuple[float, float, float, float],
    boxes: np.ndarray,
    progress: Progress,
) -> dict[str, LayerSource]:
    """Read some layers near parcels. extent: of all parcels; boxes: (n, 4) of each."""
    west, south, east, north = extent
    reach = check_plan.reaches()
    sizes = [sources.features(code) + _FEATURES_A_LAYER for code in codes]
    layers: dict[str, LayerSource] = {}
    scattered = {far: scattered_boxes(boxes, far) for far in set(reach.values()) if far < float("inf")}
    near = {
        code: (west - far, south - far, east + far, north + far) for code, far in reach.items() if far < float("inf")
    }
    sources.expect({code: near[code] for code in codes if code in near})
    for code, part in zip(codes, progress.parts(sizes), strict=True):
        title = sources.catalogue[code].title_in(check_plan.language) if code in sources.catalogue else code
        part.at(0.0, phrase("progress.layers", check_plan.language, layer=title))
        far = reach[code]
        layers[code] = sources.read(code, near.get(code), scattered.get(far))
    return layers


def scattered_boxes(boxes: np.ndarray, far_m: float) -> np.ndarray | None:
    """The boxes of parcels (n, 4), widened; None where they are many, none, or so close that one box will do."""
    if not 0 < len(boxes) <= _MOST_SCATTERED:
        return None
    grown = boxes + np.array([-far_m, -far_m, far_m, far_m])
    ground = np.prod(grown[:, 2:] - grown[:, :2], axis=1).sum()
    whole = np.prod(grown[:, 2:].max(axis=0) - grown[:, :2].min(axis=0))
    return grown if ground < _SCATTERED_SHARE * whole else None


def _features_asked(rule: Rule, source: LayerSource, features: StoredFeatures) -> AskedFeatures:
    attributes, shapes = features.attributes, features.shapes
    chosen_rows, uncertain = np.arange(len(features.fids)), np.zeros(len(features.fids), dtype=bool)
    if rule.where is not None:
        truth = truth_of_rows(rule.where, attributes, source.entry)
        chosen_rows = np.flatnonzero(truth.possible)
        attributes, uncertain = attributes.iloc[chosen_rows].reset_index(drop=True), truth.unknown[chosen_rows]
        shapes = some_of(shapes, chosen_rows)
    # What a session keeps of a layer is frozen already, with all that is known of it.
    if isinstance(shapes, np.ndarray) and not is_frozen(shapes):
        shapes = freeze_set(shapes.copy())
    return chosen_rows, Features(shapes, attributes, uncertain, partial(source.pieces_of, chosen_rows))
