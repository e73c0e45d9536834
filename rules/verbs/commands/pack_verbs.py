"""The declarations of the verbs of rule packs: show, copy, change, compare, put in force, send."""

import re

from onemap.layers.messages import LANGUAGES
from onemap.rules.contract.check_parameters import AS_OF, BY, LIBRARY, OVERWRITE, PACKS
from onemap.rules.contract.declaration import Parameter, Verb, declare_verb, of_form, to_name

_WORK = "pack_work"
_PACK = Parameter("pack", "FILE|NAME", positional=True)
_PACKS = Parameter("pack", "FILE|NAME", positional=True, repeated=True)
_OF_LIBRARY = Parameter("library", "LIBRARY", convert=to_name)
_RUN = Parameter("run", "RUN", convert=to_name)


@of_form("titles")
def to_titles(text: str) -> dict[str, str]:
    """A title by language from zh=…,en=…, which may contain commas. Raises ValueError, also for a repeated language."""
    before, *parts = re.split(rf"(?:^|[,，])\s*({'|'.join(LANGUAGES)})\s*=", text)
    titles = dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    if before.strip() or len(titles) * 2 != len(parts) or not all(titles.values()) or not titles:
        raise ValueError(text)
    return titles


PACK_VERBS: tuple[Verb, ...] = (
    declare_verb("laws", PACKS, AS_OF, work=_WORK),
    declare_verb(
        "prove",
        _PACKS,
        Parameter("mutants", flag=True),
        Parameter("report", "FILE.xlsx|html|json", repeated=True),
        Parameter("new", "RULE", convert=to_name),
        OVERWRITE,
        makes_data=True,
        work=_WORK,
    ),
    declare_verb("pack show", _PACK, _OF_LIBRARY, _RUN, work=_WORK),
    declare_verb(
        "pack copy",
        _PACK,
        Parameter("target", "FILE.toml", positional=True),
        Parameter("id", "ID", required=True, convert=to_name),
        Parameter("version", "V", convert=to_name),
        Parameter("title", "zh=…,en=…", convert=to_titles),
        OVERWRITE,
        work=_WORK,
    ),
    declare_verb(
        "pack change",
        _PACK,
        Parameter("set", "TABLE:KEY=VALUE", repeated=True),
        Parameter("out", "FILE.toml"),
        OVERWRITE,
        work=_WORK,
    ),
    declare_verb(
        "pack differences", _PACKS, Parameter("against", "FILE|NAME", repeated=True), _OF_LIBRARY, _RUN, work=_WORK
    ),
    declare_verb(
        "pack enact",
        LIBRARY,
        _PACK,
        Parameter("reason", "R", required=True, convert=to_name),
        Parameter("instead", "ID", convert=to_name),
        BY,
        work=_WORK,
    ),
    declare_verb(
        "pack versions",
        LIBRARY,
        Parameter("hash", "HASH", convert=to_name),
        Parameter("out", "FILE.toml"),
        OVERWRITE,
        work=_WORK,
    ),
    declare_verb("pack send", _PACK, Parameter("target", "TARGET.zip", positional=True), BY, OVERWRITE, work=_WORK),
    declare_verb(
        "pack receive",
        Parameter("file", "FILE", positional=True),
        Parameter("folder", "FOLDER", positional=True),
        OVERWRITE,
        work=_WORK,
    ),
)
