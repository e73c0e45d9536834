"""The town put together: every maker in its turn, then the files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import (
    buildings,
    city_land,
    city_plans,
    controls,
    delivery,
    farm_zones,
    growth,
    names,
    nature_zones,
    outlooks,
    pictures,
    planted,
    registers,
    structures,
    underground,
    yearbook,
)
from onemap.resources.sample_city.city_ground import CRS, district, to_ground
from onemap.resources.sample_city.city_sites import Sites, sites
from onemap.resources.sample_city.countryside import VILLAGES, Country, country, villages_beside
from onemap.resources.sample_city.lots import Lots, lots
from onemap.resources.sample_city.streets import CENTRE, USES, CityBlock, Streets, streets

REDLINE_PARCELS = ("DK90001", "DK90005", "DK90008", "DK90018", "DK90024")
HAZARDS_BEYOND_M = 300.0  # who looks for places that may slide looks beyond the border too: such a place reaches 200 m
MISPLACED = 0.08  # share of the parcels that ask for a use which the plan does not foresee


@dataclass(frozen=True)
class Town:
    """The town in local metres, before any layer is drawn from it."""

    district: shapely.Polygon
    land: Country
    network: Streets
    blocks: tuple[CityBlock, ...]  # of the town, then of the villages
    lots: Lots
    sites: Sites


def make_town(folder: Path, seed: int, parcels: int, report: delivery.Report) -> dict[str, object]:
    """All files of the town; what `make` promises."""
    chance = _Chance(seed)
    report(0.0, "ground", "")
    town = build(chance, parcels - len(planted.PARCELS))
    report(0.1, "layers", "")
    tables = draw(chance, town, report)
    folder.mkdir(parents=True, exist_ok=True)
    for name in {Path(each.file).parts[0] for each in delivery.deliveries()}:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("district.gpkg", "parcels.gpkg"):
        (folder / name).unlink(missing_ok=True)
    survey_grounds = [controls.forest_coverage(town.district), shapely.buffer(town.district, HAZARDS_BEYOND_M)]
    ground = to_ground(np.asarray([town.district, *survey_grounds], object))
    delivery.write_json(folder / "layers.json", delivery.deliver(folder, tables, report))
    delivery.write_area(folder / "district.gpkg", ground[0], "district")
    delivery.write_area(folder / "林业/林地调查范围.gpkg", ground[1], "调查范围")
    delivery.write_area(folder / "国土/地质灾害调查范围.gpkg", ground[2], "调查范围")
    sites = parcel_table(chance, town)
    delivery.write_geopackage(folder / "parcels.gpkg", sites, "parcels")
    delivery.write_redline(folder / "redline.txt", sites[sites["DKBH"].isin(REDLINE_PARCELS)])
    city = {
        "name": names.CITY,
        "crs": CRS,
        "seed": seed,
        "district": "district.gpkg",
        "parcels": "parcels.gpkg",
        "redline": "redline.txt",
    }
    delivery.write_json(folder / "city.json", city)
    return city


class _Chance:
    """Random numbers by subject: one maker that draws more often does not change what another draws."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __getitem__(self, subject: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *subject.encode()])


def build(chance: _Chance, count: int) -> Town:
    """The town's ground, streets, blocks and `count` parcels."""
    outline = district(chance["district"])
    land = country(chance["country"])
    river = shapely.buffer(land.river, 60.0)
    network = streets(chance["streets"], np.asarray([river], object))
    blocks = network.blocks + villages_beside(land, network.road_ground)
    outside = sites(chance["sites"], outline, land, network, count)
    inside = lots(chance["lots"], blocks, count - len(outside.ground))
    return Town(outline, land, network, blocks, inside, outside)


def draw(chance: _Chance, town: Town, report: delivery.Report) -> dict[str, pandas.DataFrame | pictures.Raster]:
    """Every layer in EPSG:4547 with the catalogue's fields, the planted features added."""
    outline, land, network = town.district, town.land, town.network
    in_town = network.blocks
    units = city_land.townships(outline, land, network)
    cover = city_land.land_cover(chance["cover"], outline, land, network, town.blocks, units, planted.land_classes())
    report(0.3, "layers", "")
    urban = city_plans.urban_boundary(network)
    urban_ground = urban.geometry.to_numpy()
    farmland = city_land.permanent_farmland(chance["farmland"], cover, shapely.union_all(urban_ground))
    redline_2023, redline_2025 = controls.ecological_redlines(chance["redline"], outline, land)
    villages = np.asarray([ground for *_, ground in land.villages], object)
    heritage, heritage_around = city_plans.heritage(network)
    roads, railways = controls.road_lines(network, outline)
    own = town.lots.block < len(in_town)
    tables = {
        "XZQ": units,
        "DLTB": cover.drop(columns="kind"),
        "YJJBNTTB": farmland,
        "TDGHDL": city_land.land_use_plan(cover, units, outline, city_plans.land_plan_masks(network)),
        "JSYDGZQ": city_plans.control_zones(
            units, outline, network, urban_ground, redline_2023.geometry.to_numpy(), villages
        ),
        "DZZHYFQ": controls.hazards(chance["hazards"], outline),
        "CZKFBJ": urban,
        "KGDK": city_plans.detailed_plan(chance["plan"], network, in_town),
        "DLHX": city_plans.road_redlines(network),
        "GHDK": city_plans.approved_sites(chance["approved"], in_town, town.lots.block[own], town.lots.ground[own]),
        "ZXCQCSLVX": city_plans.green_lines(in_town),
        "WWBHFW": heritage,
        "JSKZDD": heritage_around,
        "STBHHX-2023": redline_2023,
        "STBHHX-2025": redline_2025,
        "YYSSYBHQ": controls.water_sources(chance["water"], land),
        "GL": roads,
        "TL": railways,
        "JKDLXL": controls.power_lines(),
        "YQGD": controls.pipelines(),
        "LDYZT": controls.forest(chance["forest"], land, cover),
        "ZRBHD": controls.reserves(chance["reserves"], outline),
        "GBZNT": city_land.improved_farmland(chance["improved"], farmland),
        "HLGLFW": controls.river_management(outline, land),
        "XZHQ": controls.flood_storage(chance["flood"], outline, land),
        **_history_and_registers(chance, town, cover, villages),
    }
    report(0.55, "layers", "")
    tables |= _zones(chance, town, tables, cover) | _structures(chance, town, tables) | _growth(town, tables, cover)
    more = planted.features()
    finished = {name: _finish_layer(table, more.get(name)) for name, table in tables.items()}
    return {**finished, **_rasters(chance, town, cover), **_yearbook(chance, finished)}


def _yearbook(chance: _Chance, finished: Mapping[str, geopandas.GeoDataFrame]) -> dict[str, pandas.DataFrame]:
    """The tables without ground."""
    return {
        "RKTJ": yearbook.population(finished["XZQ"]),
        "FRTJ": yearbook.enterprises(finished["XZQ"]),
        "TJSJ": yearbook.economy(),
        "GHZBB": yearbook.targets(finished["XZQ"]),
        "JCSJ": yearbook.readings(chance["readings"], finished["WLWJD"]),
        "TDGYJH": growth.supply_plan(),
    }


Tables = Mapping[str, geopandas.GeoDataFrame]


def _zones(
    chance: _Chance, town: Town, tables: Tables, cover: geopandas.GeoDataFrame
) -> dict[str, geopandas.GeoDataFrame]:
    """What the departments of agriculture, environment and forestry draw on the ground."""
    district, land, network = town.district, town.land, town.network
    villages = np.asarray([ground for *_, ground in land.villages], object)
    places = {"城区社区": CENTRE, **{name: place for name, (place, *_) in VILLAGES.items()}}
    return {
        "YJJBNT": farm_zones.planned_farmland(chance["planned farmland"], tables["YJJBNTTB"]),
        "NYLQ": farm_zones.grain_zones(tables["YJJBNTTB"]),
        "SSNYD": farm_zones.facilities(chance["facilities"], cover),
        "XQJYQ": farm_zones.livestock_zones(district, np.append(villages, network.town)),
        "SCZZZYBHQ": farm_zones.fish_reserve(district, land),
        "PDT": farm_zones.slopes(district, land),
        "CJDCQ": farm_zones.village_districts(district, tables["XZQ"], places),
        "DQHJGNQ": nature_zones.air_zones(tables["ZRBHD"]),
        "SHUIHJGNQ": nature_zones.water_zones(district, land),
        "SHENGHJGNQ": nature_zones.noise_zones(district, network),
        "WRY": nature_zones.sources_of_pollution(network.blocks),
        "SD": nature_zones.wetlands(tables["STBHHX-2025"]),
        "GYL": nature_zones.public_forest(tables["LDYZT"]),
        "TRL": nature_zones.natural_forest(tables["LDYZT"]),
        "DZZHYHD": nature_zones.hazard_sites(tables["DZZHYFQ"]),
    }


def _structures(chance: _Chance, town: Town, tables: Tables) -> dict[str, geopandas.GeoDataFrame]:
    """What is built above and below ground, and what plans keep ground free for."""
    district, land, network = town.district, town.land, town.network
    return {
        "JZW": buildings.buildings(chance["buildings"], town.blocks, town.lots),
        "DXGX": underground.utilities(network),
        "RQGD": underground.town_gas(network),
        "DLDL": underground.cables(network),
        "DXZHGL": underground.galleries(network),
        "GLQL": structures.road_bridges(land, network, district),
        "GLSD": structures.tunnels(land, network, district),
        "TLQL": structures.railway_bridges(land, network, district),
        "JTGHXW": structures.planned_lines(district),
        "JCZAWXZM": structures.height_limits(district),
        "GHGYZL": structures.power_corridors(),
        "CYYQ": structures.industrial_park(network),
        "HMCSGKDY": structures.sponge_units(tables["CSGXFW"]),
        "LSWHJQ": structures.historic_quarter(tables["WWBHFW"], tables["JSKZDD"]),
        "LSWHBHX": structures.historic_lines(tables["JSKZDD"]),
    }


def _growth(town: Town, tables: Tables, cover: geopandas.GeoDataFrame) -> dict[str, geopandas.GeoDataFrame]:
    """The survey of 2020, and what was approved, supplied, not built and not approved since."""
    grown = growth.growth(cover, tables["CZKFBJ"].geometry.to_numpy(), town.sites.ground)
    return {
        "DLTB-2020": growth.survey_before(cover, grown),
        "ZZ_NYDZYFW": growth.conversions(cover, grown),
        "GDDK": growth.supplied_land(cover, grown),
        "PZWJSTD": growth.unbuilt_land(grown),
        "YGYSXZJSYDTB": growth.suspected_spots(grown),
        "WFDK": growth.offences(cover, grown),
    }


def _history_and_registers(
    chance: _Chance, town: Town, cover: geopandas.GeoDataFrame, villages: np.ndarray
) -> dict[str, geopandas.GeoDataFrame]:
    """The town as it was and may become, and what offices keep a register of."""
    outline, land, network, in_town = town.district, town.land, town.network, town.network.blocks
    own = town.lots.block < len(in_town)
    return {
        "DLGQ": outlooks.census(cover),
        "LSDLTB": outlooks.older_land_cover(cover),
        "DMDZ": registers.place_names(in_town),
        "YJGH": outlooks.long_term_plan(chance["outlook"], outline, np.append(villages, network.town)),
        "YSYJ": registers.earlier_opinions(chance["opinions"], in_town, town.lots.block[own], town.lots.ground[own]),
        "WLWJD": registers.sensors(chance["sensors"], land, network),
        "ZDXM": registers.key_projects(chance["projects"], town.sites),
        "CSDL": yearbook.town_roads(network),
        "CSGXFW": outlooks.renewal_areas(in_town),
    }


def _rasters(chance: _Chance, town: Town, cover: geopandas.GeoDataFrame) -> dict[str, pictures.Raster]:
    """The picture from the air, and the elevation model."""
    is_built = buildings.is_built(town.blocks, town.lots)
    return {
        "DOM": pictures.aerial_picture(chance["picture"], cover, town.lots.ground[is_built]),
        "DEM": pictures.terrain(chance["terrain"], town.land),
    }


def _finish_layer(table: geopandas.GeoDataFrame, more: geopandas.GeoDataFrame | None) -> geopandas.GeoDataFrame:
    """A layer moved to its place on the ground, with the planted features (already there) at its end."""
    layer = table.set_geometry(to_ground(table.geometry.to_numpy()), crs=CRS).reset_index(drop=True)
    if more is None:
        return layer
    return pandas.concat([layer, more.set_crs(CRS)], ignore_index=True)


def parcel_table(chance: _Chance, town: Town) -> geopandas.GeoDataFrame:
    """The parcels in EPSG:4547: those of the town, the sites outside it, the planted ones."""
    rng = chance["parcels"]
    uses = np.asarray([USES[town.blocks[index].use][0] for index in town.lots.block], object)
    is_changed = rng.random(len(uses)) < MISPLACED
    uses[is_changed] = rng.choice(np.asarray(["070102", "0901", "100102", "110101"], object), int(is_changed.sum()))
    uses = np.concatenate([uses, town.sites.use])
    kinds = {"07": "住宅", "08": "公共服务", "09": "商业", "10": "工业", "11": "仓储", "12": "交通", "13": "市政"}
    kinds["14"] = "绿地"
    projects = names.projects(rng, uses)
    grown = geopandas.GeoDataFrame(
        {
            "DKBH": [f"DK{number:05d}" for number in range(1, len(uses) + 1)],
            "DKMC": [f"{project}地块" for project in projects],
            "YDXZ": uses,
            "XMMC": projects,
            "XMLX": [kinds[use[:2]] for use in uses],
        },
        geometry=to_ground(np.concatenate([town.lots.ground, town.sites.ground])),
        crs=CRS,
    )
    return pandas.concat([grown, planted.parcels().set_crs(CRS)], ignore_index=True)
