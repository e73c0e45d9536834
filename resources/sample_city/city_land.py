"""The land departments' layers: land cover, permanent farmland, the land-use plan, townships."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_ground import ORIGIN, parts
from onemap.resources.sample_city.countryside import Country, Cover, cover
from onemap.resources.sample_city.streets import CityBlock, Streets

BLOCK_CLASSES = {
    # what a block is for → its class in the land survey
    "old": "0701", "homes": "0701", "estate": "0701", "shops": "05H1", "offices": "05H1", "school": "08H2",
    "hospital": "08H2", "town hall": "08H1", "park": "0810", "works": "0601", "stores": "0508",
    "services": "0809", "village": "0702",
}  # fmt: skip
CLASSES = {"river": "1101", "road": "1003", "railway": "1001", "street": "1004", "lane": "1004"}
CLASSES |= {"pond": "1104", "beach": "1106", "track": "1006"}
IDLE, OTHER_CROPS = 0.015, 0.06  # of the arable patches: nobody sowed them, or something else than grain
PLANNED = {"01": "1120", "02": "1200", "03": "1300", "04": "3200", "07": "2120", "12": "1510"}
PLANNED |= {
    "1001": "2210",
    "1003": "2220",
    "1004": "2120",
    "1006": "1520",
    "1101": "3110",
    "1104": "1530",
    "1106": "3130",
}


def survey_area_m2(ground: np.ndarray) -> np.ndarray:
    """Area on the ellipsoid, to a cent of a square metre, of polygons in local metres.

    The projection stretches lengths by 1 + (E - 500 000)² / 2R² away from its central meridian.
    """
    east = shapely.get_x(shapely.centroid(ground)) + ORIGIN[0] - 500_000.0
    return np.round(shapely.area(ground) / (1 + east**2 / (2 * 6_371_000.0**2)) ** 2, 2)


def identifiers(layer: str, count: int, first: int = 1) -> list[str]:
    """Unique BSM of 18 digits: county, four digits for the layer, a running number."""
    return [f"{names.COUNTY_CODE}{layer}{number:08d}" for number in range(first, first + count)]


def planned_features(layer: str, element: str, ground: np.ndarray, **columns: list) -> geopandas.GeoDataFrame:
    """Features of a plan database: number, element code, district, what `columns` say, and the surveyed area."""
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers(layer, len(ground)),
            "YSDM": element,
            "XZQDM": names.COUNTY_CODE,
            "XZQMC": names.CITY,
            **columns,
            "MJ": survey_area_m2(ground),
        },
        geometry=ground,
    )


def townships(district: shapely.Polygon, land: Country, network: Streets) -> geopandas.GeoDataFrame:
    """XZQ: the district divided by the river and the main railway."""
    track = [line for _, _, kind, _, line in network.railways if kind == "高铁"]
    lines = shapely.union_all([district.boundary, land.river_line, *track], grid_size=0.001)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    faces = faces[shapely.contains(district, shapely.point_on_surface(faces))]
    faces = faces[np.argsort(-shapely.area(faces), kind="stable")]
    marks = np.asarray([shapely.Point(*xy) for xy in ((800, 2000), (3200, 2900), (5400, 2800), (5400, 150))], object)
    face, mark = shapely.STRtree(marks).query(faces, predicate="contains")
    number = np.full(len(faces), len(marks))
    number[face] = mark
    code = [f"{names.COUNTY_CODE}{index + 1:03d}000" for index in number]
    area_m2 = survey_area_m2(faces)
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("1100", len(faces)),
            "YSDM": "1000600100",
            "XZQDM": code,
            "XZQMC": [names.TOWNSHIPS[index] for index in number],
            "DCMJ": area_m2,
            "JSMJ": area_m2,
            "MSSM": "00",
        },
        geometry=faces,
    )


def land_cover(
    rng: np.random.Generator,
    district: shapely.Polygon,
    land: Country,
    network: Streets,
    blocks: tuple[CityBlock, ...],
    units: geopandas.GeoDataFrame,
    planted: tuple[np.ndarray, list[str]],
) -> geopandas.GeoDataFrame:
    """DLTB: the whole district, without gap or overlap, by classes of the national land survey."""
    outlines = np.asarray([block.outline for block in blocks], object)
    bank = shapely.buffer(land.river_line, 58.0)
    masks = [
        ("planted", planted[0]),
        ("river", np.asarray([land.river], object)),
        ("road", network.road_ground),
        ("railway", network.railway_ground),
        ("block", outlines),
        ("street", parts(network.town)),
        ("lane", np.asarray([ground for _, _, ground in land.villages], object)),
        ("pond", land.ponds),
        ("stand", land.stands),
        ("beach", np.asarray([bank], object)),
        ("field", land.fields),
    ]
    ground = cover(district, units.geometry.to_numpy(), masks, "track", "street")
    classes = _classes(rng, ground, land, blocks, planted[1])
    area_m2 = survey_area_m2(ground.faces)
    return _survey_table(rng, ground, classes, area_m2, units.iloc[ground.unit])


def _survey_table(
    rng: np.random.Generator,
    ground: Cover,
    classes: np.ndarray,
    area_m2: np.ndarray,
    township: geopandas.GeoDataFrame,
) -> geopandas.GeoDataFrame:
    """The survey's fields of every face (n,): class, ownership, township, area, and what kind of ground it is."""
    count = len(classes)
    is_built = np.isin(classes, ["0601", "0508", "0701", "05H1", "08H1", "08H2", "0809", "0810", "1001", "1003"])
    in_town = np.isin(ground.kind, ["block", "street"]) & (classes != "0702")
    on_slope = classes == "0103"
    is_village = np.isin(ground.kind, ["lane"]) | (classes == "0702")
    slope = {"2": on_slope & (rng.random(count) < 0.5), "3": on_slope, "1": np.isin(classes, ["0101", "0102"])}
    arable, sown = np.isin(classes, ["0101", "0102", "0103"]), rng.random(count)
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2001", count),
            "YSDM": "2001010100",
            "TBBH": [f"{number:04d}" for number in range(1, count + 1)],
            "DLBM": classes,
            "DLMC": [names.LAND_CLASSES[code] for code in classes],
            "QSXZ": np.where(is_built | np.isin(ground.kind, ["river", "street", "planted"]), "20", "30"),
            "QSDWDM": [f"{code}0000000" for code in township["XZQDM"]],
            "QSDWMC": township["XZQMC"].to_numpy(),
            "ZLDWDM": [f"{code}0000000" for code in township["XZQDM"]],
            "ZLDWMC": township["XZQMC"].to_numpy(),
            "TBMJ": area_m2,
            "KCMJ": 0.0,
            "TBDLMJ": area_m2,
            "GDLX": _texts({"PD": on_slope}),
            "GDPDJB": _texts(slope),
            "CZCSXM": _texts({"202": in_town, "203": is_village}),
            "ZZSXDM": _texts({"WG": arable & (sown < IDLE), "FLS": arable & (sown > 1 - OTHER_CROPS), "LS": arable}),
            "SJNF": np.int32(2023),
            "MSSM": "00",
            "kind": ground.kind,  # for the other makers; not delivered
        },
        geometry=ground.faces,
    )


def _texts(choices: dict[str, np.ndarray]) -> np.ndarray:
    """For each place the first text whose mask holds there; None where none does."""
    chosen_texts = np.full(len(next(iter(choices.values()))), None, dtype=object)
    for text in reversed(choices):
        chosen_texts[choices[text]] = text
    return chosen_texts


def _classes(
    rng: np.random.Generator, ground: Cover, land: Country, blocks: tuple[CityBlock, ...], planted: list[str]
) -> np.ndarray:
    """The class of each face: what its mask says; fields and forest by where they lie."""
    classes = np.asarray([CLASSES.get(kind, "") for kind in ground.kind], object)
    tables = {
        "planted": np.asarray(planted, object),
        "block": np.asarray([BLOCK_CLASSES[block.use] for block in blocks], object),
        "stand": rng.choice(
            np.asarray(["0301", "0305", "0307", "0404"], object), len(land.stands), p=[0.62, 0.2, 0.12, 0.06]
        ),
        "field": _crops(rng, land),
    }
    for kind, table in tables.items():
        mine = ground.kind == kind
        classes[mine] = table[ground.shape[mine]]
    # What roads and rivers leave of a field is too small to plough.
    scrap = (ground.kind == "field") & (shapely.area(ground.faces) < 400)
    classes[scrap] = "0404"
    return classes


def _crops(rng: np.random.Generator, land: Country) -> np.ndarray:
    """What grows on each field: paddy by the river, dry fields and orchards below the hills."""
    count = len(land.fields)
    crops = rng.choice(
        np.asarray(["0102", "0103", "0201", "0307", "1202", "0404"], object),
        count,
        p=[0.8, 0.06, 0.06, 0.04, 0.02, 0.02],
    )
    chance = rng.random(count)
    to_river = shapely.distance(land.fields, land.river)
    to_hills = shapely.distance(land.fields, land.hills)
    crops[(to_hills < 500) & (chance < 0.75)] = "0103"
    crops[(to_hills < 350) & (chance < 0.3)] = "0201"
    crops[(to_river < 260) & (chance > 0.35) & (to_hills > 400)] = "0101"
    return crops


def permanent_farmland(
    rng: np.random.Generator, cover_of: geopandas.GeoDataFrame, urban: shapely.Geometry
) -> geopandas.GeoDataFrame:
    """YJJBNTTB: the better fields outside the urban boundary, in large connected stretches."""
    ground = cover_of.geometry.to_numpy()
    x, y = (shapely.get_x(shapely.centroid(ground)), shapely.get_y(shapely.centroid(ground)))
    phase = rng.uniform(0, 2 * np.pi, 3)
    quality = np.sin(x / 520 + phase[0]) + np.sin(y / 430 + phase[1]) + 0.7 * np.sin((x + y) / 700 + phase[2])
    arable = cover_of["DLBM"].isin(["0101", "0102", "0103"]).to_numpy() & (cover_of["kind"] == "field").to_numpy()
    shapely.prepare(urban)
    keep = arable & (quality > -0.35) & (shapely.area(ground) > 1500) & ~shapely.intersects(urban, ground)
    fields = cover_of[keep].reset_index(drop=True)
    area_m2 = fields["TBMJ"].to_numpy()
    ridges = np.where(fields["DLBM"] == "0103", 0.08, 0.0)  # field ridges on slopes are no farmland
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2005", len(fields)),
            "YSDM": "2005010300",
            "XZQDM": fields["ZLDWDM"].str[:12],
            "XZQMC": fields["ZLDWMC"],
            "YJJBNTTBBH": [f"{names.COUNTY_CODE}{number:06d}" for number in range(1, len(fields) + 1)],
            **{name: fields[name] for name in ("TBBH", "DLBM", "DLMC", "QSXZ", "QSDWDM", "QSDWMC", "ZLDWDM", "ZLDWMC")},
            "YJJBNTTBMJ": area_m2,
            "YJJBNTMJ": np.round(area_m2 * (1 - ridges), 2),
            "KCDLBM": _texts({"1203": ridges > 0}),
            "KCXS": ridges,
            "KCMJ": np.round(area_m2 * ridges, 2),
            "SJNF": np.int32(2023),
            "BHKSSJ": "20221014",
        },
        geometry=fields.geometry.to_numpy(),
    )


def land_use_plan(
    cover_of: geopandas.GeoDataFrame,
    units: geopandas.GeoDataFrame,
    district: shapely.Polygon,
    town: list[tuple[str, np.ndarray]],
) -> geopandas.GeoDataFrame:
    """TDGHDL: the land-use plan, which knows the town as one class and the rest as the survey found it."""
    code = cover_of["DLBM"].to_numpy()
    plan_codes = np.asarray([PLANNED.get(each) or PLANNED.get(each[:2]) or "2120" for each in code], object)
    plan_codes[(code == "0103")] = "1130"
    order = [(each, cover_of.geometry.to_numpy()[plan_codes == each]) for each in sorted(set(plan_codes))]
    ground = cover(district, units.geometry.to_numpy(), town + order, "1520")
    township = units.iloc[ground.unit]
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2003", len(ground.faces)),
            "YSDM": "2003010100",
            "XZQDM": township["XZQDM"].to_numpy(),
            "XZQMC": township["XZQMC"].to_numpy(),
            "TBBH": [f"{number:04d}" for number in range(1, len(ground.faces) + 1)],
            "GHDLDM": ground.kind,
            "GHDLMC": [names.PLANNED_CLASSES[kind] for kind in ground.kind],
            "MJ": survey_area_m2(ground.faces),
            "GHZT": "现行",
        },
        geometry=ground.faces,
    )


def improved_farmland(rng: np.random.Generator, farmland: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """GBZNT: permanent farmland in two stretches that was levelled, drained and given wells."""
    centre = shapely.get_coordinates(shapely.centroid(farmland.geometry.to_numpy()))
    stretches = pandas.Series(
        np.select(
            [(centre[:, 0] > 4700) & (centre[:, 1] < 1900), (centre[:, 0] < 2300) & (centre[:, 1] < 1300)],
            ["东营高标准农田项目区", "西岭高标准农田项目区"],
            "",
        )
    )
    keep = (stretches != "").to_numpy() & (rng.random(len(stretches)) < 0.92)
    improved = farmland[keep]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"GBZ{number:05d}" for number in range(1, len(improved) + 1)],
            "MC": stretches[keep].to_numpy(),
            "JSND": np.where(stretches[keep].str.startswith("东"), 2021, 2023).astype(np.int32),
        },
        geometry=improved.geometry.to_numpy(),
    )
