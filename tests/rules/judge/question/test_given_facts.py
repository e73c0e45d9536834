"""A project's facts stand for its parcels where these state nothing, and are recorded with the run."""

import geopandas as gpd
import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.judge.packs.asked_facts import asked_facts, rule_needs
from onemap.rules.judge.packs.pack import parse_pack
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import pack_text, rule_text

ROAD = {"title": {"zh": "道路", "en": "Roads"}, "use": ["1202"], "kinds": ["highway"]}
PACK = pack_text(id="p", **{"class.road": ROAD})
FARMLAND = rule_text(id="farmland", layer="YJJBNTTB", unless=["road"])
INDUSTRY = rule_text(id="industry", layer="YJJBNTTB", when="HYFL = '化工' AND DJ > 2")
HEIGHT = rule_text(id="height", kind="height", layer="KGDK", parcel_field="JZGD", limit=24)
FLAG = rule_text(id="flag", layer="YJJBNTTB", when="SFZD = true")


def facts_of(*rules):
    pack = parse_pack(PACK + "".join(rules), "p.toml", shipped_catalogue())
    return list(pack.rules)


def test_what_rules_ask_is_told_with_its_kind_unit_and_words():
    rules = facts_of(FARMLAND, INDUSTRY, HEIGHT, FLAG)
    facts_asked = {fact.name: (fact.kind, fact.unit, fact.choices, fact.rules) for fact in asked_facts(rules)}
    assert facts_asked == {
        "YDXZ": ("code", "", (), ("farmland",)),
        "XMLX": ("words", "", ("公路",), ("farmland",)),
        "HYFL": ("words", "", ("化工",), ("industry",)),
        "DJ": ("number", "", (), ("industry",)),
        "JZGD": ("number", "m", (), ("height",)),
        "SFZD": ("flag", "", (), ("flag",)),
    }


def test_a_rule_needs_one_field_of_each_group():
    needs = {need.rule.id: need.any_of for need in rule_needs(facts_of(FARMLAND, INDUSTRY, HEIGHT))}
    assert needs == {"farmland": (("YDXZ", "XMLX"),), "industry": (("HYFL",), ("DJ",)), "height": (("JZGD",),)}


def made_town(folder):
    """A library with farmland under three parcels, of which one states its own use."""
    library, pack = folder / "town.gpkg", folder / "p.toml"
    pack.write_text(PACK + FARMLAND, encoding="utf-8")
    ground = box(500_000, 4_200_000, 500_100, 4_200_100)
    gpd.GeoDataFrame({"BSM": ["f"]}, geometry=[ground], crs="EPSG:4547").to_file(folder / "farmland.gpkg")
    parcels = {"DKBH": ["A", "B", "C"], "YDXZ": [None, "0701", None], "XMLX": [None, None, "公路"]}
    gpd.GeoDataFrame(parcels, geometry=[ground] * 3, crs="EPSG:4547").to_file(folder / "parcels.gpkg")
    done("new", library, "--crs", "EPSG:4547", "--pack", pack)
    done("add", library, folder / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "extent")


@pytest.fixture
def town(tmp_path, copied):
    copied(made_town, tmp_path)
    return tmp_path / "town.gpkg"


def verdicts(onemap, town, facts=None, *more):
    """The verdict of each parcel, and what the run keeps of the facts."""
    given = []
    if facts is not None:
        (town.parent / "facts.toml").write_text(facts, encoding="utf-8")
        given = ["--data", town.parent / "facts.toml"]
    out = town.parent / "out.gpkg"
    answer = onemap("check", town, town.parent / "parcels.gpkg", "--out", out, "--overwrite", *given, *more)
    if answer.code:
        return answer
    found = gpd.read_file(out, layer="parcels")
    return dict(zip(found.parcel, found.verdict, strict=True)), answer.json["run"]["parameters"].get("facts")


def test_a_fact_stands_where_a_parcel_says_nothing_and_the_run_keeps_it(onemap, town):
    silent = {"A": "prohibited", "B": "prohibited", "C": "clear"}
    assert verdicts(onemap, town) == (silent, None)
    by_parcel, facts = verdicts(onemap, town, '建设单位 = "x"\n[地块]\nYDXZ = "1202"\n')
    assert by_parcel == {"A": "clear", "B": "prohibited", "C": "clear"}  # B says 0701 itself
    assert facts == {"YDXZ": "1202"}
    assert onemap("verify", town, "--run", onemap("runs", town).json["runs"][0]["id"]).json["ok"]


def test_a_fact_is_taken_by_what_the_form_calls_it_without_quotes(onemap, town):
    by_parcel, facts = verdicts(onemap, town, '[地块]\n拟用途 = "1202"\n')
    assert (by_parcel["A"], facts) == ("clear", {"YDXZ": "1202"})
    assert verdicts(onemap, town, '[parcels]\nYDXZ = "1202"\n拟用途 = "0701"\n').codes == ["data.twice"]


def test_names_are_taken_in_any_case_and_codes_of_a_system_stay_with_their_use(onemap, town):
    by_parcel, facts = verdicts(onemap, town, '[parcels]\ncode_system = "urban-gb50137"\nydxz = "H22"\n')
    # H22 is a road, of which the class knows not; beside a code what C is called excuses it no more.
    assert by_parcel == {"A": "prohibited", "B": "prohibited", "C": "prohibited"}
    assert facts == {"YDXZ": "H22", "code_system": "urban-gb50137"}


def test_a_pack_may_spell_the_use_in_small_letters_and_its_codes_go_with_it(onemap, town):
    use = {"id": "use", "kind": "use", "parcel_field": "ydxz", "plan_field": "BSM", "permits": {"0701": ["f"]}}
    pack = town.parent / "small.toml"
    pack.write_text(pack_text({"layer": "YJJBNTTB", **use}, id="q"), encoding="utf-8")
    given = '[parcels]\nYDXZ = "0701"\ncode_system = "land-sea-2023"\n'
    by_parcel, facts = verdicts(onemap, town, given, "--pack", pack)
    assert by_parcel == {"A": "clear", "B": "clear", "C": "clear"}
    assert facts == {"ydxz": "0701", "code_system": "land-sea-2023"}


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ('[parcels]\nFOO = "1"\n', "data.fact", "FOO"),
        ('[parcels]\nYDXZ = "0810"\n', "data.use", "YDXZ"),
        ('[parcels]\nXMLX = ""\n', "data.text", "XMLX"),
        ("[parcels]\nXMLX = 7\n", "data.text", "XMLX"),
        ('[parcels]\nYDXZ = "0701"\nydxz = "0701"\n', "data.twice", "ydxz"),
        ('[parcels]\nYDXZ = "0701"\ncode_system = "x"\n', "data.choice", "code_system"),
        ('[parcels]\ncode_system = "survey"\n', "data.fact", "code_system"),
        ("[parcels]\n[地块]\n", "data.twice", "[地块]"),
        ("建设单位 = 某公司\n", "data.syntax", "--data"),
    ],
)
def test_a_wrong_fact_is_refused_with_its_field_and_nothing_is_kept(onemap, town, facts, code, field):
    answer = verdicts(onemap, town, facts)
    assert (answer.code, answer.codes, answer.json["problems"][0]["field"]) == (3, [code], field)
    assert answer.json["problems"][0]["mend"]
    assert onemap("runs", town).json["runs"] == []


def test_numbers_and_flags_are_held_to_their_kind(onemap, town):
    pack = town.parent / "more.toml"
    pack.write_text((PACK + HEIGHT + FLAG).replace('"p"', '"q"'), encoding="utf-8")
    answer = verdicts(onemap, town, "[parcels]\nJZGD = -1\nSFZD = 1\n", "--pack", pack)
    assert answer.codes == ["data.amount", "data.choice"]


def test_the_verb_facts_tells_what_is_asked_what_is_given_and_which_rules_wait(onemap, town):
    path = town.parent / "facts.toml"
    path.write_text('项目代码 = "2026-130102-47-01-012345"\n[地块]\nXMLX = "学校"\n', encoding="utf-8")
    before, after = onemap("facts", town), onemap("facts", town, "--data", path, lang="zh")
    assert (before.json["waiting"], after.json["waiting"]) == (["farmland"], [])
    assert before.json["given"] == {"project": {}, "parcels": {}}
    assert after.json["given"]["project"] == {"project_code": "2026-130102-47-01-012345"}
    assert [fact["title"] for fact in before.json["parcels"]] == ["Proposed use", "Kind of project"]
    assert [fact["title"] for fact in after.json["parcels"]] == ["拟用途", "项目类别"]
    assert len(before.json["project"]) == 17
    path.write_text('电话 = "x"\n[地块]\nFOO = 1\n', encoding="utf-8")
    assert onemap("facts", town, "--data", path).codes == ["data.phone", "data.fact"]


@pytest.fixture
def spares_temporary_land(town):
    """A pack beside the town, with a rule on farmland that spares temporary land."""
    pack = town.parent / "temporary.toml"
    kinds = {"title": {"zh": "临时用地", "en": "Temporary land"}, "kinds": ["temporary_land"]}
    rule = {"id": "farmland", "layer": "YJJBNTTB", "unless": ["temporary"]}
    pack.write_text(pack_text(rule, id="t", **{"class.temporary": kinds}), encoding="utf-8")
    return pack


def test_temporary_land_is_stated_with_a_term_that_holds_and_an_approval(onemap, town, spares_temporary_land):
    options = ("--pack", spares_temporary_land, "--as-of", "2026-11-23")
    kind = '[parcels]\nXMLX = "施工临时用地"\n'
    answer = verdicts(onemap, town, kind, *options)
    assert answer.codes == ["data.with_kind", "data.with_kind"]
    assert [one["field"] for one in answer.json["problems"]] == ["LSYDQX", "LSYDPZ"]
    answer = verdicts(onemap, town, kind + 'LSYDQX = 2026-11-22\nLSYDPZ = "x"\n', *options)
    assert answer.codes == ["data.term_ended"]
    by_parcel, facts = verdicts(onemap, town, kind + 'LSYDQX = 2026-11-23\n临时用地批准文件 = "x"\n', *options)
    # What is stated stands above the text of C; beside the code of B it stands, since temporary land stands in any.
    assert by_parcel == {"A": "clear", "B": "clear", "C": "clear"}
    assert facts == {"XMLX": "施工临时用地", "LSYDQX": "2026-11-23", "LSYDPZ": "x"}


def test_no_file_of_parcels_states_a_kind(onemap, town, spares_temporary_land):
    source = town.parent / "parcels.gpkg"
    parcels = gpd.read_file(source)
    parcels.assign(XMLX="临时用地", Stated_Kind="临时用地").to_file(source)
    by_parcel, _ = verdicts(onemap, town, None, "--pack", spares_temporary_land)
    assert set(by_parcel.values()) == {"prohibited"}


def test_a_kind_that_nobody_knows_is_told_with_the_nearest(onemap, town):
    path = town.parent / "facts.toml"
    path.write_text('[地块]\nXMLX = "公鹿"\n', encoding="utf-8")
    (problem,) = onemap("facts", town, "--data", path, lang="zh").json["problems"]
    assert (problem["code"], problem["field"]) == ("data.kind", "XMLX")
    assert "公路" in problem["mend"]
