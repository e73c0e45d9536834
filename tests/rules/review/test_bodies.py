"""Bodies outside the ten departments: asked on paper if a finding wants it, answered by whoever wrote to them."""

from datetime import date, timedelta

import pytest
from docx import Document

from onemap.layers.library.library import open_library
from onemap.rules.display.rows.answer_rows import view_text
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.content import statement_content
from onemap.rules.verbs.commands.review_text import case_view
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import RULES, opinion
from onemap.tests.rules.verbs.web.web_client import Officer, WebServer

BODIES = """
[body.heritage]
title = { zh = "文物局", en = "Heritage office" }
lead = "planning"

[body.railway]
title = { zh = "铁路局集团公司", en = "Railway" }
lead = "transport"
"""
ASKING = BODIES + RULES.replace('verdict = "consult"', 'verdict = "consult"\nconsult = ["heritage", "forestry"]')


@pytest.fixture
def case(town):
    """A case that is out, of which a finding asks the heritage office."""
    town.pack(ASKING)
    opened = town.open()
    town.done("circulate", opened, on="2026-03-03", by="lead")
    return opened


def test_a_body_is_asked_where_a_finding_wants_it_and_has_its_writers_days(town):
    town.pack(ASKING)
    opened = town.open()
    (asked,) = town.show(opened, "2026-03-02")["bodies"]
    names = ("body", "title", "lead", "rules", "asked_on", "due", "answer", "by")
    assert [asked[name] for name in names] == [
        *("heritage", "Heritage office", "planning", ["river"], None, None, None, None)
    ]
    after = town.done("circulate", opened, on="2026-03-03", by="lead")
    assert [(body["asked_on"], body["due"]) for body in after["bodies"]] == [("2026-03-03", "2026-03-10")]
    assert after["opinions"][0]["department"] == "reform"
    assert len(after["opinions"]) == 10
    assert town.show(opened, "2026-03-11")["bodies"][0]["overdue"]


@pytest.mark.parametrize("lead", ["planning", "water"])
def test_a_body_has_the_last_day_of_its_writer_also_where_a_case_is_entered_late_or_gets_more_time(real_town, lead):
    real_town.pack(ASKING.replace('lead = "planning"', f'lead = "{lead}"'))
    sent = (date.today() - timedelta(20)).isoformat()
    case = real_town.open(on=sent)
    after = real_town.done("circulate", case, on=sent, by="lead")
    assert (after["bodies"][0]["due"], after["bodies"][0]["overdue"]) == (opinion(after, "water")["due"], False)
    after = real_town.done("extend", case, "water", "--days", "3", "--reason", "r", by="lead")
    assert (after["bodies"][0]["due"] == opinion(after, "water")["due"]) == (lead == "water")


@pytest.mark.slow
def test_in_a_browser_an_answer_is_entered_while_the_case_is_out_and_no_word_is_lost(town):
    town.pack(ASKING)
    case = town.open()
    at = f"/cases/{case}"
    server = WebServer(town.library)
    try:
        lead = Officer(server, code=server.code, name="甲", lang="zh")
        before = lead.page(at)
        assert f'action="{at}/bodies/heritage"' not in before
        assert f"录入答复: 项目 {case} 尚未发出征求意见" in before
        assert lead.submit(at, f"{at}/steps/circulate").status == 303
        refused = lead.submit(at, f"{at}/bodies/heritage", text="先<b>考古", basis="第四十三条", conclusion="")
        page = refused.body.decode()
        assert refused.status == 409 and 'role="alert"' in page
        assert "先&lt;b&gt;考古</textarea>" in page and 'value="第四十三条"' in page
        written = {"text": "先考古，后建设。", "basis": "第四十三条", "conclusion": "conditional"}
        assert lead.submit(at, f"{at}/bodies/heritage", **written).status == 303
    finally:
        server.end()
    (body,) = done("review", "show", town.library, case).json["bodies"]
    assert (body["by"], body["answer"]["text"]) == ("甲", written["text"])


def test_the_lead_enters_an_answer_with_its_paper_and_the_last_one_holds(town, case):
    paper = town.folder / "文物函.pdf"
    paper.write_bytes(b"%PDF-1.4 letter")
    words = ("--conclusion", "conditional", "--text", "先考古，后建设。", "--basis", "文物保护法 第四十三条")
    first = town.done("opine", case, "heritage", *words, "--attach", paper, on="2026-03-05", by="lead")
    (body,) = first["bodies"]
    assert (body["by"], body["answer"]["conclusion"], body["answer"]["on"]) == ("lead", "conditional", "2026-03-05")
    assert [file["name"] for file in body["answer"]["papers"]] == ["文物函.pdf"]
    assert [file["name"] for file in first["files"]] == ["文物函.pdf"]
    assert (first["entries"][-1]["action"], first["entries"][-1]["department"]) == ("answer", "planning")
    page = town.folder / "report.html"
    done("review", "export", town.library, case, page, "--document", "report", "--annexes", "record")
    assert f"文物函.pdf · {first['files'][0]['hash']}" in page.read_text(encoding="utf-8")
    again = town.done("opine", case, "heritage", *words, "--attach", paper, on="2026-03-05", by="lead")
    assert again["files"] == first["files"] and again["bodies"][0]["answer"]["papers"] == body["answer"]["papers"]
    second = town.done(
        "opine", case, "heritage", "--conclusion", "agree", "--text", "同意。", on="2026-03-06", by="lead"
    )
    assert second["bodies"][0]["answer"]["conclusion"] == "agree"
    assert second["bodies"][0]["answer"]["papers"] == []
    assert [entry["action"] for entry in second["entries"]] == ["open", "circulate", *["answer"] * 3]
    assert command("verify", town.library).json["ok"]


def test_bodies_in_one_state_stand_on_one_line(town):
    town.pack(ASKING.replace('"heritage", "forestry"', '"heritage", "railway"'))
    case = town.open()
    asked = town.done("circulate", case, on="2026-03-03", by="lead")
    words = ("--conclusion", "agree", "--text", "同意。", "--basis", "铁路安全管理条例 第三十条")
    answered = town.done("opine", case, "railway", *words, on="2026-03-04", by="lead")
    lines = [
        [line.strip() for line in view_text(case_view(one, "en"), "en").splitlines() if "on paper" in line]
        for one in (asked, answered)
    ]
    due = "asked on paper · due 2026-03-10"
    assert lines == [
        [f"Heritage office, Railway · {due}"],
        [f"Heritage office · {due}", "Railway · asked on paper · agree"],
    ]


def test_who_was_not_asked_answers_nothing(town, case):
    words = ("--conclusion", "agree", "--text", "同意。")
    answer = town.step("opine", case, "railway", *words, on="2026-03-05", by="lead")
    assert answer.codes == ["review.department"]
    of_list = town.step("opine", case, "heritage", *words, "--answer", "industry=符合", on="2026-03-05")
    assert of_list.codes == ["review.answer_of_body"]
    assert "heritage" in answer.json["problems"][0]["mend"]
    assert town.step("opine", case, "land", *words, "--attach", town.library, on="2026-03-05").codes == [
        "review.attach_to_opinion"
    ]
    town.done("withdraw", case, "--reason", "x", on="2026-03-05", by="lead")
    assert town.step("opine", case, "heritage", *words, on="2026-03-06", by="lead").codes == ["review.withdrawn"]


@pytest.mark.parametrize(
    ("bodies", "code", "field"),
    [
        ('[body.land]\ntitle = { zh = "甲" }\nlead = "land"\n', "pack.body", "body.land"),
        ('[body.heritage]\ntitle = { zh = "甲" }\nlead = "heritage"\n', "pack.body", "body.heritage.lead"),
        ('[body.heritage]\nlead = "land"\n', "pack.body", "body.heritage.title"),
        ('[body.heritage]\ntitle = {}\nlead = "land"\n', "pack.body", "body.heritage.title"),
        ('[body.heritage]\ntitle = { zh = "甲" }\nlead = "land"\nphone = "1"\n', "pack.body", "body.heritage.phone"),
        ("", "rule.value", "consult"),
    ],
)
def test_a_body_that_is_wrong_or_unknown_is_refused_with_its_key(town, bodies, code, field):
    path = town.pack(ASKING.replace(BODIES, bodies))
    answer = command("check", town.library, town.parcels(), "--pack", path, "--out", town.folder / "out.gpkg")
    assert answer.codes == [code]
    assert answer.json["problems"][0]["field"] == field


@pytest.mark.parametrize("target", ["statement.html", "statement.docx"])
def test_the_statement_prints_whom_it_asked_and_what_they_answered(town, case, target):
    words = ("--conclusion", "conditional", "--text", "先考古，后建设。")
    town.done("opine", case, "heritage", *words, on="2026-03-05", by="lead")
    path = town.folder / target
    done("review", "export", town.library, case, path, "--document", "report")
    is_page = target.endswith("html")
    cells = (
        []
        if is_page
        else [cell.text for table in Document(str(path)).tables for row in table.rows for cell in row.cells]
    )
    texts = path.read_text(encoding="utf-8") if is_page else "\n".join(cells)
    for text in ("Heritage office", "2026-03-10", "Conditional (先考古，后建设。)", "by lead on 2026-03-05; no paper"):
        assert text in texts


def test_a_condition_that_two_departments_draft_is_printed_once(town, case):
    with open_library(str(town.library)) as library:
        rows = statement_content(library, read_case(library, case), "en")["conditions"]
    assert [(row["departments"], row["department_title"], row["state"]) for row in rows] == [
        (["forestry", "water"], "Forestry, Water", "drafted")
    ]
    assert rows[0]["text"].count("0.3000") == 1
