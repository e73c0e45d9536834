"""What the bureaux count: people, enterprises, the economy, targets, and readings of sensors. Never persons.

Every number follows from the unit and the year by the lines below, and can be worked in the head.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.streets import Streets

YEARS = (2020, 2021, 2022, 2023)
COUNTY = f"{names.COUNTY_CODE}000000"
COUNTY_TITLE = names.CITY
# Residents in 2023, and how many of a hundred live in towns; a year earlier there were a fiftieth of it fewer.
RESIDENTS: Mapping[str, tuple[int, int]] = {
    "清源街道": (50_000, 100),
    "西岭镇": (10_000, 40),
    "东营镇": (8_000, 30),
    "河湾乡": (1_000, 0),
    "南坪乡": (1_000, 0),
}
# Industry, title; units and persons employed for a thousand residents.
INDUSTRIES = (("A", "农、林、牧、渔业", 4, 20), ("C", "制造业", 6, 120), ("F", "批发和零售业", 20, 60))
PLACES = ("清源街道", "西岭镇", "东营镇", "河湾乡")
# The indicator's id, name and unit; base value of 2020 and targets of each place. The county's are their sums.
TARGETS = (
    ("farmland.arable", "耕地保有量", "公顷", (640, 650, 500, 60), (500, 560, 400, 40), (500, 560, 400, 40)),
    ("farmland.protected", "永久基本农田保护面积", "公顷", (230, 440, 325, 25), *[(225, 435, 317, 23)] * 2),
    ("ecology.redline", "生态保护红线面积", "平方公里", *[(0.19, 3.0, 0.009, 0)] * 3),
    ("built.total", "建设用地总面积", "公顷", (540, 40, 25, 5), (580, 43, 32, 5), (600, 55, 40, 10)),
)
READ_DAYS, READ_FROM = 2, pandas.Timestamp("2026-01-05T00:00:00+08:00")
# What a node of a kind reads, in which unit, and around which number.
OBSERVED = {"空气质量": ("PM10", "ug/m3", 60.0), "水位": ("水位", "m", 72.0), "噪声": ("噪声", "dB", 55.0)}


def _units(townships: geopandas.GeoDataFrame) -> list[tuple[str, str]]:
    """Code and name of every township, each once."""
    return sorted(set(zip(townships["XZQDM"], townships["XZQMC"], strict=True)))


def population(townships: geopandas.GeoDataFrame) -> pandas.DataFrame:
    """RKTJ: residents of each township and of the county, which is their sum."""
    rows = []
    for year in YEARS:
        below = []
        for code, name in _units(townships):
            people, urban = RESIDENTS[name]
            residents = people - people // 50 * (YEARS[-1] - year)
            below.append((code, name, year, residents, residents * urban // 100))
        rows += [(COUNTY, COUNTY_TITLE, year, sum(row[3] for row in below), sum(row[4] for row in below)), *below]
    return pandas.DataFrame(rows, columns=["XZQDM", "XZQMC", "ND", "CZRK", "CZRKCZ"])


def enterprises(townships: geopandas.GeoDataFrame) -> pandas.DataFrame:
    """FRTJ: legal units and persons employed by industry in the last year."""
    rows = []
    for letter, title, count, persons in INDUSTRIES:
        below = [
            (
                code,
                name,
                YEARS[-1],
                letter,
                title,
                RESIDENTS[name][0] * count // 1000,
                RESIDENTS[name][0] * persons // 1000,
            )
            for code, name in _units(townships)
        ]
        sums = [sum(row[column] for row in below) for column in (5, 6)]
        rows += [(COUNTY, COUNTY_TITLE, YEARS[-1], letter, title, *sums), *below]
    return pandas.DataFrame(rows, columns=["XZQDM", "XZQMC", "ND", "HYDM", "HYMC", "DWS", "CYRY"])


def economy() -> pandas.DataFrame:
    """TJSJ: the county's product and its industry's, 5 and 6 per cent more each year."""
    rows = []
    for number, year in enumerate(YEARS):
        for code, title, first, growth in (("GDP", "地区生产总值", 40.0, 1.05), ("GYZJZ", "工业增加值", 12.0, 1.06)):
            value = round(first * growth**number, 2)
            rows.append((COUNTY, COUNTY_TITLE, year, "年", code, title, value, "亿元", "不变价"))
    return pandas.DataFrame(rows, columns=["XZQDM", "XZQMC", "ND", "QJ", "ZBDM", "ZBMC", "Z", "DW", "KJ"])


def targets(townships: geopandas.GeoDataFrame) -> pandas.DataFrame:
    """GHZBB: what the plan holds each place to, with 2020 as the base and 2035 as the far year."""
    codes = {name: code for code, name in _units(townships)}
    rows = []
    for name, title, unit, *values in TARGETS:
        sums = [round(sum(of_places), 6) for of_places in values]
        rows.append((COUNTY, COUNTY_TITLE, name, title, unit, "约束性", 2020, *sums, 2035))
        for place, numbers in zip(PLACES, zip(*values, strict=True), strict=True):
            if place in codes:
                rows.append((codes[place], place, name, title, unit, "约束性", 2020, *numbers, 2035))
    columns = ["XZQDM", "XZQMC", "ZBDM", "ZBMC", "DW", "ZBXZ", "JQND", "XZJQN", "GHJQN", "GHMBN", "MBND"]
    return pandas.DataFrame(rows, columns=columns)


def readings(rng: np.random.Generator, nodes: geopandas.GeoDataFrame) -> pandas.DataFrame:
    """JCSJ: two days of hourly readings of some sensors. The last of each kind is silent on the second day."""
    parts = []
    for kind, (observed, unit, usual_value) in OBSERVED.items():
        mine = nodes.loc[nodes["JDLX"] == kind, "JDBH"].tolist()
        for node in mine:
            hours = np.arange(24 * (1 if node == mine[-1] else READ_DAYS))
            values = usual_value * (1 + 0.2 * np.sin(hours * np.pi / 12)) + rng.normal(0, usual_value / 50, len(hours))
            times = [(READ_FROM + pandas.Timedelta(hours=int(hour))).isoformat() for hour in hours]
            rows = {"JDBH": node, "ZBDM": observed, "DW": unit, "SJ": times, "Z": np.round(values, 2), "CCZQ": 3600}
            parts.append(pandas.DataFrame(rows))
    return pandas.concat(parts, ignore_index=True)


def town_roads(network: Streets) -> geopandas.GeoDataFrame:
    """CSDL: the arterials' centre lines."""
    count = len(network.arterials)
    order = np.argsort(-shapely.length(network.arterials), kind="stable")
    return geopandas.GeoDataFrame(
        {
            "DLBH": [f"CD{number:03d}" for number in range(1, count + 1)],
            "DLMC": [f"{names.numbered_place(number)}路" for number in range(count)],
            "DLDJ": ["主干路" if number < count // 3 else "次干路" for number in range(count)],
            "HXKD": [40.0 if number < count // 3 else 24.0 for number in range(count)],
        },
        geometry=network.arterials[order],
    )
