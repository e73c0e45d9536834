"""A version added by mistake is retired from the menu of its row, and put back."""

from qgis.PyQt.QtWidgets import QInputDialog, QMenu, QWidget

from onemap.plugin.desk.library.layer_list import state_of
from onemap.plugin.desk.library.version_changes_page import version_before
from onemap.plugin.desk.library.version_retirement import VersionRetirement
from onemap.tests.plugin.small_town import wait_for


def versions(library):
    entry = next(one for one in library.layers if one.code == "YJJBNTTB")
    return entry, {version.label: version for version in entry.versions}


def test_a_version_is_retired_and_put_back(two_versions, monkeypatch):
    window, words, refusals = QWidget(), [], []
    retirement = VersionRetirement(two_versions, window)
    retirement.done.connect(words.append)
    retirement.refused.connect(refusals.append)
    entry, known = versions(two_versions)
    menu = QMenu()
    retirement.add_action(menu, entry, known["2024"])
    retirement.retire(entry, known["2024"], "  ")  # without a reason nothing is done
    retirement.retire(entry, known["2024"], "wrong file")
    wait_for(lambda: words or refusals)
    assert (len(words), refusals) == (1, [])
    wait_for(lambda: versions(two_versions)[1]["2024"].retired)
    entry, known = versions(two_versions)
    assert {label: state_of(version) for label, version in known.items()} == {"2023": "in_force", "2024": "retired"}
    assert version_before(entry, known["2024"]) == known["2023"]
    retirement.add_action(menu, entry, known["2024"])
    assert [action.text() for action in menu.actions()] == ["Retire this version…", "Put it back into force…"]
    retirement.retire(entry, known["2024"], "right after all")
    wait_for(lambda: not versions(two_versions)[1]["2024"].retired)
    assert versions(two_versions)[0].in_force.label == "2024"
    seen, undo = [], menu.actions()[-1]
    monkeypatch.setattr(
        QInputDialog, "exec", lambda box: seen.append(box.textValue()) or box.setTextValue("twice") or 1
    )
    for number in (1, 2):
        undo.trigger()
        wait_for(lambda number=number: len(refusals) == number)
        assert refusals[-1].problems[0]["code"] == "retire.undone"
    assert seen == ["", "twice"]  # what was typed for a step that was refused is not typed anew
