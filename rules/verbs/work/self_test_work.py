"""Whether this machine can do the work: the checks of `self-test`, one after the other.

Only the standard library is imported before its turn, so that a library that does not load is named, not fatal.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, Problem, file_reason, joined_sentences
from onemap.layers.messages import phrase, wording
from onemap.layers.progress import SILENT
from onemap.layers.software import outdated_libraries
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.contract.verdict import Verdict

REPORT_MARK = "onemap self-test"  # by which a report that may be replaced is known
# What is imported, by the distribution that brings it: the compiled part of each where it is a module of its own.
LIBRARIES = {
    "numpy": "numpy.linalg",
    "pandas": "pandas",
    "pyarrow": "pyarrow.parquet",
    "shapely": "shapely",
    "pyproj": "pyproj",
    "pyogrio": "pyogrio.raw",
    "fiona": "fiona",
    "geopandas": "geopandas",
    "rasterio": "rasterio.features",
    "openpyxl": "openpyxl",
    "python-calamine": "python_calamine",
    "cql2": "cql2",
    "ezdxf": "ezdxf",
    "py7zr": "py7zr",
    "psycopg": "psycopg",
    "psycopg-binary": "psycopg_binary",
    "chinesecalendar": "chinese_calendar",
    "python-docx": "docx",
    "docxtpl": "docxtpl",
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
    "typst": "typst",
    "pypinyin": "pypinyin",
    "defusedxml": "defusedxml.ElementTree",
    "tomli": "tomli",
    "pypdf": "pypdf",
}
NOT_EVERYWHERE = {"fiona"}  # has no wheels for some systems; the core then does without, more slowly
_OLDEST = (3, 11)
_BITS_64 = 2**32


class _Unfit(Exception):
    """The checked thing exists but is not sufficient."""


@dataclass(frozen=True)
class _Check:
    """One check. look: returns what was found, for a reader, or raises; failed: the message if it raises."""

    name: str
    look: Callable[["_Room"], str]
    failed: Problem


@dataclass(frozen=True)
class _Room:
    """The folder in which everything is made, and the verb's request."""

    folder: Path
    context: VerbContext


def self_test(values: Values, context: VerbContext) -> Result:
    """Do all that the core needs of a machine on a small scale, and say what fails, with the next step.

    `--report` is written before each check too, so that it names the check if a library crashes the process.
    Raises OneMapError out.exists, out.folder, out.failed.
    """
    import tempfile

    from onemap.layers.stores.session import SESSION_CACHE

    report = Path(values["report"]) if values.get("report") else None
    if report is not None:
        _check_report(report)
    checks: list[dict[str, Any]] = []
    all_checks = _checks()
    # The session would keep the small library open, whose folder then could not be removed on Windows.
    former = SESSION_CACHE.set(None)
    try:
        with contextlib.ExitStack() as stack:
            room = None
            for number, check in enumerate(all_checks):
                name = check.name.removeprefix("library.")  # a package's own name
                context.progress.at(number / len(all_checks), phrase("progress.self_test", context.language, name=name))
                _write_report(report, checks, running=check.name)
                if room is None and check.name == "folder":
                    folder = tempfile.TemporaryDirectory(prefix="onemap-self-test-", ignore_cleanup_errors=True)
                    room = _Room(Path(stack.enter_context(folder)), context)
                checks.append(_look(check, room or _Room(Path(), context)))
    finally:
        SESSION_CACHE.reset(former)
    _write_report(report, checks)
    result: Result = {"ok": all(check["ok"] for check in checks), "checks": checks}
    return {**result, "report": str(report)} if report is not None else result


def _look(check: _Check, room: _Room) -> dict[str, Any]:
    """The record of a check, with the next step if it failed."""
    try:
        return {"name": check.name, "ok": True, "detail": check.look(room)}
    except Exception as error:  # noqa: BLE001 - whatever goes wrong on a machine is what is looked for
        messages = [wording(one, room.context.language)[0] for one in getattr(error, "problems", ())]
        plain = str(error) if isinstance(error, _Unfit) else f"{type(error).__name__}: {error}"
        reason = joined_sentences(*messages) or plain[:400]
        facts = {"name": check.name.partition(".")[2] or check.name, "reason": reason}
        message, mend = wording(replace(check.failed, facts=facts), room.context.language)
        return {"name": check.name, "ok": False, "detail": message, "mend": mend}


def _checks() -> list[_Check]:
    libraries = [
        _Check(f"library.{name}", _import_check(name, module), Problem("self_test.library"))
        for name, module in LIBRARIES.items()
    ]
    return [
        _Check("python", _python, Problem("self_test.python")),
        _Check("sqlite", _sqlite, Problem("self_test.sqlite")),
        _Check("ssl", _ssl, Problem("self_test.ssl")),
        *libraries,
        _Check("versions", _versions, Problem("self_test.outdated")),
        _Check("compiler", _compiler, Problem("self_test.library")),
        _Check("folder", _folder, Problem("self_test.folder")),
        _Check("wal", _wal, Problem("self_test.wal")),
        _Check("coordinates", _coordinates, Problem("self_test.coordinates")),
        _Check("new", _new, Problem("self_test.work")),
        _Check("check", _check, Problem("self_test.work")),
        _Check("pdf", _pdf, Problem("self_test.pdf")),
    ]


def _python(_room: _Room) -> str:
    import platform

    if sys.version_info[:2] < _OLDEST:
        raise _Unfit(platform.python_version())
    if sys.maxsize < _BITS_64:
        raise _Unfit("32 bit")
    return f"{platform.python_version()} {platform.machine()}, {platform.platform()}"


def _sqlite(_room: _Room) -> str:
    import sqlite3

    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE boxes USING rtree(id, minx, maxx, miny, maxy)")
        connection.execute("INSERT INTO boxes VALUES (1, 0, 2, 0, 2), (2, 5, 6, 5, 6)")
        rows = connection.execute("SELECT id FROM boxes WHERE minx <= 1 AND maxx >= 1").fetchall()
    if rows != [(1,)]:
        raise _Unfit(f"R-tree: {rows}")
    return f"SQLite {sqlite3.sqlite_version}, R-tree"


def _ssl(_room: _Room) -> str:
    import ssl

    ssl.create_default_context()
    return ssl.OPENSSL_VERSION


def _import_check(name: str, module: str) -> Callable[[_Room], str]:
    def look(room: _Room) -> str:
        import importlib
        import logging
        from importlib.metadata import PackageNotFoundError, version

        try:
            version(name)
        except PackageNotFoundError:
            if name in NOT_EVERYWHERE:
                return phrase("said.self_test_without", room.context.language)
            raise
        # fiona tells of each driver that is switched off and that its GDAL never had.
        logging.getLogger(name).addHandler(logging.NullHandler())
        importlib.import_module(module)
        return version(name)

    return look


def _versions(room: _Room) -> str:
    """Check the versions of libraries: older ones may fail, or read a rule's condition differently."""
    outdated = outdated_libraries()
    if outdated:
        raise _Unfit(", ".join(outdated))
    return phrase("said.self_test_versions", room.context.language)


def _compiler(room: _Room) -> str:
    """Check numba if it is installed; without it the core is only slower."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        numba_version = version("numba")
    except PackageNotFoundError:
        return phrase("said.self_test_slower", room.context.language)
    import numba

    return f"numba {numba_version}" if numba.__version__ else numba_version


def _folder(room: _Room) -> str:
    """Check Chinese names, long paths, and replacing a file."""
    deep = room.folder.joinpath(*(["资料库 with a long name, one folder in another"] * 3))
    deep.mkdir(parents=True)
    first, second = deep / "一.txt", deep / "二.txt"
    first.write_text("1", encoding="utf-8")
    second.write_text("2", encoding="utf-8")
    os.replace(first, second)
    if second.read_text(encoding="utf-8") != "1":
        raise _Unfit(second.name)
    return f"{sys.getfilesystemencoding()}, {len(str(second))}"


def _wal(room: _Room) -> str:
    """Check that one connection can write while another reads its own state."""
    import sqlite3

    path = room.folder / "wal.db"
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader,
    ):
        mode = writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise _Unfit(f"journal_mode = {mode}")
        writer.execute("CREATE TABLE t (n)")
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM t").fetchone()
        writer.execute("INSERT INTO t VALUES (1)")
        during = reader.execute("SELECT count(*) FROM t").fetchone()
        reader.execute("COMMIT")
        after = reader.execute("SELECT count(*) FROM t").fetchone()
    if (before, during, after) != ((0,), (0,), (1,)):
        raise _Unfit(f"{before} {during} {after}")
    return "WAL"


def _coordinates(_room: _Room) -> str:
    """Check that PROJ finds its own database, not another program's, and transforms the origin of a zone."""
    import pyproj

    there = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True).transform(114.0, 30.0)
    if abs(there[0] - 500_000.0) > 1e-6:
        raise _Unfit(str(there))
    return f"PROJ {pyproj.proj_version_str}"


def _town(room: _Room) -> Iterator[tuple[Path, Any]]:
    """A square of farmland of 10 m and a parcel of 4 m × 10 m, half of it on the farmland."""
    import geopandas as gpd
    import shapely

    west, south = 500_000, 3_400_000
    for name, box in (("farmland", (0, 0, 10, 10)), ("parcels", (8, 0, 12, 10))):
        square = shapely.box(west + box[0], south + box[1], west + box[2], south + box[3])
        frame = gpd.GeoDataFrame({"BSM": ["1"]}, geometry=[square], crs="EPSG:4547")
        path = room.folder / f"{name}.gpkg"
        frame.to_file(path)
        yield path, frame


def _new(room: _Room) -> str:
    from onemap.rules.verbs.work.library_work import add, new

    quiet = replace(room.context, progress=SILENT, session=None)
    library = room.folder / "小库.gpkg"
    new({"library": str(library), "crs": "EPSG:4547"}, quiet)
    farmland, _parcels = (path for path, _frame in _town(room))
    wishes = {"as": "YJJBNTTB", "covers": "extent", "valid_from": None}
    new_version = add({"library": str(library), "source": str(farmland), **wishes}, quiet)
    if new_version["features"] != 1:
        raise _Unfit(str(new_version))
    return f"{library.name}, {library.stat().st_size // 1024} kB"


def _check(room: _Room) -> str:
    import pyarrow.parquet as pq

    from onemap.rules.verbs.work.check_work import check

    quiet = replace(room.context, progress=SILENT, session=None)
    out = room.folder / "findings"
    wishes = {"only": ("YJJBNTTB",), "out": [str(out)]}
    check({"library": str(room.folder / "小库.gpkg"), "parcels": str(room.folder / "parcels.gpkg"), **wishes}, quiet)
    rows = pq.read_table(out / "findings.parquet", columns=["verdict", "area_m2"]).to_pylist()
    areas_by_verdict = {row["verdict"]: row["area_m2"] for row in rows}
    if areas_by_verdict.get(Verdict.PROHIBITED) != 20.0:
        raise _Unfit(str(areas_by_verdict))
    return "20 m²"


def _pdf(room: _Room) -> str:
    from onemap.rules.display.maps.fonts import chosen_fonts
    from onemap.rules.display.maps.typst_pages import set_pages

    folder = room.folder / "page"
    folder.mkdir()
    families = sorted({*chosen_fonts().families.values()})
    source = folder / "page.typ"
    source.write_text(f'#set text(font: "{families[0]}")\n一张图 One Map\n', encoding="utf-8")
    (pdf,) = set_pages(source, source.name)
    if not pdf.startswith(b"%PDF"):
        raise _Unfit("no PDF")
    return ", ".join(families)


def _check_report(report: Path) -> None:
    """Refuse a path with anything but an earlier report. Raises OneMapError out.exists, out.folder."""
    if report.is_file():
        with contextlib.suppress(OSError, ValueError):
            if json.loads(report.read_text(encoding="utf-8")).get("about") == REPORT_MARK:
                return
    if report.exists():
        from onemap.layers.files.atomic_output import place_taken

        raise place_taken(str(report), "--report")
    if not report.absolute().parent.is_dir():
        raise OneMapError("out.folder", file=str(report.parent), field="--report")


def _write_report(report: Path | None, checks: list[dict[str, Any]], running: str | None = None) -> None:
    """Write the report so that it can be sent to others: versions and checks, no names of persons or folders."""
    if report is None:
        return
    import datetime
    import locale
    import platform

    from onemap.layers.software import installed_versions

    facts = {
        "about": REPORT_MARK,
        "ok": running is None and all(check["ok"] for check in checks),
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": sys.version,
        "encodings": [sys.getfilesystemencoding(), locale.getpreferredencoding(False)],
        "versions": installed_versions(),
        "running": running,
        "checks": checks,
    }
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    for private in (str(Path.home()), sys.prefix, sys.base_prefix):
        for private_text in (private, json.dumps(private, ensure_ascii=False)[1:-1]):
            text = text.replace(private_text, "~") if len(private_text) > 1 else text
    try:
        report.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OneMapError("out.failed", file=str(report), field="--report", reason=file_reason(error)) from error
