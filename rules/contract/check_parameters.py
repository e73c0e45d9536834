"""The parameters that verbs share: one by one, how parcels are read and judged, and the limits of a remedy."""

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
from onemap.rules.contract.output_forms import out_parameter
from onemap.rules.contract.verdict import VERDICTS

# The fields that name parcels where no other is given, by the first that is there; the plugin knows them by --id.
ID_FIELDS = ("parcel", "DKBH", "DKID", "BSM", "XMDM")
LIBRARY = Parameter("library", "LIBRARY", positional=True)
SOURCE = Parameter("source", "SOURCE", positional=True)
PARCELS = Parameter("parcels", "PARCELS", positional=True)
TARGET = Parameter("target", "TARGET", positional=True)
LAYER = Parameter("layer", "N", convert=to_name)
CRS = Parameter("crs", "C", convert=to_name)
ENCODING = Parameter("encoding", "E", words=ENCODINGS, convert=to_name)
TRANSFORM = Parameter("transform", "T", convert=to_name)
REPAIR = Parameter("repair", flag=True)
PACKS = Parameter("pack", "FILE|NAME", repeated=True)
CODE_SYSTEM = Parameter("code_system", "S", choices=CODE_SYSTEMS)
DATA = Parameter("data", "FILE.toml")
ONLY = Parameter("only", "CODE,…", convert=to_codes)
AS_OF = Parameter("as_of", "D", convert=to_date)
WHEN = (AS_OF, Parameter("known_at", "T", convert=to_moment))
AGAINST = Parameter("against", "RUN", convert=to_name)
OVERWRITE = Parameter("overwrite", flag=True)
WORKERS = Parameter("workers", "N", convert=to_count)
BY = Parameter("by", "NAME")
REASON = Parameter("reason", "R", required=True)

CHECK_PARAMETERS = (
    LAYER,
    Parameter("id", "FIELD", words=ID_FIELDS, convert=to_name),
    CRS,
    TRANSFORM,
    ENCODING,
    REPAIR,
    Parameter("land_width", "M|FIELD", convert=to_land_width),
    PACKS,
    CODE_SYSTEM,
    DATA,
    ONLY,
    *WHEN,
)

REMEDY_PARAMETERS = (
    Parameter("parcel", "ID", repeated=True),
    Parameter("keep_verdict", "V", choices=VERDICTS),
    Parameter("min_part", "M2", convert=to_metres),
    Parameter("min_width", "M", convert=to_metres),
    Parameter("one_piece", flag=True),
    Parameter("move", "M", convert=to_metres),
    Parameter("turn", "DEG", convert=to_angle),
    out_parameter(),
    OVERWRITE,
    WORKERS,
)
