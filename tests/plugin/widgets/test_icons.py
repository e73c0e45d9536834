"""The plugin's icons: a pressed button is visible in both themes."""

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPalette

from onemap.plugin.widgets.icons import ACCENT, ACCENT_ON_DARK, icon
from onemap.plugin.words.contrast import contrast


def colours(state, mode=QIcon.Mode.Normal):
    picture = icon("sites").pixmap(QSize(24, 24), mode, state).toImage()
    picture = picture.convertToFormat(QImage.Format.Format_ARGB32)
    seen = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    return {QColor(colour).name() for colour in seen if colour.alpha() == 255}


def test_a_button_that_is_pressed_in_has_no_accent_that_its_grey_would_hide(application):
    assert ACCENT.lower() in colours(QIcon.State.Off)
    assert len(colours(QIcon.State.On)) == 1


def test_a_disabled_icon_has_the_colour_of_disabled_text(application):
    before, dark = QPalette(application.palette()), QPalette(application.palette())
    for group, colour in ((QPalette.ColorGroup.Active, "#eff0f1"), (QPalette.ColorGroup.Disabled, "#7f8c8d")):
        dark.setColor(group, QPalette.ColorRole.WindowText, QColor(colour))
    application.setPalette(dark)
    try:
        assert colours(QIcon.State.Off, QIcon.Mode.Disabled) == {"#7f8c8d"}
    finally:
        application.setPalette(before)


def test_the_accent_is_seen_on_the_buttons_of_a_dark_theme(application):
    before, dark = application.palette(), application.palette()
    dark.setColor(QPalette.ColorRole.WindowText, QColor("#eff0f1"))
    application.setPalette(dark)
    try:
        assert ACCENT_ON_DARK.lower() in colours(QIcon.State.Off)
    finally:
        application.setPalette(before)
    button = QColor("#4d5358")  # the lighter end of its shade
    assert contrast(QColor(ACCENT_ON_DARK), button) > 3 > contrast(QColor(ACCENT), button)
