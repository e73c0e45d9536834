"""To which parcels a rule applies: its `when`, its classes of projects, and the rule in whose place it judges."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from onemap.rules.kinds.conditions import Truth, evaluate
from onemap.rules.packs.project_class import ProjectClass, are_silent
from onemap.rules.packs.rule import Rule


@dataclass(frozen=True)
class Applicability:
    """What a rule says of parcels (n,): whether it applies, and whether only because a fact of theirs is missing."""

    applies: np.ndarray
    lacks_fact: np.ndarray


def applicability(rule: Rule, parcels: pd.DataFrame) -> Applicability:
    """To which parcels a rule applies. parcels: n rows of their attributes.

    A project that says nothing of itself is of no class: `unless` does not excuse it, and `only` reaches it where the
    rule says `silent`. An unknown `when` applies the rule.
    """
    reached = _reached(rule, parcels)
    is_excused = _is_of(rule.unless, parcels)
    lacks_fact = reached.lacks_fact | (are_silent(parcels, rule.unless) if rule.unless else False)
    applies = reached.applies & ~is_excused
    return Applicability(applies, applies & lacks_fact)


def _reached(rule: Rule, parcels: pd.DataFrame) -> Applicability:
    """What the rule says but for those whom its `unless` excuses."""
    applies, lacks_fact = np.ones(len(parcels), dtype=bool), np.zeros(len(parcels), dtype=bool)
    if rule.when is not None:
        truth = _truth(rule.when, parcels)
        applies, lacks_fact = truth.true | truth.unknown, truth.unknown
    if rule.only:
        is_silent = are_silent(parcels, rule.only) & rule.silent
        applies, lacks_fact = applies & (_is_of(rule.only, parcels) | is_silent), lacks_fact | is_silent
    if rule.milder_of:
        applies = applies & np.logical_or.reduce([_is_excused(severe, parcels) for severe in rule.milder_of])
    return Applicability(applies, lacks_fact)


def _is_excused(rule: Rule, parcels: pd.DataFrame) -> np.ndarray:
    """Whom (n,) a rule would reach, but for its `unless`."""
    excused: np.ndarray = _reached(rule, parcels).applies & _is_of(rule.unless, parcels)
    return excused


def _is_of(classes: tuple[ProjectClass, ...], parcels: pd.DataFrame) -> np.ndarray:
    """Which parcels (n,) are certainly of one of the classes."""
    result = np.zeros(len(parcels), dtype=bool)
    for item in classes:
        result |= item.members(parcels)
    return result


def _truth(when: str, parcels: pd.DataFrame) -> Truth:
    try:
        return evaluate(when, parcels)
    except KeyError:  # the parcels do not say: unknown for all
        return Truth(np.zeros(len(parcels), dtype=bool), np.ones(len(parcels), dtype=bool))
