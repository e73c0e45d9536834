"""The workshop, standard library only: python3 build.py VERB.

On a bare machine the first verb sets up what it needs, and says what it does; a second run starts at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "resources"))

from workshop import (
    architecture,
    benches,
    bundle,
    checks,
    demo,
    package,
    picture_book,
    plugin_lock,
    qgis_desktop,
    translations,
    write_reference,
)
from workshop.machine import WorkshopError, warn

VERBS = {
    "demo": (demo.demo, "make the sample city, check it outside and inside QGIS, and name the files made"),
    "test": (
        checks.test,
        "all of `check`, then all tests that are not slow; --slow, --nightly, --oldest: those; or PATH…",
    ),
    "check": (checks.check, "format, lint, types and the test of the house"),
    "run": (qgis_desktop.desktop, "QGIS with the plugin enabled and the sample city open"),
    "package": (package.package, "the plugin as a zip, in dist/"),
    "bundle": (bundle.bundle, "the core's wheels for a bureau without internet: --platform P --python V"),
    "lock": (plugin_lock.lock, "renew what the plugin installs: versions, hashes, and the list of parts"),
    "bench": (benches.bench, "the peers (--size S|M|L --jobs … --peers …) and the fuzzing; or those named after it"),
    "reference": (write_reference.write, "write the reference and the plugin's table of verbs, as they are declared"),
    "architecture": (architecture.draw, "draw the picture of the folders anew, from the imports"),
    "pictures": (
        picture_book.pictures,
        "the dock's rooms in both languages, light and dark, 100 and 150 %, and the browser's pages, on one page; "
        "or SET… --rooms ROOM,…; or web: the browser's pages; or documents: those in README and guide",
    ),
    "translate": (translations.translate, "compile the translations of the plugin's interface"),
}


def main(words: list) -> int:
    """Run the verb that was asked for."""
    for stream in (sys.stdout, sys.stderr):
        # A console of another encoding shows a question mark for a Chinese name rather than ending the run.
        stream.reconfigure(errors="replace")
    takes_words = words[:1] in (["bench"], ["bundle"], ["test"], ["pictures"])
    if words[:1] == [] or words[0] not in VERBS or (len(words) > 1 and not takes_words):
        lines = [f"  {verb:<13} {purpose}" for verb, (_, purpose) in VERBS.items()]
        print("\n".join(["usage: python3 build.py VERB", "", *lines]))
        return 0 if words in (["-h"], ["--help"]) else 2
    try:
        return VERBS[words[0]][0](words[1:]) if takes_words else VERBS[words[0]][0]()
    except WorkshopError as error:
        warn(f"build.py {words[0]}: {error}")
        return 1
    except KeyboardInterrupt:
        warn(f"build.py {words[0]}: stopped. The next run takes up from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
