"""A large GeoJSON is scanned in pieces, with the findings and refusals of a scan in one piece."""

import json

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, wording
from onemap.layers.sources.gdal import json_stream, json_text

FEATURE = {
    "type": "Feature",
    "properties": {"名称": '国道\n"107"'},
    "geometry": {"type": "Point", "coordinates": [114.5, 36]},
}
WHOLE = json.dumps(
    {"type": "FeatureCollection", "crs": {"a": [1, 2]}, "features": [FEATURE] * 50, "n": 12}, ensure_ascii=False
)


@pytest.fixture(params=[1, 7, 64, 1 << 20])
def pieces(request, monkeypatch):
    """Read in pieces of this many bytes; all files count as large."""
    monkeypatch.setattr(json_stream, "_PIECE", request.param)
    monkeypatch.setattr(json_text, "_LARGE_BYTES", 0)


@pytest.mark.parametrize("indent", [None, 2])
def test_the_outermost_members_are_found_wherever_a_piece_ends(pieces, tmp_path, indent):
    path = tmp_path / "a.geojson"
    content = json.loads(WHOLE)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent), encoding="utf-8")
    del content["features"]
    assert json_stream.json_outline(path) == content
    found = json_text.json_text(path, None)
    assert (found.encoding, found.utf8, found.is_topology) == ("utf-8", None, False)
    assert found.named_crs is not None


@pytest.mark.parametrize(
    "text",
    [
        WHOLE[:-1],
        WHOLE[:700],
        WHOLE + "x",
        WHOLE.replace("114.5", "114.5.5", 1),
        WHOLE.replace("[", "[,", 1),
        "[1]",
        "{",
        "",
    ],
)
def test_what_is_no_json_is_refused(pieces, tmp_path, text):
    path = tmp_path / "a.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OneMapError) as refusal:
        json_text.json_text(path, None)
    assert refusal.value.code == "source.damaged"


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize(
    "other", ["null", '{"type": "feature"}', '{"geometry": null}', '{"type": "FeatureCollection"}']
)
def test_what_stands_among_the_features_and_is_none_is_refused_by_its_place(monkeypatch, tmp_path, other, is_large):
    """GDAL passes over it."""
    monkeypatch.setattr(json_text, "_LARGE_BYTES", 0 if is_large else 1 << 20)
    path = tmp_path / "a.geojson"
    features = '{"type": "FeatureCollection", "features": [{"type": "Feature"}, '
    path.write_text(f"{features}{other}]}}", encoding="utf-8")
    with pytest.raises(OneMapError) as refusal:
        json_text.json_text(path, None)
    assert [(one.code, one.facts["row"]) for one in refusal.value.problems] == [("source.no_feature", 2)]


@pytest.mark.parametrize("text", ['{"a": 1}', "[1]", "1", '{"type": null, "features": []}', '{"type": ["Feature"]}'])
def test_a_json_of_another_kind_is_told_as_such_in_either_language(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OneMapError) as refusal:
        json_text.json_text(path, None)
    (problem,) = refusal.value.problems
    assert ["GeoJSON" in wording(problem, language)[0] for language in LANGUAGES] == [True, True]


def test_the_line_of_a_break_is_told_and_depth_ends_it(pieces, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection",\n"features": [\n{"a": 1},\n{"a": 2},\n{"a" 3}]}', encoding="utf-8")
    with pytest.raises(OneMapError) as refusal:
        json_stream.json_outline(path)
    assert refusal.value.problems[0].facts["reason"].endswith("line 5")
    path.write_text('{"features": [' + "[" * 100_000 + "]" * 100_000 + "]}", encoding="utf-8")
    with pytest.raises(OneMapError):
        json_stream.json_outline(path)


def test_another_encoding_is_read_as_a_whole(pieces, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(WHOLE.encode("gb18030"))
    assert json_text.json_text(path, None).encoding == "gb18030"
