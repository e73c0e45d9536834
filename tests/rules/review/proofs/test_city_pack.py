"""A city's own pack from its copy to its enactment: what was changed, what it turns, by whom and why."""

import contextlib
import hashlib
import sqlite3
import tomllib
import zipfile

import pytest

from onemap.layers.shipped_files import RESOURCES
from onemap.tests.rules.command import command, done
from onemap.tests.rules.run_damage import change_library
from onemap.tests.rules.small_pack import SETBACK, pack_text

WRITTEN = """# The city's own, kept by the planning office.
[pack]
id = "own"  # never changes
version = "1"

[review]
days = 5   # working days

[[rule]]
id = "road"
kind = "setback"
layer = "GL"
# Fifteen metres until the ordinance of 2026.
distance_m = { field = "GLDJ", values = { "国道" = 20, "省道" = 15 } }  # by class
department = "transport"
verdict = "restricted"
title = { zh = "公路", en = "Road" }
basis = [
  { law = "公路法", article = "第五十六条" },  # the national law
]
"""


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_a_change_leaves_comments_order_and_all_else(onemap, pack):
    sets = ("road:distance_m.values.省道=20", "review:days=7", "road:min_area_m2=2.5", "road:title.en=Near a road")
    answer = onemap("pack", "change", pack, *(word for one in sets for word in ("--set", one)))
    assert answer.code == 0, answer.json
    wanted = (
        WRITTEN.replace('"省道" = 15', '"省道" = 20').replace("days = 5", "days = 7").replace('"Road"', '"Near a road"')
    )
    wanted = wanted.replace("the national law\n]\n", "the national law\n]\nmin_area_m2 = 2.5\n")
    assert pack.read_text(encoding="utf-8") == wanted
    assert onemap("pack", "change", pack, "--set", "road:min_area_m2=").code == 0  # and a key is taken away
    assert "min_area_m2" not in pack.read_text(encoding="utf-8")


def test_terms_that_a_pack_does_not_have_come_behind_its_head(onemap, tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(pack_text(SETBACK, id="own").replace("\n", "\r\n").encode())
    assert onemap("pack", "change", path, "--set", "review:days_of.water=10").code == 0
    text = path.read_bytes().decode()
    assert "\r\n[review]\r\ndays_of = { water = 10 }\r\n" in text and "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("road:distance_m=-3", "rule.option"),
        ("road:verdict=forbidden", "rule.value"),
        ('road:unless=["nobody"]', "rule.class"),
        ("review:days=x", "pack.set_value"),
        ("review:days=0", "pack.review"),
        ("raod:verdict=notice", "pack.no_table"),
        ("verdict=notice", "pack.set"),
        ("road:basis=[]", "rule.basis"),
    ],
)
def test_a_change_that_no_pack_may_have_is_refused_and_nothing_is_written(onemap, pack, change, code):
    answer = onemap("pack", "change", pack, "--set", "review:days=9", "--set", change)
    assert (answer.code, answer.json["problems"][0]["code"]) == (3, code)
    assert pack.read_text(encoding="utf-8") == WRITTEN


def test_a_layer_that_only_the_city_knows_is_remarked_on(onemap, pack):
    answer = onemap("pack", "change", pack, "--set", "road:layer=OWN")
    assert (answer.code, [one["code"] for one in answer.json["problems"]]) == (0, ["pack.layers_unknown"])


def test_a_pack_that_names_classes_of_the_common_one_is_read_as_standing_on_it(onemap, pack, tmp_path):
    assert onemap("pack", "change", pack, "--set", "road:unless=rail_transit").code == 0
    assert 'unless = ["rail_transit"]' in pack.read_text(encoding="utf-8")
    assert onemap("pack", "show", pack).code == 0


def test_what_is_written_in_another_way_is_left_to_an_editor(onemap, pack):
    pack.write_text(WRITTEN.replace('title = { zh = "公路", en = "Road" }', 'title.zh = "公路"\ntitle.en = "Road"'))
    answer = onemap("pack", "change", pack, "--set", "road:title.en=Street", "--set", "review:days=6")
    assert answer.json["problems"][0]["code"] == "pack.unwritable"


def test_a_copy_names_its_origin_and_its_cases_come_along(onemap, tmp_path):
    target = tmp_path / "city.toml"
    answer = onemap("pack", "copy", "sample-ordinance", target, "--id", "city", "--title", "zh=本市，试行,en=City")
    text = (RESOURCES / "packs" / "sample-ordinance.toml").read_bytes()
    assert answer.json["origin"]["hash"] == hashlib.sha256(text).hexdigest()
    cases = (RESOURCES / "packs" / "sample-ordinance.cases.toml").read_bytes()
    assert target.with_name("city.cases.toml").read_bytes() == cases
    onemap("pack", "change", target, "--set", "ordinance.road_works:verdict=notice")
    assert tomllib.loads(target.read_text("utf-8"))["pack"]["title"] == {"zh": "本市，试行", "en": "City"}
    rules = onemap("pack", "show", target, lang="en").json
    marked = {one["rule"]: one["change"] for part in rules["departments"] for one in part["rules"] if one["change"]}
    assert marked == {"ordinance.road_works": "milder"} and rules["origin"]["is_same"]
    assert (
        onemap("pack", "change", "sample-ordinance", "--set", "review:days=3").json["problems"][0]["code"]
        == "pack.shipped"
    )


@pytest.mark.parametrize("title", ["title", "本市", "zh=", "zh=本市,zh=城市", "甲,zh=本市", "fr=ville", "zh=本市,en="])
def test_a_title_that_names_no_language_is_refused_and_nothing_copied(onemap, tmp_path, title):
    target = tmp_path / "city.toml"
    answer = onemap("pack", "copy", "sample-ordinance", target, "--id", "city", "--title", title)
    assert (answer.code, answer.codes, target.exists()) == (2, ["usage.value"], False)
    assert answer.json["problems"][0]["field"] == "--title"


def test_nothing_is_written_among_the_program_s_own_packs(onemap):
    packs = RESOURCES / "packs"
    before = {path: path.read_bytes() for path in packs.iterdir()}
    target, shipped = packs / "city.toml", packs / "sample-ordinance.toml"
    answers = [
        onemap("pack", "copy", "sample-ordinance", target, "--id", "city"),
        onemap("pack", "copy", "city-preliminary", shipped, "--id", "city", "--overwrite"),
        onemap("pack", "change", shipped, "--set", "ordinance.road_works:verdict=notice"),
    ]
    assert [(answer.code, answer.codes) for answer in answers] == [(3, ["out.program"])] * 3
    assert {path: path.read_bytes() for path in packs.iterdir()} == before


def test_a_pack_goes_as_a_zip_and_comes_back_or_is_refused(onemap, pack, tmp_path):
    pack.with_name("own.cases.toml").write_text('[[case]]\nid = "a"\nverdict = "clear"\n', encoding="utf-8")
    sent = onemap("pack", "send", pack, tmp_path / "own.zip", "--by", "王")
    (tmp_path / "in").mkdir()
    back = onemap("pack", "receive", tmp_path / "own.zip", tmp_path / "in")
    assert back.json["manifest"] == sent.json["manifest"] and sent.json["files"] == ["own.toml", "own.cases.toml"]
    assert (tmp_path / "in" / "own.toml").read_bytes() == pack.read_bytes()
    assert onemap("pack", "receive", tmp_path / "own.zip", tmp_path / "in").json["problems"][0]["code"] == "out.exists"
    with zipfile.ZipFile(tmp_path / "own.zip") as zipped, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        manifest = zipped.read("own/manifest-sha256.txt")
        assert hashlib.sha256(manifest).hexdigest() == sent.json["manifest"]
        for name in zipped.namelist():
            bad.writestr(name, zipped.read(name).replace(b"days = 5", b"days = 6"))
    (tmp_path / "new").mkdir()
    assert (
        onemap("pack", "receive", tmp_path / "bad.zip", tmp_path / "new").json["problems"][0]["code"]
        == "package.changed"
    )
    assert list((tmp_path / "new").iterdir()) == []


@pytest.fixture
def city(town):
    """A town whose own pack is in force, and a case that was opened by it: library, case, and a draft of the pack."""
    own = town.folder / "town.toml"
    done("pack", "enact", town.library, own, "--instead", "city-preliminary", "--reason", "本市规则", "--by", "王")
    day = ("--on", "2026-03-02", "--by", "lead")
    case = done("review", "open", town.library, town.parcels(), "--project", "小学", *day).json["case"]
    draft = town.folder / "draft.toml"
    done("pack", "change", own, "--set", "farm:verdict=notice", "--set", "pack:version=2", "--out", draft)
    return town, case, draft


def stale(town, case):
    """What has been superseded among the bases of a case's opinions."""
    opinions = command("review", "show", town.library, case, "--on", "2026-03-02").json["opinions"]
    return sorted({name for one in opinions for name in one["stale_because"]})


def test_what_a_draft_would_turn_is_seen_before_it_is_in_force(city):
    town, case, draft = city
    assert done("recheck", town.library, "--open").json["cases"][0]["turned"] == []
    asked = command("recheck", town.library, "--open", "--pack", draft)
    (one,) = asked.json["cases"]
    turned = [{"parcel": "DK1", "from": "prohibited", "to": "consult", "rules": ["farm"]}]
    assert (asked.code, one["case"], one["turned"]) == (4, case, turned)
    assert [(pack["from"], pack["to"]) for pack in one["packs"]] == [("1", "2")]
    found = done("pack", "differences", draft, "--against", town.folder / "town.toml", "--library", town.library)
    assert found.json["turned"] == turned and found.json["counts"] == {"milder": 1}
    assert done("pack", "versions", town.library).json["in_force"][0]["version"] == "1"  # nothing was put in force
    hits = done("pack", "show", draft, "--library", town.library).json["departments"]
    assert {rule["rule"]: rule["hits"] for part in hits for rule in part["rules"]} == {"farm": 1, "river": 1}


def test_a_later_check_that_has_lost_rows_is_named_where_an_older_one_is_asked(city):
    town, case, draft = city
    older = command("review", "show", town.library, case).json["run"]
    later = done("check", town.library, town.parcels()).json["run"]["id"]
    assert change_library(town.library, "DELETE FROM onemap_run_blocks WHERE run = ? AND name = 'findings'", later) == 1
    answer = done("pack", "show", draft, "--library", town.library).json
    (problem,) = answer["problems"]
    assert (answer["run"], problem["code"], later in problem["message"]) == (older, "run.damaged", True)
    hits = {rule["rule"]: rule["hits"] for part in answer["departments"] for rule in part["rules"]}
    assert hits == {"farm": 1, "river": 1}


def test_a_later_check_that_cannot_be_read_is_named_where_an_older_one_is_asked(city):
    town, _, draft = city
    run = done("check", town.library, town.parcels()).json["run"]["id"]
    with contextlib.closing(sqlite3.connect(town.library, isolation_level=None)) as connection:
        later = "SELECT 'later', '9' || substr(started, 2), who, json_set(record, '$.packs', 7) FROM onemap_runs"
        connection.execute(f"INSERT INTO onemap_runs {later} WHERE id = ?", [run])
    of = ("--library", town.library)
    asked = (
        done("pack", "differences", draft, "--against", town.folder / "town.toml", *of),
        done("pack", "show", draft, *of),
    )
    for answer in asked:
        (problem,) = answer.json["problems"]
        assert (answer.json["run"], problem["code"], "later" in problem["message"]) == (run, "run.damaged", True)


def test_a_kept_check_is_asked_by_a_draft_and_follows_the_pack_that_takes_its_packs_place(city):
    town, _, draft = city
    run = done("check", town.library, town.parcels()).json["run"]["id"]
    turned = [{"parcel": "DK1", "from": "prohibited", "to": "consult", "rules": ["farm"]}]
    assert command("recheck", town.library, "--run", run, "--pack", draft).json["runs"][0]["turned"] == turned
    done(
        "pack",
        "change",
        draft,
        "--set",
        "pack:id=other",
        "--set",
        'pack:origin={ id = "town", version = "1", hash = "x" }',
    )
    assert done("pack", "enact", town.library, draft, "--reason", "新条例").json["replaced"] == "town"
    assert command("recheck", town.library, "--run", run).json["runs"][0]["turned"] == turned


def test_a_pack_in_force_makes_what_rests_on_the_former_one_stale_and_every_one_is_kept(city, tmp_path):
    town, case, draft = city
    former = town.folder / "town.toml"
    assert stale(town, case) == []
    step = done("pack", "enact", town.library, draft, "--reason", "新条例", "--by", "李").json
    assert (step["replaced"], step["replaced_version"], step["version"]) == ("town", "1", "2")
    assert stale(town, case) == ["town"]
    versions = done("pack", "versions", town.library).json["versions"]
    steps = [(one["id"], one["version"], one["who"], one["reason"], one["replaced"]) for one in versions]
    assert steps == [("town", "2", "李", "新条例", "town"), ("town", "1", "王", "本市规则", "city-preliminary")]
    for hash_, text in ((versions[0]["hash"], draft), (versions[0]["replaced_hash"], former)):
        done("pack", "versions", town.library, "--hash", hash_[:10], "--out", tmp_path / "was.toml", "--overwrite")
        assert (tmp_path / "was.toml").read_bytes() == text.read_bytes()
    assert done("verify", town.library).json["problems"] == []
    actions = [row["action"] for row in command("history", town.library).json["rows"]]
    assert actions.count("pack.enact") == 2
    again = command("pack", "enact", town.library, draft, "--reason", "x")
    assert again.json["problems"][0]["code"] == "pack.in_force"


def test_a_pack_that_comes_beside_the_others_makes_opinions_stale_too(city):
    town, case, _ = city
    more = town.folder / "more.toml"
    rule = {"id": "more", "layer": "RIVER", "department": "water"}
    more.write_text(pack_text(rule, id="more"), encoding="utf-8")
    done("pack", "enact", town.library, more, "--reason", "补充")
    assert stale(town, case) == ["town"]
    assert [one["id"] for one in done("pack", "versions", town.library).json["in_force"]] == ["town", "more"]
    wrong = command("pack", "enact", town.library, more, "--reason", "x", "--instead", "nothing")
    assert wrong.json["problems"][0]["code"] == "pack.no_such"
    twice = town.folder / "twice.toml"
    twice.write_text(pack_text({**rule, "id": "farm"}, id="twice"), encoding="utf-8")
    assert (
        command("pack", "enact", town.library, twice, "--reason", "x").json["problems"][0]["code"]
        == "rule.in_two_packs"
    )


def test_an_article_is_changed_on_its_line_and_one_more_comes_in(onemap, pack):
    sets = ("road:basis.0.article=第五十七条", "road:basis.1.law=公路安全保护条例", "road:basis.1.from=2011-07-01")
    assert onemap("pack", "change", pack, *(word for one in sets for word in ("--set", one))).code == 0
    wanted = '  { law = "公路法", article = "第五十七条" },  # the national law\n'
    wanted += '  { law = "公路安全保护条例", from = 2011-07-01 },\n]\n'
    assert wanted in pack.read_text(encoding="utf-8")
    refused = onemap("pack", "change", pack, "--set", "road:basis.1.from=soon")
    assert (refused.code, refused.codes) == (3, ["pack.set_value"])
    assert onemap("pack", "change", pack, "--set", "road:basis.0.law=").codes == ["rule.basis"]


def test_an_item_of_the_checklist_comes_in_and_is_changed(onemap, pack):
    item = ("title.zh=是否占用文物", "title.en=Heritage", "department=culture")
    assert onemap("pack", "change", pack, "--set", "checklist.own.1:title.zh=是否占用文物").codes == ["pack.checklist"]
    given = [word for one in item for word in ("--set", f"checklist.own.1:{one}")]
    assert onemap("pack", "change", pack, *given).code == 3, "the ten departments alone can be asked"
    given[-1] = "checklist.own.1:department=forestry"
    answer = onemap("pack", "change", pack, *given)
    assert answer.code == 0, answer.json
    fields = {one["place"]: one["value"] for one in onemap("pack", "show", pack).json["checklist"]}
    assert (fields["checklist.own.1:title.zh"], fields["checklist.own.1:department"]) == ("是否占用文物", "forestry")
    assert fields["checklist.own.2:title.en"] == ""
    assert onemap("pack", "change", pack, "--set", "checklist.own.1:department=water").code == 0
    assert pack.read_text(encoding="utf-8").count("[[checklist]]") == 1
