"""Two versions of a layer compared: every kind of change, by hand, and the ground of classes."""

import geopandas as gpd
import pytest
import shapely
from docx import Document


def box(x, y=0, width=100, height=100):
    return shapely.box(x, y, x + width, y + height)


@pytest.fixture
def two_years(desk):
    """Five features; then one gone, one new, one shifted by 10 m, one of another class, one only turned round."""
    squares = [box(0), box(200), box(400), box(600), box(800)]
    desk.layer("ZONE", squares, {"KEY": list("abcde"), "USE": ["farm", "farm", "town", "town", "wood"]}, label="1")
    turned = shapely.Polygon(list(squares[4].exterior.coords)[2:-1] + list(squares[4].exterior.coords)[:2])
    later = [box(0), box(210), box(400), box(1000), turned]
    desk.layer("ZONE", later, {"KEY": list("abcfe"), "USE": ["town", "farm", "town", "farm", "wood"]}, label="2")
    return desk


def test_each_kind_of_change_is_counted_once(two_years, onemap):
    answer = onemap("changes", two_years.library, "ZONE", "1", "2", "--by", "USE").done()
    counts = {name: answer.json[name] for name in ("added", "removed", "moved", "changed", "unchanged")}
    assert counts == {"added": 1, "removed": 1, "moved": 1, "changed": 1, "unchanged": 2}
    areas = {(row["from"], row["to"]): row["area_m2"] for row in answer.json["transitions"]}
    # a: farm to town; d (town) gone; f (farm) new; b moved by 10 m of 100 m.
    assert areas == {
        ("farm", "town"): pytest.approx(10_000),
        ("town", None): pytest.approx(10_000),
        (None, "farm"): pytest.approx(11_000),
        ("farm", None): pytest.approx(1_000),
    }


def test_the_tables_name_field_and_values_and_lie_where_the_feature_lies(two_years, onemap, tmp_path):
    out = tmp_path / "out.gpkg"
    assert onemap("changes", two_years.library, "ZONE", "1", "2", "--by", "USE", "--out", out).code == 0
    rows = gpd.read_file(out, layer="changes").set_index("feature")
    assert rows["change"].to_dict() == {"a": "changed", "b": "moved", "f": "added", "d": "removed"}
    assert rows.loc["a", "fields"] == "USE"
    assert '"USE": "farm"' in rows.loc["a", "before"] and '"USE": "town"' in rows.loc["a", "after"]
    assert rows.loc["b", "geometry"].bounds == (210, 0, 310, 100)
    assert rows.loc["d", "geometry"].bounds == (600, 0, 700, 100)
    assert len(gpd.read_file(out, layer="transitions")) == 4


def test_what_is_said_names_the_classes_and_ground_without_a_feature(two_years, terminal):
    output = terminal("changes", two_years.library, "ZONE", "1", "2", "--by", "USE", "--lang", "en").stdout.decode()
    assert "1 added, 1 removed, 1 moved, 1 changed, 2 unchanged" in output
    assert "farm → town: 1.0000 ha" in output and "no feature → farm: 1.1000 ha" in output


def test_features_of_new_names_are_known_by_their_ground(desk, onemap):
    desk.layer("ZONE", [box(0), box(200)], {"KEY": ["a", "b"]}, label="1")
    desk.layer("ZONE", [box(200), box(0)], {"KEY": ["x", "a"]}, label="2")
    answer = onemap("changes", desk.library, "ZONE", "1", "2")
    assert (answer.json["unchanged"], answer.json["changed"], answer.json["added"]) == (1, 1, 0)
    assert answer.json["transitions"] == []


def test_a_few_features_stand_below_the_counts_and_not_on_a_page_of_their_own(desk, onemap, tmp_path):
    for label, key in (("1", "a"), ("2", "b")):
        desk.layer("LINE", [shapely.box(0, 0, 9, 9 if key == "a" else 7)], {"KEY": [key]}, label=label)
    page = tmp_path / "few.html"
    assert onemap("changes", desk.library, "LINE", "1", "2", "--page", page).code == 0
    (section,) = page.read_text(encoding="utf-8").split("<section>")[1:]
    assert "Features that differ" in section and ">a<" in section and ">b<" in section


def test_a_version_that_is_not_there_is_refused(two_years, onemap):
    answer = onemap("changes", two_years.library, "ZONE", "1", "9")
    assert (answer.code, answer.json["problems"][0]["field"]) == (3, "NEW")
    assert onemap("changes", two_years.library, "NONE", "1", "2").codes == ["layer.unknown"]


def page_texts(path):
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
def test_the_page_says_how_many_of_each_and_the_hectares(two_years, onemap, tmp_path, form):
    page = tmp_path / f"page.{form}"
    answer = onemap("changes", two_years.library, "ZONE", "1", "2", "--by", "USE", "--page", page)
    assert (answer.code, answer.json["page"]) == (0, str(page))
    if form == "pdf":
        assert page.read_bytes().startswith(b"%PDF")
        return
    text = page_texts(page)
    parts = (
        "Changes of ZONE from 1 to 2",
        "unchanged, to the last digit",
        "farm",
        "town",
        *(f"{row['area_ellipsoidal_m2'] / 10_000:,.4f}" for row in answer.json["transitions"]),  # one figure everywhere
    )
    assert all(part in text for part in parts)
    # What would turn was not asked, so nothing is said of it; the same page is refused without --overwrite.
    assert "verdict" not in text.lower()
    again = onemap("changes", two_years.library, "ZONE", "1", "2", "--page", page)
    assert (again.code, again.codes) == (3, ["out.exists"])
    pages = [tmp_path / f"other.{one}" for one in ("html", "docx")]
    asked = [text for one in pages for text in ("--page", one)]
    answer = onemap("changes", two_years.library, "ZONE", "1", "2", "--by", "USE", *asked)
    assert answer.json["page"] == list(map(str, pages))
    assert all("unchanged, to the last digit" in page_texts(one) for one in pages)
    asked += ["--page", pages[0], "--overwrite"]
    assert onemap("changes", two_years.library, "ZONE", "1", "2", *asked).codes == ["out.twice"]


def test_the_page_sums_up_before_it_lists_and_names_fields_by_their_titles(desk, onemap, tmp_path):
    # 80 patches of which the year of the data alone is another; of one the class is too.
    squares = [box(200 * number) for number in range(80)]
    keys = [f"{number:03}" for number in range(80)]
    for label, year, last in (("1", "2020", "0103"), ("2", "2023", "0701")):
        values = {"BSM": keys, "DLBM": ["0103"] * 79 + [last], "SJNF": [year] * 80}
        file = desk.write(f"survey{label}", squares, values, "EPSG:4547")
        assert desk.run("add", desk.library, file, "--as", "DLTB", "--label", label, "--covers", "features").code == 0
    page = tmp_path / "page.html"
    assert onemap("changes", desk.library, "DLTB", "1", "2", "--page", page).code == 0
    first, *_, last = page.read_text(encoding="utf-8").split("<section>")[1:]
    assert "Year of the data" in first and ">79<" in first and "SJNF" not in first + last
    assert ">079<" in last and last.index(">079<") < last.index(">000<")
    assert last.count("<tr>") == 1 + 48
    assert "and 32 more rows" in last and "--" not in last  # a reader of paper has no command line


def test_lines_points_and_tables_are_compared_too(desk, onemap, tmp_path):
    road = shapely.LineString([(0, 0), (100, 0)])
    for label, lines in (("1", [road, shapely.LineString([(0, 9), (9, 9)])]), ("2", [road])):
        desk.layer("ROAD", lines, {"KEY": ["a", "b"][: len(lines)]}, label=label, geometry="line")
    answer = onemap("changes", desk.library, "ROAD", "1", "2", "--out", tmp_path / "out.gpkg")
    assert (answer.json["removed"], answer.json["unchanged"], answer.json["transitions"]) == (1, 1, [])
    assert gpd.read_file(tmp_path / "out.gpkg", layer="changes")["feature"].tolist() == ["b"]
    define = "name=台账,department=land,library=base,kind=vector,geometry=table,key=KEY"
    for label, rows in (("1", "KEY,N\na,1\nb,2\nc,3\n"), ("2", "KEY,N\na,1\nb,5\nd,3\n")):
        (tmp_path / f"{label}.csv").write_text(rows, encoding="utf-8")
        wishes = ("--as", "LIST", "--define", define, "--label", label)
        onemap("add", desk.library, tmp_path / f"{label}.csv", *wishes).done()
    answer = onemap("changes", desk.library, "LIST", "1", "2", "--out", tmp_path / "rows.gpkg").done()
    counts = {name: answer.json[name] for name in ("added", "removed", "moved", "changed", "unchanged")}
    assert counts == {"added": 1, "removed": 1, "moved": 0, "changed": 1, "unchanged": 1}
