"""A stored run that somebody has damaged is refused by name in every verb; it is no defect of the program."""

import shutil
import sqlite3

import pytest
from shapely import affinity, box

from onemap.tests.rules.command import command
from onemap.tests.rules.conftest import Desk

PARCELS = {f"p{n:02}": box(30 * n, 0, 30 * n + 10, 10) for n in range(6)}
GONE = "DELETE FROM onemap_run_blocks WHERE run = '{first}' AND name = "
CUT = "UPDATE onemap_run_blocks SET content = substr(content, 1, 40) WHERE run = '{first}' AND name = "
RECORD = "UPDATE onemap_runs SET record = {value} WHERE id = '{first}'"
WORDS = "json_remove(record, '$.{word}')"
SORTS = "json_set(record, '$.{word}', 7)"
EVERY = ("parameters", "packs", "rules", "layers", "software", "started", "who", "skipped", "parameters.as_of")
DAMAGED = {
    "parcels gone": GONE + "'parcels'",
    "given gone": GONE + "'given'",
    "all gone": "DELETE FROM onemap_run_blocks WHERE run = '{first}'",
    "parcels cut": CUT + "'parcels'",
    "findings cut": CUT + "'findings'",
    "given cut": CUT + "'given'",
    "shapes gone": "UPDATE onemap_run_blocks SET shapes = NULL WHERE run = '{first}'",
    "fewer counted": "UPDATE onemap_run_blocks SET count = count - 1 WHERE run = '{first}'",
    "a block moved": "UPDATE onemap_run_blocks SET first = 3 WHERE run = '{first}' AND first = 0",
    "text for bytes": "UPDATE onemap_run_blocks SET content = 'x' WHERE run = '{first}'",
    "another table": "UPDATE onemap_run_blocks SET content = (SELECT content FROM onemap_run_blocks WHERE "
    "run = '{first}' AND name = 'given' AND first = 0) WHERE run = '{first}' AND name = 'parcels'",
    **{
        f"record {value}": RECORD.replace("{value}", value)
        for value in ("'{}'", "'[]'", "'null'", "''", "'7'", "x'ff'")
    },
    **{f"no {word}": RECORD.replace("{value}", WORDS.replace("{word}", word)) for word in EVERY},
    **{f"{word} is 7": RECORD.replace("{value}", SORTS.replace("{word}", word)) for word in EVERY},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A library with a check, and one whose rows are mostly those of the first."""
    made = Desk(tmp_path_factory.mktemp("damaged"), command)
    assert command("new", made.library, "--crs", "EPSG:4547").code == 0
    made.layer("ZONE", [box(0, 0, 100, 5)], {"TBLX": ["实划"]})
    first = made.check(PARCELS, {}).answer.json["run"]["id"]
    moved = {**PARCELS, "p01": affinity.translate(PARCELS["p01"], 1, 1)}
    return made, first, made.check(moved, against=first).answer.json["run"]["id"]


@pytest.mark.slow
@pytest.mark.parametrize("sql", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_run_is_refused_by_name_or_its_rows_are_not_asked_for(desk, tmp_path, sql):
    made, first, second = desk
    library = tmp_path / "library.gpkg"
    shutil.copy(made.library, library)
    with sqlite3.connect(library) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        assert connection.execute(sql.replace("{first}", first)).rowcount > 0
    connection.close()
    parcels, pack = made.folder / "parcels.gpkg", made.folder / "test.toml"
    answers = {
        "same": command("check", library, parcels, "--pack", pack, "--against", first, "--unrecorded"),
        "explain": command("explain", library, first, "p00", "r"),
        "second": command("explain", library, second, "p00", "r"),
        "after": command("check", library, parcels, "--pack", pack, "--against", second, "--unrecorded"),
        "verify": command("verify", library, "--run", first),
    }
    for name, answer in answers.items():
        codes = {problem["code"] for problem in answer.json.get("problems", [])}
        if answer.code == 3:
            assert codes <= {"run.damaged", "run.incomplete"}, name
        else:
            assert answer.code == (5 if name == "verify" else 0), (name, answer.json)
    assert answers["verify"].code != 0


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_record_with_a_number_that_json_cannot_say_is_damaged(desk, tmp_path, number):
    made, first, _ = desk
    library = tmp_path / "library.gpkg"
    shutil.copy(made.library, library)
    with sqlite3.connect(library) as connection:
        (text,) = connection.execute("SELECT record FROM onemap_runs WHERE id = ?", [first]).fetchone()
        given = [f'{{"old": {number}, {text.lstrip("{ ")}', first]
        connection.execute("UPDATE onemap_runs SET record = ? WHERE id = ?", given)
    connection.close()
    answer = command("explain", library, first, "p00", "r")
    assert (answer.code, answer.codes) == (3, ["run.damaged"])
