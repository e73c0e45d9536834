"""Red-line coordinate TXT: parcels as their points enclose them, in the zone that header and eastings give."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import shapely

HEAD = """[属性描述]
格式版本号=1.01
坐标系={datum}
几度分带={width}
投影类型=高斯克吕格
计量单位={unit}
带号={zone}
精度=0.001
转换参数={shift}
[地块坐标]
"""
X, Y = 4_000_000, 500_000  # north, east: a TXT gives north first


@pytest.fixture
def txt(tmp_path):
    """A TXT of parcels: each a parcel line and runs (ring number, offsets (north, east) in metres)."""

    def write(
        *parcels: tuple[str, list[tuple[int, list[tuple[float, float]]]]],
        datum: str = "2000国家大地坐标系",
        width: str = "3",
        unit: str = "米",
        zone: str = "38",
        shift: str = "0,0,0,0,0,0,0",
        prefix: int = 38,
        encoding: str = "gb18030",
        name: str = "redline.txt",
        line: str = "J{n},{ring},{x},{y}",
    ) -> Path:
        lines = []
        for head, rings in parcels:
            lines.append(head)
            for ring, points in rings:
                for n, (north, east) in enumerate(points, start=1):
                    lines.append(line.format(n=n, ring=ring, x=X + north, y=Y + east + prefix * 1_000_000))
        text = HEAD.format(datum=datum, width=width, unit=unit, zone=zone, shift=shift) + "\n".join(lines)
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def square(north: float, east: float, side: float, closed: bool = True) -> list[tuple[float, float]]:
    ring = [(north, east), (north, east + side), (north + side, east + side), (north + side, east)]
    return [*ring, ring[0]] if closed else ring


HEAD_LINE = "5,1.0000,DK001,一号地块,面,J50G001001,工业用地,0601,@"


def add_and_read(shelf, path, **options):
    answer = shelf.add(path, **options).done()
    return answer, shelf.geometries()


@pytest.mark.parametrize("folder", ["redline_txt", "redline_txt/gbk_crlf_derived"])
def test_real_red_lines_have_the_exact_areas_in_both_encodings(onemap, tmp_path, shared_data, folder):
    # In the zone of the file itself nothing is transformed: the area is the exact shoelace of its points.
    with (shared_data / "redline_txt" / "truth_area.csv").open(encoding="utf-8") as file:
        truth = {row["file"]: row for row in csv.DictReader(file)}
    assert len(truth) == 9
    library = tmp_path / "zhaoqing.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4526").code == 0
    define = "name=红线,department=planning,library=project,kind=vector,geometry=polygon,key=DKBH"
    for number, (name, row) in enumerate(truth.items(), start=1):
        source = shared_data / folder / name
        layer = onemap("inspect", source).json["layers"][0]
        assert (layer["crs"]["code"], layer["crs"]["from"], layer["count"]) == ("EPSG:4526", "declared", 1)
        assert layer["encoding"] == ("gb18030" if "gbk" in folder else "utf-8")
        options = ["--as", "HX", "--define", define, "--covers", "extent", "--label", number]
        assert onemap("add", library, source, *options).json["problems"] == []
        shape = shapely.from_wkb(_blob(library, f"HX__{number}")[40:])
        assert shape.area == pytest.approx(float(row["area_m2_exact_rational_shoelace"]), abs=0.001)
        east, north = shape.exterior.coords[0] if shape.geom_type == "Polygon" else shape.geoms[0].exterior.coords[0]
        assert 38_000_000 < east < 39_000_000
        assert north < 10_000_000


def _blob(library, table):
    with closing(sqlite3.connect(library)) as connection:
        return connection.execute(f"SELECT geom FROM {table}").fetchone()[0]


def test_north_comes_first_and_the_prefix_goes(shelf, txt):
    # 38,500,000 in zone 38 is 500,000 in the library without prefix: a shift of whole millions, to the last bit.
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, [(1, square(0.123, 0.456, 100))])))
    assert shape.bounds == pytest.approx((500_000.456, 4_000_000.123, 500_100.456, 4_000_100.123), abs=1e-7)
    assert (shape.area, shelf.column("DKBH"), shelf.column("DLBM")) == (pytest.approx(10_000), ["DK001"], ["0601"])


@pytest.mark.parametrize("number", [1, 2])
def test_a_ring_inside_is_a_hole_whatever_its_number(shelf, txt, number):
    rings = [(1, square(0, 0, 100)), (number, square(40, 40, 20))]
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, rings)))
    assert shape.area == pytest.approx(10_000 - 400)


def test_an_island_in_a_hole_is_ground_again(shelf, txt):
    rings = [(1, square(0, 0, 100)), (2, square(20, 20, 60)), (3, square(40, 40, 20))]
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, rings)))
    assert shape.area == pytest.approx(10_000 - 3_600 + 400)


def test_rings_apart_are_parts_of_one_parcel(shelf, txt):
    rings = [(1, square(0, 0, 100)), (2, square(0, 200, 10))]
    answer, (shape,) = add_and_read(shelf, txt((HEAD_LINE, rings)))
    assert (answer.json["features"], len(shape.geoms), shape.area) == (1, 2, pytest.approx(10_100))


def test_an_open_ring_is_closed(shelf, txt):
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, [(1, square(0, 0, 100, closed=False))])))
    assert shape.area == pytest.approx(10_000)


def test_each_parcel_line_begins_a_feature_and_more_fields_are_kept(shelf, txt):
    longer = "5,0.0100,DK002,二号,面,J50G001001,公用,0809,新增,旱地,7等,@"
    path = txt((HEAD_LINE, [(1, square(0, 0, 100))]), (longer, [(1, square(0, 200, 10))]))
    answer, shapes = add_and_read(shelf, path, key="DKBH")
    assert answer.json["features"] == 2
    assert [shape.area for shape in shapes] == [pytest.approx(10_000), pytest.approx(100)]
    assert shelf.column("DKBH") == ["DK001", "DK002"]
    assert "新增,旱地,7等" in {value for row in shelf.rows('SELECT * FROM "T__1"') for value in row}


@pytest.mark.parametrize("line", ["J{n}，{ring}，{x}，{y}", "{n}, {ring}, {x} , {y}", "J{n},{ring},{x},{y},12.3"])
def test_point_lines_of_other_hands_read_alike(shelf, txt, line):
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, [(1, square(0, 0, 100))]), line=line))
    assert shape.area == pytest.approx(10_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_in_use_reads_alike(shelf, txt, encoding):
    _, (shape,) = add_and_read(shelf, txt((HEAD_LINE, [(1, square(0, 0, 100))]), encoding=encoding))
    assert (shape.area, shelf.column("DKMC")) == (pytest.approx(10_000), ["一号地块"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "EPSG:4526"),
        ({"prefix": 0}, "EPSG:4547"),
        ({"width": "6", "zone": "20", "prefix": 20}, "EPSG:4498"),
        ({"width": "6", "zone": "20", "prefix": 0}, "EPSG:4509"),
        ({"width": "", "zone": ""}, "EPSG:4526"),  # the eastings say it
        ({"datum": "1980西安坐标系"}, "EPSG:2362"),
        ({"datum": "1954年北京坐标系", "prefix": 0}, "EPSG:2435"),
        ({"datum": "CGCS2000"}, "EPSG:4526"),
    ],
)
def test_header_and_eastings_name_the_crs(onemap, txt, options, code):
    path = txt((HEAD_LINE, [(1, square(0, 0, 100))]), **options)
    crs = onemap("inspect", path).json["layers"][0]["crs"]
    assert (crs["code"], crs["from"]) == (code, "declared")


def test_without_datum_or_zone_nothing_is_guessed(shelf, txt):
    assert shelf.add(txt((HEAD_LINE, [(1, square(0, 0, 100))]), datum="")).codes == ["crs.missing"]
    answer = shelf.add(txt((HEAD_LINE, [(1, square(0, 0, 100))]), zone="", prefix=0))
    assert answer.codes == ["crs.missing"]
    assert "without zone prefix" in answer.json["problems"][0]["message"]


@pytest.mark.parametrize("datum", ["1980西安坐标系", "CGCS2000"])
def test_a_datum_that_is_said_without_a_zone_is_not_overridden_in_silence(shelf, txt, datum):
    answer = shelf.add(txt((HEAD_LINE, [(1, square(0, 0, 100))]), datum=datum, zone="", prefix=0), crs="EPSG:4547")
    messages = [problem["message"] for problem in answer.json["problems"] if problem["code"] == "crs.overridden"]
    assert [datum in message for message in messages] == [True] * (datum != "CGCS2000")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"zone": "39"}, "redline.zone"),
        ({"width": "6"}, "redline.zone_width"),
        ({"unit": "度"}, "redline.unit"),
    ],
)
def test_a_header_that_its_points_contradict_is_refused(shelf, txt, options, code):
    answer = shelf.add(txt((HEAD_LINE, [(1, square(0, 0, 100))]), **options))
    assert (answer.code, answer.codes) == (3, [code])


@pytest.mark.parametrize(
    ("other", "codes"), [({"zone": "39"}, ["crs.several"]), ({"datum": "1980西安坐标系"}, ["crs.several"]), ({}, [])]
)
def test_texts_of_different_systems_in_one_file_are_refused(shelf, txt, other, codes):
    """The second one's parcels would lie where the first one's header says."""
    texts = [
        txt((HEAD_LINE.replace("DK001", name), [(1, square(at, 0, 100))]), prefix=0, **wish).read_bytes()
        for name, at, wish in (("A", 0, {}), ("B", 500, other))
    ]
    (both := txt()).write_bytes(b"\n".join(texts))
    assert shelf.add(both).codes == codes


def test_swapped_columns_are_refused_and_never_turned(shelf, txt):
    path = txt((HEAD_LINE, [(1, square(0, 0, 100))]), line="J{n},{ring},{y},{x}")
    assert shelf.add(path).codes == ["redline.swapped"]


def test_a_prefix_on_some_points_only_is_refused(shelf, txt):
    ring = square(0, 0, 100)
    ring[1] = (ring[1][0], ring[1][1] - 38_000_000)
    assert shelf.add(txt((HEAD_LINE, [(1, ring)]))).codes == ["redline.mixed_prefix"]


@pytest.mark.parametrize(
    ("head", "ring", "code", "line"),
    [
        ("J9,1,x,y", square(0, 0, 9), "redline.no_parcel_line", "11"),
        (HEAD_LINE, [(0, 0), (0, 9)], "redline.ring", "11"),
        (HEAD_LINE, [*square(0, 0, 9), (50, 50)], "redline.ring", "11"),
        (HEAD_LINE, [(0, 0), (float("nan"), 9), (9, 9), (9, 0)], "redline.point", "13"),
    ],
)
def test_points_that_make_no_ring_are_refused_by_their_line(shelf, txt, head, ring, code, line):
    answer = shelf.add(txt((head, [(1, ring)])))
    assert answer.codes[0] == code
    assert answer.json["problems"][0]["feature"] == line


def test_every_line_that_is_no_point_is_named_in_one_refusal(shelf, txt):
    ring = [(0, 0), (0, 50), (0, 100), (50, 100), (100, 100), (100, 0), (0, 0)]
    path = txt((HEAD_LINE, [(1, ring)]))
    lines = path.read_bytes().decode("gb18030").splitlines()
    lines[12] = "J2,1,abc,38500000"
    lines[13] = "J3,1"
    path.write_text("\n".join(lines), encoding="gb18030")
    answer = shelf.add(path)
    assert answer.codes == ["redline.point", "redline.point"]
    assert [problem["feature"] for problem in answer.json["problems"]] == ["13", "14"]
    chinese = shelf.run("inspect", path, lang="zh").json["problems"][0]["message"]
    assert "第 13 行" in chinese


def test_a_line_or_a_point_is_no_parcel(shelf, txt):
    way = HEAD_LINE.replace("面", "线")
    answer = shelf.add(txt((way, [(1, [(0, 0), (0, 100)])])))
    assert answer.codes == ["geometry.type"]
    assert shelf.add(txt((way, [(1, [(0, 0), (0, 100)])])), code="L", geometry="line").code == 0


def test_what_the_sender_states_wrongly_is_remarked_and_the_points_count(shelf, txt):
    wrong = HEAD_LINE.replace("5,1.0000", "8,2.0000")
    answer, (shape,) = add_and_read(shelf, txt((wrong, [(1, square(0, 0, 100))]), shift="1,2,3,0,0,0,0"), key="DKBH")
    assert {p["code"] for p in answer.json["problems"]} == {"redline.count", "redline.area", "redline.parameters"}
    assert {p["feature"] for p in answer.json["problems"]} == {"DK001", None}
    assert shape.area == pytest.approx(10_000)


def test_a_text_without_coordinates_is_no_format(shelf, tmp_path):
    (tmp_path / "notes.txt").write_text("界址点坐标见附件", encoding="utf-8")
    assert shelf.add(tmp_path / "notes.txt").codes == ["format.unknown"]
    (tmp_path / "empty.txt").write_text("[属性描述]\n[地块坐标]\n", encoding="utf-8")
    assert shelf.add(tmp_path / "empty.txt").codes == ["redline.no_coordinates"]
