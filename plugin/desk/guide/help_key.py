"""F1 in the panel and its dialogs opens the guide at the topic of the focused control."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtWidgets import QApplication, QScrollArea, QStackedWidget, QTabWidget, QWidget

from onemap.plugin.desk.guide.guide import show_guide
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.readable_choice import keep_choice_readable

# Each part of the interface by its class, and the heading of the English guide that speaks of it.
TOPICS = {
    "SetupPage": "the-first-time",
    "MachineDialog": "the-first-time",
    "OptionsPage": "the-library-and-the-day",
    "PackDialog": "ordinance#in-qgis",
    "ProfileDialog": "the-library-and-the-day",
    "OneMapDock": "the-library-and-the-day",
    "MapTab": "map-what-the-library-holds",
    "VersionSlider": "versions-and-days",
    "DaySwipe": "versions-and-days",
    "ThemeButtons": "how-layers-lie-and-what-they-say",
    "IdentifyView": "identify#in-qgis",
    "AddDialog": "adding-a-departments-file",
    "DeliveryDialog": "a-whole-delivery-at-once",
    "AnswersDialog": "a-whole-delivery-at-once",
    "ServiceDialog": "web-services",
    "ServerDialog": "server#in-qgis",
    "CheckTab": "check-what-stands-against-a-parcel",
    "RemedyView": "what-would-pass",
    "SitesView": "finding-a-site",
    "CompareTab": "compare-where-two-plans-disagree",
    "ContradictionsView": "who-contradicts-whom",
    "ReviewTab": "review-ten-departments-one-statement",
    "StepDialog": "review-ten-departments-one-statement",
    "FactsDialog": "review-ten-departments-one-statement",
    "ProofTab": "proof-what-a-delivery-still-lacks",
    "NumbersTab": "numbers-what-the-citys-indicators-are",
    "PublishDialog": "publishing",
}


class HelpKey(QObject):
    """Makes F1 open the guide in one window, or in one panel of a window.

    QGIS uses F1 for its own help, so the key is taken before it becomes a shortcut.
    """

    def __init__(self, owner: QWidget) -> None:
        """Take the key in a widget and in everything inside it."""
        super().__init__(owner)
        owner.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle F1 in any widget inside; a key that no widget handles is passed up to the owner."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        if event.key() != Qt.Key.Key_F1 or event.modifiers() != Qt.KeyboardModifier.NoModifier:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            show_guide(topic_of(QApplication.focusWidget() or watched), watched)
        return True


def equip_window(window: QWidget) -> None:
    """Give a complete window names for a screen reader, the key of the guide, and readable colours of the selection."""
    name_accessibly(window)
    HelpKey(window)
    keep_choice_readable(window)


def topic_of(widget: QWidget | None) -> str:
    """The topic of the innermost widget that has one; empty for the guide's beginning. The front tab counts."""
    while widget is not None:
        for part in (widget, _part_in_front(widget)):
            topic = TOPICS.get(type(part).__name__)
            if topic:
                return topic
        widget = widget.parentWidget()
    return ""


def _part_in_front(widget: QWidget) -> QWidget | None:
    page = widget.currentWidget() if isinstance(widget, (QTabWidget, QStackedWidget)) else None
    return page.widget() if isinstance(page, QScrollArea) else page
