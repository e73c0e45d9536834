"""Every verb of the core, declared once with its parameters, for command line, serve and reference.

This module must stay cheap to import: what a verb needs is imported when it runs.
"""

from onemap.layers.catalogue.coverage_names import COVERAGES
from onemap.layers.catalogue.schema import DEPARTMENTS, KINDS, LIBRARIES
from onemap.rules.contract.check_parameters import (
    AGAINST,
    AS_OF,
    CHECK_PARAMETERS,
    CODE_SYSTEM,
    CRS,
    DATA,
    ENCODING,
    LAYER,
    LIBRARY,
    ONLY,
    OVERWRITE,
    PACKS,
    REPAIR,
    SOURCE,
    TARGET,
    TRANSFORM,
    WHEN,
    WORKERS,
)
from onemap.rules.contract.declaration import (
    Parameter,
    Verb,
    declare_verb,
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
from onemap.rules.verbs.commands.statistics_verbs import STATISTICS_VERBS

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        declare_verb(
            "new",
            LIBRARY,
            Parameter("crs", "EPSG:4547", required=True),
            Parameter("name", "N"),
            Parameter("district", "FILE"),
            TRANSFORM,
            Parameter("pack", "NAME", repeated=True),
            Parameter("define", "FILE.toml"),
            Parameter("rehearsal", flag=True),
            makes_data=True,
        ),
        declare_verb("inspect", SOURCE, LAYER, ENCODING, Parameter("library", "LIBRARY", convert=to_name)),
        declare_verb(
            "add",
            LIBRARY,
            Parameter("source", "SOURCE", positional=True, repeated=True),
            Parameter("as", "CODE", required=True),
            LAYER,
            CRS,
            TRANSFORM,
            ENCODING,
            Parameter("fields", "target=source,…", convert=to_pairs),
            Parameter("in_place_of", "NAME", convert=to_name),
            Parameter("label", "L"),
            Parameter("valid_from", "D", convert=to_date),
            Parameter("valid_to", "D", convert=to_date),
            Parameter("covers", "district|extent|features|FILE", words=COVERAGES),
            Parameter("accuracy", "M", convert=to_metres),
            REPAIR,
            Parameter("keep_bad", flag=True),
            Parameter("accept", choices=("shift", "empty")),
            Parameter("sure", flag=True),
            Parameter("report", "FILE.xlsx"),
            OVERWRITE,
            Parameter("copy", flag=True),
            Parameter("service", "NAME"),
            Parameter("taken_at", "T", convert=to_moment),
            Parameter("define", "name=…,department=…,library=…,kind=…,geometry=…[,key=…]|FILE.toml"),
            makes_data=True,
        ),
        declare_verb(
            "service",
            LIBRARY,
            Parameter("name", "NAME", positional=True),
            Parameter("type", choices=("wms", "wmts", "xyz", "wfs", "oapif", "sensorthings")),
            Parameter("url", "U"),
            LAYER,
            Parameter("department", choices=DEPARTMENTS),
            Parameter("as", "CODE"),
            Parameter("into", choices=LIBRARIES),
            Parameter("kind", choices=KINDS),
            Parameter("dated", "D", convert=to_date),
            Parameter("authcfg", "ID"),
            Parameter("options", "crs=…,style=…,…", convert=to_pairs),
            Parameter("note", "TEXT"),
            OVERWRITE,
            Parameter("remove", flag=True),
        ),
        declare_verb(
            "district",
            LIBRARY,
            Parameter("district", "FILE", positional=True, optional=True),
            TRANSFORM,
            Parameter("reason", "R", convert=to_name),
            Parameter("by", "N", convert=to_name),
        ),
        declare_verb(
            "retire",
            LIBRARY,
            Parameter("code", "CODE", positional=True),
            Parameter("label", "LABEL", positional=True, convert=to_name),
            Parameter("reason", "R", required=True, convert=to_name),
            Parameter("by", "N", convert=to_name),
            Parameter("undo", flag=True),
        ),
        declare_verb("layers", LIBRARY, AS_OF, Parameter("looks", flag=True)),
        declare_verb(
            "check",
            LIBRARY,
            Parameter("parcels", "PARCELS", positional=True, repeated=True),
            *CHECK_PARAMETERS,
            Parameter("fields", "target=source,…", convert=to_pairs),
            Parameter("keep_bad", flag=True),
            out_parameter(CHECK_FORMS),
            OVERWRITE,
            Parameter("replace", "CODE=FILE", repeated=True),
            AGAINST,
            Parameter("unrecorded", flag=True),
            WORKERS,
            Parameter("scheduler", "local|ADDRESS", convert=to_scheduler),
            Parameter("shared", "FOLDER"),
            Parameter("fail_on", "V", choices=VERDICTS),
            makes_data=True,
            work="check_work",
            for_others=True,
        ),
        declare_verb("redline", SOURCE, TARGET, LAYER, CRS, ENCODING, OVERWRITE, makes_data=True),
        declare_verb(
            "explain",
            LIBRARY,
            Parameter("run", "RUN", positional=True),
            Parameter("parcel", "PARCEL", positional=True),
            Parameter("rule", "RULE", positional=True),
            work="check_work",
            for_others=True,
        ),
        declare_verb(
            "verify", LIBRARY, Parameter("run", "ID", convert=to_name), Parameter("head", "HASH|FILE", convert=to_name)
        ),
        declare_verb("upgrade", LIBRARY),
        declare_verb(
            "keep",
            LIBRARY,
            Parameter("file", "FILE", positional=True, optional=True),
            Parameter("head", "FILE.json", convert=to_name),
            Parameter("expect", "HASH", convert=to_name),
        ),
        declare_verb("profile", LIBRARY, Parameter("file", "FILE.toml"), work="profile_work"),
        declare_verb("calendar", LIBRARY, Parameter("notice", "FILE.txt"), Parameter("keep", flag=True)),
        declare_verb("copy", LIBRARY, Parameter("target", "LIBRARY", positional=True)),
        declare_verb("words", Parameter("library", "LIBRARY", positional=True, optional=True)),
        declare_verb("facts", LIBRARY, PACKS, CODE_SYSTEM, DATA, work="facts_work"),
        *PACK_VERBS,
        declare_verb(
            "publish",
            LIBRARY,
            Parameter("project", "PROJECT.qgz", positional=True),
            ONLY,
            *WHEN,
            Parameter("authcfg", "ID"),
            OVERWRITE,
            makes_data=True,
            work="publish_work",
        ),
        declare_verb(
            "sample",
            Parameter("folder", "FOLDER", positional=True),
            Parameter("seed", "N", convert=to_seed),
            Parameter("parcels", "N", convert=to_town_size),
            Parameter("delivery", flag=True),
        ),
        *DELIVERY_VERBS,
        *COMPARE_VERBS,
        *REMEDY_VERBS,
        *IDENTIFY_VERBS,
        *REVIEW_VERBS,
        *SHEET_VERBS,
        *STATISTICS_VERBS,
        declare_verb(
            "runs",
            LIBRARY,
            Parameter("run", "RUN", positional=True, optional=True),
            Parameter("kind", choices=("check", "compare", "remedy", "indicators")),
            Parameter("name", "TEXT"),
            Parameter("remove", flag=True),
            AGAINST,
            out_parameter(CHECK_FORMS),
            OVERWRITE,
            work="run_work",
        ),
        declare_verb("self-test", Parameter("report", "FILE"), work="self_test_work"),
    )
}

# What answers for as long as somebody asks, each in its own way.
DOORS: dict[str, Verb] = {
    door.name: door
    for door in (
        declare_verb("serve"),
        declare_verb("mcp", LIBRARY),
        declare_verb(
            "web",
            LIBRARY,
            Parameter("host", "ADDRESS", convert=to_name),
            Parameter("port", "N", convert=to_port),
            Parameter("behind_proxy", "URL", convert=to_name),
            Parameter("directory", flag=True),
            Parameter("public", flag=True),
        ),
    )
}
