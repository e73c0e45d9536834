"""The verb `self-test`, declared as every verb is; `rules/work/self_test_work.py` does it."""

from onemap.rules.verb.declaration import Parameter, Verb

MACHINE_VERBS: tuple[Verb, ...] = (Verb("self-test", (Parameter("report", "FILE"),), work="self_test_work"),)
