"""Lines of text on a map: no single Chinese character on the last one."""

import pytest

from onemap.rules.display.maps.svg_text import text_width, wrap_text


@pytest.mark.parametrize(
    "text", ["地类图斑：05 商业服务业用地", "地类图斑：11 水域及水利设施用地", "公路：国道", "Land use patches"]
)
@pytest.mark.parametrize("width", [18.0, 24.0, 30.0, 36.0, 42.0])
def test_no_character_is_alone_on_the_last_line(text: str, width: float):
    lines = wrap_text(text, 2.7, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line, 2.7) <= width for line in lines)
    if len(lines) > 1 and not text.isascii():
        assert len(lines[-1]) > 1
