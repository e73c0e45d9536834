"""The content of a file: each layer with its facts, its fields and the remarks on it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onemap.layers.errors import Problem, joined_sentences
from onemap.layers.messages import ProblemRecord, pair_text, phrase, sentences, wording
from onemap.layers.value_groups import groups_of
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerView

_MOST_OF_A_KIND = 20  # lines that somebody reads; the answer in JSON and the report have them all


def inspect_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """The file, and below it its layers."""
    name = pair_text(str(result["file"]), result["format"] or "–", language)
    return AnswerView([AnswerRow(name, rows=[_layer_row(layer, language) for layer in result["layers"]], line=[name])])


def remark_lines(problems: Sequence[ProblemRecord], language: str) -> Iterator[str]:
    """Remarks on the input of a result, a line each, with the file if there are several; absent fields in one.

    What to do follows a remark, unless one of its kind has said the same before.
    """
    is_of_several = len({problem["file"] for problem in problems}) > 1
    absent: dict[str | None, list[str]] = {}
    for problem in problems:
        if problem["code"] == "field.absent":
            absent.setdefault(problem["file"], []).append(str(problem["field"]))
    of_fields = groups_of((", ".join(fields), str(file)) for file, fields in absent.items())
    for names, files in of_fields.items():
        place = ", ".join(files) if len(of_fields) > 1 else ""
        yield _placed_sentence(place, phrase("said.absent", language, fields=names), language)
    code_counts: Counter[str] = Counter()
    mends: set[tuple[str, str]] = set()
    for problem in problems:
        code_counts[problem["code"]] += problem["code"] != "field.absent"
        if 0 < code_counts[problem["code"]] <= _MOST_OF_A_KIND:
            file = problem["file"] if is_of_several and str(problem["file"]) not in problem["message"] else None
            place = " · ".join(filter(None, (file, *(problem[name] for name in ("layer", "feature", "field")))))
            mend = (problem["code"], problem["mend"])
            words = problem["message"] if mend in mends else joined_sentences(problem["message"], problem["mend"])
            mends.add(mend)
            yield _placed_sentence(place, words, language)
    for code, count in code_counts.items():
        if count > _MOST_OF_A_KIND:
            yield "- " + phrase("said.more", language, count=count - _MOST_OF_A_KIND, code=code)


def refusal_lines(problems: Sequence[ProblemRecord], language: str) -> Iterator[str]:
    """The problems of a source under a head that names it, a line each: the feature, its row in the file, the field."""
    for problem in problems:
        row = phrase("said.row", language, row=problem["row"]) if problem.get("row") else None
        place = " · ".join(filter(None, (problem["feature"], row, problem["field"])))
        yield _placed_sentence(place, joined_sentences(problem["message"], problem["mend"]), language)


def _placed_sentence(place: str, sentence: str, language: str) -> str:
    """A line of a list: a sentence, after the place that it speaks of."""
    return f"- {pair_text(place, sentence, language)}" if place else f"- {sentence}"


def _layer_row(layer: Mapping[str, Any], language: str) -> AnswerRow:
    about, name = {"layer": layer["name"]}, layer["name"]
    remarks = [AnswerRow("", line=[line]) for line in remark_lines(layer["problems"], language)]
    facts = [AnswerRow(phrase(f"rows.{key}", language), [word]) for key, word in _facts(layer, language)]
    if layer["count"] is None and "raster" not in layer:  # it could not be read, and its problems say why
        return AnswerRow(name, about=about, rows=[*facts, *remarks], line=[name])
    crs = layer["crs"]["code"] or "–"
    encoding = (layer["encoding"] or "–").upper()
    is_table = layer.get("is_table", False)  # of a raster nothing is said of it
    if "raster" in layer:
        line = phrase("said.inspect_raster", language, **layer["raster"], name=name, crs=crs)
    elif is_table:
        line = phrase("said.inspect_table", language, name=name, count=layer["count"], encoding=encoding)
    else:
        words = {"count": f"{layer['count']:,}", "crs": crs, "geometry": _geometry_words(layer, language) or "–"}
        line = phrase("said.inspect", language, **{**layer, **words, "encoding": encoding})
    rows = [*facts, *([] if is_table else [AnswerRow("", line=[layer["crs"]["why"]])])]
    fields = [_field_row(field, language) for field in layer["fields"]]
    if "raster" not in layer:
        title = phrase("rows.fields", language)
        rows.append(AnswerRow(title, [Amount(len(fields), "count")], is_open=False, rows=fields, line=()))
    return AnswerRow(name, about=about, rows=[*rows, *remarks], line=[line])


def _field_row(field: Mapping[str, Any], language: str) -> AnswerRow:
    words = wording(Problem(f"kind.{field['type']}"), language)[0]
    line = phrase("said.inspect_field", language, name=field["name"], type=words)
    return AnswerRow(field["name"], [words], line=[line])


def _facts(layer: Mapping[str, Any], language: str) -> Iterator[tuple[str, str | Amount]]:
    """The key and the value of each known fact."""
    if "raster" in layer:
        yield from _raster_facts(layer["raster"], language)
    elif layer["count"] is not None:
        yield "features", Amount(layer["count"], "count")
    if layer["geometry"] and "raster" not in layer:
        yield "geometry", _geometry_words(layer, language)
    yield "crs", _crs_words(layer["crs"], language)
    if layer["encoding"]:
        yield "encoding", layer["encoding"].upper()


def _geometry_words(layer: Mapping[str, Any], language: str) -> str:
    words, geometry = sentences(language)["geometry_words"], layer["geometry"] or ""
    return phrase("said.comma", language).join(words.get(name, name) for name in geometry.split(", "))


def _raster_facts(raster: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    """The facts of a raster; the size of a cell is in the units of its coordinate system."""
    sizes = {name: f"{raster[name]:,}" for name in ("width", "height")}
    sizes |= {name: f"{raster[name]:g}" for name in ("cell_width", "cell_height")}
    nodata, unstated = raster.get("nodata"), phrase("rows.not_stated", language)
    overviews = phrase("said.comma", language).join(f"1:{step}" for step in raster.get("overviews") or ())
    yield "raster", phrase("rows.raster_cells", language, **sizes)
    yield "bands", f"{raster['bands']} × {raster['data_type']}"
    yield "nodata", unstated if nodata is None else f"{nodata:g}" if isinstance(nodata, float) else str(nodata)
    yield "vertical_datum", raster.get("vertical_datum") or unstated
    yield "overviews", overviews or phrase("rows.no_overviews", language)


def _crs_words(crs: Mapping[str, Any], language: str) -> str:
    """The coordinate system, and how it is known."""
    origin = phrase(f"rows.crs_{crs['from']}", language)
    text = phrase("rows.crs_known", language, crs=crs["code"], origin=origin) if crs["code"] else origin
    if not crs["why"]:
        return text
    if crs["from"] == "declared":
        return pair_text(text, crs["why"], language)
    return phrase("rows.crs_why", language, what=text, why=crs["why"])
