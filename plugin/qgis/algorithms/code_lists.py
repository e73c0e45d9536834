"""The codes that a parameter may take: the library's layers, versions, fields, runs, cases and more, with titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingUtils, QgsProject, QgsVectorLayer

from onemap.plugin.connection.verb_runs import learn_words, run_verb
from onemap.plugin.desk.add.coverage_choice import coverage_titles
from onemap.plugin.desk.library.layer_list import DEPARTMENTS, CatalogueLayer, layers_in, stored_layers, title_of
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.core_words import all_words, word
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import name_list
from onemap.plugin.words.verb_parameters import known_words


@dataclass(frozen=True)
class Code:
    """One code that may be chosen, with its title in the user's language."""

    code: str
    title: str = ""


@dataclass(frozen=True)
class CodeQuestion:
    """The codes that are wanted.

    library: its location; empty if none is chosen.
    beside: the text of another parameter, such as the layer whose fields are listed.
    """

    library: str
    beside: str = ""


def codes_for(kind: str, question: CodeQuestion) -> list[Code]:
    """The codes of a kind; takes a second if the core must read the library. Raises Refusal."""
    return _KINDS[kind](question)


def _layers(question: CodeQuestion) -> list[CatalogueLayer]:
    """The library's layers, taken from the dock if the library is open there."""
    dock_layers = stored_layers(question.library)
    if dock_layers or not question.library:
        return dock_layers
    answer, _code = run_verb("layers", {"library": question.library})
    return layers_in(answer)


def _layers_that(fit: Callable[[CatalogueLayer], Any]) -> Callable[[CodeQuestion], list[Code]]:
    return lambda question: [Code(layer.code, layer.title) for layer in _layers(question) if fit(layer)]


def _versions(question: CodeQuestion) -> list[Code]:
    """The layers, and below each its versions if there are several."""
    codes = []
    for layer in _layers(question):
        codes += [Code(layer.code, layer.title)] if layer.versions else []
        if len(layer.versions) > 1:
            codes += [Code(f"{layer.code}@{version.label}", layer.title) for version in layer.versions]
    return codes


def _labels(question: CodeQuestion) -> list[Code]:
    """The versions of the layers in the other parameter; if it is empty, of all layers."""
    wanted_codes = {code.strip() for code in question.beside.split(",") if code.strip()}
    labels: dict[str, list[str]] = {}
    for layer in _layers(question):
        for version in layer.versions if not wanted_codes or layer.code in wanted_codes else ():
            labels.setdefault(version.label, []).append(layer.title)
    return [Code(label, name_list(titles)) for label, titles in labels.items()]


def _fields(question: CodeQuestion) -> list[Code]:
    """The fields of the layer, map layer or file in the other parameter; if it is empty, of all library layers."""
    wanted_code = question.beside.split("@")[0].strip()
    layers = _layers(question)
    if wanted_code and wanted_code not in [layer.code for layer in layers]:
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        map_layer = QgsProcessingUtils.mapLayerFromString(question.beside, context)
        return (
            [Code(one.name(), one.alias()) for one in map_layer.fields()]
            if isinstance(map_layer, QgsVectorLayer)
            else []
        )
    titles: dict[str, str] = {}
    for layer in layers:
        if layer.code == wanted_code or not wanted_code and layer.versions:
            for field in layer.fields:
                titles.setdefault(field.name, field.title)
    return [Code(name, title) for name, title in titles.items()]


def _runs_of(*kinds: str) -> Callable[[CodeQuestion], list[Code]]:
    def list_runs(question: CodeQuestion) -> list[Code]:
        answer = _answer("runs", question)
        rows = [row for row in answer.get("runs") or () if row.get("kind") in kinds]
        return [Code(str(row["id"]), _run_text(row)) for row in rows]

    return list_runs


def _run_text(row: Mapping[str, Any]) -> str:
    texts = (row.get("name"), moment_text(str(row["started"])) if row.get("started") else "", row.get("source"))
    return " · ".join(str(text) for text in texts if text)


def _cases(question: CodeQuestion) -> list[Code]:
    return [Code(str(row["case"]), str(row.get("project") or "")) for row in _answer("review list", question)["cases"]]


def _indicators(question: CodeQuestion) -> list[Code]:
    themes = _answer("themes", question)["themes"]
    return [
        Code(*one) for one in dict.fromkeys((row["id"], row["title"]) for one in themes for row in one["indicators"])
    ]


def _services(question: CodeQuestion) -> list[Code]:
    rows = _answer("layers", question).get("services") or ()
    return [Code(str(row["name"]), title_of(row.get("title"), "")) for row in rows]


def _answer(verb: str, question: CodeQuestion) -> dict[str, Any]:
    """The core's answer about the library; empty lists without a library."""
    if not question.library:
        return {"runs": [], "cases": [], "themes": []}
    return run_verb(verb, {"library": question.library})[0]


def _files_in(folder: str) -> Callable[[CodeQuestion], list[Code]]:
    """The names of the shipped files in a folder of the resources."""
    # NAME.cases.toml beside a pack is no pack.
    names = [path.stem for path in sorted((RESOURCES / folder).glob("*.toml")) if "." not in path.stem]
    return lambda _question: [Code(name) for name in names]


def _annexes(_question: CodeQuestion) -> list[Code]:
    learn_words()
    return [Code(name, word("annexes", name)) for name in known_words("review export", "annexes")]


def _matrices(_question: CodeQuestion) -> list[Code]:
    learn_words()
    return [Code(name, str(matrix["title"])) for name, matrix in all_words("matrices").items()]


def _words_of(subject: str, *usual: str) -> Callable[[CodeQuestion], list[Code]]:
    """The codes that the core has words for. usual: the codes to list even if the core sends no words."""

    def list_words(_question: CodeQuestion) -> list[Code]:
        learn_words()
        titles = all_words(subject)
        return [Code(code, str(titles.get(code, ""))) for code in usual or titles]

    return list_words


_KINDS: dict[str, Callable[[CodeQuestion], list[Code]]] = {
    "layers": _layers_that(lambda layer: layer.versions),
    "all layers": _layers_that(lambda _layer: True),
    "area layers": _layers_that(lambda layer: layer.versions and layer.geometry == "polygon"),
    "versions": _versions,
    "labels": _labels,
    "fields": _fields,
    "checks": _runs_of("check"),
    "comparisons": _runs_of("compare"),
    "cases": _cases,
    "themes": lambda question: [Code(row["id"], row["title"]) for row in _answer("themes", question)["themes"]],
    "indicators": _indicators,
    "services": _services,
    "departments": _words_of("departments", *DEPARTMENTS),
    "spot types": _words_of("differences"),
    "withheld": _words_of("withheld"),
    "decisions": _words_of("decisions"),
    "packs": _files_in("packs"),
    "packs of indicators": _files_in("indicators"),
    "matrices": _matrices,
    "deliveries": _files_in("deliveries"),
    "annexes": _annexes,
    "coverages": lambda _question: [Code(code, title) for code, title in coverage_titles().items()],
    "encodings": lambda _question: [Code(name) for name in known_words("add", "encoding")],
}
