"""The list of licences in docs/: every library that One Map uses, with the licence that the library declares."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from onemap.layers.shipped_files import RESOURCES

_LISTS = ("core", "cluster", "fast", "notebook")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 80
_HEAD = """# Licences

One Map as a whole is conveyed under the GNU General Public License, version 3 or later: see [LICENSE](../LICENSE).

Why version 3: psycopg is under the LGPL, version 3 only, pyarrow and typst are under the Apache License 2.0, and these
combine with the GPL at version 3, not at version 2. QGIS, which the plugin is loaded into, is GPL version 2 or later,
which allows version 3.

One Map conveys none of the libraries below itself: pip fetches them, or a bureau's folder of wheels holds them. Whoever
hands such a folder on hands on these works, too, each under its own licence; wheels such as those of pyogrio, rasterio,
pyproj, shapely, psycopg-binary and pyarrow hold further libraries (GDAL, PROJ, GEOS, libpq, …) with their texts inside.

One work is shipped: MapLibre GL JS 5.24.1, BSD-3-Clause, unchanged, in `resources/pages/maplibre` with its licence; it
draws the map of `onemap web`.

What the plugin installs, in which version, is listed part by part in
[parts.cdx.json](../resources/requirements/parts.cdx.json), in CycloneDX, with the licences of this page.

This page is made of what the libraries declare: `python3 build.py reference`.
"""


def direct_dependencies() -> list[str]:
    """The names of the core's packages in resources/requirements, in order."""
    lines = [
        line.strip()
        for name in _LISTS
        for line in (RESOURCES / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    ]
    return [match.group() for line in lines if not line.startswith("#") and (match := _NAME.match(line))]


def licence_of(library: Distribution) -> str:
    """A library's licence as it declares it: an SPDX expression, a short word, or its classifiers."""
    metadata = library.metadata
    expression = "".join(metadata.get_all("License-Expression") or [])
    words = "".join(metadata.get_all("License") or []).strip()
    licence_lines = [text for text in metadata.get_all("Classifier") or [] if "License ::" in text]
    classes = [text.rpartition("::")[2].strip() for text in licence_lines]
    if expression or not (words or classes):
        return expression or "–"
    is_short = words and "\n" not in words and len(words) <= _LONGEST
    return words if is_short else ", ".join(classes) or words.splitlines()[0][:_LONGEST]


def _dependencies(names: list[str]) -> list[str]:
    """The libraries that the given ones need, without the given ones."""
    known_names = {_plain(name) for name in names}
    waiting, further_names = list(names), []
    while waiting:
        try:
            requirements = distribution(waiting.pop()).requires or []
        except PackageNotFoundError:  # for another system or Python
            continue
        for line in requirements:
            name = _NAME.match(line)
            if name and "extra ==" not in line and _plain(name.group()) not in known_names:
                known_names.add(_plain(name.group()))
                waiting.append(name.group())
                further_names.append(name.group())
    return sorted(further_names, key=str.lower)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _rows(names: list[str]) -> list[str]:
    rows = []
    for name in names:
        try:
            library = distribution(name)
        except PackageNotFoundError:
            continue
        rows.append(f"| {library.metadata['Name']} | {licence_of(library)} |")
    return rows


def licence_table() -> str:
    """The page as Markdown."""
    direct = direct_dependencies()
    head = ["", "| library | licence |", "|---|---|"]
    lines = [_HEAD, "## What One Map asks for", *head, *_rows(direct), ""]
    lines += ["## What these ask for in their turn", *head, *_rows(_dependencies(direct)), ""]
    return "\n".join(lines)
