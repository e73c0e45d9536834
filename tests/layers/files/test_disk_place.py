"""Paths that Windows and networks make special, given as paths and lists of mounts of those systems."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.files import disk_place
from onemap.layers.files.atomic_output import check_place
from onemap.layers.files.disk_place import is_no_windows_name, is_on_network, is_share, may_write_in, sqlite_address
from onemap.layers.files.journal_folder import work_place
from onemap.layers.stores import file_store
from onemap.layers.stores.file_store import is_writable

URL = "https://example.org/{z}/{x}/{y}.png"
MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/plans /mnt/plans nfs4 rw,vers=4.2 0 0
//server/my\\040share /mnt/my\\040share cifs rw 0 0
/dev/sdb1 /mnt/plans/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (PureWindowsPath(r"C:\规划\a b.gpkg"), "file:///C:/%E8%A7%84%E5%88%92/a%20b.gpkg?mode=ro"),
        (PureWindowsPath(r"\\server\plans\a#1.gpkg"), "file:////server/plans/a%231.gpkg?mode=ro"),
        (PureWindowsPath("\\\\?\\UNC\\server\\plans\\a.gpkg"), "file:////server/plans/a.gpkg?mode=ro"),
        (PureWindowsPath("\\\\?\\C:\\plans\\a.gpkg"), "file:///C:/plans/a.gpkg?mode=ro"),
        (PurePosixPath("/data/a?b.gpkg"), "file:///data/a%3Fb.gpkg?mode=ro"),
    ],
)
def test_sqlite_is_given_an_address_without_a_host(path, address):
    assert sqlite_address(path, "mode=ro") == address


def test_a_share_of_windows_is_known_by_its_name():
    assert is_share(PureWindowsPath(r"\\server\plans\city.gpkg"))
    assert is_share(PureWindowsPath("//server/plans/city.gpkg"))
    assert is_share(PureWindowsPath(r"\\?\UNC\server\plans\city.gpkg"))
    assert not is_share(PureWindowsPath(r"C:\plans\city.gpkg"))
    assert not is_share(PureWindowsPath(r"\\?\C:\plans\city.gpkg"))


@pytest.mark.parametrize(
    ("path", "is_remote"),
    [
        ("/home/city.gpkg", False),
        ("/mnt/plans/city.gpkg", True),
        ("/mnt/plans/local/city.gpkg", False),
        ("/mnt/plans2/city.gpkg", False),
        ("/mnt/my share/city.gpkg", True),
    ],
)
def test_a_network_drive_is_known_by_the_longest_mount(path, is_remote):
    assert disk_place._is_below_network(path, MOUNTS) is is_remote


def test_the_disk_of_this_machine_is_none(tmp_path):
    assert not is_on_network(tmp_path)


@pytest.mark.parametrize(
    "name", ["CON", "con.gpkg", "Aux.tar.gz", "LPT1.xlsx", "COM¹", "a:b.gpkg", "what?", "end.", "end "]
)
def test_names_that_windows_does_not_allow(name):
    assert is_no_windows_name(name)


@pytest.mark.parametrize("name", ["console.gpkg", "COM10.gpkg", "规划.gpkg", ".hidden", "a.b.c", "nul-1.gpkg"])
def test_names_that_windows_allows(name):
    assert not is_no_windows_name(name)


def test_on_windows_such_a_name_is_refused_before_any_work(onemap, tmp_path, monkeypatch):
    monkeypatch.setattr(disk_place, "IS_WINDOWS", True)
    monkeypatch.setattr(disk_place, "_drive_type", lambda _drive: 3)
    assert onemap("new", tmp_path / "nul.gpkg", "--crs", "EPSG:4547").codes == ["out.name"]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def windows(monkeypatch):
    """Windows' own answers, as far as places go: a local disk, and no paths of any length."""
    monkeypatch.setattr(disk_place, "IS_WINDOWS", True)
    monkeypatch.setattr(disk_place, "_drive_type", lambda _drive: 3)
    monkeypatch.setattr(disk_place, "_has_long_paths", lambda: False)


@pytest.mark.parametrize(("length", "code"), [(195, 0), (196, 3)])
def test_where_long_paths_are_off_a_library_keeps_room_for_what_is_written_beside_it(
    onemap, tmp_path, windows, length, code
):
    name = "x" * (length - len(str(tmp_path)) - len("/.gpkg")) + ".gpkg"
    made = onemap("new", tmp_path / name, "--crs", "EPSG:4547")
    assert (made.code, made.codes) == (code, ["out.long"] if code else [])
    assert not code or "Win32 long paths" in made.json["problems"][0]["mend"]


def test_a_mapped_drive_of_another_machine_is_refused_and_postgis_is_named(onemap, tmp_path, windows, monkeypatch):
    monkeypatch.setattr(disk_place, "_drive_type", lambda _drive: 4)  # DRIVE_REMOTE
    made = onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547")
    assert made.codes == ["library.network"] and "PostGIS" in made.json["problems"][0]["mend"]
    assert list(tmp_path.iterdir()) == []


def test_where_long_paths_are_on_none_is_refused(onemap, tmp_path, windows, monkeypatch):
    monkeypatch.setattr(disk_place, "_has_long_paths", lambda: True)
    name = "x" * (230 - len(str(tmp_path))) + ".gpkg"
    assert onemap("new", tmp_path / name, "--crs", "EPSG:4547").code == 0


def test_an_output_that_would_not_fit_is_refused_before_any_work(onemap, tmp_path, windows):
    library = tmp_path / "c.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    copy = tmp_path / ("x" * (200 - len(str(tmp_path))) + ".gpkg")
    with pytest.raises(OneMapError) as refused:
        check_place(copy, overwrite=False, field="--out")
    assert refused.value.code == "out.long"


def test_rights_are_tried_and_not_asked_for(tmp_path, monkeypatch):
    """On Windows `os.access` says that every folder may be written in."""
    monkeypatch.setattr("os.access", lambda *_: True)
    kept = tmp_path / "kept"
    kept.mkdir()
    assert may_write_in(kept) and list(kept.iterdir()) == []

    def refuse(*_words, **_options):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert not may_write_in(kept)
    assert work_place(kept / "city.gpkg", "abc").name == "abc.work.part"  # in the user's cache


def test_a_library_that_windows_lets_nobody_change_is_read_only(onemap, tmp_path, monkeypatch, windows):
    path = tmp_path / "city.gpkg"
    assert onemap("new", path, "--crs", "EPSG:4547").code == 0
    assert is_writable(path)
    monkeypatch.setattr(file_store, "IS_WINDOWS", True)
    opened = Path.open

    def refuse(place, mode="r", *words, **options):
        if place == path and "+" in mode:
            raise PermissionError(13, "Access is denied")
        return opened(place, mode, *words, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert not is_writable(path)


@pytest.fixture
def share(tmp_path, monkeypatch):
    """A folder that is on another machine according to the system."""
    folder = tmp_path / "share"
    folder.mkdir()
    plain_read = Path.read_text

    def read(path, *words, **options):
        text = plain_read(path, *words, **options)
        return f"{text}server:/plans {folder} nfs4 rw 0 0\n" if str(path) == "/proc/self/mounts" else text

    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(disk_place, "IS_WINDOWS", False)  # also where the run imitates Windows
    return folder


def test_a_library_on_a_network_drive_is_read_and_not_written_and_postgis_is_named(onemap, tmp_path, share):
    local = tmp_path / "city.gpkg"
    assert onemap("new", local, "--crs", "EPSG:4547").code == 0
    assert onemap("new", share / "city.gpkg", "--crs", "EPSG:4547").codes == ["library.network"]
    local.rename(share / "city.gpkg")
    assert onemap("layers", share / "city.gpkg").code == 0
    written = onemap("service", share / "city.gpkg", "S", "--type", "xyz", "--url", URL, "--department", "land")
    assert written.codes == ["library.network"]
    assert "PostGIS" in written.json["problems"][0]["mend"]
    assert not list(share.glob("*-wal")) and not list(share.glob("*-shm"))
