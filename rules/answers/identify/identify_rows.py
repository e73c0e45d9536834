"""The rows of `identify`: by kind of data and department, followed by layers without an answer, with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import floor, inf
from typing import Any

from onemap.layers.area_units import share_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import in_words, pair_text, phrase
from onemap.rules.answers.identify.layer_grades import FARTHEST_M, LIMITED, UNFIT, UNKNOWN
from onemap.rules.contract.verdict import RANK, VERDICTS
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerView, Word, direction_word, word_text

_SAYS_SYSTEM = frozenset(("suggest.degrees", "suggest.zone"))
_OUTSIDE = "within"  # the kind of rule whose conflict is the ground on which no feature lies
_MOST_OPEN = 5  # features of a layer, which are seen without a click
_MOST_NEAR = 10  # layers of which a line says how far they are
_MOST, _MOST_LINES = 100, 20  # features of a layer in a list, and as lines; the answer in JSON has them all


def identify_view(answer: Mapping[str, Any], language: str) -> AnswerView:
    """The rows of an answer below a line that repeats the question."""
    # What is computed, such as the middle of a box, is no round number.
    middle = {axis: f"{answer[axis]:.10g}" for axis in ("x", "y")}
    opening = phrase("said.identify", language, **{**answer, **middle})
    return AnswerView([*_doubts(answer, language), *_rows(answer["layers"], language)], [opening])


def _rows(layers: Sequence[Mapping[str, Any]], language: str) -> Iterator[AnswerRow]:
    """The rows of features that rules concern, the gravest first; then the other features, folded up."""
    from onemap.rules.judge.kinds.reasons import reason_word  # numpy, which the words of a verb do without

    layers_here = [layer for layer in layers if layer["features"]]
    layers_with_rules = [layer for layer in layers_here if _rules_of_features(layer)]
    others = [layer for layer in layers_here if not _rules_of_features(layer)]
    yield from _headings(layers_with_rules, language)
    rest = list(_headings(others, language))
    if layers_with_rules and others:
        name = phrase("rows.identify_others", language)
        yield AnswerRow(name, [str(len(others))], is_open=False, rows=rest, line=())
    else:
        yield from rest
    free = [layer for layer in layers if layer["covered"] and not layer["features"] and not layer["reason"]]
    if free:
        yield _free_row(sorted(free, key=_nearest_m), language)
    for reason in dict.fromkeys(layer["reason"] for layer in layers if layer["reason"]):
        some = [layer for layer in layers if layer["reason"] == reason]
        yield _list_row("unknown", some, language, reason=reason_word(reason, language))
    unrated = [layer for layer in layers if layer["fitness"] and layer["fitness"]["grade"] == UNKNOWN]
    if unrated:
        below = [AnswerRow(layer["title"], [layer["version"]], layer["code"]) for layer in unrated]
        name, count = phrase("rows.identify_unrated", language), str(len(unrated))
        yield AnswerRow(name, [count], is_open=False, rows=below, line=[pair_text(name, count, language)])


def _headings(layers: Sequence[Mapping[str, Any]], language: str) -> Iterator[AnswerRow]:
    """Layers below headings of kind of data and department, ordered by the gravest layer of each."""
    groups = named_groups()
    places = {name: {code: at for at, code in enumerate(groups[name])} for name in ("kinds", "departments")}

    def heading(layer: Mapping[str, Any]) -> tuple[int, int]:
        return places["kinds"][layer["kind"]], places["departments"][layer["department"]]

    by_heading = [list(some) for _, some in groupby(sorted(layers, key=heading), key=heading)]
    for some in sorted(by_heading, key=lambda some: min(map(_gravity, some))):
        kind, department = some[0]["kind"], some[0]["department_title"]
        name = f"{groups['kinds'][kind][language]} · {department}"
        rows = [_layer_row(layer, language) for layer in sorted(some, key=_gravity)]
        yield AnswerRow(name, rows=rows, line=[name])


def _rules_of_features(layer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules that concern the features found in a layer."""
    rules = {rule for feature in layer["features"] for rule in feature["rules"]}
    return [law for law in layer["laws"] if law["rule"] in rules]


def _gravity(layer: Mapping[str, Any]) -> int:
    """The rank of the gravest rule on a layer's features; rules on the ground outside features do not count."""
    verdicts = [law["verdict"] for law in _rules_of_features(layer) if law["kind"] != _OUTSIDE]
    return min(map(RANK.__getitem__, verdicts), default=len(VERDICTS))


def _doubts(answer: Mapping[str, Any], language: str) -> list[AnswerRow]:
    """A remark if no layer covers a point and its numbers look like those of another system."""
    if answer["shape"] != "point" or any(layer["covered"] or layer["features"] for layer in answer["layers"]):
        return []
    from onemap.layers.crs.systems import SWAPPED, suggestion  # with pyproj, which other answers are said without
    from onemap.rules.answers.identify.coordinates import DEGREES

    x, y = answer["x"], answer["y"]
    looks = suggestion((x, y, x, y))
    if looks.code not in _SAYS_SYSTEM | SWAPPED or (answer["crs"] == DEGREES and looks.code == "suggest.degrees"):
        return []
    likely = in_words(looks, language).message
    if looks.code in SWAPPED:
        name = line = phrase("said.identify_swapped", language, suggestion=likely)
    else:
        name = phrase("rows.identify_doubt", language, suggestion=likely)
        line = phrase("said.identify_doubt", language, doubt=name)
    return [AnswerRow(name, sign="unknown", line=[line])]


def _nearest_m(layer: Mapping[str, Any]) -> float:
    """The distance of a layer's nearest feature in metres; infinite if it has none."""
    return float(layer["nearest"]["distance_m"]) if layer["nearest"] else inf


def _free_row(layers: Sequence[Mapping[str, Any]], language: str) -> AnswerRow:
    """The layers that cover the place and have nothing there, each with its nearest feature's distance.

    Plain text has a line for each of the nearest, and for each on which there is a remark.
    """
    has_line = [at < _MOST_NEAR or bool(_doubt_rows(layer, language)) for at, layer in enumerate(layers)]
    rows = [_free_layer_row(layer, line, language) for layer, line in zip(layers, has_line, strict=True)]
    if farther := [layer["title"] for layer, line in zip(layers, has_line, strict=True) if not line]:
        titles = phrase("said.comma", language).join(farther)
        more = phrase("said.identify_farther", language, count=len(farther), layers=titles)
        rows.append(AnswerRow("", line=[more]))
    line = phrase("said.identify_free", language, count=len(layers))
    return AnswerRow(phrase("rows.identify_free", language), [str(len(layers))], is_open=False, rows=rows, line=[line])


def _free_layer_row(layer: Mapping[str, Any], is_line: bool, language: str) -> AnswerRow:
    """A layer that has nothing at the place, with the distance of its nearest feature, and that feature below it."""
    nearest, distance = layer["nearest"], _away_text(layer, language)
    about = {"table": layer["table"], "fid": nearest["fid"]} if nearest else None
    below = []
    if nearest:
        below.append(AnswerRow(_nearest_name(nearest, language), hint=nearest["feature"], about=about))
        if not nearest["certain"]:
            below.append(AnswerRow(phrase("said.identify_uncovered", language), sign="unknown"))
    elif layer["none_within_m"] < FARTHEST_M:
        below.append(AnswerRow(phrase("said.identify_uncovered_beyond", language), sign="unknown"))
    first = phrase("said.identify_free_layer", language, title=layer["title"], nearest=distance)
    return AnswerRow(
        layer["title"],
        [distance],
        layer["code"],
        about=about,
        is_open=False,
        rows=[*below, *_doubt_rows(layer, language)],
        line=[first, *(row.name for row in below)] if is_line else None,
    )


def _away_text(layer: Mapping[str, Any], language: str) -> str:
    """The distance and direction of a layer's nearest feature, or within how many metres there is none."""
    nearest = layer["nearest"]
    if nearest:
        direction = direction_word(nearest["bearing_deg"], language)
        return phrase("said.identify_away", language, distance=f"{nearest['distance_m']:,.1f}", direction=direction)
    return phrase("said.identify_none_near", language, distance=f"{floor(layer['none_within_m']):,}")


def _nearest_name(nearest: Mapping[str, Any], language: str) -> str:
    words = " ".join(filter(None, [nearest["name"], nearest["class_title"] or nearest["class"]]))
    return words or phrase("said.identify_feature", language, feature=nearest["feature"])


def _doubt_rows(layer: Mapping[str, Any], language: str) -> list[AnswerRow]:
    """The rows of remarks on a layer that lacks ground near the place, or is not accurate enough for its size."""
    texts, fitness = list(layer["remarks"]), layer["fitness"]
    if fitness and fitness["grade"] in (LIMITED, UNFIT):
        facts = {"accuracy": f"{fitness['accuracy_m']:g}", "share": share_text(fitness["share"])}
        texts.append(phrase(f"said.identify_{fitness['grade']}", language, **facts))
    return [AnswerRow(text, sign="unknown", line=[text]) for text in texts]


def _list_row(key: str, layers: Sequence[Mapping[str, Any]], language: str, **facts: str) -> AnswerRow:
    titles = phrase("said.comma", language).join(layer["title"] for layer in layers)
    line = phrase(f"said.identify_{key}", language, layers=titles, count=len(layers), **facts)
    below = [AnswerRow(layer["title"], [layer["department_title"]], layer["code"]) for layer in layers]
    name = phrase(f"rows.identify_{key}", language, **facts)
    return AnswerRow(name, [str(len(layers))], is_open=False, rows=below, line=[line])


def _layer_row(layer: Mapping[str, Any], language: str) -> AnswerRow:
    """A layer with its features, those with the largest part inside first, and the rules that concern them."""
    features = sorted(layer["features"], key=lambda feature: -(_amount_inside(feature) or 0))
    rows = _doubt_rows(layer, language)
    rows += [_feature_row(layer, one, at < _MOST_LINES, language) for at, one in enumerate(features[:_MOST])]
    if len(features) > _MOST_LINES:
        rows.append(AnswerRow("", line=[phrase("said.identify_more", language, count=len(features) - _MOST_LINES)]))
    if len(features) > _MOST:
        rows.append(AnswerRow(phrase("rows.identify_more", language, count=f"{len(features) - _MOST:,}")))
    laws = [_law_row(law, language) for law in _rules_of_features(layer)]
    if laws:
        rows.append(AnswerRow(phrase("rows.rules", language), [str(len(laws))], is_open=False, rows=laws, line=()))
    name = f"{layer['title']} · {len(features):,}" if len(features) > 1 else layer["title"]
    line = phrase("said.identify_layer", language, **layer)
    return AnswerRow(
        name, [layer["version"] or ""], layer["code"], is_open=len(features) <= _MOST_OPEN, rows=rows, line=[line]
    )


def _feature_row(layer: Mapping[str, Any], feature: Mapping[str, Any], is_line: bool, language: str) -> AnswerRow:
    """A feature, named by its own name and its class, else by its number."""
    is_raster, values = layer["geometry"] == "raster", feature["attributes"]
    code = feature["class"]
    code = f"{code:,.2f}" if isinstance(code, float) else code
    unit = f" {values['unit']}" if is_raster and "unit" in values else ""
    kind = " ".join(str(part) for part in (code, feature["class_title"]) if part is not None)
    kind += unit if kind else ""
    number = phrase("said.identify_feature", language, feature=feature["feature"])
    sizes = list(_sizes(feature, language))
    is_span = is_raster and not kind
    cells = {name: f"{value:,.2f}" for name, value in values.items() if name != "unit"} if is_span else {}
    line = ["" if is_raster else number, feature["name"] or "", kind]
    line += [phrase("said.identify_cells", language, **cells) + unit] if cells else []
    line += [word for word, _ in sizes]
    fields = [
        AnswerRow(
            layer.get("fields", {}).get(name) or name, [f"{value} {feature['meanings'].get(name, '')}".strip()], name
        )
        for name, value in values.items()
        if value not in (None, "")
    ]
    return AnswerRow(
        " · ".join(filter(None, (feature["name"], kind))) or number,
        [sizes[-1][1] if sizes else ""],
        feature["feature"],
        about=None if is_raster else {"table": layer["table"], "fid": int(feature["fid"])},
        is_open=False,
        rows=[*_whole_rows(feature, language), *fields],
        line=list(filter(None, line)) if is_line else None,
    )


def _amount_inside(feature: Mapping[str, Any]) -> float | None:
    """The m² of a feature inside the box, or the metres of a drawn line on it."""
    inside_m2: float | None = feature.get("inside_m2")
    return inside_m2 if inside_m2 is not None else feature.get("inside_m")


def _sizes(feature: Mapping[str, Any], language: str) -> Iterator[tuple[Word, Word]]:
    """The size of a feature, its distance, and its part inside: each as words for a line, and as a value."""
    if feature["area_m2"] is not None:
        yield (Amount(feature["area_ellipsoidal_m2"], "m2"),) * 2
    if feature["length_m"] is not None:
        yield (Amount(feature["length_m"], "m"),) * 2
    if feature["distance_m"]:
        distance = phrase("said.identify_distance", language, distance=f"{feature['distance_m']:,.1f}")
        yield distance, distance
    if feature.get("inside_m2") is not None or feature.get("inside_m") is not None:
        is_ground = feature.get("inside_m2") is not None
        amount = Amount(feature["inside_ellipsoidal_m2" if is_ground else "inside_m"], "m2" if is_ground else "m")
        yield phrase("said.identify_inside", language, size=word_text(amount, language)), amount


def _whole_rows(feature: Mapping[str, Any], language: str) -> Iterator[AnswerRow]:
    """The whole size of a feature that is only partly inside, and the share of that part."""
    if _amount_inside(feature) is None:
        return
    if feature["area_m2"] is None:
        yield AnswerRow(phrase("rows.whole_length", language), [Amount(feature["length_m"], "m")])
        return
    yield AnswerRow(phrase("rows.whole_area", language), [Amount(feature["area_ellipsoidal_m2"], "m2")])
    if feature.get("inside_m2") is not None and feature["area_m2"] > 0:
        share = Amount(feature["inside_m2"] / feature["area_m2"], "share")
        yield AnswerRow(phrase("rows.share_inside", language), [share])


def _law_row(law: Mapping[str, Any], language: str) -> AnswerRow:
    texts = [entry["text"] for entry in law["basis"]]
    is_outside = law["kind"] == _OUTSIDE  # its verdict is not of the place, which lies on the feature
    key = "said.identify_law_outside" if is_outside else "said.identify_law"
    basis = phrase("said.comma", language).join(texts) or "–"
    return AnswerRow(
        phrase("rows.law_outside", language, title=law["title"]) if is_outside else law["title"],
        [phrase(f"verdict.{law['verdict']}", language)],
        "\n".join(texts),
        is_open=False,
        rows=[AnswerRow(text) for text in texts],
        line=[phrase(key, language, title=law["title"], basis=basis)],
    )


def find_view(answer: Mapping[str, Any], language: str) -> AnswerView:
    """The places that `find` found."""
    places = answer["places"]
    if not places:
        nothing = phrase("said.find_nothing", language, text=answer["text"])
        return AnswerView([AnswerRow(nothing, line=[nothing])])
    opening = phrase("said.find", language, count=len(places), text=answer["text"])
    return AnswerView([_place_row(place, language) for place in places], [opening])


def _place_row(place: Mapping[str, Any], language: str) -> AnswerRow:
    where = f"{place['x']:.2f}, {place['y']:.2f}"
    key = "said.find_coordinates" if place["match"] == "coordinates" else "said.find_place"
    line = "  " + phrase(key, language, **{**place, "where": where})
    return AnswerRow(place["name"], [place["title"]], line=[line])
