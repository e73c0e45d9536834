"""Every verb of the core, declared once with its parameters, for command line, serve and reference.

This module must stay cheap to import: what a verb needs is imported when it runs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from onemap.layers.errors import OneMapError, UsageError

Report = Callable[[float, str], None]
Values = Mapping[str, Any]
Result = dict[str, Any]
VERDICT_CHOICES = ("prohibited", "restricted", "unknown", "consult", "notice", "clear")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a verb. `name` is the option without dashes, with underscores; values come as text."""

    name: str
    metavar: str = ""
    positional: bool = False
    repeated: bool = False
    flag: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    convert: Callable[[str], Any] | None = None

    @property
    def option(self) -> str:
        """The option as it is typed."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Verb:
    """One verb: its parameters, the function that does it, and whether it is a Processing algorithm."""

    name: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Values, str, Report], Result]
    makes_data: bool = False
    text: Callable[[Result, str], str] | None = field(default=None, compare=False)


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    """A moment; a bare date means its end, so that what was recorded on that day is known."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text):
        return datetime.combine(date.fromisoformat(text), time.max).astimezone()
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


def _metres(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, (part.strip() for part in re.split("[,，]", text))):
        target, equals, source = part.partition("=")
        if not equals or not target.strip() or not source.strip():
            raise ValueError(part)
        pairs[target.strip()] = source.strip()
    return pairs


_LIBRARY = Parameter("library", "LIBRARY", positional=True)
_LAYER = Parameter("layer", "N")
_CRS = Parameter("crs", "C")
_ENCODING = Parameter("encoding", "E")
_TRANSFORM = Parameter("transform", "T")
_AS_OF = Parameter("as_of", "D", convert=_date)
_REPAIR = Parameter("repair", flag=True)


def _new(values: Values, language: str, report: Report) -> Result:
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


def _inspect(values: Values, language: str, report: Report) -> Result:
    from onemap.layers.inspection import inspect

    return inspect(values["source"], values.get("layer"), values.get("encoding"), language)


def _wishes(values: Values) -> Any:
    from onemap.layers.normalise import Wishes

    return Wishes(
        crs=values.get("crs"),
        transform=values.get("transform"),
        fields=values.get("fields") or {},
        repair=bool(values.get("repair")),
    )


def _add(values: Values, language: str, report: Report) -> Result:
    from onemap.layers.adding import AddWishes, add
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
        normalising=_wishes(values),
    )

    def told(fraction: float, step: str) -> None:
        report(fraction, phrase(f"progress.{step}", language))

    with open_library(values["library"]) as library:
        return add(
            library,
            values["source"],
            wishes,
            lambda code: required_fields(library, code),
            system_user(),
            language,
            told,
        )


def _layers(values: Values, language: str, report: Report) -> Result:
    from onemap.layers.library import open_library
    from onemap.layers.listing import listing

    with open_library(values["library"]) as library:
        return listing(library, values.get("as_of") or date.today())


def _check(values: Values, language: str, report: Report) -> Result:
    import os

    from onemap.layers.library import open_library
    from onemap.rules.check import CheckWishes, check
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
        run = check(library, wishes, language, report)
        # A library that may only be read gives its verdicts all the same; that the run is not kept is said.
        if library.writable:
            record_run(library, run)
        crs = library.crs
    if out:
        write_tables(run.tables, crs, out, bool(values.get("overwrite")))
    report(1.0, "")
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


def _sample(values: Values, language: str, report: Report) -> Result:
    from pathlib import Path

    from onemap.layers.messages import phrase
    from onemap.resources.sample_city import make

    folder = Path(values["folder"])
    if not folder.absolute().parent.is_dir():
        raise OneMapError("out.folder", file=str(folder.parent))
    if folder.exists() and any(folder.iterdir()):
        raise OneMapError("out.exists", file=folder.name)
    report(0.0, phrase("progress.sample", language))
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


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "new",
            (
                _LIBRARY,
                Parameter("crs", "EPSG:4547", required=True),
                Parameter("name", "N"),
                Parameter("district", "FILE"),
                Parameter("pack", "NAME", repeated=True),
            ),
            _new,
            makes_data=True,
        ),
        Verb("inspect", (Parameter("source", "SOURCE", positional=True), _LAYER, _ENCODING), _inspect),
        Verb(
            "add",
            (
                _LIBRARY,
                Parameter("source", "SOURCE", positional=True),
                Parameter("as", "CODE", required=True),
                _LAYER,
                _CRS,
                _TRANSFORM,
                _ENCODING,
                Parameter("fields", "target=source,…", convert=_pairs),
                Parameter("label", "L"),
                Parameter("valid_from", "D", convert=_date),
                Parameter("valid_to", "D", convert=_date),
                Parameter("covers", "district|extent|FILE"),
                Parameter("accuracy", "M", convert=_metres),
                _REPAIR,
                Parameter("define", "name=…,department=…,library=…,kind=…,geometry=…[,key=…]"),
            ),
            _add,
            makes_data=True,
        ),
        Verb("layers", (_LIBRARY, _AS_OF), _layers),
        Verb(
            "check",
            (
                _LIBRARY,
                Parameter("parcels", "PARCELS", positional=True),
                _LAYER,
                Parameter("id", "FIELD"),
                _CRS,
                _TRANSFORM,
                _ENCODING,
                _REPAIR,
                Parameter("pack", "FILE|NAME", repeated=True),
                Parameter("only", "CODE,…", convert=_codes),
                _AS_OF,
                Parameter("known_at", "T", convert=_moment),
                Parameter("out", "PATH"),
                Parameter("overwrite", flag=True),
                Parameter("workers", "N", convert=_count),
                Parameter("fail_on", "V", choices=VERDICT_CHOICES),
            ),
            _check,
            makes_data=True,
        ),
        Verb(
            "sample",
            (
                Parameter("folder", "FOLDER", positional=True),
                Parameter("seed", "N", convert=int),
                Parameter("parcels", "N", convert=_count),
            ),
            _sample,
        ),
    )
}


def checked_values(verb: Verb, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request, converted; lists and tables may come as such, or as text.

    Raises UsageError usage.parameter, usage.value, usage.required.
    """
    known = {parameter.name: parameter for parameter in verb.parameters}
    values: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            raise UsageError("usage.parameter", field=name, verb=verb.name, known=list(known))
        if value is not None:
            values[name] = _converted(parameter, value)
    for parameter in verb.parameters:
        if (parameter.positional or parameter.required) and values.get(parameter.name) in (None, ""):
            raise UsageError("usage.required", field=_shown_name(parameter), verb=verb.name)
    return values


def _shown_name(parameter: Parameter) -> str:
    return parameter.metavar if parameter.positional else parameter.option


def _converted(parameter: Parameter, value: Any) -> Any:
    if parameter.flag:
        if not isinstance(value, bool):
            raise UsageError("usage.value", field=_shown_name(parameter), value=value)
        return value
    if parameter.repeated:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [str(item) for item in items]
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    if isinstance(value, dict):
        value = ",".join(f"{key}={item}" for key, item in value.items())
    text = str(value)
    if parameter.choices and text not in parameter.choices:
        raise UsageError("usage.choice", field=_shown_name(parameter), value=text, allowed=list(parameter.choices))
    if parameter.convert is None:
        return text
    try:
        return parameter.convert(text)
    except ValueError:
        raise UsageError("usage.value", field=_shown_name(parameter), value=text) from None
