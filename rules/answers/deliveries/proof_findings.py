"""The findings of a delivery's proof: problems with their place, granted exceptions, score and grade."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import shapely

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.messages import problem_record, sender_mend
from onemap.rules.answers.deliveries.check_kinds import FATAL, MOST_LISTED, SEVERITIES
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate

Problems = TypeVar("Problems")
ACCEPTED, UNPROVED, RETURNED = "accepted", "unproved", "returned"
# What a person has to look at, since no program could: such a delivery is never simply accepted.
NOT_CHECKED = ("proof.unread", "proof.text_unread", "proof.partial")


@dataclass(frozen=True)
class Finding:
    """One problem. problem: its code and the facts of its sentence; layer: the delivered layer's code.

    ground: in the plane of the proof, None if it has no place; point: on it, in the file's own system; area_m2: of the
    ground; hash: of the feature, of what it touches, and of what is said about them.
    """

    check: Check
    problem: Problem
    path: str
    layer: str | None = None
    feature: str | None = None
    field: str | None = None
    ground: shapely.Geometry | None = None
    point: tuple[float, float] | None = None
    area_m2: float | None = None
    hash: str = ""

    @property
    def severity(self) -> str:
        """The severity: fatal, major or minor."""
        return self.check.severity_of(self.problem.code)

    @property
    def placed_problem(self) -> Problem:
        """The problem with its place, for a refusal."""
        place = ProblemPlace(file=self.path, layer=self.layer, feature=self.feature, field=self.field)
        return Problem(
            self.problem.code, {**{name: text for name, text in place.items() if text}, **self.problem.facts}
        )

    def record(self, language: str) -> dict[str, Any]:
        """The contract's JSON object, with the hash by which an exception is granted."""
        words = problem_record(self.problem, language)
        return {
            "code": self.problem.code,
            "severity": self.severity,
            "path": self.path,
            "layer": self.layer,
            "feature": self.feature,
            "field": self.field,
            "message": words["message"],
            "mend": sender_mend(self.problem.code, words["mend"], language),
            "x": None if self.point is None else round(self.point[0], 4),
            "y": None if self.point is None else round(self.point[1], 4),
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 4),
            "check": self.check.id,
            "hash": self.hash,
        }


def point_of(ground: shapely.Geometry | None) -> shapely.Point | None:
    """A point on the ground; for invalid ground a vertex."""
    if ground is None or ground.is_empty:
        return None
    if shapely.is_valid(ground):
        return ground.representative_point()
    return shapely.Point(shapely.get_coordinates(ground)[0])


@dataclass(frozen=True)
class ProvedCheck:
    """The number of objects that a check examined, and of problems that it found, including granted ones.

    is_cut: it may have found more than are listed.
    """

    check: Check
    objects: int
    problems: int
    is_cut: bool


@dataclass
class FindingList:
    """All findings of one proof, by check in the order of the template."""

    findings: list[Finding] = field(default_factory=list)
    proved: list[ProvedCheck] = field(default_factory=list)

    def take(self, check: Check, objects: int, findings: Sequence[Finding]) -> None:
        """Add the result of a check."""
        codes = Counter(finding.problem.code for finding in findings)
        self.proved.append(ProvedCheck(check, objects, len(findings), max(codes.values(), default=0) >= MOST_LISTED))
        self.findings += findings


def code_of_finding(finding: Finding) -> str:
    """The code of a finding's problem."""
    return finding.problem.code


def first_of_each_code(problems: Iterable[Problems], code_of: Callable[[Problems], str]) -> Iterator[Problems]:
    """The first MOST_LISTED findings of each code, so that many small faults do not hide a grave one."""
    counts: Counter[str] = Counter()
    for one in problems:
        counts[code_of(one)] += 1
        if counts[code_of(one)] <= MOST_LISTED:
            yield one


@dataclass(frozen=True)
class Grade:
    """The grade of a delivery. counts: of problems that are not granted, by severity."""

    score: float
    grade: str
    counts: Mapping[str, int]


def grade_of(template: DeliveryTemplate, findings: Sequence[Finding], proved: Sequence[ProvedCheck]) -> Grade:
    """Score and grade from the findings that are not granted.

    The score is 100 minus the weight of each problem, with at most `most` for each check. The grade is RETURNED if
    there is a fatal problem or the score is below `accept`; else UNPROVED if a part could not be read, or more problems
    exist than are listed, which nobody could grant; else ACCEPTED.
    """
    grading = template.grading
    lost_points: Counter[str] = Counter()
    for finding in findings:
        lost_points[finding.check.id] += grading.weight(finding.severity)  # type: ignore[assignment]
    score = round(max(0.0, 100.0 - sum(min(grading.most, weight) for weight in lost_points.values())), 1)
    counts = Counter(finding.severity for finding in findings)
    if counts[FATAL] or score < grading.accept:
        grade = RETURNED
    elif any(one.is_cut for one in proved) or any(finding.problem.code in NOT_CHECKED for finding in findings):
        grade = UNPROVED
    else:
        grade = ACCEPTED
    return Grade(score, grade, {severity: counts[severity] for severity in SEVERITIES})


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: the most severe first, then by file, layer and check."""
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(
        findings,
        key=lambda one: (order[one.severity], one.path, one.layer or "", one.check.id, one.feature or ""),
    )


def with_hash(finding: Finding, touched: Iterable[str]) -> Finding:
    """The finding with its hash: of its check, code and place, and of the content of everything that it touches.

    touched: hashes of the features concerned, or of its file.
    """
    place = (text or "" for text in (finding.path, finding.layer, finding.field))
    parts = [finding.check.id, finding.problem.code, *place, *sorted(touched)]
    return replace(finding, hash=hashlib.sha256("\0".join(parts).encode()).hexdigest())
