"""Themes: every shipped name is in the catalogue or the pack; one's own theme is read, or refused in words."""

import re
import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import geopandas as gpd
import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.numbers.indicators.indicator_pack import indicator_packs
from onemap.rules.numbers.indicators.themes import themes
from onemap.tests.rules.command import done

OWN = """
id = "housing"
title = { zh = "\u4f4f", en = "Homes" }
layers = ["DLTB", "XZQ"]
tables = ["RKTJ"]
indicators = ["built.housing"]

[page]
about = { zh = "\u54ea\u91cc", en = "Where" }
chart = ["built.housing"]
"""


def test_every_shipped_theme_names_what_there_is(tmp_path):
    catalogue = shipped_catalogue()
    (pack,) = indicator_packs([], catalogue)
    shipped = sorted((RESOURCES / "themes").glob("*.toml"))
    found = themes([], catalogue, [])
    assert [theme.id for theme in found] == [path.stem for path in shipped] and len(found) == 8
    copies = [str(shutil.copy(path, tmp_path)) for path in shipped]  # a file of one's own is held to the packs too
    again = themes(copies, catalogue, [item.id for item in pack.indicators])
    assert [theme.file for theme in again] == copies
    assert [replace(theme, file=None) for theme in again] == found and all(
        theme.indicators and theme.layers for theme in found
    )
    for path, theme in zip(shipped, found, strict=True):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        assert raw["title"] == theme.title and len(set(raw["indicators"])) == len(raw["indicators"])


def made_city(folder):
    """A library of a survey."""
    library = folder / "city.gpkg"
    district, survey, rules = folder / "district.gpkg", folder / "DLTB.gpkg", folder / "none.toml"
    gpd.GeoDataFrame(geometry=[box(0, 0, 100, 100)], crs="EPSG:4547").to_file(district)
    gpd.GeoDataFrame({"BSM": ["1"], "DLBM": ["0701"]}, geometry=[box(0, 0, 100, 100)], crs="EPSG:4547").to_file(survey)
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    done("new", library, "--crs=EPSG:4547", "--district", district, "--pack", rules)
    done("add", library, survey, "--as=DLTB", "--valid-from=2024-12-31", "--covers=district")


@pytest.fixture
def ask_themes(onemap, tmp_path, copied):
    """Return a function that asks a library with a survey for its themes, with one's own theme."""
    copied(made_city, tmp_path)
    library, own = tmp_path / "city.gpkg", tmp_path / "own.toml"

    def ask(text, *options, code=0, verb="themes"):
        own.write_text(text, encoding="utf-8")
        answer = onemap(verb, library, "--theme", own, *options)
        assert answer.code == code, answer.json
        return answer.json

    return ask


def test_a_theme_of_ones_own_takes_the_place_of_a_shipped_one(ask_themes):
    (housing,) = [theme for theme in ask_themes(OWN, "--as-of=2025-06-01")["themes"] if theme["id"] == "housing"]
    assert housing["title"] == "Homes" and [one["id"] for one in housing["indicators"]] == ["built.housing"]
    assert [(one["code"], one["in_force"]) for one in housing["layers"]] == [("DLTB", True), ("XZQ", False)]
    assert [(one["code"], one["in_force"]) for one in housing["tables"]] == [("RKTJ", False)]
    before = [theme for theme in ask_themes(OWN, "--as-of=2024-06-01")["themes"] if theme["id"] == "housing"]
    assert not any(one["in_force"] for one in before[0]["layers"])


@pytest.mark.parametrize(
    ("was", "becomes", "code", "key"),
    [
        ('"XZQ"', '"RKTJ"', "theme.name", "layers"),
        ('["RKTJ"]', '["DLTB"]', "theme.name", "tables"),
        ('"built.housing"', '"built.houses"', "theme.name", "indicators"),
        ('id = "housing"', "", "theme.key", "id"),
        (', en = "Homes"', "", "theme.key", "title"),
        ('tables = ["RKTJ"]', 'table = ["RKTJ"]', "theme.key_unknown", "table"),
        ("layers = [", "layers = ", "theme.syntax", None),
        ("[page]", "[page]\nmap = 1", "theme.key_unknown", "page.map"),
        ('en = "Where"', 'de = "Wo"', "theme.key", "page.about"),
        ('chart = ["built.housing"]', 'chart = ["built.total"]', "theme.name", "page.chart"),
    ],
)
def test_a_slip_is_refused_with_its_key(ask_themes, was, becomes, code, key):
    assert was in OWN
    first = ask_themes(OWN.replace(was, becomes), code=3)["problems"][0]
    assert (first["code"], first["field"] if key else None) == (code, key) and first["message"] and first["mend"]


def test_a_theme_has_one_page_of_its_own_words_layers_and_indicators(ask_themes, tmp_path):
    page = tmp_path / "page.html"
    answer = ask_themes(OWN, "--as-of=2025-06-01", "--page", page, "--unrecorded", verb="indicators")
    assert {row["id"] for row in answer["indicators"]} == {"built.housing"}
    text = page.read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", "|", text)
    assert text.count("<section>") == 1 and "Homes, 2025-06-01" in words and "Where" in words
    assert "1 of 3 are in the library" in words and words.count("not in the library") == 2
    assert "2024-12-31" in words, "the day of the survey"


def test_a_theme_by_name_or_a_refusal_that_names_them(onemap, ask_themes, tmp_path):
    ask_themes(OWN)
    library = tmp_path / "city.gpkg"
    for name in ("transport", "交通"):
        answer = onemap("indicators", library, f"--theme={name}", "--as-of=2025-06-01", "--unrecorded")
        assert answer.code == 0 and {row["id"].split(".")[0] for row in answer.json["indicators"]} == {"road", "rail"}
    wrong = onemap("indicators", library, "--theme=traffic", lang="en").json["problems"][0]
    assert wrong["code"] == "theme.unknown" and "transport" in wrong["mend"]


def test_of_several_units_the_page_compares_all_that_its_chart_names(onemap, tmp_path):
    library, district, rules = tmp_path / "city.gpkg", tmp_path / "district.gpkg", tmp_path / "none.toml"
    grounds = [box(0, 0, 100, 100), box(100, 0, 200, 100)]
    gpd.GeoDataFrame(geometry=[box(0, 0, 200, 100)], crs="EPSG:4547").to_file(district)
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    assert onemap("new", library, "--crs=EPSG:4547", "--district", district, "--pack", rules).code == 0
    layers = {
        "XZQ": ({"BSM": ["1", "2"], "XZQDM": ["139901001", "139901002"], "XZQMC": ["W", "E"]}, grounds),
        "JZW": ({"BH": ["1", "2"], "JZGD": [120.0, 130.0]}, [box(1, 1, 9, 9), box(20, 1, 29, 9)]),
        "DZZHYHD": ({"BH": ["1"]}, [box(150, 50, 151, 51).centroid]),
    }
    for code, (columns, shapes) in layers.items():
        path = tmp_path / f"{code}.gpkg"
        gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4547").to_file(path)
        onemap("add", library, path, "--as", code, "--covers=district", "--valid-from=2024-12-31").done()
    own, page = tmp_path / "own.toml", tmp_path / "page.html"
    named = 'indicators = ["hazard.places", "tall.buildings"]\n[page]\nchart = ["tall.buildings"]\n'
    about = 'about = { zh = "\u54ea", en = "Where" }\n'
    own.write_text(
        f'id = "own"\ntitle = {{ zh = "\u4f4f", en = "Own" }}\nlayers = ["JZW"]\ntables = []\n{named}{about}',
        encoding="utf-8",
    )
    options = ["--theme", own, "--unit=XZQ", "--as-of=2025-06-01", "--page", page, "--unrecorded"]
    assert onemap("indicators", library, *options, lang="en").code == 0
    text = page.read_text(encoding="utf-8")
    drawn = text[text.index("<svg") : text.index("</svg>")]
    assert "Buildings higher than 100 m" in drawn and "Places of geological hazard" not in drawn
    assert "2 in number" in text and "2.0" not in text.split("</svg>")[1].split("<script")[0], (
        "what is counted is whole"
    )
    more = 'chart = ["tall.buildings", "hazard.places", "gallery.length"]'
    changed = own.read_text(encoding="utf-8").replace('chart = ["tall.buildings"]', more)
    own.write_text(
        changed.replace('"hazard.places", "tall', '"gallery.length", "hazard.places", "tall'), encoding="utf-8"
    )
    assert onemap("indicators", library, *options, "--overwrite", lang="en").code == 0
    text = page.read_text(encoding="utf-8")
    drawn = re.sub(r"<[^>]+>", "|", text[text.index("<svg") : text.index("</svg>")])
    assert text.count("<svg") == 1
    for title in ("Buildings higher than 100 m", "Places of geological hazard", "Utility tunnels"):
        assert title in drawn, "a panel each"
    picture = text[text.index("<svg") : text.index("</svg>")]
    assert picture.count('fill="#FFFFFF" stroke="#8C8C8C"') == 2, "of tunnels nobody knows in either unit: hatched"
    moment, path = datetime.now(UTC).isoformat(), tmp_path / "later.gpkg"
    gpd.GeoDataFrame({"BH": ["1"], "JZGD": [140.0]}, geometry=[box(1, 1, 9, 9)], crs="EPSG:4547").to_file(path)
    assert onemap("add", library, path, "--as=JZW", "--covers=district", "--valid-from=2025-01-01").code == 0
    for known, is_listed in (((), True), (("--known-at", moment), False)):
        assert onemap("indicators", library, *options, *known, "--overwrite", lang="en").code == 0
        assert ("2025-01-01" in page.read_text(encoding="utf-8")) is is_listed
