"""The delegate for names in the tree of layers: long names wrap, with a tick box before them."""

from __future__ import annotations

from onemap.plugin.desk.answers.name_delegate import NameDelegate
from onemap.plugin.widgets.tick_delegate import TickDelegate


class LayerNameDelegate(TickDelegate, NameDelegate):
    """The delegate of the first column of the tree of layers."""
