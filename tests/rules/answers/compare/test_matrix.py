"""Matrices: mistakes are named by key; the shipped ones fit the catalogue and the code tables."""

import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.errors import OneMapError
from onemap.rules.answers.compare.matrix import matrix_text, parse_matrix, read_matrix, shipped_matrices
from onemap.tests.rules.answers.compare.conftest import MATRIX


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(OneMapError) as caught:
        parse_matrix(text, "m.toml")
    assert all(problem.facts["file"] == "m.toml" for problem in caught.value.problems)
    return [(problem.code, problem.facts.get("key", "")) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('title = "test"', 'title = "test"\ntitel = 1', ("matrix.key", "titel")),
        ('title = "test"', "", ("matrix.key_missing", "title")),
        ('title = "test"', "title = 7", ("matrix.type", "title")),
        ('title = "test"', 'title = "test"\nexclusive = 1', ("matrix.type", "exclusive")),
        ('title = "test"', 'title = "test"\ndiffer_at = 0', ("matrix.type", "differ_at")),
        ('[a]\nfield = "USE"', "[a]", ("matrix.key_missing", "a.field")),
        ('[a]\nfield = "USE"', '[a]\nfields = "USE"\nfield = "USE"', ("matrix.key", "a.fields")),
        ('[a]\nfield = "USE"', "[a]\nfield = 7", ("matrix.type", "a.field")),
        ('["07", "1"]', '"07"', ("matrix.type", "a.construction")),
        ('["07", "1"]', "[7]", ("matrix.type", "a.construction")),
        ('["07", "1"]', '["07", ""]', ("matrix.type", "a.construction")),
        ('["07", "1"]', '["07", "01"]', ("matrix.clash", "a.other")),
        ('["R", "M"]', '["R", "Ｅ"]', ("matrix.clash", "b.other")),
        ('a = ["07"]\nb = ["M"]', 'a = ["07"]', ("matrix.key_missing", "unlike[1].b")),
        ('a = ["07"]\nb = ["M"]', 'a = ["07"]\nb = []', ("matrix.type", "unlike[1].b")),
        ('a = ["07"]\nb = ["M"]', 'a = ["07"]\nb = ["M"]\nc = []', ("matrix.key", "unlike[1].c")),
        ('[[unlike]]\na = ["07"]\nb = ["M"]', "", None),
    ],
)
def test_each_mistake_is_named_by_its_key(old, new, expected):
    assert old in MATRIX
    text = MATRIX.replace(old, new)
    if expected is None:
        assert parse_matrix(text, "m.toml").unlike == ()
    else:
        assert problems(text) == [expected]


def test_codes_may_be_silent_and_then_the_plan_does_not_speak_there():
    text = MATRIX.replace('other = ["E"]', 'other = ["E"]\nsilent = ["E9", "X"]')
    matrix = parse_matrix(text, "m.toml")
    assert [matrix.b.use_of(code) for code in ("E1", "E91", "X", "Y", None)] == [
        *("other", "silent", "silent", "unknown", "unknown"),
    ]
    assert problems(MATRIX.replace('other = ["E"]', 'other = ["E"]\nsilent = ["R"]')) == [("matrix.clash", "b.silent")]


@pytest.mark.parametrize(
    ("code", "use"),
    [
        ("R2/B1", "construction"),
        ("R2B1", "construction"),
        ("E2/0101", "other"),
        ("E2/R2", "unknown"),
        ("R2、E2", "unknown"),
        ("0701 0101", "unknown"),
        ("0701 0801", "construction"),
        ("R2/绿地", "unknown"),
        ("R2（二类居住用地）", "construction"),
        ("07 01", "construction"),
    ],
)
def test_a_code_of_several_uses_is_what_all_of_them_are(code, use):
    assert read_matrix("land-urban").b.use_of(code) == use


def test_all_mistakes_are_told_at_once():
    assert len(problems('[a]\nfield = 1\n[b]\nother = ["x"]\nfoo = 1')) == 5


def test_a_side_that_is_missing_and_a_text_that_is_no_toml_are_refused():
    assert ("matrix.key_missing", "b") in problems('title = "t"\n[a]\nfield = "X"\nother = ["1"]')
    assert problems("title = ")[0][0] == "matrix.syntax"


def test_a_file_that_is_not_there_is_refused_with_the_known_names(table):
    answer = table.run("compare", table.library, "A", "B", "--matrix", "nope.toml")
    assert answer.code == 3 and answer.codes == ["matrix.missing"]
    assert "land-urban" in answer.json["problems"][0]["mend"]


def test_a_layer_without_the_field_is_refused_with_the_fields_that_it_has(table):
    table.plan("A", [(box(0, 0, 10, 10), "07")], field="OTHER")
    table.plan("B", [(box(0, 0, 10, 10), "E")])
    answer = table.run("compare", table.library, "A", "B", "--matrix", table.matrix())
    assert answer.codes == ["matrix.field"]
    problem = answer.json["problems"][0]
    assert (problem["layer"], problem["field"]) == ("A", "USE") and "OTHER" in problem["message"]


@pytest.mark.parametrize("name", shipped_matrices())
def test_a_shipped_matrix_fits_the_catalogue(name):
    matrix, catalogue = read_matrix(name), shipped_catalogue()
    assert set(matrix.title) == {"zh", "en"} and matrix_text(name)[0].startswith("# ")
    for side, layers in ((matrix.a, matrix.for_a), (matrix.b, matrix.for_b)):
        assert layers
        for layer in layers:
            entry = catalogue[layer]
            assert entry.geometry == "polygon"
            if side.every is None:
                assert any(field.name in side.fields for field in entry.fields), (layer, side.fields)


SYSTEMS = {"GHDLDM": ("plan-classes",), "YDXZDM": ("urban-uses", "land-sea-uses"), "DLBM": ("survey-classes",)}
BUILT = {"built"}


@pytest.mark.parametrize("name", ["land-urban", "survey-land", "survey-urban"])
def test_the_matrices_call_construction_what_the_code_tables_call_built(name):
    matrix = read_matrix(name)
    for side in (matrix.a, matrix.b):
        for system in SYSTEMS[side.fields[0]]:
            for code, entry in code_table(system).classes.items():
                use = side.use_of(code)
                if code.startswith(("18", "19", "20", "21", "22", "24")) and system == "land-sea-uses":
                    assert use == "unknown", code  # uses of the sea
                elif code == "2260" and system == "plan-classes":
                    assert use == "other"  # reservoirs: built land in this system only
                else:
                    assert use == ("construction" if entry["group"] in BUILT else "other"), (system, code)


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("2110", "R2", "02"),
        ("2120", "M1", "05"),
        ("2130", "07", "05"),
        ("2130", "H5", "02"),
        ("2220", "S1", "02"),
        ("2220", "1202", "02"),
        ("2220", "1001", "05"),
        ("2310", "1401", "02"),
        ("1120", "100102", "04"),
        ("3200", "16", "04"),
        ("2260", "E12", "01"),
        ("2110", "1703", "03"),
        ("1110", "2001", "99"),
        ("2110", "B1/R2", "02"),
    ],
)
def test_pairs_of_the_default_matrix(a, b, kind):
    matrix = read_matrix("land-urban")
    assert matrix.type_of(matrix.a.use_of(a), matrix.b.use_of(b), a, b) == kind
