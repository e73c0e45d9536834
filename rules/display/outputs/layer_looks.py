"""How QGIS shows a run's layers by itself: with the words for columns, and by verdict where a look is shipped."""

import re
from collections.abc import Mapping

from onemap.layers.shipped_files import RESOURCES
from onemap.layers.xml_elements import quoteattr

_FOLDER = RESOURCES / "styles"
_WITH_LOOK = ("parcels", "findings", "overlaps")
_NOTHING = '<qgis version="3.40.0">\n</qgis>\n'
_BOTH = re.compile(r'label="(?P<sign>[■▲?●i✓] )?(?P<en>[A-Za-z ]+) (?P<zh>[^\x00-\x7f]+)"')  # as the files have it


def layer_look(table: str, heads: Mapping[str, str], language: str) -> str:
    """The style of a layer as QGIS keeps it (QML). heads: what people call its columns, in the language."""
    look = (_FOLDER / f"{table}.qml").read_text(encoding="utf-8") if table in _WITH_LOOK else _NOTHING
    worded = _BOTH.sub(lambda label: f'label="{label["sign"] or ""}{label[language]}"', look)
    aliases = "".join(
        f"    <alias index={quoteattr(str(at))} field={quoteattr(column)} name={quoteattr(head)}/>\n"
        for at, (column, head) in enumerate(heads.items(), start=1)  # the first field is the row's number
    )
    before, end, after = worded.rpartition("</qgis>")
    return f"{before}  <aliases>\n{aliases}  </aliases>\n{end}{after}"
