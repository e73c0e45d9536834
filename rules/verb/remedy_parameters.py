"""The parameters of every verb that looks for what would pass: what may stay, which parts are kept, how far to look."""

from onemap.rules.verb.declaration import VERDICT_CHOICES, Parameter, to_angle, to_count, to_metres

REMEDY_PARAMETERS = (
    Parameter("parcel", "ID", repeated=True),
    Parameter("keep_verdict", "V", choices=VERDICT_CHOICES),
    Parameter("min_part", "M2", convert=to_metres),
    Parameter("min_width", "M", convert=to_metres),
    Parameter("one_piece", flag=True),
    Parameter("move", "M", convert=to_metres),
    Parameter("turn", "DEG", convert=to_angle),
    Parameter("out", "PATH", repeated=True),
    Parameter("overwrite", flag=True),
    Parameter("workers", "N", convert=to_count),
)
