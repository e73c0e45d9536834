"""The column of versions: of what does not fit the version's name is cut, never its state."""

from qgis.PyQt.QtGui import QFont, QFontMetrics

from onemap.plugin.dock.map_tab import state_texts
from onemap.plugin.library.state_delegate import CELL_MARGIN_PX, STATE, cut_label


def test_the_state_is_whole_however_narrow_the_column(application):
    metrics = QFontMetrics(QFont())
    for text in state_texts("冀政函〔2022〕118号 划定").values():
        found = STATE.search(text)
        if found is None:  # there is no version, so nothing is cut
            assert text.startswith("○")
            continue
        label, state = text[: found.start()], found.group()
        width = metrics.horizontalAdvance(state) + metrics.horizontalAdvance("冀…定") + CELL_MARGIN_PX
        cut = cut_label(label, state, width, metrics)
        assert cut.endswith(state) and "…" in cut and metrics.horizontalAdvance(cut) <= width
        assert cut_label(label, state, 1000, metrics) == text
