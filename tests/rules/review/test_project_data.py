"""The facts of a project: checked one by one, every problem named, unknown fields refused."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onemap.layers.errors import OneMapError
from onemap.rules.judge.question.given_facts import facts_content
from onemap.rules.review.cases.project_data import FIELDS, checked_data, credit_code_fits
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import alter

# Codes of well-known companies, public in the national register.
REAL_CODES = ("91330100799655058B", "9144030071526726XG", "91110000802100433B")
WHOLE = """
project_code = "2026-130102-47-01-012345"
"建设单位" = "某某区教育局"
credit_code = "9144030071526726XG"
contact = "张三"
phone = "0311-86012345"
approval_type = "审批"
industry = "教育"
location = "长安区某镇"
region = "130102"
content = "小学一所"
investment_wan = 12000.5
area_ha = 3.2
land_use = "教育用地"
supply = "划拨"
received_on = 2026-03-02
start_on = "2026-06-01"
finish_on = 2027-08-01
"""


@pytest.mark.parametrize("code", REAL_CODES)
def test_codes_of_the_national_register_fit(code):
    assert credit_code_fits(code)


@given(st.sampled_from(REAL_CODES), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_sign_is_always_found(code, place, sign):
    changed = code[:place] + sign + code[place + 1 :]
    assert credit_code_fits(changed) == (changed == code)


@pytest.mark.parametrize("code", ["", "9144030071526726X", "91330100799655058b", "I1330100799655058B", "９" * 18])
def test_what_is_no_credit_code_does_not_fit(code):
    assert not credit_code_fits(code)


def test_every_field_is_taken_by_its_key_or_its_chinese_name(tmp_path):
    path = tmp_path / "data.toml"
    path.write_text("\ufeff" + WHOLE, encoding="utf-8")
    content, _facts = facts_content(str(path))
    data = checked_data(content, path.name)
    assert list(data) == [field.key for field in FIELDS]
    assert data["developer"] == "某某区教育局"
    assert (data["received_on"], data["finish_on"], data["area_ha"]) == ("2026-03-02", "2027-08-01", 3.2)
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("credit_code", "9144030071526726XF", "data.credit_code"),
        ("project_code", "2026-130102", "data.project_code"),
        ("phone", "call me", "data.phone"),
        ("region", "13010", "data.region"),
        ("approval_type", "口头", "data.choice"),
        ("supply", "赠送", "data.choice"),
        ("investment_wan", -1, "data.amount"),
        ("investment_wan", "一千万", "data.amount"),
        ("investment_wan", True, "data.amount"),
        ("investment_wan", float("nan"), "data.amount"),
        ("area_ha", 0, "data.size"),
        ("received_on", "2026-02-30", "data.date"),
        ("received_on", "0026-02-03", "data.date"),
        ("developer", "", "data.text"),
        ("developer", 7, "data.text"),
        ("developer", "a\x00b", "data.text"),
        ("developer", "字" * 2001, "data.text"),
        ("colour", "red", "data.unknown"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(field, value, code):
    with pytest.raises(OneMapError) as refused:
        checked_data({field: value}, "data.toml")
    problem = refused.value.problems[0]
    assert (problem.code, problem.place["file"], problem.place["field"]) == (code, "data.toml", field)


def test_a_field_given_under_two_names_is_refused():
    with pytest.raises(OneMapError) as refused:
        checked_data({"phone": "13800138000", "电话": "13800138001"}, "data.toml")
    assert refused.value.code == "data.twice"


def test_a_project_does_not_end_before_it_starts():
    with pytest.raises(OneMapError) as refused:
        checked_data({"start_on": "2026-06-01", "finish_on": "2026-05-01"}, "data.toml")
    assert refused.value.code == "data.order"


def test_every_problem_is_named_at_once_and_no_case_is_opened(town):
    path = town.folder / "data.toml"
    path.write_text('credit_code = "1"\nphone = "x"\nmagic = 1\n', encoding="utf-8")
    answer = command("review", "open", town.library, town.parcels(), "--project", "p", "--data", path)
    assert (answer.code, answer.codes) == (3, ["data.credit_code", "data.phone", "data.unknown"])
    assert command("review", "list", town.library).json["cases"] == []


@pytest.mark.parametrize(
    ("text", "code"), [(b"a = ", "data.syntax"), (b"a = '\xff'", "data.syntax"), (None, "data.file")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, text, code):
    path = tmp_path / "data.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(OneMapError) as refused:
        facts_content(str(path))
    assert refused.value.code == code


def test_data_and_files_are_kept_with_the_case(town, capsys):
    path = town.folder / "data.toml"
    path.write_text(WHOLE, encoding="utf-8")
    case = town.show(town.open("--data", path, "--attach", path), "2026-03-02")
    assert case["data"]["project_code"] == "2026-130102-47-01-012345"
    assert [file["name"] for file in case["files"]] == ["data.toml"]
    facts = {fact["title"]: fact["value"] for fact in case["facts"]}
    assert (facts["Project code"], facts["Developer"]) == ("2026-130102-47-01-012345", "某某区教育局")
    assert facts["Investment (10,000 yuan)"] == "12,000.5" and len(facts) == len(case["data"])
    assert main(["review", "show", str(town.library), case["case"], "--lang", "zh"]) == 0
    text = capsys.readouterr().out
    assert "  建设单位：某某区教育局\n" in text and "  附件：data.toml · SHA-256 " in text
    missing = command(
        "review", "open", town.library, town.parcels(), "--project", "p", "--attach", town.folder / "none"
    )
    assert missing.codes == ["review.attach"]


def attach_two(town) -> tuple[str, list[dict[str, str]]]:
    """A case with two files of the same name, and how it lists them."""
    files = [town.folder / folder / "红线.pdf" for folder in ("a", "b")]
    for number, path in enumerate(files):
        path.parent.mkdir()
        path.write_bytes(b"%PDF-1.4 " + bytes([number]) * 3000)
    case = town.open("--attach", files[0], "--attach", files[1])
    return case, town.show(case, "2026-03-02")["files"]


def test_an_attached_file_is_handed_out_as_it_was_attached(town):
    case, (first, second) = attach_two(town)
    target = town.folder / "out.pdf"
    alike = command("review", "attachment", town.library, case, "红线.pdf", target)
    assert (alike.codes, second["hash"] in alike.json["problems"][0]["mend"]) == (["review.attachments_alike"], True)
    assert command("review", "attachment", town.library, case, "x.pdf", target).codes == ["review.no_attachment"]
    answer = done("review", "attachment", town.library, case, second["hash"], target)
    assert (answer.json["name"], answer.json["size"]) == ("红线.pdf", 3009)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == second["hash"] != first["hash"]
    assert command("review", "attachment", town.library, case, first["hash"], target).codes == ["out.exists"]
    done("review", "attachment", town.library, case, first["hash"], target, "--overwrite")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == first["hash"]


def test_a_file_that_is_not_the_attached_one_is_not_handed_out(town):
    case, (first, second) = attach_two(town)
    alter(town, "UPDATE onemap_case_files SET content = x'00' WHERE hash = ?", (first["hash"],))
    alter(town, "DELETE FROM onemap_case_files WHERE hash = ?", (second["hash"],))
    target = town.folder / "out.pdf"
    for file in (first, second):
        refused = command("review", "attachment", town.library, case, file["hash"], target)
        assert (refused.codes, target.exists()) == (["review.attachment_damaged"], False)


@pytest.mark.slow
def test_a_file_of_a_case_on_a_server_is_handed_out(town, postgis):
    case, (first, _) = attach_two(town)
    url = f"{postgis.database().url}&schema=town"
    done("copy", town.library, url)
    target = town.folder / "out.pdf"
    done("review", "attachment", url, case, first["hash"], target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == first["hash"]


def test_a_new_round_says_that_it_changes_no_fact_of_the_project(town):
    first, other = town.folder / "first.toml", town.folder / "other.toml"
    first.write_text('建设单位 = "云州市教肓局"\n联系电话 = "13800138000"\n', encoding="utf-8")
    other.write_text('建设单位 = "云州市教育局"\n联系电话 = "13800138000"\n', encoding="utf-8")
    case = town.open("--data", first)
    answer = town.step("revise", case, town.parcels("next"), "--data", other, on="2026-03-02", by="lead")
    assert (answer.code, answer.codes) == (3, ["review.data_kept"])
    assert "developer" in answer.json["problems"][0]["message"] and "phone" not in answer.json["problems"][0]["message"]
    assert town.step("revise", case, town.parcels("next"), "--data", first, on="2026-03-02", by="lead").code == 0
