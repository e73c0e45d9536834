"""A private PostgreSQL with one empty database, for the plugin's tests: run by the core's Python, as QGIS's has no
database driver. Prints where it is as one line of JSON, or why there is none, and lives until stdin is closed.
"""

import json
import sys

from onemap.tests.postgis_server import Absent, private_server


def main() -> None:
    """Keep the server."""
    try:
        with private_server() as server:
            made = server.database()
            made.run(
                f"CREATE ROLE guarded LOGIN CREATEROLE PASSWORD '{sys.argv[1]}'; CREATE ROLE stranger LOGIN; "
                f"GRANT CREATE ON DATABASE {made.name} TO guarded"
            )
            _say({"folder": str(made.folder), "database": made.name, "programs": str(made.programs)})
            sys.stdin.read()
    except Absent as reason:
        _say({"absent": str(reason)})


def _say(facts: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
