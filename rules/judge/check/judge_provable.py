"""The judgement of a kind where the area of every union is proved; a parcel with an unproved union is unknown."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from onemap.layers.geometry.shape_column import all_of
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.ground import CoveredGround, Ground, Judgement, no_ground
from onemap.rules.judge.overlay.unchanging_sets import freeze_set
from onemap.rules.judge.overlay.unproved_unions import do_provable

Judge = Callable[[Ground], Judgement]
_NUMBERS = ("distance_m", "net_area_m2", "value")


def judge_provable(judge: Judge, ground: Ground) -> tuple[np.ndarray, Judgement]:
    """The judgement of a kind on the parcels (n,), and their order (n,) in it: the unknown ones come last.

    Raises OneMapError as the kind does, but for unions.
    """
    judgement, proved, unproved = do_provable(lambda rows: judge(_some(ground, rows)), len(ground.shapes))
    if len(unproved):
        judgement = _with_unknown(judgement, ground.parcels[unproved])
    return np.concatenate([proved, unproved]), judgement


def _some(ground: Ground, rows: np.ndarray) -> Ground:
    """The ground of some parcels alone."""
    if len(rows) == len(ground.shapes):
        return ground
    return replace(
        ground,
        shapes=freeze_set(all_of(ground.shapes)[rows]),
        parcel_attributes=ground.parcel_attributes.iloc[rows].reset_index(drop=True),
        shared=None,
        covered=CoveredGround(),
    )


def _with_unknown(judgement: Judgement, parcels: np.ndarray) -> Judgement:
    """The judgement on some parcels, and after them others (k,) that are wholly unknown; `zones` serves hits only."""
    nothing, never = no_ground(len(parcels)), np.zeros(len(parcels), dtype=bool)
    measured, survey = judgement.measures, judgement.survey
    longer = replace(
        judgement,
        hit=np.concatenate([judgement.hit_ground.geometries, nothing]),
        unknown=np.concatenate([judgement.unknown, parcels]),
        reasons={reason: np.concatenate([rows, never]) for reason, rows in judgement.reasons.items()},
        measures=measured and replace(measured, **_longer(vars(measured), never)),
        survey=survey and replace(survey, bare=np.concatenate([survey.bare, nothing])),
        **_longer({name: getattr(judgement, name) for name in _NUMBERS}, never),
    )
    longer.because(Reason.ARITHMETIC, np.arange(len(judgement.unknown), len(longer.unknown)))
    return longer


def _longer(columns: Mapping[str, np.ndarray | None], never: np.ndarray) -> dict[str, Any]:
    """Flags or numbers of parcels (n,), and after them what is false or not measured of others (k,)."""
    return {
        name: np.concatenate([values, never if values.dtype == bool else np.full(len(never), np.nan)])
        for name, values in columns.items()
        if values is not None
    }
