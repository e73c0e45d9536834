"""A log head kept elsewhere tells whether a log was made anew, cut short, or belongs to another library."""

import contextlib
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest
import shapely

from onemap.layers.library.library import sha256
from onemap.layers.stores.store import chained_hash
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import command, done

DEFINE = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"


@pytest.fixture(scope="module")
def new_library(tmp_path_factory) -> Path:
    """A library with a layer; new, define, add."""
    folder = tmp_path_factory.mktemp("made")
    path = folder / "city.gpkg"
    square = write_layer(folder / "a.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)])
    done("new", path, "--crs", "EPSG:4547", "--name", "某市")
    done("add", path, square, "--as", "T", "--define", DEFINE, "--covers", "extent")
    return path


@pytest.fixture
def city(new_library, tmp_path) -> Path:
    shutil.copy(new_library.parent / "a.gpkg", tmp_path)
    return Path(shutil.copy(new_library, tmp_path))


def grow(library: Path) -> None:
    """Add a version of one square more than the last has."""
    (layer,) = [layer for layer in done("layers", library).json["layers"] if layer["code"] == "T"]
    count = 1 + len(layer["versions"])
    squares = [shapely.box(500_000 + 100 * n, 4_000_000, 500_100 + 100 * n, 4_000_100) for n in range(count)]
    done("add", library, write_layer(library.parent / "a.gpkg", squares), "--as", "T", "--covers", "extent")


def kept_head(library: Path, name: str = "head.json") -> Path:
    place = library.parent / name
    answer = done("keep", library, "--head", place).json
    facts = json.loads(place.read_text(encoding="utf-8"))
    assert (answer["head"], answer["number"]) == (facts["head"], facts["number"])
    assert set(facts) == {"library", "name", "number", "head", "at"} and facts["name"] == "某市"
    return place


def published_project(library: Path) -> Path:
    place = library.parent / "map.qgz"
    done("publish", library, place)
    return place


def only_problem(library: Path, head: object) -> dict:
    """The one problem of a library that is whole in itself."""
    answer = command("verify", library, "--head", head)
    assert answer.code == 5, answer.json
    (problem,) = answer.json["problems"]
    return problem


def made_anew(library: Path) -> None:
    """Chain the log anew from its second entry on, as somebody who knows the format would."""
    with contextlib.closing(sqlite3.connect(library, isolation_level=None)) as connection:
        asked = "SELECT number, at, who, action, subject, detail FROM onemap_audit ORDER BY 1"
        rows, before = connection.execute(asked).fetchall(), ""
        for number, at, who, action, subject, detail in rows:
            who = who if number == 1 else "另一人"
            chained = chained_hash(before, at, who, action, subject, sha256(detail))
            values = (who, before, chained, number)
            connection.execute("UPDATE onemap_audit SET who = ?, previous_hash = ?, hash = ? WHERE number = ?", values)
            before = chained


@pytest.mark.parametrize("known", [kept_head, published_project])
def test_a_head_that_is_kept_outside_is_found_in_a_log_that_went_on(city, known):
    head = known(city)
    assert done("verify", city, "--head", head).json == {"ok": True, "problems": []}
    grow(city)
    assert done("verify", city, "--head", head).json["ok"]
    if known is published_project:
        with zipfile.ZipFile(head) as archive:
            text = archive.read("map.qgs")
        plain = head.with_suffix(".qgs")
        plain.write_bytes(text)
        assert done("verify", city, "--head", plain).json["ok"]


@pytest.mark.parametrize("known", [kept_head, published_project])
def test_a_library_of_yesterday_says_how_much_is_missing(city, known):
    yesterday = shutil.copy(city, city.parent / "yesterday.gpkg")
    grow(city)
    grow(city)
    problem = only_problem(yesterday, known(city))
    assert (problem["code"], problem["feature"]) == ("verify.head_missing", "3")
    assert "ends at entry 3 of 20" in problem["message"]
    assert "names entry 5: 2 entries are missing" in problem["message"]
    bare = json.loads(kept_head(city, "bare.json").read_text())["head"]
    assert only_problem(yesterday, bare)["code"] == "verify.head"


def test_a_log_that_was_made_anew_is_whole_and_has_another_head(city):
    head = kept_head(city)
    made_anew(city)
    assert command("verify", city).json == {"ok": True, "problems": []}
    assert (only_problem(city, head)["code"], only_problem(city, head)["feature"]) == ("verify.head_rewritten", "3")
    assert only_problem(city, json.loads(head.read_text())["head"])["code"] == "verify.head"


def test_damage_and_a_log_made_anew_are_told_apart(city):
    head = kept_head(city)
    with contextlib.closing(sqlite3.connect(city, isolation_level=None)) as connection:
        connection.execute("UPDATE onemap_versions SET label = 'x'")
    assert command("verify", city, "--head", head).codes == ["verify.record_changed"]
    with contextlib.closing(sqlite3.connect(city, isolation_level=None)) as connection:
        connection.execute("UPDATE onemap_versions SET label = 'v1'")
    made_anew(city)
    assert command("verify", city, "--head", head).codes == ["verify.head_rewritten"]


def test_the_head_of_another_library_is_told_as_such(city, tmp_path):
    head = kept_head(city)
    other = tmp_path / "other.gpkg"
    done("new", other, "--crs", "EPSG:4547", "--name", "邻市")
    problem = only_problem(other, head)
    assert problem["code"] == "verify.head_library" and "某市" in problem["message"]


def test_a_file_copy_is_the_same_library_until_one_goes_on(city):
    twin = Path(shutil.copy(city, city.parent / "twin.gpkg"))
    grow(city)
    head = kept_head(city)
    grow(twin)
    assert only_problem(twin, head)["code"] == "verify.head_rewritten"
    assert done("verify", city, "--head", head).json["ok"]


@pytest.mark.slow
def test_a_copy_names_the_originals_head_and_keeps_it_valid(city, postgis):
    head, url = kept_head(city), f"{postgis.database().url}&schema=city"
    copied = done("copy", city, url).json
    assert (copied["log"], copied["head"]) == tuple(json.loads(head.read_text())[name] for name in ("number", "head"))
    assert done("verify", url, "--head", head).json["ok"]
    (entry,) = [row for row in done("history", url).json["rows"] if row["action"] == "copy"]
    assert (entry["detail"]["number"], entry["detail"]["head"]) == (copied["log"], copied["head"])
    grow(city)
    problem = only_problem(url, kept_head(city, "later.json"))
    assert (problem["code"], problem["feature"]) == ("verify.head_copy", "4")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.json", None, "source.missing"),
        ("empty.json", b"", "verify.head_file"),
        ("list.json", b"[1]", "verify.head_file"),
        ("deep.json", b"[" * 100_000, "verify.head_file"),
        ("number.json", b'{"head": "' + b"a" * 64 + b'", "library": "x", "number": "many"}', "verify.head_file"),
        ("short.json", b'{"head": "abc", "library": "x", "number": 1}', "verify.head_file"),
        ("no.qgz", b"PK no zip", "verify.head_file"),
        ("no.qgs", b"<qgis><properties/></qgis>", "verify.head_file"),
        ("cut.qgs", b"<qgis><prop", "verify.head_file"),
    ],
)
def test_a_file_without_a_head_is_refused(city, name, content, code):
    place = city.parent / name
    if content is not None:
        place.write_bytes(content)
    answer = command("verify", city, "--head", place)
    assert (answer.code, answer.codes) == (3, [code])


def test_keep_asks_for_one_thing_and_replaces_no_file(city):
    head = kept_head(city)
    assert command("keep", city, "--head", head).codes == ["out.exists"]
    assert command("keep", city).codes == ["usage.required"]
    assert command("keep", city, head, "--head", head).codes == ["usage.apart"]
    assert command("verify", city, "--head", "no hash").codes == ["verify.head_short"]
