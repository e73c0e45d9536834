"""The parameters of every verb that runs a check: how parcels are read, and by what they are judged."""

from onemap.rules.verb.declaration import Parameter, to_codes, to_date, to_moment, to_name

CHECK_PARAMETERS = (
    Parameter("layer", "N", convert=to_name),
    Parameter("id", "FIELD", convert=to_name),
    Parameter("crs", "C", convert=to_name),
    Parameter("transform", "T", convert=to_name),
    Parameter("encoding", "E", convert=to_name),
    Parameter("repair", flag=True),
    Parameter("pack", "FILE|NAME", repeated=True),
    Parameter("only", "CODE,…", convert=to_codes),
    Parameter("as_of", "D", convert=to_date),
    Parameter("known_at", "T", convert=to_moment),
)
