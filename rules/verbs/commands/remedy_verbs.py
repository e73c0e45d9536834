"""The verbs `remedy` and `sites`, declared as every verb is; `rules/verbs/work/remedy_work.py` does them."""

from onemap.rules.contract.check_parameters import CHECK_PARAMETERS, CODE_SYSTEM, REMEDY_PARAMETERS
from onemap.rules.contract.declaration import (
    Parameter,
    Verb,
    to_count,
    to_date,
    to_metres,
    to_moment,
    to_pairs,
)
from onemap.rules.contract.output_forms import out_parameter
from onemap.rules.contract.verdict import VERDICTS

REMEDY_VERBS: tuple[Verb, ...] = (
    Verb(
        "remedy",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("parcels", "PARCELS", positional=True),
            *CHECK_PARAMETERS,
            Parameter("replace", "CODE=FILE", repeated=True),
            *REMEDY_PARAMETERS,
        ),
        makes_data=True,
        work="remedy_work",
        for_others=True,
    ),
    Verb(
        "sites",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("area", "M2", required=True, convert=to_metres),
            Parameter("width", "M", convert=to_metres),
            Parameter("within", "FILE"),
            Parameter("unbuilt", flag=True),
            Parameter("project", "FIELD=VALUE,…", convert=to_pairs),
            Parameter("data", "FILE.toml"),
            Parameter("count", "N", convert=to_count),
            Parameter("pack", "FILE|NAME", repeated=True),
            CODE_SYSTEM,
            Parameter("as_of", "D", convert=to_date),
            Parameter("known_at", "T", convert=to_moment),
            Parameter("keep_verdict", "V", choices=VERDICTS),
            out_parameter(),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        work="remedy_work",
    ),
)
