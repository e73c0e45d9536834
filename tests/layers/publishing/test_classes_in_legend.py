"""The classes of a layer in the legend: codes of two editions with one meaning are one entry."""

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.style_table import style_of
from onemap.layers.publishing.project_symbols import renderer_of


def test_codes_of_one_meaning_are_one_entry():
    renderer = renderer_of(style_of(shipped_catalogue()["JSYDGZQ"]), "polygon", ["GZQLXDM"], "zh", "其他")
    entries = [(rule.get("label"), rule.get("filter")) for rule in renderer.iter("rule")]
    assert [label for label, _test in entries] == ["允许建设区", "有条件建设区", "限制建设区", "禁止建设区", "其他"]
    assert entries[0][1] == "\"GZQLXDM\" IN ('010', '1010')"
