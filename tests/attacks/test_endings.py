"""Inputs that used to end programs are refused in words and in time, and leave nothing behind."""

import errno
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
import shapely

from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.errors import OneMapError
from onemap.layers.files.temporary_room import machine_refusal
from onemap.layers.library.library import open_library
from onemap.rules.review.statement.reply_file import read_reply
from onemap.rules.verbs.commands.serve import _Server
from onemap.tests.conftest import ROOT, drop_triggers, other_writer, wait_for, write_layer
from onemap.tests.rules.command import command, done, make_city
from onemap.tests.rules.small_pack import pack_text

BOX = shapely.box(500000, 4e6, 500100, 4000100)
DEFINE = "name=T,department=land,library=base,kind=vector,geometry=polygon"
PACK = pack_text({"id": "own.zone", "layer": "T"}, id="own")


@pytest.fixture
def library(copied, tmp_path) -> Path:
    copied(make_city, tmp_path)
    return tmp_path / "city.gpkg"


def make_desk(folder: Path) -> None:
    make_city(folder)
    source = write_layer(folder / "zone.gpkg", [BOX])
    write_layer(folder / "parcels.gpkg", [BOX], {"DKBH": ["A"]})
    (folder / "own.toml").write_text(PACK, encoding="utf-8")
    done("add", folder / "city.gpkg", source, "--as", "T", "--define", DEFINE, "--covers", "extent")


@pytest.fixture
def desk(copied, tmp_path) -> Path:
    """A library with one version, and parcels and a pack beside it."""
    copied(make_desk, tmp_path)
    return tmp_path


def change_file(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


# --- files


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('gone', 'features', 'g', 4547)",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('gone', 'attributes', 'g')",
        "DELETE FROM gpkg_geometry_columns",
        "UPDATE gpkg_geometry_columns SET column_name = 'gone'",
        "UPDATE gpkg_contents SET srs_id = 999999999",
        "DROP TABLE gpkg_contents",
        "UPDATE gpkg_spatial_ref_sys SET definition = 'http://127.0.0.1:1/crs'",
    ],
)
def test_a_geopackage_that_contradicts_itself_is_read_or_refused(onemap, library, tmp_path, statement):
    path = write_layer(tmp_path / "a.gpkg", [BOX])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS x")
        drop_triggers(connection)
    change_file(path, statement)
    for words in (("inspect", path), ("check", library, path)):
        answer = onemap(*words)
        assert answer.code in (0, 3), (words, answer.json)
    answer = onemap("add", library, path, "--as", "T", "--define", DEFINE, "--covers", "extent")
    assert answer.code in (0, 3), answer.json


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM onemap_library WHERE key = 'id'",
        "DELETE FROM onemap_library WHERE key = 'name'",
        "DELETE FROM onemap_library WHERE key = 'srs_id'",
        "DELETE FROM onemap_library",
        "UPDATE onemap_library SET value = '999999999' WHERE key = 'srs_id'",
        "UPDATE onemap_library SET value = 'x' WHERE key = 'srs_id'",
        "UPDATE onemap_library SET value = '4326' WHERE key = 'srs_id'",
        "UPDATE onemap_library SET value = NULL WHERE key = 'srs_id'",
    ],
)
def test_a_library_without_what_makes_it_one_is_damaged(onemap, desk, statement):
    change_file(desk / "city.gpkg", statement)
    for words in (("layers", desk / "city.gpkg"), ("check", desk / "city.gpkg", desk / "parcels.gpkg")):
        answer = onemap(*words)
        assert (answer.code, answer.codes) == (3, ["library.damaged"]), words


def test_a_library_with_a_curve_in_it_is_unknown_and_no_defect(onemap, desk):
    curve = bytes.fromhex("47500001c3110000") + b"\x01\x08\x00\x00\x00" + (3).to_bytes(4, "little") + bytes(48)
    with closing(sqlite3.connect(desk / "city.gpkg")) as connection:
        drop_triggers(connection)
        connection.execute("UPDATE T__1 SET geom = ?", (curve,))
        connection.commit()
    answer = onemap("check", desk / "city.gpkg", desk / "parcels.gpkg", "--pack", desk / "own.toml")
    assert answer.code in (0, 3)
    assert answer.code == 3 or answer.json["verdicts"]["unknown"] == 1


CURVES = (
    "CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))",
    "CIRCULARSTRING(0 0,1 1,2 0)",
    "COMPOUNDCURVE((0 0,1 1),(1 1,2 2))",
    "MULTISURFACE(CURVEPOLYGON((0 0,1 0,1 1,0 0)))",
)


def table_with(folder, wkt):
    (folder / "a.csv").write_text(f'BSM,wkt\n1,"POLYGON((0 0,1 0,1 1,0 0))"\n2,"{wkt}"\n')
    return folder / "a.csv"


@pytest.mark.parametrize("wkt", CURVES)
def test_a_curve_in_a_table_of_text_is_read(onemap, tmp_path, wkt):
    answer = onemap("inspect", table_with(tmp_path, wkt))
    assert (answer.code, [layer["count"] for layer in answer.json["layers"]]) == (0, [2])


@pytest.mark.parametrize("wkt", ["TIN(((0 0,1 0,1 1,0 0)))", "POLYGON(" + "(" * 5000, "CURVEPOLYGON(" * 5000])
def test_a_text_that_is_no_geometry_is_named_by_its_cell(onemap, tmp_path, wkt):
    answer = onemap("inspect", table_with(tmp_path, wkt))
    assert (answer.code, answer.codes) == (3, ["sheet.wkt"])
    assert answer.json["problems"][0]["feature"] == "B3"


# --- texts


NUMBERS = ("9" * 5000, "-" + "9" * 5000, "0x" + "F" * 5000, "1e" + "9" * 5000, str(2**63), "[" * 5000 + "]" * 5000)


@pytest.mark.slow
@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("place", ["min_area_m2", "where", "days", "rule"])
def test_a_pack_with_a_number_or_a_nest_beyond_measure_is_refused(onemap, desk, value, place):
    quoted = value if value[0] != "[" else "(" * 5000 + "BSM = '1'" + ")" * 5000
    text = {
        "min_area_m2": f"{PACK}min_area_m2 = {value}\n",
        "where": f"{PACK}where = \"BSM = '1' OR n = {quoted}\"\n",
        "days": PACK.replace("[[rule]]", f"[review]\ndays = {value}\n[[rule]]"),
        "rule": PACK.replace("[[rule]]", f"rule = {value}\n"),
    }[place]
    (desk / "own.toml").write_text(text, encoding="utf-8")
    answer = onemap("check", desk / "city.gpkg", desk / "parcels.gpkg", "--pack", desk / "own.toml")
    assert answer.code in (0, 3), answer.json
    if place in ("days", "rule"):
        assert answer.code == 3


def test_a_number_of_thousands_of_digits_is_no_toml():
    for value in (*NUMBERS[:3], "9" * 1001, "0x" + "F" * 1000):
        with pytest.raises(ValueError, match="1000 digits"):
            toml_content(f"a = [{{ b = {value} }}]")
    assert toml_content(f"a = {2**63 - 1}") == {"a": 2**63 - 1}


@pytest.mark.parametrize("text", ["\\ud800", "\\udc00\\ud800", "a\\udfff"])
def test_half_a_character_in_a_reply_is_refused(tmp_path, text):
    path = tmp_path / "reply.json"
    path.write_text(f'{{"onemap_reply": 1, "text": "{text}", "on": "2026-01-01", "answers": []}}')
    with pytest.raises(OneMapError) as refused:
        read_reply(path)
    assert refused.value.code == "reply.syntax"


@pytest.mark.parametrize("content", ["9" * 5000, "[" * 100_000, '{"type": ' + "9" * 5000 + "}"])
def test_a_json_beyond_measure_is_damaged(onemap, tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    assert onemap("inspect", tmp_path / "a.json").codes == ["source.damaged"]


def test_half_a_character_on_the_command_line_is_refused(onemap, desk):
    for option in ("--by", "--label"):
        answer = onemap(
            *("add", desk / "city.gpkg", desk / "zone.gpkg", "--as", "T", "--covers", "extent", option, "\udcff")
        )
        assert answer.code in (2, 3), (option, answer.json)


# --- names


@pytest.mark.parametrize("code", ["A" * 41, "CON", "prn", "Aux", "NUL", "COM1", "lpt9", "COM0"])
def test_a_layers_code_is_short_and_no_device_of_windows(onemap, library, tmp_path, code):
    source = write_layer(tmp_path / "zone.gpkg", [BOX])
    answer = onemap("add", library, source, "--as", code, "--define", DEFINE, "--covers", "extent")
    assert (answer.code, answer.codes) == (3, ["define.code"])


def test_a_code_of_forty_characters_or_that_begins_like_a_device_is_taken(onemap, library, tmp_path):
    source = write_layer(tmp_path / "zone.gpkg", [BOX])
    for code in ("A" * 40, "CONTOUR", "COM10"):
        assert onemap("add", library, source, "--as", code, "--define", DEFINE, "--covers", "extent").code == 0


# --- libraries that go, and copies


def test_a_library_removed_meanwhile_is_missing(desk):
    with pytest.raises(OneMapError) as refused, open_library(str(desk / "city.gpkg")):
        for path in desk.glob("city.gpkg*"):
            path.unlink()
    assert refused.value.code == "library.missing"


def test_a_copy_does_not_stumble_over_what_an_earlier_one_left(onemap, desk):
    (desk / "city.catalogue.toml").write_text('[ZX1]\ntitle = { zh = "一", en = "One" }\n', encoding="utf-8")
    shutil.copyfile(desk / "city.gpkg", desk / "other.gpkg")
    (desk / "city.catalogue.toml").unlink()
    copy = desk / "copy.gpkg"
    assert onemap("copy", desk / "city.gpkg", copy).code == 0
    for end in ("-wal", "-shm"):
        copy.with_name(f"copy.gpkg{end}").write_bytes(b"left of another library" * 300)
    copy.unlink()
    onemap("copy", desk / "city.gpkg", copy).done()
    assert onemap("verify", copy).code == 0
    assert sorted(path.name for path in desk.glob("copy*")) == ["copy.gpkg"]


def test_a_copy_finds_its_own_file_beside_it_as_it_left_it(onemap, desk):
    (desk / "city.calendar.toml").write_text("", encoding="utf-8")
    for _ in range(2):
        onemap("copy", desk / "city.gpkg", desk / "copy.gpkg").done()
        (desk / "copy.gpkg").unlink()


# --- room for temporary files


def program(*arguments: object, room: Path) -> list[str]:
    return [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), *map(str, arguments)]


def environment(room: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(room), "TEMP": str(room), "TMP": str(room)}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_what_a_killed_program_left_goes_with_the_next(desk, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    foreign = room / "somebody.txt"
    foreign.write_text("theirs")
    serving = program("serve", room=room)
    for _ in range(3):
        with subprocess.Popen(serving, env=environment(room), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "nonsense"}\n')
            child.stdin.flush()
            child.stdout.readline()
            (own,) = [path for path in room.iterdir() if path.is_dir()]
            (own / "openpyxl.abc").write_bytes(bytes(1000))  # as a writer leaves it that is killed
            # Another program beside a living one leaves its room alone.
            subprocess.run(program("--help", room=room), env=environment(room), check=True, capture_output=True)
            assert own.is_dir()
            child.send_signal(signal.SIGKILL)
            child.wait()
    assert len(list(room.iterdir())) == 2  # the last one's, and what is not ours
    subprocess.run(program("--help", room=room), env=environment(room), check=True, capture_output=True)
    assert list(room.iterdir()) == [foreign]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_writers_make_their_temporary_files_in_the_room(desk, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    out = desk / "out.xlsx"
    arguments = ("check", desk / "city.gpkg", desk / "parcels.gpkg", "--pack", desk / "own.toml", "--out", out)
    seen: set[str] = set()

    def look() -> set[str]:
        seen.update(path.name.split("-room-")[0] for path in room.iterdir())
        return seen

    with subprocess.Popen(program(*arguments, room=room), env=environment(room), stdout=subprocess.DEVNULL) as child:
        with other_writer(desk / "city.gpkg"):  # so long its own room is there
            wait_for(child, lambda: "onemap" in look())
        while child.poll() is None:
            look()
            time.sleep(0.005)
    assert child.returncode == 0
    assert openpyxl.load_workbook(out).sheetnames
    tried = {name for name in seen if re.fullmatch("[a-z0-9_]{8}", name)}  # by Python itself, whether one may write
    assert seen - tried == {"onemap"}
    assert list(room.iterdir()) == []


def test_no_memory_for_a_library_is_no_defect_of_ours():
    refusals = []
    others: list[Exception] = [ImportError("lib: failed to map segment"), RuntimeError("can't start new thread")]
    others.append(shapely.GEOSException("std::bad_alloc"))
    for reason in (MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), *others):
        try:
            try:
                raise reason
            except (OSError, ImportError, RuntimeError, MemoryError, shapely.GEOSException):
                raise OSError("Could not load it.")  # noqa: B904 - as llvmlite does
        except OSError as error:
            refusals += [machine_refusal(reason), machine_refusal(error)]
    assert [refusal and refusal.code for refusal in refusals] == ["memory.full"] * 10
    assert machine_refusal(ImportError("no module")) is None


def test_no_room_for_temporary_files_is_said_so():
    refusal = machine_refusal(OSError(28, "No space left on device"))
    assert refusal is not None
    assert refusal.code == "out.no_room"
    assert machine_refusal(ValueError()) is None
    assert machine_refusal(OSError(2, "gone")) is None


def test_a_file_that_is_lost_while_it_is_used_is_named():
    refusal = machine_refusal(FileNotFoundError(2, "No such file or directory", "/delivery/a.shp"))
    assert refusal is not None
    assert (refusal.code, refusal.problems[0].facts["file"]) == ("path.failed", "/delivery/a.shp")


def test_a_path_that_no_disk_can_have_is_refused():
    system = sys.getfilesystemencoding()
    refusal = machine_refusal(UnicodeEncodeError(system, "/data/\ud800.gpkg", 6, 7, "surrogates not allowed"))
    assert refusal is not None and refusal.problems[0].facts["file"] == "\ud800.gpkg"
    assert refusal.code == "source.name"
    assert machine_refusal(UnicodeEncodeError("other", "x", 0, 1, "no")) is None


def test_a_path_with_a_null_in_it_is_refused(tmp_path):
    request = {"library": str(tmp_path / "city.gpkg"), "file": str(tmp_path / "a\0b.profile.toml")}
    command("new", request["library"], "--crs", "EPSG:4547")
    answer = json.loads(_Server("en").answer({"id": 1, "method": "profile", "params": request}))
    assert answer["error"]["data"]["problems"][0]["code"] == "source.name"


@pytest.mark.parametrize("verb", ["layers", "inspect"])
def test_a_path_too_long_for_the_system_is_refused(onemap, verb):
    answer = onemap(verb, f"{'a' * 5000}.gpkg")
    assert (answer.code, answer.codes) == (3, ["path.long"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="bounds a process as Linux does")
def test_a_program_whose_temporary_files_do_not_fit_refuses(desk, tmp_path):
    with zipfile.ZipFile(desk / "big.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.geojson", '{"type": "FeatureCollection", "features": []}' + " " * 3_000_000)
    limited = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000));"
        f"sys.argv = ['onemap', 'inspect', {str(desk / 'big.zip')!r}, '--json'];"
        f"runpy.run_path({str(ROOT / '__main__.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-I", "-c", limited], capture_output=True, timeout=60)
    assert done.returncode == 3, done.stdout + done.stderr
    assert json.loads(done.stdout)["problems"][0]["code"] in ("source.no_room", "out.no_room")
