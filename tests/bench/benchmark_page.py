"""Write the tables between the marks of docs/benchmarks.md anew from docs/benchmarks.json; its text stays.

Each measured row is also appended to docs/benchmarks.csv, where earlier rows stay.
"""

import csv
import json
import re
import statistics
from pathlib import Path

from onemap.tests.bench.benchmark_programs import OURS, ROOT, Row
from onemap.tests.bench.chart import Bar, Panel, plot

DOCS = ROOT / "docs"
BEGIN, END = "<!-- figures: written by `build.py bench` -->", "<!-- end of figures -->"
SIZES = ("XS", "S", "M", "L")
TITLES = {
    "i": "(i) parcels × 3 large controls",
    "ii": "(ii) parcels × land use, every pair",
    "iii": "(iii) spots where two plans differ",
    "iv": "(iv) parcels × buffers dissolved by class",
    "v": "(v) shares of steep slope",
    "vii": "(vii) areas on the ellipsoid",
    "file": "File to file: parcels × 3 controls, overlaps written",
    "land": "File to file: parcels × land use, all tables and every overlap written",
    "add": "A layer taken in with all checks; the peer: ogr2ogr, and ST_IsValid of DuckDB",
    "desk": "At the desk: one parcel × 50 layers of a library",
    "again": "One parcel of a hundred changed, checked against an earlier run",
    "plan": "A plan edited in one township, checked against an earlier run",
}
# Job, sizes, peer, which row of ours, and how many times faster by the clock ours is meant to be.
TARGETS = (
    ("i", ("M",), "postgis-subdivided", "areas", 12.0),
    ("i", ("L",), "postgis-subdivided", "areas", 8.0),
    ("i", ("M",), "postgis-subdivided", "ground", 8.0),
    ("i", ("M",), "sedonadb-cut", "areas", 2.5),
    ("i", ("S",), "qgis", "areas", 100.0),
    ("i", ("S",), "geopandas", "areas", 100.0),
    ("ii", ("M",), "sedonadb", "areas", 8.0),
    ("ii", ("M",), "sedonadb", "ground", 4.0),
    ("ii", ("M",), "duckdb", "areas", 5.0),
    ("ii", ("M",), "geopandas", "areas", 12.0),
    ("ii", ("M",), "qgis", "areas", 15.0),
    ("iii", ("M",), "sedonadb", "ground", 6.0),
    ("iii", ("M",), "geopandas", "ground", 15.0),
    ("iii", ("M",), "qgis", "ground", 20.0),
    ("iv", ("M",), "postgis-subdivided", "areas", 3.0),
    ("v", ("S", "M"), "exactextract", "", 5.0),
    ("vii", ("M",), "geod", "", 5.0),
    ("land", ("M",), "best", "check", 2.5),
    ("land", ("M",), "shapely", "check", 3.0),
    ("file", ("S",), "shapely", "check", 1.5),
    ("file", ("M", "L"), "best", "check", 2.0),
    ("add", ("L",), "ogr2ogr", "", 1.0),
    ("desk", ("M",), "qgis-intersection", "", 20.0),
    ("desk", ("M",), "qgis-clip", "", 5.0),
)
HISTORY = (
    *(
        "day",
        "commit",
        "processor",
        "load_before",
        "size",
        "job",
        "who",
        "first_s",
        "then_s",
        "processors_s",
        "peak_mb",
    ),
    *("software", "command"),
)
# The targets that the summary tells, and what binds each, by profiles that the page tells in full.
SUMMARY = (
    (
        "land",
        "M",
        "best",
        "check",
        "rows on their way into SQLite, polygons read, and imports",
    ),
    ("file", "M", "best", "check", "starting, reading, proving and writing the three tables"),
    ("file", "L", "best", "check", "the interpreter's lock, which rows hold on their way into SQLite and Arrow"),
    ("ii", "M", "sedonadb", "areas", "taking coordinates out of GEOS; the sums are a third"),
    ("ii", "M", "sedonadb", "ground", "the loops of sums and rings, and coordinates out of GEOS"),
    ("iii", "M", "sedonadb", "ground", "taking coordinates out of GEOS"),
    ("i", "M", "postgis-subdivided", "areas", "boxes of groups of edges for each parcel"),
    ("i", "M", "postgis-subdivided", "ground", "the same, and proving what lies inside"),
    ("iv", "M", "postgis-subdivided", "areas", "joining the buffers of each class, by GEOS"),
    (
        "add",
        "L",
        "ogr2ogr",
        "",
        "pages that SQLite writes twice, its log and the file",
    ),
    ("desk", "M", "qgis-clip", "", "calls of Python, numpy and pandas for 50 layers"),
)


def then_s(row: Row) -> float | None:
    """Median of the calls after the first; of a row that had no more, the first."""
    return statistics.median(row.then_s) if row.then_s else row.first_s


def row_line(row: Row) -> str:
    """A row in one line, for the terminal."""
    return f"first {row.first_s:8.3f} s, then {then_s(row):8.3f} s, {_figure(row.peak_mb, 0):>6} MB"


def keep(size: str, job: str, found: dict) -> None:
    """Put the figures of one job and size in the place of the former ones, write the page, and add to the history."""
    path = DOCS / "benchmarks.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for row in found["rows"]:
        row["who"] = str(row["who"])
    kept.setdefault(size, {})[job] = found
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write(kept, DOCS)
    add_to_history(DOCS / "benchmarks.csv", size, job, found)


def add_to_history(path: Path, size: str, job: str, found: dict) -> None:
    """Append the measured rows of a job, one line each, to a CSV that has HISTORY as its first line."""
    about, is_new = found["machine"], not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        if is_new:
            lines.writerow(HISTORY)
        for row in (row for row in _rows(found) if not row.why):
            times = [_figure(value, 3) for value in (row.first_s, then_s(row), _busy_s(row))]
            place = [
                about["day"],
                about.get("commit", ""),
                about["processor"],
                about["load_before"],
                size,
                job,
                row.who,
            ]
            lines.writerow([*place, *times, _figure(row.peak_mb, 0), _software_text(row), row.command])


def write(kept: dict, docs: Path) -> None:
    """The page's tables and the plot, of all figures that are kept."""
    page = docs / "benchmarks.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    parts = ["![Seconds of One Map and its peers, by job](images/benchmarks.svg)", _targets(kept)]
    panels = []
    for job, title in TITLES.items():
        sizes = [size for size in SIZES if job in kept.get(size, {})]
        if sizes:
            parts.append(f"## {title}")
            parts += [_table(kept[size][job], size) for size in reversed(sizes)]
            panels.append(_panel(kept[sizes[-1]][job], f"{title}, size {sizes[-1]}"))
    page.write_text(f"{before}{BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{END}{after}", encoding="utf-8")
    (docs / "images" / "benchmarks.svg").write_text(plot(panels), encoding="utf-8")


def _rows(found: dict) -> list[Row]:
    return [Row(**row) for row in found["rows"]]


def _panel(found: dict, title: str) -> Panel:
    timed = [row for row in _rows(found) if row.first_s is not None]
    bars = [Bar(row.who, then_s(row) or 0.0, row.first_s or 0.0, row.who.startswith(OURS)) for row in timed]
    return Panel(title, bars)


def _table(found: dict, size: str) -> str:
    rows, about = _rows(found), found["machine"]
    ours = [row for row in rows if row.who.startswith(OURS) and not row.why]
    heads = [f"× {row.who.partition(', ')[2] or 'ours'}" for row in ours]
    lines = [
        f"Size {size}, {about['day']}: {about['processor']}, {about['used']} processors; "
        f"load before the job: {about['load_before']}.",
        "",
        f"| | first call, s | then, s | of processors, s | loading, s | peak memory, MB | {' | '.join(heads)} |",
        "|---|" + "---:|" * (5 + len(heads)),
    ]
    for row in rows:
        name = f"**{row.who}**" if row.who.startswith(OURS) else row.who
        if row.why:
            lines.append(f"| {name} | {row.why} |" + " |" * (4 + len(heads)))
            continue
        times = [f"{then_s(row) / then_s(one):.1f}" for one in ours]
        then = _figure(then_s(row) if row.then_s else None, 3)
        busy = _figure(_busy_s(row), 3)
        figures = [_figure(row.first_s, 3), then, busy, _figure(row.load_s, 2), _figure(row.peak_mb, 0), *times]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    versions = [f"- {row.who}: {_software_text(row)}. `{row.command}`" for row in rows if row.software]
    return "\n".join([*lines, *([""] if versions else []), *versions])


def _software_text(row: Row) -> str:
    return ", ".join(f"{name} {version}" for name, version in row.software.items())


def _busy_s(row: Row) -> float | None:
    return statistics.median(row.processors_s) if row.processors_s else None


def _targets(kept: dict) -> str:
    lines = ["| job | size | against | target | by the clock | by processor time |", "|---|---|---|---:|---:|---:|"]
    for job, sizes, peer, way, target in TARGETS:
        for size in sizes:
            found = _pair(kept, job, size, peer, way)
            if found is None:
                continue
            rows, ours, theirs = found
            if theirs is None:
                lines += _ended_line(
                    rows, peer, then_s(ours) or 1.0, f"| {TITLES[job]} | {size} | {peer} | {target:g} × |"
                )
                continue
            both = ours.processors_s and theirs.processors_s
            busy = f"{statistics.median(both) / statistics.median(ours.processors_s):.1f} ×" if both else ""
            name = f"{theirs.who} (the fastest)" if peer == "best" else peer
            ratio_text = _ratio_text(_ratio(ours, theirs), target)
            lines.append(f"| {TITLES[job]} | {size} | {name} | {target:g} × | {ratio_text} | {busy} |")
    return "\n".join(lines) if len(lines) > 2 else "No figures yet."


def _pair(kept: dict, job: str, size: str, peer: str, way: str) -> tuple[list[Row], Row, Row | None] | None:
    """All rows of a job, ours, and that of the peer, or of the fastest one; None without a row of ours."""
    rows = _rows(kept.get(size, {}).get(job, {"rows": []}))
    ours = next((row for row in rows if row.who == (f"{OURS}, {way}" if way else OURS)), None)
    if ours is None or ours.why:
        return None
    theirs = [row for row in rows if not row.who.startswith(OURS) and not row.why]
    theirs = sorted(theirs, key=lambda row: then_s(row) or 0.0) if peer == "best" else theirs
    return rows, ours, next((row for row in theirs if peer in ("best", row.who)), None)


def _ratio(ours: Row, theirs: Row) -> float:
    return (then_s(theirs) or 0.0) / (then_s(ours) or 1.0)


def summary() -> list[str]:
    """One line for each target of SUMMARY: met or missed, by how much, by figures of which day, and what binds it."""
    path = DOCS / "benchmarks.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wanted = {(job, size, peer, way): target for job, sizes, peer, way, target in TARGETS for size in sizes}
    lines = []
    for job, size, peer, way, binds in SUMMARY:
        target = wanted[job, size, peer, way]
        found = _pair(kept, job, size, peer, way)
        ratio_text = "not measured"
        if found is not None and found[2] is not None:
            ratio = _ratio(found[1], found[2])
            day = kept[size][job]["machine"]["day"]
            ratio_text = f"{'met' if ratio >= target else 'missed'}, {ratio:.1f} × {found[2].who} on {day}"
        lines.append(f"{job} {size} {way}".strip() + f": target {target:g} ×, {ratio_text}; bound by {binds}")
    return [*lines, _memory_line(kept)]


def _memory_line(kept: dict) -> str:
    """The most memory of the check against land use, as a share of what the plain script of shapely takes."""
    found, ratio_text = _pair(kept, "land", "M", "shapely", "check"), "not measured"
    if found is not None and found[2] is not None and found[1].peak_mb and found[2].peak_mb:
        share = found[1].peak_mb / found[2].peak_mb
        ratio_text = f"{'met' if share <= 1 else 'missed'}, {share:.2f} on {kept['M']['land']['machine']['day']}"
    bound = "bound by the rows of a part, and the ground of all"
    return f"land M memory: target at most 1.0 of shapely's, {ratio_text}; {bound}"


def _ended_line(rows: list[Row], peer: str, ours_s: float, line: str) -> list[str]:
    """The line of a peer that was stopped at the time limit: at least this many times slower."""
    why = next((row.why for row in rows if row.who == peer), "")
    limit = re.fullmatch(r"more than (\d+) s", why)
    return [f"{line} more than {int(limit[1]) / ours_s:.0f} × | |"] if limit else []


def _figure(value: float | None, digits: int) -> str:
    """A number with this many decimals; empty if unknown."""
    return "" if value is None else f"{value:.{digits}f}"


def _ratio_text(ratio: float, target: float) -> str:
    return f"{ratio:.1f} ×" if ratio >= target else f"{ratio:.1f} ×, missed"
