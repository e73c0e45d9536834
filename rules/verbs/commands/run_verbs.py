"""The verb `runs`, declared as every verb is; `rules/verbs/work/run_work.py` does it."""

from onemap.rules.contract.declaration import Parameter, Verb, to_name
from onemap.rules.contract.output_forms import CHECK_FORMS, out_parameter

RUN_KINDS = ("check", "compare", "remedy", "indicators")
RUN_VERBS: tuple[Verb, ...] = (
    Verb(
        "runs",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("run", "RUN", positional=True, optional=True),
            Parameter("kind", choices=RUN_KINDS),
            Parameter("name", "TEXT"),
            Parameter("remove", flag=True),
            Parameter("against", "RUN", convert=to_name),
            out_parameter(CHECK_FORMS),
            Parameter("overwrite", flag=True),
        ),
        work="run_work",
    ),
)
