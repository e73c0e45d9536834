"""`onemap validate` on the command line: grade, reports, exceptions, templates, unreadable files; and `ingest`."""

import io
import json
import os
import shutil
import sys
import tomllib
import zipfile
from collections import Counter

import geopandas as gpd
import openpyxl
import pytest
import shapely

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.delivery.file_list import write_list
from onemap.layers.library.library import open_library
from onemap.rules.answers.deliveries.delivery_template import delivery_template
from onemap.rules.answers.deliveries.template_titles import template_files
from onemap.tests.conftest import SHARED_DATA
from onemap.tests.rules.answers.deliveries.small_delivery import DATABASE, HEAD, LIST, TEMPLATE_FILE, SmallDelivery
from onemap.tests.rules.command import done

TEMPLATE = f"--template={TEMPLATE_FILE}"
CITY = "130900示例市"
FINDING_LAYERS = ("finding_points", "finding_lines", "finding_areas")


@pytest.fixture
def small(tmp_path):
    return SmallDelivery().write(tmp_path / "delivery")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The delivery that `sample` makes."""
    folder = tmp_path_factory.mktemp("plan") / "d"
    assert done("sample", folder, "--delivery").json["files"] == 59
    return folder


def codes_of(answer):
    return sorted(problem["code"] for problem in answer.json["problems"])


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="here every name of a file is text")
@pytest.mark.parametrize("place", ["", HEAD])
def test_a_name_of_another_system_is_refused_before_anything_is_judged(small, onemap, tmp_path, place):
    stray = os.fsencode(small / place) + b"/" + "国土说明.txt".encode("gbk")
    with open(stray, "wb") as file:
        file.write(b"x")
    for source in (small, os.fsdecode(stray)):
        answer = onemap("validate", source, TEMPLATE, f"--report={tmp_path / 'r.html'}")
        assert answer.codes == ["source.name"] and "国土说明.txt (GB18030)" in answer.json["problems"][0]["message"]
    assert not (tmp_path / "r.html").exists()


def test_findings_never_replace_what_is_validated(small, onemap):
    database = small / HEAD / DATABASE
    before = database.read_bytes()
    for source in (small, database):
        answer = onemap("validate", source, TEMPLATE, f"--findings={database}", "--overwrite")
        assert (answer.code, answer.codes, database.read_bytes()) == (3, ["out.input"], before)


def change(small, code, **values):
    path = small / HEAD / DATABASE
    rows = gpd.read_file(path, layer=code)
    for name, value in values.items():
        rows.loc[5, name] = value
    rows.to_file(path, layer=code, driver="GPKG", engine="pyogrio")


@pytest.mark.slow
def test_the_sample_s_delivery_is_accepted_as_a_folder_and_as_a_zip(plan, onemap, tmp_path):
    reports = [tmp_path / f"r{suffix}" for suffix in (".xlsx", ".html", ".json")]
    words = [f"--report={path}" for path in reports]
    answer = onemap("validate", plan, "--template=municipal-plan", *words, f"--findings={tmp_path / 'f.gpkg'}")
    assert answer.code == 0 and answer.json["problems"] == [], answer.json["problems"]
    assert (answer.json["score"], answer.json["grade"]) == (100.0, "accepted")
    assert answer.json["counts"] == {"fatal": 0, "major": 0, "minor": 0}
    assert all(set(one) == {"check", "title", "objects", "problems"} for one in answer.json["checked"])
    assert "100" in str([*openpyxl.load_workbook(reports[0]).worksheets[0].values])
    assert json.loads(reports[2].read_text(encoding="utf-8"))["grade"] == "accepted"
    assert b"<html" in reports[1].read_bytes()[:300].lower() and set(FINDING_LAYERS) < set(
        gpd.list_layers(tmp_path / "f.gpkg")["name"]
    )
    with zipfile.ZipFile(tmp_path / "plan.zip", "w") as packed:
        for path in plan.rglob("*"):
            packed.write(path, path.relative_to(plan))
    assert onemap("validate", tmp_path / "plan.zip", "--template=municipal-plan").json["grade"] == "accepted"


@pytest.mark.parametrize("most", [2, 3])
def test_a_check_with_more_problems_than_are_listed_says_so(small, onemap, monkeypatch, most):
    monkeypatch.setattr("onemap.rules.answers.deliveries.proof_findings.MOST_LISTED", most)
    path = small / HEAD / DATABASE
    rows = gpd.read_file(path, layer="TB")
    rows.loc[:1, "DLBM"] = "9999"
    rows.to_file(path, layer="TB", driver="GPKG", engine="pyogrio")
    answer = onemap("validate", small, TEMPLATE).json
    (values,) = (one for one in answer["checked"] if one["check"] == "values TB")
    assert (values["problems"], answer["cut"]) == (2, ["values TB"] if most == 2 else [])
    assert ("values TB" in answer["opening"][1]) == (most == 2)


def test_many_small_problems_do_not_hide_a_grave_one_of_the_same_check(small, onemap, monkeypatch):
    monkeypatch.setattr("onemap.rules.answers.deliveries.proof_findings.MOST_LISTED", 3)
    path = small / HEAD / DATABASE
    rows = gpd.read_file(path, layer="TB")
    rows.loc[:5, "MJ"] += 0.001  # a decimal too many: minor
    rows.loc[7, "DLBM"] = "9999"  # no such class: major
    rows.to_file(path, layer="TB", driver="GPKG", engine="pyogrio")
    for at in range(5):
        (small / HEAD / "1文本" / f"草稿{at}.txt").touch()  # wrong names in the first folder: major
    for path in (small / HEAD / "2图件").iterdir():
        path.unlink()  # maps that must be there, in the second: fatal
    answer = onemap("validate", small, TEMPLATE)
    counts = Counter(one["code"] for one in answer.json["problems"])
    assert (counts["proof.value_decimals"], counts["value.code"]) == (3, 1)
    assert (counts["template.name"], counts["template.missing"], answer.json["grade"]) == (3, 1, "returned")
    assert answer.code == 4 and {"values TB", "folders"} <= {*answer.json["cut"]}


@pytest.mark.slow
@pytest.mark.parametrize(("most", "code", "grade"), [(2, 4, "unproved"), (3, 0, "accepted")])
def test_what_is_not_listed_cannot_be_granted(small, onemap, tmp_path, monkeypatch, most, code, grade):
    monkeypatch.setattr("onemap.rules.answers.deliveries.proof_findings.MOST_LISTED", most)
    path = small / HEAD / DATABASE
    rows = gpd.read_file(path, layer="TB")
    rows.loc[:1, "RQ"] = "2023"  # two dates of another form; more are not looked for
    rows.to_file(path, layer="TB", driver="GPKG", engine="pyogrio")
    found = [one for one in onemap("validate", small, TEMPLATE).json["problems"] if one["code"] != "proof.list_hash"]
    (small / HEAD / LIST).unlink()
    root = small / HEAD
    write_list(root / LIST, root, [one for one in sorted(root.rglob("*")) if one.is_file()])
    lines = [f'[[exception]]\ncheck = "{one["check"]}"\nhash = "{one["hash"]}"\n' for one in found]
    signed = 'who = "王审"\nwhen = 2026-03-01\nreason = "现状"\n'
    (tmp_path / "delivery.exceptions.toml").write_text("".join(line + signed for line in lines), encoding="utf-8")
    answer = onemap("validate", small, TEMPLATE)
    assert (answer.json["problems"], len(answer.json["granted"])) == ([], 2)
    assert (answer.code, answer.json["grade"]) == (code, grade)


@pytest.mark.slow
def test_the_exit_code_is_that_of_the_gravest_problem(small, onemap):
    (small / HEAD / "说明.txt").write_text("x", encoding="utf-8")
    answer = onemap("validate", small, TEMPLATE)
    assert answer.code == 0 and answer.json["counts"]["minor"] == 2 and answer.json["grade"] == "accepted"
    assert onemap("validate", small, TEMPLATE, "--fail-on=minor").code == 4
    change(small, "TB", DLBM="9999")
    answer = onemap("validate", small, TEMPLATE)
    assert answer.code == 4 and onemap("validate", small, TEMPLATE, "--fail-on=fatal").code == 0
    (problem,) = [one for one in answer.json["problems"] if one["code"] == "value.code"]
    assert (problem["layer"], problem["feature"], problem["field"]) == ("TB", "T05", "DLBM")
    assert problem["path"] == DATABASE and problem["mend"] and (problem["x"], problem["y"]) == (500_150.0, 4_200_150.0)


@pytest.mark.slow
def test_an_exception_holds_for_the_same_content_alone(small, onemap, tmp_path):
    change(small, "TB", KC=11000.0)
    first = onemap("validate", small, TEMPLATE).json["problems"]
    granted = [one for one in first if one["layer"] == "TB"]
    assert granted
    signed_lines = 'who = "王审"\nwhen = 2026-03-01\nreason = "现状"\n'
    text = "".join(
        f'[[exception]]\ncheck = "{one["check"]}"\nhash = "{one["hash"]}"\n{signed_lines}' for one in granted
    )
    (tmp_path / "delivery.exceptions.toml").write_text(text, encoding="utf-8")
    answer = onemap("validate", small, TEMPLATE).json
    assert [one["layer"] for one in answer["problems"] if one["layer"]] == []
    assert [(one["who"], one["reason"]) for one in answer["granted"]] == [("王审", "现状")] * len(granted)
    change(small, "TB", KC=6001.0)
    answer = onemap("validate", small, TEMPLATE).json
    assert len(answer["lapsed"]) == len(granted) and answer["granted"] == []
    (tmp_path / "delivery.exceptions.toml").write_text('[[exception]]\ncheck = "x"\n', encoding="utf-8")
    refused = onemap("validate", small, TEMPLATE)
    assert refused.code == 3 and set(refused.codes) == {"exception.key"}


@pytest.mark.slow
def test_what_was_mended_is_proved_again_alone(small, onemap, tmp_path):
    memory = tmp_path / "memory.json"
    again = f"--again={memory}"
    change(small, "TB", KC=11000.0)
    first = onemap("validate", small, TEMPLATE, again)
    assert first.json["again"] is None and memory.is_file()
    change(small, "TB", KC=1000.0)
    second, whole = onemap("validate", small, TEMPLATE, again), onemap("validate", small, TEMPLATE)
    changes = second.json.pop("again")
    assert second.json.pop("opening")[:2] == whole.json.pop("opening") and second.json == whole.json
    assert second.code == whole.code == 4
    before, now = (Counter(one["hash"] for one in answer.json["problems"]) for answer in (first, second))
    assert (changes["gone"], changes["new"]) == ((before - now).total(), (now - before).total()) and changes["gone"] > 1
    assert changes["proved"] < len(whole.json["checked"]) - 20
    memory.write_text(memory.read_text(encoding="utf-8").replace("checks", "cheques"), encoding="utf-8")
    assert onemap("validate", small, TEMPLATE, again).codes == ["proof.memory_form"]
    memory.write_text("{}", encoding="utf-8")
    assert onemap("validate", small, TEMPLATE, again).codes == ["proof.memory_form"] and memory.read_text() == "{}"


@pytest.mark.slow
def test_a_reviewer_grants_and_withdraws_an_exception(small, onemap, tmp_path, monkeypatch):
    change(small, "TB", KC=11000.0)
    problems = onemap("validate", small, TEMPLATE).json["problems"]
    (hash_,) = [one["hash"] for one in problems if one["code"] == "proof.condition"]
    beside = tmp_path / "delivery.exceptions.toml"
    beside.write_text("# of the bureau\n", encoding="utf-8")
    grant = ("--grant", hash_, "--reason", "现状 “如此”", "--by", "王审")
    assert onemap("validate", small, TEMPLATE, "--grant", hash_).codes == ["usage.required"]
    page = tmp_path / "r.html"
    answer = onemap("validate", small, TEMPLATE, *grant, f"--report={page}").json
    answer.pop("report")
    assert "<svg" in page.read_text(encoding="utf-8")
    assert [(one["hash"], one["who"], one["reason"]) for one in answer["granted"]] == [(hash_, "王审", "现状 “如此”")]
    assert answer["counts"]["major"] == len([one for one in problems if one["severity"] == "major"]) - 1
    assert beside.read_text(encoding="utf-8").startswith("# of the bureau\n")
    assert onemap("validate", small, TEMPLATE).json == answer
    monkeypatch.chdir(small)
    assert onemap("validate", ".", TEMPLATE).json["granted"] == answer["granted"], (
        "the exceptions lie beside the folder"
    )
    assert onemap("validate", small, TEMPLATE, *grant).codes == ["exception.no_problem"]
    back = onemap("validate", small, TEMPLATE, "--withdraw", hash_).json
    assert back["problems"] == problems and back["granted"] == []
    assert beside.read_text(encoding="utf-8") == "# of the bureau\n"


BROKEN = {
    '[[check]]\nkind = "none"\n': ("kind", 8),
    '[[check]]\nkind = "overlap"\nlayer = "XX"\n': ("layer", 9),
    '[[check]]\nkind = "small"\nlayer = "A"\n': ("least_m2", 7),
    '[[check]]\nkind = "condition"\nlayer = "A"\nwhere = "MJ >"\n': ("where", 10),
    '[[check]]\nkind = "gap"\nlayer = "A"\nleast = 3\n': ("least", 10),
    "[grade]\nfatal = -1\n": ("fatal", 8),
    '[[layer]]\ncode = "B"\n': ("geometry", 7),
    '[[layer]]\ncode = "B"\ngeometry = "polygon"\nranges = { MJ = [1] }\n': ("ranges", 10),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_template_is_refused_with_its_place(text, onemap, tmp_path):
    head = '[template]\nid = "t"\ntitle = { zh = "t", en = "t" }\n[[layer]]\ncode = "A"\ngeometry = "polygon"\n'
    (tmp_path / "t.toml").write_text(head + text, encoding="utf-8")
    answer = onemap("validate", tmp_path, f"--template={tmp_path / 't.toml'}")
    key, line = BROKEN[text]
    assert answer.code == 3 and set(answer.codes) == {"template.key"}
    assert any(one["field"] == key and f" {line} " in one["message"] for one in answer.json["problems"])


@pytest.mark.slow
def test_what_cannot_be_opened_is_told_and_the_rest_is_proved(small, onemap):
    (small / HEAD / "附件.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    change(small, "TB", DLBM="9999")
    answer = onemap("validate", small, TEMPLATE)
    assert "proof.unread" in codes_of(answer) and "value.code" in codes_of(answer)
    assert answer.json["grade"] == "unproved"
    (small / HEAD / DATABASE).write_bytes(b"SQLite format 3\0" + bytes(100))
    answer = onemap("validate", small, TEMPLATE)
    unread = [one["path"] for one in answer.json["problems"] if one["code"] == "proof.unread"]
    assert sorted(unread) == sorted([DATABASE, "附件.zip"]) and answer.code == 4


def test_archives_in_an_archive_are_told_by_their_names_and_the_root_by_its_own(onemap, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.txt", "x")
    outer = tmp_path / "成果.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("a/内.zip", inner.getvalue())
    problems = onemap("validate", outer, "--template=detailed-plan").json["problems"]
    assert [one["path"] for one in problems if one["code"] == "proof.unread"] == ["a/内.zip"]
    assert [one["path"] for one in problems if one["code"] == "proof.root"] == ["成果.zip"]


def test_a_city_s_own_template_of_ten_lines_proves_one_database(onemap, tmp_path):
    (tmp_path / "own.toml").write_text(
        '[template]\nid = "own"\ntitle = { zh = "自编", en = "Own" }\n[[layer]]\ncode = "DK"\ngeometry = "polygon"\n'
        'fields = [{ name = "BH", length = 8 }]\nunique = ["BH"]\n[[check]]\nkind = "overlap"\nlayer = "DK"\n',
        encoding="utf-8",
    )
    shapes = [shapely.box(500_000 + at * 90, 4_200_000, 500_100 + at * 90, 4_200_100) for at in range(2)]
    gpd.GeoDataFrame({"BH": ["1", "1"]}, geometry=shapes, crs="EPSG:4547").to_file(tmp_path / "d.gpkg", layer="DK")
    answer = onemap("validate", tmp_path / "d.gpkg", f"--template={tmp_path / 'own.toml'}")
    assert codes_of(answer) == ["proof.value_repeated", "topology.overlap"] and answer.code == 4
    (overlap,) = [one for one in answer.json["problems"] if one["code"] == "topology.overlap"]
    assert overlap["area_m2"] == pytest.approx(1000) and 500_090 < overlap["x"] < 500_100


@pytest.mark.slow
def test_a_delivery_that_is_returned_does_not_enter_and_one_that_is_accepted_is_in_the_log(plan, onemap, tmp_path):
    city, rules = tmp_path / "city.gpkg", tmp_path / "none.toml"
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    done("new", city, "--crs=EPSG:4547", "--name=示例市", "--pack", rules)
    bad = tmp_path / "bad"
    shutil.copytree(plan, bad)
    (next(bad.rglob("1文本")) / f"{CITY}国土空间总体规划文本.pdf").write_bytes(b"PK\x03\x04")
    given = ("--template=municipal-plan", "--covers=extent", "--sure")
    vectors = f"4矢量/{CITY}国土空间规划矢量数据.gdb"
    refused = onemap("ingest", city, bad, *given, "--file", bad / CITY / vectors)
    assert refused.code == 3 and refused.codes[0] == "ingest.returned" and "template.form" in refused.codes
    assert not any(one["versions"] for one in onemap("layers", city).json["layers"])
    files = [f"--file={plan / CITY / path}" for path in (vectors, f"3表格/{CITY}国土空间规划表格.gdb")]
    answer = onemap("ingest", city, plan, *given, *files).done()
    assert answer.json["proof"]["grade"] == "accepted"
    with open_library(str(city)) as library:
        rows = library.connection.execute("SELECT detail FROM onemap_audit WHERE action = 'add'").fetchall()
    proofs = {json.loads(row[0])["proof"]["report_sha256"] for row in rows}
    assert proofs == {answer.json["proof"]["report_sha256"]} and onemap("verify", city).json["ok"]
    target = tmp_path / "汇交.zip"
    for folder in ("1文本", "2图件", "5说明"):
        shutil.copytree(plan / CITY / folder, tmp_path / "people" / folder)
    head = ("--template=municipal-plan", "--code=130900", "--name=示例市", f"--files={tmp_path / 'people'}")
    assert onemap("deliver", city, target, *head).code == 0
    back = onemap("validate", target, "--template=municipal-plan")
    assert (back.json["problems"], back.json["grade"]) == ([], "accepted"), "one template writes and proves"


SHIPPED = [path.stem for path in template_files()]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_template_can_be_read_and_names_its_sources(name, onemap, tmp_path):
    (tmp_path / "nothing").mkdir()
    answer = onemap("validate", tmp_path / "nothing", f"--template={name}")
    assert answer.code == 4 and answer.json["template"] == name and answer.json["grade"] in ("returned", "unproved")


@pytest.mark.parametrize("path", template_files(), ids=lambda path: path.stem)
def test_each_layer_and_check_of_a_shipped_template_names_the_clause_that_asks_for_it(path):
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    given = {one["id"]: (one["source"], one["confidence"]) for one in raw["clause"]}
    named = [one["clause"] for one in (*raw["layer"], *raw["check"])]
    assert set(named) == set(given), "no clause is missing, none is there for nothing"
    template = delivery_template(path.read_text(encoding="utf-8"), path.name, shipped_catalogue())
    asked = [(one.source, one.confidence) for one in template.checks[-len(raw["check"]) :]]
    assert asked == [given[one["clause"]] for one in raw["check"]]


@pytest.mark.parametrize(
    ("clause", "table", "key"),
    [
        ('id = "a"\nsource = "s"\nconfidence = "X"', "clause", "confidence"),
        ('id = "a"\nconfidence = "L"', "clause", "source"),
        (
            'id = "a"\nsource = "s"\nconfidence = "L"\n[[clause]]\nid = "a"\nsource = "t"\nconfidence = "L"',
            "clause",
            "id",
        ),
        ('id = "b"\nsource = "s"\nconfidence = "L"', "layer", "clause"),
    ],
)
def test_a_clause_that_says_no_source_or_is_not_there_is_refused_with_its_place(clause, table, key, onemap, tmp_path):
    template = tmp_path / "t.toml"
    template.write_text(f'{HEAD_OF_FOREIGN}[[clause]]\n{clause}\n{ONE_LAYER}clause = "a"\n', encoding="utf-8")
    wrong = onemap("validate", tmp_path, f"--template={template}").json["problems"]
    assert wrong[0]["code"] == "template.key" and wrong[0]["field"] == key and f"[{table}]" in wrong[0]["message"]


HEAD_OF_FOREIGN = '[template]\nid = "t"\ntitle = { zh = "t", en = "t" }\n'
ONE_LAYER = '[[layer]]\ncode = "A"\ngeometry = "polygon"\n'


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["broken_files", "formats", "redline_txt", "momepy"])
def test_foreign_files_run_through_a_template_of_their_own_without_a_crash(folder, onemap, tmp_path):
    place = SHARED_DATA / folder
    if not place.is_dir():
        pytest.skip("the shared data are not here")
    template = tmp_path / "t.toml"
    template.write_text(HEAD_OF_FOREIGN + ONE_LAYER, encoding="utf-8")
    answer = onemap("validate", place, f"--template={template}")
    found = set(codes_of(answer))
    assert answer.code == 4 and found & {"proof.layer_missing", "proof.unread"} and "proof.layer_extra" in found
    names = sorted({one["layer"] for one in answer.json["problems"] if one["code"] == "proof.layer_extra"})
    text = HEAD_OF_FOREIGN
    for at, name in enumerate(names):
        text += ONE_LAYER.replace('"A"', f'"A{at}"') + f"names = [{json.dumps(name, ensure_ascii=False)}]\n"
        text += f'[[check]]\nkind = "overlap"\nlayer = "A{at}"\n[[check]]\nkind = "vertices"\nlayer = "A{at}"\n'
    template.write_text(text, encoding="utf-8")
    answer = onemap("validate", place, f"--template={template}")
    assert answer.code in (0, 4) and len(answer.json["checked"]) > len(names)
    assert "proof.layer_extra" not in codes_of(answer)
