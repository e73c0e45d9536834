"""An output of several files replaces the earlier files as a whole, or leaves them whole."""

import os
import shutil
from pathlib import Path

import pytest

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.files import atomic_output as atomic_output_module
from onemap.layers.files.atomic_output import atomic_output, check_place, empty_folder_output
from onemap.layers.files.durable_names import name_durably
from onemap.tests.machines import windows_like


@pytest.fixture(params=[False, True], ids=["here", "windows"])
def machine(request, monkeypatch):
    """This machine, and one where a file open in a program can be neither moved nor deleted."""
    if request.param:
        for name, stands_in in (("unlink", windows_like._deleting("unlink")), ("rename", windows_like._rename)):
            monkeypatch.setattr(os, name, stands_in)
        monkeypatch.setattr(os, "replace", windows_like._replace)
    return request.param


def write(folder: Path, name: str, *suffixes: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    for suffix in suffixes:
        (folder / f"{name}{suffix}").write_text(text)


def state(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("name", "code"), [("a" * 5000, "out.failed"), ("a\0b", "out.name")])
def test_a_name_that_no_system_takes_is_refused(tmp_path, name, code):
    with pytest.raises(OneMapError) as refused:
        check_place(tmp_path / name, overwrite=False)
    assert refused.value.problems[0].code == code


def test_a_folder_without_rights_is_refused_before_any_work(tmp_path, monkeypatch):
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):  # whoever runs this may write everywhere: the system's answer to another
            monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK or path != tmp_path)
        with pytest.raises(OneMapError) as refused:
            check_place(tmp_path / "a.pdf", overwrite=False)
        (problem,) = refused.value.problems
        assert (problem.code, problem.facts["file"]) == ("out.failed", str(tmp_path / "a.pdf"))
    finally:
        tmp_path.chmod(0o755)


def test_a_folder_of_tables_is_not_replaced_by_what_is_made_of_one_of_them(tmp_path, monkeypatch):
    tables, other = tmp_path / "results", tmp_path / "results 2"
    for folder in (tables, other):
        write(folder, "parcels", ".parquet", text="a day's work")
    check_place(other, True, "--out", [tables / "parcels.parquet"])
    monkeypatch.chdir(tables)
    for target in (tables, Path()):
        with pytest.raises(OneMapError) as refusal:
            check_place(target, True, "--out", ["parcels.parquet"])
        (problem,) = refusal.value.problems
        assert (problem.code, problem.facts["file"]) == ("out.input", str(tables))


def test_all_files_of_a_shapefile_take_their_places_and_former_ones_go(tmp_path, machine):
    write(tmp_path, "plan", ".shp", ".dbf", ".qix", text="old")
    write(tmp_path, "plan.2", ".shp", text="another's")
    with atomic_output(tmp_path / "plan.shp", overwrite=True) as part:
        write(part.parent, "plan", ".shp", ".dbf", ".cpg", text="new")
    assert state(tmp_path) == {"plan.shp": "new", "plan.dbf": "new", "plan.cpg": "new", "plan.2.shp": "another's"}


def test_what_gets_its_name_is_on_the_disk_before(tmp_path, monkeypatch):
    """Else a power failure leaves an empty file under the name, and what the library's log says of it."""
    synced = set()
    monkeypatch.setattr(os, "fsync", lambda file: synced.add(os.fstat(file).st_ino))
    with atomic_output(tmp_path / "plan.shp", overwrite=None) as part:
        write(part.parent, "plan", ".shp", ".dbf", text="new")
    name_durably(Path(shutil.copy(tmp_path / "plan.shp", tmp_path / "copy.part")), tmp_path / "copy.tif")
    assert {path.stat().st_ino for path in tmp_path.iterdir()} <= synced


def test_a_folder_takes_the_place_of_the_former(tmp_path, machine):
    write(tmp_path / "plan.gdb", "a", ".gdbtable", ".gdbtablx", text="old")
    with atomic_output(tmp_path / "plan.gdb", overwrite=True) as part:
        write(part, "b", ".gdbtable", text="new")
    assert state(tmp_path) == {"plan.gdb/b.gdbtable": "new"}


@pytest.mark.parametrize("held", ["plan.shp", "plan.dbf", "plan.qix"])
def test_a_shapefile_of_which_a_program_holds_a_file_stays_whole(tmp_path, monkeypatch, held):
    monkeypatch.setattr(os, "rename", windows_like._rename)
    monkeypatch.setattr(os, "unlink", windows_like._deleting("unlink"))
    write(tmp_path, "plan", ".shp", ".dbf", ".qix", text="old")
    with (
        (tmp_path / held).open(),
        pytest.raises(OneMapError) as refused,
        atomic_output(tmp_path / "plan.shp", overwrite=True) as part,
    ):
        write(part.parent, "plan", ".shp", ".dbf", ".cpg", text="new")
    assert refused.value.code == "out.failed"
    assert state(tmp_path) == {"plan.shp": "old", "plan.dbf": "old", "plan.qix": "old"}
    assert {path.name for path in tmp_path.iterdir()} == {"plan.shp", "plan.dbf", "plan.qix"}


def test_a_folder_of_which_a_program_holds_a_file_stays_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "rename", windows_like._rename)
    write(tmp_path / "plan.gdb", "a", ".gdbtable", ".gdbtablx", text="old")
    with (
        (tmp_path / "plan.gdb" / "a.gdbtable").open(),
        pytest.raises(OneMapError),
        atomic_output(tmp_path / "plan.gdb", overwrite=True) as part,
    ):
        write(part, "b", ".gdbtable", text="new")
    assert state(tmp_path) == {"plan.gdb/a.gdbtable": "old", "plan.gdb/a.gdbtablx": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["plan.gdb"]


def test_a_file_that_a_scanner_holds_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_output_module, "_SCANNER_WAITS_S", (0.0, 0.0))
    replace, tries = Path.replace, []

    def held_once(path, target):
        tries.append(path)
        if len(tries) == 1:
            raise PermissionError(13, "used by another process")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", held_once)
    write(tmp_path, "plan", ".xlsx", text="old")
    with atomic_output(tmp_path / "plan.xlsx", overwrite=True) as part:
        write(part.parent, "plan", ".xlsx", text="new")
    assert len(tries) == 2 and state(tmp_path) == {"plan.xlsx": "new"}


@pytest.mark.parametrize("name", ["plan.pdf", "plan.shp", "plan.gdb"])
@pytest.mark.parametrize("overwrite", [None, False, True])
def test_of_two_who_write_to_one_place_at_once_each_writes_for_itself(tmp_path, name, overwrite):
    """Unless it may be replaced, the first to finish has the place, and the other is told."""

    def fill(part, text):
        if name.endswith(".gdb"):
            write(part, text, ".gdbtable", text=text)
        else:
            write(part.parent, "plan", *((".shp", ".dbf") if name.endswith(".shp") else (".pdf",)), text=text)

    def write_both():
        with atomic_output(tmp_path / name, overwrite) as later:
            fill(later, "later")
            with atomic_output(tmp_path / name, overwrite) as first:
                fill(first, "first")

    if overwrite:
        write_both()
    else:
        with pytest.raises(OneMapError) as refused:
            write_both()
        assert refused.value.code == "out.exists"
    assert set(state(tmp_path).values()) == {"later" if overwrite else "first"}
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("number", range(6))
def test_who_is_told_to_stop_while_files_take_their_places_leaves_the_former_ones(tmp_path, monkeypatch, number):
    write(tmp_path, "plan", ".shp", ".dbf", ".qix", text="old")
    rename, moved = Path.rename, []

    def stop_after(path, target):
        if len(moved) == number:
            moved.append(path)
            raise Cancelled
        moved.append(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stop_after)
    with pytest.raises(Cancelled), atomic_output(tmp_path / "plan.shp", overwrite=True) as part:
        write(part.parent, "plan", ".shp", ".dbf", ".cpg", text="new")
    assert state(tmp_path) == {"plan.shp": "old", "plan.dbf": "old", "plan.qix": "old"}
    assert {path.name for path in tmp_path.iterdir()} == {"plan.shp", "plan.dbf", "plan.qix"}


@pytest.mark.parametrize("is_there", [False, True])
def test_an_empty_folder_gets_all_or_nothing_and_only_from_one(tmp_path, is_there):
    folder = tmp_path / "city"
    if is_there:
        folder.mkdir()
    with pytest.raises(Cancelled), empty_folder_output(folder) as beside:
        write(beside, "a", ".shp", ".dbf", text="half")
        raise Cancelled
    assert list(tmp_path.rglob("*")) == ([folder] if is_there else [])
    with pytest.raises(OneMapError) as refused, empty_folder_output(folder) as later:
        write(later, "b", ".shp", text="later")
        with empty_folder_output(folder) as first:
            write(first, "a", ".shp", ".dbf", text="first")
    assert refused.value.code == "out.exists"
    assert state(tmp_path) == {"city/a.shp": "first", "city/a.dbf": "first"}
    assert list(tmp_path.iterdir()) == [folder]
