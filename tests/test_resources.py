"""The catalogue and the rule packs say what they must, and the pack's numbers are those of the law.

The tables below restate facts (distances, articles, verdicts) from the project's reading of each law, apart
from the pack, so that a slip in either is seen. The ids (F-01 …) are those that a rule names as its `source`.
"""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DEPARTMENTS = words(
    "reform planning land environment construction transport municipal forestry agriculture water"
)
LIBRARIES = words("base integrated department approval project opinion")
KINDS = words("vector imagery placename threed census history longterm iot")
GEOMETRIES = {"polygon", "line", "point", "raster", "table"}
FIELD_TYPES = {"text", "integer", "number", "date"}
LAYER_KEYS = set(words("title department library kind geometry key standard class_field fields"))
FITTING_GEOMETRIES = {
    "avoid": {"polygon"},
    "within": {"polygon"},
    "setback": {"polygon", "line", "point"},
}
PLACEHOLDERS = {"area_m2", "area_ha", "share_percent", "distance_m", "layer"}
RULE_KEYS = set(
    words(
        """id kind layer department verdict where when min_area_m2 min_width_m missing net title finding draft
        basis consult source confidence estimated instead replaces distance_m half_width_m half_width_field"""
    )
)
# Ways in which departments write a class that the code table writes otherwise.
CLASS_VARIANTS = {"Ⅰ", "1", "Ⅱ", "2", "05"}

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
LDYZT GYL TRL SD ZRBHD FJMSQ GSMM
GBZNT NYLQ SSNYD XQJYQ SCZZZYBHQ
HL HLGLFW DFHDD DFAQBHQ XZHQ NSBDGC NSBDBHFW SKGLBHFW STLSZDQ
""")

# Metres, by source and rule; a table where the distance depends on the feature's class.
DISTANCES_M = {
    ("T-01", "road.control_zone"): {"高速公路": 30, "国道": 20, "省道": 15, "县道": 10, "乡道": 5},
    ("T-06", "rail.safety_zone"): {
        "高铁/城市市区": 10,
        "其他/城市市区": 8,
        "高铁/城市郊区居民居住区": 12,
        "其他/城市郊区居民居住区": 10,
        "高铁/村镇居民居住区": 15,
        "其他/村镇居民居住区": 12,
        "高铁/其他地区": 20,
        "其他/其他地区": 15,
    },
    ("T-08", "rail_transit.protection_zone"): {
        "地下结构": 50,
        "地面": 30,
        "高架": 30,
        "出入口": 10,
        "风亭": 10,
        "变电站": 10,
        "过水隧道": 100,
    },
    ("W-09", "transfer.south_north"): {"中线明渠": 200, "东线明渠": 50, "地下管涵": 50},
    ("P-02", "power.cable"): 0.75,
    ("P-04", "pipeline.oil_gas"): 5,
    ("P-08", "gas.protection"): {
        **dict.fromkeys(("低压", "中压", "中压A", "中压B"), 0.5),
        **dict.fromkeys(("次高压", "次高压A", "次高压B"), 1.5),
        "高压": 5.0,
    },
    ("P-08", "gas.control"): {
        **dict.fromkeys(("低压", "中压", "中压A", "中压B"), 5),
        **dict.fromkeys(("次高压", "次高压A", "次高压B"), 15),
        "高压": 50,
    },
    ("P-09", "utility.clearance"): {
        "污水": 2.5,
        "雨水": 2.5,
        "直埋热力": 3.0,
        "电力": 0.6,
        "通信直埋": 1.0,
        "通信管道": 1.5,
    },
    ("P-09", "utility.water_small"): 1.0,
    ("P-09", "utility.water_large"): 3.0,
    ("P-10", "tunnel.utility"): 15,
    ("A-03", "weather.station"): {"基准站": 2000, "基本站": 1000},
}
# P-01 is written in ranges of kV, so it is held to the ranges: (from, to, metres).
OVERHEAD_LINE_RANGES = ((1, 10, 5), (35, 110, 10), (154, 330, 15), (500, 500, 20))

# Letters: P prohibited, R restricted, C consult, N notice. Articles: one set of numbers for each law, in any
# order; an empty set where the law is not cited by the number of an article.
FACTS = {
    "F-01": ("P", [{35, 44, 46}, {15, 16, 17}]),
    "F-02": ("R", [{37, 46}, {8}]),
    "F-03": ("N", [{44}, {24}]),
    "F-04": ("C", [set()]),
    "F-05": ("PR", [{4}, set()]),
    "F-06": ("R", [{42}]),
    "E-01": ("P", [{1}]),
    "E-02": ("P", [{27, 28, 32}]),
    "E-03": ("R", [{32}]),
    "E-04": ("P", [{27}]),
    "E-05": ("R", [{26, 28, 30}]),
    "E-06": ("P", [{19}]),
    "E-07": ("RC", [{19, 20, 21}]),
    "E-08": ("P", [{4}]),
    "E-09": ("R", [{4}]),
    "E-10": ("R", [{36, 37, 38}]),
    "E-11": ("R", [{47, 48, 55}]),
    "E-12": ("RN", [set()]),
    "W-01": ("P", [{65}]),
    "W-02": ("R", [{66}]),
    "W-03": ("N", [{67}]),
    "W-05": ("R", [{22, 27}, {11, 20, 24, 25}]),
    "W-06": ("P", [{24}]),
    "W-07": ("R", [{26}]),
    "W-08": ("R", [{29, 33}]),
    "W-09": ("RP", [{40, 43, 44}]),
    "W-10": ("RP", [{10, 13, 17}]),
    "W-11": ("NR", [{20}]),
    "W-12": ("R", [{24, 25}]),
    "T-01": ("P", [{11, 13}, {56}]),
    "T-06": ("RC", [{27, 30}]),
    "T-08": ("C", [set(), set()]),
    "T-09": ("C", [{58}, {46, 47, 48, 49}]),
    "P-01": ("P", [{10, 15}]),
    "P-02": ("P", [{10, 16}]),
    "P-03": ("R", [set()]),
    "P-04": ("P", [{30}]),
    "P-08": ("PR", [set()]),
    "P-09": ("R", [set()]),
    "P-10": ("NR", [set(), set()]),
    "H-01": ("P", [{28}]),
    "H-02": ("R", [{29}]),
    "H-03": ("C", [{43}]),
    "H-04": ("P", [{24, 28}]),
    "U-01": ("P", [set()]),
    "U-02": ("PR", [set()]),
    "U-03": ("R", [set()]),
    "U-04": ("PR", [set()]),
    "U-05": ("P", [set()]),
    "G-01": ("P", [{19}]),
    "G-02": ("R", [{21, 24}]),
    "G-03": ("R", [{32}]),
    "M-02": ("C", [{30, 38}]),
    # First-class air zones are closed to polluters only, which geometry cannot tell: the department is asked.
    "A-01": ("CN", [set()]),
    "A-02": ("N", [set()]),
    "A-03": ("PR", [{13, 17}]),
    "A-04": ("R", [{3}, set()]),
}
LETTERS = {"prohibited": "P", "restricted": "R", "consult": "C", "notice": "N"}

# What the kinds of this version cannot judge, and who does instead: another rule, or a checklist item.
JUDGED_ELSEWHERE = {
    "T-02": "road.control_zone",
    "W-04": "water_source.discharge",
    "T-03": "road.new_settlements",
    "T-04": "road.quarrying",
    "T-05": "road.quarrying",
    "T-07": "rail.mining",
    "T-10": "airport.height",
    "P-05": "pipeline.works",
    "P-06": "pipeline.works",
    "P-07": "pipeline.works",
    "U-06": "plan.use_change",
    "G-04": "fault.active",
    "M-01": "military.zones",
}
SOURCES = [
    *(f"F-0{number}" for number in range(1, 7)),
    *(f"E-{number:02}" for number in range(1, 13)),
    *(f"W-{number:02}" for number in range(1, 13)),
    *(f"T-{number:02}" for number in range(1, 11)),
    *(f"P-{number:02}" for number in range(1, 11)),
    *(f"H-0{number}" for number in range(1, 5)),
    *(f"U-0{number}" for number in range(1, 7)),
    *(f"G-0{number}" for number in range(1, 5)),
    *(f"M-0{number}" for number in range(1, 3)),
    *(f"A-0{number}" for number in range(1, 5)),
]

DIGITS = "零一二三四五六七八九"


def read_toml(path: Path) -> dict:
    """What a TOML file says."""
    with path.open("rb") as file:
        return tomllib.load(file)


LAYER_FILES = sorted((RESOURCES / "catalogue").glob("layers-*.toml"))
LAYERS = {code: layer for path in LAYER_FILES for code, layer in read_toml(path).items()}
PACK = read_toml(RESOURCES / "packs" / "city-preliminary.toml")
RULES = PACK["rule"]
CHECKLIST = PACK["checklist"]


def rule_ids(rule: dict) -> str:
    """A rule's name in the test report."""
    return rule["id"]


def article_number(article: str) -> int | None:
    """第三十五条 → 35; None where the provision is named in words."""
    match = re.match(r"第([一二三四五六七八九十]+)条", article)
    if not match:
        return None
    tens, ten, ones = match.group(1).rpartition("十")
    return (DIGITS.index(tens) if tens else 1) * 10 * bool(ten) + (DIGITS.index(ones) if ones else 0)


def fields_of(condition: str) -> set[str]:
    """The names that a condition uses: what is neither quoted nor an operator."""
    bare = re.sub(r"'[^']*'", "", condition)
    return set(re.findall(r"[A-Za-z_]\w*", bare)) - {"LIKE", "IN", "AND", "OR", "NOT", "IS", "NULL"}


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
    return (
        set(text) == {"zh", "en"} and all(text.values()) and bool(re.search(r"[\u4e00-\u9fff]", text["zh"]))
    )


@pytest.mark.parametrize(
    ("file", "codes"), [("departments", DEPARTMENTS), ("libraries", LIBRARIES), ("kinds", KINDS)]
)
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


@pytest.mark.parametrize(
    ("key", "values"), [("department", DEPARTMENTS), ("library", LIBRARIES), ("kind", KINDS)]
)
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
    assert layer["geometry"] == "raster" or layer["key"] in fields
    assert layer.get("class_field") is None or layer["class_field"] in fields
    assert set(layer) <= LAYER_KEYS


@pytest.mark.parametrize("code", LAYERS)
def test_a_field_has_a_type_two_titles_and_names_of_its_own(code):
    names = []
    for field in LAYERS[code]["fields"]:
        assert set(field) <= {"name", "type", "length", "title", "aliases", "values"}
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
    assert set(PACK) == {"pack", "review", "rule", "checklist"}


def test_no_id_of_a_rule_or_an_item_is_used_twice():
    ids = [entry["id"] for entry in RULES + CHECKLIST]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert [name for name in ids if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_a_rule_names_its_law_its_department_and_what_it_means(rule):
    assert set(rule) <= RULE_KEYS
    assert rule["department"] in DEPARTMENTS
    assert set(rule.get("consult", [])) <= set(DEPARTMENTS) - {rule["department"]}
    assert rule["verdict"] in LETTERS
    assert rule["missing"] in {"unknown", "checklist"}
    assert rule["confidence"] in {"C", "L", "U"}
    assert rule["source"] in SOURCES
    assert rule["basis"]
    assert all(set(entry) == {"law", "article"} and all(entry.values()) for entry in rule["basis"])
    for text in (rule["title"], rule["finding"], rule["draft"]):
        assert is_bilingual(text)
        assert set(re.findall(r"{(.*?)}", text["zh"] + text["en"])) <= PLACEHOLDERS


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_a_rule_stands_on_a_layer_that_fits_its_kind(rule):
    assert rule["layer"] in LAYERS
    assert LAYERS[rule["layer"]]["geometry"] in FITTING_GEOMETRIES[rule["kind"]]
    used = fields_of(rule.get("where", "")) | set(distance_fields(rule))
    assert used <= field_names(rule["layer"])
    assert ("distance_m" in rule) == (rule["kind"] == "setback")
    if "instead" in rule:
        assert LAYERS[rule["instead"]]["geometry"] == "polygon"


@pytest.mark.parametrize("rule", [rule for rule in RULES if "where" in rule], ids=rule_ids)
def test_a_condition_asks_only_for_classes_that_the_layer_knows(rule):
    used = [field for field in LAYERS[rule["layer"]]["fields"] if field["name"] in fields_of(rule["where"])]
    known = [value for field in used for value in field.get("values", [])]
    if not known:
        assert rule["layer"] == "DLTB", "only land classes are left without a code table"
        return
    for asked in set(re.findall(r"'([^']*)'", rule["where"])) - CLASS_VARIANTS:
        assert any(value.startswith(asked.rstrip("%")) if "%" in asked else value == asked for value in known)


@pytest.mark.parametrize("rule", [rule for rule in RULES if distance_fields(rule)], ids=rule_ids)
def test_every_class_of_a_setback_is_a_class_of_its_field(rule):
    tables = [
        next(field for field in LAYERS[rule["layer"]]["fields"] if field["name"] == name).get("values")
        for name in distance_fields(rule)
    ]
    for key in rule["distance_m"]["values"]:
        parts = key.split("/") if len(tables) > 1 else [key]
        assert all(table is None or part in table for part, table in zip(parts, tables, strict=True))
    assert "default" not in rule["distance_m"], "a feature without a class is unknown, not near"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule["kind"] == "setback"], ids=rule_ids)
def test_a_distance_is_that_of_the_law(rule):
    distance = rule["distance_m"]
    found = distance["values"] if isinstance(distance, dict) else distance
    if rule["source"] == "P-01":
        for kilovolt, metres in found.items():
            assert [m for low, high, m in OVERHEAD_LINE_RANGES if low <= int(kilovolt) <= high] == [metres]
        assert {metres for *_, metres in OVERHEAD_LINE_RANGES} == set(found.values())
    else:
        assert found == DISTANCES_M[rule["source"], rule["id"]]


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_a_verdict_and_its_articles_are_those_of_the_law(rule):
    letters, articles = FACTS[rule["source"]]
    assert LETTERS[rule["verdict"]] in letters
    cited: dict[str, set[int]] = {}
    for entry in rule["basis"]:
        number = article_number(entry["article"])
        cited.setdefault(entry["law"], set()).update({number} if number else set())
    assert sorted(map(sorted, cited.values())) == sorted(map(sorted, articles))


def test_every_rule_of_the_reading_is_judged_or_left_to_somebody():
    judged = {rule["source"] for rule in RULES}
    known = {entry["id"] for entry in RULES + CHECKLIST}
    assert judged | set(JUDGED_ELSEWHERE) == set(SOURCES)
    assert judged & set(JUDGED_ELSEWHERE) == set()
    assert set(JUDGED_ELSEWHERE.values()) <= known


def test_the_three_control_lines_are_never_filtered_and_never_taken_for_clear():
    control_lines = [rule for rule in RULES if rule["layer"] in {"YJJBNTTB", "STBHHX", "CZKFBJ"}]
    assert len(control_lines) == 3
    assert all("where" not in rule and rule["missing"] == "unknown" for rule in control_lines)


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_an_estimate_says_so_in_both_languages(rule):
    says = [("估算" in text["zh"], "estimated" in text["en"]) for text in (rule["finding"], rule["draft"])]
    assert says == [(rule.get("estimated", False),) * 2] * 2


@pytest.mark.parametrize("item", CHECKLIST, ids=rule_ids)
def test_a_checklist_item_has_a_department_and_two_titles(item):
    assert set(item) == {"id", "department", "title"}
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
