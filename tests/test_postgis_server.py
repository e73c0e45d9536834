"""The tests' own PostgreSQL: never root's, reachable by its socket only, and gone after the tests."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import shapely

from onemap.tests.postgis_server import Absent, as_owner, owner_of_server, programs_of_postgresql

# It starts a server in the folder given, says its process id, and is killed without a chance to clean up.
KILLED = """
import os, signal, sys
from pathlib import Path
from onemap.tests.postgis_server import owner_of_server, programs_of_postgresql, start_server

folder = Path(sys.argv[1])
print(start_server(folder, owner_of_server(), programs_of_postgresql()).pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_server_has_postgis_and_speaks_utf_8(postgis):
    (row,) = postgis.database().rows("SELECT ST_AsText(ST_MakePoint(1, 2)) AS point, '永久基本农田' AS text")
    assert row == {"point": "POINT(1 2)", "text": "永久基本农田"}


def test_the_server_listens_on_its_socket_only_and_does_not_belong_to_root(postgis):
    (row,) = postgis.database().rows("SELECT inet_server_addr() AS address, pg_backend_pid() AS process")
    assert row["address"] == ""
    assert (postgis.folder / ".s.PGSQL.5432").is_socket()
    (settings,) = postgis.database().rows("SELECT current_setting('listen_addresses') AS addresses")
    assert settings["addresses"] == ""
    assert postgis.folder.stat().st_mode & 0o777 == 0o700
    server = int((postgis.folder / "data" / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{server}").stat().st_uid == owner_of_server()[0] != 0


def test_each_database_is_apart_from_the_others(postgis):
    first, second = postgis.database(), postgis.database()
    first.run("CREATE TABLE mine (n integer)")
    assert first.rows("SELECT to_regclass('mine') IS NULL AS gone") == [{"gone": "f"}]
    assert second.rows("SELECT to_regclass('mine') IS NULL AS gone") == [{"gone": "t"}]


def test_geometries_reach_the_server_bit_for_bit(postgis):
    shapes = [shapely.box(38_500_000.1, 1 / 3, 38_500_001, 2 / 3), shapely.from_wkt("MULTIPOLYGON EMPTY")]
    database = postgis.database()
    database.load("shapes", shapes, 4526, id=["甲", 'b,\n"c"'])
    rows = database.rows("SELECT id, ST_SRID(geom) AS srid, encode(ST_AsBinary(geom, 'NDR'), 'hex') AS hex FROM shapes")
    assert [(row["id"], row["srid"]) for row in rows] == [("甲", "4526"), ('b,\n"c"', "4526")]
    assert [shapely.from_wkb(row["hex"]) for row in rows] == shapes


@pytest.mark.slow
def test_the_server_ends_with_tests_that_are_killed():
    try:
        programs_of_postgresql()
        as_owner(owner_of_server())
    except Absent as reason:
        pytest.skip(str(reason))
    folder = Path(tempfile.mkdtemp(prefix="onemap-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            os.chown(folder, *owner_of_server())
        killed = subprocess.run([sys.executable, "-P", "-c", KILLED, folder], stdout=subprocess.PIPE, timeout=60)
        assert killed.returncode == -signal.SIGKILL
        try:
            server = os.pidfd_open(int(killed.stdout))
        except ProcessLookupError:
            return  # it has ended already
        ended, _, _ = select.select([server], [], [], 10)
        os.close(server)
        assert ended, "the server outlived the tests"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
