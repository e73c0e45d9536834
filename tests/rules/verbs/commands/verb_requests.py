"""Requests of every verb: with values that fit the full library, and with absurd ones."""

import random
from collections.abc import Iterator, Mapping, Sequence

from onemap.rules.contract.declaration import Parameter
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.rules.command import done

Pools = Mapping[str, Sequence[str]]

_LONG = {"self-test", "sample"}  # seconds each, and tried elsewhere
# What is said for a value of a verb instead, for the same reason: the cases of the national rules.
_SHORTER = {("prove", "city-preliminary"): "sample-ordinance"}
_UNLIKELY = (
    *("", " ", "　", "-", "--", "0", "-1", "1e309", "nan", "inf", "9" * 40, "٣", "①", "null", "{}", "[]", "a" * 5000),
    *(
        "'",
        '"',
        "`",
        "\\",
        "/",
        "..",
        "/dev/null",
        "*",
        "[",
        "%s",
        "{0}",
        "{name}",
        "\x00",
        "a\nb",
        "\ud800",
        "\u202ea",
    ),
    *("💥", "，", "a=b", "=", "a=", "=b", ",", "a,", "2026-02-30", "0000-00-00", "9999-12-31", "2026-01-01T00:00:00"),
    *("EPSG:0", "EPSG:99999999", "' OR 1=1 --", "USE LIKE", "((((", "POINT EMPTY", "postgresql://u:pw@h/x", "x.gpkg"),
    *("x.pdf", "x.html", "x.docx", "x.json", "x.xlsx", "x.zip", "x.toml", "x.qgz", "x.", ".", "CON", "zh=", "fr=x"),
)
_FITTING: Pools = {
    "LIBRARY": ("city.gpkg",),
    "CODE": ("FARM", "RIVER", "ROAD", "A", "B", "DEM"),
    "A": ("A", "agree"),
    "B": ("B", "《土地管理法》第三十五条"),
    "LABEL": ("v1", "v2"),
    "OLD": ("v1",),
    "NEW": ("v2", "v3"),
    "CODE,…": ("FARM,RIVER", "A"),
    "CODE=FILE": ("FARM=district.gpkg",),
    "PARCELS": ("parcels.gpkg",),
    "PARCEL": ("DK1", "DK/2"),
    "RULE": ("farm", "river", "road", "inside"),
    "DEPARTMENT": ("land", "reform", "water", "transport"),
    "SOURCE": ("parcels.gpkg", "district.gpkg", "dem.tif", "attacked.toml"),
    "PATH": ("parcels.gpkg", ".", "district.gpkg"),
    "FILE": ("attacked.toml", "tried.toml", "city.catalogue.toml"),
    "FILE|NAME": ("attacked.toml", "city-preliminary", "sample-ordinance", "farmland-balance"),
    "M": ("tried.toml", "1", "5"),
    "M2": ("0", "100"),
    "N": ("1", "2", "lead"),
    "D": ("2026-01-01", "2024-06-30"),
    "T": ("2026-01-01", "2026-01-01T00:00:00Z"),
    "C": ("EPSG:4547", "EPSG:4490", "EPSG:4526"),
    "CQL2": ("USE = '07'", "MJ > 1", "KEY IS NULL"),
    "FIELD": ("DKBH", "KEY"),
    "FIELD,…": ("USE", "KEY"),
    "V": ("prohibited", "notice"),
    "X": ("500050", "3"),
    "Y": ("4000050", "2"),
    "Z": ("4",),
    "W,S,E,N": ("499000,3999000,501000,4001000",),
    "WKT": ("LINESTRING(499900 4000050, 500200 4000050)",),
    "E": ("utf-8", "gbk"),
    "ID": ("own",),
    "zh=…,en=…": ("zh=本市,en=City",),
    "TARGET": ("out.pdf", "out.html", "out.json", "out.docx", "out.svg", "out.txt"),
    "TARGET.zip": ("out.zip",),
    "FOLDER": ("out",),
    "TEXT": ("小学", "农田"),
    "R": ("因资料更新",),
    "REASON": ("因资料更新",),
    "REVISION": ("1", "4"),
    "CODE|FILE": ("A", "district.gpkg"),
    "CODE|CASE": ("FARM",),
    "NAME|FILE": ("municipal-plan", "county-plan"),
    "S": ("land-sea-2023", "survey"),
    "DATE": ("2026-11-20",),
}


def pools_of(library: object) -> Pools:
    """Values that fit, by how a parameter's value is called; runs and cases are those of the library."""
    runs = [run["id"] for run in done("runs", library).json["runs"]]
    cases = [case["case"] for case in done("review", "list", library).json["cases"]]
    return {**_FITTING, "RUN": runs, "CASE": cases, "CODE|CASE": ["FARM", *cases]}


def requests(count: int, pools: Pools, seed: int) -> Iterator[list[str]]:
    """This many command lines, with mostly fitting values; the same ones for a seed and a library."""
    chance = random.Random(seed)
    verbs = [verb for verb in VERBS.values() if verb.name not in _LONG]
    for _ in range(count):
        verb = chance.choice(verbs)
        beside = [one for one in verb.parameters if not one.is_required and one.name != "mutants"]
        chosen = [one for one in verb.parameters if one.is_required]
        chosen += chance.sample(beside, min(len(beside), chance.choice((0, 1, 1, 2, 2, 3))))
        oddity = chance.choice((0.0, 0.05, 0.3))
        words = verb.name.split()
        for one in chosen:
            value = _value(one, pools, chance, oddity)
            words += _words_of(one, _SHORTER.get((verb.name, value), value))
        yield [*words, "--lang", chance.choice(("zh", "en")), *chance.choice(((), ("--json",)))]


def _value(parameter: Parameter, pools: Pools, chance: random.Random, oddity: float) -> str:
    if chance.random() < (oddity / 5 if parameter.name == "library" else oddity):
        return chance.choice(_UNLIKELY)
    return str(chance.choice(parameter.choices or pools.get(parameter.metavar) or (parameter.name,)))


def _words_of(parameter: Parameter, value: str) -> list[str]:
    if parameter.flag:
        return [parameter.option]
    return [value] if parameter.positional else [f"{parameter.option}={value}"]
