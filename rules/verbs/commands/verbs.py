"""Every verb of the core, declared once with its parameters, for command line, serve and reference.

This module must stay cheap to import: what a verb needs is imported when it runs.
"""

from onemap.layers.catalogue.coverage_names import COVERAGES
from onemap.layers.catalogue.schema import DEPARTMENTS, KINDS, LIBRARIES
from onemap.layers.files.text_encodings import ENCODINGS
from onemap.rules.contract.check_parameters import CHECK_PARAMETERS, CODE_SYSTEM
from onemap.rules.contract.declaration import (
    Parameter,
    Result,
    Values,
    Verb,
    VerbContext,
    checked_values,
    to_codes,
    to_count,
    to_date,
    to_metres,
    to_moment,
    to_name,
    to_pairs,
    to_port,
    to_scheduler,
    to_seed,
    to_town_size,
)
from onemap.rules.contract.output_forms import CHECK_FORMS, out_parameter
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.verbs.commands.compare_verbs import COMPARE_VERBS
from onemap.rules.verbs.commands.delivery_verbs import DELIVERY_VERBS
from onemap.rules.verbs.commands.identify_verbs import IDENTIFY_VERBS, SHEET_VERBS
from onemap.rules.verbs.commands.pack_verbs import PACK_VERBS
from onemap.rules.verbs.commands.remedy_verbs import REMEDY_VERBS
from onemap.rules.verbs.commands.review_verbs import REVIEW_VERBS
from onemap.rules.verbs.commands.run_verbs import RUN_VERBS
from onemap.rules.verbs.commands.statistics_verbs import STATISTICS_VERBS

__all__ = [
    "DOORS",
    "VERBS",
    "VerbContext",
    "Parameter",
    "Result",
    "Values",
    "Verb",
    "checked_values",
]

SERVICE_TYPES = ("wms", "wmts", "xyz", "wfs", "oapif", "sensorthings")

_LIBRARY = Parameter("library", "LIBRARY", positional=True)
_LAYER = Parameter("layer", "N", convert=to_name)
_CRS = Parameter("crs", "C", convert=to_name)
_ENCODING = Parameter("encoding", "E", words=ENCODINGS, convert=to_name)
_TRANSFORM = Parameter("transform", "T", convert=to_name)
_AS_OF = Parameter("as_of", "D", convert=to_date)
_REPAIR = Parameter("repair", flag=True)


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
                _TRANSFORM,
                Parameter("pack", "NAME", repeated=True),
                Parameter("define", "FILE.toml"),
                Parameter("rehearsal", flag=True),
            ),
            makes_data=True,
        ),
        Verb(
            "inspect",
            (
                Parameter("source", "SOURCE", positional=True),
                _LAYER,
                _ENCODING,
                Parameter("library", "LIBRARY", convert=to_name),
            ),
        ),
        Verb(
            "add",
            (
                _LIBRARY,
                Parameter("source", "SOURCE", positional=True, repeated=True),
                Parameter("as", "CODE", required=True),
                _LAYER,
                _CRS,
                _TRANSFORM,
                _ENCODING,
                Parameter("fields", "target=source,…", convert=to_pairs),
                Parameter("in_place_of", "NAME", convert=to_name),
                Parameter("label", "L"),
                Parameter("valid_from", "D", convert=to_date),
                Parameter("valid_to", "D", convert=to_date),
                Parameter("covers", "district|extent|features|FILE", words=COVERAGES),
                Parameter("accuracy", "M", convert=to_metres),
                _REPAIR,
                Parameter("keep_bad", flag=True),
                Parameter("accept", choices=("shift", "empty")),
                Parameter("sure", flag=True),
                Parameter("report", "FILE.xlsx"),
                Parameter("overwrite", flag=True),
                Parameter("copy", flag=True),
                Parameter("service", "NAME"),
                Parameter("taken_at", "T", convert=to_moment),
                Parameter("define", "name=…,department=…,library=…,kind=…,geometry=…[,key=…]|FILE.toml"),
            ),
            makes_data=True,
        ),
        Verb(
            "service",
            (
                _LIBRARY,
                Parameter("name", "NAME", positional=True),
                Parameter("type", choices=SERVICE_TYPES),
                Parameter("url", "U"),
                _LAYER,
                Parameter("department", choices=DEPARTMENTS),
                Parameter("as", "CODE"),
                Parameter("into", choices=LIBRARIES),
                Parameter("kind", choices=KINDS),
                Parameter("dated", "D", convert=to_date),
                Parameter("authcfg", "ID"),
                Parameter("options", "crs=…,style=…,…", convert=to_pairs),
                Parameter("note", "TEXT"),
                Parameter("overwrite", flag=True),
                Parameter("remove", flag=True),
            ),
        ),
        Verb(
            "district",
            (
                _LIBRARY,
                Parameter("district", "FILE", positional=True, optional=True),
                _TRANSFORM,
                Parameter("reason", "R", convert=to_name),
                Parameter("by", "N", convert=to_name),
            ),
        ),
        Verb(
            "retire",
            (
                _LIBRARY,
                Parameter("code", "CODE", positional=True),
                Parameter("label", "LABEL", positional=True, convert=to_name),
                Parameter("reason", "R", required=True, convert=to_name),
                Parameter("by", "N", convert=to_name),
                Parameter("undo", flag=True),
            ),
        ),
        Verb("layers", (_LIBRARY, _AS_OF, Parameter("looks", flag=True))),
        Verb(
            "check",
            (
                _LIBRARY,
                Parameter("parcels", "PARCELS", positional=True, repeated=True),
                *CHECK_PARAMETERS,
                Parameter("fields", "target=source,…", convert=to_pairs),
                Parameter("keep_bad", flag=True),
                out_parameter(CHECK_FORMS),
                Parameter("overwrite", flag=True),
                Parameter("replace", "CODE=FILE", repeated=True),
                Parameter("against", "RUN", convert=to_name),
                Parameter("unrecorded", flag=True),
                Parameter("workers", "N", convert=to_count),
                Parameter("scheduler", "local|ADDRESS", convert=to_scheduler),
                Parameter("shared", "FOLDER"),
                Parameter("fail_on", "V", choices=VERDICTS),
            ),
            makes_data=True,
            work="check_work",
            for_others=True,
        ),
        Verb(
            "redline",
            (
                Parameter("source", "SOURCE", positional=True),
                Parameter("target", "TARGET", positional=True),
                _LAYER,
                _CRS,
                _ENCODING,
                Parameter("overwrite", flag=True),
            ),
            makes_data=True,
        ),
        Verb(
            "explain",
            (
                _LIBRARY,
                Parameter("run", "RUN", positional=True),
                Parameter("parcel", "PARCEL", positional=True),
                Parameter("rule", "RULE", positional=True),
            ),
            work="check_work",
            for_others=True,
        ),
        Verb(
            "verify",
            (_LIBRARY, Parameter("run", "ID", convert=to_name), Parameter("head", "HASH|FILE", convert=to_name)),
        ),
        Verb("upgrade", (_LIBRARY,)),
        Verb(
            "keep",
            (
                _LIBRARY,
                Parameter("file", "FILE", positional=True, optional=True),
                Parameter("head", "FILE.json", convert=to_name),
                Parameter("expect", "HASH", convert=to_name),
            ),
        ),
        Verb("profile", (_LIBRARY, Parameter("file", "FILE.toml")), work="profile_work"),
        Verb("calendar", (_LIBRARY, Parameter("notice", "FILE.txt"), Parameter("keep", flag=True))),
        Verb("copy", (_LIBRARY, Parameter("target", "LIBRARY", positional=True))),
        Verb("words", (Parameter("library", "LIBRARY", positional=True, optional=True),)),
        Verb(
            "facts",
            (_LIBRARY, Parameter("pack", "FILE|NAME", repeated=True), CODE_SYSTEM, Parameter("data", "FILE.toml")),
            work="facts_work",
        ),
        *PACK_VERBS,
        Verb(
            "publish",
            (
                _LIBRARY,
                Parameter("project", "PROJECT.qgz", positional=True),
                Parameter("only", "CODE,…", convert=to_codes),
                _AS_OF,
                Parameter("known_at", "T", convert=to_moment),
                Parameter("authcfg", "ID"),
                Parameter("overwrite", flag=True),
            ),
            makes_data=True,
            work="publish_work",
        ),
        Verb(
            "sample",
            (
                Parameter("folder", "FOLDER", positional=True),
                Parameter("seed", "N", convert=to_seed),
                Parameter("parcels", "N", convert=to_town_size),
                Parameter("delivery", flag=True),
            ),
        ),
        *DELIVERY_VERBS,
        *COMPARE_VERBS,
        *REMEDY_VERBS,
        *IDENTIFY_VERBS,
        *REVIEW_VERBS,
        *SHEET_VERBS,
        *STATISTICS_VERBS,
        *RUN_VERBS,
        Verb("self-test", (Parameter("report", "FILE"),), work="self_test_work"),
    )
}

# What answers for as long as somebody asks, each in its own way.
DOORS: dict[str, Verb] = {
    door.name: door
    for door in (
        Verb("serve", ()),
        Verb("mcp", (_LIBRARY,)),
        Verb(
            "web",
            (
                _LIBRARY,
                Parameter("host", "ADDRESS", convert=to_name),
                Parameter("port", "N", convert=to_port),
                Parameter("behind_proxy", "URL", convert=to_name),
                Parameter("directory", flag=True),
                Parameter("public", flag=True),
            ),
        ),
    )
}
