"""A small delivery whose content is known, its template, and a way to write it with a fault."""

import shutil
from copy import deepcopy
from pathlib import Path

import docx
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.delivery.file_list import write_list
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.rules.answers.deliveries.delivery_proof import prove_delivery
from onemap.rules.answers.deliveries.delivery_template import delivery_template

CRS = "EPSG:4547"
EAST, NORTH, SIDE, CELLS = 500_000.0, 4_200_000.0, 100.0, 4
TEMPLATE_FILE = Path(__file__).with_name("small_delivery.toml")
TEMPLATE = delivery_template(TEMPLATE_FILE.read_text(encoding="utf-8"), TEMPLATE_FILE.name, shipped_catalogue())
HEAD = "130900示例市"
DATABASE = f"4矢量/{HEAD}数据.gpkg"
TABLE = f"3表格/{HEAD}表格.gpkg"
TEXT, PAPER = f"1文本/{HEAD}文本.docx", f"1文本/{HEAD}文本.pdf"
LIST = "清单.xlsx"
PDF = b"%PDF-1.7\n<< /Type /Font >>\n"


def jpeg(dots=300):
    size = dots.to_bytes(2, "big")
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\x01" + size + size + b"\0\0\xff\xd9"


def areas(shapes):
    return np.round(ellipsoidal_areas_m2(np.array(shapes, dtype=object), pyproj.CRS(CRS)), 2)


def cell(row, column):
    west, south = EAST + column * SIDE, NORTH + row * SIDE
    return shapely.box(west, south, west + SIDE, south + SIDE)


def county(column):
    return "130902" if column < CELLS / 2 else "130903"


def frame(prefix, places, **fields):
    shapes = [cell(*place) for place in places]
    columns = {"BSM": [f"{prefix}{at:02}" for at in range(len(places))]}
    columns |= {"XZQDM": [county(column) for _, column in places]}
    columns |= fields
    found = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)
    found["MJ"] = areas(shapes)
    return found


class SmallDelivery:
    """The parts of the delivery: layers by code, the table, files by path, and what the list leaves to chance."""

    faultless = b"", {}  # the database as it was written first, and its layers: only what changed is written again

    def __init__(self):
        every = [(row, column) for row in range(CELLS) for column in range(CELLS)]
        rows = [[(row, column) for column in range(CELLS)] for row in range(CELLS)]
        patches = frame("T", every, DLBM=["0101", "0301", "0701", "1101"] * CELLS, RQ=["20230615"] * 16)
        patches["KC"] = np.round(patches["MJ"] * 0.1, 2)
        patches["JMJ"] = np.round(patches["MJ"] - patches["KC"], 2)
        west = shapely.union_all([cell(row, column) for row, column in every if column < 2])
        east = shapely.union_all([cell(row, column) for row, column in every if column >= 2])
        self.layers = {
            "QX": gpd.GeoDataFrame({"XZQDM": ["130902", "130903"]}, geometry=[west, east], crs=CRS),
            "TB": patches,
            "GD": frame("G", rows[0]),
            "HX": frame("H", rows[3]),
            "KF": frame("K", rows[1]),
            "FQ": frame("F", rows[1]),
            "DL": gpd.GeoDataFrame(
                {"BSM": [f"D{at:02}" for at in range(4)]},
                geometry=[
                    shapely.LineString([(EAST + 10.137, NORTH + 10 + at * 100), (EAST + 390, NORTH + 10 + at * 100)])
                    for at in range(4)
                ],
                crs=CRS,
            ),
            "DD": gpd.GeoDataFrame(
                {"BSM": [f"P{at:02}" for at in range(4)]},
                geometry=[cell(1, at).centroid for at in range(4)],
                crs=CRS,
            ),
        }
        by_unit = self.layers["GD"].groupby("XZQDM")["MJ"].sum()
        self.table = pd.DataFrame(
            {
                "XZQDM": list(by_unit.index),
                "ZB": ["耕地"] * 2,
                "Z": [round(float(total) / 10_000, 4) for total in by_unit],
            }
        )
        self.stated = f"{self.layers['GD']['MJ'].sum() / 10_000:.4f}"
        self.words = "耕地保有量"
        self.files = {PAPER: PDF}
        self.files |= {f"2图件/{HEAD}{number:02}图{number}.jpg": jpeg() for number in range(1, 5)}
        self.absent = []  # layers that are not written
        self.after_list = []  # what is done to the folder once the list is written
        self.listed = True
        self.root = HEAD

    def copy(self):
        return deepcopy(self)

    def write(self, folder):
        """Write the delivery, and return its folder."""
        root = folder / self.root
        for path in (DATABASE, TABLE, TEXT, *self.files):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
        database, written = root / DATABASE, {}
        if [code for code in self.layers if code not in self.absent] == list(self.faultless[1]):
            content, written = self.faultless
            database.write_bytes(content)
        for code, table in self.layers.items():
            if code not in self.absent and not (code in written and table.equals(written[code])):
                table.to_file(database, layer=code, driver="GPKG", engine="pyogrio")
        if not self.faultless[1]:
            type(self).faultless = database.read_bytes(), deepcopy(self.layers)
        if "ZBB" not in self.absent:
            pyogrio.write_dataframe(self.table, root / TABLE, layer="ZBB", driver="GPKG")
        text = docx.Document()
        text.add_paragraph(f"到2035年，全市{self.words}为{self.stated}公顷。")
        text.save(str(root / TEXT))
        for path, content in self.files.items():
            (root / path).write_bytes(content)
        if self.listed:
            write_list(root / LIST, root, [path for path in sorted(root.rglob("*")) if path.is_file()])
        for change in self.after_list:
            change(root)
        return folder

    def prove(self, folder, template=TEMPLATE, granted=(), memory=None):
        """Write it into an empty folder and prove it."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self.write(folder)
        return prove_delivery(folder, template, granted, memory=memory)


def told_in_full(proof):
    """All that a proof tells, in both languages, with the ground of each finding to the last digit."""
    grounds = [None if one.ground is None else one.ground.wkb for one in proof.standing]
    return [proof.record(language) for language in ("en", "zh")], grounds, proof.plane.to_wkt()


def findings_told(proof):
    """The findings of a proof: code, layer and feature of each; the path if there is no layer."""
    return sorted((one.problem.code, one.layer or one.path, one.feature or one.field or "") for one in proof.standing)
