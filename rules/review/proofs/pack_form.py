"""A pack as a form: its rules by department with their law, and for each rule the values that a planner may change."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS, layer_title, named_groups
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.toml_text import toml_content, toml_value
from onemap.layers.library.library import Library
from onemap.layers.messages import LANGUAGES, phrase, sentences
from onemap.rules.contract.declaration import Result
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.kind import AMOUNT, FLAG, LIST, NUMBER, TEXT, WHOLE, Key
from onemap.rules.judge.packs.keys import CHECKLIST_KEYS, REVIEW_KEYS, RULE_KEYS
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.project_class import CLASS_KEYS
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import stored_values, whole_check

_SENTENCES = ("title", "finding", "draft")
_CLASSES = ("unless", "only")
_OF_BASIS = ("law", "article", "edition", "from", "to")
_OF_RULE = ("verdict", "where", "when", *_CLASSES, "silent", "missing", *_SENTENCES)
_PARTS = re.compile("[.:=]")  # of a place, which no name in it may have
_NUMBERS = (NUMBER, AMOUNT, WHOLE)


class PackForm:
    """The fields of one pack in one language. classes: of this pack and those before it, by name."""

    def __init__(self, pack: Pack, catalogue: Mapping[str, LayerEntry], language: str) -> None:
        self._pack, self._catalogue, self._language = pack, catalogue, language
        content = toml_content(pack.text.replace("\r\n", "\n"))
        self._items = {item["id"]: item for item in content.get("rule", ())}
        self._terms = content.get("review", {})

    def departments(self, hits: Mapping[str, int] | None, differences: Mapping[str, Result]) -> list[Result]:
        """The departments that have rules, in their order.

        hits: of a check, differences: from its origin, both by rule.
        """
        departments = []
        for department in DEPARTMENTS:
            rules = [self._rule(rule, hits, differences) for rule in self._pack.rules if rule.department == department]
            if rules:
                title = named_groups()["departments"][department][self._language]
                departments.append({"department": department, "title": title, "rules": rules})
        return departments

    def terms(self) -> list[Result]:
        """The terms of the review: days for all departments, then for each department that differs."""
        names = [name for name in REVIEW_KEYS if name != "days_of"]
        fields = [self._field("review", name, REVIEW_KEYS[name], self._terms.get(name)) for name in names]
        own = self._terms.get("days_of", {})
        for code in DEPARTMENTS:
            title = named_groups()["departments"][code][self._language]
            fields.append(
                {**self._field("review", f"days_of.{code}", REVIEW_KEYS["days"], own.get(code), title), "default": ""}
            )
        return fields

    def classes(self) -> list[Result]:
        """The content of the pack's own classes of projects: kinds of the register, and beginnings of codes."""
        return [
            {
                **self._field(f"class.{one.name}", key, CLASS_KEYS[key], None, f"{one.title[self._language]} · {key}"),
                "form": "text",
                "value": ", ".join(getattr(one, key)),
            }
            for one in self._pack.classes.values()
            for key in ("kinds", "use", "survey")
        ]

    def checklist(self) -> list[Result]:
        """The checklist: each item with its department, and the rule after which it is asked; and one empty item."""
        used_ids = {item["id"] for item in self._pack.checklist} | {rule.id for rule in self._pack.rules}
        free = next(name for name in (f"own.{number}" for number in itertools.count(1)) if name not in used_ids)
        items: list[Mapping[str, Any]] = [*self._pack.checklist, {"id": free}]
        item_fields = []
        for number, item in enumerate(items, start=1):
            table, numbered_title = f"checklist.{item['id']}", partial(phrase, "pack_form.of_item", self._language)
            for field in self._sentences(table, "title", CHECKLIST_KEYS["title"], item):
                item_fields.append({**field, "title": numbered_title(number=number, name=field["title"])})
            for key in ("department", "after"):
                name = numbered_title(number=number, name=self._name(key))
                item_fields.append(self._field(table, key, CHECKLIST_KEYS[key], item.get(key), name))
        return item_fields

    def _rule(self, rule: Rule, hits: Mapping[str, int] | None, differences: Mapping[str, Result]) -> Result:
        language, differs = self._language, differences.get(rule.id)
        return {
            "rule": rule.id,
            "title": rule.title.get(language) or rule.id,
            "kind": KINDS[rule.kind].title[language],
            "verdict": rule.verdict,
            "layers": [layer_title(code, self._catalogue, language) for code in rule.layers_named],
            "law": rule.basis_text,
            "confidence": rule.confidence,
            "hits": None if hits is None else hits.get(rule.id, 0),
            "change": differs["change"] if differs else None,
            "mark": phrase(f"pack_difference.{differs['change']}", language) if differs else "",
            "sentences": [key["sentence"] for key in differs["keys"]] if differs else [],
            "fields": list(self._fields(rule)),
        }

    def _fields(self, rule: Rule) -> Iterator[Result]:
        item, kind = self._items[rule.id], KINDS[rule.kind]
        for name in _OF_RULE:
            if name == "verdict" and not kind.finds:
                continue
            if name == "missing":  # the numbers of its kind come before what is asked seldom
                for own, key in kind.keys.items():
                    yield from self._options(rule.id, own, key, item.get(own))
            if name not in _SENTENCES:
                yield self._field(rule.id, name, RULE_KEYS[name], item.get(name))
                continue
            yield from self._sentences(rule.id, name, RULE_KEYS[name], item)
        yield from self._basis(rule, item.get("basis", ()))

    def _sentences(self, table: str, name: str, key: Key, item: Mapping[str, Any]) -> Iterator[Result]:
        """One key of sentences, in each language."""
        for language in LANGUAGES:
            title = phrase("pack_form.in_language", self._language, name=self._name(name), spoken=language)
            field = self._field(table, f"{name}.{language}", key, None, title)
            yield {**field, "form": "sentence", "value": item.get(name, {}).get(language, "")}

    def _basis(self, rule: Rule, entries: Sequence[Mapping[str, Any]]) -> Iterator[Result]:
        """Law and article, edition and days of each entry of a rule's basis, and of one empty entry."""
        for number, entry in enumerate((*entries, {})):
            for key in _OF_BASIS:
                title = phrase("pack_form.of_basis", self._language, number=number + 1, name=self._name(key))
                value = entry.get(key, "")
                yield {
                    **self._field(rule.id, f"basis.{number}.{key}", RULE_KEYS["basis"], None, title),
                    "form": "text",
                    "value": value if isinstance(value, str) else toml_value(value),
                }

    def _options(self, rule: str, name: str, key: Key, value: Any) -> Iterator[Result]:
        """One key of a kind; a threshold by classes has a field for each number."""
        title = key.title.get(self._language) or name
        values = value.get("values") if isinstance(value, Mapping) else None
        if not isinstance(values, Mapping) or any(_PARTS.search(one) for one in values):
            yield self._field(rule, name, key, value, title)
            return
        numbers = {f"values.{one}": (one, number) for one, number in values.items()}
        numbers |= {"default": (self._name("default"), value["default"])} if "default" in value else {}
        for place, (of, number) in numbers.items():
            own = phrase("pack_difference.of_class", self._language, name=title, value=of)
            yield {
                **self._field(rule, f"{name}.{place}", key, None, own),
                "form": "number",
                "value": toml_value(number),
            }

    def _field(self, table: str, name: str, key: Key, value: Any, title: str | None = None) -> Result:
        """One field: its place, title, value as it is written, and allowed values."""
        form, text = _form(name, key), "" if value is None else value
        if value is not None and (form == "number" or (form == "toml" and not isinstance(value, str))):
            text = toml_value(value)
        return {
            "place": f"{table}:{name}",
            "title": title or self._name(name),
            "hint": key.meaning.get(self._language, ""),
            "form": form,
            "value": text,
            "unit": key.unit,
            "default": key.default.strip('"') if form == "choice" else key.default,
            "choices": self._choices(name, key),
        }

    def _choices(self, name: str, key: Key) -> list[Result]:
        if name in _CLASSES:
            return [{"value": one.name, "title": one.title[self._language]} for one in self._pack.classes.values()]
        words = sentences(self._language)
        titles: Mapping[str, str] = words["verdict" if name == "verdict" else "pack_choice"]
        if name == "department":
            titles = {code: title[self._language] for code, title in named_groups()["departments"].items()}
        own = {value: title[self._language] for value, title in key.choice_titles.items()}
        return [{"value": one, "title": own.get(one) or titles.get(one, one)} for one in key.choices]

    def _name(self, key: str) -> str:
        return str(sentences(self._language)["pack_key"].get(key, key))


def _form(name: str, key: Key) -> str:
    """The form of a field: number, flag, choice, list, text, or toml for a value with parts."""
    if name in _CLASSES:
        return "list"
    if key.choices and key.type != LIST:
        return "choice"
    if key.type in _NUMBERS:
        return "number"
    return {FLAG: "flag", TEXT: "text"}.get(key.type, "toml")


def hits_of_run(library: Library, run: str) -> Counter[str]:
    """By rule, how many findings of a check decide. Raises OneMapError run.unknown, run.kind, run.damaged."""
    whole_check(library, run)
    rows = stored_values(library, run, "findings", ("rule", "counted", "verdict"))
    return Counter(rule for rule, is_counted, verdict in rows if is_counted and verdict != Verdict.UNKNOWN)
