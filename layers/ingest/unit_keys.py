"""Codes of area units: whether those in a table, and in the names of files, are known to the library."""

import re
from collections.abc import Sequence

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.unit_codes import plain_unit_code, unit_stem, unit_stems
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.fields import text_value, text_values
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.library.library import Library
from onemap.layers.library.versions import layer_in_force, read_version, versions

UNIT_LAYERS = {"XZQ": "XZQDM", "CJDCQ": "ZLDWDM"}  # divisions and villages: which field holds their codes
# The code of a county, a township or a village in a name, not that of a whole city.
DIVISION_CODE = r"(?<!\d)(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{2}(?!00)\d{2}(?:\d{3}){0,2}(?!\d)"
_COUNTY = 6  # digits
_SHOWN = 10


def unit_key_problems(library: Library, frame: FrameBlocks, entry: LayerEntry, place: ProblemPlace) -> list[Problem]:
    """Return the codes of the table's unit field that match no division of the library (table.no_unit).

    A code that is the beginning of divisions' codes, such as the city's, matches them. Without divisions there is no
    problem.
    """
    if entry.unit is None or entry.unit not in frame.columns:
        return []
    known_codes = _known_codes(library)
    if not known_codes:
        return []
    codes: dict[str, int] = {}  # with the first row that has each
    for block in frame.blocks():
        pairs = zip(text_values(frame.values(entry.unit, block)), frame.source_rows(block).tolist(), strict=True)
        for code, row in pairs:
            if code:
                codes.setdefault(code, row + 1)
    stems = {stem for code in known_codes for stem in unit_stems(code)}
    lost_codes = [code for code in codes if unit_stem(code) not in stems]
    if not lost_codes:
        return []
    facts = {"field": entry.unit, "count": len(lost_codes), "codes": lost_codes[:_SHOWN]}
    facts["rows"] = [codes[code] for code in lost_codes[:_SHOWN]]
    return [Problem("table.no_unit", {**place, **facts})]


def missing_counties(library: Library, names: Sequence[str], place: ProblemPlace) -> list[Problem]:
    """Return the remark that files named by counties lack some of the library's counties (files.no_county).

    names: of the files. There is no remark unless each name has a code and the library has divisions.
    """
    codes = [re.findall(DIVISION_CODE, name) for name in names]
    sent_counties = {code[:_COUNTY] for file_codes in codes for code in file_codes}
    known_counties = {code[:_COUNTY] for code in _known_codes(library) if re.fullmatch(DIVISION_CODE, code)}
    missing = sorted(known_counties - sent_counties)
    if not missing or not all(codes) or not known_counties & sent_counties:
        return []
    return [Problem("files.no_county", {**place, "count": len(missing), "codes": missing[:_SHOWN]})]


def _known_codes(library: Library) -> set[str]:
    known_codes: set[str] = set()
    for code, field in UNIT_LAYERS.items():
        version = layer_in_force(versions(library), code, library.today())
        if version is None:
            continue
        attributes = read_version(library, version, None).attributes
        if field in attributes.columns:
            values = map(text_value, attributes[field].tolist())
            known_codes.update(plain_unit_code(value) for value in values if value is not None)
    return known_codes
