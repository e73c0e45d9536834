"""A layer that was saved in QGIS but is still being edited is read as it was saved."""

from pathlib import Path

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import CRS, box, write_layer


def open_layer(path, name):
    """A layer of a file, open for editing."""
    layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    assert layer.isValid() and layer.startEditing()
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.mark.parametrize("others", [0, 1])
def test_what_was_saved_is_read_with_editing_still_on(tmp_path, others):
    (tmp_path / "sent").mkdir()
    path = tmp_path / "sent" / "plots.gpkg"
    write_layer(path, ["DKBH"], [(box(0, 0, 100, 100), "old"), (box(200, 0, 100, 100), "gone")], layer="plots")
    for _number in range(others):
        write_layer(path, ["DKBH"], [(box(0, 0, 100, 100), "x")], layer="others")
    layer = open_layer(path, "plots")
    first, second = layer.getFeatures()
    assert layer.changeAttributeValue(first.id(), layer.fields().indexOf("DKBH"), "new")
    assert layer.deleteFeature(second.id())
    assert layer.commitChanges(stopEditing=False) and layer.isEditable()
    assert layer.changeAttributeValue(first.id(), layer.fields().indexOf("DKBH"), "not saved")
    beside = Path(f"{path}-wal")
    assert beside.stat().st_size > 0, "the rows that were saved do not lie where this test is about"
    before = {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in path.parent.iterdir()}
    found = next(one for one in core("inspect", path)["layers"] if one["name"] == "plots")
    assert (found["count"], found["fields"][0]["samples"]) == (1, ["new"])
    core("new", tmp_path / "city.gpkg", "--crs", CRS)
    added = core("add", tmp_path / "city.gpkg", path, "--layer", "plots", "--as", "YJJBNTTB", "--covers", "extent",
                 "--fields", "BSM=DKBH")  # fmt: skip
    assert added["features"] == 1
    after = {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in path.parent.iterdir()}
    shared = f"{path.name}-shm"  # QGIS's own
    assert {name: state for name, state in after.items() if name != shared} == {
        name: state for name, state in before.items() if name != shared
    }
    assert layer.commitChanges() and layer.isValid()
