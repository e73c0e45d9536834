"""Chosen text is readable and boxes to tick are visible, in light and dark, also after a change of theme."""

import pytest
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QLineEdit,
    QPushButton,
    QStyleFactory,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.widgets.readable_choice import keep_choice_readable
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.contrast import contrast
from onemap.resources.workshop.pictures.dock_camera import palette_of
from onemap.tests.plugin.small_town import wait_for

TEXT, SIGN = 4.5, 3.0  # WCAG 2.2, AA: 1.4.3 for text, 1.4.11 for signs
BOX_PX = 16  # where the box is, before the text
ROLE, GROUP = QPalette.ColorRole, QPalette.ColorGroup


@pytest.fixture
def give_theme(application):
    """Gives QGIS a theme; at the end it has its own again."""
    before = QApplication.palette()

    def give(theme):
        QApplication.setPalette(palette_of(theme))
        QCoreApplication.processEvents()

    yield give
    QApplication.setPalette(before)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_an_empty_field_says_can_be_read(give_theme, theme):
    give_theme(theme)
    window = QWidget()
    line = QLineEdit(window)
    line.setPlaceholderText("unknown")
    keep_choice_readable(window)
    hint, ground, text = (
        line.palette().color(GROUP.Active, role) for role in (ROLE.PlaceholderText, ROLE.Base, ROLE.Text)
    )
    assert TEXT <= contrast(hint, ground) < contrast(text, ground)  # and is told from what somebody typed


def test_a_list_with_the_focus_is_told_in_a_theme_that_is_a_style_sheet(application):
    """As QGIS's dark themes are: `outline: 0` leaves a chosen row as it is without the focus."""
    window = QWidget()
    layout = QVBoxLayout(window)
    tree, line = QTreeWidget(), QLineEdit()
    layout.addWidget(tree)
    layout.addWidget(line)
    tree.addTopLevelItem(QTreeWidgetItem(["row"]))
    tree.setCurrentItem(tree.topLevelItem(0))
    keep_choice_readable(window)
    window.show()
    window.activateWindow()
    wait_for(window.isActiveWindow)
    before = application.styleSheet()
    application.setStyleSheet("QTreeView { outline: 0; } QTreeView::item:selected { background: green; }")
    try:
        pictures = []
        for widget in (line, tree, line):
            widget.setFocus()
            pictures.append(tree.grab().toImage())
        assert pictures[0] != pictures[1] and pictures[0] == pictures[2]
    finally:
        application.setStyleSheet(before)


def choice(widget, group):
    return (widget.palette().color(group, role) for role in (ROLE.Highlight, ROLE.HighlightedText, ROLE.Base))


@pytest.mark.parametrize("themes", [["light"], ["dark"], ["light", "dark"], ["dark", "light"]], ids="-".join)
def test_chosen_text_can_be_read_in_every_theme(give_theme, themes):
    give_theme(themes[0])
    window = QWidget()
    layout = QVBoxLayout(window)
    parts = [QTreeWidget(), QLineEdit()]
    for part in parts:
        layout.addWidget(part)
    keep_choice_readable(window)
    for theme in themes[1:]:
        give_theme(theme)
    theme = QApplication.palette()
    assert contrast(theme.color(ROLE.Highlight), theme.color(ROLE.HighlightedText)) < TEXT  # of the theme alone
    for part in parts:
        for group in (GROUP.Active, GROUP.Inactive):
            behind, text, base = choice(part, group)
            assert contrast(behind, text) >= TEXT
            assert contrast(behind, base) >= SIGN
    assert parts[0].palette().color(ROLE.Base) == theme.color(ROLE.Base)  # all else is the theme's


def test_a_style_sheet_like_that_of_qgis_changes_nothing_of_it(give_theme):
    sheet = QApplication.instance().styleSheet()
    QApplication.instance().setStyleSheet("QgsCollapsibleGroupBox { font-weight: bold; } QTreeView { margin: 0; }")
    try:
        give_theme("dark")
        window = QWidget()
        layout = QVBoxLayout(window)
        tree = QTreeWidget()
        layout.addWidget(tree)
        window.show()
        QCoreApplication.processEvents()
        keep_choice_readable(window)
        window.hide()
        window.show()
        QCoreApplication.processEvents()
        behind, text, _base = choice(tree, GROUP.Active)
        assert contrast(behind, text) >= TEXT
    finally:
        QApplication.instance().setStyleSheet(sheet)


def test_a_theme_whose_choice_can_be_read_stays_as_it_is(give_theme):
    palette = palette_of("light")
    palette.setColor(ROLE.Highlight, QColor("#0B3D66"))
    QApplication.setPalette(palette)
    window = QWidget()
    keep_choice_readable(window)
    assert window.palette().color(ROLE.Highlight).name() == "#0b3d66"


def edge(box):
    """The highest contrast against the window of what is drawn before the text."""
    box.setStyle(QStyleFactory.create("Fusion"))
    box.window().resize(120, 40)
    picture = box.grab().toImage()
    ground = box.window().palette().color(ROLE.Window)
    places = [(x, y) for x in range(BOX_PX) for y in range(picture.height())]
    # What is inside the box is its ground, not its edge.
    inside = box.palette().color(ROLE.Base).name()
    drawn = [QColor(picture.pixel(x, y)) for x, y in places]
    return max(contrast(colour, ground) for colour in drawn if colour.name() != inside)


@pytest.mark.parametrize("themes", [["light"], ["dark"], ["light", "dark"], ["dark", "light"]], ids="-".join)
def test_the_edge_of_a_box_is_seen_in_every_theme(give_theme, themes):
    give_theme(themes[0])
    window = QWidget()
    layout = QVBoxLayout(window)
    ours, plain = TickBox("x"), QCheckBox("x")
    layout.addWidget(ours)
    layout.addWidget(plain)
    for theme in themes[1:]:
        give_theme(theme)
    assert edge(plain) < SIGN  # the style alone hides it
    assert edge(ours) >= SIGN
    assert ours.palette().color(ROLE.WindowText) == plain.palette().color(ROLE.WindowText)


@pytest.mark.parametrize("kind", [QPushButton, QToolButton])
def test_a_pressed_button_is_told_from_others_in_a_dark_theme_and_its_text_can_be_read(give_theme, kind):
    def ground(button):
        button.setStyle(fusion)
        return button.grab().toImage().pixelColor(8, 40)

    fusion = QStyleFactory.create("Fusion")
    give_theme("light")
    window = QWidget()
    layout = QVBoxLayout(window)
    pressed, other = kind(), kind()
    for button in (pressed, other):
        button.setCheckable(True)
        button.setFixedSize(80, 80)
        layout.addWidget(button)
    keep_choice_readable(window)
    pressed.click()
    give_theme("dark")
    assert contrast(ground(pressed), ground(other)) >= 1.5
    assert contrast(ground(pressed), QApplication.palette().color(ROLE.ButtonText)) >= TEXT
    pressed.click()
    assert ground(pressed) == ground(other)
