"""The parameters that verbs share: how parcels are read and judged, and the limits within which a remedy is sought."""

from onemap.layers.catalogue.code_systems import CODE_SYSTEMS
from onemap.layers.files.text_encodings import ENCODINGS
from onemap.rules.contract.declaration import (
    Parameter,
    to_angle,
    to_codes,
    to_count,
    to_date,
    to_land_width,
    to_metres,
    to_moment,
    to_name,
)
from onemap.rules.contract.verdict import VERDICTS

# The fields that name parcels where no other is given, by the first that is there; the plugin knows them by --id.
ID_FIELDS = ("parcel", "DKBH", "DKID", "BSM", "XMDM")
CODE_SYSTEM = Parameter("code_system", "S", choices=CODE_SYSTEMS)

CHECK_PARAMETERS = (
    Parameter("layer", "N", convert=to_name),
    Parameter("id", "FIELD", words=ID_FIELDS, convert=to_name),
    Parameter("crs", "C", convert=to_name),
    Parameter("transform", "T", convert=to_name),
    Parameter("encoding", "E", words=ENCODINGS, convert=to_name),
    Parameter("repair", flag=True),
    Parameter("land_width", "M|FIELD", convert=to_land_width),
    Parameter("pack", "FILE|NAME", repeated=True),
    CODE_SYSTEM,
    Parameter("data", "FILE.toml"),
    Parameter("only", "CODE,…", convert=to_codes),
    Parameter("as_of", "D", convert=to_date),
    Parameter("known_at", "T", convert=to_moment),
)

REMEDY_PARAMETERS = (
    Parameter("parcel", "ID", repeated=True),
    Parameter("keep_verdict", "V", choices=VERDICTS),
    Parameter("min_part", "M2", convert=to_metres),
    Parameter("min_width", "M", convert=to_metres),
    Parameter("one_piece", flag=True),
    Parameter("move", "M", convert=to_metres),
    Parameter("turn", "DEG", convert=to_angle),
    Parameter("out", "PATH", repeated=True),
    Parameter("overwrite", flag=True),
    Parameter("workers", "N", convert=to_count),
)
