"""The facts of a project that rules use: fields of its parcels, each with the rules that need it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.code_systems import USE_FIELD
from onemap.layers.messages import sentences
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.conditions import fields_and_values, parse_condition
from onemap.rules.judge.packs.kind_register import KIND_FIELD, KindRegister, titles_of
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule

CODE, NUMBER, FLAG, DATE, WORDS = "code", "number", "flag", "date", "words"
_STRONGER = (CODE, NUMBER, FLAG, DATE, WORDS)  # of a field that is asked in two ways, the one that says more


@dataclass(frozen=True)
class AskedFact:
    """One field that rules ask of a parcel.

    kind: a class's CODE, a NUMBER, a FLAG, a DATE, or WORDS; unit: of a number, where the rule's kind has one.
    choices: the words and values that rules look for; another may be given.
    rules: the ids of the rules that ask it.
    """

    name: str
    kind: str
    unit: str
    choices: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class RuleNeed:
    """The facts that a rule needs of a project: at least one field of each group."""

    rule: Rule
    any_of: tuple[tuple[str, ...], ...]


def fact_title(name: str, language: str) -> str:
    """The title of a field that rules ask for; the field's name where it is a city's own."""
    titles = sentences(language)["fact"]
    return str(titles.get(name, name))


def register_of(rules: Sequence[Rule]) -> KindRegister | None:
    """The register of project kinds that the rules use; None if no rule depends on the kind of project."""
    return next((one.register for rule in rules for one in (*rule.unless, *rule.only)), None)


def rule_needs(rules: Sequence[Rule]) -> list[RuleNeed]:
    """The rules that ask a project for facts, each with the fields that it needs."""
    needs = []
    for rule in rules:
        groups = [_class_fields(classes) for classes in _classes_of(rule)]
        groups += [(name,) for name, _kind, _unit, _values in _plain_fields(rule)]
        if groups:
            needs.append(RuleNeed(rule, tuple(dict.fromkeys(groups))))
    return needs


def asked_facts(rules: Sequence[Rule]) -> list[AskedFact]:
    """The facts that rules ask a project for: the proposed use first, then by the number of rules that ask."""
    kinds: dict[str, set[str]] = {}
    units: dict[str, str] = {}
    choices: dict[str, dict[str, None]] = {}
    askers: dict[str, dict[str, None]] = {}
    for rule in rules:
        for name, kind, unit, values in _facts_of_rule(rule):
            kinds.setdefault(name, set()).add(CODE if name == USE_FIELD else kind)
            units[name] = units.get(name) or unit
            choices.setdefault(name, {}).update(dict.fromkeys(values))
            askers.setdefault(name, {})[rule.id] = None
    facts = [
        AskedFact(name, min(kinds_of_fact, key=_STRONGER.index), units[name], tuple(choices[name]), tuple(askers[name]))
        for name, kinds_of_fact in kinds.items()
    ]
    return sorted(facts, key=lambda fact: (fact.name != USE_FIELD, -len(fact.rules)))


_Asked = tuple[str, str, str, Sequence[str]]  # name, kind, unit, values that are looked for


def _facts_of_rule(rule: Rule) -> Iterator[_Asked]:
    for classes in _classes_of(rule):
        for one in classes:
            if one.asks_use:
                yield USE_FIELD, CODE, "", ()
            if one.kinds:
                kinds = [one.register.kinds[name] for name in one.kinds]
                yield KIND_FIELD, WORDS, "", titles_of(kinds, "zh")
                yield from ((name, form, "", ()) for kind in kinds for name, form in kind.needs.items())
    yield from _plain_fields(rule)


def _classes_of(rule: Rule) -> list[tuple[ProjectClass, ...]]:
    excused = [severe.unless for severe in rule.milder_of]
    return [classes for classes in (rule.unless, rule.only, *excused) if classes]


def _class_fields(classes: Sequence[ProjectClass]) -> tuple[str, ...]:
    """The fields by which classes are decided; any one of them is enough."""
    uses = [USE_FIELD] if any(one.asks_use for one in classes) else []
    return (*uses, *([KIND_FIELD] if any(one.kinds for one in classes) else []))


def _plain_fields(rule: Rule) -> Iterator[_Asked]:
    """The fields in a rule's `when`, and those by which its kind measures a parcel."""
    if rule.when is not None:
        kinds_and_values: dict[str, tuple[str, list[str]]] = {}
        for name, value in _comparisons(parse_condition(rule.when)):
            kind, values = kinds_and_values.setdefault(name, (_kind_of(value), []))
            if kind == WORDS and isinstance(value, str):
                values.append(value)
        yield from ((name, kind, "", values) for name, (kind, values) in kinds_and_values.items())
    way = KINDS[rule.kind]
    for name in way.parcel_fields(rule.options):
        yield name, CODE if way.parcel_unit is None else NUMBER, way.parcel_unit or "", ()


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, (int, float)):
        return NUMBER
    return DATE if isinstance(value, dict) else WORDS


def _comparisons(tree: Any) -> Iterator[tuple[str, Any]]:
    """The comparisons of a condition with its fields; None where it only asks whether there is a value."""
    if not isinstance(tree, dict) or "op" not in tree:
        return
    arguments = tree["args"]
    if tree["op"] in ("and", "or", "not"):
        for one in arguments:
            yield from _comparisons(one)
        return
    field_names, values = fields_and_values(arguments)
    for name in field_names:
        yield from ((name, value) for value in values or [None])
