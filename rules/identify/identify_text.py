"""What `identify` says to people: by kind of data and department, then what is not known, with the reason."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import in_words, phrase

_WHOLE_FROM_M2 = 10
_SAYS_SYSTEM = (
    "suggest.degrees",
    "suggest.swapped_degrees",
    "suggest.zone",
    "suggest.swapped",
    "suggest.swapped_metres",
)
_OUTSIDE = "within"  # the kind of rule whose conflict is the ground on which no feature lies
_MOST = 20  # features of a layer that somebody reads; the answer in JSON has them all


def identify_text(result: Mapping[str, Any], language: str) -> str:
    """The answer in plain lines."""
    # What is computed, such as the middle of a box, is no round number.
    middle = {axis: f"{result[axis]:.10g}" for axis in ("x", "y")}
    lines = [phrase("said.identify", language, **{**result, **middle}), *_doubts(result, language)]
    groups = named_groups()
    hits = [layer for layer in result["layers"] if layer["features"]]
    places = {name: {code: at for at, code in enumerate(groups[name])} for name in ("kinds", "departments")}

    def heading(layer: Mapping[str, Any]) -> tuple[int, int]:
        return places["kinds"][layer["kind"]], places["departments"][layer["department"]]

    for _, layers in groupby(sorted(hits, key=heading), key=heading):
        of_heading = list(layers)
        kind, department = of_heading[0]["kind"], of_heading[0]["department_title"]
        lines.append(f"{groups['kinds'][kind][language]} · {department}")
        for layer in of_heading:
            lines += _layer_lines(layer, language)
    free = [layer["title"] for layer in result["layers"] if layer["covered"] and not layer["features"]]
    if free:
        lines.append(_list_line("said.identify_free", free, language))
    for reason in dict.fromkeys(layer["reason"] for layer in result["layers"] if layer["reason"]):
        titles = [layer["title"] for layer in result["layers"] if layer["reason"] == reason]
        word = phrase(f"reason.{reason}", language)  # of the layer, so no kind of rule is asked for its own
        lines.append(_list_line("said.identify_unknown", titles, language, reason=word))
    return "\n".join(lines)


def _doubts(result: Mapping[str, Any], language: str) -> list[str]:
    """Where no layer covers a point and its numbers look like those of another system: that they do."""
    if result["shape"] != "point" or any(layer["covered"] or layer["features"] for layer in result["layers"]):
        return []
    from onemap.layers.crs.systems import suggestion  # with pyproj, which other answers are said without
    from onemap.rules.identify.coordinates import DEGREES

    x, y = result["x"], result["y"]
    looks = suggestion((x, y, x, y))
    is_geographic = result["crs"] == DEGREES
    if looks.code not in _SAYS_SYSTEM or (is_geographic and looks.code == "suggest.degrees"):
        return []
    return [phrase("said.identify_doubt", language, suggestion=in_words(looks, language).message)]


def _list_line(key: str, titles: Sequence[str], language: str, **facts: Any) -> str:
    return phrase(key, language, layers=phrase("said.comma", language).join(titles), count=len(titles), **facts)


def _layer_lines(layer: Mapping[str, Any], language: str) -> list[str]:
    lines = ["  " + phrase("said.identify_layer", language, **layer)]
    for feature in layer["features"][:_MOST]:
        words = _feature_words(feature, layer["geometry"] == "raster", language)
        lines.append("    " + phrase("said.comma", language).join(words))
    if len(layer["features"]) > _MOST:
        lines.append("    " + phrase("said.identify_more", language, count=len(layer["features"]) - _MOST))
    speaking = {rule for feature in layer["features"] for rule in feature["rules"]}
    for law in layer["laws"]:
        if law["rule"] not in speaking:
            continue
        key = "said.identify_law_outside" if law["kind"] == _OUTSIDE else "said.identify_law"
        lines.append("    " + phrase(key, language, title=law["title"], basis=_basis(law, language)))
    return lines


def _feature_words(feature: Mapping[str, Any], is_raster: bool, language: str) -> list[str]:
    code, title = feature["class"], feature["class_title"]
    words = [] if is_raster else [phrase("said.identify_feature", language, feature=feature["feature"])]
    words += [feature["name"] or "", " ".join(str(part) for part in (_number(code), title) if part is not None)]
    if feature["attributes"].keys() == {"low", "mean", "high"}:
        words.append(
            phrase("said.identify_cells", language, **{k: f"{v:,.2f}" for k, v in feature["attributes"].items()})
        )
    if feature["area_m2"] is not None:
        words.append(_size(feature["area_ellipsoidal_m2"], "m²"))
    if feature["length_m"] is not None:
        words.append(_size(feature["length_m"], "m"))
    if feature.get("inside_m2") is not None:
        words.append(phrase("said.identify_inside", language, size=_size(feature["inside_ellipsoidal_m2"], "m²")))
    elif feature.get("inside_m") is not None:
        words.append(phrase("said.identify_inside", language, size=_size(feature["inside_m"], "m")))
    if feature["distance_m"]:
        words.append(phrase("said.identify_distance", language, distance=f"{feature['distance_m']:,.1f}"))
    return [word for word in words if word]


def _size(value: float, unit: str) -> str:
    """An area without decimals from ten square metres on, else with one, as a length has."""
    decimals = 0 if unit == "m²" and value >= _WHOLE_FROM_M2 else 1
    return f"{value:,.{decimals}f} {unit}"


def _number(value: Any) -> Any:
    return f"{value:,.2f}" if isinstance(value, float) else value


def _basis(law: Mapping[str, Any], language: str) -> str:
    entries = (entry["text"] for entry in law["basis"])
    return phrase("said.comma", language).join(entries) or "–"


def place_lines(result: Mapping[str, Any], language: str) -> str:
    """The places that `find` found, a line each."""
    if not result["places"]:
        return phrase("said.find_nothing", language, text=result["text"])
    lines = [phrase("said.find", language, count=len(result["places"]), text=result["text"])]
    for place in result["places"]:
        if place["match"] == "coordinates":
            lines.append("  " + phrase("said.find_coordinates", language, **place))
            continue
        where = f"{place['x']:.2f}, {place['y']:.2f}"
        lines.append("  " + phrase("said.find_place", language, **{**place, "where": where}))
    return "\n".join(lines)
