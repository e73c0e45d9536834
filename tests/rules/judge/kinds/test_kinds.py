"""Every kind of rule is complete, and no module outside the kinds mentions one by name."""

import ast
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from onemap.layers.messages import LANGUAGES
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.ground import CoveredGround
from onemap.rules.judge.kinds.kind import TYPE_WORDS, Key, KindReason
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.keys import TABLES
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.cases.case import Terms
from onemap.rules.verbs.commands.pack_reference import pack_reference
from onemap.rules.verbs.commands.reference import DOCS
from onemap.tests.rules.judge.kinds.kind_gaps import gaps_of

ROOT = Path(__file__).resolve().parents[4]
KINDS_FOLDER = ROOT / "rules" / "judge" / "kinds"
KNOWN_BY_MARK = "KIND = Kind("


def test_no_kind_is_missing_anywhere():
    modules = {path.stem for path in KINDS_FOLDER.glob("*.py") if KNOWN_BY_MARK in path.read_text(encoding="utf-8")}
    gaps = [f"rules/judge/kinds/__init__.py: {name} is not in its line" for name in sorted(modules - set(KINDS))]
    gaps += [f"{name}: {gap}" for name, kind in KINDS.items() for gap in gaps_of(kind)]
    assert gaps == []


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"title": {"en": "keep off"}}, "title: no words in zh"),
        ({"geometries": ("hexagon",)}, "geometries: hexagon is none"),
        (
            {"measures": {"dwellings": {"zh": "户", "en": "dwellings"}}},
            "measures.dwellings: findings have no such column",
        ),
        ({"keys": {"most": Key("text", {"en": "m", "zh": "m"})}}, "keys.most.title: no words in zh"),
        ({"reasons": {"sliver": KindReason({}, {})}}, "reasons.sliver: it is a reason of every kind already"),
        ({"not_counted": "too_dark"}, "not_counted: too_dark is no reason"),
        ({"drafted": {"en": "x"}}, "drafted: not in every language"),
        ({"name": "shade"}, "rules/judge/kinds/shade.py: there is no such module"),
    ],
)
def test_what_a_kind_lacks_is_named(monkeypatch, changes, gap):
    kind = replace(KINDS["avoid"], **changes)
    monkeypatch.setitem(KINDS, kind.name, kind)
    assert gap in gaps_of(kind)


def names_of_kinds_in(tree: ast.AST) -> list[int]:
    """Lines that hold something's kind against the name of one."""
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        asks_kind = any(
            (isinstance(part, ast.Attribute) and part.attr == "kind")
            or (isinstance(part, ast.Subscript) and getattr(part.slice, "value", None) == "kind")
            for part in ast.walk(node)
        )
        names = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
        if asks_kind and names & set(KINDS):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("text", ['rule.kind == "near"', 'row["kind"] in ("within", "x")'])
def test_a_line_that_knows_a_kind_would_be_found(text):
    assert names_of_kinds_in(ast.parse(text)) == [1]


@pytest.mark.slow
def test_nothing_else_knows_a_kind_by_its_name():
    places = [path for path in (ROOT / "rules").rglob("*.py") if path.parent != KINDS_FOLDER]
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in places
        for line in names_of_kinds_in(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_of_packs_is_what_the_declarations_say(language):
    written = (DOCS / f"packs.{language}.md").read_text(encoding="utf-8")
    assert written == pack_reference(language), "write it anew: python3 build.py reference"


def test_every_key_of_a_pack_has_a_meaning_in_both_languages():
    silent = [
        f"{table}.{name} ({language})"
        for table, keys in TABLES.items()
        for name, key in keys.items()
        for language in LANGUAGES
        if not key.meaning.get(language)
    ]
    assert silent == []


def test_the_reference_says_of_every_key_a_type_that_shipped_packs_give_it():
    called = {str: "text", list: "list", dict: "table", bool: "true or false", int: "number", float: "number"}
    contradicted = {
        f"{name} = {value!r}: {word}"
        for path in sorted((RESOURCES / "packs").glob("*.toml"))
        for item in tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
        for name, value in item.items()
        for word in [TYPE_WORDS[{**TABLES["rule"], **KINDS[item["kind"]].keys}[name].type]["en"]]
        if called[type(value)] not in word
    }
    assert contradicted == set()


def test_the_defaults_of_the_reference_are_those_of_the_program():
    terms, review = Terms(), TABLES["review"]
    written = {name: review[name].default for name in ("days", "overdue", "self_sign", "area_share")}
    held = {"days": str(terms.days), "overdue": f'"{terms.overdue}"', "self_sign": str(terms.self_sign).lower()}
    held["area_share"] = str(terms.area_share)
    assert written == held
    rule = Rule("r", "avoid", "L", "land", "notice", {}, (), "p")
    assert (f'"{rule.missing}"', f'"{rule.confidence}"', str(rule.estimated).lower(), str(list(rule.consult))) == tuple(
        TABLES["rule"][name].default for name in ("missing", "confidence", "estimated", "consult")
    )
    assert {key for key in TABLES["rule"] if not hasattr(rule, key)} == set()


def test_ground_outside_a_coverage_is_asked_for_once_by_layers_of_the_same_coverage():
    parcels, asked = np.array([shapely.box(0, 0, 1, 1)], dtype=object), []

    def work(shapes, coverage, threads):
        asked.append(coverage)
        return shapes.copy(), np.array([False])

    covered = CoveredGround()
    for coverage in (shapely.box(0, 0, 5, 5), shapely.box(0, 0, 5, 5), shapely.box(0, 0, 5, 6)):
        assert covered.of(work, parcels, coverage, Threads(1))[0].tolist() == parcels.tolist()
    assert len(asked) == 2
