"""Pages of a case as text: nothing foreign, nothing that a name could run; the review pack's digest."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from onemap.layers.library.library import Library, open_library
from onemap.rules.review.cases.case import Case
from onemap.rules.review.statement.content import statement_content
from onemap.rules.review.statement.page import statement_page
from onemap.rules.review.statement.review_pack import shown_digest, shown_facts
from onemap.tests.rules.review.statement.cases import LONG_NAME, MARKUP, at, case_of, town

FETCHED = {"src", "href", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href", "ping"}


class Reader(HTMLParser):
    """A page's elements with their attributes, its texts, and the content of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        last = self.open[-1] if self.open else ""
        self.inside.get(last, self.texts).append(data)


@pytest.fixture(scope="module")
def town_and_case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return town(tmp_path_factory.mktemp("page"))


@pytest.fixture
def library(town_and_case: tuple[Path, str]) -> Iterator[Library]:
    with open_library(str(town_and_case[0])) as opened:
        yield opened


@pytest.fixture
def case(library: Library, town_and_case: tuple[Path, str]) -> Case:
    return case_of(library, town_and_case[1])


def page(library: Library, case: Case, language: str = "zh", department: str | None = None) -> str:
    content = statement_content(library, case, language, department)
    return statement_page(library, case, content)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("department", [None, "land", "water"])
def test_a_page_refers_to_nothing_outside_itself(library: Library, case: Case, language: str, department: str | None):
    read = Reader(page(library, case, language, department))
    foreign = [(name, key) for name, given in read.elements for key in given if key in FETCHED]
    assert foreign == []
    assert not any(name in ("link", "iframe", "object", "embed", "base", "img") for name, _ in read.elements)
    style = "".join(read.inside["style"])
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("department", [None, "land"])
def test_no_attribute_runs_anything_and_the_policy_names_every_script(
    library: Library, case: Case, department: str | None
):
    read = Reader(page(library, case, "zh", department))
    assert not any(key.startswith("on") or key == "style" for _, given in read.elements for key in given)
    policies = [given["content"] or "" for name, given in read.elements if given.get("http-equiv")]
    assert policies[0].startswith("default-src 'none'")
    assert "unsafe" not in policies[0]
    for part in (*(text for text in read.inside["script"] if not text.startswith("{")), "".join(read.inside["style"])):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policies[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_names_with_markup_are_text_wherever_they_stand(library: Library, case: Case, language: str):
    found = page(library, case, language, "land")
    read = Reader(found)
    assert MARKUP in "".join(read.texts)
    scripts = read.inside["script"]
    assert len(scripts) == 4, "what is printed, the map, the form, and the facts"
    assert "</td>" in "".join(read.texts) or "</p>" in "".join(read.texts)
    assert "document.title=" not in "".join(text for text in scripts if not text.startswith("{"))


def test_every_parcel_rule_and_department_stands_in_the_statement(library: Library, case: Case):
    text = "".join(Reader(page(library, case)).texts)
    for words in ("DK1", "DK2", "DK4", LONG_NAME, "占用永久基本农田", "位于公路建筑控制区", "已批准 </td>", case.id):
        assert words in text
    assert text.count("项目占用永久基本农田 0.8 公顷。") >= 10


def test_a_department_s_pack_holds_its_own_findings_only(library: Library, case: Case):
    read = Reader(page(library, case, "zh", "transport"))
    rules = {given["data-rule"] for _, given in read.elements if given.get("data-rule")}
    assert rules == {"road"}


def test_a_case_without_findings_makes_a_page_that_says_so(tmp_path: Path):
    location, run = town(tmp_path, {"DK9": at(3000, 3000, 50, 50)})
    with open_library(str(location)) as library:
        read = Reader(page(library, case_of(library, run)))
    assert "未发现计入的冲突。" in "".join(read.texts)
    assert not any(given.get("class") == "piece" for _, given in read.elements)


@pytest.mark.slow
def test_fifty_parcels_stay_a_page_that_can_be_mailed(tmp_path: Path):
    spread = {f"DK{n:02d}": at(n % 10 * 60, n // 10 * 60, 50, 50) for n in range(50)}
    location, run = town(tmp_path, spread)
    with open_library(str(location)) as library:
        found = page(library, case_of(library, run))
    assert len(found.encode()) < 3_000_000
    assert all(f">{name}<" in found for name in spread)


@pytest.mark.parametrize("state", ["draft", "consolidated", "issued", "withdrawn"])
def test_only_a_circulating_case_has_a_reply_form(library: Library, case: Case, state: str):
    assert 'id="reply"' in page(library, case, "zh", "land")
    assert 'id="reply"' not in page(library, replace(case, state=state), "zh", "land")


@pytest.mark.parametrize(
    ("state", "begins", "lacks"),
    [
        ("drafted", "机器检测结论为：不符合。", "经审查，意见结论为"),
        ("signed", "经审查，意见结论为：同意。", "机器检测结论为"),
    ],
)
def test_a_department_s_page_begins_with_its_conclusion(
    library: Library, case: Case, state: str, begins: str, lacks: str
):
    opinion = with_opinion(case, state=state, conclusion="agree", text="同意选址。", signed_on=case.opened_on)
    first, *others = page(library, opinion, "zh", "land").split("<section")[1:]
    heading = re.findall(r"<h2>([^<]+)</h2>", first)
    assert heading == ["审查结论"] and begins in first and lacks not in first
    assert ("<p>同意选址。</p>" in first) == (state == "signed")
    headings = [one for part in others for one in re.findall(r"<h2>([^<]+)</h2>|<caption>([^<]+)", part)]
    assert len(headings) > 4
    numbered = [one for pair in headings for one in pair if re.match(r"[一二三四五六七八]、|表\d", one)]
    assert numbered == [], "of so few chapters no numbers would follow each other"


def with_opinion(case: Case, **opinion: Any) -> Case:
    round_ = case.current
    opinions = tuple(replace(each, **opinion) if each.department == "land" else each for each in round_.opinions)
    return replace(case, rounds=(replace(round_, opinions=opinions),))


def test_what_is_embedded_is_what_the_digest_is_of(library: Library, case: Case):
    embedded = next(text for text in Reader(page(library, case, "en", "land")).inside["script"] if text.startswith("{"))
    assert hashlib.sha256(embedded.encode()).hexdigest() == shown_digest(library, case, "land")
    assert json.loads(embedded) == shown_facts(library, case, "land")
    assert "<" not in embedded


def test_the_digest_changes_with_what_an_answer_rests_on(library: Library, case: Case):
    before = shown_digest(library, case, "land")
    assert shown_digest(library, with_opinion(case, text="Another."), "land") != before
    assert shown_digest(library, with_opinion(case, conclusion="agree"), "land") != before
    assert shown_digest(library, with_opinion(case, stale_because=("YJJBNTTB",)), "land") != before
    assert shown_digest(library, replace(case, project="Another"), "land") != before
    assert shown_digest(library, replace(case, rounds=(replace(case.current, number=2),)), "land") != before
    assert shown_digest(library, case, "transport") != before
    without = replace(case, rounds=(replace(case.current, overrides=()),))
    assert shown_digest(library, without, "transport") != shown_digest(library, case, "transport")


def test_a_deadline_that_is_extended_spoils_no_reply(library: Library, case: Case):
    later = with_opinion(case, due=date(2026, 12, 31), days_left=30)
    assert shown_digest(library, later, "land") == shown_digest(library, case, "land")


@pytest.mark.slow
def test_the_digest_is_the_same_each_time_and_in_either_language(library: Library, case: Case):
    found = {
        re.search(r'id="shown"[^>]*>([^<]*)<', page(library, case, language, "land")).group(1)  # type: ignore[union-attr]
        for language in ("zh", "en", "zh")
    }
    assert len(found) == 1


def test_signs_that_no_page_may_hold_are_replaced_and_the_rest_is_text(library: Library, case: Case):
    found = page(library, with_opinion(case, text="a\x00b\x1f <b> \"x\" & 'y'"), "zh", "land")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", found)
    assert "a�b� <b> \"x\" & 'y'" in Reader(found).texts


def test_a_word_that_no_column_holds_may_be_broken_and_stays_whole(library: Library, case: Case):
    word = "x" * 30 + "&" + "y" * 40
    found = page(library, with_opinion(case, text=f"short {word}"))
    assert "x" * 12 + "<wbr>" + "x" * 12 in found
    assert f"short {word}".replace("&", "&amp;") in found.replace("<wbr>", "")
