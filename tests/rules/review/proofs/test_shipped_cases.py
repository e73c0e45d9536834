"""The cases of the shipped pack: all pass, no rule is without them, and errors that others seed are seen by them."""

import random
import re
from datetime import date

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.errors import OneMapError
from onemap.layers.messages import RESOURCES
from onemap.rules.review.proofs.mutant_runs import MutantRuns
from onemap.rules.review.proofs.proof import Proving, prove_packs

pytestmark = pytest.mark.slow

FOLDER = RESOURCES / "packs"
TEXT = (FOLDER / "city-preliminary.toml").read_text("utf-8")
CASES = [(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("city-preliminary.*cases.toml"))]
DAY = date(2026, 11, 21)
SEEDS, LEAST_SEEN = 8, 0.95
_STEP_UP = {"prohibited": "restricted", "restricted": "consult", "consult": "notice", "notice": "restricted"}


def proving(text: str, cases: list[tuple[str, str]]) -> Proving:
    return Proving([(text, "city-preliminary.toml")], cases, shipped_catalogue(), DAY)


def cases_of(rule: str) -> list[tuple[str, str]]:
    """The cases that were drafted for one rule, and what stands before all cases of their file."""
    ((text, name),) = [one for one in CASES if one[1] == "city-preliminary.rules.cases.toml"]
    head, *cases = re.split(r"(?m)^(?=\[\[case\]\])", text)
    return [(head + "".join(case for case in cases if f'"{rule}/' in case), name)]


def test_all_cases_pass_and_no_rule_is_without_its_own():
    proof = prove_packs(proving(TEXT, CASES))
    assert len(proof.results) > 2_500
    assert [one.case.id for one in proof.failed] == []
    assert proof.uncovered == []


def seeded_error(rule: str, random_: random.Random) -> str | None:
    """The pack's text with one error in a rule: a number, a listed word or the verdict, as somebody might mistype."""
    begin = TEXT.index(f'id = "{rule}"')
    end = TEXT.index("\ntitle = ", begin)
    block = TEXT[begin:end]
    places = [*re.finditer(r"(?<=distance_m = )\d+|(?<=\" = )[\d.]+|(?<=min_share = )[\d.]+", block)]
    places += [*re.finditer(r'"\w+", (?=.*\]\n)', block)] if "unless" in block or "only" in block else []
    places += [*re.finditer(r'(?<=verdict = ")\w+', block)]
    place = random_.choice(places)
    found = place.group()
    if found in _STEP_UP:
        wrong = _STEP_UP[found]
    elif found.startswith('"'):
        wrong = ""
    else:
        wrong = f"{float(found) * random_.choice((0.3, 0.7, 1.5, 3)):g}"
    return TEXT[: begin + place.start()] + wrong + TEXT[begin + place.end() :]


def test_seeded_errors_are_seen_by_the_cases_of_their_rule():
    """A machine of its own, which knows nothing of the program's mutants, edits the text of the pack."""
    random_ = random.Random(43)
    rules = [name for name in re.findall(r'(?m)^id = "([\w.]+)"\nkind', TEXT) if name != "land.composition"]
    unseen = []
    for rule in random_.sample(rules, SEEDS):
        text = seeded_error(rule, random_)
        try:
            is_seen = bool(prove_packs(proving(text, cases_of(rule))).failed)
        except OneMapError:
            is_seen = True  # a pack that is refused cannot be used
        unseen += [] if is_seen else [rule]
    assert len(unseen) <= (1 - LEAST_SEEN) * SEEDS, unseen


@pytest.mark.parametrize("rule", ["road.control_zone", "water_source.second_pollution"])
def test_nearly_all_mutants_of_a_rule_are_noticed_by_its_cases(rule):
    mutants = prove_packs(proving(TEXT, cases_of(rule)), MutantRuns("en", {rule})).mutants or ()
    unnoticed = [one.change for one in mutants if one.killer is None and one.equal is None]
    assert len(mutants) >= 15
    assert len(unnoticed) <= (1 - LEAST_SEEN) * len(mutants), unnoticed
