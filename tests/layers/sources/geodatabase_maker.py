"""Write a FileGDB with domains and a subtype; run by a Python with GDAL's own bindings, such as QGIS's.

GDAL writes domains but no subtypes: these are added to the definition of the table, as ArcGIS writes them.
"""

import sys

from osgeo import gdal, ogr, osr

CODES = {"0101": "水田", "0103": "旱地"}
ROWS = (
    ("0101", 3.0, 1, "A", "甲"),
    ("0103", 30.0, 2, "A", "乙"),
    ("9999", None, None, "A", "丙"),
    (None, 25.0, 3, "B", "丁"),
)
SUBTYPE = """<Subtype xsi:type="typens:Subtype"><SubtypeName>{name}</SubtypeName><SubtypeCode>{code}</SubtypeCode>
<FieldInfos xsi:type="typens:ArrayOfSubtypeFieldInfo">{fields}</FieldInfos></Subtype>"""
OWN = """<SubtypeFieldInfo xsi:type="typens:SubtypeFieldInfo"><FieldName>USE</FieldName>
<DomainName>{domain}</DomainName></SubtypeFieldInfo>"""


def make(path: str) -> None:
    gdal.UseExceptions()
    database = gdal.GetDriverByName("OpenFileGDB").Create(path, 0, 0, 0, gdal.GDT_Unknown)
    plane = osr.SpatialReference()
    plane.ImportFromEPSG(4547)
    text, real = ogr.OFTString, ogr.OFTReal
    database.AddFieldDomain(ogr.CreateCodedFieldDomain("地类", "", text, ogr.OFSTNone, CODES))
    database.AddFieldDomain(ogr.CreateCodedFieldDomain("用途一", "", text, ogr.OFSTNone, {"A": "种植", "B": "灌溉"}))
    database.AddFieldDomain(ogr.CreateCodedFieldDomain("用途二", "", text, ogr.OFSTNone, {"A": "居住", "B": "商业"}))
    database.AddFieldDomain(ogr.CreateRangeFieldDomain("坡度", "", real, ogr.OFSTNone, 0, True, 25, True))
    layer = database.CreateLayer("图斑", plane, ogr.wkbPolygon)
    fields = (
        ("DLBM", text, "地类"),
        ("PD", real, "坡度"),
        ("KIND", ogr.OFTInteger, None),
        ("USE", text, "用途一"),
        ("USE_name", text, None),
    )
    for name, kind, domain in fields:
        field = ogr.FieldDefn(name, kind)
        if domain:
            field.SetDomainName(domain)
        layer.CreateField(field)
    for row, values in enumerate(ROWS):
        feature = ogr.Feature(layer.GetLayerDefn())
        for (name, _, _), value in zip(fields, values, strict=True):
            feature[name] = value
        west = 500_000 + 100 * row
        ring = f"{west} 4000000,{west + 50} 4000000,{west + 50} 4000050,{west} 4000000"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        layer.CreateFeature(feature)
    del layer
    database.Close() if hasattr(database, "Close") else None
    del database
    put_subtypes(path)


def put_subtypes(path: str) -> None:
    database = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_UPDATE, open_options=["LIST_ALL_TABLES=YES"])
    items = database.GetLayerByName("GDB_Items")
    subtypes = SUBTYPE.format(name="耕地", code=1, fields="") + SUBTYPE.format(
        name="建设用地", code=2, fields=OWN.format(domain="用途二")
    )
    more = (
        "<SubtypeFieldName>KIND</SubtypeFieldName><DefaultSubtypeCode>1</DefaultSubtypeCode>"
        f'<Subtypes xsi:type="typens:ArrayOfSubtype">{subtypes}</Subtypes>'
    )
    end = "</typens:DEFeatureClassInfo>"
    for item in items:
        if item["Name"] == "图斑":
            assert end in item["Definition"]
            item["Definition"] = item["Definition"].replace(end, more + end)
            items.SetFeature(item)
    del items, database


make(sys.argv[1])
