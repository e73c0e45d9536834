"""sheet: a page or two for each parcel, with what lies on it by hand; read back in every form."""

import io
import json
import zipfile

import pytest
from shapely import box


@pytest.fixture
def ask(desk):
    """A library with a survey, a plan that covers half, and a rule; asks for a sheet of two parcels."""
    desk.layer("ZONE", [box(0, 0, 50, 100)], {"N": ["x"]})
    survey = desk.write(
        "survey", [box(-500, -500, 500, 500)], {"BSM": ["1"], "DLBM": ["0101"], "QSXZ": ["30"]}, "EPSG:4547"
    )
    plan = desk.write(
        "plan", [box(0, 0, 100, 50)], {"BSM": ["1"], "GHFQDM": ["410"], "GHFQMC": ["城镇集中建设区"]}, "EPSG:4547"
    )
    ground = desk.write("ground", [box(-500, -500, 500, 500)], {"n": [1]}, "EPSG:4547")
    for code, file in (("DLTB", survey), ("CZKFBJ", plan)):
        answer = desk.run("add", desk.library, file, "--as", code, "--covers", ground)
        assert answer.code == 0, answer.json
    parcels = desk.parcels({"A": box(0, 0, 100, 100), "B": box(600, 0, 700, 100)})
    use = {"id": "use", "kind": "composition", "layer": "DLTB", "by": ["QSXZ", "DLBM"], "verdict": "notice"}
    pack = desk.pack({}, use, {"id": "gone", "layer": "STBHHX", "missing": "checklist"})

    def run(name, *more, lang="en"):
        target = desk.folder / name
        answer = desk.run("sheet", desk.library, parcels, target, "--pack", pack, *more, lang=lang)
        return answer, target

    return run


def test_the_facts_by_hand(ask):
    answer, target = ask("s.json")
    assert answer.code == 0, answer.json
    assert {key: answer.json[key] for key in ("parcels", "pages", "file")} == {
        "parcels": 2,
        "pages": 2,
        "file": str(target),
    }
    first, second = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    assert (first["parcel"], first["verdict"], first["area_m2"]) == ("A", "prohibited", 10_000.0)
    (today,) = first["today"]
    assert (today["class"], today["ownership"]) == ("0101", "Collective")
    assert today["hectares"] == pytest.approx(first["area_ellipsoidal_m2"] / 10_000, abs=1e-4)
    (plan,) = first["plans"]
    assert (plan["layer"], plan["share"]) == ("CZKFBJ", pytest.approx(0.5))
    hits = [row for row in first["findings"] if row["verdict"] == "prohibited"]
    assert [row["share"] for row in hits] == [pytest.approx(0.5)]
    assert (first["asked"], first["not_asked"]) == (2, [{"reason": "layer_missing", "rules": 1, "layers": ["STBHHX"]}])
    assert [point["point"] for point in first["points"]] == ["J1", "J2", "J3", "J4"]
    # Outside the coverage nothing is "nothing there".
    assert second["plans"] == [] and second["plans_silent"]["CZKFBJ"] == "outside_coverage"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_form_holds_both_parcels(ask, lang):
    answer, target = ask("s.pdf", lang=lang)
    assert answer.code == 0 and 2 <= answer.json["pages"] <= 4
    assert target.read_bytes().startswith(b"%PDF")
    answer, target = ask("s.html", lang=lang)
    text = target.read_text(encoding="utf-8")
    assert answer.json["pages"] == 2 and text.count("<svg") == 2 and ("用地查询表" in text) == (lang == "zh")
    assert "{" not in text.partition("<body>")[2].partition("<svg")[0]
    answer, target = ask("s.docx", lang=lang)
    word = zipfile.ZipFile(io.BytesIO(target.read_bytes()))
    assert "J4" in word.read("word/document.xml").decode() and sum("media/" in name for name in word.namelist()) == 2


def test_what_is_refused_leaves_no_file(ask):
    answer, target = ask("s.odt")
    assert (answer.code, answer.codes) == (3, ["statement.suffix"]) and not target.exists()
    assert ask("s.html")[0].code == 0
    answer, _ = ask("s.html")
    assert (answer.code, answer.codes) == (3, ["out.exists"])
    assert ask("s.html", "--overwrite")[0].code == 0
