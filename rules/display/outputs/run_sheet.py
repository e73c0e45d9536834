"""The record of a run as two lists of facts: one for an office, and one for a technician who repeats the run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onemap.layers.catalogue.coverage_names import version_with_coverage
from onemap.layers.messages import pair_text, phrase, sentences
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.outputs.sheet_titles import SheetTitles

Fact = tuple[str, Any]
_LAYERS = ("layers", "units", "townships")  # records of versions, alone or in a list
_TECHNICAL = ("skipped", "software", "rules", "origin", "warped", "computed", "chosen_layers", "search")


def facts_of_run(titles: SheetTitles) -> list[Fact]:
    """The facts of a run for an office, one a row: the question, packs and versions, when and by whom."""
    language, facts = titles.language, [*facts_of_question(titles), *facts_of_versions(titles)]
    if titles.record.get("skipped"):
        facts.append((phrase("record_fact.skipped", language), phrase("record_fact.skipped_where", language)))
    if facts:
        facts.append((phrase("sheet.technical", language), phrase("record_fact.technical_where", language)))
    return facts


def facts_of_versions(titles: SheetTitles) -> list[Fact]:
    """The versions that a run has used, by their role in it."""
    record, head = titles.record, sentences(titles.language)["record_fact"]
    groups = [(head[name], record[name]) for name in _LAYERS if record.get(name) not in (None, "", [], {})]
    return [
        (name, _version(one, titles))
        for name, value in groups
        for one in (value if isinstance(value, list) else [value])
    ]


def facts_of_question(titles: SheetTitles) -> list[Fact]:
    """The question of a run, its packs, when and by whom."""
    record, language = titles.record, titles.language
    head: Mapping[str, str] = sentences(language)["record_fact"]
    words: Mapping[str, Callable[[Any], Any]] = {
        "kind": lambda kind: sentences(language)["run_kind"].get(kind, kind),
        "started": moment_text,
        "seconds": lambda seconds: round(float(seconds), 1),
        "matrix": lambda matrix: matrix["title"].get(language) or matrix["name"],
    }
    facts: list[Fact] = []
    for name, value in record.items():
        if name in (*_TECHNICAL, *_LAYERS) or value in (None, "", [], {}):
            continue
        if name == "packs":
            facts += [(head["packs"], " ".join((titles.pack(one["id"]), one.get("version") or ""))) for one in value]
        elif isinstance(value, dict) and name != "matrix":
            facts += _group_facts(name, value, titles)
        elif name in head:
            facts.append((head[name], words.get(name, _text)(value)))
    return facts


def technical_facts(titles: SheetTitles) -> list[Fact]:
    """The whole record, each number, id and hash under the path of its keys."""
    return list(_flat("", titles.record))


def _flat(path: str, value: Any) -> Iterator[Fact]:
    if isinstance(value, dict):
        pairs = [(str(name), one) for name, one in value.items()]
    elif isinstance(value, list):
        pairs = [(_name_of(one, number), one) for number, one in enumerate(value, start=1)]
    else:
        yield path, value if isinstance(value, (int, float)) and not isinstance(value, bool) else _plain(value)
        return
    for name, one in pairs:
        yield from _flat(f"{path} · {name}" if path else name, one)


def _name_of(item: Any, number: int) -> str:
    """The name of an item of a list: its own id or code, else its place."""
    names = (item.get(key) for key in ("id", "code", "rule", "name")) if isinstance(item, dict) else ()
    return str(next((name for name in names if name), number))


def _version(layer: Mapping[str, Any], titles: SheetTitles) -> str:
    """A version with the day from which it is valid, or why there is none."""
    title = titles.layer(layer.get("code") or "")
    if not layer.get("label"):
        reason = layer.get("reason")
        if not reason:
            return title
        return pair_text(title, phrase(f"reason.{reason}", titles.language), titles.language)
    from_day = layer.get("valid_from")
    since = phrase("record_fact.since", titles.language, day=from_day) if from_day not in (None, layer["label"]) else ""
    return version_with_coverage(f"{title} {layer['label']}{since}", layer, titles.language)


def _group_facts(group: str, values: Mapping[str, Any], titles: SheetTitles) -> Iterator[Fact]:
    """The facts of a group that have a name for people and say something; a hash and an unset option say nothing."""
    heads: Mapping[str, str] = sentences(titles.language).get(f"record_{group}", {})
    for name, value in values.items():
        if name in heads and value not in (None, "", [], {}, False):
            yield heads[name], _fact_text(name, value, titles)


def _fact_text(name: str, value: Any, titles: SheetTitles) -> Any:
    language = titles.language
    if name in ("a", "b") and isinstance(value, str):
        code, _, label = value.partition("@")
        return f"{titles.layer(code)} {label}".strip()
    if name in ("a", "b"):  # how a plan overlaps itself
        return phrase("record_fact.overlap", language, features=value["features"], area=f"{value['area_m2']:,.1f}")
    if name == "keep_verdict":
        return phrase(f"verdict.{value}", language)
    if name == "known_at":
        return moment_text(value)
    if name in ("only", "unit", "replaced"):
        codes = [value] if isinstance(value, str) else list(value)
        return phrase("said.comma", language).join(titles.layer(str(code).partition("@")[0]) for code in codes)
    if isinstance(value, float):
        return round(value, 1)
    return _text(value, language)


def _text(value: Any, language: str | None = None) -> Any:
    """A value as a cell holds it, without JSON's signs."""
    if isinstance(value, bool):
        return phrase("sheet.yes" if value else "sheet.no", language) if language else _plain(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, (int, float)) else _plain(value)


def _plain(value: Any) -> str:
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
