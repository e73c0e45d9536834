"""Files that name other files, an address or a program never choose their driver, whatever their names."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from onemap.tests.conftest import write_layer
from onemap.tests.test_serve import one_core

__all__ = ["one_core"]  # a fixture

BOX = shapely.box(500000, 4e6, 500100, 4000100)
VECTOR_NAMES = ("a.gpkg", "a.gml", "a.fgb", "a.tab", "a.mif", "a.json", "a.shp")
RASTER_NAMES = ("a.tif", "a.img", "a.asc", "a.png", "a.jp2", "a.vrt", "a.dem", "a.bil", "a.nc")
REFUSED = {"source.indirect", "source.damaged"}


def vrt_of(file: object, layer: str = "secret") -> str:
    source = f"<SrcDataSource>{file}</SrcDataSource><SrcLayer>{layer}</SrcLayer>"
    return f'<OGRVRTDataSource><OGRVRTLayer name="{layer}">{source}</OGRVRTLayer></OGRVRTDataSource>'


def picture_vrt_of(file: object) -> str:
    band = f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>{file}</SourceFilename>'
    grid = "<GeoTransform>500000, 10, 0, 4000000, 0, -10</GeoTransform>"
    return f'<VRTDataset rasterXSize="4" rasterYSize="4">{grid}{band}</SimpleSource></VRTRasterBand></VRTDataset>'


def tiles_of(url: str) -> str:
    window = (
        "<DataWindow><UpperLeftX>-20037508</UpperLeftX><UpperLeftY>20037508</UpperLeftY><LowerRightX>20037508"
        "</LowerRightX><LowerRightY>-20037508</LowerRightY><TileLevel>1</TileLevel><TileCountX>1</TileCountX>"
        "<TileCountY>1</TileCountY></DataWindow><Projection>EPSG:3857</Projection><BandsCount>3</BandsCount>"
    )
    service = f'<Service name="TMS"><ServerUrl>{url}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>'
    return f"<GDAL_WMS>{service}{window}</GDAL_WMS>"


def pointing_texts(url: str, file: Path) -> dict[str, str]:
    """One text for each way in which a file can point to data elsewhere."""
    pipeline = f"gdal vector pipeline ! read {file}"
    return {
        "vrt": vrt_of(file),
        "vrt to the network": vrt_of(f"/vsicurl/{url}/x.gpkg"),
        "wfs": f"<OGRWFSDataSource><URL>{url}/wfs?</URL></OGRWFSDataSource>",
        "gdalg": json.dumps({"type": "gdal_streamed_alg", "command_line": pipeline}),
        "picture vrt": picture_vrt_of(f"/vsicurl/{url}/x.tif"),
        "tiles": tiles_of(url),
        "tiles behind a mark": "\ufeff \n" + tiles_of(url),
    }


def companions(path: Path) -> None:
    """Files that a format needs beside the main one, so that nothing is refused for their absence."""
    for part in {".shp": (".dbf", ".shx"), ".mif": (".mid",), ".bil": (".hdr",)}.get(path.suffix, ()):
        path.with_suffix(part).write_bytes(b"\0" * 200)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*VECTOR_NAMES, *RASTER_NAMES])
def test_a_file_that_points_elsewhere_is_refused_and_nobody_is_asked(onemap, tmp_path, listener, secret, name):
    for kind, text in pointing_texts(listener.url, secret).items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        companions(path)
        answer = onemap("inspect", path)
        assert answer.code == 3, (kind, answer.json)
        assert set(answer.codes) <= REFUSED, (kind, answer.codes)
        assert answer.json["problems"][0]["file"] == name
        assert answer.json["problems"][0]["mend"]
        packed = tmp_path / f"{path.stem}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for part in tmp_path.glob(f"{path.stem}.*"):
                if part.suffix != ".zip":
                    archive.write(part, part.name)
        answer = onemap("inspect", packed)
        assert answer.code == 3, (kind, answer.json)
    assert listener.asked == []


def test_what_only_points_elsewhere_is_said_to_do_so(onemap, tmp_path, secret):
    (tmp_path / "a.gpkg").write_text(vrt_of(secret))
    (tmp_path / "a.tif").write_text(picture_vrt_of(secret))
    (tmp_path / "a.json").write_text('{"type": "gdal_streamed_alg", "command_line": "gdal vector info"}')
    for name in ("a.gpkg", "a.tif", "a.json"):
        assert onemap("inspect", tmp_path / name).codes == ["source.indirect"]


@pytest.mark.parametrize("verb", ["add", "check", "coverage", "district", "replace"])
def test_whatever_path_a_verb_takes_is_held_against_its_name(onemap, tmp_path, secret, verb):
    library, real = tmp_path / "city.gpkg", write_layer(tmp_path / "real.gpkg", [BOX])
    hostile = tmp_path / "hostile.gml"
    hostile.write_text(vrt_of(secret))
    if verb == "district":
        answer = onemap("new", library, "--crs", "EPSG:4547", "--district", hostile)
    else:
        assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    define = ("--define", "name=T,department=land,library=base,kind=vector,geometry=polygon")
    if verb == "add":
        answer = onemap("add", library, hostile, "--as", "T", *define, "--covers", "extent")
    if verb == "coverage":
        answer = onemap("add", library, real, "--as", "T", *define, "--covers", hostile)
    if verb == "check":
        answer = onemap("check", library, hostile)
    if verb == "replace":
        answer = onemap("check", library, real, "--replace", f"YJJBNTTB={hostile}")
    assert answer.code == 3
    assert "source.indirect" in answer.codes


def grid(path: Path, **more: object) -> Path:
    options = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "uint8", "crs": "EPSG:4547"}
    place = rasterio.transform.from_origin(500000, 4000000, 10, 10)
    with rasterio.open(path, "w", **options, transform=place, **more) as dataset:
        dataset.write(np.ones((1, 4, 4), dtype="uint8"))
    return path


def test_a_raster_whose_overview_lies_elsewhere_is_refused(onemap, tmp_path, listener):
    path = grid(tmp_path / "a.tif")
    note = f'<MDI key="OVERVIEW_FILE">/vsicurl/{listener.url}/x.tif</MDI>'
    (tmp_path / "a.tif.aux.xml").write_text(f'<PAMDataset><Metadata domain="OVERVIEWS">{note}</Metadata></PAMDataset>')
    assert onemap("inspect", path).codes == ["source.indirect"]
    assert listener.asked == []


@pytest.mark.slow
def test_overviews_that_are_no_raster_are_not_followed(one_core, tmp_path, listener):
    path = grid(tmp_path / "a.tif")
    (tmp_path / "a.tif.ovr").write_text(picture_vrt_of(f"/vsicurl/{listener.url}/x.tif"))
    (tmp_path / "a.tif.msk").write_text(tiles_of(listener.url))
    assert one_core.outcome("inspect", source=str(path))["problems"][0]["code"] == "source.indirect"
    assert listener.asked == []


def test_a_raster_of_its_own_with_what_belongs_to_it_is_read(onemap, tmp_path):
    path = grid(tmp_path / "a.tif")
    grid(tmp_path / "overviews.tif").rename(tmp_path / "a.tif.ovr")
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset><Metadata><MDI key='x'>1</MDI></Metadata></PAMDataset>")
    answer = onemap("inspect", path).done()
    assert answer.json["format"] == "GTiff"


def hostile_schema(path: Path, sql: str, name: str = "bad") -> Path:
    """A GeoPackage whose schema claims a table that does not exist, as an attacker writes it."""
    write_layer(path, [BOX])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        kind = "view" if " VIEW " in sql else "table"
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, 0, ?)", (kind, name, name, sql))
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)", (name, name)
        )
        connection.commit()
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIRTUAL TABLE bad USING VirtualOGR('{file}')",
        "CREATE VIEW bad AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "CREATE VIEW bad AS SELECT ogr_geocode('{url}') AS place",
        "CREATE VIEW bad AS SELECT gdal_get_pixel_value('{file}', 1, 'pixel', 0, 0) AS cell",
        "CREATE VIEW bad AS SELECT load_extension('{file}') AS x",
    ],
)
def test_a_geopackage_that_computes_its_rows_is_refused(onemap, tmp_path, secret, listener, sql):
    path = hostile_schema(tmp_path / "a.gpkg", sql.format(file=secret, url=listener.url))
    assert set(onemap("inspect", path).codes) <= REFUSED
    assert listener.asked == []


def test_a_geopackage_with_a_view_that_only_chooses_is_read(onemap, tmp_path):
    path = write_layer(tmp_path / "a.gpkg", [BOX])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW few AS SELECT * FROM a")
        connection.commit()
    assert onemap("inspect", path, "--layer", "a").code == 0


@pytest.mark.slow
def test_a_schema_at_an_address_is_not_fetched(one_core, tmp_path, listener):
    text = (
        '<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' xsi:schemaLocation="http://x {listener.url}/x.xsd"><gml:featureMember><a xmlns="http://x"'
        f' xlink:href="{listener.url}/y#1"><g><gml:Point srsName="{listener.url}/crs">'
        "<gml:pos>1 2</gml:pos></gml:Point></g></a></gml:featureMember></gml:FeatureCollection>"
    )
    (tmp_path / "a.gml").write_text(text)
    (tmp_path / "a.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'<xs:include schemaLocation="{listener.url}/z.xsd"/><xs:element name="a"/></xs:schema>'
    )
    assert one_core.outcome("inspect", source=str(tmp_path / "a.gml")).get("exit_code", 0) in (0, 3)
    assert listener.asked == []


def test_a_link_in_a_kml_is_not_followed(onemap, tmp_path, listener):
    link = f"<NetworkLink><Link><href>{listener.url}/more.kml</href></Link></NetworkLink>"
    place = "<Placemark><Point><coordinates>114,36</coordinates></Point></Placemark>"
    (tmp_path / "a.kml").write_text(f"<kml><Document>{place}{link}</Document></kml>")
    answer = onemap("inspect", tmp_path / "a.kml").done()
    assert "source.aside" in [problem["code"] for problem in answer.json["layers"][0]["problems"]]
    assert listener.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "!table\n!version 300\nDefinition Table\n  Type LINKED\n",
        '!table\nOpen Table "{stem}" Hide\nCreate View a As\nSelect * From {stem}\n',
        '!table\nDefinition Table\n Type NATIVE\nbegin_metadata\n"\\IsSeamless" = "TRUE"\nend_metadata\n',
    ],
)
def test_a_table_that_is_made_of_others_is_refused(onemap, tmp_path, secret, text):
    (tmp_path / "a.tab").write_text(text.format(stem=secret.with_suffix("")) if "{stem}" in text else text)
    for part in (".dat", ".map", ".id"):
        (tmp_path / f"a{part}").write_bytes(b"")
    assert onemap("inspect", tmp_path / "a.tab").codes == ["source.indirect"]


@pytest.mark.slow
def test_gdal_reaches_no_network_whatever_the_environment_says(tmp_path, listener, monkeypatch):
    import subprocess
    import sys

    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    monkeypatch.setenv("GDAL_HTTP_PROXY", "")
    lines = (
        "from onemap.layers.gdal_limits import limit_gdal; limit_gdal()",
        "import pyogrio, rasterio",
        f"for path in ('/vsicurl/{listener.url}/a.gpkg', '{listener.url}/a.json', 'WFS:{listener.url}/w'):",
        "    for read in (pyogrio.read_info, rasterio.open):",
        "        try: read(path)",
        "        except Exception as error: print(type(error).__name__)",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert done.stdout.count("Error") == 6, done.stdout + done.stderr
    assert listener.asked == []


def test_no_driver_that_reads_elsewhere_is_there():
    import pyogrio

    from onemap.layers.gdal_limits import INDIRECT_DRIVERS

    with rasterio.Env() as environment:
        there = {*environment.drivers(), *pyogrio.list_drivers()}
    assert there.isdisjoint(INDIRECT_DRIVERS)


def test_a_library_of_whole_files_is_not_refused(onemap, tmp_path):
    for name, options in (
        ("a.gpkg", {}),
        ("a.shp", {}),
        ("a.fgb", {}),
        ("a.gdb", {"driver": "OpenFileGDB"}),
        ("a.tab", {"driver": "MapInfo File"}),
        ("a.geojson", {"crs": "EPSG:4490"}),
        ("a.gml", {}),
    ):
        shape = shapely.box(114, 36, 114.001, 36.001) if "crs" in options else BOX
        path = write_layer(tmp_path / name, [shape], **options)
        assert onemap("inspect", path).code == 0, name
