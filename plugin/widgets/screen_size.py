"""How large a dialog opens: never beyond its screen, where its buttons could not be reached."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QWidget

FRAME_PX = (16, 48)  # that a window manager puts around a window, with its title


def resize_on_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window a size in pixels, or as much of it as its screen has room for."""
    screen = (window.parentWidget() or window).screen().availableGeometry()
    window.resize(min(width, screen.width() - FRAME_PX[0]), min(height, screen.height() - FRAME_PX[1]))
