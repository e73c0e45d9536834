"""The names in the tree of layers: they wrap where they do not fit, and a box to tick stands before them."""

from __future__ import annotations

from onemap.plugin.desk.answers.name_delegate import NameDelegate
from onemap.plugin.widgets.tick_delegate import TickDelegate


class LayerNameDelegate(TickDelegate, NameDelegate):
    """The delegate of the first column of the tree of layers."""
