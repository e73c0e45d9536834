"""Random clicks in the panel, to find what no test covers. Needs QGIS and the demo's city (python3 build.py demo).

For two minutes in each language, a hand presses, types and chooses in visible controls, with a real core and a copy of
the city's library. Reported with the steps before it is each error in Python or in QGIS's log, each defect of the core,
each hang of more than three seconds, and anything that never ends. The same `--seed` gives other steps as soon as
timing differs, so a fault may need several runs to come again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from onemap.tests.plugin import desktop

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "demo"
PYTHON = ROOT / ".venv-qgis" / "bin" / "python"
CRS, LARGEST_FILE, LAST_SIGNS = "EPSG:4547", 3_000_000, 4_000


def main() -> int:
    """Let the hand work; return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="in each language")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--languages", default="en,zh")
    wishes = parser.parse_args()
    if missing := [str(path.relative_to(ROOT)) for path in (PYTHON, DEMO / "city.gpkg") if not path.exists()]:
        sys.stderr.write(f"not here: {', '.join(missing)}; `python3 build.py demo` makes them\n")
        return 1
    faults = 0
    for language in wishes.languages.split(","):
        found = _let_work(language, wishes.seed, wishes.seconds)
        for fault in found["faults"]:
            steps = "\n".join(f"    {step}" for step in fault["steps"])
            sys.stdout.write(f"{language}, {fault['at_s']} s, {fault['kind']}: {fault['text']}\n{steps}\n\n")
        faults += len(found["faults"])
        sums = f"{len(found['faults'])} faults, {found['requests']} requests, longest gap {found['longest_s']:.1f} s"
        sys.stdout.write(f"{language}, seed {wishes.seed}: {sums}\n")
    return int(faults > 0)


def _let_work(language: str, seed: int, seconds: int) -> dict:
    """The driver's findings in one language."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library, parcels = desktop.copy_city(DEMO, folder)
        (folder / "written").mkdir()
        sources = [path for path in sorted((DEMO / "city").rglob("*")) if path.is_file()]
        files = [str(path) for path in sources if path.stat().st_size < LARGEST_FILE]
        orders = {"crs": CRS, "library": str(library), "parcels": str(parcels), "files": files, "language": language}
        orders |= {
            "seed": seed,
            "seconds": seconds,
            "folder": str(folder / "written"),
            "report": str(folder / "report"),
        }
        (folder / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
        environment = desktop.inherited_environment()
        environment |= {"QT_QPA_PLATFORM": "offscreen", "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile")}
        environment |= {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
        driver = Path(__file__).with_name("click_driver.py")
        command = [PYTHON, "-P", "-X", "faulthandler", driver, folder / "orders.json"]
        with open(
            folder / "messages", "w+", encoding="utf-8"
        ) as messages:  # Qt's platform says of each window what it lacks
            ended = subprocess.run(command, env=environment, cwd=folder, stderr=messages)
            messages.seek(0)
            last = "".join(line for line in messages if "This plugin does not support" not in line)[-LAST_SIGNS:]
        if not (folder / "report").exists():
            text = f"QGIS ended with code {ended.returncode}\n{last}"
            return {
                "faults": [{"kind": "end", "text": text, "at_s": seconds, "steps": []}],
                "requests": 0,
                "longest_s": 0,
            }
        found: dict = json.loads((folder / "report").read_text(encoding="utf-8"))
        return found


if __name__ == "__main__":
    sys.exit(main())
