"""The map of the desk: the core's tiles read back by GDAL, its data over HTTP, and the page in a real Chromium."""

import base64
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from onemap.tests.conftest import write_layer
from onemap.tests.postgis_server import Server
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.statement.chromium import Page, browser, program
from onemap.tests.rules.verbs.web.asked_town import SPOT, ZONES, X, Y, ground
from onemap.tests.rules.verbs.web.desk_hands import faults_for_hands_and_ears
from onemap.tests.rules.verbs.web.web_client import Officer, WebServer

HALF_WORLD_M = 20037508.342789244
TO_MERCATOR = pyproj.Transformer.from_crs(4547, 3857, always_xy=True)
TO_DEGREES = pyproj.Transformer.from_crs(4547, 4326, always_xy=True)
PICTURES = os.environ.get("ONEMAP_PICTURES")


# Of maplibre-gl 5.24.1 on npm.
PUBLISHED = {
    "maplibre-gl-csp-worker.js": "58534d0ebbe8535cd22d19eb3739788898667390ab9b22b87edfe55b9c85d0a5",
    "maplibre-gl-csp.js": "2835432eb59578c24e9bc7fbcef6f6f03f2af3f60951b940db875125ff617ddb",
    "maplibre-gl.css": "ab1e70d59ec40465bae7e7030da2f3ccf28133fd502e62bd598eefbadfd7a732",
}


def tile_at(x: float, y: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile at a place, by the formula of web maps."""
    east, north = TO_MERCATOR.transform(x, y)
    side = 2 * HALF_WORLD_M / 2**zoom
    return int((east + HALF_WORLD_M) / side), int((HALF_WORLD_M - north) / side)


def read_tile(content: bytes, zoom: int, column: int, row: int, folder: Path) -> dict[str, np.ndarray]:
    """The geometries of a tile's layers in Web Mercator, as GDAL reads them."""
    path = folder / str(zoom) / str(column)
    path.mkdir(parents=True, exist_ok=True)
    file = path / f"{row}.pbf"
    file.write_bytes(content)
    return {
        name: shapely.from_wkb(pyogrio.raw.read(file, layer=name)[2]) for name, _ in pyogrio.list_layers(file).tolist()
    }


@pytest.fixture(scope="module")
def case(library: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    parcels = write_layer(tmp_path_factory.mktemp("case") / "p.gpkg", [ground(80, 20, 110, 50)], {"DKBH": ["P"]})
    return str(done("review", "open", library, parcels, "--project", "厂", "--by", "丙").json["case"])


@pytest.fixture(scope="module")
def officer(server: WebServer) -> Officer:
    one = Officer(server, code=server.code, name="甲", lang="zh")
    server.read_code()
    return one


def test_a_tile_holds_the_layers_as_gdal_reads_them(library: Path, tmp_path: Path):
    zoom = 15
    column, row = tile_at(X + 50, Y + 50, zoom)
    answer = done("tile", library, "ZONE,SPOT,STBHHX", zoom, column, row).json
    assert answer["versions"] == {"ZONE": "2024", "SPOT": "2025", "STBHHX": None}
    layers = read_tile(base64.b64decode(answer["tile"]), zoom, column, row, tmp_path)
    side = 2 * HALF_WORLD_M / 2**zoom
    west, north = column * side - HALF_WORLD_M, HALF_WORLD_M - row * side
    step, beyond = side / 4096, side * 64 / 4096
    frame = shapely.box(west - beyond, north - side - beyond, west + side + beyond, north + beyond)
    for code, boxes in (("ZONE", list(ZONES.values())), ("SPOT", [SPOT])):
        expected = [
            shapely.transform(box, lambda points: np.column_stack(TO_MERCATOR.transform(points[:, 0], points[:, 1])))
            for box in boxes
        ]
        expected = [box for box in (shapely.intersection(one, frame) for one in expected) if not box.is_empty]
        assert len(layers[code]) == len(expected) > 0
        for found, wanted in zip(layers[code], expected, strict=True):
            assert shapely.hausdorff_distance(found, wanted) <= step


@pytest.mark.slow
def test_a_tile_of_a_library_on_a_server_is_that_of_its_file(library: Path, postgis: Server):
    url = f"{postgis.database().url}&schema=town"
    done("copy", library, url)
    for zoom in (13, 15, 18):
        given = ("ZONE,SPOT,STBHHX", zoom, *tile_at(X + 50, Y + 50, zoom))
        on_file = done("tile", library, *given).json
        assert done("tile", url, *given).json == on_file and on_file["tile"]


def test_a_tile_where_nothing_lies_is_empty_and_one_that_is_none_is_refused(library: Path):
    zoom = 15
    assert done("tile", library, "ZONE", zoom, 0, 0).json["tile"] == ""
    for wrong in (("ZONE", 1, 2, 0), ("ZONE", 30, 0, 0), ("NOPE", 1, 0, 0), ("DEM", 15, 0, 0)):
        assert command("tile", library, *wrong).code != 0


@pytest.mark.slow
def test_the_map_s_data_are_those_of_the_core(officer: Officer, case: str):
    listed = json.loads(officer.ask("GET", "/map/layers.json").body)
    assert [one["code"] for one in listed["layers"]] == ["SPOT", "ZONE"]
    west, south, east, north = listed["bounds"]
    longitude, latitude = TO_DEGREES.transform(X + 50, Y + 50)
    assert west <= longitude <= east and south <= latitude <= north
    drawn = json.loads(officer.ask("GET", f"/cases/{case}/map.geojson").body)["features"]
    kinds = {(one["properties"]["kind"], one["properties"]["verdict"]) for one in drawn}
    assert ("parcel", "prohibited") in kinds and ("piece", "prohibited") in kinds
    assert all(one["properties"]["counted"] for one in drawn)
    pieces = [one["properties"]["verdict"] for one in drawn if one["properties"]["kind"] == "piece"]
    assert pieces[0] == "unknown" and pieces[-1] == "prohibited"  # the most severe is drawn last, above all others
    parcel = next(one for one in drawn if one["properties"]["kind"] == "parcel")
    box = shapely.from_geojson(json.dumps(parcel["geometry"])).bounds
    assert box[:2] == pytest.approx(TO_DEGREES.transform(X + 80, Y + 20), abs=1e-7)
    column, row = tile_at(X + 50, Y + 50, 15)
    tile = officer.ask("GET", f"/map/tiles/15/{column}/{row}.pbf?only=ZONE")
    assert tile.status == 200 and b"ZONE" in tile.body
    assert officer.ask("GET", "/map/tiles/15/0/0.pbf?only=ZONE").status == 204
    for wrong in ("/map/tiles/15/0/0.pbf?only=../x", "/map/tiles/1/9/0.pbf?only=ZONE"):
        assert officer.ask("GET", wrong).status == 400
    assert officer.ask("GET", "/cases/none/map").status == 404


def test_what_comes_with_the_program_is_kept_by_browsers_and_nothing_else_is(officer: Officer, server: WebServer):
    script = officer.ask("GET", "/assets/maplibre-gl-csp.js")
    assert script.status == 200 and "max-age" in script.headers["cache-control"]
    assert "unsafe" not in script.headers["content-security-policy"]
    for wrong in ("LICENSE.txt", "..%2Fsite.html", "site.html"):
        assert officer.ask("GET", f"/assets/{wrong}").status == 404
    assert server.ask("GET", "/map/layers.json", signed_in=False).status == 401


def test_the_map_s_script_is_the_one_that_was_published():
    folder = Path(__file__).resolve().parents[4] / "resources" / "pages" / "maplibre"
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert {name: hashes[name] for name in PUBLISHED} == PUBLISHED
    assert "BSD" in (folder / "licence.html").read_text() or "Redistribution" in (folder / "licence.html").read_text()


def wait_until(page: Page, script: str) -> Any:
    """The value of an expression, once it has one."""
    until = time.monotonic() + 60
    while not (value := page.ask(script)):
        assert time.monotonic() < until, page.ask("document.getElementById('map-said').textContent")
        time.sleep(0.2)
    return value


def sign_in(page: Page, server: WebServer, lang: str) -> None:
    """Come in by the code of the terminal."""
    page.visit(f"{server.address}/sign-in")
    page.fill("document.getElementById('code')", server.code)
    page.fill("document.getElementById('name')", "甲")
    page.ask(f"document.getElementById('lang').value = '{lang}'")
    with page.loading():
        page.click("document.querySelector('main button')")
    server.read_code()


def see_map(page: Page, address: str) -> None:
    """Open a map, and wait until it is drawn."""
    page.visit(address)
    wait_until(page, "document.getElementById('map-pair').dataset.state === 'there'")


@pytest.mark.slow
@pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium")
@pytest.mark.parametrize(("lang", "width"), [("zh", 360), ("en", 1920)])
def test_the_map_is_drawn_asked_and_swiped(server: WebServer, case: str, tmp_path: Path, lang: str, width: int):
    with browser(tmp_path) as page:
        page.resize(width, 900)
        sign_in(page, server, lang)
        see_map(page, f"{server.address}/cases/{case}/map?other=2030-01-01")
        assert page.ask("document.querySelectorAll('#layer-list input:checked').length") == 2
        page.click("document.getElementById('look-middle')")
        text = wait_until(page, "document.querySelector('#found ul') && document.getElementById('found').textContent")
        assert "2024" in text or "2025" in text
        page.ask("(e => { e.value = 80; e.dispatchEvent(new Event('input')); })(document.getElementById('swipe'))")
        assert "80%" in page.ask("document.getElementById('map-two').style.clipPath")
        page.click("document.querySelector('#layer-list input')")
        assert page.ask("document.documentElement.scrollWidth") <= width
        log = [one["entry"]["text"] for one in page.events("Log.entryAdded") if one["entry"]["level"] == "error"]
        assert log == []
        if PICTURES:
            page.ask("window.scrollTo(0, 0)")
            time.sleep(2)
            page.picture(Path(PICTURES) / f"{lang}-{width}-map.png")


@pytest.mark.slow
@pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium")
@pytest.mark.parametrize(("lang", "width"), [("zh", 360), ("en", 1920)])
def test_a_case_is_opened_on_a_parcel_drawn_on_the_map(
    server: WebServer, library: Path, tmp_path: Path, lang: str, width: int
):
    """By presses, and by the keyboard alone: the arrows move the map, and its middle becomes a corner."""
    with browser(tmp_path) as page:
        page.resize(width, 900)
        sign_in(page, server, lang)
        see_map(page, f"{server.address}/map")
        hidden = "[...document.querySelectorAll('#draw-middle, #draw-undo, #draw-take')].map(e => e.hidden)"
        assert page.ask(hidden) == [True, True, True]
        page.click("document.getElementById('draw')")
        box = "document.querySelector('#map-one canvas').getBoundingClientRect()"
        left, top, right, bottom = page.ask(f"(b => [b.left, b.top, b.right, b.bottom])({box})")
        if lang == "zh":
            for across, down in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.6), (0.5, 0.5)):
                press(page, left + across * (right - left), top + down * (bottom - top))
            page.click("document.getElementById('draw-undo')")
        else:
            for keys in ((), ("ArrowRight",), ("ArrowDown",)):
                page.ask("document.querySelector('#map-one canvas').focus()")
                for key in keys:
                    page.key(key)
                    time.sleep(1.0)  # until the map has come to rest
                page.ask("document.getElementById('draw-middle').focus()")
                page.key("Enter")
        assert "3" in page.ask("document.getElementById('map-said').textContent")
        assert faults_for_hands_and_ears(page) == []
        assert page.ask(hidden) == [False, False, False]
        assert page.ask("document.getElementById('found').children.length") == 1
        if PICTURES:
            page.ask("document.getElementById('draw-take').scrollIntoView({block: 'end'})")
            time.sleep(1)
            page.picture(Path(PICTURES) / f"{lang}-{width}-map-drawing.png")
        with page.loading():
            page.click("document.getElementById('draw-take')")
        corners = page.ask("document.getElementById('corners').value").splitlines()
        page.fill("document.getElementById('project')", "图上所绘")
        with page.loading():
            page.click("document.querySelector('main button')")
        drawn = shapely.Polygon([tuple(map(float, corner.replace("°", "").split())) for corner in corners])
        case = page.ask("location.pathname").removeprefix("/cases/")
        (parcel,) = done("review", "show", library, case, "--ground").json["ground"]["parcels"]
        kept = shapely.from_geojson(json.dumps(parcel["geometry"]))
        assert shapely.hausdorff_distance(kept.boundary, drawn.boundary) < 1e-7
        assert page.ask("document.documentElement.scrollWidth") <= width
        log = [one["entry"]["text"] for one in page.events("Log.entryAdded") if one["entry"]["level"] == "error"]
        assert log == []


def press(page: Page, x: float, y: float) -> None:
    """Press a place of the window."""
    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    time.sleep(0.5)  # a second press at once would be a double click
