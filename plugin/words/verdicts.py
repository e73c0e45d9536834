"""The styles of verdicts: order, sign, colour and pattern; colour is never the only mark."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPixmap, QPolygonF

from onemap.plugin.words.contrast import readable_colour_on


@dataclass(frozen=True)
class Look:
    """The style of one verdict: its colour, its sign in text, and the pattern of its ground on the map."""

    colour: str
    sign: str
    pen: Qt.PenStyle
    width_px: float
    brush: Qt.BrushStyle


LOOKS: dict[str, Look] = {  # most severe first
    "prohibited": Look("#B2182B", "■", Qt.PenStyle.SolidLine, 3, Qt.BrushStyle.BDiagPattern),
    "restricted": Look("#E66101", "▲", Qt.PenStyle.SolidLine, 2, Qt.BrushStyle.FDiagPattern),
    "unknown": Look("#6B6B6B", "?", Qt.PenStyle.DashLine, 2, Qt.BrushStyle.Dense6Pattern),
    "consult": Look("#B8860B", "●", Qt.PenStyle.SolidLine, 2, Qt.BrushStyle.SolidPattern),
    "notice": Look("#2B6CB0", "i", Qt.PenStyle.SolidLine, 2, Qt.BrushStyle.NoBrush),
    "clear": Look("#1A7F37", "✓", Qt.PenStyle.SolidLine, 1, Qt.BrushStyle.NoBrush),
}
SEVERITY = tuple(LOOKS)
PLATE = QColor("#FFFFFF")
SIZE_PX = 16  # of a sign


def severity(verdict: str) -> int:
    """The rank of a verdict: 0 for the most severe."""
    return SEVERITY.index(verdict) if verdict in LOOKS else len(SEVERITY)


def readable_colour(verdict: str, palette: QPalette) -> QColor:
    """The verdict's colour, made lighter or darker until it is readable on the palette's background."""
    return verdict_colour_on(palette.color(QPalette.ColorRole.Base), verdict)


def verdict_colour_on(ground: QColor, verdict: str) -> QColor:
    """The verdict's colour, made lighter or darker until it is readable on a ground."""
    return readable_colour_on(ground, QColor(LOOKS[verdict if verdict in LOOKS else "unknown"].colour))


def sign_icon(verdict: str, palette: QPalette) -> QIcon:
    """The verdict's sign as an icon; on a selected row, which is coloured, on a white plate."""
    sign = QIcon(_sign(verdict, readable_colour(verdict, palette)))
    sign.addPixmap(_sign(verdict, verdict_colour_on(PLATE, verdict), PLATE), QIcon.Mode.Selected)
    return sign


def _sign(verdict: str, colour: QColor, plate: QColor | None = None) -> QPixmap:
    """The sign as a drawing, so that it looks the same in every font."""
    picture = QPixmap(4 * SIZE_PX, 4 * SIZE_PX)  # sharp on any screen
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(4, 4)
    painter.setPen(Qt.PenStyle.NoPen)
    if plate is not None:
        painter.setBrush(plate)
        painter.drawRoundedRect(QRectF(0, 0, 16, 16), 3, 3)
    painter.setBrush(colour)
    if verdict == "prohibited":
        painter.drawRect(QRectF(3, 3, 10, 10))
    elif verdict == "restricted":
        painter.drawPolygon(QPolygonF([QPointF(8, 2), QPointF(14.5, 13.5), QPointF(1.5, 13.5)]))
    elif verdict == "consult":
        painter.drawEllipse(QRectF(3, 3, 10, 10))
    elif verdict == "clear":
        painter.setPen(QPen(colour, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(3, 8.5), QPointF(6.5, 12), QPointF(13, 4)]))
    else:
        font = painter.font()
        font.setPixelSize(14)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colour)
        sign = LOOKS[verdict].sign if verdict in LOOKS else ""
        painter.drawText(QRectF(0, 0, 16, 16), Qt.AlignmentFlag.AlignCenter, sign)
    painter.end()
    return picture
