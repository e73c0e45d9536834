"""The names of QGIS in the plugin: each is in the table of 3.40, and known changes of QGIS 4 are heeded."""

import tomllib
from pathlib import Path

import pytest

from onemap.tests.machines import qgis_names

FACTS = tomllib.loads(Path(__file__).with_name("qgis4_names.toml").read_text(encoding="utf-8"))
PARTS = ("read", "read_before_4", "unread")
AGAIN = "run tests/machines/qgis_names.py --write with the Python of QGIS 3.40"


@pytest.mark.slow
def test_every_name_of_qgis_that_the_plugin_writes_stands_in_the_table():
    table = qgis_names.read_table()
    written = qgis_names.written_names()
    unknown = [
        f"{whole}.{name}".rstrip(".")
        for whole, names in written.items()
        for name in ("", *names)
        if whole not in table or (name and name not in table[whole])
    ]
    in_qgis_4_alone = {old: f"{room}.{old.rpartition('.')[2]}" for old, room in FACTS["moved"].items()}
    assert set(unknown) <= set(in_qgis_4_alone.values()), AGAIN
    assert set(table) <= set(written), AGAIN


@pytest.mark.slow
def test_a_class_that_moved_is_taken_from_where_it_is_in_either_qgis():
    for old, room in FACTS["moved"].items():
        home, _, name = old.rpartition(".")
        for path, tree in qgis_names.trees():
            homes = {place for place, known in qgis_names.imports(tree) if known == name}
            assert homes in (set(), {home, room}), f"{path.name} takes {name} from {homes}; in QGIS 4 it is in {room}"


def test_every_name_was_read_in_the_api_of_qgis_4_or_is_told_as_not_read():
    in_qgis_4 = {old: f"{room}.{old.rpartition('.')[2]}" for old, room in FACTS["moved"].items()}
    table = {in_qgis_4.get(whole, whole): sorted(names) for whole, names in qgis_names.read_table().items()}
    names_by_class: dict = {}
    for part in PARTS:
        for whole, names in FACTS[part].items():
            names_by_class.setdefault(whole, []).extend(names)
    assert {whole: sorted(names) for whole, names in names_by_class.items()} == table, (
        "look them up; see qgis4_names.toml"
    )


def test_nearly_all_names_were_read():
    read, before, unread = (sum(map(len, FACTS[part].values())) for part in PARTS)
    assert read > 20 * (before + unread)
