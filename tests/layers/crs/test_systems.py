"""Coordinates: declared or refused, transformed exactly, and never shifted by a guess."""

import json
import re

import numpy as np
import pyproj
import pytest
import shapely

from onemap.layers.crs import systems
from onemap.layers.crs.zones import by_parameters

ESRI_CM_114 = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
ESRI_ZONE_38 = ESRI_CM_114.replace("GK_CM_114E", "GK_Zone_38").replace("500000.0", "38500000.0")
NAMELESS_CM_114 = (
    'PROJCS["unnamed",GEOGCS["unknown",DATUM["unknown",SPHEROID["unnamed",6378137.0,298.3]],PRIMEM["Greenwich",0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000],'
    'PARAMETER["Central_Meridian",114],PARAMETER["Scale_Factor",1],PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]'
)
# Seven invented parameters: 10 m east, 20 m north is what they come to for a plane that keeps its meridian.
PIPELINE = "+proj=affine +xoff=10 +yoff=20"


def coordinates(shapes) -> np.ndarray:
    return shapely.get_coordinates(shapes)


@pytest.mark.parametrize(("wkt", "shift"), [(ESRI_CM_114, 0), (ESRI_ZONE_38, 38_000_000)])
def test_a_prj_is_matched_by_its_parameters_and_the_same_plane_is_left_as_it_is(shelf, layer_file, wkt, shift):
    odd = shapely.Polygon([(538952.123456789, 4211628.987654321), (539052.1, 4211628.3), (538999.7, 4211700.01)])
    moved = shapely.transform(odd, lambda points: points + [shift, 0])
    path = layer_file("a.shp", [moved], crs=None)
    path.with_suffix(".prj").write_text(wkt)
    assert shelf.run("inspect", path).json["layers"][0]["crs"]["code"] == ("EPSG:4526" if shift else "EPSG:4547")
    assert shelf.add(path).code == 0
    found, expected = coordinates(shelf.geometries()), coordinates([moved]) - [shift, 0]
    found = found[np.lexsort(found.T)]
    expected = shapely.get_coordinates(shapely.normalize(shapely.polygons(expected)))
    expected = expected[np.lexsort(expected.T)]
    assert np.array_equal(found, expected) if shift == 0 else np.allclose(found, expected, atol=1e-8, rtol=0)


@pytest.mark.parametrize("source", ["EPSG:4326", "EPSG:4490"])
def test_degrees_are_carried_as_proj_carries_them_to_a_millimetre(shelf, layer_file, source):
    corners = np.array([(114.5, 38.0), (114.6, 38.0), (114.6, 38.1)])
    answer = shelf.add(layer_file("a.geojson", [shapely.Polygon(corners)], crs=source))
    east, north = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True).transform(*corners.T)
    found = coordinates(shelf.geometries())[:3]
    assert np.abs(np.sort(found, axis=0) - np.sort(np.column_stack([east, north]), axis=0)).max() < 0.001
    # WGS 84 counts as CGCS2000, and that is said.
    identity = [problem["code"] for problem in answer.json["problems"]]
    assert identity == (["crs.identity"] if source == "EPSG:4326" else [])


def test_the_shared_counties_in_degrees_agree_with_proj(shelf, shared_data):
    path = shared_data / "china" / "tianditu_counties_130100.geojson"
    assert shelf.add(path).json["features"] == 22
    content = json.loads(path.read_text(encoding="utf-8"))
    degrees = coordinates([shapely.from_geojson(json.dumps(f["geometry"])) for f in content["features"]])
    east, north = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True).transform(*degrees.T)
    found = coordinates(shelf.geometries())
    assert len(found) == len(degrees)
    assert np.abs(np.sort(found, axis=0) - np.sort(np.column_stack([east, north]), axis=0)).max() < 0.001


def test_a_bare_geometry_is_one_feature_in_degrees(shelf, shared_data):
    path = shared_data / "china/cnmaps_amap/130102.geojson"
    layer = shelf.run("inspect", path).json["layers"][0]
    assert (layer["count"], layer["fields"], layer["crs"]["code"]) == (1, [], "EPSG:4326")
    assert shelf.add(path).json["features"] == 1


@pytest.mark.slow
def test_a_topojson_declares_no_crs_and_is_refused_without_one(onemap, tmp_path, shared_data):
    path = shared_data / "cambridge/ASSESSING_ParcelsFY2014.topojson"
    library = tmp_path / "cambridge.gpkg"
    assert onemap("new", library, "--crs", "EPSG:26986").code == 0
    define = "name=Parcels,department=planning,library=base,kind=vector,geometry=polygon"
    options = ["--as", "P", "--define", define, "--covers", "extent", "--repair"]
    answer = onemap("add", library, path, *options)
    assert (answer.code, answer.codes[0]) == (3, "crs.missing")
    assert "degrees" in answer.json["problems"][0]["message"]
    # With a CRS the empty polygon of row 1896 is all that is still wrong.
    answer = onemap("add", library, path, *options, "--crs", "EPSG:4326")
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.empty", 1896)]


def test_a_small_topojson_is_accepted_with_a_crs(shelf, tmp_path):
    arcs = [[[114, 36], [114.001, 36], [114.001, 36.001], [114, 36]]]
    topology = {
        "type": "Topology",
        "arcs": arcs,
        "objects": {"地块": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    for name in ("a.topojson", "a.json"):
        path = tmp_path / name
        path.write_text(json.dumps(topology, ensure_ascii=False), encoding="utf-8")
        assert shelf.run("inspect", path).json["format"] == "TopoJSON"
        assert shelf.add(path).codes == ["crs.missing"]
        assert shelf.add(path, code="T" + name[-4], crs="EPSG:4326").json["features"] == 1


def test_a_quantised_topojson_has_its_coordinates_unpacked(shelf, tmp_path):
    # Steps of a thousandth of a degree from 114° E, 36° N; each point is told as its difference from the one before.
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.001, 0.001], "translate": [114, 36]},
        "arcs": [[[0, 0], [10, 0], [0, 20], [-10, -20]]],
        "objects": {"a": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    path = tmp_path / "a.topojson"
    path.write_text(json.dumps(topology), encoding="utf-8")
    assert shelf.add(path, crs="EPSG:4490").json["features"] == 1
    corners = np.array([(114, 36), (114.01, 36), (114.01, 36.02)])
    east, north = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True).transform(*corners.T)
    found = np.unique(coordinates(shelf.geometries()), axis=0)
    assert np.abs(found - np.unique(np.column_stack([east, north]), axis=0)).max() < 0.001


@pytest.mark.parametrize("old", ["EPSG:2379", "EPSG:4610", "EPSG:2431", "EPSG:4214"])
def test_the_old_datums_are_refused_without_parameters(shelf, layer_file, box, old):
    shape = shapely.box(114.0, 36.0, 114.1, 36.1) if old in ("EPSG:4610", "EPSG:4214") else box(0, 0)
    problem = shelf.add(layer_file("a.gpkg", [shape], crs=old)).json["problems"][0]
    assert problem["code"] == "crs.no_transformation"
    assert old in problem["message"]
    assert "EPSG:4547" in problem["message"]


@pytest.mark.parametrize("axis_m", ["6378245.0", "6378140.0"])
@pytest.mark.parametrize("wkt", [NAMELESS_CM_114, ESRI_CM_114])
def test_an_ellipsoid_of_an_old_datum_is_believed_whatever_a_prj_is_called(shelf, layer_file, box, wkt, axis_m):
    path = layer_file("a.shp", [box(0, 0)], crs=None)
    path.with_suffix(".prj").write_text(wkt.replace("6378137.0", axis_m))
    assert shelf.add(path).codes == ["crs.no_transformation"]
    # Who says that it is CGCS2000 all the same is told what the file declares.
    answer = shelf.add(path, crs="EPSG:4547")
    assert (answer.code, answer.codes) == (0, ["crs.overridden"])


def test_a_pipeline_carries_the_old_datum_and_its_parameters_are_not_kept(shelf, layer_file, box):
    shelf.add(layer_file("a.gpkg", [box(0, 0)], crs="EPSG:2383"), transform=PIPELINE).done()
    assert shelf.geometries()[0].bounds == (500_010, 4_000_020, 500_110, 4_000_120)
    everything = str(shelf.rows("SELECT * FROM onemap_versions")) + str(shelf.rows("SELECT * FROM onemap_audit"))
    assert "xoff" not in everything
    (report,) = shelf.column("report", "onemap_versions")
    assert len(json.loads(report)["transform_hash"]) == 64


@pytest.mark.parametrize("pipeline", ["+proj=nonsense", "EPSG:4547", "rm -rf", "+proj=pipeline +step"])
def test_what_is_no_pipeline_is_refused(shelf, layer_file, box, pipeline):
    answer = shelf.add(layer_file("a.gpkg", [box(0, 0)], crs="EPSG:2383"), transform=pipeline)
    assert (answer.code, answer.codes) == (3, ["crs.transform"])


@pytest.mark.parametrize(
    ("bounds", "code", "words"),
    [
        ((114.0, 36.0, 114.1, 36.1), "EPSG:4490", "degrees"),
        ((38_500_000, 4_000_000, 38_500_100, 4_000_100), "EPSG:4526", "3-degree zone 38"),
        ((20_500_000, 4_000_000, 20_500_100, 4_000_100), "EPSG:4498", "6-degree zone 20"),
        ((24_500_000, 4_000_000, 24_500_100, 4_000_100), None, "do not indicate a coordinate system"),  # no zone has 24
        ((4_000_000, 38_500_000, 4_000_100, 38_500_100), None, "swapped"),
        ((500_000, 4_000_000, 500_100, 4_000_100), None, "without zone prefix"),
        ((4_000_000, 500_000, 4_000_100, 500_100), None, "swapped axes, north before east"),
        ((2_010_000, 420_000, 2_010_100, 420_100), None, "swapped axes, north before east"),  # an island in the south
        ((36.0, 114.0, 36.1, 114.1), None, "swapped axes, latitude before longitude"),
        ((39.0, 75.9, 39.1, 76.0), None, "swapped axes, latitude before longitude"),  # the far west, below 90° E
    ],
)
def test_without_a_declaration_numbers_are_told_but_not_believed(shelf, layer_file, bounds, code, words):
    path = layer_file("a.shp", [shapely.box(*bounds)], crs=None)
    crs = shelf.run("inspect", path).json["layers"][0]["crs"]
    assert (crs["code"], crs["from"]) == (code, "guessed" if code else "none")
    assert words in crs["why"]
    answer = shelf.add(path)
    assert (answer.code, answer.codes) == (3, ["crs.missing"])
    assert words in answer.json["problems"][0]["message"]


@pytest.mark.parametrize(
    ("declared", "bounds"),
    [
        ("EPSG:4490", (500_000, 4_000_000, 500_100, 4_000_100)),
        ("EPSG:4490", (36.0, 114.0, 36.1, 114.1)),  # latitude where longitude belongs
        ("EPSG:4547", (38_500_000, 4_000_000, 38_500_100, 4_000_100)),
        ("EPSG:4526", (500_000, 4_000_000, 500_100, 4_000_100)),
        ("EPSG:4526", (39_500_000, 4_000_000, 39_500_100, 4_000_100)),  # the neighbour zone's prefix
        ("EPSG:4547", (114.0213, 36.0507, 114.4, 36.3)),  # degrees called metres
        ("EPSG:4547", (2_010_000, 420_000, 2_010_100, 420_100)),  # swapped, where that is no 2000 km off
        ("EPSG:4490", (39.0, 75.9, 39.1, 76.0)),  # swapped, where both numbers are possible degrees
    ],
)
@pytest.mark.parametrize("by_option", [False, True])
def test_a_declaration_that_the_numbers_contradict_is_refused(shelf, layer_file, declared, bounds, by_option):
    path = layer_file("a.shp", [shapely.box(*bounds)], crs=None if by_option else declared)
    answer = shelf.add(path, crs=declared if by_option else None)
    assert (answer.code, answer.codes) == (3, ["crs.contradicted"])
    assert "declares" not in answer.json["problems"][0]["message"]  # a file says nothing of what --crs names


@pytest.mark.parametrize(
    ("declared", "east", "north"),
    [
        ("EPSG:5179", 955_000, 550_000),  # false easting 1,000,000
        ("EPSG:22992", 950_000, 800_000),  # false easting 615,000
        ("EPSG:32647", 1_010_000, 420_000),  # UTM beyond its zone, near the equator
        ("EPSG:2263", 985_000, 200_000),  # feet
    ],
)
def test_true_eastings_of_other_countries_contradict_nothing(declared, east, north):
    assert systems.contradiction(pyproj.CRS(declared), (east, north, east + 100, north + 100)) is None


def test_heights_in_the_crs_are_no_obstacle(shelf, layer_file, box):
    solid = shapely.force_3d(box(0, 0), 12.5)
    answer = shelf.add(layer_file("a.gpkg", [solid], crs="EPSG:4547+5737"))
    assert [problem["code"] for problem in answer.json["problems"]] == ["geometry.z_dropped"]
    assert not shapely.has_z(shelf.geometries()[0])


def test_an_unknown_crs_is_refused_by_option(shelf, layer_file, box):
    problem = shelf.add(layer_file("a.gpkg", [box(0, 0)]), crs="EPSG:999999").json["problems"][0]
    assert (problem["code"], problem["field"]) == ("crs.unknown", "--crs")


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:2263", "EPSG:4979", "+proj=tmerc +lon_0=114 +ellps=GRS80"])
def test_a_library_needs_a_projected_crs_in_metres_with_a_code(onemap, tmp_path, crs):
    answer = onemap("new", tmp_path / "a.gpkg", "--crs", crs)
    assert (answer.code, answer.codes) == (3, ["crs.not_projected"])
    assert not (tmp_path / "a.gpkg").exists()


def test_coordinates_beyond_the_target_are_refused(shelf, layer_file):
    # 90° from the central meridian a transverse cylinder runs to infinity.
    answer = shelf.add(layer_file("a.geojson", [shapely.box(23.99, 0, 24.01, 0.01)], crs="EPSG:4326"))
    assert answer.code == 3
    assert answer.codes[0] in ("crs.out_of_range", "geometry.not_finite")


ZONES = [  # the first EPSG code of domain 6.1 for datum, width and prefix
    ("cgcs2000", 3, True, 4513),
    ("cgcs2000", 3, False, 4534),
    ("cgcs2000", 6, True, 4491),
    ("cgcs2000", 6, False, 4502),
    ("xian80", 3, True, 2349),
    ("xian80", 3, False, 2370),
    ("xian80", 6, True, 2327),
    ("xian80", 6, False, 2338),
    ("beijing54", 3, True, 2401),
    ("beijing54", 3, False, 2422),
    ("beijing54", 6, True, 21413),
    ("beijing54", 6, False, 21453),
]


@pytest.mark.slow
@pytest.mark.parametrize(("datum", "width", "prefixed", "first"), ZONES)
def test_every_zone_is_known_by_its_parameters_whatever_a_prj_calls_it(datum, width, prefixed, first):
    numbers = range(25, 46) if width == 3 else range(13, 24)
    for number in numbers:
        epsg = first + number - numbers[0]
        crs = pyproj.CRS.from_epsg(epsg)
        values = {parameter.name.lower(): parameter.value for parameter in crs.coordinate_operation.params}
        assert values["longitude of natural origin"] == (3 * number if width == 3 else 6 * number - 3)
        assert values["false easting"] == 500_000 + (number * 1_000_000 if prefixed else 0)
        assert systems.datum_family(crs) == datum
        esri = re.sub(r'^PROJCS\["[^"]*"', 'PROJCS["石家庄_地方"', crs.to_wkt("WKT1_ESRI"))
        # As GDAL hands it on: its own names, without the authority's code of the plane.
        gdal = re.sub(r',AUTHORITY\["EPSG","\d+"\](?=\]$)', "", pyproj.CRS(esri).to_wkt("WKT1_GDAL"))
        # To tell a plane of 6° without prefix from its twin of 3° PROJ compares the whole register: one will do.
        for text in (esri, gdal) if prefixed or number == numbers[1] else ():
            found = by_parameters(pyproj.CRS(text))
            assert systems.plane_of(found) == systems.plane_of(crs)
            assert found.to_epsg() == epsg or (width == 6 and not prefixed)


@pytest.mark.parametrize(("datum", "width", "prefixed", "first"), ZONES)
def test_every_zones_prefix_is_recognised_and_held_against_the_declared_zone(datum, width, prefixed, first):
    numbers = range(25, 46) if width == 3 else range(13, 24)
    for number in numbers:
        crs = pyproj.CRS.from_epsg(first + number - numbers[0])
        east = 500_000 + (number * 1_000_000 if prefixed else 0)
        bounds = (east - 90_000.0, 4_000_000.0, east + 90_000.0, 4_010_000.0)
        assert systems.contradiction(crs, bounds) is None
        moved = (bounds[0] + 1_000_000, bounds[1], bounds[2] + 1_000_000, bounds[3])
        other_form = ((number * 1e6) * (-1 if prefixed else 1) + bounds[0], bounds[1])
        shifted = (other_form[0], bounds[1], other_form[0] + 180_000, bounds[3])
        assert systems.contradiction(crs, shifted).code == "crs.contradicted"
        if prefixed:
            assert systems.contradiction(crs, moved).code == "crs.contradicted"
            hint = systems.suggestion(bounds)
            assert (hint.code, hint.facts["zone"], hint.facts["width"]) == ("suggest.zone", number, width)


def test_a_figure_that_is_not_the_datums_is_no_zone_of_it():
    odd = pyproj.CRS(ESRI_CM_114.replace("CGCS2000_3_Degree_GK_CM_114E", "x").replace("6378137.0", "6378245.0"))
    assert by_parameters(odd) is odd


@pytest.mark.parametrize(("declared", "codes"), [("EPSG:2383", ["crs.overridden"]), ("EPSG:4547", []), (None, [])])
def test_a_declaration_that_a_wish_overrides_is_told(shelf, layer_file, box, declared, codes):
    suffix = "gpkg" if declared else "shp"
    answer = shelf.add(layer_file(f"a.{suffix}", [box(0, 0)], crs=declared), crs="EPSG:4547")
    assert (answer.code, answer.codes) == (0, codes)
    if codes:
        assert all(name in answer.json["problems"][0]["message"] for name in (declared, "EPSG:4547"))
