"""A library in a schema of PostGIS: plain tables for any client, and refusals that say what to do."""

import hashlib
import json
import os
import time
from datetime import date

import geopandas as gpd
import psycopg
import pytest
import shapely

from onemap import open as open_in_python
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import read_version, versions
from onemap.layers.messages import in_words
from onemap.layers.stores.server.server_refusals import server_errors_as_refusals
from onemap.tests.layers.stores.conftest import ServerShelf
from onemap.tests.postgis_server import GUARDED
from onemap.tests.rules.small_pack import pack_text


def test_each_version_is_a_plain_table_and_the_code_a_view_of_the_one_in_force(server_shelf, squares, layer_file, box):
    assert server_shelf.add(squares, label="1").code == 0
    more = layer_file("b.gpkg", [box(0, 0, 10, 10)], {"BSM": ["C"], "MJ": [1.5]})
    assert server_shelf.add(more, label="2", valid_from="2026-01-01").code == 0
    shapes = server_shelf.rows("SELECT f_table_name, f_geometry_column, type, srid FROM geometry_columns ORDER BY 1")
    assert shapes == [(name, "geom", "MULTIPOLYGON", 4547) for name in ("T", "T__1", "T__2")]
    columns = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'T__1'"
    assert server_shelf.rows(f"{columns} ORDER BY ordinal_position") == [
        ("fid", "bigint"),
        ("geom", "USER-DEFINED"),
        ("BSM", "text"),
        ("名称", "text"),
    ]
    keys = "SELECT indexdef FROM pg_indexes WHERE tablename = 'T__1' ORDER BY 1"
    indexes = " ".join(row[0] for row in server_shelf.rows(keys))
    assert "USING gist (geom)" in indexes
    assert "UNIQUE INDEX" in indexes
    assert server_shelf.rows('SELECT fid, "BSM", "名称", "MJ", ST_Area(geom) FROM "T"') == [(1, "C", None, 1.5, 100)]
    ((view,),) = server_shelf.rows("SELECT pg_get_viewdef('\"T\"'::regclass)")
    assert ("T__1" in view, "T__2" in view) == (False, True)  # the first can hold on no day from now on


def test_a_field_that_changes_its_type_from_version_to_version_is_text_in_the_view(server_shelf, layer_file, box):
    assert server_shelf.add(layer_file("a.gpkg", [box(0, 0)], {"MJ": [1.5]}), label="1").code == 0
    assert server_shelf.add(layer_file("b.gpkg", [box(0, 0)], {"MJ": ["two"]}), label="2").code == 0
    assert server_shelf.rows('SELECT "MJ" FROM "T"') == [("two",)]


@pytest.mark.slow
def test_a_desk_far_to_the_west_is_answered_by_the_versions_in_force_on_the_day_of_the_server(
    postgis, onemap, squares, tmp_path, monkeypatch
):
    far_east = ServerShelf(postgis.database(), onemap)
    (name,) = far_east.rows("SELECT current_database()")[0]
    far_east.rows(f"ALTER DATABASE {name} SET timezone = 'Etc/GMT-14'")
    assert onemap("new", far_east.url, "--crs", "EPSG:4547").code == 0
    monkeypatch.setenv("TZ", "Etc/GMT+12")
    time.tzset()
    try:
        today = date.fromisoformat(far_east.rows("SELECT onemap_today()")[0][0])
        with open_library(far_east.url) as kept:
            days = [*kept.day_texts(["2026-11-30T09:59:59Z", "no moment", "2026-11-30T10:00:00.000000Z"]).values()]
        assert today > date.today()
        assert far_east.add(squares, label="1", valid_from="2020-01-01").code == 0
        assert far_east.add(squares, label="2", valid_from=today).code == 0
        counted = onemap("statistics", far_east.url, "T", "--by", "BSM")
        became = onemap("transitions", far_east.url, "T@1", "T", "--by", "BSM")
        published = onemap("publish", far_east.url, tmp_path / "map.qgz")
        pages = [tmp_path / "numbers.html", tmp_path / "night.html"]
        onemap("warnings", far_east.url, "--page", pages[0])
        onemap("recheck", far_east.url, "--open", "--page", pages[1])
        with open_in_python(far_east.url) as library:
            frame = pytest.importorskip("dask_geopandas").from_geopandas(gpd.read_file(squares), npartitions=1)
            lazy = library.check(frame, id="BSM")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert days == ["2026-11-30", "no moment", "2026-12-01"]  # by 14 hours to the east
    assert counted.json["layer"]["label"] == "2"
    assert [layer["label"] for layer in became.json["layers"]] == ["1", "2"]
    assert [layer["label"] for layer in published.json["layers"]] == ["2"]
    assert [today.isoformat() in page.read_text("utf-8") for page in pages] == [True, True]
    assert lazy.answer["run"]["parameters"]["as_of"] == today.isoformat()


def test_names_that_postgresql_cannot_bear_come_back_as_they_were(server_shelf, layer_file, box):
    names = ["长" * 25, "长" * 26, "xmin", "Fid_"]
    answer = server_shelf.add(layer_file("a.gpkg", [box(0, 0)], {name: [name] for name in names}))
    assert answer.code == 0, answer.json
    with open_library(server_shelf.url) as library:
        stored = read_version(library, versions(library)[0], None)
    assert list(stored.attributes.columns) == names
    assert stored.attributes.iloc[0].tolist() == names
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


@pytest.mark.parametrize("has_habits", [False, True])
def test_no_habit_of_a_server_changes_a_digit_or_refuses_a_library(postgis, onemap, layer_file, tmp_path, has_habits):
    database = postgis.database()
    if has_habits:
        database.take_habits()
    shelf = ServerShelf(database, onemap)
    assert onemap("new", shelf.url, "--crs", "EPSG:4547").code == 0
    shape = shapely.Polygon([(500_000 + 1 / 3, 4e6), (500_100.1, 4e6 + 2 / 3), (500_050, 4_000_100.7)])
    assert shelf.add(layer_file("a.gpkg", [shape], {"MJ": [0.1 + 0.2]})).code == 0
    with open_library(shelf.url) as library:
        stored = read_version(library, versions(library)[0], (0, 0, 1e7, 1e7))
    assert shapely.to_wkb(stored.geometries[0].geoms[0]) == shapely.to_wkb(shape)
    assert stored.attributes["MJ"].tolist() == [0.1 + 0.2]
    assert onemap("verify", shelf.url).json["ok"]
    assert onemap("copy", shelf.url, tmp_path / "copy.gpkg").code == 0
    assert onemap("verify", tmp_path / "copy.gpkg").json["ok"]


def test_a_statement_that_the_server_stops_is_not_called_somebody_elses_work(postgis):
    with psycopg.connect(postgis.database().url) as raw:
        raw.execute("SET statement_timeout = 10")
        with pytest.raises(OneMapError) as refused, server_errors_as_refusals("town"):
            raw.execute("SELECT pg_sleep(9)")
    assert refused.value.code == "library.stopped"


def test_features_near_a_box_are_read_and_no_others(server_shelf, squares):
    assert server_shelf.add(squares).code == 0
    with open_library(server_shelf.url) as library:
        version = versions(library)[0]
        near = read_version(library, version, (500_150, 4_000_000, 500_200, 4_000_050))
        assert (near.fids.tolist(), near.attributes["名称"].tolist()) == ([2], ["西"])
        # PostGIS rounds its boxes outwards: what only nearly meets is left out all the same.
        assert len(read_version(library, version, (500_100.001, 4_000_000, 500_199.999, 4_000_050)).fids) == 0


def test_every_write_is_a_row_of_the_log_that_the_server_itself_chains(server_shelf, squares):
    assert server_shelf.add(squares).code == 0
    rows = server_shelf.rows(
        "SELECT number, at, who, action, subject, detail, content_hash, previous_hash, hash FROM onemap_audit"
        " ORDER BY number"
    )
    assert [(row[0], row[3], row[4]) for row in rows] == [(1, "new", "city"), (2, "define", "T"), (3, "add", "T__1")]
    before = ""
    for _, at, who, action, subject, detail, content_hash, previous, chained in rows:
        assert (content_hash, previous) == (hashlib.sha256(detail.encode()).hexdigest(), before)
        text = "\n".join((before, at, who, action, subject, content_hash))
        assert chained == hashlib.sha256(text.encode()).hexdigest()
        before = chained
    assert {row[2] for row in rows} == {"onemap"}  # the account, whoever sits there
    assert json.loads(rows[2][5])["features"]["hash"] == server_shelf.rows("SELECT hash FROM onemap_versions")[0][0]


def test_a_refused_or_broken_add_leaves_no_trace(server_shelf, squares, layer_file, box):
    assert server_shelf.add(squares, label="1").code == 0
    tables = (
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'city' ORDER BY 1"
    )
    before = server_shelf.rows(tables), server_shelf.rows("SELECT * FROM onemap_audit")
    assert server_shelf.add(layer_file("bad.gpkg", [box(0, 0), None])).code == 3
    assert server_shelf.add(layer_file("other.gpkg", [box(0, 5)]), label="1").codes == ["version.label"]

    def lose_versions():
        with open_library(server_shelf.url) as library, library.writing() as connection:
            connection.execute("DELETE FROM onemap_versions")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lose_versions()
    assert (server_shelf.rows(tables), server_shelf.rows("SELECT * FROM onemap_audit")) == before
    assert server_shelf.rows("SELECT count(*) FROM onemap_versions") == [(1,)]


def test_a_connection_that_is_lost_in_mid_step_leaves_the_library_as_before(server_shelf, squares):
    assert server_shelf.add(squares, label="1").code == 0
    with pytest.raises(OneMapError) as refused, open_library(server_shelf.url) as library:
        process = library.connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        with library.writing() as connection:
            connection.execute("DELETE FROM onemap_versions")
            server_shelf.rows(f"SELECT pg_terminate_backend({process})")
            connection.execute("DELETE FROM onemap_runs")
    assert refused.value.code == "library.connection_lost"
    assert server_shelf.rows("SELECT count(*) FROM onemap_versions") == [(1,)]
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


def test_a_writer_waits_for_another_and_then_says_that_the_library_is_busy(server_shelf):
    with open_library(server_shelf.url) as first, open_library(server_shelf.url, wait_s=0.2) as second:
        with first.writing(), pytest.raises(OneMapError) as refused, second.writing():
            raise AssertionError("two writers at once")
        assert refused.value.code == "library.busy_with"
        with second.writing() as connection:
            connection.execute("UPDATE onemap_library SET value = 'town' WHERE key = 'name'")


@pytest.mark.slow
def test_a_reader_whose_open_transaction_holds_up_a_new_version_is_named(server_shelf, squares, layer_file, box):
    """The view of a layer is made anew with each version, which it cannot be while somebody has it open."""
    assert server_shelf.add(squares, label="1").code == 0
    reader, other = server_shelf.account("u_reader", "lead"), server_shelf.account("u_other", "lead")
    plain = [server_shelf.url_as(name).replace("&schema=city", "") for name in (reader, other)]
    with psycopg.connect(plain[0]) as reading, psycopg.connect(plain[1]) as elsewhere:
        reading.execute('SELECT count(*) FROM city."T"')
        elsewhere.execute("SELECT count(*) FROM city.onemap_versions")  # in nobody's way
        for sees_statistics in (False, True):
            if sees_statistics:  # when it began is told to those who may see the server's statistics
                server_shelf.rows("GRANT pg_read_all_stats TO onemap_city_owner")
            with open_library(server_shelf.url, wait_s=0.3) as library:
                with pytest.raises(OneMapError) as refused, library.writing() as connection:
                    connection.show_in_force("T", "Test", "MULTIPOLYGON", [(1, "T__1")], [1], [])
                (problem,) = refused.value.problems
                assert (problem.code, problem.facts["accounts"]) == ("library.busy_reading", ["u_reader"])
                assert problem.place["layer"] == "T"
                messages = {language: in_words(problem, language).message for language in ("en", "zh")}
                began = server_shelf.rows(
                    "SELECT to_char(xact_start, 'YYYY-MM-DD HH24:MI') FROM pg_stat_activity WHERE usename = 'u_reader'"
                )[0][0]
                assert (f" since {began}" in messages["en"]) == sees_statistics
                assert (f"（自 {began} 起）" in messages["zh"]) == sees_statistics
                with pytest.raises(OneMapError) as refused, library.writing() as connection:
                    connection.execute("LOCK TABLE onemap_versions")  # as whoever alters a table does
                (problem,) = refused.value.problems
                assert (problem.code, problem.facts["accounts"]) == ("library.busy_reading", ["u_other", "u_reader"])
                assert "onemap_versions" in problem.place["layer"].split(", ")
        reading.rollback()
        assert server_shelf.add(layer_file("b.gpkg", [box(0, 0)]), label="2").code == 0


def test_who_adds_a_layer_and_who_signs_do_not_wait_for_one_another(server_shelf):
    with open_library(server_shelf.url) as adding, open_library(server_shelf.url, wait_s=0.2) as signing:
        with adding.writing("T"), signing.writing() as connection:
            connection.append_log("", "me", "sign", "case", "{}", "")
        assert signing.chain_head()[0] == 2


def test_readers_see_the_state_before_while_someone_writes(server_shelf, squares):
    assert server_shelf.add(squares, label="1").code == 0
    with open_library(server_shelf.url) as writer, open_library(server_shelf.url) as reader:
        with writer.writing() as connection:
            connection.execute("DELETE FROM onemap_versions")
            assert len(versions(reader)) == 1
        assert len(versions(reader)) == 0


def test_a_version_that_lost_a_row_is_not_read_in_part(server_shelf, squares):
    assert server_shelf.add(squares, label="1").code == 0
    server_shelf.rows('DELETE FROM "T__1" WHERE fid = 2')
    with open_library(server_shelf.url) as library, pytest.raises(OneMapError) as refused:
        read_version(library, versions(library)[0], (500_000, 4_000_000, 500_001, 4_000_001))
    assert refused.value.code == "version.unreadable"


def test_several_libraries_in_one_database_are_told_apart(server_shelf, onemap):
    other = server_shelf.database.url + "&schema=other"
    assert onemap("new", other, "--crs", "EPSG:4527", "--name", "另").json["library"] == other
    refused = onemap("layers", server_shelf.database.url)
    assert refused.codes == ["library.several"]
    assert "city, other" in refused.json["problems"][0]["message"]
    assert onemap("layers", other).json["crs"] == "EPSG:4527"
    assert onemap("layers", server_shelf.database.url + "&schema=third").codes == ["library.no_schema"]


def test_the_schema_of_a_new_library_follows_its_name_and_the_only_one_need_not_be_named(postgis, onemap):
    database = postgis.database()
    made = onemap("new", database.url, "--crs", "EPSG:4547", "--name", "Lin'an")
    assert made.json["library"] == f"{database.url}&schema=lin_an"
    assert onemap("layers", database.url).json["name"] == "Lin'an"
    assert onemap("new", made.json["library"], "--crs", "EPSG:4547").codes == ["library.exists"]


def test_what_a_server_lacks_is_said_with_its_mend(postgis, onemap):
    database = postgis.database()
    database.run("CREATE DATABASE bare TEMPLATE template0")
    bare = database.url.replace(database.name, "bare")
    refused = onemap("new", bare, "--crs", "EPSG:4547")
    assert refused.codes == ["library.no_postgis"]
    assert "CREATE EXTENSION postgis" in refused.json["problems"][0]["mend"]
    database.run("CREATE DATABASE of_gb ENCODING 'EUC_CN' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    refused = onemap("new", database.url.replace(database.name, "of_gb"), "--crs", "EPSG:4547")
    assert refused.codes == ["library.encoding"]
    database.run(refused.json["problems"][0]["mend"].partition(": ")[2].rstrip("."))
    assert onemap("new", database.url.replace(database.name, "name"), "--crs", "EPSG:4547").codes == [
        "library.no_postgis"
    ]
    assert onemap("layers", database.url.replace(database.name, "nowhere")).codes == ["library.no_database"]
    assert onemap("layers", database.url).codes == ["library.no_schema"]
    assert onemap("layers", "postgresql://127.0.0.1:1/city").codes == ["library.unreachable"]
    assert onemap("layers", "service=absent").codes == ["library.unreachable"]
    assert onemap("layers", "postgresql://[x/city").codes == ["library.address"]


def test_who_may_not_make_roles_is_given_the_sql_for_an_administrator(postgis, onemap):
    database = postgis.database()
    database.run("CREATE ROLE newcomer LOGIN")
    url = database.url.replace("user=onemap", "user=newcomer") + "&schema=newcomers"
    refused = onemap("new", url, "--crs", "EPSG:4547")
    assert refused.codes == ["library.roles"]
    script = refused.json["problems"][0]["mend"].partition(": ")[2]
    database.run(script)
    assert onemap("new", url, "--crs", "EPSG:4547").code == 0
    assert onemap("layers", url).code == 0


def test_a_password_comes_by_file_or_environment_and_is_never_shown(postgis, onemap, tmp_path, monkeypatch):
    database = postgis.database()
    made = database.rows(f"SELECT rolname FROM pg_roles WHERE rolname = '{GUARDED}'")  # by another test
    database.run(f"{'ALTER' if made else 'CREATE'} ROLE {GUARDED} LOGIN CREATEROLE PASSWORD 'hush-hush'")
    database.run(f"GRANT CREATE ON DATABASE {database.name} TO {GUARDED}")
    url = database.url.replace("user=onemap", f"user={GUARDED}") + "&schema=kept"
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    assert onemap("new", url, "--crs", "EPSG:4547").codes == ["library.password"]
    assert onemap("new", f"{url}&password=hush-hash", "--crs", "EPSG:4547").codes == ["library.password"]
    made = onemap("new", f"{url}&password=hush-hush", "--crs", "EPSG:4547")
    assert made.json["library"] == url
    assert "hush" not in str(made.json) + made.stderr
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:{GUARDED}:hush-hush\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert onemap("layers", url).code == 0
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    monkeypatch.setenv("PGPASSWORD", "hush-hush")
    assert onemap("layers", url).code == 0
    services = tmp_path / "services.conf"
    services.write_text(f"[city]\nhost={database.folder}\nuser={GUARDED}\ndbname={database.name}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    assert onemap("layers", "service=city?schema=kept").code == 0
    with psycopg.connect(database.url) as connection:
        kept = connection.execute("SELECT string_agg(a::text, ' ') FROM kept.onemap_audit a").fetchone()[0]
    assert "hush" not in kept


def test_an_argument_too_many_is_refused_without_repeating_its_password(onemap):
    refused = onemap("layers", "city.gpkg", "postgresql://reader:hush-hush@host/city")
    assert refused.codes == ["usage.arguments"]
    assert "hush" not in str(refused.json) + refused.stderr


def test_the_day_is_the_servers_whatever_time_zone_a_client_sets(server_shelf, monkeypatch):
    days = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):  # 25 hours apart: never the same day
        monkeypatch.setenv("PGTZ", zone)
        with open_library(server_shelf.url) as library:
            days.add(library.today())
    assert len(days) == 1


def test_what_a_next_version_lacks_is_said_and_repeated_to_a_department_that_checks(server_shelf, layer_file, box):
    whole = [box(100 * n, 0) for n in range(10)]
    assert server_shelf.add(layer_file("whole.gpkg", whole), covers="extent", valid_from="2020-01-01").code == 0
    part = layer_file("part.gpkg", [*whole[:5], whole[9]])
    answer = server_shelf.add(part, covers="extent", valid_from="2022-01-01")
    assert [one["code"] for one in answer.json["problems"]] == ["lost.ground"]
    pack = part.parent / "one.toml"
    pack.write_text(pack_text({"layer": "T"}, id="one"), encoding="utf-8")
    parcels = layer_file("parcels.gpkg", [box(710, 10, 20, 20)], {"DKBH": ["A"]})
    url = server_shelf.url_as(server_shelf.account("surveyor", "land"))
    found = server_shelf.run("check", url, parcels, "--pack", pack)
    assert [(one["code"], one["layer"]) for one in found.json["problems"]] == [("version.lacks_ground", "T")]
    assert found.json["verdicts"]["clear"] == 1
