"""Places by name: place names by their characters, pinyin or initials, and features by their number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, product
from typing import Any

import numpy as np
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames.fields import text_value
from onemap.layers.library.chosen_features import features_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, layer_in_force, read_version, versions
from onemap.layers.records import Record
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable

PLACE_NAMES = "placename"  # the kind of data
NAME_ENDINGS = ("MC", "NAME", "名称")  # of fields
MOST = 20  # places, where nothing else is said
_SHORTEST_NUMBER = 3  # signs; less is in every number
_MOST_WAYS = 64  # to spell a name
_MATCHES = ("name", "number", "initials", "pinyin")


@dataclass(frozen=True)
class _SpokenNames:
    """The names of a version's features (k,), each with its row and its possible spellings in pinyin."""

    stored: StoredFeatures
    rows: Sequence[int]
    names: Sequence[str]
    initials: Sequence[Sequence[str]]
    pinyin: Sequence[Sequence[str]]


def find_places(library: Library, text: str, as_of: date, most: int, language: str) -> list[Record]:
    """The places whose name or number contains a text; those that begin with it, and shorter ones, come first.

    Names are those of the place-name layers in force; numbers are the keys of features of every layer in force. Pinyin
    is searched only if the text is all Latin letters. A damaged layer has no places.
    """
    sought, all_versions, places = text.strip().lower(), versions(library), []
    if not sought:
        return []
    for entry in library.catalogue().values():
        version = layer_in_force(all_versions, entry.code, as_of)
        if version is None or entry.geometry not in ("polygon", "line", "point"):
            continue
        try:
            if entry.kind == PLACE_NAMES:
                places += list(_by_name(library, entry, version, sought))
            if entry.key is not None and len(sought) >= _SHORTEST_NUMBER:
                places += list(_by_number(library, entry, version, sought, most))
        except (OneMapError, DamagedTable):
            continue
    places.sort(key=_rank)
    crs = f"EPSG:{library.srs_id}"
    return [_record(place, crs, language) for place in places[:most]]


def _rank(place: dict[str, Any]) -> tuple[bool, int, int, str]:
    return not place["begins"], _MATCHES.index(place["match"]), len(place["name"]), place["name"]


def _record(place: dict[str, Any], crs: str, language: str) -> dict[str, Any]:
    entry, shape = place["entry"], place["shape"]
    middle = shapely.point_on_surface(shape)
    return {
        "name": place["name"],
        "match": place["match"],
        "code": entry.code,
        "title": entry.title_in(language),
        "department": entry.department,
        "kind": entry.kind,
        "feature": place["feature"],
        "x": float(shapely.get_x(middle)),
        "y": float(shapely.get_y(middle)),
        "crs": crs,
        "bounds": shapely.bounds(shape).tolist(),
    }


def _by_name(library: Library, entry: LayerEntry, version: Version, sought: str) -> Iterator[dict[str, Any]]:
    names_by_table: dict[str, _SpokenNames] = library.kept.setdefault("names", {})
    if version.table not in names_by_table:
        names_by_table[version.table] = _spoken_names(library, version)
    names = names_by_table[version.table]
    keys = names.stored.attributes.get(entry.key) if entry.key else None
    is_latin = sought.isascii() and sought.replace(" ", "").isalpha()
    letters = sought.replace(" ", "")
    for at, row in enumerate(names.rows):
        spellings: dict[str, tuple[Sequence[str], str]] = {"name": ([names.names[at].lower()], sought)}
        if is_latin:
            spellings |= {"initials": (names.initials[at], letters), "pinyin": (names.pinyin[at], letters)}
        match = next(
            (name for name, (ways, spelling) in spellings.items() if any(spelling in way for way in ways)), None
        )
        shape = names.stored.geometries[row]
        if match is None or shape is None or shape.is_empty:
            continue
        key = text_value(keys.iloc[row]) if keys is not None else None
        yield {
            "name": names.names[at],
            "match": match,
            "begins": any(way.startswith(spellings[match][1]) for way in spellings[match][0]),
            "entry": entry,
            "feature": key or str(names.stored.fids[row]),
            "shape": shape,
        }


def _spoken_names(library: Library, version: Version) -> _SpokenNames:
    """The names of a version with their spellings; a session keeps them. Raises OneMapError, DamagedTable."""
    from pypinyin import Style

    features = read_version(library, version, None)
    fields = [name for name in features.attributes.columns if name.upper().endswith(NAME_ENDINGS)]
    rows, names = [], []
    for field in fields:
        for row, value in enumerate(features.attributes[field].tolist()):
            name = text_value(value)
            if name:
                rows.append(row)
                names.append(name)
    return _SpokenNames(
        features,
        rows,
        names,
        [_ways_to_spell(name, Style.FIRST_LETTER) for name in names],
        [_ways_to_spell(name, Style.NORMAL) for name in names],
    )


def _ways_to_spell(name: str, style: Any) -> list[str]:
    """The pinyin spellings of a name by every reading that no known word rules out: 长桥 is changqiao, zhangqiao."""
    from pypinyin import pinyin

    readings = [dict.fromkeys(reading.lower() for reading in sign) for sign in pinyin(name, style, heteronym=True)]
    return ["".join(way) for way in islice(product(*readings), _MOST_WAYS)]


def _by_number(
    library: Library, entry: LayerEntry, version: Version, sought: str, most: int
) -> Iterator[dict[str, Any]]:
    """The features whose key contains the text. Raises DamagedTable, OneMapError."""
    if entry.key not in library.connection.field_types(version.table):
        return
    sql = compose_sql(
        "SELECT fid, {key} FROM {table} WHERE {lower} LIKE ? ESCAPE '!' ORDER BY length({lower}), fid LIMIT ?",
        key=entry.key,
        table=version.table,
        lower=compose_sql("lower(CAST({key} AS TEXT))", key=entry.key),
    )
    plain = sought.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    try:
        numbers = dict(library.connection.execute(sql, [f"%{plain}%", most]).fetchall())
    except library.connection.damages as error:
        raise DamagedTable(str(error)) from error
    if not numbers:
        return
    features = _features(library, version, sorted(numbers))
    for fid, shape in zip(features.fids.tolist(), features.geometries, strict=True):
        number = text_value(numbers.get(fid))
        if number is None or shape is None or shape.is_empty:
            continue
        yield {
            "name": number,
            "match": "number",
            "begins": number.lower().startswith(sought),
            "entry": entry,
            "feature": number,
            "shape": shape,
        }


def _features(library: Library, version: Version, fids: Sequence[int]) -> StoredFeatures:
    """Some features of a version; a server cannot be asked by number, so there they are chosen from all features."""
    if library.path is not None:
        return features_of(library, version, np.array(fids, dtype=np.int64))
    features = read_version(library, version, None)
    rows = np.flatnonzero(np.isin(features.fids, fids))
    return StoredFeatures(features.fids[rows], features.geometries[rows], features.attributes.iloc[rows])
