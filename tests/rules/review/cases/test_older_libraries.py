"""Libraries of older forms: readable as they are, converted to events, and each case reads as before.

`library-format-2.gpkg.zip` was made by commit 6e759feb, with what its `review show` said of each case; format 1 by
0.1.0 (`test_library_format`). `server-format-2.sql.zip` is what pg_dump 15 wrote of a library that commit 47369854
made on a server, with a case that is out and an opinion that is signed.
"""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import psycopg
import pytest

from onemap.layers.library.library import open_library
from onemap.layers.stores.server import server_structure
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import opinion

STORED = Path(__file__).resolve().parents[3] / "layers" / "data" / "library-format-2.gpkg.zip"
ON_SERVER = STORED.with_name("server-format-2.sql.zip")
ON = ("--on", "2026-03-25")


@pytest.fixture
def old(tmp_path):
    with zipfile.ZipFile(STORED) as stored:
        stored.extractall(tmp_path)
    return tmp_path / "library-format-2.gpkg"


@pytest.fixture
def former(old):
    """The answer of the program that made the library."""
    shown = json.loads(old.with_name("shown.json").read_text(encoding="utf-8"))
    return {**shown, "cases": _without_words_of_today(shown["cases"])}


LATER_STEPS = ("notice", "close", "answer", "respond", "erase", "override")


def show_cases(library, cases):
    return {case: _without_words_of_today(done("review", "show", library, case, *ON).json) for case in cases}


def _without_words_of_today(value):
    """A case with its warnings by number, and its steps by whether they are allowed: their words are today's.

    Of one name under several opinions, and of a statement without a sender, nothing was said then, nor whether the
    answers of bodies can be entered; there were no public notices, and no layers by which a round was judged.
    """
    if isinstance(value, dict):
        since = ("alone signed", "no head and no sender")
        meanings = {
            "steps": lambda steps: {step: why is None for step, why in steps.items() if step not in LATER_STEPS},
            "warnings": lambda lines: sum(not any(words in line for words in since) for line in lines),
        }
        of_then = {name: one for name, one in value.items() if name not in ("notices", "facts", "layers")}
        return {name: meanings.get(name, _without_words_of_today)(one) for name, one in of_then.items()}
    return [_without_words_of_today(one) for one in value] if isinstance(value, list) else value


def test_an_older_library_is_read_as_it_is(old, former):
    assert show_cases(old, former["cases"]) == former["cases"]
    assert [one["case"] for one in done("review", "list", old, *ON).json["cases"]] == list(former["cases"])
    assert done("verify", old, "--head", former["head"]).json["ok"]
    assert [path.name for path in old.parent.glob("*.gpkg")] == [old.name]


def test_every_case_reads_as_before_after_the_upgrade(old, former):
    answer = done("upgrade", old).json
    assert (answer["from"], answer["to"], sorted(answer["cases"])) == (2, 3, sorted(former["cases"]))
    assert show_cases(old, former["cases"]) == former["cases"]
    assert done("verify", old).json["ok"]
    assert done("verify", old, "--head", former["head"]).json["ok"]
    assert old.with_name("library-format-2.format-2.gpkg").is_file()
    with open_library(str(old)) as library:
        tables = library.connection.own_tables()
    assert not {"onemap_case_entries", "onemap_rounds", "onemap_documents"} & set(tables)


def _without_steps(value):
    """A case without which steps are allowed: on a server it is told to the account."""
    if isinstance(value, dict):
        return {name: _without_steps(one) for name, one in value.items() if name != "steps"}
    return [_without_steps(one) for one in value] if isinstance(value, list) else value


def case_of(former, project):
    return next(case for case, values in former["cases"].items() if values["project"] == project)


def test_cases_go_on_after_the_upgrade(old, former):
    steps = {
        "circulating case": [
            ("opine", "reform", "--conclusion", "agree", "--text", "同意", "--by", "Wang", "--on", "2026-03-25"),
            ("sign", "reform", "--by", "Li", "--on", "2026-03-25"),
        ],
        "revised case": [("sign", "land", "--by", "head", "--on", "2026-03-05")],
        "consolidated case": [("issue", "--by", "boss", "--on", "2026-03-25")],
        "draft case": [("circulate", "--by", "lead", "--on", "2026-03-25")],
    }
    for project, of_case in steps.items():
        case = case_of(former, project)
        for verb, *rest in of_case:
            after = done("review", verb, old, case, *rest).json
        assert after["revision"] == former["cases"][case]["revision"] + len(of_case)
        assert after["entries"][: former["cases"][case]["revision"]] == former["cases"][case]["entries"]
    issued = done("review", "show", old, case_of(former, "consolidated case"), *ON).json
    assert issued["document"].endswith("〔2026〕2号")
    out = done("review", "show", old, case_of(former, "circulating case"), *ON).json
    assert opinion(out, "reform")["state"] == "signed"
    assert done("verify", old).json["ok"]
    refused = command("runs", old, out["run"], "--remove")
    assert refused.codes == ["run.held"]


def test_a_case_that_is_over_stays_so(old, former):
    done("upgrade", old)
    for project, code in (("issued case", "review.issued"), ("withdrawn case", "review.withdrawn")):
        answer = command("review", "withdraw", old, case_of(former, project), "--reason", "x", "--by", "lead", *ON)
        assert answer.codes == [code]


def test_on_a_server_the_owner_upgrades_and_others_are_told_so(old, former, postgis, tmp_path):
    url = f"{postgis.database().url}&schema=old"
    refused = command("copy", old, url)
    assert refused.codes == ["library.upgrade_owner"]
    done("upgrade", old)
    done("copy", old, url)
    assert _without_steps(show_cases(url, former["cases"])) == _without_steps(former["cases"])
    make_accounts(url, {"old_owner": ["owner"], "old_land": ["land"]})
    assert command("upgrade", with_account(url, "old_land")).codes == ["library.upgrade_owner"]
    again = done("upgrade", with_account(url, "old_owner")).json
    assert again["cases"] == []
    case = case_of(former, "circulating case")
    words = ("--conclusion", "agree", "--text", "同意")
    done("review", "opine", with_account(url, "old_land"), case, "land", *words, *ON)
    assert show_cases(url, [case])[case]["revision"] == former["cases"][case]["revision"] + 1
    assert done("verify", url).json["ok"]


@pytest.fixture
def old_server(postgis):
    """A library that an older version made on a server, its case, and the old answer of `review show`."""
    with zipfile.ZipFile(ON_SERVER) as stored:
        sql, former = stored.read("server-format-2.sql").decode(), json.loads(stored.read("shown.json"))
    database = postgis.database()
    for role in sorted(set(re.findall(r"onemap_town_[a-z_]+", sql))):
        database.run(f"DO $d$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN END $d$")
    psql = [database.programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.url]
    subprocess.run(psql, input=sql.encode(), check=True, capture_output=True)
    return f"{database.url}&schema=town", former["case"], former["shown"]


def change_server(library, statement):
    with psycopg.connect(library.replace("&schema=town", ""), autocommit=True) as connection:
        connection.execute(statement)


def test_a_servers_older_library_is_not_called_altered(old_server):
    library, case, before = old_server
    assert command("verify", library).codes == ["verify.structure_older"]
    assert done("upgrade", library).json["cases"] == [case]
    assert done("verify", library).json["ok"]
    after = _without_steps(done("review", "show", library, case, "--on", "2026-11-24").json)  # when it was stored
    assert (after["revision"], after["opinions"]) == (before["revision"], _without_steps(before["opinions"]))
    with psycopg.connect(library.replace("&schema=town", "")) as connection:  # a public notice can be opened now
        may = "SELECT has_table_privilege('onemap_town_public', 'town.onemap_comments', 'INSERT')"
        assert connection.execute(may).fetchone() == (True,)
        shown = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'town'::regnamespace AND relkind IN ('r', 'v')"
            " AND has_table_privilege('onemap_town_map', oid, 'SELECT')"
        )
        names = [name for (name,) in connection.execute(shown)]
        assert names and all(re.fullmatch("[A-Z]+(__[0-9]+)?", name) for name in names)  # and by a map server


def test_an_upgrade_does_not_take_an_altered_structure_for_whole(old_server):
    library, _, _ = old_server
    done("upgrade", library)
    change_server(library, "ALTER TABLE town.onemap_audit DISABLE TRIGGER onemap_closed")
    assert command("upgrade", library).codes == ["library.altered"]
    assert command("verify", library).codes == ["verify.structure_changed"]


def test_what_lies_around_a_library_is_told_until_its_owner_notes_it(old_server):
    library, _, _ = old_server
    done("upgrade", library)
    change_server(library, "CREATE FUNCTION public.length(text, text) RETURNS integer LANGUAGE sql RETURN 1")
    assert command("verify", library).codes == ["verify.structure_unlogged"]
    done("upgrade", library)
    assert done("verify", library).json["ok"]


def test_another_version_of_postgresql_is_said_and_the_owner_notes_its_words(old_server, monkeypatch):
    library, _, _ = old_server
    done("upgrade", library)
    version, text = "current_setting('server_version_num')::int / 10000", "ELSE pg_get_functiondef(p.oid)"
    asked = server_structure._FUNCTIONS
    assert (asked.count(version), asked.count(text)) == (1, 1)
    worded = asked.replace(text, f"{text} || ' '")
    monkeypatch.setattr(server_structure, "_FUNCTIONS", worded.replace(version, "99"))
    assert set(command("verify", library).codes) == {
        "verify.structure_server",
        "verify.structure_changed",
        "verify.more",
    }
    done("upgrade", library)
    assert done("verify", library).json["ok"]
    change_server(library, "DROP TRIGGER onemap_closed ON town.onemap_audit")
    monkeypatch.setattr(server_structure, "_FUNCTIONS", worded.replace(version, "100"))
    assert command("upgrade", library).codes == ["library.altered"]
