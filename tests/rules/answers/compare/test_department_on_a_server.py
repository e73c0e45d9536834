"""A department's own account on a server: it compares, decides, prints, looks for sites and for what would pass."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import psycopg
import pytest
from shapely import box

from onemap.layers.errors import OneMapError
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.tests.conftest import write_layer
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.answers.compare.conftest import GROUND, Table
from onemap.tests.rules.command import command
from onemap.tests.rules.small_pack import pack_text

ACCOUNT, LEAD, AUDITOR = "plans_water", "plans_lead", "plans_eyes"
SITE, WORKS = box(100, 100, 300, 300), box(600, 600, 700, 700)
PACK = pack_text({"id": "farm", "layer": "YJJBNTTB"}, id="p")


@dataclass
class Bureau:
    """One library in a file, the same on a server, and the server seen by an account."""

    table: Table
    server: str

    def seen_by(self, account: str) -> str:
        return with_account(self.server, account)

    @property
    def places(self) -> tuple[Any, str]:
        return self.table.library, self.seen_by(ACCOUNT)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory, postgis) -> Bureau:
    """A land plan, an urban plan and farmland, with an account for the water department and one for the auditor."""
    table = Table(tmp_path_factory.mktemp("bureau"), command)
    rest = GROUND - SITE - WORKS
    layers = {
        "TDGHDL": ([SITE, WORKS, rest], {"BSM": ["1", "2", "3"], "GHDLDM": ["2120", "1110", "1110"]}),
        "KGDK": ([SITE, WORKS, rest], {"DKBH": ["1", "2", "3"], "YDXZDM": ["E2", "R2", "E2"]}),
        "YJJBNTTB": ([box(0, 0, 90, 1000), WORKS], {"BSM": ["1", "2"]}),
    }
    (table.folder / "pack.toml").write_text(PACK, encoding="utf-8")
    district = write_layer(table.folder / "district.gpkg", [GROUND])
    pack = table.folder / "pack.toml"
    command("new", table.library, "--crs", "EPSG:4547", "--district", district, "--pack", pack).done()
    for code, (shapes, columns) in layers.items():
        source = write_layer(table.folder / f"{code}.gpkg", shapes, columns)
        command("add", table.library, source, "--as", code, "--covers", "district").done()
    url = f"{postgis.database().url}&schema=plans"
    assert command("copy", table.library, url).code == 0
    make_accounts(url, {ACCOUNT: ["water"], LEAD: ["lead"], AUDITOR: ["auditor"]})
    return Bureau(table, url)


def answer_of(*arguments: Any) -> dict[str, Any]:
    return command(*arguments).done().json


@pytest.mark.slow
def test_contradictions_are_found_and_recorded_as_in_a_file(bureau):
    answers = []
    for place in bureau.places:
        answer = answer_of("contradictions", place)
        assert answer["recorded"] is True
        assert all(row["run"] for row in answer["pairs"] if not row["reason"])
        answers.append([{name: value for name, value in row.items() if name != "run"} for row in answer["pairs"]])
    assert answers[0] == answers[1]
    row = next(row for row in answers[0] if (row["a"], row["b"]) == ("TDGHDL", "KGDK"))
    assert (row["ha_03"], row["ha_04"], row["conflicts"]) == (pytest.approx(4.0), pytest.approx(1.0), 2)


@pytest.mark.slow
def test_a_decision_of_a_department_is_kept_and_seen_by_the_owner(bureau):
    place = bureau.seen_by(ACCOUNT)
    out = bureau.table.folder / "compared.gpkg"
    answer_of("compare", place, "TDGHDL", "KGDK", "--out", out, "--overwrite")
    spots = gpd.read_file(out, layer="spots")
    spot = spots[spots["type"] == "03"].iloc[0]["spot"]
    refused = command("decide", place, spot, "keep-b", "--reason", "河道边", "--by", "王工")
    assert refused.codes == ["decide.by"]
    given = answer_of("decide", place, spot, "keep-b", "--reason", "河道边")
    assert given["ok"] and given["spots"] == [spot]
    answer_of("compare", bureau.server, "TDGHDL", "KGDK", "--out", out, "--overwrite")
    row = gpd.read_file(out, layer="spots").set_index("spot").loc[spot]
    assert (row["decision"], row["decision_by"]) == ("keep-b", ACCOUNT)
    assert command("verify", bureau.server).json["ok"]
    with psycopg.connect(place.removesuffix("&schema=plans")) as connection:  # the same once more, past the log
        connection.execute("INSERT INTO plans.onemap_decisions SELECT * FROM plans.onemap_decisions")
    again = answer_of("decide", bureau.seen_by(LEAD), spot, "keep-a", "--reason", "再议")
    assert [one["by"] for one in again["replaced"]] == [ACCOUNT]
    (problem,) = command("verify", bureau.server).json["problems"]
    named = (problem["code"], problem["layer"], problem["feature"])
    assert named == ("verify.record_unlogged", "onemap_decisions", "2")
    with psycopg.connect(bureau.server.removesuffix("&schema=plans")) as connection:
        connection.execute("DELETE FROM plans.onemap_decisions WHERE number = 2")
    assert command("verify", bureau.server).json["ok"]


def test_sites_are_the_same_as_in_a_file(bureau):
    found = [
        answer_of("sites", place, "--area", "10000", "--width", "50", "--count", "3")["sites"]
        for place in bureau.places
    ]
    assert found[0] == found[1] and len(found[0]) == 3


@pytest.mark.slow
def test_an_atlas_is_printed(bureau):
    try:
        chosen_fonts()
    except OneMapError:
        pytest.skip("no font with Chinese (fonts-noto-cjk) is installed")
    place = bureau.seen_by(ACCOUNT)
    run = answer_of("compare", place, "TDGHDL", "KGDK")["run"]["id"]
    target = bureau.table.folder / "atlas.pdf"
    answer = answer_of("atlas", place, run, target, "--overwrite")
    assert answer["sheets"] == 2 and target.read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_what_would_pass_is_found_and_kept_as_in_a_file(bureau):
    parcels = write_layer(bureau.table.folder / "parcels.gpkg", [box(50, 0, 150, 100)], {"DKBH": ["A"]})
    answers = []
    for place, owner in zip(bureau.places, (bureau.table.library, bureau.server), strict=True):
        answer = answer_of("remedy", place, parcels, "--move", "60", "--turn", "20")
        # The log, which verify reads too, is not a department's.
        assert answer["run"]["recorded"] and answer_of("verify", owner, "--run", answer["run"]["id"])["ok"]
        answers.append((answer["alternatives"], answer["cut_m2"], answer["search"]))
    assert answers[0] == answers[1] and answers[0][1] == pytest.approx(4000)


@pytest.mark.slow
def test_a_department_keeps_what_would_pass_with_a_case_and_all_see_it(bureau):
    parcels = write_layer(bureau.table.folder / "site.gpkg", [box(50, 0, 150, 100)], {"DKBH": ["A"]})
    case = answer_of("review", "open", bureau.seen_by(LEAD), parcels, "--project", "泵站")["case"]
    water = bureau.seen_by(ACCOUNT)
    assert command("review", "remedy", water, case, "--by", "水利王工").codes == ["review.by"]
    shown = answer_of("review", "remedy", water, case)
    assert shown["steps"]["remedy"] is None and shown["remedies"][-1]["by"] == ACCOUNT
    (kept,) = answer_of("review", "show", bureau.server, case)["remedies"]
    assert kept["cut_m2"] == pytest.approx(4000) and kept["remainder"][0]["area_m2"] == pytest.approx(6000)
    out = bureau.table.folder / "round.gpkg"
    answer_of("review", "show", water, case, "--out", out, "--overwrite")
    assert len(gpd.read_file(out, layer="alternatives")) == 1
    assert command("verify", bureau.server).json["ok"]


def test_a_department_that_may_not_read_the_log_opens_and_explains_a_stored_check(bureau):
    parcels = write_layer(bureau.table.folder / "plot.gpkg", [box(50, 0, 150, 100)], {"DKBH": ["A"]})
    place, out = bureau.seen_by(ACCOUNT), bureau.table.folder / "plot-check.gpkg"
    run = answer_of("check", place, parcels)["run"]["id"]
    answer_of("runs", place, run, "--out", out)
    (rule, *_) = gpd.read_file(out, layer="findings")["rule"]
    assert answer_of("explain", place, run, "A", rule)["steps"]


def test_a_department_names_a_run_by_its_account_and_what_is_the_owners_alone_is_called_so(bureau):
    place, run = bureau.seen_by(ACCOUNT), answer_of("compare", bureau.server, "TDGHDL", "KGDK")["run"]["id"]
    assert answer_of("runs", place, run, "--name", "春季")["named"] == {"id": run, "name": "春季"}
    profile = bureau.table.folder / "plans.profile.toml"
    profile.write_text("", encoding="utf-8")
    for verb, *rest in (
        ("spots", run, "--region", "130100"),
        ("runs", run, "--remove"),
        ("service", "photo", "--type", "xyz", "--url", "https://maps.test/{z}/{x}/{y}", "--department", "water"),
        ("keep", profile),
        ("district", bureau.table.folder / "district.gpkg", "--reason", "r"),
    ):
        refused = command(verb, place, *rest)
        assert (refused.code, refused.codes) == (3, ["library.owner_adds"]), verb


def test_the_auditor_changes_nothing(bureau):
    run = answer_of("compare", bureau.server, "TDGHDL", "KGDK")["run"]["id"]
    kept = answer_of("spots", bureau.server, run, "--region", "130100")
    assert kept["spots"] == 2
    for arguments in (("contradictions",), ("sites", "--area", "100"), ("decide", "S0", "discuss", "--reason", "r")):
        verb, *rest = arguments
        answer = command(verb, bureau.seen_by(AUDITOR), *rest)
        assert answer.code == 3 and all(code.startswith("library.") for code in answer.codes), answer.json
