"""Every real file that lies beside the project goes through `inspect` and `add`: taken, or refused with a reason."""

from pathlib import Path

import pytest

FOLDERS = [
    "formats/dxf",
    "formats/filegdb",
    "formats/gbk_dbf",
    "formats/gbk_shapefile",
    "formats/kml",
    "redline_txt",
    "china",
    "broken_files",
    "torture",
]
KINDS = {"Point": "point", "MultiPoint": "point", "LineString": "line", "MultiLineString": "line"}


def sources(folder: Path) -> list[Path]:
    """Files, and FileGDB folders as one; licences are no data."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.suffix == ".gdb")
        and not any(parent.suffix == ".gdb" for parent in path.parents)
        and not path.name.startswith(("LICENSE", "COPYING"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_each_file_is_told_or_refused_and_never_a_defect(shelf, shared_data, name):
    number = 0
    for path in sources(shared_data / name):
        inspected = shelf.run("inspect", path)
        assert inspected.code in (0, 3), (path, inspected.json)
        assert "Traceback" not in inspected.stderr
        for layer in inspected.json.get("layers", [])[:12]:
            if layer["count"] is None:
                continue  # told as unreadable
            assert layer["count"] >= 0
            number += 1
            declared = layer["crs"]["from"] == "declared"
            answer = shelf.add(
                path,
                code=f"T{number}",
                geometry=KINDS.get((layer["geometry"] or "").split(",")[0], "polygon"),
                layer=layer["name"],
                crs=None if declared else layer["crs"]["code"] or "EPSG:4547",
                repair=True,
            )
            assert answer.code in (0, 3), (path, layer["name"], answer.json)
            if answer.code == 0:
                assert answer.json["features"] == layer["count"]
            else:
                assert all(problem["message"] and problem["code"] for problem in answer.json["problems"])
                assert f"T{number}__1" not in shelf.tables()
