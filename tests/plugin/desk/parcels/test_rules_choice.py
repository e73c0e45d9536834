"""The rules with which a check begins: the library's own, or those of the settings."""

from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import wait_for


def test_a_check_begins_with_the_rules_of_the_settings_until_others_are_chosen(own_library, town):
    pack = str(town / "pack.toml")
    settings.put("pack", pack)
    choice = RulesChoice(own_library)
    assert choice.packs == [pack]
    wait_for(lambda: choice.box.currentText() == "Rules of the test 1")
    choice.box.setCurrentIndex(0)
    own_library.listed.emit()
    assert choice.packs is None
    choice.deleteLater()


def test_without_a_setting_a_check_begins_with_the_rules_of_the_library(own_library):
    choice = RulesChoice(own_library)
    assert choice.packs is None
    choice.deleteLater()
