"""The plan of a check, the same for all parcels: its rules, and the versions that it knows."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date

from onemap.layers.catalogue.layer_names import meant_codes
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, in_force, layer_in_force, versions
from onemap.layers.reason import Reason
from onemap.rules.judge.inputs.check_record import SkippedRule
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.overlay.overlay import MARGIN_M
from onemap.rules.judge.packs.pack import joined_rules
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.question import Question

VersionsUsed = Mapping[str, tuple[str, str]]  # by their tables, each version's layer and label


@dataclass(frozen=True)
class CheckPlan:
    """The rules to run in their order, the skipped rules with the reason, and the versions known at the start.

    origin: the point from which coordinates are counted; replaced: layer code → file; unreadable: layers of which some
    ground proved damaged, so that nothing is read from them. All are plain values: another process can work by the
    plan.
    """

    rules: tuple[Rule, ...]
    skipped: tuple[SkippedRule, ...]
    known: tuple[Version, ...]
    as_of: date
    replaced: Mapping[str, str]
    origin: tuple[float, float]
    language: str
    unreadable: frozenset[str] = field(default_factory=frozenset)

    def sources(self, library: Library) -> Sources:
        """Where the layers come from."""
        required = {rule.layer: rule.layer_fields for rule in self.rules}
        return Sources(library, self.known, self.as_of, self.replaced, required, self.origin, self.unreadable)

    @property
    def codes(self) -> list[str]:
        """The layers that the rules use, in the order in which they are first needed."""
        return list(dict.fromkeys(code for rule in self.rules for code in rule.layers))

    def in_force(self, code: str) -> Version | None:
        """The version of a layer in force for the check, if any."""
        return layer_in_force(self.known, code, self.as_of)

    @property
    def versions_used(self) -> VersionsUsed:
        """The versions in force of the layers that the rules use, without layers that files replace."""
        in_force = map(self.in_force, (code for code in self.codes if code not in self.replaced))
        return {version.table: (version.code, version.label) for version in in_force if version is not None}

    def reaches(self) -> dict[str, float]:
        """The distance from the parcels, in metres, within which each layer matters, by the rule that looks farthest.

        It includes the margin of overlays, which changes only the last digits of areas: these must not depend on which
        other parcels are asked about.
        """
        reach: dict[str, float] = {}
        for rule in self.rules:
            for code in rule.layers:
                reach[code] = max(reach.get(code, 0.0), KINDS[rule.kind].reach_m(rule.options) + 2 * MARGIN_M)
        return reach


def check_plan_of(
    library: Library, question: Question, origin: tuple[float, float], *, strictly: bool = True
) -> CheckPlan:
    """Make the plan of a check. origin: the point from which coordinates are counted.

    strictly: as in `joined_rules`; not for a stored check that is only read.

    Raises UsageError only.unknown, replace.unknown, OneMapError pack.no_rules.
    """
    all_rules = joined_rules(question.packs, question.as_of, strictly=strictly)
    if not all_rules and not any(pack.checklist for pack in question.packs):
        raise OneMapError("pack.no_rules", packs=[pack.id for pack in question.packs])
    all_versions = _known_versions(library, question)
    ever_loaded = {version.code for version in all_versions} | set(question.replaced)
    in_force_now = {version.code for version in all_versions if in_force([version], question.as_of)} | set(
        question.replaced
    )
    named_layers = {code for rule in all_rules for code in rule.layers_named}
    _check_asked(library, question.only, named_layers, "only.unknown", "--only")
    rules, skipped = _chosen_rules(question, all_rules, ever_loaded, in_force_now)
    plan = CheckPlan(
        tuple(rules), tuple(skipped), tuple(all_versions), question.as_of, question.replaced, origin, question.language
    )
    # A file in place of a layer that no rule takes, since another of its layers comes first, would change nothing.
    _check_asked(library, question.replaced, set(plan.codes), "replace.unknown", "--replace")
    return plan


def _check_asked(library: Library, codes: Iterable[str], named_layers: Set[str], refusal: str, field: str) -> None:
    """Refuse codes of layers that no rule uses. refusal: the code of the refusal. Raises UsageError."""
    for code in codes:
        if code not in named_layers:
            catalogue = {
                layer_code: entry for layer_code, entry in library.catalogue().items() if layer_code in named_layers
            }
            raise UsageError(
                refusal, field=field, layer=code, meant=meant_codes(code, catalogue), known=sorted(named_layers)
            )


def _known_versions(library: Library, question: Question) -> list[Version]:
    """The versions that the question may use; of a layer with a version `in_place` only that one, without dates.

    A version that a repeated run used was not retired when it did.
    """
    of_run = question.used if question.known_at is not None else {}
    fixed_versions = {**of_run, **question.in_place}
    all_versions = [version for version in versions(library, question.known_at) if version.code not in fixed_versions]
    if not fixed_versions:
        return all_versions
    every = versions(library)
    used_tables = {table for code, table in of_run.items() if code not in question.in_place}
    all_versions += [replace(version, retired=None) for version in every if version.table in used_tables]
    versions_in_place = [version for version in every if question.in_place.get(version.code) == version.label]
    return [
        *all_versions,
        *(replace(version, valid_from=None, valid_to=None, retired=None) for version in versions_in_place),
    ]


def _chosen_rules(
    question: Question, rules: list[Rule], ever_loaded: set[str], in_force_now: set[str]
) -> tuple[list[Rule], list[SkippedRule]]:
    """The rules to run, as they hold on the day, and the rules that are skipped, with the reason.

    A rule that names several layers can be chosen by the code of any of them.
    """
    only = set(question.only)
    chosen_rules, skipped = [], list[SkippedRule]()
    for named_rule in rules:
        rule = rule_on_day(named_rule, question.as_of, ever_loaded, in_force_now)
        if not rule.basis:
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": Reason.LAW_NOT_IN_FORCE})
        elif only and only.isdisjoint(named_rule.layers_named):
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": Reason.ONLY})
        elif is_left_to_people(rule, ever_loaded):
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": Reason.LAYER_MISSING})
        else:
            chosen_rules.append(rule)
    return chosen_rules, skipped


def rule_on_day(rule: Rule, day: date, ever_loaded: Set[str], in_force_now: Set[str]) -> Rule:
    """A rule as it holds on a day; its basis is empty where no law of it is in force.

    Of several layers it uses the first that is in force, else the first that was ever loaded.
    """
    code_sets = (in_force_now, ever_loaded)
    return rule.on_day(day, next((code for codes in code_sets for code in rule.layers_named if code in codes), None))


def is_left_to_people(rule: Rule, ever_loaded: Set[str]) -> bool:
    """Whether a rule is a checklist item instead of being run: neither its layer nor its zones were ever loaded."""
    own_layers = {rule.layer, rule.other_layers.get("instead")}
    return rule.missing == "checklist" and own_layers.isdisjoint(ever_loaded)
