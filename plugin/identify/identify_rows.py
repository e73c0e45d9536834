"""What the core says of a place, as the rows of the panel: by kind of data and department, then what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.words.core_words import all_words, word
from onemap.plugin.words.number_format import area_text, length_text, share_text
from onemap.plugin.words.translation import tr, with_label

OUTSIDE = "within"  # the kind of rule whose conflict is the ground on which no feature lies
MAX_LAWS = 12  # of one layer; the core's answer has them all
MAX_FEATURES = 100  # of one layer along a line or in a box, those with most of it inside


@dataclass(frozen=True)
class FeaturePlace:
    """Where a feature lies: the table of its version, and its row."""

    table: str
    fid: int


@dataclass
class Row:
    """One row of the panel, with those below it.

    place: of a feature, which the map can show.
    is_open: whether the rows below are shown at first.
    """

    name: str
    value: str = ""
    hint: str = ""
    place: FeaturePlace | None = None
    is_open: bool = True
    rows: list[Row] = field(default_factory=list)


def rows_of(answer: dict[str, Any]) -> list[Row]:
    """The rows of an answer of `identify`."""
    layers = answer.get("layers", [])
    order = {subject: list(all_words(subject)) for subject in ("kinds", "departments")}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for layer in layers:
        if layer["features"]:
            groups.setdefault((layer["kind"], layer["department"]), []).append(layer)
    headings = sorted(
        groups, key=lambda heading: (_at(order["kinds"], heading[0]), _at(order["departments"], heading[1]))
    )
    rows = [
        Row(
            f"{word('kinds', kind)} · {word('departments', department)}",
            rows=list(map(_layer_row, groups[kind, department])),
        )
        for kind, department in headings
    ]
    free = [layer for layer in layers if layer["covered"] and not layer["features"]]
    if free:
        rows.append(_list_row(tr("Nothing here"), free))
    for reason in dict.fromkeys(layer["reason"] for layer in layers if layer["reason"]):
        title = tr("Not known here: {reason}").format(reason=word("reasons", reason))
        rows.append(_list_row(title, [layer for layer in layers if layer["reason"] == reason]))
    return rows


def _at(order: list[str], code: str) -> int:
    return order.index(code) if code in order else len(order)


def _list_row(title: str, layers: list[dict[str, Any]]) -> Row:
    below = [Row(layer["title"], word("departments", layer["department"]), layer["code"]) for layer in layers]
    return Row(title, str(len(layers)), is_open=False, rows=below)


def place_text(answer: dict[str, Any]) -> str:
    """What was asked about, in one line: the coordinates of a point, how long a line is, how large a box."""
    if answer["shape"] == "line":
        return with_label(tr("Along a line"), length_text(answer["length_m"]))
    if answer["shape"] == "box":
        return with_label(tr("In a box"), area_text(answer["area_ellipsoidal_m2"]))
    if abs(answer["x"]) <= 360:  # degrees
        return f"{answer['x']:.6f}, {answer['y']:.6f}"
    return f"{answer['x']:.2f}, {answer['y']:.2f}"


def _layer_row(layer: dict[str, Any]) -> Row:
    speaking = {rule for feature in layer["features"] for rule in feature.get("rules", [])}
    laws = [law for law in layer["laws"] if law["rule"] in speaking]
    features = sorted(layer["features"], key=lambda feature: -(_inside(feature) or 0))
    rows = [_feature_row(layer, feature) for feature in features[:MAX_FEATURES]]
    if len(features) > MAX_FEATURES:
        more = tr("{count} more, of less size inside").format(count=f"{len(features) - MAX_FEATURES:,}")
        rows.append(Row(more))
    if laws:
        rows.append(Row(tr("Rules"), str(len(laws)), is_open=False, rows=[_law_row(law) for law in laws[:MAX_LAWS]]))
    title = f"{layer['title']} · {len(features):,}" if len(features) > 1 else layer["title"]
    return Row(title, layer["version"] or "", layer["code"], rows=rows)


def _feature_row(layer: dict[str, Any], feature: dict[str, Any]) -> Row:
    place = FeaturePlace(layer["table"], int(feature["fid"])) if layer["geometry"] != "raster" else None
    titles = layer.get("fields", {})
    below = _size_rows(feature)
    for name, value in feature["attributes"].items():
        if value is not None and value != "":
            text = f"{value} {feature['meanings'].get(name, '')}".strip()
            below.append(Row(titles.get(name) or name, text, name))
    return Row(feature_name(feature), _measure(feature), feature["feature"], place, is_open=False, rows=below)


def feature_name(feature: dict[str, Any]) -> str:
    """The feature's own name and the class with its title; of a feature without either its number."""
    code = feature["class"]
    if isinstance(code, float):
        code = f"{code:,.2f}"
    kind = " ".join(str(part) for part in (code, feature["class_title"]) if part)
    named = " · ".join(part for part in (feature["name"], kind) if part)
    return named or tr("No. {number}").format(number=feature["feature"])


def _inside(feature: dict[str, Any]) -> float | None:
    """How much of a feature lies in the box, or of the drawn line on it: square metres or metres."""
    inside_m2 = feature.get("inside_m2")
    return inside_m2 if inside_m2 is not None else feature.get("inside_m")


def _measure(feature: dict[str, Any]) -> str:
    """How large a feature is; along a line or in a box how much of it is inside."""
    if feature.get("inside_m2") is not None:
        return area_text(feature["inside_ellipsoidal_m2"])
    if feature.get("inside_m") is not None:
        return length_text(feature["inside_m"])
    if feature["area_m2"] is not None:
        return area_text(feature["area_ellipsoidal_m2"])
    if feature["distance_m"]:
        return tr("{distance} away").format(distance=length_text(feature["distance_m"]))
    return length_text(feature["length_m"]) if feature.get("length_m") is not None else ""


def _size_rows(feature: dict[str, Any]) -> list[Row]:
    """The whole of a feature of which only a part is inside, and which share that part is."""
    if _inside(feature) is None:
        return []
    if feature["area_m2"] is None:
        return [Row(tr("Whole length"), length_text(feature["length_m"]))]
    rows = [Row(tr("Whole area"), area_text(feature["area_ellipsoidal_m2"]))]
    if feature.get("inside_m2") is not None and feature["area_m2"] > 0:
        rows.append(Row(tr("Share inside"), share_text(feature["inside_m2"] / feature["area_m2"])))
    return rows


def _law_row(law: dict[str, Any]) -> Row:
    basis = [entry["text"] for entry in law["basis"]]
    is_outside = law["kind"] == OUTSIDE  # its verdict is not of the place, which lies on the feature
    return Row(
        tr("For the ground outside: {title}").format(title=law["title"]) if is_outside else law["title"],
        word("verdicts", law["verdict"]),
        "\n".join(basis),
        rows=[Row(text) for text in basis],
        is_open=False,
    )
