"""7z-packed deliveries: read like the folder they hold, refused when damaged or locked."""

import stat
import sys
import zipfile

import py7zr
import pytest


@pytest.fixture
def pack_archive(layer_file, tmp_path, box):
    def pack(name: str = "成果.7z", **options: object):
        source = layer_file("红线.shp", [box(0, 0), box(200, 0)], encoding="utf-8")
        with py7zr.SevenZipFile(tmp_path / name, "w", **options) as archive:
            for part in sorted(tmp_path.glob("红线.*")):
                archive.write(part, f"成果/{part.name}")
        source.unlink()  # what is read is what is packed
        return tmp_path / name

    return pack


@pytest.mark.parametrize(
    "filters",
    [
        None,
        [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 6}],
        [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_COPY}],
    ],
)
def test_a_shapefile_in_a_7z_reads_as_the_folder_does(shelf, pack_archive, filters):
    assert shelf.add(pack_archive(filters=filters)).json["features"] == 2


def test_a_locked_7z_is_refused(onemap, pack_archive):
    assert onemap("inspect", pack_archive(password="geheim")).codes == ["source.locked"]


def test_a_damaged_7z_is_refused_wherever_it_is_damaged(onemap, pack_archive):
    path = pack_archive()
    content = path.read_bytes()
    for at in range(0, len(content), len(content) // 12):
        # Each bit turned: the last byte of an archive is a zero, so zeros written over it would be no damage.
        turned = bytes(255 - byte for byte in content[at : at + 24])
        path.write_bytes(content[:at] + turned + content[at + 24 :])
        assert onemap("inspect", path).codes == ["source.damaged"], at
        path.write_bytes(content[:at])
        assert onemap("inspect", path).codes == ["source.damaged"], at


@pytest.mark.skipif(sys.platform == "win32", reason="there, who makes a link needs a right of his own")
@pytest.mark.parametrize("name", ["a.7z", "a.zip"])
def test_a_link_in_an_archive_is_refused_and_not_left_out(onemap, tmp_path, name):
    if name == "a.7z":
        folder = tmp_path / "成果"
        folder.mkdir()
        (folder / "红线.dbf").touch()
        (folder / "农田.shp").symlink_to("红线.dbf")
        with py7zr.SevenZipFile(tmp_path / name, "w") as archive:
            archive.writeall(folder, folder.name)
    else:
        member = zipfile.ZipInfo("农田.shp")
        member.create_system, member.external_attr = 3, stat.S_IFLNK << 16
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "红线.dbf")
    answer = onemap("inspect", tmp_path / name)
    assert (answer.codes, "农田.shp → 红线.dbf" in answer.json["problems"][0]["message"]) == (["source.damaged"], True)


@pytest.mark.parametrize("name", ["a.rar", "a.7z.001", "a.z01"])
def test_what_rar_and_archives_in_pieces_hold_has_to_be_unpacked_by_hand(onemap, tmp_path, name):
    (tmp_path / name).write_bytes(b"Rar!")
    answer = onemap("inspect", tmp_path / name)
    assert (answer.codes, "zip" in answer.json["problems"][0]["mend"]) == (["format.no_driver"], True)
