"""Plan against plan in a library on a server: the rows of a file, stored decisions, and the remedy."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from shapely import box

from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, Table

SITE = box(100, 100, 300, 300)


@dataclass
class ServerTable(Table):
    """The same table with its library on a server."""

    url: str = ""

    @property
    def library(self) -> Any:
        return self.url


def compare_twice(table: Table) -> dict[str, Any]:
    """Two plans, compared, decided, one of them changed, compared again against the first comparison."""
    assert table.run("new", table.library, "--crs", "EPSG:4547").code == 0
    table.plan("A", [(SITE, "0702"), (GROUND - SITE, "01"), (box(90, 0, 400, 90), "07")], label="old")
    table.plan("B", [(box(0, 0, 1000, 400), "E"), (box(0, 399, 1000, 900), "R")])
    first = table.compare()
    spot = next(row.spot for row in first.spots.itertuples() if row.conflict and row.area_m2 == 40_000)
    table.run("decide", table.library, spot, "discuss", "--reason", "r").done()
    table.plan("A", [(SITE, "0702"), (GROUND - SITE, "01")], label="new")
    again = table.compare(against=first.answer["run"]["id"])
    assert table.run("verify", table.library, "--run", again.answer["run"]["id"]).json["ok"]
    rows = pd.DataFrame(again.spots.drop(columns=["decision_at", "decision_by", "geometry"]))
    rows["ground"] = again.spots.geometry.to_wkb()
    return {
        "rows": rows.astype(object).to_dict("records"),
        "matrix": again.answer["matrix"],
        "changed": again.answer["changed"],
    }


@pytest.mark.slow
def test_a_server_gives_the_same_rows_as_a_file(tmp_path, onemap, postgis):
    folders = [tmp_path / name for name in ("file", "server")]
    for folder in folders:
        folder.mkdir()
    on_file = drawn_without_nan(Table(folders[0], onemap))
    on_server = drawn_without_nan(ServerTable(folders[1], onemap, url=f"{postgis.database().url}&schema=town"))
    assert on_file == on_server
    assert [row["decision"] for row in on_file["rows"] if row["decision"]] == ["discuss"]


def drawn_without_nan(table: Table) -> dict[str, Any]:
    found = compare_twice(table)
    found["rows"] = [{key: None if value != value else value for key, value in row.items()} for row in found["rows"]]
    return found


@pytest.mark.slow
def test_a_remedy_is_kept_on_a_server(tmp_path, onemap, postgis):
    table = ServerTable(tmp_path, onemap, url=f"{postgis.database().url}&schema=city")
    assert onemap("new", table.library, "--crs", "EPSG:4547").code == 0
    table.plan("ZONE", [(box(50, 0, 200, 100), "07")])
    parcels = write_layer(tmp_path / "parcels.gpkg", [box(0, 0, 100, 100)], {"DKBH": ["A"]})
    pack = tmp_path / "pack.toml"
    rule = 'id = "r"\nkind = "avoid"\nlayer = "ZONE"\ndepartment = "land"\nverdict = "prohibited"\n'
    head = '[pack]\nid = "p"\nversion = "1"\n[[rule]]\n'
    pack.write_text(f'{head}{rule}title = {{ en = "t" }}\nbasis = [{{ law = "l" }}]\n', encoding="utf-8")
    answer = onemap("remedy", table.library, parcels, "--pack", pack).done()
    assert (answer.json["passing"], answer.json["cut_m2"]) == (1, 5000.0)
    assert onemap("verify", table.library, "--run", answer.json["run"]["id"]).json["ok"]
