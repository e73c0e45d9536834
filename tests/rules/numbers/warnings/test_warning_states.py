"""The states of a warning, by hand in a file and on a server: opened once, then step by step to its end."""

import re
import sqlite3
from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import psycopg
import pyogrio
import pytest
from shapely import box

from onemap.rules.display.documents.blocks import Figures, Table
from onemap.rules.numbers.warnings.warning_pages import warning_page
from onemap.rules.numbers.warnings.warnings import COLUMNS, FoundWarnings
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.command import command

GROUND = box(0, 0, 400, 400)
LATE, PERMIT = "stale:GYL:2024-06-01", "expiry:GHDK:a"
KEPT_LATE = {
    "zh": f"逾期未更新的图层 · 公益林 · 2024-06-01 · 预警：已通知，2025-06-01 至 2025-06-02 发现（{LATE}）",
    "en": f"Layers overdue for an update · Public welfare forest · 2024-06-01 · attention: notified, "
    f"found from 2025-06-01 to 2025-06-02 ({LATE})",
}


class Town:
    """A library with a layer that is a year old and a permit that ends, and what one asks of it."""

    def __init__(self, location, folder, onemap):
        self.location, self.folder, self._onemap = location, folder, onemap
        self.district = folder / "ground.gpkg"

    def fill(self):
        rules = self.folder / "none.toml"
        rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
        gpd.GeoDataFrame(geometry=[GROUND], crs="EPSG:4547").to_file(self.district)
        self.ask("new", self.location, "--crs=EPSG:4547", "--pack", rules)
        self.add("GYL", "2024-06-01", BH=["1"])
        self.add("GHDK", "2024-12-31", DKBH=["a"], YXQZ=["2025-06-30"])
        return self

    def ask(self, *arguments, code=0, lang="en"):
        answer = self._onemap(*arguments, lang=lang)
        assert answer.code == code, answer.json
        return answer.json

    def refusal_of(self, *arguments, lang="en", code=3):
        """The one problem that a step is refused for."""
        (problem,) = self.ask("warning", "step", self.location, *arguments, code=code, lang=lang)["problems"]
        return problem

    def add(self, code, day, **columns):
        path = self.folder / f"{code}_{day}.gpkg"
        gpd.GeoDataFrame(columns, geometry=[box(0, 0, 10, 10)], crs="EPSG:4547").to_file(path)
        self.ask("add", self.location, path, "--as", code, "--valid-from", day, "--covers", self.district)

    def look(self, day, *arguments):
        return self.ask("warnings", self.location, "--rhythm=GYL=300", "--as-of", day, *arguments)

    def step(self, identifier, state, reason="r", *arguments):
        return self.ask("warning", "step", self.location, identifier, state, "--reason", reason, *arguments)["warning"]

    def kept_warnings(self, *arguments):
        return {row["id"]: row for row in self.ask("warning", "list", self.location, *arguments)["warnings"]}


def made_town(folder):
    Town(folder / "town.gpkg", folder, lambda *arguments, lang: command(*arguments)).fill()


@pytest.fixture
def file_town(tmp_path, onemap, copied):
    copied(made_town, tmp_path)
    return Town(tmp_path / "town.gpkg", tmp_path, onemap)


@pytest.fixture(params=["file", "server"])
def town(request, tmp_path, onemap):
    if request.param == "file":
        return request.getfixturevalue("file_town")
    database = request.getfixturevalue("postgis").database()
    return Town(f"{database.url}&schema=town", tmp_path, onemap).fill()


@pytest.mark.slow
def test_a_warning_is_opened_once_and_seen_again(town):
    before = town.look("2025-06-01")
    assert "opened" not in before and {row["state"] for row in before["warnings"]} == {None}
    assert town.kept_warnings() == {}, "without --keep nothing is written"
    first = town.look("2025-06-01", "--keep")
    assert sorted(first["opened"]) == [PERMIT, LATE]
    again = town.look("2025-06-20", "--keep")
    assert again["opened"] == []
    days = {row["id"]: (row["state"], row["first_seen"], row["last_seen"]) for row in again["warnings"]}
    assert days == dict.fromkeys((PERMIT, LATE), ("open", "2025-06-01", "2025-06-20"))
    (step,) = town.kept_warnings()[PERMIT]["steps"]
    assert step["state"] == "open" and step["by"] and town.kept_warnings()[PERMIT]["day"] == "2025-06-30"
    assert town.ask("verify", town.location)["ok"]


@pytest.mark.slow
def test_steps_to_the_end_say_by_whom_and_why_and_whatever_else_is_refused(town):
    town.look("2025-06-01", "--keep")
    problem = town.refusal_of(PERMIT, "closed", "--reason=r")
    assert problem["code"] == "warnings.step" and "is open" in problem["message"] and "notified" in problem["mend"]
    assert town.step(PERMIT, "notified", "letter 12")["next"] == ["explained", "mended"]
    assert town.refusal_of(PERMIT, "notified", "--reason=r")["code"] == "warnings.step"
    assert town.step(PERMIT, "mended", " extended to 2027 ")["state"] == "mended"
    chinese = town.refusal_of(PERMIT, "explained", "--reason=r", lang="zh")
    assert "已整改" in chinese["message"] and "已办结" in chinese["mend"]
    assert town.refusal_of(PERMIT, "closed", "--reason=  ")["code"] == "warnings.reason"
    assert town.refusal_of(PERMIT, "closed", code=2)["code"].startswith("usage.")
    assert town.refusal_of(PERMIT, "gone", "--reason=r", code=2)["code"].startswith("usage.")
    assert town.refusal_of("expiry:GHDK:b", "notified", "--reason=r")["code"] == "warnings.unknown"
    assert town.refusal_of(PERMIT, "closed", "--reason=r", "--by=")["code"] == "review.by"
    done = town.step(PERMIT, "closed", "seen on the ground")
    assert [(step["state"], step["reason"]) for step in done["steps"]] == [
        ("open", ""),
        ("notified", "letter 12"),
        ("mended", "extended to 2027"),
        ("closed", "seen on the ground"),
    ]
    listed = result_text("warning list", town.ask("warning", "list", town.location), "en")
    moments = [f"{step['at'][:10]} {step['at'][11:16]} UTC" for step in done["steps"]]
    assert all(moment in listed for moment in moments), "a day of Greenwich is not that of the reader"
    assert done["next"] == [] and town.refusal_of(PERMIT, "notified", "--reason=r")["code"] == "warnings.step"
    rows = town.ask("history", town.location, PERMIT)["rows"]
    assert [(row["action"], row["detail"]["state"]) for row in rows] == [
        ("warnings.step", state) for state in ("notified", "mended", "closed")
    ]
    assert town.ask("verify", town.location)["ok"]


@pytest.mark.slow
def test_a_closed_one_stays_closed_whether_its_ground_is_gone_or_there_again(town):
    town.look("2025-06-01", "--keep")
    for state in ("notified", "explained", "closed"):
        town.step(LATE, state)
    still = town.look("2025-06-10", "--keep")
    assert {row["id"]: row["state"] for row in still["warnings"]} == {PERMIT: "open", LATE: "closed"}
    town.add("GYL", "2025-06-15", BH=["1"])
    assert [row["id"] for row in town.look("2025-06-20", "--keep")["warnings"]] == [PERMIT]
    kept = town.kept_warnings()
    assert (kept[LATE]["state"], kept[LATE]["found"], kept[LATE]["last_seen"]) == ("closed", False, "2025-06-10")
    assert (kept[PERMIT]["state"], kept[PERMIT]["found"]) == ("open", True)
    assert town.look("2027-01-01", "--rhythm=GYL=1")["warnings"][0]["status"] == "alarm", "a day to come may be asked"
    later = town.ask("warnings", town.location, "--as-of=2999-01-01", "--keep", code=3)
    assert later["problems"][0]["code"] == "review.date", "but nobody has seen anything on it"
    assert list(town.kept_warnings("--state=closed")) == [LATE]
    assert list(town.kept_warnings("--kind=expiry")) == [PERMIT]


def test_the_name_is_the_hand_s_in_a_file_and_the_account_s_on_a_server(town):
    town.look("2025-06-01", "--keep")
    if isinstance(town.location, str):
        for name in ("王工", "onemap"):  # the account has the program's name, which it need not say
            refusal = town.refusal_of(PERMIT, "notified", "--reason=r", f"--by={name}")
            assert refusal["code"] == "review.by" and "leave --by out" in refusal["mend"]
        assert town.step(PERMIT, "notified", "r")["steps"][-1]["by"] == "onemap"
        return
    assert town.step(PERMIT, "notified", "r", "--by=王工")["steps"][-1]["by"] == "王工"


def test_a_list_in_words_and_as_tables(file_town):
    town = file_town
    town.look("2025-06-01", "--keep")
    town.step(LATE, "notified", "已电告林草局", "--by=王工")
    words = {
        "zh": ["此前已知 2 件", "已通知", "2025-06-01 至 2025-06-02", "已电告林草局", f"\n{KEPT_LATE['zh']}"],
        "en": ["0 opened, 2 known before", "notified", "2025-06-01 to 2025-06-02", f"\n{KEPT_LATE['en']}"],
    }
    for language, expected in words.items():
        text = result_text("warnings", town.look("2025-06-02", "--keep"), language)
        kept = town.ask("warning", "list", town.location, lang=language)
        text += "\n" + result_text("warning list", kept, language)
        assert [word for word in expected if word not in text] == [], text
    sheet = town.folder / "list.xlsx"
    town.ask("warning", "list", town.location, f"--out={sheet}", lang="zh")
    frame = pd.read_excel(sheet, sheet_name="预警提醒", engine="openpyxl").set_index("编号")
    assert frame.loc[LATE, ["办理状态", "末步经办人", "末步理由"]].tolist() == ["已通知", "王工", "已电告林草局"]


@pytest.mark.slow
def test_the_night_lists_what_was_never_opened_asked_as_the_last_list_was(town):
    asked = ("recheck", town.location, "--warnings")
    assert [row["id"] for row in town.ask(*asked)["warnings"]] == [PERMIT], "nobody has named a rhythm yet"
    town.look("2025-06-01", "--keep")
    assert town.ask(*asked)["warnings"] == []
    day = (date.today() + timedelta(days=5)).isoformat()
    path = town.folder / "more.gpkg"
    columns = {"DKBH": ["b", "c"], "YXQZ": [day, "2999-01-01"]}
    gpd.GeoDataFrame(columns, geometry=[GROUND, GROUND], crs="EPSG:4547").to_file(path)
    given = ("--as=GHDK", "--valid-from=2025-01-31", "--covers", town.district)
    town.ask("add", town.location, path, *given)
    out = town.folder / "night.gpkg"
    page = town.folder / "night.html"
    found = town.ask(*asked, f"--out={out}", f"--page={page}")
    drawn = page.read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "|", drawn)
    assert "1 alert was never opened." in text and "--keep" not in text and "GHDK" not in text
    assert drawn.count("<svg") == 1 and drawn.count("<section>") == 2
    assert [(row["id"], row["days_left"], row["state"]) for row in found["warnings"]] == [("expiry:GHDK:b", 5, None)]
    assert gpd.read_file(out, layer="warnings")["id"].tolist() == ["expiry:GHDK:b"] and found["cases"] == []
    text = result_text("recheck", found, "zh")
    assert "从未开立的预警提醒 1 件" in text and "GHDK" not in text and "突破" not in text
    assert sorted(town.kept_warnings()) == [PERMIT, LATE], "nothing was written"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                "预警提醒，2025-06-01",
                "公益林",
                "待通知",
                "2025-06-30（剩 29 天）",
                "365 天",
                "300",
                "▲ 预警",
                "未能检查的",
            ],
        ),
        ("en", ["Alerts, 2025-06-01", "open", "2025-06-30 (29 days left)", "365 days", "300"]),
    ],
)
def test_a_page_lists_each_kind_in_titles(file_town, tmp_path, language, words):
    town, page = file_town, tmp_path / "page.html"
    asked = ("--rhythm=GYL=300", "--as-of=2025-06-01", "--keep", f"--page={page}")
    assert town.ask("warnings", town.location, *asked, lang=language)["page"] == str(page)
    drawn = page.read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "|", drawn)
    assert [word for word in words if word not in text] == [] and "GYL" not in text and "stale" not in text
    assert drawn.count("<svg") == drawn.count("<section>") == 1
    late = tmp_path / "late.html"
    town.ask("warnings", town.location, "--as-of=2025-07-03", f"--page={late}", lang=language)
    assert {"zh": "2025-06-30（已过 3 天）", "en": "2025-06-30 (3 days ago)"}[language] in late.read_text(
        encoding="utf-8"
    )
    empty = tmp_path / "empty.pdf"
    nothing = town.ask("warnings", town.location, "--as-of=2024-01-01", f"--page={empty}", lang=language)
    assert nothing["warnings"] == [] and empty.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_word_stands_for_one_status_on_the_whole_page_and_the_gravest_come_first(language):
    rows = [
        dict.fromkeys(COLUMNS) | {"kind": kind, "status": status, "subject": f"{kind}-{status}", "layer": "GHDK"}
        for kind in ("quota", "expiry")
        for status in ("unknown", "warn", "alarm")
    ]
    found = FoundWarnings(rows, [None] * len(rows), [])
    page = warning_page(found, "2026-11-22", (), {}, language)
    words = {"zh": {"■ 警报", "▲ 预警", "? 无法判定"}, "en": {"■ alarm", "▲ attention", "? unknown"}}[language]
    (chart,) = [figure.drawing for block in page.blocks if isinstance(block, Figures) for figure in block.figures]
    assert {series.title for series in chart.series} == words
    tables = [block for block in page.blocks if isinstance(block, Table)]
    assert len(tables) == 2
    for table in tables:
        states = [row.cells[3][0] for row in table.rows]
        assert [state[0] for state in states] == ["■", "▲", "?"] and set(states) == words


def test_a_state_that_somebody_edits_is_found_and_nothing_goes_on_from_it(file_town):
    town = file_town
    town.look("2025-06-01", "--keep")
    town.step(LATE, "notified", "letter")
    with sqlite3.connect(town.location) as connection:
        connection.execute("UPDATE onemap_warning_steps SET reason = 'never' WHERE state = 'notified'")
    assert town.refusal_of(LATE, "mended", "--reason=r")["code"] == "library.altered"
    problems = town.ask("verify", town.location, code=5)["problems"]
    assert [problem["layer"] for problem in problems] == ["onemap_warning_steps"]


@pytest.mark.parametrize(
    "edit", ["state = 'lost'", "facts = '[]'", "facts = '{'", "at = x'ff'", 'facts = \'{"kind": "other", "id": "a"}\'']
)
def test_a_table_that_cannot_be_read_is_refused_in_words(file_town, edit):
    file_town.look("2025-06-01", "--keep")
    with sqlite3.connect(file_town.location) as connection:
        connection.execute(f"UPDATE onemap_warning_steps SET {edit} WHERE number = 1")
    for verb in (("warning", "list"), ("warnings",)):
        (problem,) = file_town.ask(*verb, file_town.location, code=3)["problems"]
        assert problem["code"] == "library.damaged" and "onemap_warning_steps" in problem["message"]


def test_control_signs_are_no_reason(file_town):
    file_town.look("2025-06-01", "--keep")
    assert file_town.refusal_of(PERMIT, "notified", "--reason=a\x01b")["code"] == "review.text"


def test_a_library_made_before_warnings_had_states_takes_them_too(file_town):
    town = file_town
    with sqlite3.connect(town.location) as connection:
        for table in ("looks", "steps"):
            connection.execute(f"DROP TABLE onemap_warning_{table}")
    assert (
        town.kept_warnings() == {} and town.refusal_of(PERMIT, "notified", "--reason=r")["code"] == "warnings.unknown"
    )
    assert len(town.look("2025-06-01", "--keep")["opened"]) == 2
    assert town.step(PERMIT, "notified")["state"] == "notified" and town.ask("verify", town.location)["ok"]


@pytest.mark.slow
def test_a_department_takes_steps_in_its_own_name_and_cannot_write_past_the_verbs(tmp_path, onemap, postgis):
    database = postgis.database()
    owner = Town(f"{database.url}&schema=warned", tmp_path, onemap).fill()
    make_accounts(owner.location, {"warned_forester": ["forestry"]})
    forester = with_account(owner.location, "warned_forester")
    url = forester.removesuffix("&schema=warned")
    kept = owner.ask("warnings", forester, "--rhythm=GYL=300", "--as-of=2025-06-01", "--keep")
    assert sorted(kept["opened"]) == [PERMIT, LATE]
    step = ("warning", "step", forester, LATE, "notified", "--reason=seen")
    assert owner.ask(*step)["warning"]["steps"][-1]["by"] == "warned_forester"
    assert owner.kept_warnings()[LATE]["state"] == "notified" and owner.ask("verify", owner.location)["ok"]
    before = owner.kept_warnings()
    lies = [
        (LATE, "closed", "r", "{}"),  # nobody has explained it
        (LATE, "mended", " ", "{}"),
        (LATE, "open", "", "{}"),
        ("x", "open", "", '{"kind": "late", "id": "y"}'),
        ("x", "open", "", "[" * 3000),
        ("x", "open", "", '{"kind": "late", "id": "x", "value": "abc"}'),
        ("x", "open", "", '{"kind": "late", "id": "x", "layer": {}}'),
    ]
    sql = "INSERT INTO warned.onemap_warning_steps VALUES ((SELECT 1 + max(number) FROM warned.onemap_warning_steps),"
    sql += " %s, (SELECT 1 + coalesce(max(step), 0) FROM warned.onemap_warning_steps WHERE warning = %s), %s, %s, %s,"
    sql += " 'warned_lead', '1999')"
    looks = "INSERT INTO warned.onemap_warning_looks VALUES (0, %s, %s, %s, 'warned_lead', '1999')"
    asked = '{"packs": [], "unit": %s, "unit_field": null, "days": 90, "rhythm": %s}'
    junk = [("9999-99-99", "{}", "{}"), ("2025-06-02", "{", "{}"), ("2025-06-02", "{}", '{"opened": [[]]}')]
    junk += [
        ("2025-06-02", asked % values, '{"opened": []}')
        for values in (("5", "{}"), ("null", "5"), ("null", '{"GYL": ""}'))
    ]
    with psycopg.connect(url) as connection:
        for lie in lies:
            connection.execute(sql, (lie[0], *lie))
        for lie in junk:
            connection.execute(looks, lie)
    assert owner.kept_warnings() == before
    problems = owner.ask("verify", owner.location, code=5)["problems"]
    named = [(one["layer"], one["feature"]) for one in problems if one["code"] == "verify.row_void"]
    assert named == [
        *(("onemap_warning_steps", str(4 + number)) for number in range(len(lies))),
        *(("onemap_warning_looks", str(2 + number)) for number in range(len(junk))),
    ]
    assert {one["message"].count("warned_forester") for one in problems if one["code"] == "verify.row_void"} == {1}
    assert {one["code"] for one in problems} == {"verify.row_void", "verify.record_unlogged"}
    assert owner.ask(*step[:4], "mended", "--reason=done")["warning"]["state"] == "mended"


def test_text_that_no_cell_can_hold_is_cut_with_a_mark_and_told_in_every_list(file_town, tmp_path):
    town, long = file_town, "P" * 40_000
    town.add("GHDK", "2025-01-01", DKBH=[long], YXQZ=["2025-06-30"])
    lists = {
        "warnings": ("warnings", town.location, "--rhythm=GYL=300", "--as-of=2025-07-01", "--keep"),
        "list": ("warning", "list", town.location),
        "recheck": ("recheck", town.location, "--warnings"),
    }
    for name, asked in lists.items():
        sheet, table = tmp_path / f"{name}.xlsx", tmp_path / f"{name}.gpkg"
        if name == "recheck":  # what is new since: another permit with as long a name
            long = "Q" * 40_000
            town.add("GHDK", "2025-02-01", DKBH=[long], YXQZ=["2025-06-30"])
        answer = town.ask(*asked, "--out", sheet, "--out", table)
        places = {(one["code"], one["file"], one["layer"], one["field"]) for one in answer["problems"]}
        assert places == {("out.cell_cut", sheet.name, "Alerts", head) for head in ("Id", "Subject")}, name
        assert all(" 1 " in one["message"] and one["mend"] for one in answer["problems"])
        cells = pd.read_excel(sheet, sheet_name="Alerts", engine="openpyxl")["Subject"]
        cut = cells[cells.str.len().argmax()]
        shown, mark = cut.split("…")
        assert len(cut) == 32_767 and mark == f"[{len(shown)}/{len(long)}]"
        rows = pyogrio.read_dataframe(table, layer="warnings", read_geometry=False)
        assert long in set(rows["subject"]), "a table of GeoPackage holds all of it"
