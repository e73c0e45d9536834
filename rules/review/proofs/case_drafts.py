"""Drafts of test cases for a rule, with values at the rule's own limits, for a person to correct.

A draft expects what the rule itself says. Whether the law says so, and which other rules decide as well, must be judged
by someone who knows the law.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.toml_text import toml_content, toml_value
from onemap.layers.messages import phrase
from onemap.rules.judge.kinds.permitted_uses import permits_of
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.mutants import next_class
from onemap.rules.review.proofs.projects_of_rules import (
    SILENT_PROJECT,
    Project,
    TrialProjects,
    project_of_condition,
)
from onemap.rules.review.proofs.rule_coverage import first_days
from onemap.rules.review.proofs.trial_fields import Fields, holds_or_unknown, trial_fields

_INSIDE, _BEYOND = 0.95, 1.05  # of a limit: just within it, just beyond it
_JUST, _BELOW = 1.05, 0.9  # of an amount that must be reached: just enough, and too little
_WIDE, _STEEPER, _FLATTER = 100.0, 1.04, 0.96
_HALF_WIDTH_M = 5.0  # of features that state it
_MOST_DEEP_M = 1.0  # of a conflict that is to have a certain area
Draft = dict[str, Any]


@dataclass(frozen=True)
class CaseDrafts:
    """Drafts of cases for the rules of some packs. classes: of the packs, in their order."""

    rules: Sequence[Rule]
    classes: Mapping[str, ProjectClass]
    catalogue: Mapping[str, LayerEntry]
    language: str

    @cached_property
    def _projects(self) -> TrialProjects:
        return TrialProjects(self.classes)

    def of(self, rule: Rule, day: date) -> list[Draft]:
        """The drafts for one rule that judges, by the names of a case's keys. day: one on which its law is in force."""
        if not rule.finds:
            return []
        trial = _Trial(rule, self, self._project(rule), trial_fields(rule, self.catalogue[rule.layer]), day)
        drafts = [*trial.of_kind(), *trial.of_conditions(), *trial.of_projects(self._projects), *trial.of_law()]
        used_ids = set[str]()
        own_drafts = []
        for draft in drafts:
            name = draft["id"]
            number = 2
            while draft["id"] in used_ids:
                draft["id"] = f"{name}-{number}"
                number += 1
            used_ids.add(draft["id"])
            own_drafts.append(draft)
        return own_drafts

    def _project(self, rule: Rule) -> Project:
        if rule.silent:
            return SILENT_PROJECT
        if rule.when is not None and (project := project_of_condition(rule.when)) is not None:
            return project
        reached = self._projects.reached(rule)
        return reached[0] if reached else SILENT_PROJECT

    def stricter(self, rule: Rule) -> Rule | None:
        """The rule of the same kind whose least share must not be reached for this rule to judge; None if none."""
        return next(
            (one for one in self.rules if one.id in rule.under and one.min_share and one.kind == rule.kind), None
        )

    def milder(self, rule: Rule) -> Rule | None:
        """The rule that judges where this rule's least share is not reached."""
        return next((one for one in self.rules if rule.id in one.under and one.kind == rule.kind), None)

    def is_asked(self, rule: Rule, fields: Fields) -> bool:
        """Whether another rule of the same layer concerns such features: its own cases show what it says of them."""
        others = (one for one in self.rules if one.layer == rule.layer and one.id != rule.id and one.finds)
        return any(holds_or_unknown(one, fields, self.catalogue[rule.layer]) for one in others)

    def rule_of_excused(self, rule: Rule) -> Rule | None:
        """The rule that judges the projects which this rule excuses."""
        return next((one for one in self.rules if any(above.id == rule.id for above in one.milder_of)), None)


class CaseForm(Enum):
    """How the ground of a case lies to a feature: on it, outside, in a strip beside it, at a distance, on cells."""

    GROUND = "ground"
    OUTSIDE = "outside"
    STRIP = "strip"
    DISTANCE = "distance"
    USE = "use"
    CELLS = "cells"


_FORM_OF_KIND = {
    "within": CaseForm.OUTSIDE,
    "setback": CaseForm.STRIP,
    "near": CaseForm.DISTANCE,
    "use": CaseForm.USE,
    "raster": CaseForm.CELLS,
}


@dataclass(frozen=True)
class _Trial:
    """The drafting of cases for one rule. project: one that the rule reaches; fields: of features."""

    rule: Rule
    drafts: CaseDrafts
    project: Project
    fields: Any
    day: date

    @property
    def _first(self) -> Fields:
        return self.fields.true[0] if self.fields.true else {}

    @property
    def _layer(self) -> str:
        return self.rule.layers_named[0]

    @property
    def _form(self) -> CaseForm:
        return _FORM_OF_KIND.get(self.rule.kind, CaseForm.GROUND)

    def _draft(self, name: str, says: Rule | None | str, **values: Any) -> Draft:
        """One draft of a case. says: the rule that decides, None if no rule objects, or a verdict such as "unknown"."""
        rule = self.rule
        verdict = "clear" if says is None else says if isinstance(says, str) else says.verdict
        # Of ground that a layer does not tell of, all its rules are unknown: which, is not stated again in every case.
        decides = {"decides": [] if says is None else [says.id]} if not isinstance(says, str) else {}
        title = phrase(f"case_draft.{name.partition('_')[0]}", self.drafts.language)
        language = self.drafts.language
        head = {"id": f"{rule.id}/{name}", "title": f"{rule.title.get(language, rule.id)}：{title}"}
        cited = says if isinstance(says, Rule) else rule
        head |= {"article": _article(cited.on_day(values.get("day", self.day)))}
        project = values.pop("project", self.project)
        own = {key: value for key, value in project.items() if key != "stated"}
        project_values = {"project": own} if own else {}
        project_values |= {"stated": project["stated"]} if "stated" in project else {}
        return {**head, **project_values, **values, "verdict": verdict, **decides}

    def _feature(self, fields: Fields | None = None, layer: str | None = None, **shape: Any) -> Draft:
        field_values = {
            name: value for name, value in (self._first if fields is None else fields).items() if value is not None
        }
        wide = self.rule.for_layer(layer or self._layer).options.get("half_width_field")
        return {"layer": layer or self._layer, **shape, **({wide: _HALF_WIDTH_M} if wide else {}), **field_values}

    def _draft_with_feature(
        self, name: str, says: Rule | None | str, lies: str, fields: Fields | None = None, **more: Any
    ) -> Draft:
        return self._draft(name, says, **more, features=[self._feature(fields, lies=lies)])

    def of_kind(self) -> Iterator[Draft]:
        """Drafts by the rule's kind: hit, miss, at the limit, too little, unknown."""
        makers = {
            CaseForm.OUTSIDE: self._boundary,
            CaseForm.STRIP: self._setback,
            CaseForm.DISTANCE: self._near,
            CaseForm.USE: self._use,
            CaseForm.CELLS: self._raster,
        }
        yield from makers.get(self._form, self._ground)()
        outside_values = {"without": [self._layer]} if self._form is CaseForm.OUTSIDE else {}
        if self._form is not CaseForm.CELLS:
            yield self._draft("unknown", "unknown", beyond=[self._layer], **outside_values)

    def _ground(self) -> Iterator[Draft]:
        yield self._draft_with_feature("hit", self.rule, "inside")
        yield self._draft_with_feature("miss", None, "touching")
        yield from self._least("inside", self._draft_with_feature)

    def _least(self, word: str, make_draft: Any) -> Iterator[Draft]:
        rule = self.rule
        if rule.min_area_m2 and rule.min_area_m2 > rule.min_width_m**2:
            yield make_draft("limit_area", rule, f"{rule.min_area_m2 * _JUST:g} m² {word}")
            yield make_draft("sliver_area", None, f"{rule.min_area_m2 * _BELOW:g} m² {word}")
        if rule.min_share:
            yield make_draft("limit_share", rule, f"{rule.min_share * 100 * _JUST:g} % {word}")
            yield make_draft("sliver_share", None, f"{rule.min_share * 100 * _BELOW:g} % {word}")
        if rule.min_width_m and word == "inside":
            yield make_draft("limit_width", rule, f"{rule.min_width_m * _JUST:g} m strip")
            yield make_draft("sliver_width", None, f"{rule.min_width_m * _BELOW:g} m strip")

    def _boundary(self) -> Iterator[Draft]:
        def boundary_case(name: str, says: Rule | None, lies: str) -> Draft:
            return self._draft(name, says, without=[self._layer], features=[self._feature(lies=lies)])

        yield self._draft("hit", self.rule, without=[self._layer])
        yield boundary_case("miss", None, "inside")
        yield from self._least("outside", boundary_case)

    def _near(self) -> Iterator[Draft]:
        far = float(self.rule.options["distance_m"])
        yield self._draft_with_feature("hit", self.rule, f"{far:g} m from")
        yield self._draft_with_feature("miss", None, f"{far * _BEYOND:g} m from")

    def _setback(self) -> Iterator[Draft]:
        for number, (fields, far) in enumerate(self._distances()):
            end = "" if not number else f"_{number + 1}"
            width = {"parcel": f"{self._width(far):g} × {_WIDE:g}"} if self._width(far) != _WIDE else {}
            yield self._draft_with_feature(f"hit{end}", self.rule, self._place_within(far), fields, **width)
            yield self._draft_with_feature(f"limit{end}", None, self._place_away(far), fields, **width)
        fields, far = self._distances()[0]
        deep = min(far * (1 - _INSIDE), _MOST_DEEP_M)
        share = self.rule.min_share
        lies = self._place_away(far - deep)
        for name, times, says in (("limit_area", _JUST, self.rule), ("sliver_area", _BELOW, None)):
            if self.rule.min_area_m2 and deep:
                size = f"{deep / share * 0.8 if share else _WIDE:g} × {times * self.rule.min_area_m2 / deep:g}"
                yield self._draft_with_feature(name, says, lies, fields, parcel=size)
        if share and deep:
            strip = self.drafts.milder(self.rule)
            for name, times, says in (("limit_share", _JUST, self.rule), ("sliver_share", _BELOW, strip)):
                yield self._draft_with_feature(
                    name, says, lies, fields, parcel=f"{deep / (share * times):.9g} × {_WIDE:g}"
                )
        if isinstance(self.rule.options["distance_m"], Mapping) and "default" not in self.rule.options["distance_m"]:
            nothing = {key: value for key, value in fields.items() if key not in self._distance_fields()}
            least = min(map(float, self.rule.options["distance_m"]["values"].values()))
            yield self._draft_with_feature("unknown_class", "unknown", self._place_away(least * _INSIDE), nothing)

    def _place_away(self, far: float) -> str:
        """The words that place a feature whose edge is this far away: it lies half a width beyond what is drawn."""
        options = self.rule.options
        half_width_m = _HALF_WIDTH_M if "half_width_field" in options else float(options.get("half_width_m", 0.0))
        return f"{far + half_width_m:.9g} m from"

    def _place_within(self, far: float) -> str:
        """The words that place a feature just within a distance; at 0 m only ground on it is."""
        return self._place_away(far * _INSIDE) if far else "inside"

    def _width(self, far: float) -> float:
        """A parcel's width, so that a conflict just within the limit has its share, or misses another rule's."""
        if self.rule.min_share:
            return far * 0.8
        return max(_WIDE, far * 2) if self.drafts.stricter(self.rule) else _WIDE

    def _distance_fields(self) -> list[str]:
        distances = self.rule.options["distance_m"]
        if not isinstance(distances, Mapping):
            return []
        return list(distances["field"]) if isinstance(distances["field"], list) else [distances["field"]]

    def _distances(self) -> list[tuple[Fields, float]]:
        """Fields of features for each class of the rule's distances, with the metres of each."""
        distances, names = self.rule.options["distance_m"], self._distance_fields()
        if not isinstance(distances, Mapping):
            return [(self._first, float(distances))]
        fields_and_distances = []
        for fields in self.fields.true:
            class_values = [fields.get(name) for name in names]
            far = distances["values"].get("/".join(map(str, class_values)), distances.get("default"))
            if far and None not in class_values:
                fields_and_distances.append((fields, float(far)))
        return fields_and_distances or [
            (self._first, float(max([*distances["values"].values(), distances.get("default", 0)])))
        ]

    def _use(self) -> Iterator[Draft]:
        from onemap.layers.frames.fields import object_array  # numpy and pandas, which the words of a verb do without

        permits = permits_of(self.rule.options["permits"], "land-sea-2023")
        parcel_field, plan_field = self.rule.options["parcel_field"], self.rule.options["plan_field"]
        code = next(iter(self.project.values()), "070102")
        (key,) = permits.keys(object_array([code]), object_array([None]))
        uses = [use for use in ("070102", "1401", "100101", "090101", "080403") if key is not None]
        good = next((use for use in uses if permits.permits(key, use)), code)
        bad = next((use for use in uses if not permits.permits(key, use)), "1401")
        own = {"project": {parcel_field: code}}
        yield self._draft_with_feature("hit", self.rule, "inside", {plan_field: bad}, **own)
        yield self._draft_with_feature("miss", None, "inside", {plan_field: good}, **own)
        yield from self._least(
            "inside", lambda n, s, lies: self._draft_with_feature(n, s, lies, {plan_field: bad}, **own)
        )
        yield self._draft_with_feature("unknown_value", "unknown", "inside", {}, **own)

    def _raster(self) -> Iterator[Draft]:
        name = "above" if "above" in self.rule.options else "below"
        limit, cell = float(self.rule.options[name]), "slope" if "derive" in self.rule.options else "value"
        steps = (_STEEPER, _FLATTER) if name == "above" else (_FLATTER, _STEEPER)
        for label, step, says in (("hit", steps[0], self.rule), ("miss", steps[1], None)):
            feature = {**self._feature({}, lies="inside"), cell: round(limit * step, 6)}
            yield self._draft(label, says, features=[feature])
        yield self._draft("unknown", "unknown", never_loaded=[], outdated=[self._layer])

    def of_conditions(self) -> Iterator[Draft]:
        """Drafts for each value that `where` names, for values that no rule of the layer names, and for no value."""
        rule = self.rule
        if self._form is CaseForm.STRIP and self._distance_fields():
            true: Sequence[Fields] = ()
        else:
            true = self.fields.true[1:]
        if self.rule.where is None:
            true = ()
        lies = self._usual_lies()
        for number, fields in enumerate(true, start=2):
            yield self._draft_with_feature(f"value_{number}", self.rule, lies, fields, **self._usual_size())
        others = [fields for fields in self.fields.false if not self.drafts.is_asked(rule, fields)]
        for number, fields in enumerate(others, start=1):
            yield self._draft_with_feature(f"other_{number}", None, lies, fields, **self._usual_size())
        for fields in self.fields.unknown[:1]:
            yield self._draft_with_feature("unknown_value", "unknown", lies, fields, **self._usual_size())
        for number, code in enumerate(self.rule.layers_named[1:], start=2):
            by_layer = self.rule.for_layer(code)
            fields = trial_fields(by_layer, self.drafts.catalogue[code]).true[0]
            if self._form is CaseForm.USE:
                fields = {by_layer.options["plan_field"]: "1401"}
            yield self._draft(f"layer_{number}", self.rule, features=[self._feature(fields, code, lies=lies)])

    def _usual_lies(self) -> str:
        if self._form is CaseForm.STRIP:
            return self._place_within(self._distances()[0][1])
        return f"{float(self.rule.options['distance_m']):g} m from" if self._form is CaseForm.DISTANCE else "inside"

    def _usual_size(self) -> dict[str, str]:
        if self._form is not CaseForm.STRIP:
            return {}
        width = self._width(self._distances()[0][1])
        return {"parcel": f"{width:g} × {_WIDE:g}"} if width != _WIDE else {}

    def _usual(self, name: str, says: Rule | None | str, **more: Any) -> Draft:
        if self._form is CaseForm.OUTSIDE:
            return self._draft(name, says, without=[self._layer], **more)
        if self._form is CaseForm.CELLS:
            hit = next(self._raster())
            return self._draft(name, says, features=hit["features"], **more)
        if self._form is CaseForm.USE:
            return self._draft_with_feature(name, says, "inside", {self.rule.options["plan_field"]: "1401"}, **more)
        return self._draft_with_feature(name, says, self._usual_lies(), None, **{**self._usual_size(), **more})

    def of_projects(self, projects: TrialProjects) -> Iterator[Draft]:
        """Drafts for each class that is excused or reached, and for the next class, which is not."""
        rule, all_classes = self.rule, list(self.drafts.classes.values())
        milder = self.drafts.rule_of_excused(rule)
        for item in rule.unless:
            if project := projects.excused_by_one(rule, item):
                yield self._usual(f"excused_{item.name}", milder, project=project)
        for item in rule.only if len(rule.only) > 1 else ():
            if project := projects.reached_by_one(rule, item):
                yield self._usual(f"reached_{item.name}", rule, project=project)
        others = [one for one in projects.all if one not in projects.reached(rule)]
        for key, among, says in (("unless", projects.reached(rule), rule), ("only", others, None)):
            more = next_class(rule, key, all_classes)
            if more and (project := projects.of_class(more, among)):
                yield self._usual(f"next_{more.name}", says, project=project)

    def of_law(self) -> Iterator[Draft]:
        """Drafts for the first day of each of the rule's laws, and for the day before."""
        for first in first_days(self.rule):
            for name, day in ((f"before_{first}", first - timedelta(days=1)), (f"after_{first}", first)):
                then = self.rule.on_day(day)
                cites = [entry.text for entry in then.basis]
                yield self._usual(name, self.rule if then.basis else None, day=day, cites=cites)


def _article(rule: Rule) -> str:
    """The first article that a rule cites."""
    entries = rule.basis or replace(rule).basis
    numbered_entries = [one for one in entries if one.article.startswith("第")] or list(entries)
    return numbered_entries[0].text if numbered_entries else ""


def drafts_text(drafts: Sequence[Draft]) -> str:
    """The text of cases as in a file."""
    return "\n".join(_case_text(draft) for draft in drafts)


def head_text(cases: str, day: date) -> str:
    """The head of a file of cases, with the surroundings of another file's cases."""
    surroundings = toml_content(cases.replace("\r\n", "\n")).get("around", ())
    tables = [("[cases]", {"day": day}), *(("[[around]]", one) for one in surroundings)]
    return "".join(
        "\n".join((name, *(f"{key} = {toml_value(value)}" for key, value in table.items()), "\n"))
        for name, table in tables
    )


def _case_text(draft: Draft) -> str:
    lines = ["[[case]]"]
    for key, value in draft.items():
        if value in ("", None) or (value == [] and key != "decides"):
            continue
        lines.append(f"{key} = {toml_value(value)}")
    return "\n".join(lines) + "\n"
