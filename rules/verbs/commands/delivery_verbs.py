"""The verbs that exchange data between departments and levels; `rules/verbs/work/delivery_work.py` does them."""

from onemap.layers.catalogue.coverage_names import COVERAGES
from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.rules.contract.declaration import Parameter, Verb, to_codes, to_count, to_date, to_name, to_pairs
from onemap.rules.contract.output_forms import out_parameter

_WORK = "delivery_work"
_LIBRARY = Parameter("library", "LIBRARY", positional=True)

SEVERITIES = ("fatal", "major", "minor")

DELIVERY_VERBS: tuple[Verb, ...] = (
    Verb(
        "validate",
        (
            Parameter("source", "SOURCE", positional=True),
            Parameter("template", "NAME|FILE", required=True, convert=to_name),
            Parameter("report", "FILE", repeated=True),
            Parameter("fail_on", choices=SEVERITIES),
            Parameter("exceptions", "FILE.toml", convert=to_name),
            Parameter("findings", "FILE.gpkg", convert=to_name),
            Parameter("profile", "FILE.toml", convert=to_name),
            Parameter("again", "FILE.json", convert=to_name),
            Parameter("grant", "HASH", repeated=True),
            Parameter("withdraw", "HASH", repeated=True),
            Parameter("reason", "R"),
            Parameter("by", "NAME"),
            Parameter("overwrite", flag=True),
        ),
        makes_data=True,
        work=_WORK,
    ),
    Verb(
        "ingest",
        (
            _LIBRARY,
            Parameter("folder", "FOLDER", positional=True),
            Parameter("plan", "FILE.toml", convert=to_name),
            Parameter("file", "PATH", repeated=True),
            Parameter("each", flag=True),
            Parameter("sure", flag=True),
            Parameter("covers", "district|extent|features|FILE", words=COVERAGES),
            Parameter("department", "D", choices=DEPARTMENTS),
            Parameter("transform", "T", convert=to_name),
            Parameter("template", "NAME|FILE", convert=to_name),
            Parameter("exceptions", "FILE.toml", convert=to_name),
            Parameter("report", "FILE", repeated=True),
            Parameter("overwrite", flag=True),
        ),
        makes_data=True,
        work=_WORK,
    ),
    Verb(
        "answers",
        (
            _LIBRARY,
            Parameter("code", "CODE", positional=True, optional=True),
            Parameter("department", "D", choices=DEPARTMENTS),
            Parameter("set", "NAME=VALUE", repeated=True),
            Parameter("forget", "NAME,…", convert=to_codes),
        ),
        work=_WORK,
    ),
    Verb(
        "changes",
        (
            _LIBRARY,
            Parameter("code", "CODE", positional=True),
            Parameter("old", "OLD", positional=True),
            Parameter("new", "NEW", positional=True),
            Parameter("by", "FIELD", convert=to_name),
            Parameter("open", flag=True),
            Parameter("run", "RUN", repeated=True),
            out_parameter(),
            Parameter("page", "FILE.html|pdf|docx", repeated=True),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        makes_data=True,
        work="changes_work",
    ),
    Verb(
        "recheck",
        (
            _LIBRARY,
            Parameter("open", flag=True),
            Parameter("run", "RUN", repeated=True),
            Parameter("warnings", flag=True),
            Parameter("pack", "FILE|NAME", repeated=True),
            out_parameter(),
            Parameter("page", "FILE.html", repeated=True),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        work="recheck_work",
    ),
    Verb(
        "deliver",
        (
            _LIBRARY,
            Parameter("target", "TARGET.zip", positional=True),
            Parameter("layers", "CODE,…", convert=to_codes),
            Parameter("template", "NAME|FILE", convert=to_name),
            Parameter("code", "CODE", convert=to_name),
            Parameter("name", "NAME", convert=to_name),
            Parameter("files", "FOLDER", convert=to_name),
            Parameter("since", "LABEL", convert=to_name),
            Parameter("unit", "CODE=VALUE", convert=to_pairs),
            Parameter("as_of", "D", convert=to_date),
            Parameter("to", "NAME", convert=to_name),
            Parameter("secrecy", "CLASS", convert=to_name),
            Parameter("gdb", flag=True),
            Parameter("overwrite", flag=True),
        ),
        makes_data=True,
        work=_WORK,
    ),
    Verb(
        "receive",
        (
            _LIBRARY,
            Parameter("file", "FILE", positional=True),
            Parameter("plan", flag=True),
            Parameter("sure", flag=True),
            Parameter("receipt", "FILE.json", convert=to_name),
            Parameter("rasters", "FOLDER", convert=to_name),
        ),
        makes_data=True,
        work=_WORK,
    ),
)
