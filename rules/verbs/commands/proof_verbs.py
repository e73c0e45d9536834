"""The verb `prove`, declared as every verb is; `rules/verbs/work/proof_work.py` does it."""

from onemap.rules.contract.declaration import Parameter, Verb, to_name

PROOF_VERBS: tuple[Verb, ...] = (
    Verb(
        "prove",
        (
            Parameter("pack", "FILE|NAME", positional=True, repeated=True),
            Parameter("mutants", flag=True),
            Parameter("report", "FILE.xlsx|html|json", repeated=True),
            Parameter("new", "RULE", convert=to_name),
            Parameter("overwrite", flag=True),
        ),
        makes_data=True,
        work="proof_work",
    ),
)
