"""What each verb does with its values; libraries are imported here only when a verb runs."""

from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.verbs import VERDICT_CHOICES, Asked, Result, Values


def new(values: Values, asked: Asked) -> Result:
    """Make a library; its packs are read first, so that a wrong one leaves nothing behind."""
    from onemap.layers.adding import read_polygons
    from onemap.layers.catalogue import shipped_catalogue
    from onemap.layers.crs import library_crs
    from onemap.layers.library import library_path, make_library, system_user
    from onemap.rules.packs import DEFAULT_PACK, is_shipped, joined_rules, pack_text, parse_pack

    location = values["library"]
    path = library_path(location)
    if path.exists():
        raise OneMapError("library.exists", file=path.name)
    crs = library_crs(values["crs"])
    names = values.get("pack") or [DEFAULT_PACK]
    packs = []
    for name in names:
        text, source = pack_text(name)
        packs.append((parse_pack(text, source, shipped_catalogue()), None if is_shipped(name) else text))
    joined_rules([pack for pack, _ in packs])
    district = read_polygons(values["district"], crs) if values.get("district") else None
    kept = [(pack.id, text) for pack, text in packs]
    make_library(location, crs, values.get("name") or path.stem, kept, district, system_user())
    return {
        "ok": True,
        "library": str(location),
        "crs": f"EPSG:{crs.to_epsg()}",
        "packs": [pack[0] for pack in kept],
    }


def inspect(values: Values, asked: Asked) -> Result:
    """Say what is in a source."""
    from onemap.layers.inspection import inspect as inspected

    return inspected(values["source"], values.get("layer"), values.get("encoding"), asked.language)


def _wishes(values: Values) -> Any:
    from onemap.layers.placing import Wishes

    return Wishes(
        crs=values.get("crs"),
        transform=values.get("transform"),
        fields=values.get("fields") or {},
        repair=bool(values.get("repair")),
    )


def add(values: Values, asked: Asked) -> Result:
    """Add a source as a new version of a layer."""
    from onemap.layers.adding import AddWishes
    from onemap.layers.adding import add as add_source
    from onemap.layers.library import open_library, system_user
    from onemap.layers.messages import phrase
    from onemap.rules.check import required_fields

    wishes = AddWishes(
        code=values["as"],
        layer=values.get("layer"),
        encoding=values.get("encoding"),
        define=values.get("define"),
        label=values.get("label"),
        valid_from=values.get("valid_from"),
        valid_to=values.get("valid_to"),
        covers=values.get("covers"),
        accuracy_m=values.get("accuracy"),
        copy=bool(values.get("copy")),
        normalising=_wishes(values),
    )

    def told(fraction: float, step: str) -> None:
        asked.report(fraction, phrase(f"progress.{step}", asked.language))

    with open_library(values["library"]) as library:
        return add_source(
            library,
            values["source"],
            wishes,
            lambda code: required_fields(library, code),
            system_user(),
            asked.language,
            told,
        )


def layers(values: Values, asked: Asked) -> Result:
    """The catalogue of a library as it stands."""
    from onemap.layers.library import open_library
    from onemap.layers.listing import listing

    with open_library(values["library"]) as library:
        return listing(library, values.get("as_of") or date.today())


def check(values: Values, asked: Asked) -> Result:
    """Check parcels, keep the run in the library, and write its tables."""
    import os

    from onemap.layers.library import open_library
    from onemap.rules.check import check as judge_all
    from onemap.rules.run_record import CheckWishes
    from onemap.rules.runs import check_target, record_run, write_tables

    wishes = CheckWishes(
        parcels=values["parcels"],
        layer=values.get("layer"),
        id_field=values.get("id"),
        encoding=values.get("encoding"),
        packs=tuple(values.get("pack") or ()),
        only=tuple(values.get("only") or ()),
        as_of=values.get("as_of"),
        known_at=values.get("known_at"),
        workers=values.get("workers") or os.cpu_count() or 1,
        normalising=_wishes(values),
    )
    out = values.get("out")
    if out:
        check_target(out, bool(values.get("overwrite")))
    with open_library(values["library"]) as library:
        run = judge_all(library, wishes, asked.language, asked.report, asked.warm)
        # A library that may only be read gives its verdicts all the same; that the run is not kept is said.
        if library.writable:
            record_run(library, run)
        crs = library.crs
    if out:
        write_tables(run.tables, crs, out, bool(values.get("overwrite")))
    asked.report(1.0, "")
    result: Result = {
        "run": {**run.record, "recorded": library.writable},
        "parcels": len(run.tables["parcels"].columns),
        "verdicts": run.verdicts,
        "verdict": run.verdict,
        "seconds": run.record["seconds"],
        "problems": run.problems,
    }
    if out:
        result["out"] = str(out)
    threshold = values.get("fail_on")
    if threshold and VERDICT_CHOICES.index(run.verdict) <= VERDICT_CHOICES.index(threshold):
        result["failed_on"] = threshold
    return result


def redline(values: Values, asked: Asked) -> Result:
    """Write a coordinate TXT as a vector file, or a vector file as a coordinate TXT."""
    from onemap.layers.redline_exchange import ExchangeWishes, exchange

    wishes = ExchangeWishes(
        layer=values.get("layer"),
        crs=values.get("crs"),
        encoding=values.get("encoding"),
        overwrite=bool(values.get("overwrite")),
    )
    return exchange(values["source"], values["target"], wishes, asked.language)


def sample(values: Values, asked: Asked) -> Result:
    """Make the sample city's files in a new folder."""
    from pathlib import Path

    from onemap.layers.messages import phrase
    from onemap.resources.sample_city import make

    folder = Path(values["folder"])
    if not folder.absolute().parent.is_dir():
        raise OneMapError("out.folder", file=str(folder.parent))
    if folder.exists() and any(folder.iterdir()):
        raise OneMapError("out.exists", file=folder.name)
    asked.report(0.0, phrase("progress.sample", asked.language))
    folder.mkdir(exist_ok=True)
    try:
        made = make(folder, values.get("seed") or 2026, values.get("parcels") or 2000)
    except OSError as error:
        raise OneMapError("out.failed", file=folder.name, reason=error.strerror or str(error)) from error
    return {
        "ok": True,
        "folder": str(folder),
        **{key: made[key] for key in made if key not in ("ok", "folder")},
    }
