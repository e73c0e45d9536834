"""The cases of the shipped pack: all pass, every rule has some, and they notice errors seeded by others."""

import random
import re
from datetime import date, timedelta

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.errors import OneMapError
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.review.proofs.mutant_runs import MutantRuns
from onemap.rules.review.proofs.proof import PacksToProve, prove_packs

pytestmark = pytest.mark.slow

FOLDER = RESOURCES / "packs"
TEXT = (FOLDER / "city-preliminary.toml").read_text("utf-8")
CASES = [(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("city-preliminary.*cases.toml"))]
DAY = date(2026, 11, 21)
SEEDS, LEAST_SEEN = 8, 0.95
_STEP_UP = {"prohibited": "restricted", "restricted": "consult", "consult": "notice", "notice": "restricted"}


def proving(text: str, cases: list[tuple[str, str]]) -> PacksToProve:
    return PacksToProve([(text, "city-preliminary.toml")], cases, shipped_catalogue(), DAY)


def cases_of(rule: str) -> list[tuple[str, str]]:
    """The cases drafted for one rule, and the text before all cases of their file."""
    ((text, name),) = [one for one in CASES if one[1] == "city-preliminary.rules.cases.toml"]
    head, *cases = re.split(r"(?m)^(?=\[\[case\]\])", text)
    return [(head + "".join(case for case in cases if f'"{rule}/' in case), name)]


def cases_about(rule: str) -> list[tuple[str, str]]:
    """The cases of other rules that name a rule, or use its layer."""
    begin = TEXT.index(f'id = "{rule}"')
    words = [f'"{rule}"', *re.findall(r'(?m)^layer = (?:\[)?("\w+")', TEXT[begin : TEXT.find("[[rule]]", begin)])]
    found = []
    for text, name in CASES:
        head, *cases = re.split(r"(?m)^(?=\[\[case\]\])", text)
        chosen = [case for case in cases if any(word in case for word in words)]
        found += [(head + "".join(chosen), name)] if chosen else []
    return found


def test_all_cases_pass_and_no_rule_is_without_its_own():
    proof = prove_packs(proving(TEXT, CASES))
    assert len(proof.results) > 2_500
    assert [one.case.id for one in proof.failed] == []
    assert proof.uncovered == []


def replaced_by(found: str, key: str, random_: random.Random) -> str:
    """Likely typing errors in a key's value."""
    if found in _STEP_UP:
        return _STEP_UP[found]
    if key == "day":
        return (date.fromisoformat(found) + timedelta(days=random_.choice((-30, -1, 1, 30)))).isoformat()
    if key == "class":
        return ""
    if key == "code":
        return f"'{found[1:-1]}X'"
    return f"{float(found) * random_.choice((0.3, 0.7, 1.5, 3)):g}"


ERRORS = {  # by kind of value where it stands in the text of a rule
    "number": r"(?<=distance_m = )\d+|(?<=\" = )[\d.]+|(?<=min_share = )[\d.]+|(?<=above = )[\d.]+",
    "class": r'(?m)(?<=^unless = \[)"\w+", |(?<=^only = \[)"\w+", ',
    "verdict": r'(?<=^verdict = ")\w+',
    "day": r"(?<=from = )\d{4}-\d\d-\d\d",
    "code": r"(?m)(?<=[(= ])'[^'%\n]+'(?=[^\n]*\"$)",
}


def seeded_error(rule: str, random_: random.Random) -> str:
    """The pack's text with one error in a rule: a number, a class, a code, a day or the verdict, as if mistyped."""
    begin = TEXT.index(f'id = "{rule}"')
    end = TEXT.find("\n[[rule]]", begin)
    block = TEXT[begin : end if end > 0 else len(TEXT)]
    found = [(key, place) for key, form in ERRORS.items() for place in re.finditer(form, block, re.MULTILINE)]
    kinds = sorted({key for key, _ in found})
    kind = random_.choice(kinds)
    place = random_.choice([place for key, place in found if key == kind])
    wrong = replaced_by(place.group(), kind, random_)
    return TEXT[: begin + place.start()] + wrong + TEXT[begin + place.end() :]


def is_seen(text: str, cases: list[tuple[str, str]]) -> bool:
    try:
        return bool(prove_packs(proving(text, cases)).failed)
    except OneMapError:
        return True  # a pack that is refused cannot be used


def unseen_errors(seed: int, count: int) -> list[str]:
    """The errors that no case sees; first its rule's own are asked, then those of its layers."""
    random_ = random.Random(seed)
    rules = [name for name in re.findall(r'(?m)^id = "([\w.]+)"\nkind', TEXT) if name != "land.composition"]
    unseen = []
    for number in range(count):
        rule = random_.choice(rules) if count > len(rules) else random_.sample(rules, count)[number]
        text = seeded_error(rule, random_)
        if not is_seen(text, cases_of(rule)) and not is_seen(text, cases_about(rule)):
            changed = [new for old, new in zip(TEXT.splitlines(), text.splitlines(), strict=True) if old != new]
            unseen.append(f"{rule}: {changed}")
    return unseen


def test_seeded_errors_are_seen_by_the_cases_of_their_rule():
    """A machine of its own, which knows nothing of the program's mutants, edits the text of the pack."""
    unseen = unseen_errors(43, SEEDS)
    assert len(unseen) <= (1 - LEAST_SEEN) * SEEDS, unseen


@pytest.mark.nightly
def test_of_three_hundred_seeded_errors_at_least_285_are_seen():
    unseen = unseen_errors(300, 300)
    assert len(unseen) <= 15, unseen


@pytest.mark.parametrize("rule", ["road.control_zone", "water_source.second_pollution"])
def test_nearly_all_mutants_of_a_rule_are_noticed_by_its_cases(rule):
    mutants = prove_packs(proving(TEXT, cases_of(rule)), MutantRuns("en", {rule})).mutants or ()
    unnoticed = [one.change for one in mutants if one.killer is None and one.equal is None]
    assert len(mutants) >= 15
    assert len(unnoticed) <= (1 - LEAST_SEEN) * len(mutants), unnoticed
