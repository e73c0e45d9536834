"""A planner's day in QGIS's own window, in both languages, and how long QGIS hangs where much is shown.

Needs QGIS, Xvfb and the demo's city (python3 build.py demo). Writes docs/day.md. A gap is the longest time without
another event in the main thread, by a timer of 10 ms: in wall time, and in processor time of that thread, which depends
less on other work of the machine. Fails if a task could not be done, never for lack of speed.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from onemap.tests.plugin import desktop
from onemap.tests.rules.small_pack import pack_text, rule_of

ROOT = Path(__file__).resolve().parents[3]
DEMO, PAGE = ROOT / "demo", ROOT / "docs" / "day.md"
BEFORE_FILE = Path(__file__).with_name("day_before.csv")
CRS, SIDE_M = "EPSG:4547", 40.0
SIZES = {40_000: (200, 200), 100_000: (400, 250)}
X, Y = 500_000, 4_200_000
BUILT = ("0701", "0601", "1001", "0809")  # neighbours never have the same
PACK = pack_text(id="stalls", title=("卡顿测试", "Stalls")) + rule_of(
    *("farmland", "YJJBNTTB", "占用永久基本农田", "Occupies permanent basic farmland", "土地管理法 第三十五条"),
    missing="unknown",
)

BEFORE = """## Before

The columns *before* are the panel as it was at commit `dc4030d0`, before it was made anew: one run in each language
after another that warmed it up. It was driven on the machine of this page, in the same window, with the sample city
as its own core makes it, by the same driver: what that panel did in another way, or not at all, stands in the row,
and the figures are in `tests/bench/day/day_before.csv`. Where much is shown it was measured apart, as seconds of
processor in one gap: 1.4 where the slider of versions goes back to today, 0.7 where a check of 40,000 parcels ends,
0.9 for a comparison of as many spots. The panel that had all of it, and did each in one go, took 0.66 to 0.75 for a
map on A4 (14 with all layers of the city on it), 0.54 and 0.70 for the day with 63 layers to an early version and
back, 1.45 for the findings of a case of 2,000 parcels, and 0.52 for the results of a check of as many.
"""

PROOFS = (
    ("A QGIS 3.40 built with Qt 6 takes the plugin", "plugin/profile/test_plugin_manager"),
    (
        "A file that is not like its layer is held; both are on the map",
        "layers/ingest/test_plausibility",
        "plugin/desk/add/test_add_dialog",
    ),
    (
        "A version added by mistake goes out of force, and back",
        "layers/library/test_retirement",
        "plugin/desk/library/test_version_retirement",
    ),
    ("What was asked folds away after a check", "plugin/rooms/check/test_check_form"),
    ("A use is found by how its code begins; a drawing is taken back", "plugin/desk/parcels/test_drawing"),
    ("The map stays the planner's; an empty library says what to do", "plugin/desk/map/test_map_order"),
    ("As whom one acts is said before a decision", "plugin/rooms/review/test_review_tab"),
    ("What is broken stands first, under its theme", "plugin/rooms/numbers/test_numbers_tab"),
    ("Slivers stand apart, with their count", "plugin/rooms/compare/test_compare_tab"),
    ("What is not counted is told by grey, word and screen reader", "plugin/desk/results/test_findings_tree"),
    ("A map on A4 or A3 has a legend that can be read", "plugin/desk/map/test_map_print"),
    ("What pip says folds away, and the dock keeps its width", "plugin/connection/test_core_python"),
    ("Files pass the validators of GDAL and GeoParquet", "rules/display/outputs/test_foreign_validators"),
    ("A sender's own area and its kind are kept", "layers/sources/test_redline_writing"),
    ("A statement without head and sender says so", "rules/review/test_conclusions"),
)


def main() -> int:
    """Measure, write the page; 1 where something could not be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each day and each stall, of which the median counts")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="rows of checks and comparisons")
    parser.add_argument("--only", choices=("day", "stalls"))
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each task")
    wishes = parser.parse_args()
    has_demo = (DEMO / "city.gpkg").exists()
    if missing := [*desktop.missing_parts(), *([] if has_demo else ["demo/city.gpkg, which `build.py demo` makes"])]:
        sys.stderr.write(f"not here: {', '.join(missing)}\n")
        return 1
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:  # elsewhere QGIS marks each layer as temporary
        folder = Path(name)
        days: dict[str, list[dict[str, Any]]] = {one: [] for one in ("en", "zh") if wishes.only != "stalls"}
        for run in range(wishes.runs):
            for language, seen in days.items():
                seen.append(_day(folder / f"{language}{run}", language, None if run else wishes.pictures))
        sizes = [int(size) for size in wishes.sizes.split(",") if size]
        stalls = {} if wishes.only == "day" else _stalls(folder, sizes, wishes.runs)
    text = _page(days, stalls, wishes.runs)
    sys.stdout.write(text)
    if not wishes.only:
        PAGE.write_text(text, encoding="utf-8")
    return int(any(day["errors"] or day["warnings"] for seen in days.values() for day in seen))


def _day(folder: Path, language: str, pictures: Path | None) -> dict[str, Any]:
    """The driver's report in one language."""
    folder.mkdir()
    library, parcels = desktop.copy_city(DEMO, folder)
    file = Path(parcels).parent / "环保" / "生态保护红线2023.shp"
    orders = {"file": file, "code": "STBHHX", "label": "2026", "all_rooms": True}
    seen = desktop.drive(
        folder / "desktop", library, parcels, language, **orders, driver=Path(__file__).with_name("day_driver.py")
    )
    for place, (_name, picture) in enumerate(seen["pictures"], 1):
        if pictures is not None and Path(picture).exists():
            pictures.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, pictures / f"{language}-{place:02}.png")
    for problem in (*seen["errors"], *seen["warnings"]):
        sys.stderr.write(f"{language}: {problem}\n")
    return seen


def _stalls(folder: Path, sizes: list[int], runs: int) -> dict[str, list[dict[str, float]]]:
    """The pulse's measurements for each task, run by run."""
    library, _parcels = desktop.copy_city(DEMO, folder)
    files = {size: _files(folder / str(size), *SIZES[size]) for size in sizes}
    report = folder / "stalls.json"
    orders = {"crs": CRS, "city": str(library), "sizes": files, "runs": runs, "report": str(report)}
    (folder / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
    environment = desktop.inherited_environment()
    environment |= {"QT_QPA_PLATFORM": "offscreen", "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile")}
    environment["XDG_RUNTIME_DIR"] = str(folder)
    python = ROOT / ".venv-qgis" / "bin" / "python"
    driver = Path(__file__).with_name("stall_driver.py")
    subprocess.run([python, "-P", driver, folder / "orders.json"], env=environment, check=True)
    found: dict[str, list[dict[str, float]]] = json.loads(report.read_text(encoding="utf-8"))
    return found


def _files(folder: Path, across: int, up: int) -> dict[str, Any]:
    """A library of a grid, with two surveys that differ in each cell, and the cells as parcels."""
    folder.mkdir()
    at = np.arange(across * up)
    column, row = at % across, at // across
    west, south = X + SIDE_M * column, Y + SIDE_M * row
    cells = shapely.box(west, south, west + SIDE_M, south + SIDE_M)
    whole = shapely.box(X, Y, X + SIDE_M * across, Y + SIDE_M * up)
    classes = np.array(BUILT)[2 * (row % 2) + column % 2]
    keys = [str(one) for one in at]
    district = _layer_file(folder / "district.gpkg", [whole], {"name": ["grid"]})
    half = shapely.box(X, Y, X + SIDE_M * across / 2 + SIDE_M / 2, Y + SIDE_M * up)
    farmland = _layer_file(folder / "farmland.gpkg", [half], {"BSM": ["F"]})
    before = _layer_file(folder / "before.gpkg", [whole], {"BSM": ["0"], "DLBM": ["0103"]})
    after = _layer_file(folder / "after.gpkg", cells, {"BSM": keys, "DLBM": classes})
    parcels = _layer_file(folder / "parcels.gpkg", cells, {"DKBH": keys})
    pack, library = folder / "pack.toml", folder / "library.gpkg"
    pack.write_text(PACK, encoding="utf-8")
    _onemap("new", library, "--crs", CRS, "--name", "Grid", "--district", district, "--pack", pack)
    _onemap("add", library, farmland, "--as", "YJJBNTTB", "--covers", "district")
    for label, file, first in (("2019", before, "2019-01-01"), ("2024", after, "2024-01-01")):
        words = ("--as", "DLTB", "--label", label, "--valid-from", first, "--covers", "district", "--sure")
        _onemap("add", library, file, *words)
    return {"library": str(library), "parcels": str(parcels), "plans": ["DLTB@2019", "DLTB@2024"]}


def _layer_file(path: Path, shapes: Any, columns: dict[str, Any]) -> Path:
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS).to_file(path)
    return path


def _onemap(*words: object) -> None:
    core = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]
    done = subprocess.run([*core, *map(str, words), "--json"], capture_output=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def _page(days: dict[str, list[dict[str, Any]]], stalls: dict[str, list[dict[str, float]]], runs: int) -> str:
    """The page, as Markdown."""
    lines = [
        "# A planner's day",
        "",
        "`python3 build.py bench day` makes this page: it drives QGIS's own window (1366 × 768) by clicks and keys "
        "through a planner's day with the sample city, in both languages, and then measures how long QGIS stands "
        "still where much is shown. A step is a click, a text that is typed, or a key; a file's name counts as three. "
        "Seconds are until what was asked for is on the screen. A gap is the longest time in which the main thread "
        "came to no other event (a timer of 10 ms); *processor* is the most that the main thread itself took in a gap, "
        "which other work on the machine changes less. The case is opened on all 2,000 parcels.",
        "",
        f"Measured on {platform.machine()} with {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end.",
        "",
    ]
    times = "One run of each" if runs == 1 else f"Median of {runs} runs"
    if days:
        lines += ["## The tasks", "", f"{times}.", "", *_day_rows(days), ""]
    if stalls:
        lines += [
            "## Where QGIS could stand still",
            "",
            f"{times}, in seconds; the day with all 63 layers of the city on the map.",
            "",
            *_stall_rows(stalls),
            "",
        ]
    lines += BEFORE.replace("\n", " ").replace("## Before  ", "## Before\n\n").strip().splitlines()
    return "\n".join([*lines, "", *_proof_rows(), ""])


def _proof_rows() -> list[str]:
    rows = ["## Where each promise is proved", "", "| promise | tests |", "|---|---|"]
    for promise, *modules in PROOFS:
        rows.append(f"| {promise} | {', '.join(f'`tests/{module}.py`' for module in modules)} |")
    return rows


def _day_rows(days: dict[str, list[dict[str, Any]]]) -> list[str]:
    heads = ["task", "steps before", "now"]
    for figure in ("seconds", "longest gap"):
        for language in days:
            heads += [f"{figure} {language} before" if language == "en" else f"{language} before", "now"]
    heads += [f"of processor {language}" if language == "en" else language for language in days]
    rows = [_row(heads), f"|---|{'--:|' * (len(heads) - 1)}"]
    before = _before()
    columns = [_medians(seen) for seen in days.values()]
    for tasks in zip(*columns, strict=False):
        name = tasks[0]["task"]
        old = before.get(name, {})
        cells = [
            f"{name} ({old['note']})" if old.get("note") else name,
            old.get("steps") or "–",
            str(tasks[0]["steps"]),
        ]
        for figure in ("seconds", "gap_s"):
            for language, task in zip(days, tasks, strict=True):
                cells += [old.get(f"{figure}_{language}") or "–", f"{task[figure]:.2f}"]
        rows.append(_row([*cells, *(f"{task['gap_processor_s']:.2f}" for task in tasks)]))
    return rows


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _before() -> dict[str, dict[str, str]]:
    """The measurements of the former panel, by task; a missing number is empty, and the note gives the reason."""
    with BEFORE_FILE.open(encoding="utf-8", newline="") as file:
        return {row["task"]: row for row in csv.DictReader(file)}


def _medians(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks of one language, each with the median of its figures over all runs."""
    tasks = []
    for same in zip(*(day["tasks"] for day in seen), strict=False):
        figures = {
            key: statistics.median(task[key] for task in same) for key in same[0] if key not in ("task", "steps")
        }
        tasks.append({"task": same[0]["task"], "steps": same[0]["steps"], **figures})
    return tasks


def _stall_rows(stalls: dict[str, list[dict[str, float]]]) -> list[str]:
    rows = ["| what | whole | longest gap | of processor |", "|---|--:|--:|--:|"]
    for name, found in stalls.items():
        figures = [statistics.median(one[key] for one in found) for key in ("seconds", "gap_s", "gap_processor_s")]
        rows.append(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
