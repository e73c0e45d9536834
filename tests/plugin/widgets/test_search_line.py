"""The search line: its hint does not change its look."""

from onemap.plugin.widgets.search_line import SearchLine


def test_the_hint_looks_the_same_once_something_was_sought(application):
    line = SearchLine("Layer")
    line.show()
    before = line.grab().toImage()
    line.setText("road")
    assert line.grab().toImage() != before
    line.clear()
    line.clearFocus()
    assert line.grab().toImage() == before
    assert not line.font().italic()
