"""Every indicator of the pack city-checkup in a random town, compared with geopandas and with PostGIS."""

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest

from onemap.tests.rules.command import command
from onemap.tests.rules.numbers.indicators.made_town import MadeTown

pytestmark = pytest.mark.slow  # some thirty layers

FIRST_TWO = ("05", "06", "07", "08", "09")
OTHER_BUILT = {"1001", "1002", "1003", "1004", "1005", "1007", "1008", "1009", "1109", "1201"}


class Reading:
    """The town in one unit as geopandas measures it: areas in m², lengths in m, counts."""

    def __init__(self, town: MadeTown, code: str) -> None:
        units = town.frames["XZQ"].set_index("XZQDM")
        self.town, self.code, self.unit = town, code, units.geometry[code]
        self.others = units.geometry.drop(code)
        self.people = town.people.set_index("XZQDM").loc[code]

    def land(self, chosen: Callable[[pd.DataFrame], pd.Series], name: str = "DLTB") -> gpd.GeoDataFrame:
        patches = self.town.frames[name]
        return patches[chosen(patches)]

    def area(self, *layers: str | gpd.GeoDataFrame, without: str | None = None) -> float:
        ground = self.unit
        for layer in layers:
            frame = self.town.frames[layer] if isinstance(layer, str) else layer
            ground = ground.intersection(frame.geometry.union_all())
        return (ground if without is None else ground.difference(self.town.frames[without].geometry.union_all())).area

    def net(self, frame: gpd.GeoDataFrame, field: str = "TBDLMJ") -> float:
        share = frame.geometry.intersection(self.unit).area / frame.geometry.area
        return float((frame[field] * share).sum())

    def length(self, frame: gpd.GeoDataFrame) -> float:
        return frame.geometry.union_all().intersection(self.unit).length

    def mine(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Those that lie mostly here."""
        most = np.max([frame.geometry.intersection(other).area for other in self.others], axis=0)
        here = frame.geometry.intersection(self.unit).area
        return frame[(here > 0) & (here > most)]

    def grown(self, now: gpd.GeoDataFrame, before: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The ground of one layer that another lacks."""
        more = now.geometry.union_all().difference(before.geometry.union_all())
        return gpd.GeoDataFrame(geometry=[more], crs=now.crs)

    def names(self, layer: str) -> int:
        found = self.mine(self.town.frames[layer])["MC"]
        return found.nunique() + int(found.isna().sum())


def arable(patches: pd.DataFrame) -> pd.Series:
    return patches["DLBM"].isin(["0101", "0102", "0103"])


def is_built(patches: pd.DataFrame) -> pd.Series:
    return patches["DLBM"].str[:2].isin(FIRST_TWO) | patches["DLBM"].isin(OTHER_BUILT)


def begins(*codes: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda patches: patches["DLBM"].str.startswith(codes)


def in_towns(*codes: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda patches: is_built(patches) & patches["CZCSXM"].isin(codes)


def is_urban(patches: pd.DataFrame) -> pd.Series:
    return is_built(patches) & patches["CZCSXM"].str.startswith("20", na=False)


def expected_of(one: Reading) -> dict[str, float]:
    """Every indicator in its unit of measure."""
    land, area, net, frames = one.land, one.area, one.net, one.town.frames
    field, unit = land(arable), one.unit.area
    adjustable = land(lambda patches: arable(patches) | patches["DLBM"].str.endswith("K"))
    towns, villages = net(land(in_towns("201", "201A", "202", "202A"))), net(land(in_towns("203", "203A")))
    facilities, boundary = land(begins("1202")), area("CZKFBJ")
    plans = frames["KGDK"][frames["KGDK"]["GHZT"] == "现行"]
    new = one.grown(land(is_built), land(is_built, "DLTB@2020"))
    buildings, roads = frames["JZW"], frames["GL"]
    in_flood = gpd.overlay(buildings, frames["XZHQ"][["geometry"]].dissolve(), keep_geom_type=True)
    homes = land(begins("0701"))
    parks = land(lambda patches: patches["DLBM"].str.startswith("0810") & (patches["TBMJ"] >= 400))
    near = [gpd.GeoDataFrame(geometry=parks.geometry.buffer(m, quad_segs=64), crs=parks.crs) for m in (300, 600, 900)]
    urban, people = one.people["CZRKCZ"], one.people["CZRK"]
    galleries = frames["DXZHGL"]
    points = frames["DZZHYHD"]
    return {
        "farmland.arable": net(field) / 1e4,
        "farmland.protected": net(frames["YJJBNTTB"], "YJJBNTMJ") / 1e4,
        "farmland.protected_planned": net(frames["YJJBNT"], "YJJBNTMJ") / 1e4,
        "farmland.protected_arable": 100 * area(field, "YJJBNTTB") / area("YJJBNTTB"),
        "farmland.protected_adjustable": 100 * area(adjustable, "YJJBNTTB") / area("YJJBNTTB"),
        "farmland.high_standard": 100 * area(field, "GBZNT") / area(field),
        "farmland.other_crops": 100 * net(field[field["ZZSXDM"] == "FLS"]) / net(field),
        "farmland.idle": 100 * net(field[field["ZZSXDM"] == "WG"]) / net(field),
        "farmland.steep": net(field[field["GDPDJB"] == "5"]) / 1e4,
        "farmland.grain_zones": area("NYLQ") / 1e4,
        "farmland.grain_zones_arable": 100 * area(field, "NYLQ") / area("NYLQ"),
        "facility.land": net(facilities) / 1e4,
        "facility.filed": area("SSNYD") / 1e4,
        "facility.unfiled": area(facilities, without="SSNYD") / 1e4,
        "ecology.redline": area("STBHHX") / 1e6,
        "ecology.redline_built": area(land(is_urban), "STBHHX") / 1e4,
        "forest.land": net(land(begins("0301", "0302", "0305", "0307"))) / 1e4,
        "forest.one_map": area("LDYZT") / 1e4,
        "forest.cover_survey": 100 * area(land(begins("0301", "0302"))) / unit,
        "forest.public": area("GYL") / 1e4,
        "forest.natural": area("TRL") / 1e4,
        "grass.land": net(land(begins("0401", "0403", "0404"))) / 1e4,
        "wetland.land": net(land(begins("0303", "0304", "0306", "0402", "1105", "1106", "1108"))) / 1e4,
        "water.surface": 100 * area(land(begins("1101", "1102"))) / unit,
        "nature.share": 100 * area("ZRBHD") / unit,
        "water.source_built": area(land(is_built), "YYSSYBHQ") / 1e4,
        "built.total": net(land(is_built)) / 1e4,
        "built.intensity": 100 * area(land(is_built)) / unit,
        "built.urban_rural": (towns + villages) / 1e4,
        "built.towns": towns / 1e4,
        "built.villages": villages / 1e4,
        "built.industry": 100 * net(land(begins("0601"))) / (towns + villages),
        "built.housing": 100 * net(land(begins("0701", "0702"))) / (towns + villages),
        "built.vacant": net(land(begins("1201"))) / 1e4,
        "town.boundary": boundary / 1e6,
        "town.expansion": boundary / area(land(in_towns("201", "201A", "202", "202A"), "DLTB@2020")),
        "town.built_in_boundary": area(land(is_urban), "CZKFBJ") / 1e4,
        "plan.detailed": 100 * area(plans, "CZKFBJ") / boundary,
        "change.built": area(new) / 1e4,
        "change.arable_built": area(new, land(arable, "DLTB@2020")) / 1e4,
        "supply.approved": area("ZZ_NYDZYFW", without="GDDK") / 1e4,
        "supply.unbuilt": area("PZWJSTD") / 1e4,
        "renewal.area": area("CSGXFW") / 1e4,
        "heritage.sites": one.names("WWBHFW") + one.names("LSWHJQ") + one.names("ZRBHD"),
        "heritage.line": area("LSWHBHX") / 1e4,
        "hazard.places": int(points.geometry.intersects(one.unit).sum()),
        "flood.built": area(land(is_built), "XZHQ") / 1e4,
        "flood.buildings": len(one.mine(in_flood)),
        "tall.buildings": len(one.mine(buildings[buildings["JZGD"] > 100])),
        "gallery.length": one.length(galleries[galleries["ZT"] == "现状"]) / 1e3,
        "pipes.length": one.length(frames["DXGX"]) / 1e3,
        "gas.length": one.length(frames["RQGD"]) / 1e3,
        "road.motorways": one.length(roads[roads["GLDJ"] == "高速公路"]) / unit * 1e5,
        "road.network": one.length(roads) / unit * 1e5,
        "rail.network": one.length(frames["TL"]) / unit * 1e5,
        "parks.reach": 100 * area(homes, near[0]) / area(homes),
        "parks.reach_10": 100 * area(homes, near[1]) / area(homes),
        "parks.reach_15": 100 * area(homes, near[2]) / area(homes),
        "people.residents": people,
        "people.urban_share": 100 * urban / people,
        "built.towns_per_head": towns / urban,
        "built.villages_per_head": villages / (people - urban),
    }


class PostgisReading(Reading):
    """The same by ST_Union, ST_Intersection, ST_Difference, ST_Area and ST_Length."""

    def __init__(self, town: MadeTown, code: str, connection: psycopg.Connection[Any]) -> None:
        super().__init__(town, code)
        self.connection = connection

    def ask(self, sql: str, *values: Any) -> Any:
        row = self.connection.execute(sql, values).fetchone()
        assert row is not None
        return row[0]

    def area(self, *layers: str | gpd.GeoDataFrame, without: str | None = None) -> float:
        ground = self.unit.wkb
        frames = [self.town.frames[layer] if isinstance(layer, str) else layer for layer in layers]
        for frame in frames:
            shapes = frame.geometry.to_wkb().tolist()
            ground = self.ask(f"SELECT ST_AsBinary(ST_Intersection(ST_GeomFromWKB(%s), {UNION}))", ground, shapes)
        if without is not None:
            shapes = self.town.frames[without].geometry.to_wkb().tolist()
            ground = self.ask(f"SELECT ST_AsBinary(ST_Difference(ST_GeomFromWKB(%s), {UNION}))", ground, shapes)
        return float(self.ask("SELECT ST_Area(ST_GeomFromWKB(%s))", ground))

    def net(self, frame: gpd.GeoDataFrame, field: str = "TBDLMJ") -> float:
        shapes, numbers = frame.geometry.to_wkb().tolist(), frame[field].astype(float).tolist()
        share = "ST_Area(ST_Intersection(ST_GeomFromWKB(%s), ST_GeomFromWKB(w))) / ST_Area(ST_GeomFromWKB(w))"
        sql = f"SELECT coalesce(sum(n * {share}), 0) FROM unnest(%s::bytea[], %s::float[]) AS t(w, n)"
        return float(self.ask(sql, self.unit.wkb, shapes, numbers))

    def length(self, frame: gpd.GeoDataFrame) -> float:
        shapes = frame.geometry.to_wkb().tolist()
        return float(self.ask(f"SELECT ST_Length(ST_Intersection(ST_GeomFromWKB(%s), {UNION}))", self.unit.wkb, shapes))

    def grown(self, now: gpd.GeoDataFrame, before: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        both = [frame.geometry.to_wkb().tolist() for frame in (now, before)]
        more = self.ask(f"SELECT ST_AsBinary(ST_Difference({UNION}, {UNION}))", *both)
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkb([more]), crs=now.crs)


UNION = "(SELECT ST_Union(ST_GeomFromWKB(w)) FROM unnest(%s::bytea[]) AS t(w))"


@pytest.fixture(scope="module")
def town_and_answer(tmp_path_factory):
    """The town, and the verb's answer about it."""
    town = MadeTown(tmp_path_factory.mktemp("town"), command)
    answer = command("indicators", town.library, "--unit=XZQ", "--as-of=2025-06-01").done()
    return town, answer.json


def hold_equal(rows: list[dict[str, Any]], code: str, expected: dict[str, float]) -> None:
    found = {row["id"]: row["value"] for row in rows if row["unit"] == code}
    assert found.keys() == expected.keys()
    rough = dict.fromkeys(("parks.reach", "parks.reach_10", "parks.reach_15"), 2e-3)  # circles of unlike corners
    # An edge of a kilometre is not quite the same line on the ellipsoid, which moves an area by some parts in 10⁶.
    differing = {
        name: (found[name], number)
        for name, number in expected.items()
        if found[name] != pytest.approx(number, rel=rough.get(name, 1e-5), abs=1e-9)
    }
    assert differing == {}


def test_every_indicator_is_what_geopandas_makes_of_it(town_and_answer):
    town, answer = town_and_answer
    rows = answer["indicators"]
    assert {row["unit"] for row in rows} == {"139901001", "139901002"}
    assert [row["id"] for row in rows if row["value"] is None] == []
    for code in ("139901001", "139901002"):
        hold_equal(rows, code, expected_of(Reading(town, code)))
    assert {row["status"] for row in rows if row["target"] is None} == {"none"}
    assert len({row["value"] for row in rows}) > 80, "the town has no zeros to agree on by chance"
    assert command("verify", town.library, "--run", answer["run"]["id"]).json == {"ok": True, "problems": []}


def test_every_indicator_is_what_postgis_makes_of_it(town_and_answer, postgis):
    town, answer = town_and_answer
    with psycopg.connect(postgis.database().url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        for code in ("139901001", "139901002"):
            hold_equal(answer["indicators"], code, expected_of(PostgisReading(town, code, connection)))
