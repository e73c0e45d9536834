"""Two deliveries of a land bureau, a year apart: exactly the planted changes are reported, to the square metre.

The first is the sample city's own data. The second is changed by hand: one land-use patch has another class, one is
split in two, with another class in its east half; one farmland patch is gone, one is new, one has only another
village's name, and one is drawn from another corner.
"""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from onemap.tests.rules.command import command, done
from onemap.tests.rules.small_pack import pack_text

PACK = pack_text({"id": "farmland", "layer": "YJJBNTTB"}, id="farmland")
USE, FARMLAND = "地类图斑", "永久基本农田图斑"


@pytest.fixture(scope="module")
def city(sample_city):
    return sample_city


def of_city(city, layer):
    frame = gpd.read_file(city / "国土" / "国土空间数据.gdb", layer=layer)
    return frame.explode(ignore_index=True).drop_duplicates("标识码", keep=False).reset_index(drop=True)


def largest(frame, *columns):
    """The rows of the largest patches, each of another value of these columns."""
    by_size = frame.assign(size=frame.area).sort_values("size", ascending=False)
    return list(by_size.drop_duplicates(list(columns)).index) if columns else list(by_size.index)


def halves(polygon):
    west, south, east, north = polygon.bounds
    middle = polygon.centroid.x
    return [polygon & shapely.box(west, south, middle, north), polygon & shapely.box(middle, south, east, north)]


def next_year(use, farmland):
    """Both layers a year later, and what was planted: ground in m² by (class before, class after), and names."""
    use, farmland = use.copy(), farmland.copy()
    first, second = largest(use, "地类编码")[:2]
    ground = {(use.at[first, "地类编码"], "0601"): use.geometry[first].area}
    use.at[first, "地类编码"] = "0601"
    west, east = halves(use.geometry[second])
    before = use.at[second, "地类编码"]
    ground[before, "0602"] = east.area
    split = [{**use.loc[second], "标识码": f"NEW{n}", "geometry": half} for n, half in enumerate((west, east))]
    split[1]["地类编码"] = "0602"
    use = pd.concat([use.drop(index=second), gpd.GeoDataFrame(split, crs=use.crs)], ignore_index=True)
    gone, renamed, turned = largest(farmland)[:3]
    names = {"gone": farmland.at[gone, "标识码"], "renamed": farmland.at[renamed, "标识码"]}
    lost = farmland.geometry[gone]
    farmland.at[renamed, "坐落单位名称"] = "另一村"
    ring = list(farmland.geometry[turned].exterior.coords)
    holes = [hole.coords for hole in farmland.geometry[turned].interiors]
    farmland.at[turned, "geometry"] = shapely.Polygon([*ring[2:-1], *ring[:3]], holes)
    east_edge = use.total_bounds[2]
    place = shapely.box(east_edge + 100, use.total_bounds[1], east_edge + 160, use.total_bounds[1] + 60)
    new = {**farmland.loc[gone], "标识码": "NEW", "geometry": place}
    farmland = pd.concat([farmland.drop(index=gone), gpd.GeoDataFrame([new], crs=farmland.crs)], ignore_index=True)
    return use, farmland, ground, names, lost, place


def deliver(folder, year, use, farmland):
    """A department's delivery of a year."""
    place = folder / f"国土局{year}"
    place.mkdir()
    use.to_file(place / f"{USE}{year}.gpkg", layer=f"{USE}{year}")
    farmland.to_file(place / f"{FARMLAND}{year}.gpkg", layer=f"{FARMLAND}{year}")
    return place


@pytest.mark.slow
def test_what_was_planted_in_the_second_year_is_what_is_told(city, tmp_path):
    library, pack = tmp_path / "town.gpkg", tmp_path / "farmland.toml"
    pack.write_text(PACK, encoding="utf-8")
    use, farmland = of_city(city, USE), of_city(city, FARMLAND)
    later_use, later_farmland, ground, names, lost, place = next_year(use, farmland)
    district = tmp_path / "district.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.box(*use.total_bounds).buffer(500)], crs=use.crs).to_file(district)
    done("new", library, "--crs", f"EPSG:{use.crs.to_epsg()}", "--district", district, "--pack", pack)
    fields = "BSM=标识码,DLBM=地类编码"
    for code in ("DLTB", "YJJBNTTB"):
        done("answers", library, code, "--set", f"fields={fields}", "--set", "covers=district")
    # Both years go in as they are sent; what was answered once is asked no more.
    added = done("ingest", library, deliver(tmp_path, 2023, use, farmland)).json["added"]
    assert {one["code"]: one["features"] for one in added} == {"DLTB": len(use), "YJJBNTTB": len(farmland)}
    inside = lost.buffer(-5).representative_point().buffer(2)
    apart = farmland.geometry[largest(farmland)[1]].buffer(-5).representative_point().buffer(2)
    parcels = tmp_path / "parcels.gpkg"
    shapes = [inside, place.buffer(-20), apart]
    gpd.GeoDataFrame({"DKBH": ["LOST", "NEW", "SAME"]}, geometry=shapes, crs=use.crs).to_file(parcels)
    run = done("check", library, parcels).json["run"]["id"]
    done("runs", library, run, "--name", "储备")
    done("ingest", library, deliver(tmp_path, 2024, later_use, later_farmland))
    answer = done("changes", library, "DLTB", "2023", "2024").json
    counts = {name: answer[name] for name in ("added", "removed", "moved", "changed", "unchanged")}
    assert counts == {"added": 2, "removed": 1, "moved": 0, "changed": 1, "unchanged": len(use) - 2}
    assert {(row["from"], row["to"]): row["area_m2"] for row in answer["transitions"]} == {
        pair: pytest.approx(area, abs=0.01) for pair, area in ground.items()
    }
    out = tmp_path / "out.gpkg"
    answer = done("changes", library, "YJJBNTTB", "2023", "2024", "--run", "储备", "--out", out).json
    counts = {name: answer[name] for name in ("added", "removed", "moved", "changed", "unchanged")}
    assert counts == {"added": 1, "removed": 1, "moved": 0, "changed": 1, "unchanged": len(farmland) - 2}
    rows = gpd.read_file(out, layer="changes").set_index("change")
    assert rows["feature"].to_dict() == {"added": "NEW", "removed": names["gone"], "changed": names["renamed"]}
    assert rows.loc["changed", "fields"] in ("坐落单位名称", "ZLDWMC")
    (kept,) = answer["runs"]
    turned = {one["parcel"]: (one["from"], one["to"]) for one in kept["turned"]}
    assert turned == {"LOST": ("prohibited", "clear"), "NEW": ("clear", "prohibited")}
    # The night says the same, for nothing else has changed.
    night = command("recheck", library, "--run", "储备")
    assert night.code == 4
    assert {one["parcel"]: (one["from"], one["to"]) for one in night.json["runs"][0]["turned"]} == turned
