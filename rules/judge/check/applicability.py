"""Which parcels a rule applies to: by `when`, by the classes of their projects, by the rule that it is milder than."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import USE_FIELD, named_codes
from onemap.layers.frames.fields import are_none
from onemap.rules.judge.kinds.conditions import Truth, column_named, fields_of
from onemap.rules.judge.kinds.foreseen_values import is_named_exactly, truth_of_rows
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.packs.rule import Rule


@dataclass(frozen=True)
class Applicability:
    """For n parcels: whether a rule applies, and whether it does so only because a fact of the parcel is missing.

    excused_by: (n,) what excuses the project, as in `Projects.excuses`; None where the rule excuses nobody. An excused
    parcel is measured like any other, but its row decides nothing.
    """

    applies: np.ndarray
    lacks_fact: np.ndarray
    excused_by: np.ndarray | None = None


def applicability(rule: Rule, parcels: pd.DataFrame, projects: Projects) -> Applicability:
    """Decide which parcels a rule applies to. parcels: n rows of attributes; projects: the facts that they state.

    A project that states nothing belongs to no class: `unless` does not excuse it, and `only` reaches it where the rule
    says `silent`. Where `when` cannot be evaluated, the rule applies.
    """
    reached = _own_applicability(rule, parcels, projects)
    if not rule.unless:
        return reached
    excused_by = projects.excuses(rule.unless)
    is_excused = _are_there(excused_by)
    lacks_fact = (reached.lacks_fact | projects.are_silent(rule.unless)) & reached.applies & ~is_excused
    return Applicability(reached.applies, lacks_fact, excused_by if is_excused.any() else None)


def _own_applicability(rule: Rule, parcels: pd.DataFrame, projects: Projects) -> Applicability:
    """The rule's applicability, without the parcels that its `unless` excuses."""
    applies, lacks_fact = np.ones(len(parcels), dtype=bool), np.zeros(len(parcels), dtype=bool)
    if rule.when is not None:
        truth = _truth(rule.when, parcels)
        applies, lacks_fact = truth.possible, truth.unknown
    if rule.only:
        is_silent = projects.are_doubtful(rule.only) & rule.silent
        applies, lacks_fact = applies & (projects.are_of(rule.only) | is_silent), lacks_fact | is_silent
    if rule.milder_of:
        excused = [_is_excused(severe, parcels, projects) for severe in rule.milder_of]
        applies = applies & np.logical_or.reduce(excused)
    return Applicability(applies, applies & lacks_fact)


def _are_there(values: np.ndarray) -> np.ndarray:
    """Which values (n,) are not None."""
    there: np.ndarray = ~are_none(values)
    return there


def _is_excused(rule: Rule, parcels: pd.DataFrame, projects: Projects) -> np.ndarray:
    """Which parcels (n,) the rule would reach if its `unless` did not excuse them."""
    excused: np.ndarray = _own_applicability(rule, parcels, projects).applies & _are_there(
        projects.excuses(rule.unless)
    )
    return excused


def _truth(when: str, parcels: pd.DataFrame) -> Truth:
    """Evaluate a condition for parcels (n,); unknown where it differs between two uses that a parcel names."""
    try:
        whole = truth_of_rows(when, parcels, None)
    except KeyError:  # the parcels do not say: unknown for all
        return Truth(np.zeros(len(parcels), dtype=bool), np.ones(len(parcels), dtype=bool))
    use_field = next((name for name in fields_of(when) if name.upper() == USE_FIELD), None)
    rows, uses = ([], []) if use_field is None else _each_use(when, parcels, use_field)
    if not rows:
        return whole
    each = truth_of_rows(when, parcels.iloc[rows].assign(**{str(use_field): np.array(uses, dtype=object)}), None)
    of_all = pd.DataFrame({"true": each.true, "false": ~each.true & ~each.unknown}).groupby(rows).all()
    true, unknown = whole.true.copy(), whole.unknown.copy()
    true[of_all.index] = of_all["true"]
    unknown[of_all.index] = ~of_all["true"] & ~of_all["false"]
    return Truth(true, unknown)


def _each_use(when: str, parcels: pd.DataFrame, use_field: str) -> tuple[list[int], list[str | None]]:
    """The single uses of parcels that name several (0701/1001): row and code of each.

    use_field: the field of the use, as the condition spells it.
    """
    values = pd.Series(column_named(parcels, use_field))
    texts = [
        value for value in values.unique() if isinstance(value, str) and not is_named_exactly(when, use_field, value)
    ]
    codes_of = {text: codes for text in texts if len(codes := named_codes(text)) > 1}
    rows = np.flatnonzero(values.isin(codes_of)).tolist() if codes_of else []
    pairs = [(row, code) for row in rows for code in codes_of[values.iloc[row]]]
    return [row for row, _ in pairs], [code for _, code in pairs]
