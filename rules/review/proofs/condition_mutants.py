"""Single errors in a rule's `where` and `when`: a clause dropped, a code added or dropped, < for <=, all negated."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.rules.judge.kinds.conditions import condition_text, fields_of, parse_condition
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.trial_fields import trial_rows, where_says

_STRICT = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
Tree = Any


def condition_mutants(rule: Rule, entry: LayerEntry | None, make_mutant: Any) -> Iterator[Any]:
    """The mutants of a rule's conditions.

    entry: of its layer; make_mutant: makes a mutant from rule, key, facts and equality.
    """
    for key in ("where", "when"):
        text = getattr(rule, key)
        if text is None:
            continue
        tree = parse_condition(text)
        yield make_mutant(_with_condition(rule, key, {"op": "not", "args": [tree]}), "negated", {"before": text})
        yield make_mutant(_with_text(rule, key, None), "condition_dropped", {"before": text})
        for sentence, changed_tree, facts in _changes(tree, entry if key == "where" else None):
            mutant = _with_condition(rule, key, changed_tree)
            equal = _equal(tree, sentence, facts)
            if equal is None and key == "where" and entry is not None and _are_alike(rule, mutant, entry):
                equal = "same_values"
            yield make_mutant(mutant, sentence, facts, equal)


def _with_condition(rule: Rule, key: str, tree: Tree) -> Rule:
    return _with_text(rule, key, condition_text(tree))


def _with_text(rule: Rule, key: str, text: str | None) -> Rule:
    return replace(rule, where=text) if key == "where" else replace(rule, when=text)


def _are_alike(rule: Rule, mutant: Rule, entry: LayerEntry) -> bool:
    """Whether two conditions select the same among all values that they, the schema and its code tables name."""
    names = dict.fromkeys((*fields_of(str(rule.where)), *fields_of(str(mutant.where))))
    rows = trial_rows([rule], names, entry)
    return where_says(rule, rows, entry) == where_says(mutant, rows, entry)


def _changes(tree: Tree, entry: LayerEntry | None) -> Iterator[tuple[str, Tree, dict[str, Any]]]:
    """Every single change of a condition: key of the sentence, changed condition, facts of the sentence."""
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or"):
        for at, argument in enumerate(arguments):
            left = [*arguments[:at], *arguments[at + 1 :]]
            rest = left[0] if len(left) == 1 else {"op": operator, "args": left}
            yield "clause_dropped", rest, {"clause": condition_text(argument)}
    if operator in ("and", "or", "not"):
        for at, argument in enumerate(arguments):
            for sentence, changed_tree, facts in _changes(argument, entry):
                yield sentence, {"op": operator, "args": [*arguments[:at], changed_tree, *arguments[at + 1 :]]}, facts
    elif operator in _STRICT:
        facts = {"before": condition_text(tree), "after": condition_text({"op": _STRICT[operator], "args": arguments})}
        yield "strict", {"op": _STRICT[operator], "args": arguments}, facts
    elif operator == "in":
        yield from _code_changes(arguments, entry)


def _code_changes(arguments: list[Any], entry: LayerEntry | None) -> Iterator[tuple[str, Tree, dict[str, Any]]]:
    field, codes = arguments
    for code in codes if len(codes) > 1 else ():
        left = [other for other in codes if other != code]
        yield "code_dropped", {"op": "in", "args": [field, left]}, {"value": code}
    schema = entry.field_named(field["property"]) if entry is not None else None
    more = next((value for value in (schema.values if schema else ()) if value not in codes), None)
    if more is not None:
        yield "code_added", {"op": "in", "args": [field, [*codes, more]]}, {"value": more}


def _equal(tree: Tree, sentence: str, facts: dict[str, Any]) -> str | None:
    """Why a change does not alter a condition: another clause covers what was dropped; else None."""
    if sentence == "clause_dropped":
        clause = parse_condition(facts["clause"])
        others = [one for one in tree["args"] if one != clause] if tree["op"] == "or" else []
        if clause["op"] == "like" and any(_covers(other, clause) for other in others):
            return "clause_within"
    return None


def _covers(wide: Tree, narrow: Tree) -> bool:
    """Whether a pattern such as 'A%' matches everything that another, 'AB%', matches."""
    if wide["op"] != "like" or wide["args"][0] != narrow["args"][0]:
        return False
    start, longer = wide["args"][1], narrow["args"][1]
    return start.endswith("%") and "%" not in start[:-1] and longer.startswith(start[:-1])
