"""How sensors look on the map: shape and colour by status, full while they are heard, hollow when late, a cross after.

The look is a style in QGIS's own format, as those of the catalogue's layers are.
"""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.layers.publishing.layer_labels import labeling_of
from onemap.layers.publishing.project_symbols import renderer_of
from onemap.layers.publishing.xml_text import clean
from onemap.layers.xml_elements import Element, tostring
from onemap.rules.answers.readings.node_status import SILENT_PERIODS

SHOWN = "shown"  # the field that the look reads
HEARD, LATE, SILENT = "heard", "late", "silent"
# Shape and colour of a status; colours and signs are those of verdicts.
_STATUS: Mapping[str, tuple[str, str]] = {
    "alarm": ("square", "#B2182B"),
    "warn": ("triangle", "#E66101"),
    "normal": ("circle", "#1A7F37"),
    "unknown": ("diamond", "#6B6B6B"),
}
_LABEL = "coalesce(\"node\", '') || '\\n' || coalesce(format_number(\"value\", 1) || ' ' || \"unit\", '–')"
_LETTERS = {"text": "name", "size": 8, "colour": "#222222", "halo_mm": 0.6, "up_to": 20_000}


def shown_class(status: str, age_s: float | None, period_s: float | None) -> str:
    """The class of a sensor on the map: its status, and whether it has been heard within one period, three, or not."""
    if age_s is None or period_s is None or age_s > SILENT_PERIODS * period_s:
        return f"{status}_{SILENT}"
    return f"{status}_{HEARD if age_s <= period_s else LATE}"


def status_look(language: str) -> str:
    """The style of the table `status`."""
    values: dict[str, Any] = {}
    for status, (shape, colour) in _STATUS.items():
        for age in (HEARD, LATE, SILENT) if status == "unknown" else (HEARD, LATE):
            title = f"{phrase(f'reading_status.{status}', language)} · {phrase(f'reading_age.{age}', language)}"
            look = {"shape": shape, "stroke": colour, "size_mm": 3.6, "title": {language: title}}
            if age == LATE:
                look |= {"fill": "#FFFFFF", "edge": colour}
            elif age == SILENT:
                look |= {"shape": "cross2", "edge": colour}
            values[f"{status}_{age}"] = look
    style = {"field": SHOWN, "stroke": "#6B6B6B", "values": values}
    root = Element("qgis", version="3.40.0", labelsEnabled="1")
    root.append(renderer_of(style, "point", [SHOWN], language, phrase("published.other", language)))
    root.append(labeling_of(_LETTERS, _LABEL, "point"))
    clean(root)
    text: str = tostring(root, encoding="unicode")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + text
