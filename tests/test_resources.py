"""The catalogue and the rule packs say what they must, and the pack's numbers are those of the law.

The tables below restate facts (distances, articles, verdicts) from the project's reading of each law, apart
from the pack, so that a slip in either is seen. The ids (F-01 …) are those that a rule names as its `source`.
"""

import copy
import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.packs.pack import joined_rules, pack_text, parse_pack


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DEPARTMENTS = words("reform planning land environment construction transport municipal forestry agriculture water")
LIBRARIES = words("base integrated department approval project opinion")
KINDS = words("vector imagery placename threed census history longterm iot")
GEOMETRIES = {"polygon", "line", "point", "raster", "table"}
FIELD_TYPES = {"text", "integer", "number", "date"}
LAYER_KEYS = set(
    words("title department library kind geometry key standard class_field fields coverage withheld checks")
)
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
        """id kind layer department verdict where when min_area_m2 min_width_m missing net title finding draft
        basis consult source confidence estimated instead replaces distance_m half_width_m half_width_field
        by derive above parcel_field plan_field permits"""
    )
)
PARCEL_FIELDS = {"XMLX", "YDXZ"}  # the kind of project, and its use: what a condition may ask of a parcel
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
    ("A-03", "weather.disturbance"): 500,
    ("T-04", "road.extraction"): {**dict.fromkeys(("高速公路", "国道", "省道", "县道"), 100), "乡道": 50},
    ("T-04", "road.bridge"): 200,
    ("T-04", "road.tunnel"): 100,
    ("T-05", "road.dangerous_goods"): 100,
    ("P-05", "pipeline.surroundings"): 50,
    ("P-05", "pipeline.blasting"): 200,
}
# T-03 counts from the outer edge of the control area, which itself is as wide as T-01 and T-02 say.
BEYOND_CONTROL_ZONE_M = {"高速公路": 50, "国道": 50, "省道": 50, "县道": 20, "乡道": 20}
# How far the pack looks about where no law gives a number.
SEARCH_RADII_M = {"hazard.site": 200, "fault.near": 200}
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
    "T-03": ("R", [{14}]),
    "T-04": ("P", [{17}]),
    "T-05": ("P", [{18}]),
    "T-06": ("RC", [{27, 30}]),
    "T-08": ("C", [set(), set()]),
    "T-09": ("C", [{58}, {46, 47, 48, 49}]),
    "T-10": ("R", [set()]),
    "P-01": ("P", [{10, 15}]),
    "P-02": ("P", [{10, 16}]),
    "P-03": ("R", [set()]),
    "P-04": ("P", [{30}]),
    "P-05": ("R", [{35}]),
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
    "U-06": ("P", [{35}]),
    "G-01": ("P", [{19}]),
    "G-02": ("R", [{21, 24}]),
    "G-03": ("R", [{32}]),
    "G-04": ("R", [set(), set()]),
    "M-02": ("C", [{30, 38}]),
    # First-class air zones are closed to polluters only, which geometry cannot tell: the department is asked.
    "A-01": ("CN", [set()]),
    "A-02": ("N", [set()]),
    "A-03": ("PR", [{13, 17}]),
    "A-04": ("R", [{3}, set()]),
}
LETTERS = {"prohibited": "P", "restricted": "R", "consult": "C", "notice": "N"}

# Where a rule says less than the law's worst, because part of the law's condition is for a person to judge.
MILDER = {
    **dict.fromkeys(words("road.public_places road.extraction road.dangerous_goods road.bridge road.tunnel"), "N"),
    "pipeline.surroundings": "C",  # which works, and how near
    "pipeline.blasting": "N",
    "airport.surface": "N",  # how high
    **dict.fromkeys(words("plan.public_service plan.utility plan.green plan.use"), "R"),  # a plan may be revised
    "transport.planned_line": "C",
    "weather.disturbance": "N",
    "hazard.site": "N",
    "fault.near": "N",
}
# Where a rule cites other articles than its entry as a whole.
OTHER_ARTICLES = {
    "road.bridge": [{17, 18}],
    "road.tunnel": [{17, 18}],
    "plan.use": [{35}, set()],
    "hazard.site": [{21}],
}
# Checks that stand with the departments' layers (1.1, 1.2), not in the law table: letters and articles.
DEPARTMENT_CHECKS = {
    "land.composition": ("N", [{4, 26}]),
    "approval.conversion": ("N", [{44}]),
    "approval.expropriation": ("N", [{46}]),
    "approval.supplied": ("N", [{53, 54}]),
    "aquatic.germplasm": ("C", [{29}]),
    "tree.inside": ("C", [{40}]),
    "sponge.unit": ("N", [set()]),
    "renewal.area": ("N", [set()]),
    "project.key": ("N", [set()]),
}

# What no rule judges, and who does instead: a rule of another entry, or a checklist item.
JUDGED_ELSEWHERE = {
    "T-02": "road.control_zone",
    "W-04": "water_source.discharge",
    "T-07": "rail.mining",
    "P-06": "pipeline.works",
    "P-07": "pipeline.works",
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
PACKS = {path.stem: read_toml(path) for path in sorted((RESOURCES / "packs").glob("*.toml"))}
PACK, ORDINANCE = PACKS["city-preliminary"], PACKS["sample-ordinance"]
RULES = PACK["rule"]
WORDED = [rule for rule in RULES + ORDINANCE["rule"] if rule["kind"] != "composition"]  # which finds nothing
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


def has_the_laws_distance(rule: dict) -> bool:
    """Whether a rule's distance, class by class, is the one restated above."""
    distance = rule["distance_m"]
    found = distance["values"] if isinstance(distance, dict) else distance
    if rule["source"] == "P-01":
        metres = {metres for *_, metres in OVERHEAD_LINE_RANGES}
        return metres == set(found.values()) and all(
            [far for low, high, far in OVERHEAD_LINE_RANGES if low <= int(kilovolt) <= high] == [given]
            for kilovolt, given in found.items()
        )
    if rule["source"] == "T-03":
        zone = DISTANCES_M["T-01", "road.control_zone"]
        return found == {road: zone[road] + beyond for road, beyond in BEYOND_CONTROL_ZONE_M.items()}
    if rule["id"] in SEARCH_RADII_M:
        return found == SEARCH_RADII_M[rule["id"]]
    return found == DISTANCES_M[rule["source"], rule["id"]]


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
    assert layer["geometry"] == "raster" or layer["key"] in fields
    assert layer.get("class_field") is None or layer["class_field"] in fields
    assert set(layer) <= LAYER_KEYS


@pytest.mark.parametrize("code", LAYERS)
def test_a_field_has_a_type_two_titles_and_names_of_its_own(code):
    names = []
    for field in LAYERS[code]["fields"]:
        assert set(field) <= set(words("name type length title aliases values codes name_of area"))
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


@pytest.mark.parametrize("rule", RULES + ORDINANCE["rule"], ids=rule_ids)
def test_a_rule_names_its_law_its_department_and_what_it_means(rule):
    assert set(rule) <= RULE_KEYS
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", rule["id"])
    assert rule["department"] in DEPARTMENTS
    assert set(rule.get("consult", [])) <= set(DEPARTMENTS) - {rule["department"]}
    assert rule["verdict"] in LETTERS
    assert rule["missing"] in {"unknown", "checklist"}
    assert rule["confidence"] in {"C", "L", "U"}
    assert rule["source"] in SOURCES or (rule["source"] in {"1.1", "1.2"} and rule["id"] in DEPARTMENT_CHECKS)
    assert rule["basis"]
    assert all(set(entry) == {"law", "article"} and all(entry.values()) for entry in rule["basis"])
    assert is_bilingual(rule["title"])
    assert rule.get("min_area_m2") == (1.0 if rule["kind"] in OF_GROUND else None)


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
    assert rule["layer"] in LAYERS
    assert LAYERS[rule["layer"]]["geometry"] in FITTING_GEOMETRIES[rule["kind"]]
    used = fields_of(rule.get("where", "")) | set(distance_fields(rule)) | set(rule.get("by", []))
    used |= {rule["plan_field"]} if "plan_field" in rule else set()
    assert used <= field_names(rule["layer"])
    assert fields_of(rule.get("when", "")) | {rule.get("parcel_field", "XMLX")} <= PARCEL_FIELDS
    assert ("distance_m" in rule) == (rule["kind"] in {"setback", "near"})
    if "instead" in rule:
        assert LAYERS[rule["instead"]]["geometry"] == "polygon"


@pytest.mark.parametrize("rule", [rule for rule in RULES if "where" in rule], ids=rule_ids)
def test_a_condition_asks_only_for_classes_that_the_layer_knows(rule):
    used = [field for field in LAYERS[rule["layer"]]["fields"] if field["name"] in fields_of(rule["where"])]
    known = [value for field in used for value in field.get("values", [])]
    if not known:
        assert rule["layer"] in {"DLTB", "KGDK"}, "only land classes and uses are left without a code table"
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


@pytest.mark.parametrize("rule", [rule for rule in RULES if "distance_m" in rule], ids=rule_ids)
def test_a_distance_is_that_of_the_law(rule):
    assert has_the_laws_distance(rule)


def test_a_distance_that_differs_by_a_metre_in_one_class_is_seen():
    for rule in (rule for rule in RULES if "distance_m" in rule):
        for road in rule["distance_m"]["values"] if distance_fields(rule) else [None]:
            wrong = copy.deepcopy(rule)
            if road is None:
                wrong["distance_m"] += 1
            else:
                wrong["distance_m"]["values"][road] += 1
            assert not has_the_laws_distance(wrong), (rule["id"], road)


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_a_verdict_and_its_articles_are_those_of_the_law(rule):
    letters, articles = DEPARTMENT_CHECKS.get(rule["id"]) or FACTS[rule["source"]]
    assert LETTERS[rule["verdict"]] in MILDER.get(rule["id"], letters)
    cited: dict[str, set[int]] = {}
    for entry in rule["basis"]:
        number = article_number(entry["article"])
        cited.setdefault(entry["law"], set()).update({number} if number else set())
    assert sorted(map(sorted, cited.values())) == sorted(map(sorted, OTHER_ARTICLES.get(rule["id"], articles)))


def test_a_rule_that_asks_for_the_kind_of_project_is_no_prohibition_for_one_that_does_not_say():
    asking = [rule for rule in RULES if "when" in rule]
    assert asking
    for rule in asking:
        assert rule["verdict"] in ({"notice", "consult"} if fields_of(rule["when"]) == {"XMLX"} else {"restricted"})
        assert "项目" in rule["draft"]["zh"] or "施工作业" in rule["draft"]["zh"] or "进行爆破" in rule["draft"]["zh"]


def test_every_rule_of_the_reading_is_judged_or_left_to_somebody():
    judged = {rule["source"] for rule in RULES} - {"1.1", "1.2"}
    known = {entry["id"] for entry in RULES + CHECKLIST}
    assert judged | set(JUDGED_ELSEWHERE) == set(SOURCES)
    assert judged & set(JUDGED_ELSEWHERE) == set()
    assert set(JUDGED_ELSEWHERE.values()) <= known


def test_a_checklist_item_names_the_entries_that_it_stands_for():
    text = (RESOURCES / "packs" / "city-preliminary.toml").read_text("utf-8")
    named = {item: entries.split(", ") for entries, item in re.findall(r'# (.*)\n\[\[checklist]]\nid = "(.*)"', text)}
    assert set(named) == {item["id"] for item in CHECKLIST}
    assert {entry for entries in named.values() for entry in entries} <= {*SOURCES, "1.1", "1.2"}
    for source, judge in JUDGED_ELSEWHERE.items():
        assert judge == "road.control_zone" or source in named[judge]


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
    roads = [common["road.control_zone"], ORDINANCE["rule"][0]]
    nation, city = (rule["distance_m"]["values"] for rule in roads)
    assert {road: metres for road, metres in city.items() if metres != nation[road]} == {"省道": 20}


def test_two_uses_agree_when_they_are_of_one_first_level_class():
    permits = next(rule for rule in RULES if rule["id"] == "plan.use")["permits"]
    classes = {f"{number:02}" for number in range(1, 25)}
    assert {key: value for key, value in permits.items() if key in classes} == {key: [key] for key in classes}
    # Of GB 50137, by the classes that answer to them; relics, embassies and temples are special land (15).
    letters = {"R": "07", "A": "08", "A7": "15", "A8": "15", "A9": "15", "B": "09", "M": "10", "W": "11", "S": "12"}
    letters |= {"U": "13", "G": "14", "H14": "07", "H2": "12", "H3": "13", "H4": "15", "H5": "10"}
    assert {key: value for key, value in permits.items() if key not in classes} == {k: [v] for k, v in letters.items()}


def test_the_three_control_lines_are_never_filtered_and_never_taken_for_clear():
    control_lines = [rule for rule in RULES if rule["layer"] in {"YJJBNTTB", "STBHHX", "CZKFBJ"}]
    assert len(control_lines) == 3
    assert all("where" not in rule and rule["missing"] == "unknown" for rule in control_lines)


@pytest.mark.parametrize("rule", WORDED, ids=rule_ids)
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
