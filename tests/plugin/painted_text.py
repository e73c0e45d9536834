"""The texts that widgets paint: their words, colour and background, and whether they are complete.

A widget is painted again as a drawing of lines and words (SVG), which has each text's colour and place, whether a
style, a delegate or rich text paints it. The background is read from the picture of the window.
"""

import re
from collections import Counter
from dataclasses import dataclass
from xml.etree import ElementTree

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QPointF, QRect, QRectF, QSize
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QRegion, QTransform
from qgis.PyQt.QtSvg import QSvgGenerator
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QScrollArea,
    QTabBar,
    QWidget,
)

from onemap.plugin.words.contrast import contrast

TEXT, LARGE = 4.5, 3.0  # WCAG 2.2, AA, 1.4.3
LARGE_PX, LARGE_BOLD_PX = 24.0, 18.66
BOLD = 600
LIKE_TEXT = 1.5  # of the contrast to a text: what is nearer is the text itself, or its edge
GROUND_SHARE = 0.1  # of the pixels under a text: less is the edge of something else
NEARLY = 0xF0F0F0  # of a pixel: what is left of each colour where shades are not told apart
SLACK_PX = 1.5  # a glyph's side bearing
ELLIPSIS = "…"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class PaintedText:
    """One line of text as a widget paints it. rect: in the widget's own pixels."""

    text: str
    colour: QColor
    rect: QRectF
    is_large: bool


def painted_texts(widget):
    """The texts that a widget itself paints, without its children."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setResolution(widget.logicalDpiX())
    drawing.setSize(widget.size())
    drawing.setViewBox(widget.rect())
    painter = QPainter(drawing)
    QWidget.render(widget, painter, QPoint(), QRegion(), QWidget.RenderFlags())  # of a map or a scene the other is
    painter.end()
    buffer.close()
    text = bytes(data).decode("utf-8", "replace")
    return list(_texts_of(ElementTree.fromstring(text), QTransform())) if "<text" in text else []


def _texts_of(element, above):
    place = _matrix(element.get("transform", "")) * above
    if element.tag == f"{SVG}text" and (element.text or "").strip():
        yield _text_of(element, place)
    for child in element:
        yield from _texts_of(child, place)


def _matrix(text):
    numbers = [float(number) for number in re.findall(r"[-+.\de]+", text.partition("(")[2])]
    return QTransform(*numbers) if text.startswith("matrix") and len(numbers) == 6 else QTransform()


def _text_of(element, place):
    size, weight = float(element.get("font-size")), int(element.get("font-weight") or 400)
    font = QFont(element.get("font-family"))
    font.setPixelSize(max(round(size), 1))
    font.setBold(weight >= BOLD)
    font.setItalic(element.get("font-style") == "italic")
    measures = QFontMetricsF(font)
    x, y = float(element.get("x")), float(element.get("y"))
    words = element.text
    rect = QRectF(x, y - measures.ascent(), measures.horizontalAdvance(words.rstrip()), measures.height())
    colour = QColor(element.get("fill"))
    colour.setAlphaF(float(element.get("fill-opacity") or 1))
    is_large = size >= (LARGE_BOLD_PX if weight >= BOLD else LARGE_PX)
    return PaintedText(words, colour, place.mapRect(rect), is_large)


def ground_colour(picture, place, text):
    """The colour that most pixels of a place in a picture have, besides the text's; None outside of the picture.

    place: in pixels of the widget; bold Chinese covers more than half of it.
    """
    scale = picture.devicePixelRatio()
    corner = QPoint(int(place.left() * scale), int(place.top() * scale))
    size = QSize(max(int(place.width() * scale), 1), max(int(place.height() * scale), 1))
    area = QRect(corner, size).intersected(picture.rect())
    pixels = [
        picture.pixel(x, y) for x in range(area.left(), area.right() + 1) for y in range(area.top(), area.bottom() + 1)
    ]
    if not pixels:
        return None
    # A style shades its buttons from above to below: shades that are nearly one count as one.
    counts = Counter(pixel & NEARLY for pixel in pixels)
    others = {one: count for one, count in counts.items() if contrast(QColor(one), text) > LIKE_TEXT}
    is_seen = sum(others.values()) > GROUND_SHARE * len(pixels)
    shade = max(others, key=others.get) if is_seen else counts.most_common(1)[0][0]
    return QColor(Counter(pixel for pixel in pixels if pixel & NEARLY == shade).most_common(1)[0][0])


def shown_widgets(window):
    """A window and all that is seen in it, without other windows that belong to it."""
    parts = (window, *window.findChildren(QWidget))
    return [one for one in parts if one.window() is window and one.isVisible() and not one.visibleRegion().isEmpty()]


def is_usable(widget, at):
    """Whether the painted text belongs to something usable now; other texts may be pale."""
    if not widget.isEnabled():
        return False
    view = widget.parent()
    if isinstance(widget, QTabBar) and widget.tabAt(at) >= 0:
        return widget.isTabEnabled(widget.tabAt(at))
    if isinstance(widget, QMenu) and widget.actionAt(at) is not None:
        return widget.actionAt(at).isEnabled()
    if isinstance(view, QAbstractItemView) and not isinstance(view, QHeaderView) and widget is view.viewport():
        index = view.indexAt(at)
        return not index.isValid() or bool(index.flags() & index.flags().__class__(32))
    return True


def name_of(widget):
    """The name of a widget in reports: its class, its name, and its parent."""
    words = []
    for one in (widget, widget.parentWidget()):
        if one is not None:
            words.append(f"{type(one).__name__} {one.objectName() or one.accessibleName()}".strip())
    return " in ".join(words)


def pale_texts(window):
    """The texts of a window with too little contrast: (widget, text, its colour, its background, contrast)."""
    picture = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pale = []
    for widget in shown_widgets(window):
        # A style paints a bar's number twice, once for each half of the ground, and lets a cut decide.
        for painted in () if isinstance(widget, QProgressBar) else painted_texts(widget):
            seen = painted.rect.intersected(QRectF(widget.rect()))
            if seen.isEmpty() or not is_usable(widget, seen.center().toPoint()):
                continue
            corner = widget.mapTo(window, QPoint(0, 0))
            place = seen.translated(QPointF(corner))
            if not widget.visibleRegion().contains(seen.center().toPoint()):
                continue
            ground = ground_colour(picture, place, painted.colour)
            if ground is None:
                continue
            colour = over(painted.colour, ground)
            found = contrast(colour, ground)
            if found < (LARGE if painted.is_large else TEXT) - 0.005:
                pale.append((name_of(widget), painted.text, colour.name(), ground.name(), round(found, 2)))
    return pale


def over(colour, ground):
    """A translucent colour over a background."""
    share = colour.alphaF()
    parts = [
        share * one + (1 - share) * other for one, other in zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)
    ]
    return QColor(*(round(part) for part in parts))


def cut_texts(window):
    """The texts of a window that are not whole: (widget, text, how)."""
    cut = []
    for widget in shown_widgets(window):
        scrolls = _scrolls(widget)
        room = QRectF(widget.rect()).adjusted(-SLACK_PX, -SLACK_PX, SLACK_PX, SLACK_PX)
        texts = painted_texts(widget)
        for painted in texts:
            if not painted.rect.intersects(QRectF(widget.rect())):
                continue
            if painted.text.rstrip().endswith(ELLIPSIS) and painted.text.strip() not in own_words(widget):
                cut.append((name_of(widget), painted.text, ELLIPSIS))
            elif not scrolls[0] and (painted.rect.right() > room.right() or painted.rect.left() < room.left()):
                cut.append((name_of(widget), painted.text, f"right {painted.rect.right() - widget.width():.1f}"))
            elif not scrolls[1] and (painted.rect.bottom() > room.bottom() or painted.rect.top() < room.top()):
                over_px = max(painted.rect.bottom() - widget.height(), -painted.rect.top())
                cut.append((name_of(widget), painted.text, f"height {over_px:.1f}"))
        if texts:
            hidden = _hidden_by_parent(widget)
            if hidden:
                cut.append((name_of(widget), texts[0].text, hidden))
    return cut


def own_words(widget):
    """The words that a widget was given, one after the other: an ellipsis in them is no cut."""
    actions = [action.text() for action in widget.actions()]
    own = [widget.text()] if isinstance(widget, (QAbstractButton, QLabel)) else []
    return re.sub("&|<[^>]*>", "", "\n".join([*own, *actions, *_words_of_choice(widget)]))


def _words_of_choice(widget):
    hint = [widget.placeholderText()] if isinstance(widget, (QComboBox, QLineEdit)) else []
    return [*hint, widget.currentText()] if isinstance(widget, QComboBox) else hint


def _scrolls(widget):
    """Whether what a widget paints can be scrolled, across and down."""
    view = widget.parent()
    if isinstance(view, QAbstractScrollArea) and widget is view.viewport():
        if isinstance(view, QHeaderView):
            return True, False
        bars = view.horizontalScrollBar(), view.verticalScrollBar()
        return bars[0].maximum() > 0 or bars[0].value() > 0, True
    is_typed = isinstance(widget, QLineEdit) and bool(widget.text())
    return is_typed and not isinstance(view, QAbstractSpinBox), False


def _hidden_by_parent(widget):
    """How many pixels of a widget its parents cut off without a scroll bar; empty if none."""
    box, one = widget.rect(), widget
    while not one.isWindow() and one.parentWidget() is not None:
        box = box.translated(one.pos())
        one = one.parentWidget()
        holder = one.parentWidget()
        if isinstance(holder, (QScrollArea, QAbstractItemView)) and one is holder.viewport():
            over_px = max(box.right() + 1 - one.width(), -box.left())
            has_bar = holder.horizontalScrollBar().isVisible()
            return f"{over_px} beyond {type(holder).__name__}" if over_px > SLACK_PX and not has_bar else ""
        seen = box.intersected(one.rect())
        if seen != box:
            return f"cut by {type(one).__name__}: {box.width() - seen.width()} x {box.height() - seen.height()}"
    return ""
