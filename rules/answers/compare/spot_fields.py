"""The attributes of a stored difference spot, in the fields of the layer of difference spots."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.answers.compare.comparison_record import pair_of
from onemap.rules.answers.compare.decisions import EXCHANGED, EXCHANGED_TYPES
from onemap.rules.answers.compare.spots import CONFLICTS
from onemap.rules.judge.findings.table import plain_values

LAYER = "CYTB"
FIELDS = (
    *("CYTBBH", "CYLX", "CYLXMC", "TGDM", "TGMC", "CGDM", "CGMC", "CTMJ", "DKMJ", "XZQDM", "CLYJ", "CLZT", "BZ"),
    *("CYYY", "BDGH", "BDBH", "TBBS"),
)
_SHORT = {"land": "土规", "planning": "城规"}  # what the two plans are called where they are these two
_CENT = Decimal("0.01")


def spot_fields(
    library: Library, record: Mapping[str, Any], columns: pd.DataFrame, grounds: np.ndarray
) -> pd.DataFrame:
    """The fields of spots (n,) without number and division, in Chinese like the layer's.

    columns: of the stored comparison, with cause and decision; grounds: their ground in the library's plane. The land
    plan comes first (TGDM), in whichever order the plans were compared.
    """
    catalogue = library.catalogue()
    a, b = (catalogue[code] for code in pair_of(record).split("×"))
    is_turned = (a.department, b.department) == ("planning", "land")
    first, second = (b, a) if is_turned else (a, b)
    names = _names(first, second)
    own, other = ("b", "a") if is_turned else ("a", "b")
    types = [EXCHANGED_TYPES.get(kind, kind) if is_turned else kind for kind in columns["type"]]
    decisions = [
        EXCHANGED.get(decision, decision) if is_turned else decision for decision in plain_values(columns["decision"])
    ]
    area_m2 = [_cents(value) for value in ellipsoidal_areas_m2(grounds, library.crs)]
    texts = {name: plain_values(columns[name]) for name in columns.columns}
    days = library.day_texts(filter(None, texts["decision_at"]))
    labels = [f"{layer['code']}@{layer['label']}" for layer in record["layers"]]
    values: dict[str, list[Any]] = {
        "CYLX": types,
        "CYLXMC": [phrase(f"spot_type.{kind}", "zh", **names) for kind in types],
        "TGDM": texts[f"class_{own}"],
        "TGMC": [class_name(first, code) for code in texts[f"class_{own}"]],
        "CGDM": texts[f"class_{other}"],
        "CGMC": [class_name(second, code) for code in texts[f"class_{other}"]],
        "CTMJ": [size if kind in CONFLICTS else None for size, kind in zip(area_m2, types, strict=True)],
        "DKMJ": area_m2,
        "CLYJ": [
            _handling_text(decision, why, names)
            for decision, why in zip(decisions, texts["decision_reason"], strict=True)
        ],
        "CLZT": [phrase(f"spot_state.{_state(decision)}", "zh") for decision in decisions],
        "BZ": [
            _remark(who, days.get(at, "")) for who, at in zip(texts["decision_by"], texts["decision_at"], strict=True)
        ],
        "CYYY": [phrase(f"cause.{cause}", "zh") if cause else None for cause in texts["cause"]],
        "BDGH": ["×".join(labels)] * len(types),
        "BDBH": [record["id"]] * len(types),
        "TBBS": texts["spot"],
    }
    return pd.DataFrame({name: pd.Series(value, dtype=object) for name, value in values.items()})


def plain_pair(plans: Any) -> str | None:
    """The two layers that a field BDGH names, without versions and in a fixed order; None if it names none."""
    if not isinstance(plans, str) or "×" not in plans:
        return None
    return "×".join(sorted(side.partition("@")[0] for side in plans.split("×")))


def _names(first: LayerEntry, second: LayerEntry) -> dict[str, str]:
    if (first.department, second.department) == ("land", "planning"):
        return {"a": _SHORT["land"], "b": _SHORT["planning"]}
    return {"a": first.title_in("zh"), "b": second.title_in("zh")}


def class_name(entry: LayerEntry, code: str | None, language: str = "zh") -> str | None:
    """The title of a plan's code in the code tables of its classes; None if they lack the code."""
    field = entry.field_named(entry.class_field) if entry.class_field else None
    titles = class_titles(field.codes, code) if field is not None and code is not None else None
    return titles.get(language) or titles["zh"] if titles else None


def _handling_text(decision: str | None, reason: str | None, names: Mapping[str, str]) -> str | None:
    if decision is None:
        return None
    text = phrase(f"spot_handling.{decision}", "zh", **names)
    return f"{text}：{reason}" if reason else text


def _state(decision: str | None) -> str:
    return "open" if decision is None else "discussed" if decision == "discuss" else "decided"


def _remark(who: str | None, day: str) -> str | None:
    return phrase("spot_state.by", "zh", who=who, day=day) if who else None


def _cents(area_m2: float) -> float:
    """Square metres with two decimals, rounded half up like in databases."""
    return float(Decimal(repr(float(area_m2))).quantize(_CENT, ROUND_HALF_UP))
