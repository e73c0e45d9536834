"""Statistics of a real city compared with the truth: parcels in flood zones and in zoning districts."""

import geopandas as gpd
import pandas as pd
import pytest

from onemap.tests.rules.command import done

pytestmark = pytest.mark.slow  # thirteen thousand parcels

TOLERANCE_M2 = 0.001


@pytest.fixture(scope="module")
def cambridge(shared_data):
    return shared_data / "cambridge"


@pytest.fixture(scope="module")
def city(cambridge, tmp_path_factory):
    """A library with the parcels of 2014 that are valid, zoning, and flood zones."""
    source, library = cambridge / "transplant_epsg4547.gpkg", tmp_path_factory.mktemp("city") / "city.gpkg"
    done("new", library, "--crs=EPSG:4547")
    for layer, code in (("zoning", "ZONING"), ("flood500", "FLOOD"), ("parcels_2014", "PARCELS")):
        define = f"name={layer},department=planning,library=department,kind=vector,geometry=polygon,key=src_row"
        keep = ["--keep-bad"] if layer == "parcels_2014" else []
        given = ("--layer", layer, "--as", code, "--define", define, "--covers=extent")
        done("add", library, source, *given, *keep)
    return library


def rows_of(library, code, *asked):
    found = done("statistics", library, code, *asked).json
    return {(row["unit"], *row["keys"].values()): row["area_m2"] for row in found["rows"]}, found


@pytest.mark.parametrize(("units", "plan"), [("FLOOD", "flood500"), ("ZONING", "zoning")])
def test_each_parcel_in_each_zone_has_the_area_of_the_truth(city, cambridge, units, plan):
    truth = pd.read_csv(cambridge / f"truth_parcels2014_x_{plan}.csv")
    invalid = pd.read_csv(cambridge / "truth_invalid_features.csv")
    bad = set(invalid[invalid["layer"] == "parcels_2014"]["src_row"].astype(str))
    expected = {
        (str(zone), str(parcel)): area
        for zone, parcel, area in zip(
            truth[f"{plan}_row"], truth["parcels_2014_row"], truth["area_geos_m2"], strict=True
        )
        if area > TOLERANCE_M2 and str(parcel) not in bad
    }
    found, _ = rows_of(city, "PARCELS", "--by=src_row", f"--within={units}", "--unit=src_row")
    large = {(str(unit), str(key)): area for (unit, key), area in found.items() if area > TOLERANCE_M2}
    assert large.keys() == expected.keys() and len(large) > 800
    assert max(abs(large[pair] - area) for pair, area in expected.items()) < TOLERANCE_M2


def test_zoning_by_flood_zone_is_what_geopandas_makes_of_it(city, cambridge):
    found, answer = rows_of(city, "ZONING", "--by=ZONE_TYPE", "--within=FLOOD", "--unit=fld_zone")
    source = cambridge / "transplant_epsg4547.gpkg"
    zones = gpd.read_file(source, layer="zoning").dissolve("ZONE_TYPE")
    flood = gpd.read_file(source, layer="flood500").dissolve("fld_zone")
    pieces = gpd.overlay(zones.reset_index(), flood.reset_index(), keep_geom_type=True)
    expected = pieces.geometry.area.groupby([pieces["fld_zone"], pieces["ZONE_TYPE"]]).sum().to_dict()
    large = {pair: area for pair, area in found.items() if area > TOLERANCE_M2}
    assert large.keys() == {pair for pair, area in expected.items() if area > TOLERANCE_M2} and len(large) > 10
    for pair, area in large.items():
        assert area == pytest.approx(expected[pair], abs=TOLERANCE_M2)
    assert sum(large.values()) == pytest.approx(answer["total"]["area_m2"], abs=1.0), "zoning districts do not overlap"


def test_in_the_database_the_same_comes_of_st_intersection(city, cambridge, postgis):
    import psycopg

    found, _ = rows_of(city, "ZONING", "--by=ZONE_TYPE", "--within=FLOOD", "--unit=fld_zone")
    source = cambridge / "transplant_epsg4547.gpkg"
    with psycopg.connect(postgis.database().url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        for layer, name in (("zoning", "ZONE_TYPE"), ("flood500", "fld_zone")):
            frame = gpd.read_file(source, layer=layer)
            connection.execute(f"CREATE TEMP TABLE {layer} (class text, geom geometry)")
            with connection.cursor() as cursor:
                rows = zip(frame[name], frame.geometry.to_wkb(), strict=True)
                cursor.executemany(f"INSERT INTO {layer} VALUES (%s, ST_GeomFromWKB(%s))", list(rows))
        expected = connection.execute(
            "SELECT f.class, z.class, ST_Area(ST_Intersection(f.geom, z.geom)) FROM"
            " (SELECT class, ST_Union(geom) AS geom FROM flood500 GROUP BY class) f,"
            " (SELECT class, ST_Union(geom) AS geom FROM zoning GROUP BY class) z"
        ).fetchall()
    known = {(unit, key): area for unit, key, area in expected if area > TOLERANCE_M2}
    large = {pair: area for pair, area in found.items() if area > TOLERANCE_M2}
    assert large.keys() == known.keys()
    assert max(abs(large[pair] - area) for pair, area in known.items()) < TOLERANCE_M2
