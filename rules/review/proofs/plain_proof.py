"""The proof by cases of something that has no rules: which cases pass, and what has no case yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onemap.layers.messages import phrase
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.proofs.rule_coverage import CLAUSES, HIT, NEEDED


@dataclass(frozen=True)
class PlainCase:
    """One case: what it expects and what was answered, in words. subjects: what it is a case of, by clause."""

    id: str
    title: str
    source: str
    expected: str
    answer: str
    passes: bool
    subjects: Mapping[str, Sequence[str]]

    @property
    def names(self) -> str:
        """The names of all its subjects, without repetition."""
        return ", ".join(dict.fromkeys(name for names in self.subjects.values() for name in names))


@dataclass(frozen=True)
class PlainProof:
    """The result of such cases. titles: of everything to be proved, by name; clauses: those that each must have."""

    titles: Mapping[str, str]
    cases: Sequence[PlainCase]
    clauses: tuple[str, ...] = (HIT,)

    def count(self, subject: str, clause: str) -> int | None:
        """How many passing cases show a clause of a subject; None if it cannot have the clause."""
        if clause not in self.clauses:
            return None
        return sum(case.passes and subject in case.subjects.get(clause, ()) for case in self.cases)

    @property
    def uncovered(self) -> list[str]:
        """The names that lack a clause."""
        return [name for name in self.titles if not all(self.count(name, clause) for clause in self.clauses)]

    def answer(self) -> Row:
        """The contract's JSON object."""
        failed = [case for case in self.cases if not case.passes]
        return {
            "ok": True,
            "cases": len(self.cases),
            "passed": len(self.cases) - len(failed),
            "failed": [
                {
                    "case": case.id,
                    "expected": case.expected,
                    "verdict": case.answer,
                    "rule": case.names,
                }
                for case in failed
            ],
            "rules": {name: {clause: self.count(name, clause) for clause in NEEDED} for name in self.titles},
            "uncovered": self.uncovered,
            "failed_on": bool(failed or self.uncovered),
        }

    def tables(self, language: str) -> dict[str, list[Row]]:
        """The rows of each table of the report."""
        rules = [
            {"rule": name, "title": title, **{clause: self.count(name, clause) for clause in CLAUSES}}
            for name, title in self.titles.items()
        ]
        cases = [
            {
                "case": case.id,
                "title": case.title,
                "article": case.source,
                "expected": case.expected,
                "verdict": case.answer,
                "rule": case.names,
                "state": phrase(f"proof_state.{'passes' if case.passes else 'fails'}", language),
            }
            for case in sorted(self.cases, key=lambda one: one.passes)
        ]
        return {"proof_rules": rules, "proof_cases": cases}
