"""The results of `inspect` and `add` for every real file beside the project, as listed in outcomes.csv.

A row is one layer of one file (without a layer if the file cannot be opened): the number and geometry of features that
`inspect` counts, the codes of its remarks, and the result of `add` with these options: the number of features added, or
the codes of the refusal.
"""

import csv
from itertools import groupby
from pathlib import Path

import pytest

FOLDERS = ("formats", "broken_files", "redline_txt", "china", "torture")
MOST_MEGABYTES = 2000


def outcomes() -> list[dict[str, str]]:
    with (Path(__file__).parent / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files_in(folder: Path) -> list[Path]:
    """Every file; a FileGDB is one."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.suffix == ".gdb") and not any(above.suffix == ".gdb" for above in path.parents)
    ]


class Memory:
    """The peak memory of this process while something runs, beyond its memory before, in MB."""

    def __init__(self):
        self.most_mb = 0.0

    def __enter__(self):
        self.before = self._kilobytes("VmRSS")
        if self.before is not None:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        return self

    def __exit__(self, *_):
        if self.before is not None:
            self.most_mb = (self._kilobytes("VmHWM") - self.before) / 1024

    @staticmethod
    def _kilobytes(name: str) -> int | None:
        status = Path("/proc/self/status")
        if not status.is_file():
            return None  # this system does not tell
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(name))


def codes(record: dict) -> str:
    return " ".join(sorted({problem["code"] for problem in record["problems"]}))


def outcome_rows(answer) -> list[dict[str, str]]:
    """The answer of `inspect`, as rows of the table."""
    if answer.code:
        return [{"layer": "", "count": "", "geometry": "", "told": codes(answer.json)}]
    return [
        {
            "layer": layer["name"],
            "count": "" if layer["count"] is None else str(layer["count"]),
            "geometry": (layer["geometry"] or "").replace(", ", "+"),
            "told": codes(layer),
        }
        for layer in answer.json["layers"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_loaded_with_its_counts_or_refused_with_its_code(onemap, shared_data, tmp_path, folder):
    """And none takes more than two gigabytes."""
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    rows = [row for row in outcomes() if row["file"].startswith(f"{folder}/")]
    wrong = []
    number = 0
    for file, of_file in groupby(rows, key=lambda row: row["file"]):
        known = list(of_file)
        with Memory() as inspecting:
            answer = onemap("inspect", shared_data / file)
        expected = [{name: row[name] for name in ("layer", "count", "geometry", "told")} for row in known]
        expected = [row for at, row in enumerate(expected) if row not in expected[:at]]
        if answer.code not in (0, 3) or outcome_rows(answer) != expected:
            wrong.append((file, "inspect", answer.code, outcome_rows(answer), expected))
        for row in known:
            number += 1
            define = f"name=t,department=land,library=base,kind=vector,geometry={row['as'] or 'polygon'}"
            options = [*(("--layer", row["layer"]) if row["layer"] else ()), *row["options"].split()]
            with Memory() as adding:
                added = onemap(
                    *("add", library, shared_data / file, "--as", f"T{number}", "--define", define),
                    *("--covers", "extent", *options),
                )
            if max(inspecting.most_mb, adding.most_mb) > MOST_MEGABYTES:
                wrong.append((file, row["layer"], "megabytes", inspecting.most_mb, adding.most_mb))
            found = str(added.json["features"]) if added.code == 0 else codes(added.json)
            if added.code not in (0, 3) or found != row["add"]:
                wrong.append((file, row["layer"], row["options"], added.code, found, row["add"]))
    assert wrong == []


def test_the_table_knows_every_file(shared_data):
    known = {row["file"] for row in outcomes()}
    there = {file.relative_to(shared_data).as_posix() for folder in FOLDERS for file in files_in(shared_data / folder)}
    assert known == there
