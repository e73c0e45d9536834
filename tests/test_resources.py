"""The catalogue and the rule packs are complete, with proper wording; test_law.py compares them with the law."""

import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import numpy
import pandas
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.each_text import texts_in
from onemap.rules.judge.kinds.conditions import evaluate
from onemap.rules.judge.kinds.permitted_uses import permits_of, shipped_table
from onemap.rules.judge.packs.pack import joined_rules, pack_text, parse_pack


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DEPARTMENTS = words("reform planning land environment construction transport municipal forestry agriculture water")
CODE_TABLES = ("land-sea-uses", "urban-uses", "survey-classes")
LIBRARIES = words("base integrated department approval project opinion")
KINDS = words("vector imagery placename threed census history longterm iot")
GEOMETRIES = {"polygon", "line", "point", "raster", "table"}
FIELD_TYPES = {"text", "integer", "number", "date"}
LAYER_KEYS = {
    *words("title department library kind geometry key standard class_field fields coverage withheld checks rows unit"),
    *words("zones_of heights_m"),
}
FITTING_GEOMETRIES = {
    "avoid": {"polygon"},
    "within": {"polygon"},
    "use": {"polygon"},
    "composition": {"polygon"},
    "raster": {"raster"},
    "setback": {"polygon", "line", "point"},
    "cross": {"polygon", "line", "point"},
    "near": {"polygon", "line", "point"},
}
OF_GROUND = {"avoid", "within", "setback", "use"}  # the kinds whose conflict is ground
# What a wording may speak of, by kind: only what a finding of that kind measures.
_AREA = {"area_m2", "area_ha", "area_mu", "share_percent", "layer", "features"}
PLACEHOLDERS = {
    "avoid": _AREA,
    "within": _AREA - {"features"},
    "use": _AREA,
    "setback": _AREA | {"distance_m"},
    "raster": (_AREA - {"features"}) | {"value"},
    "cross": {"length_m", "value", "features", "layer"},
    "near": {"distance_m", "features", "layer"},
}
RULE_KEYS = set(
    words(
        """id kind layer department verdict where when unless only silent milder under harmless min_area_m2 min_share
        min_width_m missing net title finding draft basis consult source confidence estimated instead replaces
        distance_m half_width_m half_width_field by derive above parcel_field plan_field permits
        by_layer unplanned succeeds"""
    )
)
PARCEL_FIELDS = {"XMLX", "YDXZ"}  # the kind of project, and its use: what a condition may ask of a parcel
# Ways in which departments write a class that the code table writes otherwise.
CLASS_VARIANTS = {"I", "II", "05", "01", "02", "I级", "Ⅰ级", "一级", "II级", "Ⅱ级", "二级", "Y", "1"}
# Fields of free text, of numbers, or of land classes and uses, whose table is not a list of values.
WITHOUT_VALUES = {"DLTB", "KGDK", "JZW", "JKDLXL"}

# Codes are names of tables in people's libraries: one that was ever shipped stays.
FROZEN_CODES = words("""
XZQ XZQJX CJDCQ CJDCQJX DLTB XZDW LXDW PDT CZCDYD PZWJSTD LSYD DOM DEM DMDZ SWMX DLGQ LSDLTB LSYX
CSDL JZW WLWJD
YJJBNTTB YJJBNT YJJBNTBHTB JBNTBHQ JBNTTB JQDLTB TDGHDL TDYTQ JSYDGZQ DZZHWXQ DZZHYFQ DZZHYHD KCZY KYQ
HDDC ZZ_NYDZYFW ZZ_TDZSFW LSYD_XMZDFW GDDK WFDK YGYSXZJSYDTB
CZKFBJ GHFQ ZXCQGHFQ ZXCQGHYDYH ZXCQCSLX ZXCQCSLVX ZXCQCSZX ZXCQCSHX HLFXKZX LSWHBHX YDBJ CYTB KGDK
DLHX GHJSYDFW YJGH WWBHFW JSKZDD DXWWMCQ LSWHJQ QXTZ JSSSWG XS_XMKJFW GHDK YSYJ
ZTGNQ CYYQ ZDXM XMK NDTZJH
STBHHX YYSSYBHQ STHJGKDY DQHJGNQ SHUIHJGNQ SHENGHJGNQ WRY
DXZHGL HMCSGKDY CSGXFW GHXK
GL GLJZKZQ GLQL GLSD TL TLAQBHQ TLQL GDJTJG GDJTKZBHQ JCJKBHQ JCZAWXZM JTGHXW
DXGX RQGD YQGD JKDLXL JKDLXLBHQ DLDL GHGYZL
LDYZT GYL TRL JBCY SD ZRBHD FJMSQ GSMM
GBZNT NYLQ SSNYD XQJYQ SCZZZYBHQ
HL HLGLFW DFHDD DFAQBHQ XZHQ NSBDGC NSBDBHFW SKGLBHFW STLSZDQ
""")

VERDICTS = {"prohibited", "restricted", "consult", "notice"}


def read_toml(path: Path) -> dict:
    """The content of a TOML file."""
    with path.open("rb") as file:
        return tomllib.load(file)


LAYER_FILES = sorted((RESOURCES / "catalogue").glob("layers-*.toml"))
LAYERS = {code: layer for path in LAYER_FILES for code, layer in read_toml(path).items()}
PACKS = {path.stem: read_toml(path) for path in sorted((RESOURCES / "packs").glob("*.toml")) if "." not in path.stem}
PACK, ORDINANCE = PACKS["city-preliminary"], PACKS["sample-ordinance"]
RULES = PACK["rule"]
WORDED = [rule for rule in RULES + ORDINANCE["rule"] if rule["kind"] != "composition"]  # which finds nothing
CHECKLIST = PACK["checklist"]


def rule_ids(rule: dict) -> str:
    """A rule's name in the test report."""
    return rule["id"]


def fields_of(condition: str) -> set[str]:
    """The names that a condition uses: what is neither quoted nor an operator."""
    bare = re.sub(r"'[^']*'", "", condition)
    return set(re.findall(r"[A-Za-z_]\w*", bare)) - {"LIKE", "IN", "AND", "OR", "NOT", "IS", "NULL"}


def layers_of(rule: dict) -> list[str]:
    """The codes of the layers by which a rule may judge."""
    return rule["layer"] if isinstance(rule["layer"], list) else [rule["layer"]]


def field_names(code: str) -> set[str]:
    """The fields of a layer's schema."""
    return {field["name"] for field in LAYERS[code]["fields"]}


def distance_fields(rule: dict) -> list[str]:
    """The fields from which a setback reads its distance."""
    distance = rule.get("distance_m")
    if not isinstance(distance, dict):
        return []
    return distance["field"] if isinstance(distance["field"], list) else [distance["field"]]


def is_bilingual(text: dict) -> bool:
    """Whether a text is there in Chinese and in English."""
    return set(text) == {"zh", "en"} and all(text.values()) and bool(re.search(r"[\u4e00-\u9fff]", text["zh"]))


@pytest.mark.parametrize(("file", "codes"), [("departments", DEPARTMENTS), ("libraries", LIBRARIES), ("kinds", KINDS)])
def test_the_ten_departments_six_libraries_and_eight_kinds_are_named_in_both_languages(file, codes):
    entries = read_toml(RESOURCES / "catalogue" / f"{file}.toml")
    assert list(entries) == codes
    assert all(is_bilingual(entry["title"]) for entry in entries.values())
    if file == "departments":
        assert all(is_bilingual(entry["unit"]) for entry in entries.values())


def test_no_code_stands_in_two_files():
    counted = Counter(code.upper() for path in LAYER_FILES for code in read_toml(path))
    assert [code for code, times in counted.items() if times > 1] == []


def test_no_code_that_was_ever_shipped_is_gone():
    assert set(FROZEN_CODES) - set(LAYERS) == set()


@pytest.mark.parametrize(("key", "values"), [("department", DEPARTMENTS), ("library", LIBRARIES), ("kind", KINDS)])
def test_every_department_library_and_kind_has_a_layer(key, values):
    assert {layer[key] for layer in LAYERS.values()} == set(values)


@pytest.mark.parametrize("code", LAYERS)
def test_a_layer_is_well_formed(code):
    layer = LAYERS[code]
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*", code)
    assert "__" not in code, "CODE__N is the name of a version's table"
    assert is_bilingual(layer["title"])
    assert layer["geometry"] in GEOMETRIES
    assert layer["standard"]
    fields = field_names(code)
    assert len(fields) == len(layer["fields"])
    assert layer["geometry"] in ("raster", "table") or layer["key"] in fields
    assert set(layer.get("rows", [])) <= set(fields) and layer.get("unit", "XZQDM") in {*fields, "XZQDM"}
    assert layer.get("class_field") is None or layer["class_field"] in fields
    assert set(layer) <= LAYER_KEYS


def test_zones_of_a_layer_are_those_that_stand_in_place_of_a_distance_from_it():
    """The catalogue says whose zones a layer has, the pack where they stand instead: both say the same."""
    zones = {code: layer["zones_of"] for code, layer in LAYERS.items() if "zones_of" in layer}
    assert all(LAYERS[code]["geometry"] == "polygon" and of in LAYERS for code, of in zones.items())
    assert zones == {rule["instead"]: rule["layer"] for rule in PACK["rule"] if "instead" in rule}


@pytest.mark.parametrize("code", LAYERS)
def test_a_field_has_a_type_two_titles_and_names_of_its_own(code):
    names = []
    for field in LAYERS[code]["fields"]:
        assert set(field) <= set(words("name type length title aliases values codes name_of area net heights_m"))
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", field["name"])
        assert field["type"] in FIELD_TYPES
        assert is_bilingual(field["title"])
        assert all(isinstance(value, str) for value in field.get("values", []))
        names += [field["name"].lower(), *(alias.lower() for alias in field.get("aliases", []))]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_the_pack_says_who_it_is_and_how_long_a_review_takes():
    assert PACK["pack"]["id"] == "city-preliminary"
    assert is_bilingual(PACK["pack"]["title"])
    assert PACK["review"] == {"days": 5, "overdue": "escalate"}
    assert set(PACK) == {"pack", "review", "body", "class", "rule", "checklist"}


@pytest.mark.parametrize("name", PACK["body"])
def test_a_body_beside_the_departments_is_named_in_two_languages_and_asked_by_a_rule(name):
    assert is_bilingual(PACK["body"][name]["title"])
    assert PACK["body"][name]["lead"] in DEPARTMENTS
    assert any(name in rule.get("consult", ()) for rule in RULES)


@pytest.mark.parametrize("pack", [PACK, ORDINANCE], ids=["city-preliminary", "sample-ordinance"])
def test_a_class_of_projects_is_named_in_two_languages_told_by_kinds_and_codes_that_exist_and_used(pack):
    kinds = read_toml(RESOURCES / "projects" / "kinds.toml")["kind"]
    codes = {name: read_toml(RESOURCES / "codes" / f"{name}.toml")["class"] for name in CODE_TABLES}
    used = {name for rule in pack["rule"] for key in ("unless", "only") for name in rule.get(key, [])}
    assert set(pack["class"]) == used
    for name, item in pack["class"].items():
        assert set(item) <= {"title", "use", "survey", "kinds", "danger"}
        assert is_bilingual(item["title"])
        assert item["kinds"]
        assert set(item["kinds"]) <= set(kinds)
        for start in item.get("use", []):
            table = "urban-uses" if start[0].isalpha() else "land-sea-uses"
            assert any(code.startswith(start) for code in codes[table]), (name, start)
        for start in item.get("survey", []):
            known = [*codes["survey-classes"], *read_toml(RESOURCES / "codes" / "survey-classes.toml")["first"]]
            assert any(code.startswith(start) for code in known), (name, start)


def test_no_id_of_a_rule_or_an_item_is_used_twice():
    ids = [entry["id"] for entry in RULES + CHECKLIST]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert [name for name in ids if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


@pytest.mark.parametrize("rule", RULES + ORDINANCE["rule"], ids=rule_ids)
def test_a_rule_names_its_law_its_department_and_what_it_means(rule):
    assert set(rule) <= RULE_KEYS
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", rule["id"])
    assert rule["department"] in DEPARTMENTS
    assert set(rule.get("consult", [])) <= {*DEPARTMENTS, *PACK["body"]} - {rule["department"]}
    assert rule["verdict"] in VERDICTS
    assert rule["missing"] in {"unknown", "checklist"}
    assert rule["confidence"] in {"C", "L", "U"}
    assert rule["basis"]
    for entry in rule["basis"]:
        assert {"law", "article", "subject"} <= set(entry) <= {"law", "article", "subject", "edition", "from", "to"}
        assert all(entry.values())
        assert is_bilingual(entry["subject"]), "what the article is about, so that a wrong one shows"
    assert is_bilingual(rule["title"])
    assert rule.get("min_area_m2") in ((1.0, 10.0) if rule["kind"] in OF_GROUND else (None,))


@pytest.mark.parametrize("rule", WORDED, ids=rule_ids)
def test_a_wording_speaks_of_what_its_kind_measures_and_can_be_filled_in(rule):
    sample = dict.fromkeys(set().union(*PLACEHOLDERS.values()), "1.00")
    for text in (rule["finding"], rule["draft"]):
        assert is_bilingual(text)
        names = {}
        for language, wording in text.items():
            parts = list(string.Formatter().parse(wording))
            names[language] = {name for _, name, _, _ in parts if name is not None}
            assert not any(form or conversion for _, _, form, conversion in parts)
            assert names[language] <= PLACEHOLDERS[rule["kind"]]
            filled = wording.format(**sample)
            assert "{" not in filled and "}" not in filled
            assert filled.endswith(("。", "."))
        assert names["zh"] == names["en"], "both languages tell the same numbers"


@pytest.mark.parametrize("rule", RULES + ORDINANCE["rule"], ids=rule_ids)
def test_a_rule_stands_on_a_layer_that_fits_its_kind(rule):
    used = fields_of(rule.get("where", "")) | set(distance_fields(rule)) | set(rule.get("by", []))
    for code in layers_of(rule):
        here = {**rule, **rule.get("by_layer", {}).get(code, {})}
        planned = {here["plan_field"]} if "plan_field" in here else set()
        assert LAYERS[code]["geometry"] in FITTING_GEOMETRIES[rule["kind"]]
        assert used | planned | set(rule.get("harmless", {})) <= field_names(code)
    assert fields_of(rule.get("when", "")) | {rule.get("parcel_field", "XMLX")} <= PARCEL_FIELDS
    assert ("distance_m" in rule) == (rule["kind"] in {"setback", "near"})
    if "instead" in rule:
        assert LAYERS[rule["instead"]]["geometry"] == "polygon"


@pytest.mark.parametrize("rule", [rule for rule in RULES if "where" in rule], ids=rule_ids)
def test_a_condition_asks_only_for_classes_that_the_layer_knows(rule):
    code = layers_of(rule)[0]
    used = [field for field in LAYERS[code]["fields"] if field["name"] in fields_of(rule["where"])]
    known = [value for field in used for value in field.get("values", [])]
    if not known:
        assert code in WITHOUT_VALUES, (
            "only land classes, uses, numbers and free text are left without a list of values"
        )
        return
    for asked in set(re.findall(r"'([^']*)'", rule["where"])) - CLASS_VARIANTS:
        assert any(asked.strip("%") in value if "%" in asked else value == asked for value in known), asked


def values_met(rule: dict, field: str, values: list[str]) -> set[str]:
    """The values of a field that a rule's condition, or its distances, may meet."""
    distance = rule.get("distance_m")
    if isinstance(distance, dict) and distance["field"] == field:
        return set(values) & set(distance["values"])
    if field not in fields_of(rule.get("where", "")):
        return set()
    # Whatever else it asks may be so or not.
    others = dict.fromkeys(fields_of(rule["where"]) - {field})
    truth = evaluate(rule["where"], pandas.DataFrame({field: values, **others}))
    return {value for value, is_met in zip(values, truth.true | truth.unknown, strict=True) if is_met}


def test_a_class_of_a_layer_that_nobody_foresaw_is_not_silently_clear():
    """Each value of a field by which the rules of a layer choose is met by one of them, or is named as harmless."""
    gaps = []
    for code, layer in LAYERS.items():
        rules = [rule for rule in RULES if code in layers_of(rule)]
        if any(rule["kind"] in OF_GROUND and not fields_of(rule.get("where", "")) for rule in rules):
            continue  # a rule that does not choose meets all of them
        for field in layer["fields"]:
            values = field.get("values", [])
            choosing = [rule for rule in rules if field["name"] in fields_of(rule.get("where", ""))]
            if not values or not choosing:
                continue
            met = set().union(*(values_met(rule, field["name"], values) for rule in choosing))
            harmless = {value for rule in rules for value in rule.get("harmless", {}).get(field["name"], [])}
            gaps += [(code, field["name"], value) for value in values if value not in met | harmless]
    assert gaps == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if "harmless" in rule], ids=rule_ids)
def test_what_is_named_as_harmless_is_a_value_of_the_field(rule):
    for name, values in rule["harmless"].items():
        for code in layers_of(rule):
            field = next(field for field in LAYERS[code]["fields"] if field["name"] == name)
            assert set(values) <= set(field["values"])


def test_a_rule_in_whose_shadow_another_stands_is_not_milder_than_it():
    order = ["notice", "consult", "restricted", "prohibited"]
    verdicts = {rule["id"]: order.index(rule["verdict"]) for rule in RULES}
    for rule in RULES:
        if "under" in rule:
            named = rule["under"] if isinstance(rule["under"], list) else [rule["under"]]
            assert all(verdicts[other] >= verdicts[rule["id"]] for other in named), rule["id"]
        if "milder" in rule:
            assert verdicts[rule["milder"]] <= verdicts[rule["id"]], rule["id"]


def test_a_prohibition_that_gives_way_to_its_strip_has_one_that_asks_the_same():
    """What a share of a parcel hides is said by a milder rule of the same ground, so that nothing becomes clear."""
    giving_way = [rule for rule in RULES if rule.get("min_share")]
    assert len(giving_way) == 9
    for rule in giving_way:
        (strip,) = [other for other in RULES if other.get("under") == rule["id"]]
        same = ("kind", "layer", "unless", "where", "distance_m", "min_area_m2", "instead", "missing", "basis")
        assert [rule.get(key) for key in same] == [strip.get(key) for key in same]
        assert (rule["verdict"], strip["verdict"], strip.get("min_share")) == ("prohibited", "restricted", None)


@pytest.mark.parametrize("rule", [rule for rule in RULES if distance_fields(rule)], ids=rule_ids)
def test_every_class_of_a_setback_is_a_class_of_its_field(rule):
    tables = [
        next(field for field in LAYERS[layers_of(rule)[0]]["fields"] if field["name"] == name).get("values")
        for name in distance_fields(rule)
    ]
    for key in rule["distance_m"]["values"]:
        parts = key.split("/") if len(tables) > 1 else [key]
        assert all(table is None or part in table for part, table in zip(parts, tables, strict=True))
    assert "default" not in rule["distance_m"], "a feature without a class is unknown, not near"


@pytest.mark.parametrize("name", PACKS)
def test_a_shipped_pack_is_understood_with_the_shipped_catalogue(name):
    made = parse_pack(*pack_text(name), shipped_catalogue())
    assert made.id == name
    assert [rule.id for rule in made.rules] == [rule["id"] for rule in PACKS[name]["rule"]]
    assert len(made.checklist) == len(PACKS[name].get("checklist", []))


def test_the_ordinance_replaces_common_rules_by_its_own_law_and_changes_nothing_else():
    packs = [parse_pack(*pack_text(name), shipped_catalogue()) for name in PACKS]
    common = {rule["id"]: rule for rule in RULES}
    joined = [rule.id for rule in joined_rules(packs)]
    assert len(joined) == len(RULES)
    for rule in ORDINANCE["rule"]:
        replaced = common[rule["replaces"]]
        assert joined.index(rule["id"]) == list(common).index(rule["replaces"])
        assert all(rule[key] == replaced[key] for key in ("kind", "layer", "department", "source"))
        assert "虚构" in rule["basis"][0]["law"]
        assert {entry["law"] for entry in rule["basis"][1:]} <= {entry["law"] for entry in replaced["basis"]}
        assert all(rule.get(key) == replaced.get(key) for key in ("unless", "milder", "under", "where", "min_share"))
    for replaced, rule in (("control_zone", "control_zone"), ("control_strip", "control_strip"), ("works", "works")):
        city = next(one for one in ORDINANCE["rule"] if one["id"] == f"ordinance.road_{rule}")["distance_m"]["values"]
        nation = common[f"road.{replaced}"]["distance_m"]["values"]
        assert {road: metres for road, metres in city.items() if metres != nation[road]} == {"省道": 20}


def test_two_uses_agree_when_they_are_of_one_first_level_class():
    permits = permits_of(shipped_table("land-use-permits"), "land-sea-2023")
    pairs = {
        # of the same class, in either table; relics, embassies and temples are special land (15)
        **dict.fromkeys([("070102", "0701"), ("R2", "R22"), ("0804", "A33"), ("A33", "0804"), ("1503", "A9")], True),
        **dict.fromkeys([("A9", "15"), ("0901", "B1"), ("M2", "1001"), ("W1", "11"), ("S1", "1207")], True),
        **dict.fromkeys([("G1", "1401"), ("U12", "13"), ("H14", "0703"), ("H22", "1202"), ("1701", "E1")], True),
        # land consolidation on farm land of another class, and farm buildings among orchards
        **dict.fromkeys([("0101", "02"), ("0101", "2302"), ("0602", "0201"), ("E2", "0101")], True),
        **dict.fromkeys([("0701", "1001"), ("A9", "A33"), ("1503", "A33"), ("R2", "B1"), ("0602", "0103")], False),
        **dict.fromkeys([("0701", "1208"), ("A33", "A9"), ("0101", "0701"), ("11", "0701"), ("M1", "R2")], False),
    }

    def agree(parcel: str, plan: str) -> bool:
        (key,) = permits.keys(numpy.array([parcel]), numpy.array([None]))
        return permits.permits(key, plan)

    assert {pair: agree(*pair) for pair in pairs} == pairs


@pytest.mark.parametrize(
    ("system", "table"),
    [("land-sea-2023", "land-sea-uses"), ("urban-gb50137", "urban-uses"), ("survey", "survey-classes")],
)
def test_the_table_of_uses_knows_every_code_of_each_system_and_none_that_is_not_there(system, table):
    rows = read_toml(RESOURCES / "permits" / "land-use-permits.toml")["use"]
    starts = [start for row in rows.values() for start in row.get(system, [])]
    codes = [*code_table(table).classes, *code_table(table).first]
    assert len(starts) == len(set(starts)), "one code, one use"
    assert [start for start in starts if not any(code.startswith(start) for code in codes)] == []
    bare = {"H", "H1", "H11", "H12", "H13", "H9", "E"}  # no use that could be compared: unknown
    headings = set(code_table(table).first) if system == "survey" else set()  # one heading, several uses
    left = [code for code in codes if not code.startswith(tuple(starts)) and code not in bare | headings]
    assert left == []
    assert {name for row in rows.values() for name in row.get("on", [])} <= set(rows)
    assert all(is_bilingual(row["title"]) for row in rows.values())


def test_the_three_control_lines_are_never_filtered_and_never_taken_for_clear():
    control_lines = [rule for rule in RULES if {"YJJBNTTB", "STBHHX", "CZKFBJ"} & set(layers_of(rule))]
    assert len(control_lines) == 10
    assert all(rule["missing"] == "unknown" for rule in control_lines)
    assert [rule["id"] for rule in control_lines if "where" in rule] == ["boundary.elastic"]


@pytest.mark.parametrize("rule", WORDED, ids=rule_ids)
def test_an_estimate_says_so_in_both_languages(rule):
    says = [("估算" in text["zh"], "estimated" in text["en"]) for text in (rule["finding"], rule["draft"])]
    assert says == [(rule.get("estimated", False),) * 2] * 2


@pytest.mark.parametrize("item", CHECKLIST, ids=rule_ids)
def test_a_checklist_item_has_a_department_and_two_titles(item):
    assert {"id", "department", "title"} <= set(item) <= {"id", "department", "title", "after"}
    assert item.get("after") in {None, *(rule["id"] for rule in RULES)}
    assert item["department"] in DEPARTMENTS
    assert is_bilingual(item["title"])


def test_every_department_has_something_to_judge():
    assert {entry["department"] for entry in RULES + CHECKLIST} == set(DEPARTMENTS)


def test_agricultural_land_is_what_the_survey_calls_so():
    rule = next(rule for rule in RULES if rule["id"] == "farmland.agricultural")
    prefixes = re.findall(r"LIKE '(\d+)%'", rule["where"])
    exact = re.findall(r"'(\d{3})'", rule["where"])
    agricultural = words("""
        0101 0102 0103 0201 0202 0203 0204 0201K 0301 0302 0303 0304 0305 0306 0307 0401 0402 0403 0403K
        1006 1103 1104 1104A 1104K 1107 1107A 1202 1203 1208
        011 012 013 021 022 023 031 032 033 041 042 104 114 117 122 123""")
    other = words("""
        0404 05H1 0508 0601 0602 0603 0701 0702 08H1 08H2 0809 0810 0810A 09 1001 1002 1003 1004 1005 1007
        1008 1009 1101 1102 1105 1106 1108 1109 1110 1201 1204 1205 1206 1207 201 202 203 204 205 043 113""")
    matched = [code for code in agricultural + other if code.startswith(tuple(prefixes)) or code in exact]
    assert matched == agricultural


# What a person types or a file holds, as it is typed there.
TYPED = ("点号,圈号,X坐标,Y坐标", "西,南,东,北")


def test_chinese_sentences_have_chinese_punctuation():
    files = [RESOURCES / "messages" / "zh.toml", RESOURCES / "translations" / "onemap_zh.ts"]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    odd = [line for line in lines if re.search(r"[\u4e00-\u9fff²][,;:] ?[\u4e00-\u9fff{A-Z]", line)]
    assert [line for line in odd if not any(typed in line for typed in TYPED)] == []


def test_chinese_sentences_stand_off_from_latin_words_and_numbers():
    # Papers, and what goes into them, are set closed up, as bureaus print.
    closed_up = ("draft", "pack_form")
    names = re.compile("2000国家大地坐标系|2000系|[36]度带|" + "|".join(TYPED))
    beside = re.compile(r"[\u4e00-\u9fff](?:[A-Za-z0-9]|--\w|\{count\})|(?:[A-Za-z0-9]|\{count\})[\u4e00-\u9fff]")
    with (RESOURCES / "messages" / "zh.toml").open("rb") as file:
        texts = texts_in([topic for name, topic in tomllib.load(file).items() if name not in closed_up])
    assert len(texts) > 2000
    assert [text for text in texts if beside.search(names.sub("", text))] == []
