"""The words for differences of packs: a sentence for each key, and plain values for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry, layer_title, named_groups
from onemap.layers.catalogue.toml_text import toml_value
from onemap.layers.messages import phrase, sentences
from onemap.rules.contract.declaration import Result
from onemap.rules.judge.findings.citations import cited_law
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.pack_differences import KeyChange, PackChange, RuleDifference


class DifferenceWords:
    """Sentences about differences in one language. catalogue: of the layers that rules name."""

    def __init__(self, catalogue: Mapping[str, LayerEntry], language: str) -> None:
        self._catalogue, self._language = catalogue, language

    def record(self, one: RuleDifference) -> Result:
        """One rule's difference as plain values: the kind of its change, and each key with its sentence."""
        rule, language = one.rule, self._language
        return {
            "rule": rule.id,
            "was": one.before.id if one.before is not None else None,
            "title": rule.title.get(language) or rule.id,
            "department": rule.department,
            "verdict": rule.verdict,
            "change": one.change,
            "keys": [
                {"key": key.key, "direction": key.direction, "sentence": sentence}
                for key in one.keys
                for sentence in self.sentences(rule, key)
            ],
        }

    def pack_record(self, one: PackChange) -> Result:
        """A difference outside the rules as plain values."""
        before, after = (self._value(value) for value in (one.before, one.after))
        table, _, key = one.place.partition(".")
        name = self._name(key) if table == "review" else one.place
        return {"place": one.place, "sentence": self._sides(name, before, after)}

    def sentences(self, rule: Rule, key: KeyChange) -> list[str]:
        """The sentences that give the new value of a key."""
        before, after = key.before, key.after
        if key.key == "verdict":
            words = (phrase(f"verdict.{one}", self._language) for one in (before, after))
            return [self._phrase("mutant.verdict", **dict(zip(("before", "after"), words, strict=True)))]
        if key.key in ("unless", "only"):
            return self._of_classes(key.key, before, after)
        option = KINDS[rule.kind].keys.get(key.key)
        name = option.title.get(self._language) if option is not None else None
        unit = option.unit if option is not None else ""
        if isinstance(before, Mapping) and isinstance(after, Mapping) and "values" in before and "values" in after:
            return self._of_values(name or key.key, unit, before, after)
        values = [self._of_key(key.key, value, unit) for value in (before, after)]
        return [self._sides(name or self._name(key.key), *values)]

    def _of_classes(self, key: str, before: Sequence[ProjectClass], after: Sequence[ProjectClass]) -> list[str]:
        sides = [{one.name: one for one in classes} for classes in (before, after)]
        if not sides[1]:
            return [self._phrase(f"mutant.{key}_dropped")]
        changes = [(f"{key}_class_dropped", one) for name, one in sides[0].items() if name not in sides[1]]
        changes += [(f"{key}_class_added", one) for name, one in sides[1].items() if name not in sides[0]]
        lines = [self._phrase(f"mutant.{code}", title=one.title[self._language]) for code, one in changes]
        altered = [one for name, one in sides[1].items() if name in sides[0] and sides[0][name].content != one.content]
        return lines + [
            self._phrase("pack_difference.class_altered", title=one.title[self._language]) for one in altered
        ]

    def _of_values(self, name: str, unit: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
        """The sentences for a threshold that has a value for each class of a field."""
        sides = [{**one["values"], **({"": one["default"]} if "default" in one else {})} for one in (before, after)]
        lines = []
        for place in dict.fromkeys((*sides[0], *sides[1])):
            texts = [f"{side[place]:g} {unit}".strip() if place in side else None for side in sides]
            if texts[0] != texts[1]:
                of = self._phrase("pack_difference.of_class", name=name, value=place) if place else name
                lines.append(self._sides(of, *texts))
        if before.get("field") != after.get("field"):
            lines.append(self._sides(name, str(before.get("field")), str(after.get("field"))))
        return lines or [self._sides(name, *map(toml_value, (before, after)))]

    def _of_key(self, key: str, value: Any, unit: str) -> str | None:
        if key == "layers_named":
            return self._list([layer_title(code, self._catalogue, self._language) for code in value])
        if key == "basis":
            return self._list([f"{cited_law(one.law, self._language)} {one.article}" for one in value])
        if key == "department":
            return str(named_groups()["departments"][value][self._language])
        if key in ("title", "finding", "draft"):
            return value.get(self._language)
        text = self._value(value)
        return f"{text} {unit}".strip() if text is not None else None

    def _value(self, value: Any) -> str | None:
        if value is None or (isinstance(value, (str, list, tuple, dict)) and not value):
            return None
        if isinstance(value, ProjectClass):
            return self._list([*value.kinds, *value.use, *value.survey])
        if isinstance(value, Mapping) and isinstance(value.get("title"), Mapping):
            return str(value["title"].get(self._language))
        if isinstance(value, PermitTable):
            return f"{value.name} ({value.hash[:8]})"
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) and not all(isinstance(one, (str, int, float)) for one in value):
            return self._list([getattr(one, "name", None) or str(one) for one in value])
        return toml_value(value)

    def _list(self, texts: Sequence[str]) -> str:
        return phrase("said.comma", self._language).join(text.strip() for text in texts)

    def _name(self, key: str) -> str:
        return str(sentences(self._language)["pack_key"].get(key, key))

    def _sides(self, name: str, before: str | None, after: str | None) -> str:
        if before is None or after is None:
            code = "added" if before is None else "dropped"
            return self._phrase(f"pack_difference.{code}", name=name, value=after if before is None else before)
        return self._phrase("pack_difference.other", name=name, before=before, after=after)

    def _phrase(self, code: str, **facts: Any) -> str:
        return phrase(code, self._language, **facts)
