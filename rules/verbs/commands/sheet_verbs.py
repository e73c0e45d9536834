"""The verb `sheet`, declared as every verb is; `rules/verbs/work/sheet_work.py` does it."""

from onemap.rules.contract.check_parameters import CHECK_PARAMETERS
from onemap.rules.contract.declaration import Parameter, Verb, to_count

SHEET_VERBS: tuple[Verb, ...] = (
    Verb(
        "sheet",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("parcels", "PARCELS", positional=True),
            Parameter("target", "TARGET", positional=True),
            *CHECK_PARAMETERS,
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        makes_data=True,
        work="sheet_work",
        for_others=True,
    ),
)
