"""The window of a rule pack: rules with law and hits; values are saved by the core, proved, tried, put in force."""

import shutil

import pytest
from qgis.PyQt.QtWidgets import QInputDialog, QLineEdit

from onemap.plugin.desk.packs.pack_dialog import DIFFERENCES, PROOF, RULES, TURNED, VERSIONS, PackDialog
from onemap.plugin.desk.packs.pack_rules import MARK, NAME
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.tests.plugin.small_town import wait_for

CASES = """
[[case]]
id = "farmland/hit"
features = [{ layer = "YJJBNTTB", lies = "inside" }]
verdict = "prohibited"
"""


@pytest.fixture
def dialog(own_library, tmp_path):
    """The window of the library's own packs."""
    made = PackDialog(own_library)
    made.begin()
    wait_for(lambda: made.rules.fields and not made.is_working)
    yield made
    made.close_down()
    made.deleteLater()


@pytest.fixture
def own(dialog, tmp_path):
    """The same with a file of the city's own, a copy of the first pack."""
    path = tmp_path / "city.toml"
    dialog.copy_to(str(path))
    wait_for(lambda: dialog.source.text().startswith(str(path)) and not dialog.is_working)
    return dialog, path


def texts(tree, column=NAME):
    """The texts of a tree's rows."""
    tops = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [item.text(column) for top in tops for item in [top, *(top.child(n) for n in range(top.childCount()))]]


@pytest.mark.slow
def test_a_pack_in_force_is_read_and_not_changed(dialog):
    rules = dialog.rules
    lines = [field.control for field in rules.fields.values() if isinstance(field.control, QLineEdit)]
    assert lines and all(line.isReadOnly() for line in lines)
    assert not dialog.save_button.isEnabled() and not dialog.enact_button.isEnabled()
    assert dialog.copy_button.isEnabled()
    assert rules.tree.topLevelItemCount() > 1 and not any(one.isVisible() for one in nameless_controls(dialog))


def test_a_file_that_is_no_pack_is_refused_and_the_pack_that_is_shown_stays_chosen(own_library, tmp_path):
    """Else a button would act on another pack than the one that the choice names."""
    path = tmp_path / "parcels.gpkg"
    path.write_bytes(b"SQLite format 3\0\xff\xfe")
    for files in (("", str(path)), (str(path),)):  # beside a pack that is shown, and alone
        made = PackDialog(own_library)
        made.begin(files[0])
        wait_for(lambda made=made, files=files: made.rules.fields if files[0] == "" else made.notice.text)
        shown = made.choice.currentIndex()
        for file in files[1:]:
            made._leave_edits(lambda made=made, file=file: made._read_added(file))
            wait_for(lambda made=made: made.notice.text)
            assert made.choice.currentIndex() == shown and made.copy_button.isEnabled()
        assert "not UTF-8" in made.notice.text and path.name in made.notice.text
        assert bool(made.rules.fields) == made.copy_button.isEnabled() == (files[0] == "")
        made.close_down()
        made.deleteLater()


@pytest.mark.slow
def test_a_copy_is_changed_and_what_differs_is_marked(own):
    dialog, path = own
    rule = dialog.rules.current_rule
    before = path.read_text(encoding="utf-8")
    field = dialog.rules.fields[f"{rule}:title.en"]
    field.control.setPlainText("Another title")
    dialog.rules.choose("review")
    dialog.rules.fields["review:days"].control.setText("7")
    assert dialog.save_button.isEnabled() and not dialog.enact_button.isEnabled()
    dialog.save_button.click()
    wait_for(lambda: not dialog.rules.edits and not dialog.is_working and "saved" in dialog.notice.text)
    after = path.read_text(encoding="utf-8")
    assert "Another title" in after and len(after.splitlines()) - len(before.splitlines()) in (0, 1, 3)
    assert "other words alone" in texts(dialog.rules.tree, MARK)
    dialog.pages.setCurrentIndex(DIFFERENCES)
    wait_for(lambda: dialog.trees[DIFFERENCES].topLevelItemCount())
    assert any("“7” instead of" in text or "“7” comes in" in text for text in texts(dialog.trees[DIFFERENCES]))


@pytest.mark.slow
def test_what_the_core_refuses_stands_at_its_value_and_nothing_is_written(own):
    dialog, path = own
    before = path.read_bytes()
    dialog.rules.choose("review")
    dialog.rules.fields["review:days"].control.setText("900")
    dialog.save_button.click()
    wait_for(lambda: dialog.rules.fields["review:days"].error.text())
    assert path.read_bytes() == before and dialog.rules.edits == {"review:days": "900"}
    assert dialog.pages.currentIndex() == RULES


def test_it_is_proved_tried_and_put_in_force_with_a_reason(own_library, town, tmp_path, monkeypatch):
    path = tmp_path / "city.toml"
    shutil.copyfile(town / "pack.toml", path)
    path.with_name("city.cases.toml").write_text(CASES, encoding="utf-8")
    dialog = PackDialog(own_library)
    dialog.begin(str(path))
    wait_for(lambda: dialog.rules.fields and not dialog.is_working)
    heads = ["Terms of the review", "Items of the checklist", "Land (1)", "Occupies permanent basic farmland"]
    assert texts(dialog.rules.tree)[:4] == heads
    dialog.prove_button.click()
    wait_for(lambda: dialog.trees[PROOF].topLevelItemCount() and not dialog.is_working)
    assert texts(dialog.trees[PROOF])[0].startswith("1 case, 1 as expected")
    dialog.try_button.click()
    wait_for(lambda: dialog.trees[TURNED].topLevelItemCount() and not dialog.is_working)
    assert texts(dialog.trees[TURNED]) == ["0 judged again, 0 with a changed verdict"]
    monkeypatch.setattr(QInputDialog, "exec", lambda box: box.setTextValue("新条例") or 1)
    dialog.enact_button.click()
    wait_for(lambda: "新条例" in "".join(texts(dialog.trees[VERSIONS])) or dialog.notice.text.startswith("test-pack"))
    wait_for(lambda: [pack["id"] for pack in own_library.packs] == ["city-preliminary", "test-pack"])
    wait_for(lambda: not dialog.is_working)
    dialog.trees[VERSIONS].itemActivated.emit(dialog.trees[VERSIONS].topLevelItem(2), 0)
    wait_for(lambda: dialog.source.text().startswith("The library keeps this pack") and not dialog.is_working)
    assert texts(dialog.rules.tree)[3] == "Occupies permanent basic farmland" and not dialog.save_button.isEnabled()
    dialog.close_down()
    dialog.deleteLater()


@pytest.mark.slow
def test_a_class_of_projects_is_changed_and_a_kind_that_nobody_knows_refused_there(own):
    dialog, path = own
    dialog.rules.choose("class")
    field = dialog.rules.fields["class.forestry:kinds"]
    assert field.text == "afforestation"
    field.control.setText("afforestation, nothing_such")
    dialog.save_button.click()
    wait_for(lambda: dialog.rules.fields["class.forestry:kinds"].error.text())
    dialog.rules.fields["class.forestry:kinds"].control.setText("afforestation, orchard")
    dialog.save_button.click()
    wait_for(lambda: not dialog.rules.edits and not dialog.is_working)
    assert 'kinds = ["afforestation", "orchard"]' in path.read_text(encoding="utf-8")
    assert "milder" in texts(dialog.rules.tree, MARK)


@pytest.mark.slow
def test_values_that_were_typed_are_not_lost_without_a_question(own, monkeypatch):
    dialog, _path = own
    asked = []
    monkeypatch.setattr(
        "onemap.plugin.desk.packs.pack_dialog.is_confirmed", lambda *words: bool(asked.append(words)) or False
    )
    dialog.rules.choose("review")
    dialog.rules.fields["review:days"].control.setText("8")
    dialog.close()
    assert asked and dialog.isVisible()
    dialog.rules.fields["review:days"].control.setText(dialog.rules.fields["review:days"].first)
    assert dialog.rules.edits == {}
    dialog.close()
    assert not dialog.isVisible()


@pytest.mark.slow
def test_an_article_is_changed_and_an_item_of_the_checklist_comes_in(own):
    dialog, path = own
    rule = dialog.rules.current_rule
    dialog.rules.fields[f"{rule}:basis.0.edition"].control.setText("2099")
    dialog.rules.choose("checklist")
    fields = dialog.rules.fields
    fields["checklist.own.1:title.zh"].control.setPlainText("是否占用文物")
    dialog.save_button.click()
    wait_for(lambda: "missing or wrong" in dialog.rules.fields["checklist.own.1:department"].error.text())
    fields["checklist.own.1:title.en"].control.setPlainText("Heritage")
    box = fields["checklist.own.1:department"].control
    box.setCurrentIndex(box.findData("water"))
    dialog.save_button.click()
    wait_for(lambda: not dialog.rules.edits and not dialog.is_working and "saved" in dialog.notice.text)
    after = path.read_text(encoding="utf-8")
    assert after.endswith('department = "water"\n') and 'edition = "2099"' in after
