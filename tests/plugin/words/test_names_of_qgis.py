"""Every name of QGIS in the plugin exists in the QGIS of this test, be it 3.40, 3.44 or later."""

import importlib

from qgis.core import Qgis

from onemap.tests.machines import qgis_names


def test_this_qgis_has_every_name_that_the_plugin_writes():
    moved = {"qgis._3d.QgsPhongMaterialSettings"} if Qgis.QGIS_VERSION_INT >= 40000 else set()
    missing = [name for name in qgis_names.missing_names() if not name.startswith(tuple(moved))]
    assert missing == []


def test_a_name_that_is_not_there_is_missed():
    assert not qgis_names.has_name("qgis.core.Qgis", "GeometryType.Blob")
    assert not qgis_names.has_name("qgis.core.QgsNothing")
    assert qgis_names.has_name("qgis.core.QgsFeatureSink", "Flag.FastInsert")


def test_members_of_enumerations_are_written_with_their_enumeration_as_qt_6_has_them():
    bare = []
    for whole, names in qgis_names.written_names().items():
        room, _, name = whole.rpartition(".")
        kind = getattr(importlib.import_module(room), name, None)
        bare += [f"{whole}.{one}" for one in names if "." not in one and isinstance(getattr(kind, one, None), int)]
    assert bare == []
