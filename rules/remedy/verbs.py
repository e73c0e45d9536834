"""The verb `remedy`, declared as every verb is; `rules/remedy/verb_work.py` does it."""

from onemap.rules.verb import VERDICT_CHOICES, Parameter, Verb, to_codes, to_count, to_date, to_metres, to_moment

REMEDY_VERBS: tuple[Verb, ...] = (
    Verb(
        "remedy",
        (
            Parameter("library", "LIBRARY", positional=True),
            Parameter("parcels", "PARCELS", positional=True),
            Parameter("layer", "N"),
            Parameter("id", "FIELD"),
            Parameter("crs", "C"),
            Parameter("transform", "T"),
            Parameter("encoding", "E"),
            Parameter("repair", flag=True),
            Parameter("pack", "FILE|NAME", repeated=True),
            Parameter("only", "CODE,…", convert=to_codes),
            Parameter("as_of", "D", convert=to_date),
            Parameter("known_at", "T", convert=to_moment),
            Parameter("replace", "CODE=FILE", repeated=True),
            Parameter("keep_verdict", "V", choices=VERDICT_CHOICES),
            Parameter("min_part", "M2", convert=to_metres),
            Parameter("min_width", "M", convert=to_metres),
            Parameter("one_piece", flag=True),
            Parameter("out", "PATH", repeated=True),
            Parameter("overwrite", flag=True),
            Parameter("workers", "N", convert=to_count),
        ),
        work="onemap.rules.remedy.verb_work",
    ),
)
