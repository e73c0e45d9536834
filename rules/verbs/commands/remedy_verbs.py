"""The verbs `remedy` and `sites`, declared as every verb is; `rules/verbs/work/remedy_work.py` does them."""

from onemap.rules.contract.check_parameters import (
    CHECK_PARAMETERS,
    CODE_SYSTEM,
    DATA,
    LIBRARY,
    OVERWRITE,
    PACKS,
    PARCELS,
    REMEDY_PARAMETERS,
    WHEN,
    WORKERS,
)
from onemap.rules.contract.declaration import Parameter, Verb, declare_verb, to_count, to_metres, to_pairs
from onemap.rules.contract.output_forms import out_parameter
from onemap.rules.contract.verdict import VERDICTS

REMEDY_VERBS: tuple[Verb, ...] = (
    declare_verb(
        "remedy",
        LIBRARY,
        PARCELS,
        *CHECK_PARAMETERS,
        Parameter("replace", "CODE=FILE", repeated=True),
        *REMEDY_PARAMETERS,
        makes_data=True,
        work="remedy_work",
        for_others=True,
    ),
    declare_verb(
        "sites",
        LIBRARY,
        Parameter("area", "M2", required=True, convert=to_metres),
        Parameter("width", "M", convert=to_metres),
        Parameter("within", "FILE"),
        Parameter("unbuilt", flag=True),
        Parameter("project", "FIELD=VALUE,…", convert=to_pairs),
        DATA,
        Parameter("count", "N", convert=to_count),
        PACKS,
        CODE_SYSTEM,
        *WHEN,
        Parameter("keep_verdict", "V", choices=VERDICTS),
        out_parameter(),
        OVERWRITE,
        WORKERS,
        work="remedy_work",
    ),
)
