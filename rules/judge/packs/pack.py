"""Rule packs: TOML becomes rules; every wrong key is named with its pack and rule."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import NoneType
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS, LayerEntry
from onemap.layers.catalogue.code_systems import CODE_SYSTEMS, LAND_SEA
from onemap.layers.catalogue.toml_text import toml_content, toml_reason
from onemap.layers.errors import OneMapError, Problem, results_of_each
from onemap.layers.library.library import sha256
from onemap.layers.messages import is_title
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.inputs.check_record import PackRecord
from onemap.rules.judge.kinds.kind import FLAG, TEXT, WHOLE
from onemap.rules.judge.kinds.permitted_uses import PermitTable, permit_tables, shipped_state, shipped_table
from onemap.rules.judge.packs.body import Body, bodies_from, body_problems
from onemap.rules.judge.packs.checklist import ChecklistItem, item_problems, items_given_again
from onemap.rules.judge.packs.keys import MOST_DAYS, ORIGIN_KEYS, REVIEW_KEYS, RULE_KEYS, TABLES
from onemap.rules.judge.packs.kind_register import NO_REGISTER, KindRegister, are_texts, kind_problems, shipped_register
from onemap.rules.judge.packs.legal_basis import LegalBasis
from onemap.rules.judge.packs.project_class import ProjectClass, class_problems, project_class, unknown_kinds
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.packs.rule_problems import circle_problems, names_of, rule_problems

DEFAULT_PACK = "city-preliminary"


@dataclass(frozen=True)
class Pack:
    """A file of rules, with its text and hash.

    system: the codes by which parcels name their use if they do not say so; origin: id, version and hash of the pack of
    which this one is a copy, empty for none.
    """

    id: str
    version: str
    title: dict[str, str]
    hash: str
    rules: tuple[Rule, ...]
    text: str
    checklist: tuple[ChecklistItem, ...] = ()
    review: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, ProjectClass] = field(default_factory=dict)
    bodies: Mapping[str, Body] = field(default_factory=dict)
    register: KindRegister = field(default_factory=shipped_register)
    system: str = LAND_SEA
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> list[PermitTable]:
        """The tables of uses that its rules name, each once."""
        return list(dict.fromkeys(table for rule in self.rules for table in rule.tables))

    @property
    def stands_alone(self) -> bool:
        """Whether it names no class and no rule of another pack."""
        ids = {rule.id for rule in self.rules}
        rule_names = {name for rule in self.rules for name in (rule.replaces, rule.milder, *rule.under) if name}
        classes = {one.name for rule in self.rules for one in (*rule.unless, *rule.only)}
        return (
            rule_names <= ids | {old for rule in self.rules for old in rule.succeeds} and classes <= self.classes.keys()
        )

    @property
    def texts(self) -> list[tuple[str, str]]:
        """All texts on which a run by this pack rests, its own first, each with its hash."""
        register = (sha256(self.register.text), self.register.text)
        return [(self.hash, self.text), register, *((table.hash, table.text) for table in self.tables)]

    def record(self) -> PackRecord:
        """What a run records of the pack."""
        tables = [table.record() for table in self.tables]
        return {
            "id": self.id,
            "version": self.version,
            "hash": self.hash,
            "title": dict(self.title),
            "tables": tables,
            "kinds": sha256(self.register.text),
        }


def pack_text(
    name: str, folder: str = "packs", missing: str = "pack.missing", option: str = "--pack"
) -> tuple[str, str]:
    """A pack's TOML text, and its name in error messages. name: the id of a shipped pack, or a file.

    folder: of the resources with shipped packs of this sort; missing: the code of the refusal if there is no such pack;
    option: the option or argument by which the user names it. Raises OneMapError with that code, and pack.encoding.
    """
    shipped = RESOURCES / folder / f"{name}.toml"
    path = shipped if shipped.is_file() and "/" not in name and "\\" not in name else Path(name)
    if not path.is_file():
        shipped_names = sorted(item.stem for item in (RESOURCES / folder).glob("*.toml") if "." not in item.stem)
        raise OneMapError(missing, file=name, field=option, known=shipped_names)
    try:
        return path.read_bytes().decode("utf-8-sig"), path.name
    except UnicodeDecodeError:
        raise OneMapError("pack.encoding", file=path.name) from None


def pack_texts(
    names: Iterable[str], folder: str = "packs", missing: str = "pack.missing", option: str = "--pack"
) -> list[tuple[str, str]]:
    """`pack_text` of each name; the problems of all are reported together."""
    return results_of_each(lambda name: pack_text(name, folder, missing, option), names)


def is_shipped(name: str) -> bool:
    """True if the name is that of a pack that comes with One Map."""
    return "/" not in name and "\\" not in name and (RESOURCES / "packs" / f"{name}.toml").is_file()


class _AskedLayers(Mapping[str, LayerEntry]):
    """A catalogue that records which layers were looked up and what it returned, None for a layer that it lacks."""

    def __init__(self, catalogue: Mapping[str, LayerEntry]) -> None:
        self._catalogue = catalogue
        self.entries: dict[str, LayerEntry | None] = {}

    def __getitem__(self, code: str) -> LayerEntry:
        self.entries[code] = self._catalogue.get(code)
        return self._catalogue[code]

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a pack asks for layers by their codes")

    def __len__(self) -> int:
        return len(self._catalogue)


_PARSED: dict[Any, tuple[Mapping[str, LayerEntry | None], tuple[Pack, ...], KindRegister | None]] = {}
_MOST_PARSED = 4  # lists of packs that are held as they were read: a library is asked by the same ones all day


def parse_packs(
    texts: Sequence[tuple[str, str]],
    catalogue: Mapping[str, LayerEntry],
    code_system: str | None = None,
    tables: Mapping[str, PermitTable] | None = None,
    are_kept: bool = False,
    register: KindRegister | None = None,
) -> list[Pack]:
    """Parse packs that are given together, each as text and name; a later one may name the classes of earlier ones.

    tables: as in `parse_pack`, which see for errors; are_kept: the packs are a library's own, and may name layers that
    its catalogue lacks; register: of kinds of projects as it was for a run, today's by default.
    """
    # The register is held with what was read, so that its number is no other's.
    key = (tuple(texts), code_system, are_kept, frozenset((tables or {}).items()), id(register), shipped_state())
    earlier_packs = _PARSED.pop(key, None)
    if earlier_packs is not None and all(catalogue.get(code) == entry for code, entry in earlier_packs[0].items()):
        _PARSED[key] = earlier_packs  # behind the others: the one that nobody asked for longest is let go first
        return list(earlier_packs[1])
    layers, packs, problems = _AskedLayers(catalogue), list[Pack](), list[Problem]()
    for text, source in texts:
        kinds = packs[-1].register if packs else register
        try:
            packs.append(parse_pack(text, source, layers, code_system, packs, tables, are_kept, kinds))
        except OneMapError as error:  # a class that it lacks may be one of a pack before that was refused
            problems += [one for one in error.problems if not problems or one.code != "rule.class"]
    if problems:
        raise OneMapError.of(problems)
    while len(_PARSED) >= _MOST_PARSED:
        _PARSED.pop(next(iter(_PARSED)), None)
    _PARSED[key] = layers.entries, tuple(packs), register
    return packs


def parse_pack(
    text: str,
    source: str,
    catalogue: Mapping[str, LayerEntry],
    code_system: str | None = None,
    before: Sequence[Pack] = (),
    tables: Mapping[str, PermitTable] | None = None,
    is_kept: bool = False,
    register: KindRegister | None = None,
) -> Pack:
    """Parse a pack from its TOML text; `source` names it in errors.

    code_system: the codes by which parcels name their use, instead of those that the pack states.
    before: the packs given before it, whose classes and bodies it may name; its own take precedence.
    tables: the tables of uses as they were for a run, by name; today's tables for names that are missing.
    is_kept: the pack may name layers that are not in the catalogue.
    register: the kinds of projects to which its own are added; the shipped ones by default.
    Raises OneMapError pack.… or rule.… with every problem, each naming pack, rule and key.
    """
    register = shipped_register() if register is None else register
    raw = _tables_of(text, source, register)
    head, checklist = raw["pack"], raw.get("checklist", ())
    system = code_system or head.get("code_system", LAND_SEA)
    register = register.extended(raw.get("kind", {}))
    classes = {name: project_class(name, item, system, register) for name, item in raw.get("class", {}).items()}
    items = [_with_tables(item, tables or {}) for item in raw.get("rule", ())]
    bodies = bodies_from(raw.get("body", {}))
    names = RuleNames(_entries_of(before, "classes") | classes, _entries_of(before, "bodies") | bodies, system)
    rules, problems = _rules(items, head["id"], source, catalogue, names)
    problems = [problem for problem in problems if not (is_kept and problem.code == "rule.layer")]
    problems += _names_problems(raw, rules, source)
    if problems:
        raise OneMapError.of(problems)
    return Pack(
        id=head["id"],
        version=head["version"],
        title=head.get("title", {}),
        hash=sha256(text),
        rules=rules,
        text=text,
        checklist=tuple(checklist),
        review=raw.get("review", {}),
        classes=classes,
        bodies=bodies,
        register=register,
        system=system,
        origin=head.get("origin", {}),
    )


def single_pack(text: str, source: str, catalogue: Mapping[str, LayerEntry]) -> Pack:
    """Parse a pack by itself, or on top of the common pack if it names classes or bodies of that one.

    It may name layers that are not in the catalogue. Raises OneMapError pack.…, rule.….
    """
    try:
        return parse_pack(text, source, catalogue, is_kept=True)
    except OneMapError as error:
        if any(problem.code not in ("rule.class", "rule.value") for problem in error.problems):
            raise
    common = parse_packs([pack_text(DEFAULT_PACK)], catalogue, are_kept=True)
    return parse_pack(text, source, catalogue, before=common, is_kept=True)


def pack_head(text: str, source: str) -> Mapping[str, Any]:
    """The table [pack] of a pack, whose rules may have problems. Raises OneMapError pack.…."""
    head: Mapping[str, Any] = _tables_of(text, source, shipped_register())["pack"]
    return head


def _tables_of(text: str, source: str, register: KindRegister) -> dict[str, Any]:
    """The tables of a pack, of which only rules and checklist may have problems. Raises OneMapError pack.…."""
    raw = _content(text, source)
    problems = _head_problems(raw, source, register)
    if problems:
        raise OneMapError.of(problems)
    return raw


def _entries_of(packs: Sequence[Pack], name: str) -> dict[str, Any]:
    """The entries of some packs in one of their tables; of entries with the same name the last one holds."""
    return {key: item for pack in packs for key, item in getattr(pack, name).items()}


def _content(text: str, source: str) -> dict[str, Any]:
    try:
        return _plain_content(text)
    except ValueError as error:
        raise OneMapError("pack.syntax", file=source, reason=toml_reason(error)) from None


@lru_cache(maxsize=_MOST_PARSED)
def _plain_content(text: str) -> dict[str, Any]:
    return toml_content(text.replace("\r\n", "\n"))


@dataclass(frozen=True)
class RuleNames:
    """The names that the rules of a pack may use: classes and bodies. system: of the use codes."""

    classes: Mapping[str, ProjectClass]
    bodies: Mapping[str, Body]
    system: str


def _problem(code: str, source: str, key: str, **facts: Any) -> Problem:
    return Problem(code, {"file": source, "field": key, "key": key, **facts})


def _head_problems(raw: Mapping[str, Any], source: str, register: KindRegister) -> list[Problem]:
    """The problems of a pack's tables, except the content of its rules and its checklist.

    register: the kinds of projects to which its own are added.
    """
    problems = []
    for key, value in raw.items():
        if key not in TABLES:
            problems.append(_problem("pack.key", source, key))
        elif key in ("rule", "checklist") and not _is_tables(value):
            problems.append(_problem("pack.tables", source, f"[[{key}]]"))
    for section in ("pack", "review"):
        content = raw.get(section, {})
        if not isinstance(content, dict):
            problems.append(_problem("pack.key", source, section))
            continue
        problems += [_problem("pack.key", source, f"{section}.{key}") for key in content if key not in TABLES[section]]
        if section == "review":
            wrong = [(key, value) for key, value in _terms(content) if not _is_term(key, value)]
            problems += [_problem("pack.review", source, f"review.{key}", value=value) for key, value in wrong]
    problems += _class_problems(raw, source, register)
    problems += [
        _problem("pack.body", source, f"body.{key}".strip("."), form=form)
        for key, form in body_problems(raw.get("body", {}))
    ]
    head = raw.get("pack", {}) if isinstance(raw.get("pack", {}), dict) else {}
    if head.get("code_system", LAND_SEA) not in CODE_SYSTEMS:
        problems.append(_problem("pack.code_system", source, "pack.code_system", known=list(CODE_SYSTEMS)))
    for key in ("id", "version"):
        if not isinstance(head.get(key), str) or not head.get(key):
            problems.append(_problem("pack.key_missing", source, f"pack.{key}"))
    if head.get("title", {}) != {} and not is_title(head["title"]):
        problems.append(_problem("pack.key", source, "pack.title"))
    if "origin" in head and not _is_origin(head["origin"]):
        problems.append(_problem("pack.origin", source, "pack.origin"))
    return problems


def _is_origin(value: Any) -> bool:
    """Whether a table names the pack of which this one is a copy."""
    return isinstance(value, dict) and value.keys() == set(ORIGIN_KEYS) and are_texts(list(value.values()))


def _class_problems(raw: Mapping[str, Any], source: str, register: KindRegister) -> list[Problem]:
    """The problems of a pack's kinds and classes of projects. register: as of `_head_problems`."""
    kinds, classes = raw.get("kind", {}), raw.get("class", {})
    problems = [
        _problem("pack.kind", source, f"kind.{key}".strip("."), form=form)
        for key, form in kind_problems(kinds, register)
    ]
    full_register = register if problems else register.extended(kinds)
    for name, item in classes.items() if isinstance(classes, dict) else [("", None)]:
        wrong = class_problems(item, needs_kinds=register is not NO_REGISTER)
        for key, form in wrong:
            problems.append(_problem("pack.class", source, f"class.{name}.{key}".strip("."), form=form))
        if register is NO_REGISTER or wrong or not isinstance(item, dict):
            continue
        if "words" in item:
            problems.append(_problem("pack.class_words", source, f"class.{name}.words"))
        for kind in unknown_kinds(item, full_register):
            nearest = difflib.get_close_matches(kind, full_register.kinds, n=3, cutoff=0.5)
            problems.append(_problem("pack.class_kind", source, f"class.{name}.kinds", value=kind, nearest=nearest))
    return problems


def _rules(
    items: Sequence[dict[str, Any]],
    pack: str,
    source: str,
    catalogue: Mapping[str, LayerEntry],
    names: RuleNames,
) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules of a pack that have no problems, and the problems of the others."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    earlier_ids: set[str] = set()
    for position, item in enumerate(items, start=1):
        name = str(item.get("id", f"#{position}"))
        wrong_of_rule = rule_problems(item, source, name, catalogue, list(names.classes), list(names.bodies))
        if name in earlier_ids:
            wrong_of_rule.append(Problem("rule.twice", {"file": source, "feature": name, "rule": name, "field": "id"}))
        earlier_ids.add(name)
        problems += wrong_of_rule
        if all(problem.code == "rule.layer" for problem in wrong_of_rule):
            rules.append(_rule(item, pack, names))
    return tuple(rules), problems


def _names_problems(raw: Mapping[str, Any], rules: Sequence[Rule], source: str) -> list[Problem]:
    """The problems of a pack's checklist items, and of names that its rules retire and the pack still uses."""
    ids = [item.get("id") for item in raw.get("rule", ())]  # no set: what stands there need not be a text
    checklist = raw.get("checklist", ())
    problems = _names_given_again(rules, source, [*ids, *(item.get("id") for item in checklist)])
    return [*problems, *(problem for item in checklist for problem in item_problems(item, source, ids))]


def _names_given_again(rules: Sequence[Rule], source: str, ids: Collection[Any]) -> list[Problem]:
    """A problem for each name that rules retire and that the pack still uses. ids: of its rules and items."""
    return [
        Problem("rule.retired", {"file": source, "feature": old, "rule": old, "field": "id", "other": rule.id})
        for rule in rules
        for old in rule.succeeds
        if old in ids
    ]


def _is_tables(value: Any) -> bool:
    """Whether a key of a pack holds only tables [[…]]."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _terms(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The known keys of [review] with their values, and one by one those of its table of departments."""
    for key, value in content.items():
        if key == "days_of" and isinstance(value, dict):
            yield from ((f"days_of.{code}", days) for code, days in value.items())
        elif key in REVIEW_KEYS:
            yield key, value


def _is_term(name: str, value: Any) -> bool:
    """Whether a value of [review] has the form that it needs."""
    if name.startswith("days_of."):
        return name.removeprefix("days_of.") in DEPARTMENTS and _is_term("days", value)
    key = REVIEW_KEYS[name]
    if key.choices:
        return value in key.choices
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "area_share":
        return is_number and 0 <= value < 1
    if key.type == WHOLE:
        return is_number and isinstance(value, int) and 1 <= value <= MOST_DAYS
    return isinstance(value, {FLAG: bool, TEXT: str}.get(key.type, NoneType))


def _rule(item: Mapping[str, Any], pack: str, names: RuleNames) -> Rule:
    common = {key: value for key, value in item.items() if key in RULE_KEYS}
    common["verdict"] = Verdict(item.get("verdict", Verdict.NOTICE))  # of a kind that judges nothing none is given
    common["basis"] = tuple(map(LegalBasis.of, common["basis"]))
    consulted_codes = common.get("consult", ())
    common["consult"] = tuple(one for one in consulted_codes if one in DEPARTMENTS)
    common["bodies"] = tuple(names.bodies[one] for one in consulted_codes if one not in DEPARTMENTS)
    common["under"] = names_of(common.get("under", ()))
    common["succeeds"] = tuple(common.get("succeeds", ()))
    common["layers_named"] = names_of(common["layer"])
    common["layer"] = common["layers_named"][0]
    common |= {key: tuple(names.classes[name] for name in common.get(key, ())) for key in ("unless", "only")}
    options = {key: value for key, value in item.items() if key not in RULE_KEYS}
    own = common.get("by_layer", {})
    if any(isinstance(one.get("permits"), PermitTable) for one in (options, *own.values())):
        options.setdefault("code_system", names.system)
    # What holds for one layer alone gives way where another of them judges.
    usual = {key: item.get(key) for keys in own.values() for key in keys}
    common["by_layer"] = {code: {**usual, **own.get(code, {})} for code in common["layers_named"]} if own else {}
    return Rule(**common, pack=pack, options=options).for_layer(common["layer"])


def _with_tables(item: Mapping[str, Any], tables: Mapping[str, PermitTable]) -> dict[str, Any]:
    """A rule's table in which names of tables of uses are replaced by these tables, where there are such."""
    new_item = dict(item)
    if isinstance(name := item.get("permits"), str) and (name in tables or name in permit_tables()):
        new_item["permits"] = tables[name] if name in tables else shipped_table(name)
    own = item.get("by_layer")
    if isinstance(own, dict):
        new_item["by_layer"] = {
            code: _with_tables(keys, tables) if isinstance(keys, dict) else keys for code, keys in own.items()
        }
    return new_item


def joined_rules(packs: Sequence[Pack], day: date | None = None, *, strictly: bool = False) -> list[Rule]:
    """The rules of several packs in order; a later pack's rule may replace an earlier one.

    day: the day of the check. Where no law of a replacing rule is in force on it, the replaced rule holds, and the
    replacing one comes after all rules.
    strictly: refuse circles, replaced rules' names and two items of one name: no such pack judges, but all is readable.

    Where `under` or `milder` in another pack names a retired rule, the rule that now judges its matter is meant; a rule
    that `replaces` a retired one is refused: it may judge more. Raises OneMapError rule.…, checklist.twice.
    """
    rules: dict[str, Rule] = {}
    problems, ids = [], successors(rule for pack in packs for rule in pack.rules)
    packs_by_rule: dict[str, str] = {}  # the pack of each name, those of replaced rules included: they may stand again
    for pack in packs:
        earlier, replacements, given_before = set(rules), dict[str, str](), dict(packs_by_rule)
        for rule in pack.rules:
            packs_by_rule[rule.id] = pack.id
            facts = {"file": pack.id, "feature": rule.id, "rule": rule.id, "field": "replaces"}
            if rule.replaces in replacements:
                names = {"other": rule.replaces, "first": replacements[rule.replaces]}
                problems.append(Problem("rule.replaced_twice", {**facts, **names}))
            elif rule.replaces is not None and rule.replaces not in earlier and rule.replaces in ids:
                names = {"other": rule.replaces, "successor": ids[rule.replaces]}
                problems.append(Problem("rule.replaces_retired", {**facts, **names}))
            elif rule.replaces is not None and rule.replaces not in earlier:
                problems.append(Problem("rule.replaces", {**facts, "other": rule.replaces}))
            elif rule.id in (given_before if strictly else earlier) and rule.replaces != rule.id:
                problems.append(Problem("rule.in_two_packs", {**facts, "other": given_before[rule.id]}))
            elif rule.replaces is not None:
                replacements[rule.replaces] = rule.id
                # The ordinance takes the place of the rule that it replaces, so that the order of work stays.
                ordinance = replace(rule, replaced=rules[rule.replaces])
                ids = {old: rule.id if new == rule.replaces else new for old, new in ids.items()}
                ids[rule.replaces] = rule.id
                rules = {
                    (rule.id if key == rule.replaces else key): (ordinance if key == rule.replaces else value)
                    for key, value in rules.items()
                }
            else:
                rules[rule.id] = rule
    problems += [problem for rule in rules.values() for problem in _unknown_references(rule, rules, ids)]
    problems += _items_given_again(packs) if strictly else []
    if problems:
        raise OneMapError.of(problems)
    if day is None:
        return _linked_rules(rules, ids, strictly)
    lapsed = [rule for rule in rules.values() if rule.standing_on(day) is not rule]
    for rule in lapsed:
        rules, ids = _without_lapsed(rule, day, rules, ids)
    return [*_linked_rules(rules, ids, strictly), *(rule for rule in lapsed if rule.id not in rules)]


def _items_given_again(packs: Sequence[Pack]) -> list[Problem]:
    """The problems of checklist items whose name is another item's, or a rule's."""
    rules = {rule.id: pack.id for pack in packs for rule in pack.rules}
    return items_given_again([(pack.id, pack.checklist) for pack in packs], rules)


def lapsed_rules(packs: Sequence[Pack], day: date) -> frozenset[tuple[str, str]]:
    """The rules, by pack and id, that replace others and have no law in force on a day."""
    replacing = (rule for pack in packs for rule in pack.rules if rule.replaces is not None)
    return frozenset((rule.pack, rule.id) for rule in replacing if not rule.on_day(day).basis)


def _without_lapsed(
    lapsed: Rule, day: date, rules: Mapping[str, Rule], ids: Mapping[str, str]
) -> tuple[dict[str, Rule], dict[str, str]]:
    """Rules and names (as in `_linked_rules`) in which a lapsed rule gives way to the rule that holds on the day."""
    valid_rule = replace(lapsed.standing_on(day), waiting=lapsed)
    current_ids = {old: valid_rule.id if new == lapsed.id else new for old, new in ids.items()} | {
        lapsed.id: valid_rule.id
    }
    del current_ids[valid_rule.id]
    rules_on_day = {
        (valid_rule.id if one is lapsed else key): (valid_rule if one is lapsed else one) for key, one in rules.items()
    }
    return rules_on_day, current_ids


def successors(rules: Iterable[Rule]) -> dict[str, str]:
    """The rule that now judges the matter of each retired name."""
    return {old: rule.id for rule in rules for old in rule.succeeds}


def rules_of_run(packs: Sequence[Pack], record: Mapping[str, Any]) -> list[Rule]:
    """The rules of a run as they were: with the laws of its day, each with the layer by which it judged.

    packs, record: the run's own. Raises as joined_rules.
    """
    day, chosen_layers = date.fromisoformat(record["parameters"]["as_of"]), record["chosen_layers"]
    return [rule.on_day(day, chosen_layers.get(rule.id)) for rule in joined_rules(packs, day)]


def rule_titles(packs: Sequence[Pack], record: Mapping[str, Any], language: str) -> dict[str, str]:
    """The titles of the rules of a run, by their ids."""
    return {rule.id: rule.title.get(language, rule.id) for rule in rules_of_run(packs, record)}


def _unknown_references(rule: Rule, rules: Mapping[str, Rule], ids: Mapping[str, str]) -> list[Problem]:
    """A problem for each rule that `milder` or `under` names and no pack has."""
    references = [("milder", rule.milder)] if rule.milder is not None else []
    references += [("under", other) for other in rule.under]
    return [
        Problem("rule.unknown", {"file": rule.pack, "feature": rule.id, "rule": rule.id, "field": key, "other": other})
        for key, other in references
        if ids.get(other, other) not in rules or ids.get(other, other) == rule.id
    ]


def _linked_rules(rules: Mapping[str, Rule], ids: Mapping[str, str], strictly: bool) -> list[Rule]:
    """The rules in their order, each linked with the rules that it is milder than, and with current names.

    ids: the rule that has taken the place of another, by the other's id; strictly: as in `joined_rules`.
    """
    if strictly and (circles := circle_problems(rules, ids)):
        raise OneMapError.of(circles)
    severe: dict[str, list[Rule]] = {}
    linked_rules: dict[str, Rule] = {}
    # A rule may be the milder one of a milder one: the severe ones come first.
    waiting = dict(rules)
    while waiting:
        milder_ids = {ids.get(rule.milder, rule.milder) for rule in waiting.values() if rule.milder}
        ready = [rule for key, rule in waiting.items() if key not in milder_ids] or list(waiting.values())  # a circle
        for rule in ready:
            under = tuple(ids.get(other, other) for other in rule.under)
            above = tuple(severe.get(rule.id, ()))
            is_linked = under == rule.under and above == rule.milder_of
            linked_rules[rule.id] = rule if is_linked else replace(rule, under=under, milder_of=above)
            if rule.milder:
                severe.setdefault(ids.get(rule.milder, rule.milder), []).append(linked_rules[rule.id])
            del waiting[rule.id]
    return [linked_rules[rule] for rule in rules]
