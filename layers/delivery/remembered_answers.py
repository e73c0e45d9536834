"""Answers given when a department's files were added: stored with each version, editable, used for the next delivery.

A version keeps the answers given for it. A person's later change is a fact of the library, and holds until a later
version gets another answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onemap.layers.catalogue.coverage_names import DISTRICT, EXTENT, FEATURES
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.crs.systems import parse_crs
from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import encoding_of
from onemap.layers.library.library import COPY, Library, keep_fact, log
from onemap.layers.library.rows_as_logged import check_fact
from onemap.layers.library.versions import Version, source_report, versions
from onemap.layers.stores.sql_text import Sql
from onemap.layers.value_groups import groups_of

FIELDS, COVERS, CRS, ENCODING, TRANSFORM = ANSWERS = ("fields", "covers", "crs", "encoding", "transform")
CHANGEABLE = (FIELDS, COVERS, CRS, ENCODING)  # a change of datum is known by its hash: it is used, or forgotten
_GROUNDS = (DISTRICT, EXTENT, FEATURES)
_EDITED = "answers"  # the action with which the log has it


@dataclass(frozen=True)
class Answer:
    """One answer. version: the label of the version for which it was given, None if a person changed it since."""

    value: Any
    version: str | None = None
    who: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class LayerAnswers:
    """The remembered answers of one layer, by name: those of ANSWERS that were given and not forgotten.

    transform: {"hash", "file"}, the SHA-256 of a change of datum and the name of its file, None for a pipeline.
    """

    code: str
    given: Mapping[str, Answer] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """The answer, or None."""
        return self.given[name].value if name in self.given else None

    def is_changed(self, name: str) -> bool:
        """Whether a person changed it after the last version for which it was given."""
        return name in self.given and self.given[name].version is None

    def record(self, department: str, title: str) -> dict[str, Any]:
        """The answers as a JSON object."""
        texts = {name: self.value(name) for name in ANSWERS}
        since = {name: one.version for name, one in self.given.items()}
        edits = {name: {"who": one.who, "at": one.at} for name, one in self.given.items() if one.version is None}
        layer_facts = {"code": self.code, "title": title, "department": department}
        return {**layer_facts, **texts, "since": since, "changed": edits}


def layer_answers(library: Library, code: str, of_layer: Sequence[Version] | None = None) -> LayerAnswers:
    """Return the remembered answers for a layer. of_layer: its versions in order, if already known."""
    layer_versions = (
        [version for version in versions(library) if version.code == code] if of_layer is None else of_layer
    )
    answers: dict[str, Answer] = {}
    numbers: dict[str, int] = {}
    for version in layer_versions:
        if version.retired is not None:
            continue  # what was answered for a mistake is no answer
        for name, value in _answers_of(source_report(library, version), version).items():
            answers[name], numbers[name] = Answer(value, version.label), version.number
    for name, edit in _edits(library, code).items():
        if numbers.get(name, 0) <= int(edit.get("after", 0)):
            answers[name] = Answer(edit.get("value"), None, edit.get("who"), edit.get("at"))
    return LayerAnswers(code, {name: answers[name] for name in ANSWERS if name in answers and answers[name].value})


def version_answers(library: Library, version: Version) -> LayerAnswers:
    """The answers given for one version; its source file is read with them whenever it comes again."""
    answers = _answers_of(source_report(library, version), version)
    return LayerAnswers(version.code, {name: Answer(value, version.label) for name, value in answers.items() if value})


def all_answers(library: Library) -> list[LayerAnswers]:
    """The remembered answers by code, of every layer that has a version or an answer entered by hand."""
    of_layers = groups_of((version.code, version) for version in versions(library))
    prefix = _key("")
    rows = library.connection.execute("SELECT key FROM onemap_library").fetchall()
    codes = {key[len(prefix) :] for (key,) in rows if isinstance(key, str) and key.startswith(prefix)}
    layers = [layer_answers(library, code, of_layers.get(code, ())) for code in sorted({*of_layers, *codes})]
    return [answers for answers in layers if answers.given]


def change_answers(library: Library, code: str, changes: Mapping[str, Any], who: str) -> None:
    """Change the remembered answers of a layer; None forgets an answer. Logged.

    changes: by the names of ANSWERS. Raises OneMapError layer.unknown, answers.value, answers.name, crs.unknown,
    encoding.unknown, library.altered and other library.….
    """
    known_layer(library.catalogue(), code, None, file=library.label)
    library.check_owner()
    new_values = {name: _checked_answer(code, name, value) for name, value in changes.items()}
    last = max((version.number for version in versions(library) if version.code == code), default=0)
    with library.writing() as connection:
        facts = {"after": last, "who": who, "at": connection.moment()}
        _check_row(library, code)
        edits = _edits(library, code) | {name: {"value": value, **facts} for name, value in new_values.items()}
        text = json.dumps(edits, ensure_ascii=False, sort_keys=True)
        keep_fact(connection, _key(code), text)
        log(connection, who, _EDITED, code, {"changed": new_values})


def _answers_of(report: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """Return the answers given for a version: fields and coverage always, the others if a person had to name them."""
    fields = {str(target): str(source) for target, source in (report.get("fields") or {}).items()}
    answers = {str(name): str(value) for name, value in (report.get("answers") or {}).items() if name in CHANGEABLE}
    own_answers = {FIELDS: fields, COVERS: version.coverage_kind, **answers}
    if report.get("transform_hash"):
        own_answers[TRANSFORM] = {"hash": str(report["transform_hash"]), "file": report.get("transform_file")}
    return own_answers


def _check_row(library: Library, code: str) -> None:
    """Check that the former answers agree with the log. Raises OneMapError library.altered."""
    where = Sql("(action = ? AND subject = ?) OR action = ?")
    check_fact(library, _key(code), where, (_EDITED, code, COPY))


def _key(code: str) -> str:
    return f"answers.{code}"


def _edits(library: Library, code: str) -> dict[str, dict[str, Any]]:
    row = library.connection.execute("SELECT value FROM onemap_library WHERE key = ?", (_key(code),)).fetchone()
    try:
        edits = json.loads(row[0]) if row else {}
    except (TypeError, ValueError):
        raise OneMapError("library.damaged", file=library.label, reason=_key(code), layer=code) from None
    return {name: edit for name, edit in edits.items() if name in ANSWERS and isinstance(edit, dict)}


def _checked_answer(code: str, name: str, value: Any) -> Any:
    """Return an answer as it is kept. Raises OneMapError answers.name, answers.value, crs.…, encoding.…."""
    if name not in ANSWERS or (value is not None and name not in CHANGEABLE):
        raise OneMapError("answers.name", layer=code, field=name, names=list(CHANGEABLE))
    if value is None:
        return None
    if name == COVERS and value not in _GROUNDS:
        raise OneMapError("answers.value", layer=code, field=name, value=value, known=list(_GROUNDS))
    if name == CRS:
        parse_crs(str(value), field="--set")
    if name == ENCODING:
        return encoding_of(str(value))
    return dict(value) if name == FIELDS else str(value)
