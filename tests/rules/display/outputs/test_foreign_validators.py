"""Files that One Map writes, checked against the standards by other programs."""

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
import zlib
from pathlib import Path

import ezdxf
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from defusedxml import ElementTree
from shapely import LineString, Point, Polygon, box

import onemap
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk
from onemap.tests.rules.small_pack import matrix_text

HOUSE = Path(__file__).resolve().parents[4]
PYTHONS = ("/usr/bin/python3", HOUSE / ".venv-qgis" / "bin" / "python", shutil.which("python3"))
VALIDATOR = "osgeo_utils.samples.validate_gpkg"  # of GDAL; QGIS's Python has it
PROGRAM = f"""
import json, sys
from {VALIDATOR} import GPKGChecker
found = {{}}
for path in sys.argv[1:]:
    checker = GPKGChecker(path, abort_at_first_error=False, extra_checks=True, warning_msg=False)
    checker.check()
    found[path] = [str(one) for one in checker.errors + checker.warnings]
print(json.dumps(found))
"""
BOW_TIE = [(0, 0), (10, 10), (10, 0), (0, 10)]
MATRIX = matrix_text(("USE", ["07"], ["01"]))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A library with layers of each geometry, versions of unlike fields and what was set aside; all that it writes."""
    desk = Desk(tmp_path_factory.mktemp("written"), lambda *arguments, lang="en": command(*arguments))
    folder = desk.folder
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(5, 0, 20, 10)], {"GRADE": ["a"], "USE": ["01"]}, label="a", valid_from="2020-01-01")
    shapes = [box(6, 0, 20, 10), box(50, 50, 60, 60).union(box(70, 70, 80, 80)), box(1, 1, 2, 2)]
    more = {"AREA": [1.5, None, 2.0], "KEPT": [True, False, True], "USE": ["07", "01", None]}
    desk.layer("ZONE", shapes, more, label="b", valid_from="2021-01-01")
    desk.layer("ROAD", [LineString([(-5, 5), (15, 5)])], geometry="line")
    desk.layer("WELL", [Point(3, 3)], geometry="point")
    table = folder / "values.csv"
    table.write_text("KEY,VALUE\na,1\nb,2\n", encoding="utf-8")
    define = "name=values,department=land,library=department,kind=vector,geometry=table,key=KEY"
    done("add", desk.library, table, "--as", "VALUES", "--define", define, "--covers", folder / "ZONE_coverage.gpkg")
    crossed = write_layer(folder / "BAD.gpkg", [box(0, 0, 9, 9), Polygon(BOW_TIE)], {"KEY": ["1", "2"]})
    done(
        *("add", desk.library, crossed, "--as", "BAD", "--keep-bad", "--covers", "extent"),
        *("--define", "name=BAD,department=land,library=department,kind=vector,geometry=polygon,key=KEY"),
    )
    pack = desk.pack(
        {"id": "zone", "layer": "ZONE"},
        {"id": "road", "layer": "ROAD", "kind": "cross", "verdict": "notice"},
        {"id": "well", "layer": "WELL", "kind": "cross", "verdict": "notice"},
        {"id": "kinds", "layer": "ZONE", "kind": "composition", "by": ["USE"], "verdict": "notice"},
    )
    given = desk.parcels({"A": box(0, 0, 10, 10), "B": box(5, 0, 20, 10), "C": Polygon(BOW_TIE)})
    asked = ("--pack", pack, "--out")
    done("check", desk.library, given, "--keep-bad", *asked, folder / "check.gpkg")
    whole = desk.write("whole", [box(0, 0, 10, 10), box(8, 2, 12, 8)], {"DKBH": ["A", "B"]}, "EPSG:4547")
    done("remedy", desk.library, whole, *asked, folder / "remedy.gpkg")
    matrix = folder / "matrix.toml"
    matrix.write_text(MATRIX, encoding="utf-8")
    done("compare", desk.library, "ZONE@a", "ZONE@b", "--matrix", matrix, "--out", folder / "compare.gpkg")
    done("changes", desk.library, "ZONE", "a", "b", "--out", folder / "changes.gpkg")
    done("statistics", desk.library, "ZONE", "--by", "USE", "--out", folder / "statistics.gpkg")
    done("redline", whole, folder / "redline.txt")
    done("redline", folder / "redline.txt", folder / "redline.gpkg")
    package = folder / "package.zip"
    done("deliver", desk.library, package, "--layers", "ZONE,ROAD,VALUES")
    with zipfile.ZipFile(package) as packed:
        (features,) = (name for name in packed.namelist() if name.endswith(".gpkg"))
        packed.extract(features, folder)
    names = ("check", "remedy", "compare", "changes", "statistics", "redline")
    return [desk.library, folder / features, *(folder / f"{name}.gpkg" for name in names)]


def test_gdal_s_validator_finds_nothing_in_any_geopackage(files):
    probe = f"import {VALIDATOR}"
    pythons = [str(one) for one in PYTHONS if one and Path(one).exists()]
    python = next((p for p in pythons if not subprocess.run([p, "-c", probe], capture_output=True).returncode), None)
    if python is None:
        pytest.skip(f"needs a Python that has {VALIDATOR} (Debian: python3-gdal, comes with QGIS)")
    answer = subprocess.run([python, "-c", PROGRAM, *map(str, files)], capture_output=True, check=True, timeout=60)
    assert json.loads(answer.stdout) == {str(path): [] for path in files}


def test_every_table_has_a_key_and_every_layer_an_index_that_holds_its_rows(files):
    """What PDOK, the Dutch government's map service, asks of keys (RQ7) and spatial indexes (RQ9, RQ10)."""
    for path in files:
        with contextlib.closing(sqlite3.connect(path)) as file:
            tables = file.execute(
                "SELECT table_name, data_type FROM gpkg_contents JOIN sqlite_master ON name = table_name"
                " WHERE type = 'table'"
            ).fetchall()
            assert tables
            for table, kind in tables:
                keys = [row for row in file.execute(f'PRAGMA table_info("{table}")') if row[5]]
                assert len(keys) == 1, (path, table)
                if kind != "features":
                    continue
                sql = "SELECT column_name FROM gpkg_extensions WHERE table_name = ? AND extension_name = ?"
                (column,) = file.execute(sql, (table, "gpkg_rtree_index")).fetchone() or [None]
                assert column, (path, table)
                index = f"rtree_{table}_{column}"
                assert file.execute("SELECT rtreecheck(?)", (index,)).fetchone() == ("ok",)
                missing = f'SELECT count(*) FROM "{table}" WHERE "{column}" NOT NULL AND fid NOT IN'
                assert file.execute(f'{missing} (SELECT id FROM "{index}")').fetchone() == (0,), (path, table)


def test_a_view_gives_each_column_the_type_of_a_version_that_has_it(files):
    with contextlib.closing(sqlite3.connect(files[0])) as library:
        types = {row[1]: row[2] for row in library.execute('PRAGMA table_info("ZONE")')}
        assert types == {
            "OGC_FID": "INTEGER",
            "geom": "MULTIPOLYGON",
            "KEY": "TEXT",
            "GRADE": "TEXT",
            "USE": "TEXT",
            "AREA": "REAL",
            "KEPT": "INTEGER",
        }
        assert library.execute("SELECT KEY, GRADE, AREA FROM ZONE ORDER BY OGC_FID").fetchall() == [
            *(("f1", None, 1.5), ("f2", None, None), ("f3", None, 2.0)),
        ]


def origin_of(path):
    """The account of its origin that a GeoPackage keeps of itself as a whole."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        sql = (
            "SELECT metadata FROM gpkg_metadata JOIN gpkg_metadata_reference ON id = md_file_id"
            " WHERE reference_scope = 'geopackage' AND md_standard_uri = 'http://www.w3.org/ns/prov'"
        )
        ((text,),) = file.execute(sql).fetchall()
    return json.loads(text)


@pytest.mark.parametrize(
    ("name", "versions", "packs"),
    [
        ("check", {"ZONE@b", "ROAD@v1", "WELL@v1"}, {"test"}),
        ("remedy", {"ZONE@b", "ROAD@v1", "WELL@v1"}, {"test"}),
        ("compare", {"ZONE@a", "ZONE@b"}, set()),
        ("changes", {"ZONE@a", "ZONE@b"}, set()),
        ("statistics", {"ZONE@b"}, set()),
        ("features", {"ZONE@b", "ROAD@v1", "VALUES@v1"}, set()),
    ],
)
def test_a_file_says_when_from_which_versions_and_by_which_packs_it_was_made(files, name, versions, packs):
    (path,) = (path for path in files if path.stem == name)
    account, library = origin_of(path), onemap.open(files[0])
    ((run, activity),) = account["activity"].items()
    assert activity["prov:type"] == f"onemap:{'deliver' if name == 'features' else name}"
    assert abs((pd.Timestamp(activity["prov:startTime"]) - pd.Timestamp.now("UTC")).total_seconds()) < 600
    assert {agent["prov:label"] for agent in account["agent"].values()} >= {f"One Map {onemap.__version__}"}
    entities, used = account["entity"], {one["prov:entity"] for one in account.get("used", {}).values()}
    assert [one["prov:activity"] for one in account["wasGeneratedBy"].values()] == [run]
    hashes = {f"{row.code}@{row.label}": row.hash for row in library.layers().itertuples()}
    found = {of["prov:label"]: of["onemap:sha256"] for at, of in entities.items() if at.startswith("onemap:layer/")}
    assert found == {version: hashes[version] for version in versions}
    assert {of["prov:label"] for of in entities.values() if of.get("prov:type") == "prov:Plan"} == packs
    assert used >= {at for at in entities if at.startswith(("onemap:layer/", "onemap:pack/"))}
    with contextlib.closing(sqlite3.connect(files[0])) as held:
        sources = held.execute("SELECT code || '@' || label, 'sha256:' || source_hash FROM onemap_versions").fetchall()
    derived = {one["prov:usedEntity"] for one in account.get("wasDerivedFrom", {}).values()}
    assert derived == ({at for version, at in sources if version in versions} if name == "features" else set())


def test_a_red_line_as_a_geopackage_says_of_which_text_it_was_made(files):
    source = files[0].with_name("redline.txt")
    (used,) = origin_of(files[-1])["used"].values()
    assert used["prov:entity"] == f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    done("redline", files[-1], source.with_name("again.txt"))  # what is said beside it does not change the way back
    assert source.with_name("again.txt").read_bytes() == source.read_bytes()


def test_a_workbook_says_its_origin_in_its_properties(files):
    pack, parcels, out = (files[0].with_name(name) for name in ("test.toml", "whole.gpkg", "check.xlsx"))
    run = done("check", files[0], parcels, "--pack", pack, "--out", out).json["run"]
    properties = openpyxl.load_workbook(out).properties
    assert properties.creator == f"One Map {onemap.__version__}" and properties.identifier == run["id"]
    assert {"check", "ZONE@b", "ROAD@v1", "WELL@v1"} < set(properties.keywords.split(", "))
    assert properties.created.isoformat() == run["started"][:19]
    done("statistics", files[0], "ZONE", "--by", "USE", "--out", out.with_name("statistics.xlsx"))
    assert openpyxl.load_workbook(out.with_name("statistics.xlsx")).properties.keywords == "statistics, ZONE@b"


@pytest.mark.slow
def test_geoparquet_s_validator_finds_nothing_in_any_file(files):
    validator = pytest.importorskip("geoparquet_validator", reason="needs resources/requirements/dev.txt")
    out = files[0].parent / "parquet"
    pack, parcels = out.with_name("test.toml"), out.with_name("parcels.gpkg")
    done("check", files[0], parcels, "--keep-bad", "--pack", pack, "--out", out)
    found = {path.stem: validator.check(str(path)) for path in out.glob("*.parquet") if b"geo" in facts_of(path)}
    assert found.keys() == {*("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "parcels_bad")}
    assert {name: validator.failed(report, "core") for name, report in found.items()} == dict.fromkeys(found, [])
    assert {one["status"] for one in found["overlaps"]["outcomes"] if one["id"] == "/conf/core/bbox-extent"} == {"pass"}


def facts_of(path):
    return pq.read_metadata(path).metadata


def test_geoparquet_says_its_origin_under_a_key_of_its_own(files):
    folder = files[0].parent / "statistics"
    done("statistics", files[0], "ZONE", "--by", "USE", "--out", folder)
    account = json.loads(facts_of(folder / "statistics.parquet")[b"prov"])
    assert account["entity"].keys() == origin_of(folder.with_suffix(".gpkg"))["entity"].keys()


def attached_to(pdf):
    """The account that a PDF has as an attached file."""
    assert b"EmbeddedFile" in pdf
    streams = (body.lstrip(b"\r\n") for body in re.split(rb"stream(?=\r?\n)", pdf)[1::2])
    texts = [zlib.decompressobj().decompress(body) for body in streams if body[:1] == b"x"]
    (text,) = (text for text in texts if text.startswith(b'{"prefix"'))
    return json.loads(text)


def part_of(word):
    """The account that a Word file has as a part of its own."""
    with zipfile.ZipFile(word) as packed:
        names = [name for name in packed.namelist() if re.fullmatch(r"customXml/item\d+\.xml", name)]
        (account,) = (root for name in names if (root := ElementTree.fromstring(packed.read(name))).tag == "prov")
    return json.loads(account.text)


@pytest.mark.slow
def test_documents_say_their_origin_and_no_moment(files):
    """As an attached file of a PDF, a part of a Word file, data of a page; the same content gives the same file."""
    folder = files[0].parent
    for name in ("page.pdf", "page.docx", "page.html"):
        done("statistics", files[0], "ZONE", "--by", "USE", "--page", folder / name)
    page = (folder / "page.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="prov">(.*?)</script>', page)
    accounts = [attached_to((folder / "page.pdf").read_bytes()), part_of(folder / "page.docx"), json.loads(data)]
    assert accounts[0] == accounts[1] == accounts[2]
    assert accounts[0]["entity"].keys() == origin_of(folder / "statistics.gpkg")["entity"].keys()
    assert accounts[0]["activity"] == {"onemap:run/unrecorded": {"prov:type": "onemap:statistics"}}
    for name in ("page.pdf", "page.html"):
        before = (folder / name).read_bytes()
        done("statistics", files[0], "ZONE", "--by", "USE", "--page", folder / name, "--overwrite")
        assert (folder / name).read_bytes() == before


@pytest.mark.slow
def test_sheets_of_parcels_say_of_which_check_they_are(files):
    parcels, pack = files[0].with_name("whole.gpkg"), files[0].with_name("test.toml")
    sheets = {form: files[0].with_name(f"sheets.{form}") for form in ("pdf", "docx")}
    for sheet in sheets.values():
        done("sheet", files[0], parcels, sheet, "--pack", pack)
    for account in (attached_to(sheets["pdf"].read_bytes()), part_of(sheets["docx"])):
        assert {"ZONE@b", "ROAD@v1", "WELL@v1", "test"} <= {one.get("prov:label") for one in account["entity"].values()}


def test_files_of_parcels_alone_say_their_origin(files):
    folder = files[0].parent
    case, *outs = (folder / name for name in ("case.gpkg", "o.geojson", "o.fgb", "o.dxf", "o.csv"))
    opened = ("review", "open", files[0], folder / "whole.gpkg", "--project", "P", "--pack", folder / "test.toml")
    done(*opened, "--out", case, *(text for out in outs for text in ("--out", out)))
    accounts = [
        origin_of(case),
        json.loads(outs[0].read_text(encoding="utf-8"))["prov"],
        json.loads(pyogrio.read_info(outs[1])["layer_metadata"]["DESCRIPTION"]),
    ]
    assert accounts[0] == accounts[1] == accounts[2]
    drawing = ezdxf.readfile(outs[2])
    assert dict(drawing.header.custom_vars)["prov"] == "check, ROAD@v1, WELL@v1, ZONE@b, test 1"
