"""Packages between libraries arrive identical to the last byte, or not at all."""

import hashlib
import json
import zipfile
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.ingest.quality_report import ground_remarks
from onemap.layers.library.library import open_library
from onemap.layers.library.versions import read_version, versions
from onemap.rules.display.rows.answer_rows import view_text
from onemap.rules.verbs.commands.delivery_text import receive_view
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done

DEFINE = "name=试点,department=environment,library=base,kind=vector,geometry=polygon,key=BSM"


def square(x, y, size=100.0):
    return shapely.box(500_000 + x, 4_200_000 + y, 500_000 + x + size, 4_200_000 + y + size)


def rows_of(location):
    """Every version of a library with all its rows, as they are stored."""
    with open_library(str(location)) as library:
        found = {}
        for version in versions(library):
            stored = read_version(library, version, None)
            wkb = shapely.to_wkb(stored.geometries).tolist()
            found[version.code, version.label] = (version.hash, wkb, stored.attributes.to_dict("list"))
        return found


def log_of(location):
    with open_library(str(location)) as library:
        return list(library.connection.execute("SELECT action, subject FROM onemap_audit ORDER BY number"))


def add_squares(folder, library, code, label, squares, covers=None, **columns):
    """Add squares by key as a version of a layer, from a file in a folder; returns the answer."""
    path = folder / f"{library.stem}-{code}-{label}.gpkg"
    fields = {"BSM": list(squares), "数": [ord(key[0]) for key in squares], **columns}
    source = write_layer(path, list(squares.values()), fields)
    given = ("--covers", covers or "extent", "--define", DEFINE, "--label", label)
    return done("add", library, source, "--as", code, *given)


@pytest.fixture
def add(tmp_path):
    return partial(add_squares, tmp_path)


def made_sender(folder):
    add, path = partial(add_squares, folder), folder / "sender.gpkg"
    done("new", path, "--crs", "EPSG:4547", "--name", "县")
    add(path, "T", "2024", {"a": square(0, 0), "b": square(200, 0), "c": square(400, 0), "d": square(600, 0)})
    add(path, "T", "2025", {"d": square(600, 0), "a": square(0, 0), "b": square(200, 0, 90), "e": square(800, 0)})
    add(path, "U", "2025", {"u1": square(0, 0, 250), "u2": square(250, 0, 700)}, 值=[0.1 + 0.2, None])


@pytest.fixture
def sender(tmp_path, copied):
    copied(made_sender, tmp_path)
    return tmp_path / "sender.gpkg"


@pytest.fixture
def receiver(tmp_path, onemap):
    path = tmp_path / "receiver.gpkg"
    assert onemap("new", path, "--crs", "EPSG:4547", "--name", "省").code == 0
    return path


@pytest.fixture
def package(sender, tmp_path, onemap):
    path = tmp_path / "p.zip"
    answer = onemap("deliver", sender, path, "--layers", "T,U", "--to", "省厅", "--secrecy", "内部").done()
    assert [(row["code"], row["version"], row["features"]) for row in answer.json["layers"]] == [
        ("T", "2025", 4),
        ("U", "2025", 2),
    ]
    assert answer.json["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    return path


def test_what_comes_in_is_what_left_and_the_receipt_closes_the_ledger(sender, receiver, package, onemap):
    answer = onemap("receive", receiver, package)
    assert (answer.code, [row["code"] for row in answer.json["added"]]) == (0, ["T", "U"])
    sent, come = rows_of(sender), rows_of(receiver)
    assert come == {name: rows for name, rows in sent.items() if name[1] == "2025"}
    assert onemap("verify", receiver).json["ok"]
    taken = onemap("receive", sender, answer.json["receipt"])
    assert (taken.code, taken.json["received"]["receiver"]["name"]) == (0, "省")
    assert [row[0] for row in log_of(sender)][-2:] == ["deliver", "receipt"]
    assert log_of(receiver)[-1] == ("receive", answer.json["package"])
    assert onemap("verify", sender).json["ok"]
    again = onemap("receive", receiver, package)
    assert (again.code, again.json["added"]) == (0, [])
    assert [(row["status"], row["retired"]) for row in again.json["plan"]] == [("held", None)] * 2
    assert onemap("retire", receiver, "T", "2025", "--reason", "wrong file").code == 0
    again = onemap("receive", receiver, package).json  # what was retired does not come back by it, and that is said
    assert [row["retired"] and row["retired"]["reason"] for row in again["plan"]] == ["wrong file", None]
    text = view_text(receive_view(again, "en"), "en")
    moment = again["plan"][0]["retired"]["at"]
    assert "T 2025: already in this library, but" in text and f" {moment[:10]} {moment[11:16]} UTC (" in text


@pytest.mark.slow
def test_a_package_goes_to_a_server_and_on_to_a_file_unchanged(sender, package, postgis, onemap, tmp_path):
    url = f"{postgis.database().url}&schema=province"
    assert onemap("new", url, "--crs", "EPSG:4547").code == 0
    assert onemap("receive", url, package).code == 0
    onward, last = tmp_path / "onward.zip", tmp_path / "last.gpkg"
    assert onemap("deliver", url, onward, "--layers", "T,U").code == 0
    assert onemap("new", last, "--crs", "EPSG:4547").code == 0
    assert onemap("receive", last, onward).code == 0
    assert rows_of(last) == {name: rows for name, rows in rows_of(sender).items() if name[1] == "2025"}


def test_a_geodatabase_goes_along_with_the_same_features(sender, receiver, onemap, tmp_path):
    path = tmp_path / "with-gdb.zip"
    assert onemap("deliver", sender, path, "--layers", "T,U", "--gdb").code == 0
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "out")
    (geodatabase,) = (tmp_path / "out").rglob("features.gdb")
    assert sorted(pyogrio.list_layers(geodatabase)[:, 0]) == ["T", "U"]
    rows = gpd.read_file(geodatabase, layer="U").set_index("BSM")
    sent = rows_of(sender)["U", "2025"]
    assert dict(rows["值"]) == pytest.approx({"u1": 0.1 + 0.2, "u2": float("nan")}, nan_ok=True)
    there = dict(zip(sent[2]["BSM"], shapely.from_wkb(sent[1]), strict=True))
    for key, shape in there.items():
        assert shapely.equals_exact(rows.geometry[key], shape, 1e-4, normalize=True)
    assert (
        onemap("receive", receiver, path).code == 0 and rows_of(receiver)["T", "2025"] == rows_of(sender)["T", "2025"]
    )


def test_a_bag_can_be_proved_by_any_tool(package):
    with zipfile.ZipFile(package) as archive:
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            lines = archive.read(f"p/{name}").decode().splitlines()
            assert lines
            for line in lines:
                expected, member = line.split("  ")
                assert hashlib.sha256(archive.read(f"p/{member}")).hexdigest() == expected
        assert archive.read("p/bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
        data = [item for item in archive.infolist() if item.filename.startswith("p/data/")]
        oxum = f"Payload-Oxum: {sum(item.file_size for item in data)}.{len(data)}"
        assert oxum in archive.read("p/bag-info.txt").decode()


def test_the_metadata_say_where_what_and_of_what_it_was_made(package):
    """By ISO 19115-1, which is GB/T 19710.1-2023; names, places and their order are those of ISO 19115-3."""
    with zipfile.ZipFile(package) as archive:
        record = ElementTree.fromstring(archive.read("p/data/metadata/T.xml"))
        catalogue = json.loads(archive.read("p/data/metadata/catalogue.jsonld"))
    iso = "http://standards.iso.org/iso/19115/-3"
    spaces = {name: f"{iso}/{name}/1.0" for name in ("gco", "gex", "lan", "mcc", "mco", "mrd", "mri", "mrs")}
    spaces |= {name: f"{iso}/{name}/2.0" for name in ("cit", "mdb", "mrc", "mrl")}

    def text(path):
        (found,) = record.findall(path, spaces)
        return found.text

    def names(path):
        return [child.tag.rpartition("}")[2] for child in record.find(path, spaces)]

    assert record.tag == f"{{{spaces['mdb']}}}MD_Metadata"
    assert names(".") == [
        *("metadataIdentifier", "defaultLocale", "metadataScope", "contact", "dateInfo", "metadataStandard"),
        *("referenceSystemInfo", "identificationInfo", "contentInfo", "distributionInfo", "resourceLineage"),
    ]
    assert names(".//mri:MD_DataIdentification") == [
        *("citation", "abstract", "pointOfContact", "topicCategory", "extent", "resourceConstraints", "defaultLocale"),
    ]
    assert names(".//gex:EX_GeographicBoundingBox") == [
        *("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude"),
    ]
    plain = "gco:CharacterString"
    assert "GB/T 19710.1-2023" in text(f"mdb:metadataStandard/cit:CI_Citation/cit:title/{plain}")
    system = "mdb:referenceSystemInfo/mrs:MD_ReferenceSystem/mrs:referenceSystemIdentifier/mcc:MD_Identifier"
    assert (text(f"{system}/mcc:codeSpace/{plain}"), text(f"{system}/mcc:code/{plain}")) == ("EPSG", "4547")
    party = "mdb:contact/cit:CI_Responsibility/cit:party/cit:CI_Organisation/cit:name"
    assert text(f"{party}/{plain}") == "县"
    secrecy = "mri:resourceConstraints/mco:MD_SecurityConstraints"
    data = "mdb:identificationInfo/mri:MD_DataIdentification"
    assert text(f"{data}/{secrecy}/mco:userNote/{plain}") == "内部"
    assert text(f"{data}/{secrecy}/mco:classification/mco:MD_ClassificationCode") == "restricted"
    assert text(f"{data}/mri:topicCategory/mri:MD_TopicCategoryCode") == "environment"
    assert "SHA-256" in text(f"mdb:resourceLineage/mrl:LI_Lineage/mrl:statement/{plain}")
    dated = f"{data}/mri:citation/cit:CI_Citation/cit:date/cit:CI_Date"
    (made,) = [one["dct:issued"] for one in catalogue["dcat:dataset"] if one["dct:identifier"].endswith("-T")]
    assert text(f"{dated}/cit:date/gco:DateTime") == made  # a day of it would be that of Greenwich
    box = record.find(".//gex:EX_GeographicBoundingBox", spaces)
    bounds = {item.tag.rpartition("}")[2]: float(item.find("gco:Decimal", spaces).text) for item in box}
    # 500 km east on CM 114, so the first corner lies on the meridian; latitude from a degree's length there (111 km).
    assert bounds["westBoundLongitude"] == pytest.approx(114.0, abs=1e-6)
    assert bounds["southBoundLatitude"] == pytest.approx(37.93, abs=0.01)
    assert bounds["northBoundLatitude"] - bounds["southBoundLatitude"] == pytest.approx(100 / 110_990, rel=1e-2)
    assert [item["dct:title"][0]["@value"] for item in catalogue["dcat:dataset"]] == ["试点", "试点"]


def test_a_change_is_applied_on_its_base_and_gives_the_same_bytes(sender, receiver, add, onemap, tmp_path):
    path = tmp_path / "change.zip"
    answer = onemap("deliver", sender, path, "--layers", "T", "--since", "2024")
    # b shrank, e is new, c is gone; a and d only changed their places.
    assert answer.json["kind"] == "change"
    row = answer.json["layers"][0]
    assert (row["added"], row["changed"], row["removed"]) == (1, 1, 1)
    with zipfile.ZipFile(path) as archive:
        changes = json.loads(archive.read("change/onemap.json"))["layers"][0]["changes"]
    assert changes["rows"] == [["base", 4, 1], ["base", 1, 1], ["package", 1, 2]]
    refused = onemap("receive", receiver, path)
    assert (refused.code, refused.codes) == (3, ["package.base_differs"])
    add(receiver, "T", "2024", {"a": square(0, 0), "b": square(200, 0), "c": square(400, 0), "d": square(600, 0)})
    assert onemap("receive", receiver, path).code == 0
    assert rows_of(receiver)["T", "2025"] == rows_of(sender)["T", "2025"]
    assert onemap("verify", receiver).json["ok"]


def test_a_change_that_only_takes_away_comes_in_down_to_a_layer_without_features(
    sender, receiver, add, onemap, tmp_path
):
    none = write_layer(tmp_path / "none.gpkg", [square(0, 0)], {"BSM": ["a"], "数": [1]})
    gpd.read_file(none).iloc[:0].to_file(none)
    ground = write_layer(tmp_path / "ground.gpkg", [square(0, 0, 900)])
    done("deliver", sender, tmp_path / "p.zip", "--layers", "T")
    done("receive", receiver, tmp_path / "p.zip")
    for since, label in (("2025", "2026"), ("2026", "2027")):
        if label == "2026":
            add(sender, "T", label, {"e": square(800, 0)})
        else:
            done("add", sender, none, "--as", "T", "--covers", ground, "--label", label, "--accept", "empty")
        path = tmp_path / f"{label}.zip"
        (row,) = done("deliver", sender, path, "--layers", "T", "--since", since).json["layers"]
        assert (row["added"], row["changed"], row["version"]) == (0, 0, label)
        done("receive", receiver, path)
        assert rows_of(receiver)["T", label] == rows_of(sender)["T", label]
    assert len(rows_of(receiver)["T", "2027"][1]) == 0
    assert onemap("verify", receiver).json["ok"]


@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4548"])
def test_what_was_remarked_on_ground_that_a_version_lacks_goes_along(sender, onemap, tmp_path, crs):
    source = write_layer(tmp_path / "bad.gpkg", [square(0, 0, 250), None], {"BSM": ["u1", "u2"]})
    done("add", sender, source, "--as", "U", "--covers", "extent", "--label", "2026", "--keep-bad", "--sure")
    package, other = tmp_path / "p.zip", tmp_path / "other.gpkg"
    done("deliver", sender, package, "--layers", "T,U")
    done("new", other, "--crs", crs)
    done("receive", other, package)
    remarks = []
    for location in (sender, other):
        with open_library(str(location)) as library:
            remarks.append(ground_remarks(library, {version.table for version in versions(library)}))
    (lost, unplaced), came = remarks  # of T the square c, of U a feature without a position
    assert [one.words for one in came] == [f"The sender's library remarked: {one.words}" for one in (lost, unplaced)]
    assert shapely.area(came[0].ground) == pytest.approx(100**2, rel=1e-2) and came[1].ground is None
    assert onemap("verify", other).json["ok"]


def test_a_layer_called_coverage_leaves_and_comes_in(sender, receiver, add, tmp_path):
    add(sender, "COVERAGE", "2025", {"a": square(0, 0)})
    done("deliver", sender, tmp_path / "p.zip", "--layers", "COVERAGE,T")
    done("receive", receiver, tmp_path / "p.zip")
    assert rows_of(receiver)["COVERAGE", "2025"] == rows_of(sender)["COVERAGE", "2025"]


def test_a_coverage_that_nobody_stated_stays_assumed(sender, receiver, add, tmp_path):
    add(sender, "S", "2025", {"a": square(0, 0)}, covers=write_layer(tmp_path / "s.gpkg", [square(0, 0, 500)], {}))
    done("deliver", sender, tmp_path / "p.zip", "--layers", "S,T")
    done("receive", receiver, tmp_path / "p.zip")
    with open_library(str(receiver)) as library:
        assert {version.code: version.coverage_kind for version in versions(library)} == {"S": "file", "T": "extent"}


def test_only_the_features_of_one_unit_leave_whole_and_speak_for_its_ground(sender, receiver, onemap, tmp_path):
    path = tmp_path / "unit.zip"
    assert onemap("deliver", sender, path, "--layers", "T", "--unit", "U=u1").code == 0
    assert onemap("receive", receiver, path).code == 0
    _, _, columns = rows_of(receiver)["T", "2025"]
    assert columns["BSM"] == ["a", "b"]  # b reaches beyond the unit's eastern border at 250 m, and stays whole
    with open_library(str(receiver)) as library:
        area = library.connection.execute("SELECT coverage_m2 FROM onemap_versions").fetchone()[0]
    assert area == pytest.approx(250 * 100)  # of the extent 900 m by 100 m what lies in the unit


def test_a_library_in_another_plane_receives_every_row_transformed(sender, package, add, onemap, tmp_path):
    other = tmp_path / "other.gpkg"
    assert onemap("new", other, "--crs", "EPSG:4548").code == 0
    assert onemap("receive", other, package).code == 0
    hash_, _, columns = rows_of(other)["T", "2025"]
    assert hash_ != rows_of(sender)["T", "2025"][0]
    assert columns == rows_of(sender)["T", "2025"][2]
    change = tmp_path / "change.zip"
    add(sender, "T", "2026", {"a": square(0, 0), "f": square(900, 0)})
    assert onemap("deliver", sender, change, "--layers", "T", "--since", "2025").code == 0
    assert "package.crs" in onemap("receive", other, change).codes


def test_in_another_plane_the_same_package_is_known_again_by_the_ledger(sender, package, add, onemap, tmp_path):
    other = tmp_path / "other.gpkg"
    assert onemap("new", other, "--crs", "EPSG:4548").code == 0
    first = onemap("receive", other, package).json
    assert first["received_before"] is None
    once = json.loads(Path(first["receipt"]).read_text(encoding="utf-8"))
    before, log = rows_of(other), log_of(other)
    again = onemap("receive", other, package)
    assert (again.code, again.json["added"]) == (0, []) and again.json["received_before"]["at"]
    assert [row["status"] for row in again.json["plan"]] == ["held", "held"]
    assert (rows_of(other), log_of(other)) == (before, log), "nothing is written twice"
    receipts = [once, json.loads(Path(again.json["receipt"]).read_text(encoding="utf-8"))]
    assert {name: receipts[1][name] for name in ("received_at", "received_by")} == {
        name: once[name] for name in ("received_at", "received_by")
    }, "the package was taken in once"
    assert receipts[0]["layers"] == receipts[1]["layers"] == first["added"], "the receipt still says what is there"
    # A later package brings what changed, and beside it what is here already.
    add(sender, "T", "2026", {"a": square(5, 5)})
    later = tmp_path / "later.zip"
    assert onemap("deliver", sender, later, "--layers", "T,U").code == 0
    answer = onemap("receive", other, later).done().json
    assert [(row["code"], row["version"], row["status"]) for row in answer["plan"]] == [
        ("T", "2026", "new"),
        ("U", "2025", "held"),
    ]
    assert [row["code"] for row in answer["added"]] == ["T"] and len(rows_of(other)) == 3
    # Another package with a version of the same label is another version, as before.
    twin = tmp_path / "twin.gpkg"
    assert onemap("new", twin, "--crs", "EPSG:4547").code == 0
    add(twin, "T", "2025", {"z": square(0, 0)})
    foreign = tmp_path / "foreign.zip"
    assert onemap("deliver", twin, foreign, "--layers", "T").code == 0
    assert "package.label" in onemap("receive", other, foreign).codes


def edited_package(package, target, name, change):
    """The package with one member changed; None takes it away."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == name:
                content = change(content)
            if content is not None:
                new.writestr(item.filename, content)
    return target


def flip(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("p/data/features.gpkg", flip, "package.changed"),
        ("p/data/features.gpkg", lambda _: None, "package.incomplete"),
        ("p/onemap.json", lambda text: text.replace(b"2025", b"2026"), "package.changed"),
        ("p/manifest-sha256.txt", lambda text: text + b"0\n", "package.changed"),
        ("p/tagmanifest-sha256.txt", lambda _: None, "package.incomplete"),
        ("p/bagit.txt", lambda _: None, "package.no_bag"),
    ],
)
def test_a_package_that_was_changed_on_the_way_is_refused_and_leaves_nothing(
    package, receiver, onemap, tmp_path, name, change, code
):
    wrong = edited_package(package, tmp_path / "wrong.zip", name, change)
    before = log_of(receiver)
    answer = onemap("receive", receiver, wrong)
    assert (answer.code, answer.codes) == (3, [code])
    assert (rows_of(receiver), log_of(receiver)) == ({}, before)
    assert not (tmp_path / "wrong.zip.receipt.json").exists()


def test_a_package_cut_short_or_with_a_file_too_many_is_refused(package, receiver, onemap, tmp_path):
    short = tmp_path / "short.zip"
    short.write_bytes(package.read_bytes()[: package.stat().st_size // 2])
    assert onemap("receive", receiver, short).codes == ["package.no_zip"]
    more = tmp_path / "more.zip"
    more.write_bytes(package.read_bytes())
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("p/data/more.txt", "x")
    assert onemap("receive", receiver, more).codes == ["package.foreign_file"]
    assert rows_of(receiver) == {}


def test_whoever_changes_the_rows_and_their_hashes_too_is_found_out_by_the_version(package, receiver, onemap, tmp_path):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "open")
    folder = tmp_path / "open" / "p"
    record = json.loads((folder / "onemap.json").read_text(encoding="utf-8"))
    record["layers"][0]["hash"] = "0" * 64
    (folder / "onemap.json").write_text(json.dumps(record), encoding="utf-8")
    for manifest in ("tagmanifest-sha256.txt",):
        names = [line.split("  ")[1] for line in (folder / manifest).read_text().splitlines()]
        lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (folder / manifest).write_text("".join(lines))
    wrong = tmp_path / "wrong.zip"
    with zipfile.ZipFile(wrong, "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
    answer = onemap("receive", receiver, wrong)
    assert (answer.code, answer.codes) == (3, ["package.differs"])
    assert rows_of(receiver) == {}


def test_what_a_package_brings_is_held_against_the_last_version(sender, receiver, package, add, onemap):
    """Also where it comes under the layer's own code; an undated version that is not in force says so."""
    many = {f"k{number}": square(10 * number, 0, 9) for number in range(110)}
    add(receiver, "T", "2023", many)
    refused = onemap("receive", receiver, package)
    assert (refused.code, refused.codes) == (3, ["layer.doubtful"])
    assert "it has 4 features, and version 2023 has 110" in refused.json["problems"][0]["message"]
    assert list(rows_of(receiver)) == [("T", "2023")]
    dated = ("--covers", "extent", "--label", "2022", "--valid-from", "2022-01-01")
    source = receiver.with_name("receiver-T-2023.gpkg")
    assert onemap("add", receiver, source, "--as", "T", *dated).code == 0
    taken = onemap("receive", receiver, package, "--sure")
    assert (taken.code, [row["code"] for row in taken.json["added"]]) == (0, ["T", "U"])
    assert taken.json["not_in_force"] == [{"code": "T", "version": "2025", "valid_from": None, "goes_before": "2022"}]
    details = [row["detail"] for row in onemap("history", receiver, "T").json["rows"] if row["action"] == "add"]
    assert details[-1]["sure"] == ["count"]


def test_whoever_is_sure_takes_in_a_package_that_lies_elsewhere_than_its_last_version(receiver, add, onemap, tmp_path):
    """A package has no other way to be accepted in spite of a shift, and its sender may have accepted it."""
    places = np.random.default_rng(4).uniform(0, 3000, (30, 2))
    add(receiver, "T", "2023", {f"k{row}": square(*place, 20 + row) for row, place in enumerate(places)})
    sender, package = tmp_path / "shifted.gpkg", tmp_path / "shifted.zip"
    done("new", sender, "--crs", "EPSG:4547")
    add(sender, "T", "2025", {f"k{row}": square(*place + (400, 150), 20 + row) for row, place in enumerate(places)})
    done("deliver", sender, package, "--layers", "T")
    refused = onemap("receive", receiver, package)
    assert (refused.code, refused.codes) == (3, ["position.shift"])
    assert refused.json["problems"][0]["layer"] == "T", "a package holds several"
    assert "(east +400 m, north +150 m)" in refused.json["problems"][0]["message"]
    assert "a package with --sure" in refused.json["problems"][0]["mend"]
    onemap("receive", receiver, package, "--sure").done()
    assert rows_of(receiver)["T", "2025"] == rows_of(sender)["T", "2025"]


def test_another_version_of_the_same_label_stands_against_a_package(package, receiver, add, onemap):
    add(receiver, "T", "2025", {"z": square(0, 0)})
    answer = onemap("receive", receiver, package)
    assert (answer.code, answer.codes) == (3, ["package.label"])
    assert list(rows_of(receiver)) == [("T", "2025")]


def test_a_plan_is_shown_and_nothing_done(package, receiver, onemap):
    answer = onemap("receive", receiver, package, "--plan")
    assert (answer.code, answer.json["receipt"], rows_of(receiver)) == (0, None, {})
    assert [(row["code"], row["status"], row["kind"]) for row in answer.json["plan"]] == [
        ("T", "new", "full"),
        ("U", "new", "full"),
    ]


@pytest.mark.parametrize("place", ["p.zip.receipt.json", "none/r.json"])
def test_what_can_have_no_receipt_does_not_come_in(receiver, package, onemap, place):
    """As when the package of the next month has the name of the last one, or the folder cannot be written."""
    receipt = package.parent / place
    if receipt.parent.is_dir():
        receipt.write_text("{}", encoding="utf-8")
    answer = onemap("receive", receiver, package, *(() if receipt.is_file() else ("--receipt", receipt)))
    assert (answer.code, answer.codes) == (3, ["out.exists" if receipt.is_file() else "out.folder"])
    assert answer.json["problems"][0]["field"] == "--receipt"
    assert rows_of(receiver) == {} and ("receive" not in {action for action, _ in log_of(receiver)})
    onemap("receive", receiver, package, "--receipt", package.parent / "other.json").done()
    assert len(rows_of(receiver)) == 2


def test_receipts_of_others_and_other_files_are_refused(sender, receiver, package, onemap, tmp_path):
    receipt = tmp_path / "r.json"
    assert onemap("receive", receiver, package, "--receipt", receipt).code == 0
    assert onemap("receive", receiver, receipt).codes == ["package.not_ours"]
    content = json.loads(receipt.read_text(encoding="utf-8"))
    receipt.write_text(json.dumps({**content, "manifest": "0" * 64}), encoding="utf-8")
    assert onemap("receive", sender, receipt).codes == ["package.manifest"]
    receipt.write_text("[]", encoding="utf-8")
    assert onemap("receive", sender, receipt).codes == ["package.receipt"]
    assert onemap("receive", sender, tmp_path / "none.zip").codes == ["source.missing"]


def test_what_cannot_leave_is_refused_in_words(sender, onemap, tmp_path):
    target = tmp_path / "x.zip"
    assert onemap("deliver", sender, target, "--layers", "NONE").codes == ["layer.unknown"]
    assert onemap("deliver", sender, target, "--layers", "STBHHX").codes == ["package.no_version"]
    assert onemap("deliver", sender, target, "--layers", "T", "--since", "1999").codes == ["package.since"]
    assert onemap("deliver", sender, target, "--layers", "T", "--unit", "U=nowhere").codes == ["package.unit"]
    assert onemap("deliver", sender, tmp_path / "x.gpkg", "--layers", "T").codes == ["package.suffix"]
    both = ("--since", "2024", "--unit", "U=u1")
    assert onemap("deliver", sender, target, "--layers", "T", *both).codes == ["usage.apart"]
    assert not list(tmp_path.glob("x.*"))
